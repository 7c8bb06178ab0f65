"""How much of the reader a central, or a crowd of them, may use: time, memory, words."""

INTERPRETERS = ("micropython", "cpython")

import asyncio

import coap
from carrier import StillHardware
from coap import stream
from holdfast.link.limits import Limits
from memory_phone import Call, Hardware, Phone, cold, make_reader, warm


async def test_a_silent_central_is_dropped():
    """Nothing, half a message, or a handshake left hanging: each ends by itself with a reason."""
    limits = Limits(first_ms=1, idle_ms=1)
    phone = Phone()
    _, message_1 = phone.message_1()
    whole = phone.post(b"\xf5" + message_1)
    for sent in (b"", phone.hello(), phone.hello() + whole[:10], phone.hello() + whole):
        hardware = Hardware()
        reader = make_reader(hardware, limits=limits)
        call = Call(reader)
        if sent:
            await call.send(sent)
        await call._task
        assert hardware.lines[-1]["reason"] == "too_slow", sent
        assert not hardware.opened


async def test_a_central_that_dribbles_is_dropped_as_well():
    """Each byte arriving in time must not buy more time: only something valid does."""
    limits = Limits(first_ms=1)
    hardware = Hardware()
    call = Call(make_reader(hardware, limits=limits))
    phone = Phone()
    _, message_1 = phone.message_1()
    for byte in phone.hello() + phone.post(b"\xf5" + message_1):
        if call.dropped:
            break
        call.link.put(bytes((byte,)))
        await asyncio.sleep(0.01)
    assert call.dropped and hardware.lines[-1]["reason"] == "too_slow"


async def test_one_connection_too_many_is_turned_away_and_the_others_are_served():
    """A crowd of centrals must not take the memory of the one at the door."""
    hardware = StillHardware()
    reader = make_reader(hardware, limits=Limits(connections=2))
    calls = [Call(reader), Call(reader)]
    for call in calls:
        await call.send(Phone().hello())
    third = Call(reader)
    await third.send(b"")
    assert third.dropped and hardware.lines[-1]["reason"] == "too_many_connections"
    await calls[0].hang_up()
    _, code, _ = await cold(reader, Phone())
    assert code == coap.code.CHANGED


async def test_contexts_are_bounded_and_the_longest_unused_goes_first():
    """Memory for contexts is fixed: the phone that falls out goes cold again, the others stay
    warm.
    """
    hardware = Hardware()
    reader = make_reader(hardware, limits=Limits(contexts=2))
    phones = [Phone(number=1000 * n) for n in range(3)]
    for phone in phones:
        call, code, _ = await cold(reader, phone)
        assert code == coap.code.CHANGED
        await call.hang_up()
    _, code, _ = await warm(reader, phones[0])
    assert code == coap.code.UNAUTHORIZED
    for phone in phones[1:]:
        _, code, _ = await warm(reader, phone)
        assert code == coap.code.CHANGED


async def test_signalling_is_answered_and_bounded():
    """RFC 8323: CSM first, Ping answered by Pong, Release ends, too many requests end."""
    hardware = Hardware()
    reader = make_reader(hardware, limits=Limits(unproven=3))
    phone = Phone()
    call = Call(reader)
    response = await call.ask(
        phone.hello() + stream.encode(coap.Message(coap.code.PING, token=b"ab"))
    )
    assert response.code == coap.code.PONG and response.token == b"ab"
    await call.ask(stream.encode(coap.Message(coap.code.RELEASE)))
    assert call.dropped and hardware.lines[-1]["reason"] is None
    call = Call(reader)
    await call.send(phone.hello())
    for _ in range(3):
        await call.ask(stream.encode(coap.Message(coap.code.GET)))
    assert not call.dropped
    response = await call.ask(stream.encode(coap.Message(coap.code.GET)))
    assert response.code == coap.code.ABORT and call.dropped


async def test_bytes_that_are_no_message_abort_the_connection():
    """Before the CSM, after it, and in the middle: one Abort, and the next phone is served."""
    hardware = Hardware()
    reader = make_reader(hardware)
    phone = Phone()
    oversize = b"\xe0\xff\xff\x01"
    for sent in (
        b"\xff" * 40,
        phone.post(b"\xf5"),
        phone.hello() + b"\x0f\x01",
        phone.hello() + oversize,
    ):
        call = Call(reader)
        response = await call.ask(sent)
        assert response is None or response.code == coap.code.ABORT
        assert call.dropped and hardware.lines[-1]["reason"] == "malformed_message", sent
    _, code, _ = await cold(reader, phone)
    assert code == coap.code.CHANGED
