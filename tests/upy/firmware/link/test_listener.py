"""Connections: strangers can hold some for a while, and none of them against who can prove."""

INTERPRETERS = ("micropython", "cpython")

import asyncio

import coap
import oscore
import small_site as site
from carrier import StillHardware as Hardware
from coap import stream
from holdfast.link.limits import Limits
from memory_phone import Call, Phone, cold, make_reader, warm

_NOISE = stream.encode(coap.Message(coap.code.GET))


def _ended(hardware):
    return [line["reason"] for line in hardware.lines if line["event"] == "disconnected"]


async def _occupied(reader, count, sent=b""):
    calls = []
    for _ in range(count):
        call = Call(reader)
        await call.send(Phone().hello() + sent)
        calls.append(call)
    return calls


async def _strangers(reader):
    """Four that have sent a valid message_1 each, and nothing more."""
    calls = []
    for number in range(4):
        phone = Phone(number=100 * number)
        call = Call(reader)
        await call.ask(phone.hello() + phone.post(b"\xf5" + phone.message_1()[1]))
        calls.append(call)
    return calls


async def test_a_crowd_that_proves_nothing_makes_room_for_who_comes():
    """Four strangers with a valid message_1 each used to be the end of the door for minutes."""
    hardware = Hardware()
    reader = make_reader(hardware)
    calls = await _strangers(reader)
    resident = Phone(number=5000)
    early = Call(reader)
    await early.send(b"")
    assert early.dropped and _ended(hardware) == ["too_many_connections"]
    hardware._passed_ms += 2100
    _, code, answer = await cold(reader, resident)
    assert code == coap.code.CHANGED and answer[1] is True
    assert calls[0].dropped and hardware.opened == 1
    assert [call.dropped for call in calls[1:3]] == [False, False]


async def test_who_says_nothing_for_a_second_makes_room_before_who_goes_on():
    """A handshake that gets on has two seconds; one that has stopped has one of them."""
    hardware = Hardware()
    reader = make_reader(hardware)
    calls = await _strangers(reader)
    hardware._passed_ms += 1100
    for call in (calls[0], calls[1], calls[3]):
        await call.ask(_NOISE)
    assert (await cold(reader, Phone(number=5000)))[2][1] is True
    assert [call.dropped for call in calls] == [False, False, True, False]


async def test_who_has_proven_is_not_put_out():
    """Residents on all connections: a stranger is turned away, however long they stay."""
    hardware = Hardware()
    reader = make_reader(hardware, limits=Limits(connections=2))
    phones = [Phone(number=1000 * number) for number in range(2)]
    calls = []
    for phone in phones:
        calls.append((await cold(reader, phone))[0])
    hardware._passed_ms += 10000
    stranger = Call(reader)
    await stranger.send(b"")
    assert stranger.dropped and _ended(hardware) == ["too_many_connections"]
    for phone, call in zip(phones, calls):
        assert (await warm(reader, phone, call=call))[2][1] is True


async def test_nothing_that_is_sent_buys_time_but_a_proof():
    """Handshakes begun anew, and noise in between: it is one time in all."""
    hardware = Hardware()
    reader = make_reader(hardware, limits=Limits(first_ms=300))
    phone = Phone(number=700)
    call = Call(reader)
    await call.send(phone.hello())
    for _ in range(3):
        for said in (_NOISE, phone.post(b"\xf5" + phone.message_1()[1])):
            await call.send(said)
            hardware._passed_ms += 49
    await asyncio.sleep(0.4)
    assert not call.dropped
    hardware._passed_ms += 6
    await call._task  # which looks again when the time that it had left is over
    assert call.dropped and _ended(hardware)[-1] == "too_slow", _ended(hardware)


async def test_the_last_free_connection_is_for_who_proves_soon():
    """It is dropped after two seconds of its own, and a phone that comes then finds it free."""
    hardware = Hardware()
    limits = Limits(connections=2, first_ms=60000, last_ms=100)
    reader = make_reader(hardware, limits=limits)
    first, last = await _occupied(reader, 2)
    hardware._passed_ms += 99
    await asyncio.sleep(0.2)
    assert not last.dropped
    hardware._passed_ms += 1
    await last._task
    assert last.dropped and not first.dropped and _ended(hardware) == ["too_slow"]
    assert (await cold(reader, Phone()))[2][1] is True


async def test_eight_requests_without_a_proof_are_enough():
    hardware = Hardware()
    reader = make_reader(hardware)
    (call,) = await _occupied(reader, 1)
    for _ in range(8):
        assert (await call.ask(_NOISE)).code == coap.code.UNAUTHORIZED
    assert (await call.ask(_NOISE)).code == coap.code.ABORT and call.dropped
    assert len(hardware.reasons()) == 8 and not hardware.opened


async def test_what_was_done_is_said_by_the_door_and_by_no_status_code():
    """Whoever is believed may ask for the time: 2.05, and it has opened nothing.

    So it is the first to be forgotten, and never one that has.
    """
    hardware = Hardware()
    reader = make_reader(hardware, limits=Limits(contexts=2))
    resident = Phone(number=10)
    await (await cold(reader, resident))[0].hang_up()
    for number in range(4):
        token = site.holder_token(
            changes={7: bytes([number]) * 8, 8: site.confirmation(bytes([number + 1]) * 32)}
        )
        visitor = Phone(token, bytes([number + 1]) * 32, number=1000 * number)
        call, waiting = Call(reader), visitor.message_1()
        response = await call.ask(visitor.hello() + visitor.post(b"\xf5" + waiting[1]))
        message_3 = visitor.finish(waiting[0], response.payload)
        request = coap.Message(coap.code.GET, coap.path_options("time"))
        protected, exchange = oscore.protect_request(visitor.context, request)
        response = await call.ask(stream.encode(oscore.combine(message_3, protected)))
        assert visitor.answer(response, exchange)[0] == coap.code.CONTENT
        await call.hang_up()
    assert (await warm(reader, resident))[2][1] is True


async def test_a_handshake_that_never_ends_leaves_no_identifier():
    hardware = Hardware()
    reader = make_reader(hardware)
    for number in range(60):
        phone = Phone(number=100 * number)
        call = Call(reader)
        await call.ask(phone.hello() + phone.post(b"\xf5" + phone.message_1()[1]))
        await call.hang_up()
    assert not reader.contexts._reserved and not reader.handshakes.pending._entries
