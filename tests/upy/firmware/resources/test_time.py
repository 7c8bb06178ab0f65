"""The resource /time: everybody who is believed may ask, who administers may tell, and what is
told never takes the floor back.
"""

INTERPRETERS = ("micropython", "cpython")

import cbor
import coap
import small_site as site
from carrier import ADMINISTER, CARRY_EVENTS, UNLOCK, Carrier, StillHardware, carriers
from holdfast.access.clock import word
from memory_phone import make_reader

SIGN1 = (coap.option.CONTENT_FORMAT, b"\x12")

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
    reader, hardware, admin = await _without_a_clock()

    def failing(*_):
        raise OSError(5)

    reader.timekeeper.told = reader.timekeeper.corrected = failing
    response = await admin.put("time", cbor.encode({1: site.NOW, 2: 0}))
    assert response.code == UNAVAILABLE
    assert (await _bring(admin, await _word(admin))).code == UNAVAILABLE
    assert not [line for line in hardware.lines if line["event"].startswith("clock_")]


async def _word(carrier, time=site.NOW, **changes):
    """The authority's word in answer to a question asked by ``carrier``."""
    response = await carrier.post("time", b"")
    assert response.code == CHANGED
    asked = cbor.decode(response.payload)
    said = {"site": site.SITE, "node": asked[7], "nonce": asked[4], "head": asked[6], "time": time}
    said.update(changes)
    return word.make(site.authority(), **said)


async def _bring(carrier, raw):
    return await carrier.ask(coap.code.PUT, "time", raw, options=[SIGN1])


def _told(hardware, name):
    return [line for line in hardware.lines if line["event"] == name]


async def test_the_authoritys_word_puts_any_clock_right():
    """Whoever brings it: by a clock that is wrong nobody may do anything at all. Here a resident's
    phone comes, whose credential has ended by far for all that the reader knows.
    """
    for wrong in (site.NOW - 300 * site.DAY, site.NOW + 300 * site.DAY):
        reader, hardware, resident = await _without_a_clock(UNLOCK)
        reader.timekeeper._state.corrected(wrong, wrong, 0, None)
        assert reader.timekeeper.read().now == wrong
        assert (await _bring(resident, await _word(resident))).code == CHANGED
        reading = reader.timekeeper.read()
        assert reading.source == "authority" and abs(reading.now - site.NOW) <= 2
        (line,) = _told(hardware, "clock_corrected")
        assert line["old_time"] == wrong and line["new_time"] == site.NOW
        assert line["by"] == "alice"
        # After a restart, too, although it has no clock.
        after = reader.timekeeper._store.load()
        assert after[0] <= site.NOW <= after[0] + 60


async def test_a_word_counts_once_and_for_who_asked():
    """Nobody has a second use of it, and nothing that is wrong in it is let through."""
    reader, hardware, one = await _without_a_clock(UNLOCK)
    other = await Carrier(reader, CARRY_EVENTS, number=500).meet()
    raw = await _word(one)
    assert (await _bring(other, raw)).code == BAD
    for changes in (
        {"site": "globex"},
        {"node": "garage"},
        {"head": bytes(32)},
        {"nonce": bytes(16)},
        {"time": 0},
        {"time": 1 << 32},
    ):
        assert (await _bring(one, await _word(one, **changes))).code == BAD, changes
    for wrong in (b"", raw[:-1], raw + b"\0", raw[:-1] + bytes((raw[-1] ^ 1,)), bytes(1000)):
        assert (await _bring(one, wrong)).code == BAD
    assert not _told(hardware, "clock_corrected")
    late = await _word(other)
    assert (await _bring(one, raw)).code == CHANGED
    for spent in (raw, late):
        for carrier in (one, other):
            assert (await _bring(carrier, spent)).code == BAD
    assert len(_told(hardware, "clock_corrected")) == 1
    assert (await _bring(other, await _word(other, site.NOW + 5))).code == CHANGED


async def test_a_question_holds_for_ten_minutes_of_one_start():
    """So that the word is fresh: what it can be off by is for how long it was on its way."""
    reader, hardware, carrier = await _without_a_clock(UNLOCK)
    raw = await _word(carrier)
    hardware._passed_ms += 590_000
    assert (await _bring(carrier, raw)).code == CHANGED
    reading = reader.timekeeper.read()
    low, high = reading.now - reading.uncertainty, reading.now + reading.uncertainty
    assert low <= site.NOW and site.NOW + 590 <= high <= site.NOW + 600
    raw = await _word(carrier)
    hardware._passed_ms += 602_000
    assert (await _bring(carrier, raw)).code == BAD
    raw = await _word(carrier)
    reader._telling = None  # as after a restart
    assert (await _bring(carrier, raw)).code == BAD
    assert (await carrier.post("time", b"x")).code == BAD
    assert len(_told(hardware, "clock_corrected")) == 1


async def test_a_time_that_cannot_be_is_refused_and_recorded():
    """And one that nobody thought possible, but the authority's knowledge allows, is heeded."""
    _, hardware, admin = await carriers(ADMINISTER)
    now = hardware.now
    assert (await admin.put("time", cbor.encode({1: now + 3600, 2: 0}))).code == CONFLICT
    (line,) = _told(hardware, "clock_refused")
    assert line["new_time"] == now + 3600
    assert (await admin.put("time", cbor.encode({1: now, 2: 0}))).code == CHANGED
    assert (await admin.put("time", cbor.encode({1: now + 200, 2: 0}))).code == CHANGED
    assert "detail" in _told(hardware, "clock_set")[-1]
    assert (await admin.put("time", cbor.encode({1: now, 2: 0}))).code == CHANGED
    assert abs(cbor.decode((await admin.get("time")).payload)[1] - now) <= 40


async def test_losing_the_time_and_having_it_again_are_told():
    """Once each, whoever looks."""
    reader, hardware, admin = await _without_a_clock()
    reader.tell_clock()
    reader.tell_clock()
    assert not _told(hardware, "clock_lost") and not _told(hardware, "clock_trusted")
    assert (await admin.put("time", cbor.encode({1: site.NOW, 2: 5}))).code == CHANGED
    assert len(_told(hardware, "clock_trusted")) == 1
    for _ in range(200):  # until the drift of an unmeasured crystal is too much
        hardware._passed_ms += site.DAY * 1000
        reader.timekeeper.read()
    reader.tell_clock()
    reader.tell_clock()
    assert len(_told(hardware, "clock_lost")) == 1


async def test_what_is_dated_ahead_is_told_once_and_moves_nothing():
    """A token from a laptop that is an hour fast does not open, until that hour has come."""
    reader, hardware, _ = await carriers(ADMINISTER)
    before = reader.timekeeper.read()
    reader.timekeeper.heard_signed(before.now + site.DAY, "changeset")
    reader.timekeeper.heard_signed(before.now + site.DAY, "changeset")
    reader.tell_clock()
    reader.tell_clock()
    (line,) = _told(hardware, "dated_ahead")
    assert line["detail"] == "changeset" and line["new_time"] == before.now + site.DAY
    assert abs(reader.timekeeper.read().now - before.now) <= 1
