"""Each single piece missing or corrupt: a no with a reason of its own, an event, and a way back.

A door that guesses is worse than one that is shut. For whatever may be gone or wrong on its own
(the policy or a part of it, a page of the cache, a key, the clock's memory) the strike stays as it
is, the reason says which piece it was, the event log has it, and once the piece is there again the
door opens as before.
"""

INTERPRETERS = ("micropython", "cpython")

import os

import coap
import small_site as site
from cache_world import damage
from folders import remove
from holdfast.access import reason
from holdfast.access.events.event import STORAGE_FAULT
from holdfast.access.policy import operations as ops
from holdfast.access.request import ADMINISTER
from memory_phone import Phone, cold
from spoilt_door import (
    BY_CARD,
    BY_PIN,
    GRANTS,
    GROUP,
    PARTS,
    SITE,
    TOKEN,
    Door,
    all_ways,
    but_tokens,
    holder,
    refused,
    without,
    works,
)


def test_the_whole_door_works():
    """Or nothing below would prove anything."""
    door = Door()
    works(door)
    door.restart()
    works(door)


# The policy


def test_no_policy():
    """A reader out of the box, and one whose policy is gone: the cache knows there was one."""
    door = Door(orders=None)
    refused(door, all_ways(reason.POLICY_MISSING))
    door.order(*SITE)
    works(door)
    remove(door.path("policy"))
    door.restart()
    refused(door, all_ways(reason.POLICY_DAMAGED))
    door.bring_all_again()
    works(door)


def test_a_damaged_policy():
    """Its log; and its state, when the log does not go back to the beginning."""
    door = Door()
    door.order([ops.HOLIDAYS, []])
    door.spoil("policy/log")
    door.restart()
    refused(door, all_ways(reason.POLICY_DAMAGED))
    door.bring_all_again()
    works(door)
    door = Door(orders=None)
    door.take_snapshot(*SITE)
    works(door)
    door.spoil("policy/state")
    door.restart()
    refused(door, all_ways(reason.POLICY_DAMAGED))
    door.take_snapshot(*SITE)
    works(door)


def test_a_policy_that_cannot_be_read():
    """Flash that fails is no policy, and no longer than it fails."""
    for piece in ("policy", "cache"):
        door = Door()
        door.block(piece)
        door.restart()
        refused(door, all_ways(reason.STORAGE_FAILED))
        door.unblock(piece)
        works(door)
        assert STORAGE_FAULT in [happened.kind for happened in door.events()]


def test_a_part_of_the_policy_is_missing():
    """The door, a zone, a schedule, the time zone, a group, a grant: each has its own reason. A
    card has its rights nowhere if not here; a token says itself that it meant the zone.
    """
    no_zone = {TOKEN: reason.ZONE_UNKNOWN, BY_CARD: reason.WRONG_DOOR, BY_PIN: reason.WRONG_DOOR}
    no_door = (PARTS[0], PARTS[3]) + GRANTS + (GROUP,)
    for orders, expected in (
        (no_door, all_ways(reason.DOOR_UNKNOWN)),
        (without(PARTS[2]), no_zone),
        (without(PARTS[3]), all_ways(reason.SCHEDULE_UNKNOWN)),
        (without(PARTS[0]), all_ways(reason.SCHEDULE_UNKNOWN)),
        (without(GROUP), but_tokens(reason.GROUP_UNKNOWN)),
        (PARTS + (GROUP,), {TOKEN: 0, BY_CARD: reason.UNKNOWN_CARD, BY_PIN: reason.WRONG_PIN}),
    ):
        door = Door(orders)
        door.restart()
        refused(door, expected)
        door.order(*SITE)
        if expected[BY_PIN] == reason.WRONG_PIN:
            door.hardware.pass_time(60)  # which locked the keypad, after a restart
        works(door)


# The cache


def test_a_damaged_cache():
    """A page, the header of pages or journal, a record, all of it: cards are refused, tokens need
    none of that. The changesets are not there any more to make it anew: it takes a snapshot. What
    is missing at the end comes from the changesets themselves.
    """
    another = [ops.GRANT, b"one more", 1, None]
    wrong = (("pages", -500), ("pages", 20), ("journal", 5), ("journal", -3), ("", None))
    for piece, at in wrong + (("journal", None),):
        door = Door(orders=None)
        door.take_snapshot(*SITE)
        door.order(another)
        names = [name for name in os.listdir(door.path("cache")) if name.startswith(piece)]
        for name in names:
            if at is None:
                os.remove(door.path("cache/" + name))
            else:
                damage(door.path("cache/" + name), at)
        door.restart()
        if (piece, at) in wrong:
            refused(door, but_tokens(reason.CACHE_DAMAGED))
            door.take_snapshot(*SITE, another)
        works(door)
        _, cache = door.reader.stores.moment()
        assert [grant.group for grant in cache.grants(b"one more")] == [1]


# Keys


