"""All that a reader remembers, while the place where it lies comes and goes: a no with its reason,
and the old answers again as soon as it is there.
"""

INTERPRETERS = ("micropython", "cpython")

import os

import crypto
import small_log
import small_site as site
from carrier import StillHardware
from cose import cwt
from harness import new_folder, raises
from holdfast.access import reason
from holdfast.access.events import event
from holdfast.access.request import CARD
from holdfast.access.tag import card_key
from holdfast.storage import files
from memory_phone import Phone, cold, make_reader, show_card, warm
from policy_site import OTHER_SEED

NUMBER = b"\x04card"


def _operations():
    key = card_key(site.LOOKUP_KEY, CARD, NUMBER)
    group = [5, 1, [[[1, site.DOOR], 1, None]]]
    return [[1, 0, None]] + site.HERE + [group, [6, key, 1, None]]


def _new(folder, changes=None, policy=False):
    hardware = StillHardware()
    reader = make_reader(hardware, changes, directory=folder, policy=policy)
    return reader, hardware


def _card(reader, hardware):
    show_card(reader, NUMBER)
    return hardware.reasons()[-1]


def _faults(hardware):
    return [line["piece"] for line in hardware.lines if line["event"] == "fault"]


def test_without_a_place_to_remember_in_everybody_is_answered():
    """A start on dead flash is no traceback and no restart without end, and when the flash is
    there the reader is whole, without a restart.
    """
    folder = new_folder() + "/not/yet"
    reader, hardware = _new(folder)
    assert _card(reader, hardware) == "storage_failed"
    raises(OSError, reader.apply, site.changeset(_operations()))
    assert _card(reader, hardware) == "storage_failed" and hardware.opened == 0
    # Told once, however often it is asked.
    assert sorted(_faults(hardware)) == ["clock", "contexts", "places", "policy"]
    os.mkdir(folder[:-4])
    os.mkdir(folder)
    assert reader.apply(site.changeset(_operations()))
    assert _card(reader, hardware) == "granted" and hardware.opened == 1
    details = [
        one.fields.get("detail")
        for one in _events(reader)
        if one.kind == event.STORAGE_FAULT  # kept as soon as it could be
    ]
    assert "policy" in details and "clock" in details


def _events(reader):
    return small_log.audit(small_log.batch(reader.stores.events()))


def test_a_fault_that_comes_again_is_told_again():
    """Told once until it works again: otherwise the second bad day looks like a good one."""
    reader, hardware = _new(new_folder())
    for _ in range(3):
        reader.stores.fault("cache", OSError(5))
        reader.stores.fault("cache", OSError(5))
        reader.stores.fault("cache", None)
    assert _faults(hardware) == ["cache"] * 3


async def test_the_policy_in_force_decides_whom_to_believe_however_late_it_can_be_read():
    """The authority's key was replaced; a start that could not read that believed the old one
    until the next changeset, and refused every new token.
    """
    folder = new_folder()
    reader, _ = _new(folder, policy=True)
    public = crypto.ed25519_public_key(OTHER_SEED)
    old = site.authority_public().x
    second = site.changeset([[10, [public]]], 2, crypto.sha256(site.changeset()))
    reader.apply(second)
    token = _token(OTHER_SEED)
    genuine = files.make_directory

    def failing(_):
        raise OSError(5)

    files.make_directory = failing
    try:
        reader, hardware = _new(folder)
        assert [key.x for key in reader.trust.authority_keys] == [old]
        await cold(reader, Phone(token))
        assert hardware.opened == 0
    finally:
        files.make_directory = genuine
    call, _, answer = await cold(reader, Phone(token, number=50))
    assert answer and answer[1] is True and hardware.opened == 1
    await call.hang_up()
    await cold(reader, Phone(number=100))
    assert hardware.opened == 1


def _token(seed):
    return cwt.issue(site.holder_claims(), site.authority(seed))


async def test_two_readers_in_a_row_on_one_folder():
    """A restart: policy, cards, phones and events are the second one's, and no number repeats."""
    folder = new_folder()
    reader, hardware = _new(folder)
    reader.apply(site.changeset(_operations()))
    phone = Phone()
    call, _, answer = await cold(reader, phone)
    assert answer[1] is True
    await call.hang_up()
    before = len(_events(reader))
    for _ in range(3):
        reader, hardware = _new(folder)
        hardware.random_counter += 1000 * before
        assert reader.stores.rules.number == 1
        assert _card(reader, hardware) == "granted"
        events = _events(reader)
        assert [one.number for one in events] == list(range(len(events)))
        assert len(events) == before + 2
        assert events[-2].kind == event.STARTED and events[-2].fields == {"changeset": 1}
        before = len(events)


async def test_a_board_that_becomes_another_node_begins_anew_and_comes_back():
    """What it remembers as one node must not open as another. What happened there is not lost by
    the visit, nor by the way back; the policy comes again from whoever has it.
    """
    folder = new_folder()
    reader, hardware = _new(folder)
    reader.apply(site.changeset(_operations()))
    assert _card(reader, hardware) == "granted"
    happened = [(one.number, one.kind, one.fields) for one in _events(reader)]
    other = {3: "another", 6: site.device_certificate(changes={2: "another"})}
    reader, hardware = _new(folder, other)
    assert _card(reader, hardware) == "policy_missing"
    reader, hardware = _new(folder)
    assert _card(reader, hardware) == "policy_missing"
    kept = [(one.number, one.kind, one.fields) for one in _events(reader)]
    assert kept[: len(happened)] == happened and len(kept) > len(happened)
    reader.apply(site.changeset(_operations()))
    assert _card(reader, hardware) == "granted"


async def test_a_policy_that_went_another_way_than_through_follow_is_told():
    """A snapshot from a file, or a changeset that flash took and reported as failed."""
    reader, hardware = _new(new_folder(), policy=True)
    phone = Phone()
    call, _, answer = await cold(reader, phone)
    assert answer[1] is True
    await call.hang_up()
    operations = [[7, site.holder_claims()[7], site.NOW + 40 * site.DAY, None], [9, True, None]]
    second = site.changeset(operations, 2, crypto.sha256(site.changeset()))
    reader.stores.policies().apply(second)
    assert not reader.apply(second)  # known already, and told now
    told = [line["event"] for line in hardware.lines if line["event"] not in ("access", "fault")]
    assert told[-2:] == ["policy_applied", "lockdown"]
    await warm(reader, phone)
    assert hardware.reasons()[-1] == "unknown_context" and hardware.opened == 1


def test_flash_that_fails_in_following_is_the_carriers_to_know():
    """5.03, and the same changeset is taken when it comes again."""
    reader, hardware = _new(new_folder())
    raw = site.changeset(_operations())
    store = reader.stores.policies()

    def failing(*_):
        raise OSError(28)

    store.log.append = failing
    raises(OSError, reader.apply, raw)
    assert "policy" in _faults(hardware) and _card(reader, hardware) == "policy_missing"
    # Flash is read anew after an error, with a log that works.
    assert reader.apply(raw) and _card(reader, hardware) == "granted"
    assert reason.coarse(reason.STORAGE_FAILED) == reason.COARSE_READER
