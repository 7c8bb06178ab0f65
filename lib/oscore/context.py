"""The security context two endpoints share (RFC 8613 section 3), in one string of bytes."""

import cbor
import crypto
from micropython import const

from .error import EXHAUSTED, REPLAYED, OSCOREError

ALG_AEAD = const(10)  # AES-CCM-16-64-128, the only one here; HKDF is that of SHA-256
MAX_WINDOW = const(32)  # Partial IVs

_KEY_LENGTH = const(16)
_NONCE = const(13)
_MAX_ID = const(7)  # a nonce less 6 bytes (section 3.3)
_MAX_ID_CONTEXT = const(255)
_MAX_SEQUENCE_NUMBER = const(0xFFFFFFFFFF)
_END = const(0x10000000000)  # one beyond the last Partial IV there is

# What is packed: lengths of the identifiers, size of the window, three numbers of 6 bytes, which
# of the last 32 Partial IVs are not to be accepted again, the keys, the identifiers.
_SENDER = const(0x07)
_HAS_ID_CONTEXT = const(0x08)
_RECIPIENT_SHIFT = const(4)
_IS_LOST = const(0x80)
_SIZE = const(1)
_NEXT = const(2)
_RESERVED = const(8)
_NEWEST = const(14)  # one beyond it, 0 before the first
_SEEN = const(20)  # bit n: newest - n
_SENDER_KEY = const(24)
_RECIPIENT_KEY = const(40)
_COMMON_IV = const(56)
_IDS = const(69)
_ALL_SEEN = const(0xFFFFFFFF)


