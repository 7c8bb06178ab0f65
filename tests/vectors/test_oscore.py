"""RFC 8613 Appendix C, byte for byte: keys and nonces (C.1 to C.3), messages (C.4 to C.8)."""

import oscore
from coap import datagram
from harness import unhex, vectors
from oscore.context import info

INTERPRETERS = ("micropython", "cpython")


def _sections(wanted):
    found = vectors("oscore/rfc8613-appendix-c.json")["vectors"]
    chosen = {v["section"]: v for v in found if v["section"] in wanted}
    assert len(chosen) == len(wanted)
    return chosen


def _bytes(vector, name):
    return unhex(vector[name]) if name in vector else None


def _context(vector):
    return oscore.SecurityContext(
        unhex(vector["master_secret"]),
        _bytes(vector, "master_salt") or b"",
        unhex(vector["sender_id"]),
        unhex(vector["recipient_id"]),
        _bytes(vector, "id_context"),
    )


def test_keys_and_nonces_of_appendix_c_1_to_c_3():
    """With salt, without, and with an ID Context; client and server."""
    names = ("C.1.1", "C.1.2", "C.2.1", "C.2.2", "C.3.1", "C.3.2")
    for name, vector in _sections(names).items():
        context = _context(vector)
        id_context = context.id_context
        derived = (
            ("info_for_sender_key", info(context.sender_id, id_context, "Key", 16)),
            ("info_for_recipient_key", info(context.recipient_id, id_context, "Key", 16)),
            ("info_for_common_iv", info(b"", id_context, "IV", 13)),
            ("sender_key", context.sender_key),
            ("recipient_key", context.recipient_key),
            ("common_iv", context.common_iv),
            ("sender_nonce", context.nonce(context.sender_id, b"\x00")),
            ("recipient_nonce", context.nonce(context.recipient_id, b"\x00")),
        )
        for field, value in derived:
            assert value == unhex(vector[field]), (name, field)


def test_requests_of_appendix_c_4_to_c_6():
    """Client and server, the second of them with an empty salt, the third with a kid context."""
    pairs = (("C.4", "C.1.1", "C.1.2"), ("C.5", "C.2.1", "C.2.2"), ("C.6", "C.3.1", "C.3.2"))
    for name, client_name, server_name in pairs:
        found = _sections((name, client_name, server_name))
        vector = found[name]
        client, server = _context(found[client_name]), _context(found[server_name])
        client.sender_sequence_number = vector["sender_sequence_number"]
        request, mtype, mid = datagram.decode(unhex(vector["unprotected_coap_request"]))

        protected, exchange = oscore.protect_request(client, request)
        assert exchange.request_piv == unhex(vector["partial_iv"])
        assert exchange.request_kid == unhex(vector["kid"])
        assert exchange.aad() == unhex(vector["aad"])
        assert client.nonce(exchange.request_kid, exchange.request_piv) == unhex(vector["nonce"])
        assert protected.option(9) == unhex(vector["oscore_option_value"])
        assert protected.payload == unhex(vector["ciphertext"])
        wire = unhex(vector["protected_coap_request_oscore_message"])
        assert datagram.encode(protected, mtype, mid) == wire, name

        plain, exchange = oscore.unprotect_request(server, datagram.decode(wire)[0])
        assert plain == request
        assert exchange.aad() == unhex(vector["aad"])


def test_responses_of_appendix_c_7_and_c_8():
    """The nonce of the request, or the server's own Partial IV."""
    found = _sections(("C.1.1", "C.1.2", "C.4", "C.7", "C.8"))
    for name, new_piv in (("C.7", False), ("C.8", True)):
        vector = found[name]
        client, server = _context(found["C.1.1"]), _context(found["C.1.2"])
        client.sender_sequence_number = 20
        request = datagram.decode(unhex(found["C.4"]["unprotected_coap_request"]))[0]
        protected, client_exchange = oscore.protect_request(client, request)
        exchange = oscore.unprotect_request(server, protected)[1]
        assert exchange.aad() == unhex(vector["aad"])

        response, mtype, mid = datagram.decode(unhex(vector["unprotected_coap_response"]))
        protected = oscore.protect_response(server, response, exchange, new_piv=new_piv)
        assert protected.option(9) == unhex(vector["oscore_option_value"])
        assert protected.payload == unhex(vector["ciphertext"])
        wire = unhex(vector["protected_coap_response_oscore_message"])
        assert datagram.encode(protected, mtype, mid) == wire, name
        received = datagram.decode(wire)[0]
        assert oscore.unprotect_response(client, received, client_exchange) == response
