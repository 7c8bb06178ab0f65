"""What a standard client may do at /.well-known/edhoc besides the shortest way."""

INTERPRETERS = ("micropython", "cpython")

import asyncio

import coap
import oscore
from coap import option, stream
from memory_phone import Call, Hardware, Phone, cold, make_reader, warm


async def _after_message_2():
    hardware = Hardware()
    phone = Phone()
    call = Call(make_reader(hardware))
    waiting, message_1 = phone.message_1()
    response = await call.ask(phone.hello() + phone.post(b"\xf5" + message_1))
    return hardware, phone, call, phone.finish(waiting, response.payload)


async def test_an_error_of_the_phone_is_not_answered_by_an_error():
    """RFC 9528 section 6: an error message is a reply to any message but an error message."""
    hardware, phone, call, _ = await _after_message_2()
    error = b"\x01\x63abc"
    response = await call.ask(phone.post(phone.context.sender_id + error))
    assert response.code == coap.code.CHANGED and response.payload == b""
    assert hardware.reasons() == ["handshake_failed"] and call.dropped


async def test_every_refusal_there_is_an_edhoc_error_and_is_logged():
    """A wrong identifier in front of message_3 was the end of the stream, and in no log."""
    for front, reason in (
        (b"\x18\x18", "malformed_message"),
        (b"\x41\x00", "malformed_message"),
        (b"\xf4", "malformed_message"),
        (b"", "malformed_message"),
        (b"\x20", "handshake_failed"),
    ):
        hardware, phone, call, message_3 = await _after_message_2()
        response = await call.ask(phone.post(front + message_3))
        assert response.code == coap.code.BAD_REQUEST and response.payload[:1] == b"\x01", front
        assert hardware.reasons() == [reason] and call.dropped, front
    hardware = Hardware()
    response = await Call(make_reader(hardware)).ask(phone.hello() + phone.post(b""))
    assert response.code == coap.code.BAD_REQUEST and hardware.reasons() == ["malformed_message"]


async def test_a_message_3_played_again_is_called_a_replay():
    """By itself as in the combined request: the log must not speak of a radio problem."""
    hardware, phone, call, message_3 = await _after_message_2()
    frame = phone.post(phone.context.sender_id + message_3)
    assert (await call.ask(frame)).code == coap.code.CHANGED
    assert (await call.ask(frame)).code == coap.code.BAD_REQUEST
    assert hardware.reasons() == ["replayed"] and not hardware.opened


async def test_a_critical_option_that_means_nothing_there_is_refused():
    """RFC 7252 section 5.4.1: Block1 says that this is a part, EDHOC that OSCORE follows."""
    for number, value in (
        (option.BLOCK1, b"\x08"),
        (option.EDHOC, b""),
        (option.PROXY_SCHEME, b"coap"),
        (65535, b""),
    ):
        hardware = Hardware()
        phone = Phone()
        call = Call(make_reader(hardware))
        options = coap.path_options(".well-known", "edhoc") + [(number, value)]
        payload = b"\xf5" + phone.message_1()[1]
        request = coap.Message(coap.code.POST, options, payload)
        response = await call.ask(phone.hello() + stream.encode(request))
        assert response.code == coap.code.BAD_OPTION, number
        assert hardware.reasons() == ["malformed_message"], number


async def test_a_known_kid_in_another_id_context_is_an_unknown_context_like_any():
    """4.01 in the clear means: start over, here. It must not depend on what was unknown."""
    hardware = Hardware()
    reader = make_reader(hardware)
    phone = Phone()
    call, _, _ = await cold(reader, phone)
    ids = phone.context.sender_id, phone.context.recipient_id
    secrets = phone.master_secret, phone.master_salt
    phone.context = oscore.SecurityContext(*secrets, *ids, b"another")
    _, code, _ = await warm(reader, phone, call=call)
    assert code == coap.code.UNAUTHORIZED and not call.dropped
    assert hardware.reasons()[-1] == "unknown_context"


async def test_a_chunk_full_of_requests_lets_the_others_have_their_turn():
    """Each may cost public-key operations, and meanwhile a strike waits to be shut."""
    hardware = Hardware()
    reader = make_reader(hardware)
    seen = []
    hardware.line = lambda fields: seen.append(fields["event"])
    over = []

    async def other():
        while not over:
            if seen[-1:] != ["turn"]:
                seen.append("turn")
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    get = stream.encode(coap.Message(coap.code.GET))
    await Call(reader).send(Phone().hello() + 8 * get)
    over.append(True)
    await beside
    assert seen.count("access") == 8
    assert ["access", "access"] not in [seen[place : place + 2] for place in range(len(seen))]
