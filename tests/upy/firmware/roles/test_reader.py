"""The reader role from the first byte of a connection to the strike, with phones of every kind."""

INTERPRETERS = ("micropython", "cpython")


import cbor
import coap
import oscore
import small_site as site
from coap import stream
from cose import cwt
from holdfast.access import credential as labels
from holdfast.access import reason
from memory_phone import Call, Hardware, Phone, cold, make_reader, warm


def _last(hardware):
    return [line for line in hardware.lines if line["event"] == "access"][-1]


async def test_a_phone_never_met_opens_the_door_in_two_round_trips():
    """The main job: authority's token, proof of the key, a wish; strike and event before the
    answer.
    """
    hardware = Hardware()
    reader = make_reader(hardware)
    call, code, answer = await cold(reader, Phone())
    assert code == coap.code.CHANGED and answer == {1: True, 2: 0, 3: 3000}
    assert hardware.opened == 1
    event = _last(hardware)
    assert event["granted"] and event["handshake"] and event["holder"] == "alice"
    await call.hang_up()
    ended = hardware.lines[-1]
    assert (
        ended["event"] == "disconnected" and ended["round_trips"] == 2 and ended["reason"] is None
    )


async def test_a_crowd_gets_its_keys_made_on_the_spot():
    """A phone that comes while another is there pays one operation more, and gets in."""
    hardware = Hardware()
    reader = make_reader(hardware)
    call, _, _ = await cold(reader, Phone())
    assert _last(hardware)["public_key_operations"] == 5
    await cold(reader, Phone(number=10))
    assert _last(hardware)["public_key_operations"] == 5
    await call.hang_up()


async def test_a_reader_makes_its_next_key_when_the_last_phone_has_gone():
    """Made while nobody waits: an unlock then costs four public-key operations, not five."""
    hardware = Hardware()
    reader = make_reader(hardware)
    await (await cold(reader, Phone()))[0].hang_up()
    for number in (10, 20):
        token = site.holder_token(changes={7: bytes((number,)) * 8})
        await (await cold(reader, Phone(token, number=number)))[0].hang_up()
        assert _last(hardware)["public_key_operations"] == 4


async def test_a_phone_seen_before_needs_no_public_key_operation():
    """Warm: one round trip, on the same connection or the next one."""
    hardware = Hardware()
    reader = make_reader(hardware)
    phone = Phone()
    call, _, _ = await cold(reader, phone)
    _, code, answer = await warm(reader, phone, call=call)
    assert code == coap.code.CHANGED and answer[1] is True
    await call.hang_up()
    again, code, answer = await warm(reader, phone)
    assert code == coap.code.CHANGED and answer[1] is True
    event = _last(hardware)
    assert event["public_key_operations"] == 0 and event["handshake"] is False
    await again.hang_up()
    assert hardware.lines[-1]["round_trips"] == 1 and hardware.opened == 3


async def test_the_stream_may_be_cut_anywhere():
    """GATT promises 20 bytes a chunk and nothing about boundaries."""
    reader = make_reader()
    for piece in (1, 2, 3, 7, 19, 20, 23, 64, 244, 1000):
        call, code, answer = await cold(reader, Phone(number=100 * piece), piece=piece)
        assert answer and answer[1] is True, piece
        await call.hang_up()


async def test_a_guest_token_opens_and_one_made_for_longer_does_not():
    """The reader itself enforces the day, whatever the zone's key was used to make."""
    hardware = Hardware()
    reader = make_reader(hardware)
    _, code, _ = await cold(reader, Phone(site.guest_token()))
    assert code == coap.code.CHANGED and _last(hardware)["guest"] is True
    long_lived = site.guest_token(changes={4: site.NOW + 2 * site.DAY})
    _, code, answer = await cold(reader, Phone(long_lived))
    assert code == coap.code.FORBIDDEN and answer == {1: False, 2: reason.COARSE_CREDENTIAL}
    assert _last(hardware)["reason"] == "guest_too_long" and hardware.opened == 1


