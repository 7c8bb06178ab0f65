"""A reader in memory that can be told to lie, for tests of the phone."""

import os

import cbor
import coap
import crypto
import edhoc
import oscore


class FakeReader:
    """A reader in memory that can be told to lie. It has the link's ``request`` and counters.

    ``certificate`` is what it shows; ``answer`` (code, payload, options) what it says inside the
    protection; ``spoil(step, message)`` may change any response before the phone gets it.
    """

    round_trips = bytes_out = bytes_in = 0

    def __init__(self, private_key, certificate, suite=0):
        self.certificate = certificate
        credential = edhoc.from_kcwt(certificate, True)
        self.responder = edhoc.Responder([edhoc.Identity(suite, private_key, credential)])
        self.answer = (coap.code.CHANGED, {1: True, 2: 0, 3: 3000}, [])
        self.wishes = []
        self.contexts = {}
        self.spoil = lambda step, message: message
        self.echo_needed = None
        self._waiting = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def request(self, message):
        if message.option(coap.option.OSCORE) is None:
            return self.spoil("message_2", self._message_2(message))
        if message.option(coap.option.EDHOC) is not None:
            message_3, message = oscore.split(message)
            assert self._waiting is not None
            received = self._waiting.parse_message_3(message_3)
            shown = edhoc.from_kcwt(received.id_cred_i.raw, True)
            secret, salt, sender, recipient = received.verify(shown).oscore()
            self.contexts[recipient] = oscore.SecurityContext(secret, salt, sender, recipient)
        kid = oscore.option.decode(message.option(coap.option.OSCORE))[2]
        context = self.contexts.get(kid)
        if context is None:
            return coap.Message(coap.code.UNAUTHORIZED, (), b"Security context not found")
        plain, exchange = oscore.unprotect_request(context, message)
        self.wishes.append(plain)
        code, body, *options = self.answered(plain)
        options = options[0] if options else []
        if self.echo_needed and plain.option(coap.option.ECHO) != self.echo_needed:
            code, body, options = coap.code.UNAUTHORIZED, b"", [(252, self.echo_needed)]
        payload = body if isinstance(body, bytes) else cbor.encode(body)
        response = coap.Message(code, options, payload)
        return self.spoil("answer", oscore.protect_response(context, response, exchange))

    def answered(self, plain) -> tuple:
        """What it answers to a request: code, payload, and perhaps options."""
        return self.answer

    def _message_2(self, message):
        try:
            received = self.responder.process_message_1(message.payload[1:])
        except edhoc.EDHOCError as error:
            return coap.Message(coap.code.BAD_REQUEST, [(12, bytes([64]))], error.message())
        ephemeral = os.urandom(32)
        if received.suite == 0:
            public = crypto.x25519_public_key(ephemeral)
        else:
            public = crypto.p256_public_key(ephemeral)[:32]
        c_r = b"\x01" if received.c_i != b"\x01" else b"\x02"
        self._waiting, message_2 = received.prepare_message_2(ephemeral, public, c_r)
        return coap.Message(coap.code.CHANGED, [(12, bytes([64]))], message_2)
