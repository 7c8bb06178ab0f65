"""The resource /time: everybody who is believed may ask, who administers may tell, and what is
told never takes the floor back.
"""

INTERPRETERS = ("micropython", "cpython")

import cbor
import coap
import small_site as site
from carrier import ADMINISTER, CARRY_EVENTS, UNLOCK, Carrier, StillHardware, carriers
from holdfast.resources.time import TimeResource
from memory_phone import make_reader

CHANGED, CONTENT = coap.code.CHANGED, coap.code.CONTENT
BAD, FORBIDDEN, CONFLICT, UNAVAILABLE = (
    coap.code.BAD_REQUEST,
    coap.code.FORBIDDEN,
    coap.code.CONFLICT,
    coap.code.SERVICE_UNAVAILABLE,
)


async def _without_a_clock(bits=ADMINISTER):
    hardware = StillHardware(now=None)
    reader = make_reader(hardware)
    return reader, hardware, await Carrier(reader, bits).meet()


async def test_a_holder_learns_what_time_it_is_here():
    """Time is no secret, and a phone that shows it helps to find a wrong one."""
    _, hardware, guest = await carriers(UNLOCK)
    response = await guest.get("time")
    told = cbor.decode(response.payload)
    assert response.code == CONTENT and told[1] == hardware.now and told[3] == "rtc"
    _, _, guest = await _without_a_clock(UNLOCK)
    told = cbor.decode((await guest.get("time")).payload)
    assert told[3] in ("token", "floor") and told[1] <= site.NOW


async def test_only_who_administers_tells_the_time():
    """Who tells the time decides what has expired."""
    for bits in (UNLOCK, CARRY_EVENTS, UNLOCK | 2 | 4 | CARRY_EVENTS):
        reader, _, holder = await _without_a_clock(bits)
        response = await holder.put("time", cbor.encode({1: site.NOW, 2: 1}))
        assert response.code == FORBIDDEN
        assert reader.timekeeper.read().source != "peer"


async def test_a_reader_that_lost_the_time_is_told_it():
    """By whoever administers, with a word on how sure they are; the log says so."""
    reader, hardware, admin = await _without_a_clock()
    response = await admin.put("time", cbor.encode({1: site.NOW, 2: 5}))
    assert response.code == CHANGED
    told = cbor.decode((await admin.get("time")).payload)
    assert told[3] == "peer" and abs(told[1] - site.NOW) < 5 and 5 <= told[2] < 60
    assert "clock_set" in [line["event"] for line in hardware.lines]


async def test_time_is_not_taken_back_behind_what_is_known():
    """An old time would bring expired credentials to life."""
    reader, hardware, admin = await _without_a_clock()
    floor = reader.timekeeper.read().now
    for time in (1, floor - 86400, floor - 1000, floor + 500 * 86400, 1 << 33, 1 << 64, 1 << 500):
        response = await admin.put("time", cbor.encode({1: time, 2: 0}))
        assert response.code == CONFLICT, time
        reading = reader.timekeeper.read()
        assert reading.now >= floor and reading.source != "peer"
    # A door that has the time does not let itself be told another.
    _, hardware, admin = await carriers(ADMINISTER)
    for shift in (-86400, -3600, 3600, 86400):
        response = await admin.put("time", cbor.encode({1: hardware.now + shift, 2: 0}))
        assert response.code == CONFLICT, shift


async def test_times_of_any_form():
    """Keys and values of any type: 4.00, or not believed, and nothing is."""
    reader, hardware, admin = await _without_a_clock()
    now = site.NOW
    for payload in (
        b"",
        b"\xff",
        cbor.encode(now),
        cbor.encode([now, 0]),
        cbor.encode({}),
        cbor.encode({1: now}),
        cbor.encode({1: now, 2: 0, 3: "rtc"}),
        cbor.encode({1: now, "2": 0}),
        cbor.encode({b"1": now, 2: 0}),
        cbor.encode({1: now, 2: None}),
        cbor.encode({1: now, 2: -1}),
        cbor.encode({1: now, 2: 86400}),
        cbor.encode({1: now, 2: 1 << 64}),
        cbor.encode({1: now, 2: True}),
        cbor.encode({1: True, 2: 0}),
        cbor.encode({1: None, 2: 0}),
        cbor.encode({1: float(now), 2: 0}),
        cbor.encode({1: str(now), 2: 0}),
        cbor.encode({1: [now], 2: 0}),
        b"\xa2\x81\x01\x01\x02\x00",
        b"\xbf\xff",
        cbor.encode({1: now, 2: 0}) + b"\x00",
    ):
        response = await admin.put("time", payload)
        assert response.code == BAD, payload
    for payload in ({1: -1, 2: 0}, {1: 0, 2: 0}, {1: -(1 << 500), 2: 0}):
        assert (await admin.put("time", cbor.encode(payload))).code == CONFLICT
    assert reader.timekeeper.read().source != "peer"
    assert not [line for line in hardware.lines if line["event"] == "fault"]


async def test_a_clock_whose_memory_cannot_be_read_is_told_nothing():
    """5.03: it may be told as soon as it knows what time it was."""

    def failing(time, error_s):
        raise OSError(5)

    class Request:
        payload = cbor.encode({1: site.NOW, 2: 0})

    class Peer:
        credential = None

    resource = TimeResource(None, failing, lambda *_: 0)
    assert (await resource.put(Request(), Peer)).code == UNAVAILABLE
