"""The keys that the policy has for this one node, each sealed to it by the authority."""

from micropython import const

from ..tag import NAME_TAG

KEY_ENTRY = 40  # bytes: tag of the zone (6), number of the key (2), key (32)

_HEAD = const(8)


class KeyRing:
    """Keys of zones by tag and number, and of card lookup; ``packed`` has 40 bytes for each.

    An entry whose tag is all zeros is a lookup key. Never changes: key_changes.following gives
    another. It is secret: it is kept sealed, and never shown.
    """

    def __init__(self, packed: bytes = b""):
        self.packed = packed

    def zone_key(self, tag: bytes, number: int):
        """The HMAC-SHA-256 key, 32 bytes, of the zone with this tag, or None."""
        return self._get(tag, number)

    def lookup_key(self, number: int):
        """The lookup key of this number, 32 bytes, or None."""
        return self._get(bytes(NAME_TAG), number)

    def _get(self, tag, number):
        head = tag + number.to_bytes(2, "big")
        for at in range(0, len(self.packed), KEY_ENTRY):
            if self.packed[at : at + _HEAD] == head:
                return self.packed[at + _HEAD : at + KEY_ENTRY]
        return None
