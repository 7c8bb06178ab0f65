"""Remembers that a message was seen lately, to call a repeat by its name."""

import crypto

_DIGEST_LENGTH = 8


class RecentMessages:
    """The digests of the last ``capacity`` messages, 8 bytes each.

    Only tells a replay from noise in the log and saves the work of answering it: a replayed
    handshake fails without this as well, because the reader's ephemeral key is new each time.
    """

    def __init__(self, capacity: int = 32):
        # One piece from the start: what is made in a handshake and stays would lie in the way.
        self._digests = bytearray(capacity * _DIGEST_LENGTH)
        self._oldest = 0  # where it begins
        self._count = 0

    def seen(self, message: bytes) -> bool:
        """Whether ``message`` came before; from now on it has."""
        digest = crypto.sha256(message)[:_DIGEST_LENGTH]
        digests = self._digests
        for at in range(0, self._count * _DIGEST_LENGTH, _DIGEST_LENGTH):
            if digests[at : at + _DIGEST_LENGTH] == digest:
                return True
        at = self._oldest
        digests[at : at + _DIGEST_LENGTH] = digest
        self._oldest = (at + _DIGEST_LENGTH) % len(digests)
        self._count = max(self._count, at // _DIGEST_LENGTH + 1)
        return False