class SecurityContext:
    """Keys, nonces and replay protection of one association, used in both directions.

    All of it lies in ``packed``, a bytearray, at its beginning: ``length`` says how much, and what
    stands behind is the owner's. So a context is kept, moved and found again by copying bytes, and
    several objects over the same bytes are the same context. Each key meets each nonce once if
    these rules are kept: only one copy of the bytes is used (``moved`` sees to that), and a copy
    that was kept over a restart goes through ``restored`` first.

    ``reserve`` may be a function: no Partial IV from ``reserved`` on is used before
    ``reserve(context, number)`` has returned a new, higher bound, which a restart will know.
    What it raises comes out of ``next_piv``, and nothing is used then. ``expected_echo`` is for
    echo_challenge.
    """

    expected_echo: bytes | None = None
    reserve = None

    def __init__(
        self,
        master_secret: bytes,
        master_salt: bytes,
        sender_id: bytes,
        recipient_id: bytes,
        id_context: bytes | None = None,
        *,
        window_size: int = MAX_WINDOW,
    ):
        """Derives the keys. ``master_salt`` may be empty; identifiers have 0 to 7 bytes.

        Raises OSCOREError if an identifier is too long or both are the same: with EDHOC the peer
        chooses one of them, and equal ones would make both sides use one key and nonce.
        """
        if len(sender_id) > _MAX_ID or len(recipient_id) > _MAX_ID:
            raise OSCOREError("an identifier of more than 7 bytes")
        if sender_id == recipient_id:
            raise OSCOREError("both endpoints have the same identifier")
        if id_context is not None and len(id_context) > _MAX_ID_CONTEXT:
            raise OSCOREError("an ID Context of more than 255 bytes")
        prk = crypto.hkdf_prepared(crypto.hkdf_extract(master_salt, master_secret))

        def derive(identifier, kind, size):
            return crypto.hkdf_expand(prk, info(identifier, id_context, kind, size), size)

        head = bytearray(_SENDER_KEY)
        head[0] = len(sender_id) | len(recipient_id) << _RECIPIENT_SHIFT
        pieces = [
            head,
            derive(sender_id, "Key", _KEY_LENGTH),
            derive(recipient_id, "Key", _KEY_LENGTH),
            derive(b"", "IV", _NONCE),
            sender_id,
            recipient_id,
        ]
        if id_context is not None:
            head[0] |= _HAS_ID_CONTEXT
            pieces.extend((bytes((len(id_context),)), id_context))
        self.packed = bytearray(b"".join(pieces))
        self.resize_window(window_size)
        self._put(_RESERVED, _END)  # nothing that a restart would bring back
        self._put(_SEEN, _ALL_SEEN, 4)

    @classmethod
    def over(cls, packed: bytearray):
        """The context in ``packed``, not a copy of it. ``is_sound`` says whether there is one."""
        self = object.__new__(cls)
        self.packed = packed
        return self

    @property
    def is_sound(self) -> bool:
        """Whether the bytes can be a context: asked once of what comes from a file."""
        packed = self.packed
        if len(packed) <= _IDS or len(packed) < length(packed):
            return False
        return (
            0 < packed[_SIZE] <= MAX_WINDOW
            and max(self._number(_NEXT), self._number(_RESERVED), self._number(_NEWEST)) <= _END
            and self.sender_id != self.recipient_id
        )

    @property
    def sender_key(self) -> bytes:
        """16 bytes, as ``recipient_key``."""
        return bytes(self.packed[_SENDER_KEY:_RECIPIENT_KEY])

    @property
    def recipient_key(self) -> bytes:
        return bytes(self.packed[_RECIPIENT_KEY:_COMMON_IV])

    @property
    def common_iv(self) -> bytes:
        """13 bytes."""
        return bytes(self.packed[_COMMON_IV:_IDS])

    @property
    def sender_id(self) -> bytes:
        """0 to 7 bytes, as ``recipient_id``."""
        return bytes(self.packed[_IDS : _IDS + (self.packed[0] & _SENDER)])

    @property
    def recipient_id(self) -> bytes:
        lengths = self.packed[0]
        at = _IDS + (lengths & _SENDER)
        return bytes(self.packed[at : at + (lengths >> _RECIPIENT_SHIFT & _SENDER)])

    @property
    def id_context(self):
        """At most 255 bytes, or None."""
        lengths = self.packed[0]
        if not lengths & _HAS_ID_CONTEXT:
            return None
        at = _IDS + 1 + (lengths & _SENDER) + (lengths >> _RECIPIENT_SHIFT & _SENDER)
        return bytes(self.packed[at : at + self.packed[at - 1]])

    @property
    def sender_sequence_number(self) -> int:
        """The next Partial IV, 2^40 if there is none. It is only ever raised."""
        return self._number(_NEXT)

    @sender_sequence_number.setter
    def sender_sequence_number(self, number: int):
        self._put(_NEXT, number)

    @property
    def reserved(self) -> int:
        """The first Partial IV that is not reserved, 2^40 if all are."""
        return self._number(_RESERVED)

    @reserved.setter
    def reserved(self, number: int):
        self._put(_RESERVED, min(number, _END))

    def next_piv(self) -> bytes:
        """A Partial IV, 1 to 5 bytes, never used in this context. Raises OSCOREError."""
        number = self._number(_NEXT)
        if number >= self._number(_RESERVED):
            if number > _MAX_SEQUENCE_NUMBER or self.reserve is None:
                raise OSCOREError("the sender sequence number is exhausted", EXHAUSTED)
            self.reserved = self.reserve(self, number)
        self._put(_NEXT, number + 1)
        return number.to_bytes(5, "big").lstrip(b"\0") or b"\0"

    def nonce(self, id_piv: bytes, piv: bytes) -> bytes:
        """The 13-byte nonce for a Partial IV made by the endpoint ``id_piv`` (section 5.2)."""
        # As numbers, which the interpreter works through in C.
        padded = (len(id_piv) << 56 | int.from_bytes(id_piv, "big")) << 40
        padded |= int.from_bytes(piv, "big")
        common_iv = int.from_bytes(self.packed[_COMMON_IV:_IDS], "big")
        return (padded ^ common_iv).to_bytes(_NONCE, "big")

    # The replay window (sections 3.2.2 and 7.4, RFC 6347 section 4.1.2.6).

    @property
    def is_window_lost(self) -> bool:
        """Whether what was accepted has been forgotten: then nothing is, until ``restart``."""
        return self.packed[0] & _IS_LOST != 0

    def lose_window(self):
        """What was accepted is not known any more (Appendix B.1.2)."""
        self._put(_NEWEST, 0)
        self.packed[0] |= _IS_LOST

    def resize_window(self, size: int):
        """Take Partial IVs that are less than ``size``, 1 to 32, behind the newest.

        1 is for transports that keep the order: what was held back there dies with the next
        request that comes through. Nothing that was accepted is forgotten.
        """
        if not 0 < size <= MAX_WINDOW:
            raise ValueError("a window of 1 to 32")
        self.packed[_SIZE] = size

    def check(self, piv: int):
        """Raises OSCOREError unless ``piv`` has not been accepted and is recent enough to tell."""
        if self.packed[0] & _IS_LOST:
            raise OSCOREError("the replay window is lost", REPLAYED)
        age = self._number(_NEWEST) - 1 - piv
        if age >= 0 and (age >= self.packed[_SIZE] or self._number(_SEEN, 4) >> age & 1):
            raise OSCOREError("Partial IV %d was used before or is too old" % piv, REPLAYED)

    def accept(self, piv: int):
        """Check ``piv`` and strike it out, in one step."""
        self.check(piv)
        ahead = piv + 1 - self._number(_NEWEST)
        seen = self._number(_SEEN, 4)
        if ahead < 0:
            seen |= 1 << -ahead
        else:
            seen = (seen << ahead | 1) & _ALL_SEEN if ahead < MAX_WINDOW else 1
            self._put(_NEWEST, piv + 1)
        self._put(_SEEN, seen, 4)

    def restart(self, piv: int):
        """Begin again above ``piv``, which belongs to a request proven fresh (Appendix B.1.2)."""
        self._put(_NEWEST, piv + 1)
        self._put(_SEEN, _ALL_SEEN, 4)
        self.packed[0] &= ~_IS_LOST & 0xFF

    def challenge(self, piv: int):
        """Note that ``piv`` was asked to prove itself fresh while the window is lost.

        Raises OSCOREError unless it is higher than all that were: it may be a recording, and
        those are good for one challenge each restart.
        """
        if piv < self._number(_NEWEST):
            raise OSCOREError("not newer than a request that was challenged", REPLAYED)
        self._put(_NEWEST, piv + 1)

    # From one place to another.

    def restored(self):
        """Make a copy that was kept over a restart fit for use: none of the Partial IVs that may
        have been used since, and no request accepted before it has proven itself fresh.
        """
        self._put(_NEXT, self._number(_RESERVED))
        self.lose_window()

    def moved(self) -> bytearray:
        """A copy of ``packed``, elsewhere in memory. What is left here can do nothing any more,
        whoever still has it in hand: both would take the same numbers.
        """
        there = bytearray(self.packed)
        self._put(_NEXT, _END)
        self._put(_RESERVED, _END)
        self.restart(_MAX_SEQUENCE_NUMBER)
        return there

    def _number(self, at, size=6):
        return int.from_bytes(self.packed[at : at + size], "big")

    def _put(self, at, number, size=6):
        self.packed[at : at + size] = number.to_bytes(size, "big")


def length(packed) -> int:
    """How many bytes of ``packed`` are the context. Takes no memory."""
    lengths = packed[0]
    end = _IDS + (lengths & _SENDER) + (lengths >> _RECIPIENT_SHIFT & _SENDER)
    if lengths & _HAS_ID_CONTEXT:
        end += 1 + (packed[end] if end < len(packed) else 0)
    return end


def info(identifier: bytes, id_context: bytes | None, kind: str, size: int) -> bytes:
    """What the HKDF binds a key of ``size`` bytes to; ``kind`` is "Key" or "IV" (3.2.1)."""
    return cbor.encode([identifier, id_context, ALG_AEAD, kind, size])
