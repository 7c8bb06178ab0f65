"""A thief with the carrier's whole memory: its key, its certificate, its contexts, its numbers."""

INTERPRETERS = ("micropython", "cpython")

import os

import cbor
import coap
import small_site as site
from carried_door import (
    CARD_NUMBER,
    CARRIER_PRIVATE,
    OTHER_DOOR,
    THE_PIN,
    Wall,
    carrier_settings,
    policy,
)
from coap import Message, code
from cose import cwt
from holdfast.access import credential as labels
from holdfast.access.carry import CARD, LINK, LOOK
from holdfast.link.introduction import NotIntroduced
from holdfast.link.partner import NoAnswer
from memory_phone import Phone, cold

_METHODS = (code.GET, code.POST, code.PUT, code.DELETE, code.FETCH)


async def test_it_opens_nothing_changes_nothing_and_learns_nothing():
    """Under the carrier's own context, every method of every resource there is, with a wish, a
    time, a changeset of its own, a certificate of its own.
    """
    wall = Wall()
    await wall.say(LOOK)
    thief = wall.copy()
    partner = thief.handover._partner
    number, now = wall.inside.stores.rules.number, wall.inside.timekeeper.read().now
    certificate = wall.inside.keys.certificate(0)
    payloads = (
        b"",
        cbor.encode({1: 1, 2: True}),
        cbor.encode({1: site.NOW + 9 * site.DAY, 2: 1}),
        cbor.encode({1: "wall-1"}),
        thief.keys.certificate(0),
    )
    answered = []
    for path in (
        ("doors", site.DOOR),
        ("doors", OTHER_DOOR),
        ("policy",),
        ("policy", "news"),
        ("events",),
        ("events", "left"),
        ("time",),
        ("certificate",),
        ("status",),
        ("carry",),
        ("nothing",),
    ):
        for method in _METHODS:
            for payload in payloads if method != code.GET else payloads[:1]:
                request = Message(method, coap.path_options(*path), payload)
                answer = await partner.ask(request)
                answered.append((path, method, answer.code))
                # What time it is and who its own controller is, it may know as anybody does.
                if answer.code >> 5 == 2:
                    assert (path[0], method) in (
                        ("time", code.GET),
                        ("time", code.POST),
                        ("certificate", code.GET),
                    ), answered[-1]
    assert len(answered) > 200
    assert wall.hardware.opened == 0
    assert wall.inside.stores.rules.number == number
    assert wall.inside.timekeeper.read().now == now
    assert wall.inside.keys.certificate(0) == certificate


async def test_with_a_number_that_it_has_seen_it_opens_its_own_door():
    """Which is what a card is worth anywhere; and no PIN of a card that it has not seen."""
    wall = Wall()
    thief = wall.copy()
    assert (await wall.card(b"\0\0\0\1", thief)).shown == "refused"
    assert (await wall.card(CARD_NUMBER, thief)).shown == "granted"
    (_, event) = wall.events("access")
    assert event["door"] == site.DOOR and wall.hardware.opened == 1


async def test_it_is_nobodys_partner_and_nobodys_phone():
    """No phone takes its certificate, it is no token at a door, and what it signs is nobody's."""
    wall = Wall()
    device = wall.carrier.trust.authenticate_device(wall.carrier.keys.certificate(0))
    assert device.role == labels.ROLE_CARRIER
    as_phone = Phone(wall.carrier.keys.certificate(0), private=CARRIER_PRIVATE)
    call, status, answer = await cold(wall.inside, as_phone)
    assert answer is None and wall.hardware.opened == 0
    await call.hang_up()
    # A guest's token under whatever key it may have: it has none of the zone.
    for secret in (CARRIER_PRIVATE, wall.carrier.contexts._store._sealer._key * 2):
        raw = cwt.issue(site.guest_claims(CARRIER_PRIVATE), site.zone_key(secret))
        call, status, answer = await cold(wall.inside, Phone(raw, private=CARRIER_PRIVATE))
        assert answer is None and wall.hardware.opened == 0
        await call.hang_up()


async def test_no_secret_of_the_site_lies_in_it():
    """Not in its settings, not on its flash, after a card, a PIN and a phone have been there."""
    wall = Wall()
    await wall.card()
    call, _, answer = await cold(wall.carrier, Phone())
    assert answer[1] is True
    await call.hang_up()
    settings = carrier_settings()
    assert settings.lookup is None
    held = [str(value) for value in settings.__dict__.values()]
    found = b"".join(_files(wall.folder))
    for secret in (site.LOOKUP_KEY, site.ZONE_SECRET, CARD_NUMBER, THE_PIN.encode(), policy()):
        assert secret not in found
        assert not [value for value in held if str(secret) in value]


async def test_two_that_are_alive_are_an_event():
    """Whether the other one began by itself, or goes on from the same moment."""
    wall = Wall()
    await wall.say(LOOK)
    copy = wall.copy()
    await wall.say(LOOK, carrier=copy)
    assert not wall.events("two_carriers")  # it could have been started again
    await _refused(wall.say(LOOK))
    (event,) = wall.events("two_carriers")
    assert event["by"] == "wall-1"
    # The first one begins anew, since it was not taken; and then the other is heard again.
    await wall.say(LOOK)
    for _ in range(20):
        await _refused(wall.say(LOOK, carrier=copy))
        await wall.say(LOOK, carrier=copy)
        await _refused(wall.say(LOOK))
        await wall.say(LOOK)
    assert 2 <= len(wall.events("two_carriers")) <= 4  # what a thief can have written is bounded
    wall = Wall()
    await wall.say(LOOK)
    copy = wall.copy()
    copy.handover._instance = wall.carrier.handover._instance
    copy.handover._number = wall.carrier.handover._number
    await wall.say(CARD, b"\0\0\0\1")
    await _refused(wall.say(LINK, 1, 0, 0, b"", carrier=copy))
    assert len(wall.events("two_carriers")) == 1


async def test_a_power_cut_of_either_costs_a_message_and_no_more():
    """Both know each other from flash; links of before are over, and phones come anew."""
    wall, phone = Wall(), Phone()
    call, _, answer = await cold(wall.carrier, phone)
    assert answer[1] is True
    wall.restart_carrier()
    before = wall.wire.count
    await wall.say(LOOK)
    assert wall.wire.count == before + 1
    assert wall.inside.carriers.is_idle or not wall.inside.carriers._known["wall-1"].links.count
    await call.hang_up()
    wall.restart_inside()
    before = wall.wire.count
    assert (await wall.card()).shown == "granted"
    assert wall.wire.count == before + 2  # with an Echo: it is certainly new
    call, _, answer = await cold(wall.carrier, Phone(number=20))
    assert answer[1] is True
    await call.hang_up()


async def _refused(running):
    try:
        await running
    except (NoAnswer, NotIntroduced):
        return
    raise AssertionError("it was taken")


def _files(folder):
    for name in os.listdir(folder):
        path = folder + "/" + name
        try:
            with open(path, "rb") as file:
                yield file.read()
        except OSError:
            yield from _files(path)
