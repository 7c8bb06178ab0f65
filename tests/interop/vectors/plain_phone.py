"""A phone, written from docs/protocol.md and docs/vectors with cryptography and cbor2 alone.

It checks the reader before it shows anything, asks in two round trips or one, answers an Echo
challenge, and finds out about suites. What it has no answer to raises.
"""

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from interop.vectors import plain_coap as coap
from interop.vectors.plain_edhoc import Credential, Initiator, on_wire, sequence
from interop.vectors.plain_oscore import Context

WISH = {1: 1, 2: True}
_READER, _CONTROLLER, _DOOR = 1, 2, 1
_EDHOC, _CID_EDHOC, _CBOR = b"\x40", b"\x41", b"\x3c"


class Impostor(Exception):
    """What is there is not the reader of that door; nothing was shown to it."""


class Rejected(Exception):
    """An answer in the clear, which anybody can have written: the CoAP code, and what it says.

    ``err_code`` is that of an EDHOC error, else None. ``start_over`` says that a handshake on the
    same connection may help.
    """

    def __init__(self, code, payload, is_edhoc):
        self.code = code
        self.err_code = self.err_info = None
        if is_edhoc:
            (self.err_code, _), (self.err_info, _) = sequence(payload)
        self.text = "" if is_edhoc else payload.decode()
        self.start_over = (code, self.text) == (coap.UNAUTHORIZED, "Security context not found")
        super().__init__(f"{code:#x} {self.err_code} {self.err_info} {self.text}")


def read_authority(file) -> list:
    """The public keys in an ``authority.pub``, 32 bytes each: all of them may have signed."""
    said = cbor2.loads(file)
    keys = said if isinstance(said, list) else [said]
    for key in keys:
        assert (key[1], key[-1], len(key[-2])) == (1, 6, 32)
    return [key[-2] for key in keys]


def open_signed(raw, keys, external_aad=b"") -> dict:
    """The payload of a COSE_Sign1 with EdDSA that one of the ``keys`` made. Raises Impostor."""
    tagged = cbor2.loads(raw)
    if tagged.tag != 18:
        raise Impostor("not signed")
    protected, _, payload, signature = tagged.value
    if cbor2.loads(protected) != {1: -8}:
        raise Impostor("another algorithm")
    to_be_signed = cbor2.dumps(["Signature1", protected, external_aad, payload])
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, to_be_signed)
        except InvalidSignature:
            continue
        return cbor2.loads(payload)
    raise Impostor("another authority")