async def test_refusals_after_the_handshake_come_back_protected_with_a_coarse_reason():
    """The phone of a known holder is told why in a word; the log has it exactly."""
    other_door = site.scope((1, "cellar", 1))
    for changes, exact, coarse in (
        ({4: site.NOW}, "expired", reason.COARSE_TIME),
        ({5: site.NOW + site.DAY}, "not_yet_valid", reason.COARSE_TIME),
        ({9: other_door}, "wrong_door", reason.COARSE_SCOPE),
        ({3: "elsewhere"}, "wrong_audience", reason.COARSE_CREDENTIAL),
    ):
        hardware = Hardware()
        reader = make_reader(hardware)
        call, code, answer = await cold(reader, Phone(site.holder_token(changes=changes)))
        assert code == coap.code.FORBIDDEN and answer == {1: False, 2: coarse}, exact
        assert hardware.reasons() == [exact] and not hardware.opened
        assert not call.dropped


async def test_refusals_inside_the_handshake_say_little_and_drop():
    """Whoever cannot prove anything learns nothing about what was wrong."""
    stranger = site.authority(b"\x77" * 32)
    forged = cwt.issue(site.holder_claims(), stranger)
    stolen = Phone(site.holder_token(b"\x22" * 32), private=b"\x66" * 32)
    for phone, exact in (
        (Phone(forged), "bad_signature"),
        (Phone(site.holder_token(changes={1: "evil"})), "other_site"),
        (Phone(site.holder_token(changes={7: None})), "incomplete_token"),
        (Phone(site.guest_token(changes={3: "roof"})), "unknown_key"),
        (stolen, "not_holder"),
    ):
        hardware = Hardware()
        reader = make_reader(hardware)
        call, code, answer = await cold(reader, phone)
        assert code == coap.code.BAD_REQUEST and answer is None, exact
        assert hardware.reasons() == [exact] and not hardware.opened
        assert call.dropped
        _, code, _ = await cold(reader, Phone(number=50))
        assert code == coap.code.CHANGED


async def test_a_recording_is_worthless_on_any_connection():
    """Everything a phone sent, sent again: on the same connection, a new one, after a restart."""
    hardware = Hardware()
    reader = make_reader(hardware)
    phone = Phone()
    call = Call(reader)
    waiting, message_1 = phone.message_1()
    first = phone.post(b"\xf5" + message_1)
    response = await call.ask(phone.hello() + first)
    message_3 = phone.finish(waiting, response.payload)
    second = stream.encode(oscore.combine(message_3, phone.wish()[1]))
    assert (await call.ask(second)).code == coap.code.CHANGED
    assert hardware.opened == 1
    # the same request again, and on the next connection, and the whole recording
    assert (await call.ask(second)).code == coap.code.BAD_REQUEST
    assert hardware.reasons()[-1] == "replayed" and call.dropped
    call = Call(reader)
    await call.ask(phone.hello() + second)
    assert hardware.reasons()[-1] == "replayed" and call.dropped
    call = Call(reader)
    await call.ask(phone.hello() + first)
    assert hardware.reasons()[-1] == "replayed" and call.dropped
    # a restarted reader has forgotten the recording, but its ephemeral key is another
    restarted_hardware = Hardware()
    restarted_hardware.random_counter = 1000
    restarted = make_reader(restarted_hardware)
    call = Call(restarted)
    await call.ask(phone.hello() + first)
    await call.ask(second)
    assert restarted_hardware.reasons()[-1] == "handshake_failed" and call.dropped
    assert hardware.opened == 1 and not restarted_hardware.opened


async def test_a_recorded_warm_unlock_is_refused_everywhere():
    """The replay window remembers across connections; a restart forgets the context itself."""
    hardware = Hardware()
    reader = make_reader(hardware)
    phone = Phone()
    call, _, _ = await cold(reader, phone)
    _, protected = phone.wish()
    recorded = stream.encode(protected)
    assert (await call.ask(recorded)).code == coap.code.CHANGED
    assert (await call.ask(recorded)).code == coap.code.UNAUTHORIZED
    assert hardware.reasons()[-1] == "replayed" and call.dropped
    call = Call(reader)
    assert (await call.ask(phone.hello() + recorded)).code == coap.code.UNAUTHORIZED
    assert hardware.reasons()[-1] == "replayed"
    restarted_hardware = Hardware()
    call = Call(make_reader(restarted_hardware))
    assert (await call.ask(phone.hello() + recorded)).code == coap.code.UNAUTHORIZED
    assert restarted_hardware.reasons() == ["unknown_context"]
    assert hardware.opened == 2 and not restarted_hardware.opened


