"""Remembers that a message was seen lately, to call a repeat by its name."""

import crypto

_DIGEST_LENGTH = 8


class RecentMessages:
    """The digests of the last ``capacity`` messages, 8 bytes each.

    Only tells a replay from noise in the log and saves the work of answering it: a replayed
    handshake fails without this as well, because the reader's ephemeral key is new each time.
    """

    def __init__(self, capacity: int = 32):
        self._capacity = capacity
        self._digests = []

    def seen(self, message: bytes) -> bool:
        """Whether ``message`` came before; from now on it has."""
        digest = crypto.sha256(message)[:_DIGEST_LENGTH]
        if digest in self._digests:
            return True
        if len(self._digests) >= self._capacity:
            self._digests.pop(0)
        self._digests.append(digest)
        return False
