"""A phone that is known asks for something no resource here has: seen, answered, recorded."""

INTERPRETERS = ("micropython", "cpython")

import cbor
import coap
import oscore
from coap import option, stream
from memory_phone import WISH, Hardware, Phone, cold, make_reader


async def test_a_request_that_no_resource_takes_is_recorded_and_ends_the_light():
    """It was answered without a line in the log, and the light went on saying "deciding"."""
    put = coap.code.PUT
    lobby = coap.path_options("doors", "lobby")
    for method, options, expected in (
        (put, coap.path_options("nothing"), coap.code.NOT_FOUND),
        (put, [(option.URI_PATH, b"doors"), (option.URI_PATH, b"\xff")], coap.code.BAD_OPTION),
        (put, lobby + [(option.IF_NONE_MATCH, b"")], coap.code.BAD_OPTION),
        (coap.code.GET, lobby, coap.code.METHOD_NOT_ALLOWED),
    ):
        hardware = Hardware()
        phone = Phone()
        reader = make_reader(hardware)
        call, _, _ = await cold(reader, phone, wish={1: 1, 2: False})
        reader.door.close()  # the first refusal has been said to its end
        colours = []
        hardware.show = lambda colour, effect, colours=colours: colours.append(effect)
        request = coap.Message(method, options, cbor.encode(WISH))
        protected, exchange = oscore.protect_request(phone.context, request)
        response = await call.ask(stream.encode(protected))
        plain = oscore.unprotect_response(phone.context, response, exchange)
        assert plain.code == expected and not call.dropped and not hardware.opened
        event = hardware.lines[-1]
        assert event["reason"] == "malformed_request" and event["holder"] == "alice", expected
        assert colours == ["moving", "blink"], expected
