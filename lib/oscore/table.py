"""The security contexts of one endpoint, found by the identifier that it gave out."""

from micropython import const

MAX_ID = const(3)  # bytes of an identifier made here

# Where each kind of identifier ends, the shortest first: 48 are one byte in EDHOC's messages too
# (RFC 9528 section 3.3.2), then those of one, two and three bytes.
_ENDS = (48, 256, 65792, 16843008)


class Table:
    """Packed contexts by Recipient ID, 1 to 3 bytes: both those in which this endpoint answers
    and those in which it asks, since an association with another endpoint is one context.

    ``entries`` has them by number of the identifier: each a bytearray as SecurityContext.packed,
    with what the owner keeps behind it, or None for one whose bytes lie elsewhere. ``order`` has
    these numbers in the order of their use, the longest unused first. Identifiers begin at a
    random one, ``first``, so that after a restart an old peer rarely meets another's context.
    """

    def __init__(self, first: int = 0):
        self.entries = {}
        self.order = []
        self._reserved = set()
        self._next = first

    def reserve(self, peer_id: bytes) -> bytes:
        """The shortest identifier that nobody uses and that differs from ``peer_id``.

        RFC 9528 appendix A.1 forbids C_I = C_R: both would be the same OSCORE id.
        """
        begin = 0
        not_free = len(self.order) + len(self._reserved) + 1
        for end in _ENDS:
            count = end - begin
            for _ in range(min(count, not_free + 1)):
                self._next += 1
                kid = _identifier(begin + self._next % count)
                number = number_of(kid)
                if (
                    number not in self.entries
                    and number not in self._reserved
                    and kid != peer_id
                ):
                    self._reserved.add(number)
                    return kid
            begin = end
        raise RuntimeError("no identifier is free")

    def release(self, kid: bytes):
        """Give back a reserved identifier that came to nothing."""
        self._reserved.discard(number_of(kid))

    def put(self, kid: bytes, packed):
        """Keep an entry under an identifier of 1 to 3 bytes, the last to be given up."""
        number = number_of(kid)
        # In this order: without memory for the second step nothing is found that cannot go again.
        if number in self.entries:
            self.order.remove(number)
        self.order.append(number)
        self.entries[number] = packed
        self._reserved.discard(number)

    def packed(self, kid: bytes):
        """The entry of an identifier, whoever says it; None without one, or without its bytes."""
        return self.entries.get(number_of(kid))

    def remove(self, kid: bytes):
        """Give an entry up, if there is one. Takes no memory but for ``kid``."""
        number = number_of(kid)
        if number in self.entries:
            self.order.remove(number)
            del self.entries[number]

    def used(self, kid: bytes):
        """Note that the peer itself was here: to look its entry up does not, since anyone can name
        it.
        """
        number = number_of(kid)
        if number in self.entries:
            self.order.remove(number)
            self.order.append(number)


def number_of(kid: bytes) -> int:
    """The number of an identifier: a small integer, which takes no memory; -1 for one of more than
    3 bytes, which is nobody's.
    """
    return len(kid) << 24 | int.from_bytes(kid, "big") if len(kid) <= MAX_ID else -1


def kid_of(number: int) -> bytes:
    """The identifier that has this number."""
    return (number & 0xFFFFFF).to_bytes(number >> 24, "big")


def _identifier(number):
    if number < 24:
        return bytes((number,))
    if number < 48:
        return bytes((0x20 + number - 24,))
    if number < 56:
        return bytes((0x18 + number - 48,))
    if number < 256:
        return bytes((0x38 + number - 56,))
    if number < 65792:
        return (number - 256).to_bytes(2, "big")
    return (number - 65792).to_bytes(3, "big")
