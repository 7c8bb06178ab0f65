"""The security context two endpoints share (RFC 8613 section 3)."""

import cbor
import crypto
from micropython import const

from .error import OSCOREError, SequenceExhausted
from .replay_window import ReplayWindow

ALG_AEAD = const(10)  # AES-CCM-16-64-128, the only one here; HKDF is that of SHA-256

_KEY = const(16)
_NONCE = const(13)
_MAX_ID = const(7)  # a nonce less 6 bytes (section 3.3)
_MAX_SEQUENCE_NUMBER = const(0xFFFFFFFFFF)


class SecurityContext:
    """Keys, nonces and replay protection of one association.

    Public are the identifiers and two things that change: ``sender_sequence_number``, the next
    Partial IV, and ``replay_window``. Whoever keeps a context over a restart must set the first
    beyond every number that may have been used, and put ``ReplayWindow.lost()`` in the second's
    place (Appendix B.1); ``expected_echo`` is for echo_challenge.

    So that no number is used which a restart would forget, ``reserve`` may be a function and
    ``reserved`` a number: none from ``reserved`` on is used before ``reserve(context, number)``
    has returned a new, higher one. What it raises comes out of next_piv, and nothing is used then.

    Whoever keeps many of them has little memory: what is mostly as it was at first lies here, and
    all keys and the sender's identifier are one string of bytes.
    """

    id_context: bytes | None = None
    sender_sequence_number = 0
    expected_echo: bytes | None = None
    reserve = None
    reserved = 0

    def __init__(
        self,
        master_secret: bytes,
        master_salt: bytes,
        sender_id: bytes,
        recipient_id: bytes,
        id_context: bytes | None = None,
        *,
        window_size: int = 32,
    ):
        """Derives the keys. ``master_salt`` may be empty; identifiers have 0 to 7 bytes.

        Raises OSCOREError if an identifier is too long or both are the same: with EDHOC the peer
        chooses one of them, and equal ones would make both sides use one key and nonce.
        """
        if len(sender_id) > _MAX_ID or len(recipient_id) > _MAX_ID:
            raise OSCOREError("an identifier of more than 7 bytes")
        if sender_id == recipient_id:
            raise OSCOREError("both endpoints have the same identifier")
        self.recipient_id = recipient_id
        if id_context is not None:
            self.id_context = id_context
        prk = crypto.hkdf_extract(master_salt, master_secret)

        def derive(identifier, kind, length):
            return crypto.hkdf_expand(prk, info(identifier, id_context, kind, length), length)

        self._keys = b"".join(
            (
                derive(sender_id, "Key", _KEY),
                derive(recipient_id, "Key", _KEY),
                derive(b"", "IV", _NONCE),
                sender_id,
            )
        )
        self.replay_window = ReplayWindow.new(window_size)

    @property
    def sender_key(self) -> bytes:
        """16 bytes, as ``recipient_key``."""
        return self._keys[:_KEY]

    @property
    def recipient_key(self) -> bytes:
        return self._keys[_KEY : 2 * _KEY]

    @property
    def common_iv(self) -> bytes:
        """13 bytes."""
        return self._keys[2 * _KEY : 2 * _KEY + _NONCE]

    @property
    def sender_id(self) -> bytes:
        """0 to 7 bytes."""
        return self._keys[2 * _KEY + _NONCE :]

    def moved(self):
        """The same context elsewhere in memory, so that what stays for long can lie together.

        This one must not be used any more: both would take the same numbers.
        """
        there = object.__new__(SecurityContext)
        there.recipient_id = _copied(self.recipient_id)
        there._keys = _copied(self._keys)
        there.replay_window = self.replay_window.moved()
        if self.id_context is not None:
            there.id_context = self.id_context
        if self.sender_sequence_number:
            there.sender_sequence_number = self.sender_sequence_number
        if self.expected_echo is not None:
            there.expected_echo = self.expected_echo
        if self.reserve is not None:
            there.reserve = self.reserve
            there.reserved = self.reserved
        return there

    def next_piv(self) -> bytes:
        """A Partial IV, 1 to 5 bytes, never used in this context. Raises SequenceExhausted."""
        number = self.sender_sequence_number
        if number > _MAX_SEQUENCE_NUMBER:
            raise SequenceExhausted("the sender sequence number is exhausted")
        if self.reserve is not None and number >= self.reserved:
            self.reserved = self.reserve(self, number)
        self.sender_sequence_number = number + 1
        return number.to_bytes(5, "big").lstrip(b"\0") or b"\0"

    def nonce(self, id_piv: bytes, piv: bytes) -> bytes:
        """The 13-byte nonce for a Partial IV made by the endpoint ``id_piv`` (section 5.2)."""
        # As numbers, which the interpreter works through in C.
        padded = (len(id_piv) << 56 | int.from_bytes(id_piv, "big")) << 40
        padded |= int.from_bytes(piv, "big")
        return (padded ^ int.from_bytes(self.common_iv, "big")).to_bytes(_NONCE, "big")


def info(identifier: bytes, id_context: bytes | None, kind: str, length: int) -> bytes:
    """What the HKDF binds a key of ``length`` bytes to; ``kind`` is "Key" or "IV" (3.2.1)."""
    return cbor.encode([identifier, id_context, ALG_AEAD, kind, length])


def _copied(value):
    return bytes(bytearray(value))
