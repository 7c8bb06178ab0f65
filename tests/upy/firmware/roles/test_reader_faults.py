"""What a reader gives back when something fails in the middle: connections, identifiers, links."""

INTERPRETERS = ("micropython", "cpython")

import coap
import oscore
from carrier import StillHardware
from coap import stream
from edhoc import ReceivedMessage1, ReceivedMessage3
from holdfast.link import handshake as link_handshake
from holdfast.link import listener
from holdfast.link.limits import Limits
from memory_phone import Call, Hardware, Link, Phone, cold, make_reader, warm


def _no_memory(*_, **__):
    raise MemoryError


async def _half_way(reader, phone):
    """A connection after message_2; the combined request that would come next."""
    call = Call(reader)
    waiting, message_1 = phone.message_1()
    response = await call.ask(phone.hello() + phone.post(b"\xf5" + message_1))
    if response is None:
        return call, b""
    message_3 = phone.finish(waiting, response.payload)
    return call, stream.encode(oscore.combine(message_3, phone.wish()[1]))


async def test_memory_that_ends_in_a_handshake_takes_no_identifier_with_it():
    """48 identifiers are all there are: each one lost would bring the day nearer on which no new
    phone gets in.
    """
    for owner, name in (
        (ReceivedMessage1, "prepare_message_2_steps"),
        (ReceivedMessage3, "verify_steps"),
        (link_handshake, "SecurityContext"),
        (oscore, "unprotect_request"),
    ):
        hardware = Hardware()
        reader = make_reader(hardware)
        genuine = getattr(owner, name)
        setattr(owner, name, _no_memory)
        for number in range(50):
            call, second = await _half_way(reader, Phone(number=10 * number))
            await call.send(second)
            assert call.dropped, name
            await call.hang_up()
            assert hardware.lines[-1].get("reason") == "fault", (name, hardware.lines[-3:])
        setattr(owner, name, genuine)
        _, code, _ = await cold(reader, Phone(number=10000))
        assert code == coap.code.CHANGED and hardware.opened == 1, name


async def test_memory_that_ends_as_a_phone_connects_takes_no_connection_with_it():
    """Four phones met by a full heap must not have been the last four."""
    hardware = Hardware()
    reader = make_reader(hardware, limits=Limits(connections=1))
    genuine = listener.Session
    listener.Session = _no_memory
    for _ in range(3):
        link = Link()
        await reader.connected(link)
        assert link.closed
        assert hardware.lines[-1]["reason"] == "fault"
    listener.Session = genuine
    _, code, _ = await cold(reader, Phone())
    assert code == coap.code.CHANGED


class _DeadLink(Link):
    """The central is gone already: even letting go of it fails."""

    def close(self):
        self.hang_up()
        raise OSError(104)


async def test_a_link_that_fails_to_close_raises_nowhere():
    """Turned away or served: what the radio says at the end is nobody's business any more."""
    hardware = StillHardware()
    reader = make_reader(hardware, limits=Limits(connections=1))
    for reason in ("too_many_connections", None):
        call = Call(reader)
        await call.send(Phone().hello())
        if reason:
            await reader.connected(_DeadLink())
        else:
            link = _DeadLink()
            link.hang_up()
            await reader.connected(link)
        await call.hang_up()
        ended = [line["reason"] for line in hardware.lines if line["event"] == "disconnected"]
        assert reason in ended
        reader.limits.connections = 2
    _, code, _ = await cold(reader, Phone())
    assert code == coap.code.CHANGED


async def test_naming_a_context_is_not_using_it():
    """A kid travels in the clear: who only names it must not decide which phone is forgotten."""
    reader = make_reader(limits=Limits(contexts=2))
    old, newer, newest = [Phone(number=1000 * n) for n in range(3)]
    for phone in (old, newer):
        await (await cold(reader, phone))[0].hang_up()
    kid = oscore.option.encode(b"\x05", None, old.context.sender_id)
    named = stream.encode(
        coap.Message(coap.code.POST, [(coap.option.OSCORE, kid)], b"no ciphertext")
    )
    call = Call(reader)
    assert (await call.ask(old.hello() + named)).code == coap.code.BAD_REQUEST
    await cold(reader, newest)
    assert (await warm(reader, newer))[1] == coap.code.CHANGED
    assert (await warm(reader, old))[1] == coap.code.UNAUTHORIZED