async def test_a_wish_that_was_held_back_dies_with_the_next_one():
    """Someone jams a wish, keeps it, and plays it at night: after the retry it is old."""
    hardware = Hardware()
    reader = make_reader(hardware)
    phone = Phone()
    call, _, _ = await cold(reader, phone)
    held_back = stream.encode(phone.wish()[1])
    _, code, _ = await warm(reader, phone, call=call)
    assert code == coap.code.CHANGED and hardware.opened == 2
    assert (await call.ask(held_back)).code == coap.code.UNAUTHORIZED
    assert hardware.reasons()[-1] == "replayed" and hardware.opened == 2


async def test_a_reader_that_forgot_lets_the_phone_start_over_on_the_same_connection():
    """After a power cut the phone's first try is answered 4.01, and a cold unlock follows at
    once.
    """
    phone = Phone()
    await cold(make_reader(), phone)
    hardware = Hardware()
    reader = make_reader(hardware)
    call, code, _ = await warm(reader, phone)
    assert code == coap.code.UNAUTHORIZED and not call.dropped
    waiting, message_1 = phone.message_1()
    response = await call.ask(phone.post(b"\xf5" + message_1))
    message_3 = phone.finish(waiting, response.payload)
    exchange, protected = phone.wish()
    response = await call.ask(stream.encode(oscore.combine(message_3, protected)))
    assert phone.answer(response, exchange)[1][1] is True and hardware.opened == 1


async def test_a_wish_that_is_no_wish_opens_nothing():
    """An authenticated phone is still a stranger: its payload is checked like any other."""
    for payload in (
        b"",
        b"\xff",
        b"\xa0",
        b"\x01",
        cbor.encode({1: 1}),
        cbor.encode({2: True}),
        cbor.encode({1: True, 2: True}),
        cbor.encode({1: "1", 2: True}),
        cbor.encode({1: 1, 2: 1}),
        cbor.encode({1: -1, 2: True}),
        cbor.encode({1: 1, 2: True, 3: 1}),
        cbor.encode({1: 1, 2: True}) + b"\0",
        cbor.encode([1, True]),
    ):
        hardware = Hardware()
        _, code, answer = await cold(make_reader(hardware), Phone(), wish=payload)
        assert code == coap.code.BAD_REQUEST and answer[1] is False, payload
        assert hardware.reasons() == ["malformed_request"] and not hardware.opened
    hardware = Hardware()
    _, code, _ = await cold(make_reader(hardware), Phone(), wish={1: 1, 2: False})
    assert code == coap.code.FORBIDDEN and hardware.reasons() == ["no_intent"]


async def test_other_paths_and_methods_open_nothing():
    """Only PUT /doors/{this door} is a wish."""
    for path, expected in (
        (("doors", "cellar"), coap.code.FORBIDDEN),
        (("doors",), coap.code.NOT_FOUND),
        (("doors", site.DOOR, "x"), coap.code.NOT_FOUND),
        (("status",), coap.code.METHOD_NOT_ALLOWED),
        (("attic",), coap.code.NOT_FOUND),
    ):
        hardware = Hardware()
        call = Call(make_reader(hardware))
        phone = Phone()
        waiting, message_1 = phone.message_1()
        response = await call.ask(phone.hello() + phone.post(b"\xf5" + message_1))
        message_3 = phone.finish(waiting, response.payload)
        exchange, protected = phone.wish(path=path)
        response = await call.ask(stream.encode(oscore.combine(message_3, protected)))
        plain = oscore.unprotect_response(phone.context, response, exchange)
        assert plain.code == expected, path
        assert not hardware.opened