async def test_a_zone_key_is_missing():
    """Guests of the zone are refused, with the reason, and nobody else is."""
    door = Door()
    guest = Phone(token=site.guest_token(changes={9: site.scope((2, site.ZONE, 1))}))
    _, code, _ = await cold(door.reader, guest)
    assert code == coap.code.BAD_REQUEST and not door.hardware.opened
    assert door.recorded() == [reason.UNKNOWN_KEY]
    works(door)
    opened = door.hardware.opened
    door.order(*site.zone_key_operations())
    _, code, _ = await cold(door.reader, guest)
    assert code == coap.code.CHANGED and door.hardware.opened == opened + 1


def test_another_device_key():
    """One that is no key ends the program before there is a strike to release (test_key_store.py).
    Another one that looks fine is not the certificate's, and opens nothing it had sealed.
    """
    door = Door()
    genuine, site.READER_PRIVATE = site.READER_PRIVATE, b"\x12" * 32
    try:
        door.restart()
        raise AssertionError("a reader with another key than its certificate's")
    except ValueError as error:
        assert str(error) == "settings: certificate is for another board's key"
    # Enrolled anew under that key, it finds a memory that is none of its own.
    door.settings = {6: site.device_certificate(site.READER_PRIVATE)}
    door.restart()
    refused(door, all_ways(reason.POLICY_DAMAGED))
    site.READER_PRIVATE = genuine
    door.settings = None
    assert not door.hardware.opened


# The clock


def _admin(reader, changes=None):
    """What a reader says to an administrator who comes to tell the time."""
    claims = {9: site.scope((1, site.DOOR, 16))}
    claims.update(changes or {})
    return reader.may(holder(claims), ADMINISTER)


def test_the_clocks_memory_is_damaged_or_cannot_be_read():
    """Without the floor any credential that ever was could be valid again."""
    door = Door()
    door.spoil("clock")
    door.restart()
    refused(door, all_ways(reason.CLOCK_DAMAGED))
    # Else nobody could ever help.
    assert _admin(door.reader) == 0
    assert door.reader.told_time(site.NOW, 0)
    works(door)
    door.block("clock")
    door.restart()
    refused(door, all_ways(reason.CLOCK_DAMAGED))
    door.unblock("clock")
    works(door)


def test_no_clock():
    """Hours need one, and so does whoever asks for it; others get in while there is grace."""
    plain, bound = holder(), holder({-65538: None, -65540: 1})
    free = holder({-65538: None})
    door = Door()
    door.hardware.now = None
    door.restart()
    for door.holder, why in (
        (plain, reason.CLOCK_UNCERTAIN),
        (bound, reason.CLOCK_UNCERTAIN),
        (free, reason.GRANTED),
    ):
        refused(door, {TOKEN: why})
    refused(door, {BY_CARD: reason.CLOCK_UNCERTAIN, BY_PIN: reason.CLOCK_UNCERTAIN})
    door.reader.door.close()
    for _ in range(80):
        door.hardware._passed_ms += 1800_000
        door.reader.timekeeper.read()
    refused(door, all_ways(reason.GRACE_OVER))
    assert _admin(door.reader) == 0
    assert _admin(door.reader, {4: site.NOW - 2 * site.DAY}) == reason.EXPIRED
    assert door.reader.told_time(site.NOW + 40 * 3600, 0)
    door.holder = plain
    works(door)


def test_a_lost_clock_is_not_before_the_last_changeset():
    """Its date is on flash with the policy, also when the clock's own memory is an hour behind."""
    door = Door()
    door.order([ops.HOLIDAYS, []], issued_at=site.NOW - 600)
    door.hardware.now = None
    door.restart()
    door.holder = holder({-65538: None, 4: site.NOW - 601})
    refused(door, {TOKEN: reason.EXPIRED})
    door.holder = holder({-65538: None, 4: site.NOW + 600})
    refused(door, {TOKEN: reason.GRANTED})


def test_no_idea_of_the_time():
    """A certificate without a date and a board's clock that nobody vouches for."""
    door = Door(settings={6: site.device_certificate(changes={6: None})})
    refused(door, all_ways(reason.CLOCK_UNKNOWN))
    door.settings = None  # enrolled anew
    door.restart()
    works(door)


# The event log


def test_an_event_log_that_cannot_be_written():
    """Nobody enters unseen. The console tells what flash could not keep."""
    door = Door()
    works(door)
    for away in (False, True):
        known = door.recorded()
        door.block("events")
        if away:
            door.restart()
        refused(door, all_ways(reason.EVENT_LOG_FAILED), kept=False)
        shown = [line["reason"] for line in door.hardware.lines if line["event"] == "access"]
        assert shown[-3:] == ["event_log_failed"] * 3
        door.unblock("events")
        assert door.recorded()[: len(known)] == known
        works(door)


def test_a_damaged_event_log():
    """It records in a new chain from there on, and that something was damaged is an event: shut
    for ever for a log that can be written would be a door that one broken block locks.
    """
    for piece in ("events/chain", "events/log"):
        door = Door()
        works(door)
        door.spoil(piece)
        door.restart()
        works(door)
        assert STORAGE_FAULT in [happened.kind for happened in door.events()]