class Phone:
    """What a phone keeps: the authority's ``keys``, its ``site``, ``credential`` and private key.

    ``suites`` are its own, best first. ``new_private()`` makes an ephemeral key, ``now`` is in
    seconds since 1970, ``revoked`` the newest list of revoked devices, as bytes, or None.
    """

    def __init__(self, keys, site, credential, private, suites, new_private, now, revoked=None):
        self.keys, self.site, self.now = keys, site, now
        self.credential = Credential(credential)
        self.private, self.suites, self.new_private = private, suites, new_private
        self.revoked = []
        if revoked is not None:
            self.revoked = open_signed(revoked, keys, b"holdfast revoked devices")[4]
        self.context = self.doors = self.handshake = None

    def check(self, shown, door):
        """The certificate, before anything is shown to who has it. Raises Impostor."""
        claims = open_signed(shown.cred, self.keys)
        if claims[1] != self.site or claims.get(-65537) not in (_READER, _CONTROLLER):
            raise Impostor("another site, or no reader")
        if claims[7] in self.revoked:
            raise Impostor("revoked")
        if claims[4] <= self.now:
            raise Impostor("ended")
        # This is how a phone knows the door: the authority says which are this device's.
        places = cbor2.loads(claims[9]) if 9 in claims else []
        self.doors = [name for (kind, name), bits in places if kind == _DOOR and bits & 1]
        if door not in self.doors:
            raise Impostor("another door")

    def cold(self, stream, door, wish=None, suites_i=None):
        """Handshake and wish in two round trips: ``(code, answer)``."""
        message_3 = self.introduce(stream, door, suites_i)
        return self._wish(stream, door, wish, message_3)

    def introduce(self, stream, door, suites_i=None) -> bytes:
        """Messages 1 and 2; message_3, not sent yet. Raises Impostor and Rejected."""
        suites_i = suites_i or self.suites[:1]
        edhoc = Initiator(
            suites_i[-1], self.private, self.credential, self.new_private(), b"\x37", suites_i
        )
        payload = b"\xf5" + edhoc.message_1
        code, options, payload = self._post(stream, payload)
        try:
            if code != coap.CHANGED:
                raise _rejected(code, options, payload)
        except Rejected as error:
            again = self._another_offer(error, suites_i)
            if again is None:
                raise
            return self.introduce(stream, door, again)
        self.check(edhoc.read(payload), door)
        message_3 = edhoc.message_3()
        self.handshake, self.context = edhoc, Context(*edhoc.oscore())
        return message_3

    def finish_alone(self, stream, message_3):
        """message_3 by itself, which message_4 confirms."""
        code, options, payload = self._post(stream, on_wire(self.context.sender_id) + message_3)
        if code != coap.CHANGED:
            raise _rejected(code, options, payload)
        self.handshake.read_message_4(payload)

    def warm(self, stream, door, wish=None):
        """The wish alone, and again if the reader asks whether it is new: ``(code, answer)``."""
        return self._wish(stream, door, wish)

    def _wish(self, stream, door, wish, message_3=b""):
        options = [*coap.path("doors", door), (coap.CONTENT_FORMAT, _CBOR)]
        payload = cbor2.dumps(wish or WISH)
        code, said = self.ask(stream, coap.PUT, options, payload, message_3)
        return code, cbor2.loads(said)

    def ask(self, stream, code, options, payload=b"", message_3=b""):
        """A protected request: ``(code, payload)`` of the answer. Raises Rejected."""
        answer, inner, said = self.exchange(stream, code, options, payload, message_3)
        echo = coap.option(inner, coap.ECHO)
        if answer == coap.UNAUTHORIZED and echo is not None and not message_3:
            options = [*options, (coap.ECHO, echo)]
            answer, inner, said = self.exchange(stream, code, options, payload)
        return answer, said

    def exchange(self, stream, code, options, payload, message_3=b""):
        """One protected request and the plain response: ``(code, options, payload)``."""
        outer, ciphertext, piv = self.context.protect(code, options, payload)
        if message_3:
            outer.append((coap.EDHOC, b""))
        answer, options, payload = stream.ask(coap.POST, outer, message_3 + ciphertext)
        if coap.option(options, coap.OSCORE) is None:
            raise _rejected(answer, options, payload)
        assert answer == coap.CHANGED  # also for what is refused: RFC 8613 section 4.2
        return self.context.unprotect(options, payload, piv)

    def _another_offer(self, error, suites_i):
        """SUITES_I for the next try, None if there is none: what is preferred stays in front."""
        if error.err_code != 2:
            return None
        theirs = error.err_info if isinstance(error.err_info, list) else [error.err_info]
        for place, suite in enumerate(self.suites):
            if suite in theirs:
                offer = self.suites[: place + 1]
                return None if offer == suites_i else offer
        return None

    @staticmethod
    def _post(stream, payload):
        options = coap.path(".well-known", "edhoc") + [(coap.CONTENT_FORMAT, _CID_EDHOC)]
        return stream.ask(coap.POST, options, payload)


def _rejected(code, options, payload):
    return Rejected(code, payload, coap.option(options, coap.CONTENT_FORMAT) == _EDHOC)


class Stream:
    """One connection over ``link``, which has ``send(bytes)`` and ``receive()``."""

    def __init__(self, link):
        self._link = link
        self._frames = coap.Frames()
        self._waiting = []
        self._before = coap.frame(coap.CSM)

    def ask(self, code, options, payload):
        """``(code, options, payload)`` of the response."""
        self._link.send(self._before + coap.frame(code, options, payload))
        self._before = b""
        while True:
            while not self._waiting:
                self._waiting = self._frames.feed(self._link.receive())
            code, options, payload, token = self._waiting.pop(0)
            if code == coap.PING:
                self._link.send(coap.frame(coap.PONG, token=token))
            elif code == coap.ABORT:
                raise ConnectionError(payload.decode())
            elif code < coap.CSM:
                return code, options, payload