async def test_an_unprotected_wish_is_refused():
    """Anyone can say PUT."""
    hardware = Hardware()
    call = Call(make_reader(hardware))
    phone = Phone()
    request = coap.Message(
        coap.code.PUT,
        [(coap.option.URI_PATH, b"doors"), (coap.option.URI_PATH, site.DOOR.encode())],
        cbor.encode({1: 1, 2: True}),
    )
    response = await call.ask(phone.hello() + stream.encode(request))
    assert response.code == coap.code.UNAUTHORIZED
    assert hardware.reasons() == ["unprotected"] and not hardware.opened


async def test_message_3_by_itself_is_understood_too():
    """RFC 9528 appendix A.2.1 without the combined request: message_4 confirms, then OSCORE."""
    hardware = Hardware()
    reader = make_reader(hardware)
    phone = Phone()
    call = Call(reader)
    waiting, message_1 = phone.message_1()
    response = await call.ask(phone.hello() + phone.post(b"\xf5" + message_1))
    message_3 = phone.finish(waiting, response.payload)
    c_r = phone.context.sender_id
    response = await call.ask(phone.post(c_r + message_3))
    assert response.code == coap.code.CHANGED and response.payload
    _, code, answer = await warm(reader, phone, call=call)
    assert code == coap.code.CHANGED and answer[1] is True and hardware.opened == 1


async def test_a_warm_unlock_is_decided_anew():
    """A context is no permission: a credential that expired since then no longer opens, also when
    the clock is lost then.
    """
    hardware = Hardware()
    reader = make_reader(hardware)
    phone = Phone()
    call, code, _ = await cold(reader, phone)
    assert code == coap.code.CHANGED
    await call.hang_up()
    hardware.pass_time(33 * site.DAY)
    call, code, answer = await warm(reader, phone)
    assert code == coap.code.FORBIDDEN and answer[2] == reason.COARSE_TIME
    hardware.now = None
    _, code, answer = await warm(reader, phone, call=call)
    assert code == coap.code.FORBIDDEN and answer[2] == reason.COARSE_TIME
    assert hardware.reasons() == ["granted", "expired", "expired"]


async def test_a_clock_from_before_the_device_was_enrolled_is_not_believed():
    """A board that woke up in the year 2000 would find every expired credential in date: what
    holds is the time by which it cannot be earlier, for a while and not for what needs the hour.
    """
    hardware = Hardware(now=946684800)
    reader = make_reader(hardware)
    for number, (changes, exact) in enumerate(
        (
            ({4: site.NOW - site.DAY, 5: None, 6: None}, "expired"),
            ({labels.SCHEDULE: "office"}, "clock_uncertain"),
            ({labels.CLOCK_RULE: 1}, "clock_uncertain"),
            ({}, "granted"),
        )
    ):
        await cold(reader, Phone(site.holder_token(changes=changes), number=100 * number))
        assert hardware.reasons()[-1] == exact
    assert _last(hardware)["by_grace"] and _last(hardware)["clock"] == "token"
    # A host and a board differ by a little on the day of enrolment: no reason to stand still.
    fresh = site.device_certificate(changes={6: site.NOW + 200})
    _, code, _ = await cold(make_reader(changes={6: fresh}), Phone(number=70))
    assert code == coap.code.CHANGED


async def test_two_phones_at_once_do_not_disturb_each_other():
    """Two handshakes interleaved: each ends in its own context."""
    hardware = Hardware()
    reader = make_reader(hardware)
    phones = [Phone(number=10), Phone(site.guest_token(b"\x55" * 32), b"\x55" * 32)]
    steps = []
    for phone in phones:
        call = Call(reader)
        waiting, message_1 = phone.message_1()
        response = await call.ask(phone.hello() + phone.post(b"\xf5" + message_1))
        steps.append((call, phone, waiting, response.payload))
    for call, phone, waiting, message_2 in steps:
        message_3 = phone.finish(waiting, message_2)
        exchange, protected = phone.wish()
        response = await call.ask(stream.encode(oscore.combine(message_3, protected)))
        assert phone.answer(response, exchange)[1][1] is True
    assert phones[0].context.sender_id != phones[1].context.sender_id
    assert hardware.opened == 2
