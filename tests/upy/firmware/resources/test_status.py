"""The resource /status: what computes here, what time it is, how old what is known of revocations
is; for who administers and nobody else.
"""

INTERPRETERS = ("micropython", "cpython")

import sys

import cbor
import coap
import crypto
import small_site as site
from carrier import ADMINISTER, CARRY_EVENTS, UNLOCK, Carrier, StillHardware, carriers
from holdfast.access.clock.reading import ClockReading
from holdfast.access.policy.rules import SiteRules
from holdfast.resources.status import StatusResource
from holdfast.version import VERSION
from memory_phone import make_reader
from policy_site import chain, steps
from watched_door import Pin

CONTENT, FORBIDDEN, NOT_ALLOWED = (
    coap.code.CONTENT,
    coap.code.FORBIDDEN,
    coap.code.METHOD_NOT_ALLOWED,
)
KEYS = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12}
if hasattr(sys.implementation, "_machine"):
    KEYS.add(13)


async def test_who_administers_learns_how_a_reader_is():
    """Which code handles keys is never silent: portable code is slow and not constant time."""
    reader, hardware, admin = await carriers(ADMINISTER)
    hardware.pass_time(7)
    response = await admin.get("status")
    told = cbor.decode(response.payload)
    assert response.code == CONTENT and set(told) == KEYS
    assert (told[1], told[2]) == (site.DOOR, VERSION)
    assert (told[3], told[4]) == (crypto.backend_name(), crypto.backend_reason())
    assert told[5] == "rtc" and 0 <= told[6] < 900
    rules = reader.stores.rules
    assert told[7] == [rules.number, rules.head] and rules.number == 1
    assert told[8] == reader.timekeeper.read().now - rules.issued_at > 0
    assert told[9] == 7
    name, version = told[12].split(" ")
    assert name == sys.implementation.name
    assert version.startswith("%d.%d." % sys.implementation.version[:2])


async def test_what_hal_and_the_role_know_of_a_start_is_told():
    """A board that starts again each night, or runs on something else, is seen from the street."""
    reader, hardware, admin = await carriers(ADMINISTER)
    hardware.life = {13: "OLIMEX_ESP32_POE", 14: "watchdog", 15: 3, 16: "OSError at a.py:1"}
    told = cbor.decode((await admin.get("status")).payload)
    assert set(told) == KEYS | {13, 14, 15, 16}
    for label, value in hardware.life.items():
        assert told[label] == value


async def test_a_door_with_inputs_says_how_it_is():
    """A guard on the way there learns whether it is open still."""
    reader, hardware, _ = await carriers(ADMINISTER)
    del reader
    hardware.inputs = {"contact": Pin(), "tamper": Pin()}
    reader = make_reader(hardware)
    admin = await Carrier(reader, ADMINISTER, number=7).meet()
    watched = reader.doors[site.DOOR].watched
    for is_open, expected in ((False, [0, 0, 0]), (True, [5, 1, 1]), (False, [0, 0, 1])):
        hardware.pass_time(10)
        watched.look()
        watched.look()
        hardware.inputs["contact"].set(is_open)
        for _ in range(3):
            watched.look()
        told = cbor.decode((await admin.get("status")).payload)
        assert set(told) == KEYS | {17} and told[17] == expected


async def test_the_age_of_revocations_grows_until_a_changeset_comes():
    """A door that nobody visits goes on letting in whom it should not: this number shows it."""
    _, hardware, admin = await carriers(ADMINISTER, policy=False)
    first, second = chain(*steps(2))
    await admin.post("policy", first)
    hardware.pass_time(10)
    before = cbor.decode((await admin.get("status")).payload)
    hardware.pass_time(100)
    after = cbor.decode((await admin.get("status")).payload)
    assert after[7] == before[7] == [1, crypto.sha256(first)]
    assert (after[8] - before[8], after[9] - before[9]) == (100, 100), (before, after)
    await admin.post("policy", second)
    after = cbor.decode((await admin.get("status")).payload)
    assert after[7] == [2, crypto.sha256(second)] and after[8] - before[8] == 99


async def test_without_a_clock_there_is_an_age_at_least():
    """A reader that lost the time knows what it is later than; the source says that is all."""
    reader = make_reader(StillHardware(now=None))
    admin = await Carrier(reader, ADMINISTER).meet()
    told = cbor.decode((await admin.get("status")).payload)
    assert told[5] in ("token", "floor") and told[8] >= 0


async def test_nobody_else_learns_it():
    """How old the firmware is, and for how long no revocation came, is what a burglar asks."""
    reader, hardware, guest, collector = await carriers(UNLOCK | 2 | 4, CARRY_EVENTS)
    for holder in (guest, collector):
        response = await holder.get("status")
        assert response.code == FORBIDDEN
        assert crypto.backend_name().encode() not in response.payload


async def test_it_is_only_read():
    reader, hardware, admin = await carriers(ADMINISTER)
    for method in (coap.code.POST, coap.code.PUT, coap.code.DELETE):
        assert (await admin.ask(method, "status")).code == NOT_ALLOWED


async def test_what_is_not_known_is_null_and_never_negative():
    """A clock that knows nothing, a changeset from a little ahead of it, a version nobody said."""

    class Peer:
        credential = None

    rules = SiteRules(site.SITE)
    for clock, issued_at, age in (
        (ClockReading.unknown(), 5, None),
        (ClockReading(100, "rtc"), 130, 0),
        (ClockReading(100, "rtc"), 30, 70),
    ):
        rules.issued_at = issued_at
        resource = StatusResource(
            site.DOOR,
            None,
            lambda c=clock: c,
            lambda: rules,
            lambda: 3,
            lambda *_: 0,
            lambda: site.NOW,
            lambda: [["radio", "OSError", "unix/radio.py:7", 2]],
        )
        told = cbor.decode((await resource.get(None, Peer)).payload)
        assert told[2] is None and told[8] == age and told[9] == 3
        assert told[11] == [["radio", "OSError", "unix/radio.py:7", 2]]
