"""The OSCORE contexts the reader remembers, found by the ``kid`` that a phone sends."""


class Association:
    """One phone that has been authenticated: its OSCORE ``context`` and its ``credential``."""

    def __init__(self, context, credential):
        self.context = context
        self.credential = credential


class Contexts:
    """At most ``capacity`` associations by identifier C_R; the longest unused goes first.

    Identifiers are the 48 one-byte integers of RFC 9528 section 3.3.2, the shortest on the wire.
    They start at a random one, so that after a restart an old phone rarely meets another's
    context.
    """

    def __init__(self, capacity: int, first: int):
        self._capacity = capacity
        self._next = first
        self._associations = {}
        self._recent = []  # identifiers, longest unused first
        self._reserved = set()

    def find(self, c_r: bytes):
        """The association with this identifier, or None."""
        return self._associations.get(c_r)

    def used(self, c_r: bytes):
        """Note that the phone itself was here: ``find`` does not, since anyone can name it."""
        self._recent.remove(c_r)
        self._recent.append(c_r)

    def reserve(self, c_i: bytes) -> bytes:
        """An identifier for a handshake that nobody uses and that differs from ``c_i``.

        RFC 9528 appendix A.1 forbids C_I = C_R: both would be the same OSCORE id. None is free
        only if ``capacity`` and the handshakes under way together pass 47, which the limits
        prevent.
        """
        for _ in range(48):
            number = self._next = (self._next + 1) % 48
            c_r = bytes((number if number < 24 else number - 24 + 0x20,))
            if c_r != c_i and c_r not in self._reserved and c_r not in self._associations:
                self._reserved.add(c_r)
                return c_r
        raise RuntimeError("no connection identifier is free")

    def release(self, c_r: bytes):
        """Give back a reserved identifier whose handshake came to nothing."""
        self._reserved.discard(c_r)

    def add(self, c_r: bytes, association: Association):
        """Remember an association under an identifier reserved for it."""
        self._reserved.discard(c_r)
        if len(self._associations) >= self._capacity:
            self._associations.pop(self._recent.pop(0), None)
        # In this order: without memory for the second step nothing is found that cannot go again.
        self._recent.append(c_r)
        self._associations[c_r] = association
