"""One side of an EDHOC handshake behind a line of text, so that another process can be the peer.

A request is a name and arguments, a reply ``ok`` and results or ``refused`` and a text; bytes are
hexadecimal, ``-`` is empty. Runs on MicroPython as a process on its own, and on CPython also as a
plain object.
"""

import sys

import crypto
from edhoc import KID, EDHOCError, Identity, Initiator, Responder, from_kccs, from_kcwt

EAD_LABEL = 1000


class Subject:
    """The side under test; it believes exactly one peer."""

    def __init__(self):
        self._state = None
        self._peer = None

    def handle(self, line: str) -> str:
        """The reply to one request."""
        name, *arguments = line.split()
        try:
            results = getattr(self, "do_" + name)(*[_bytes(text) for text in arguments])
        except EDHOCError as error:
            return "refused " + str(error)
        return " ".join(["ok"] + [_text(result) for result in results])

    def do_initiator(self, profile, private, cred, by_value, peer, x, c_i, ead_1):
        """message_1. ``profile`` is the method and then, each a byte, SUITES_I."""
        self._peer = peer
        method, suites_i = profile[0], tuple(profile[1:])
        own = Identity(suites_i[-1], private, _credential(cred, by_value), (method,))
        initiator = Initiator(own, suites_i, method, ead_labels=(EAD_LABEL,))
        pair = _ephemeral(suites_i[-1], x)
        self._state, message_1 = initiator.prepare_message_1(*pair, c_i, _items(ead_1))
        return (message_1,)

    def do_message_2(self, message_2, ead_3):
        """message_3, EAD_2."""
        received = self._state.parse_message_2(message_2)
        verified = received.verify(self._believed(received.id_cred_r))
        self._state, message_3 = verified.prepare_message_3(_items(ead_3))
        return message_3, _value(received.ead_2)

    def do_message_4(self, message_4):
        """EAD_4."""
        return (_value(self._state.process_message_4(message_4)),)

    def do_responder(self, profile, private, cred, by_value, peer, y, c_r, ead_2, message_1):
        """message_2, EAD_1. ``profile`` is method and suite, a byte each."""
        self._peer = peer
        method, suite = profile
        own = Identity(suite, private, _credential(cred, by_value), (method,))
        received = Responder([own], ead_labels=(EAD_LABEL,)).process_message_1(message_1)
        pair = _ephemeral(suite, y)
        self._state, message_2 = received.prepare_message_2(*pair, c_r, _items(ead_2))
        return message_2, _value(received.ead_1)

    def do_message_3(self, message_3, ead_4):
        """message_4, EAD_3."""
        received = self._state.parse_message_3(message_3)
        self._state = received.verify(self._believed(received.id_cred_i))
        return self._state.prepare_message_4(_items(ead_4)), _value(received.ead_3)

    def do_keys(self, label, context):
        """Master Secret, Master Salt, Sender ID, Recipient ID, and 40 exported bytes.

        The exporter's ``label`` is an integer in big-endian bytes.
        """
        exported = self._state.exporter(int.from_bytes(label, "big"), context, 40)
        return self._state.oscore() + (exported,)

    def _believed(self, id_cred):
        believed = _credential(self._peer, id_cred.kind != KID)
        if id_cred.kind == KID:
            named = id_cred.kid == believed.key.kid
        else:
            named = id_cred.raw == self._peer
        if not named:
            raise EDHOCError("unknown credential")
        return believed


def _ephemeral(suite, private):
    if suite == 2:
        return private, crypto.p256_public_key(private)[:32]
    return private, crypto.x25519_public_key(private)


def _credential(raw, by_value):
    is_token = raw[0] >> 5 == 6
    return (from_kcwt if is_token else from_kccs)(raw, bool(by_value))


def _items(value):
    """One critical item and some padding, or nothing."""
    return [(EAD_LABEL, True, value), (0, False, b"pad")] if value else []


def _value(items):
    for label, critical, value in items:
        if label != EAD_LABEL or not critical:
            raise ValueError("another item than the one sent")
        return value
    return b""


def _bytes(text):
    return b"" if text == "-" else bytes.fromhex(text)


def _text(data):
    return data.hex() if data else "-"


def main():
    """Answer requests from stdin until it ends."""
    subject = Subject()
    for line in sys.stdin:
        print(subject.handle(line))


if __name__ == "__main__":
    main()
