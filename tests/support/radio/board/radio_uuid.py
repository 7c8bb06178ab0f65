"""MicroPython's bluetooth.UUID: 16, 32 or 128 bits, little-endian where it is bytes."""

import binascii


class UUID:
    """From a number of 16 bits, the usual text, or bytes. Raises ValueError for anything else.

    ``bytes(uuid)`` works, and is one byte after another: a class cannot offer a buffer.
    """

    def __init__(self, value):
        if isinstance(value, int):
            if not 0 <= value <= 0xFFFF:
                raise ValueError("invalid UUID")
            self._bytes = bytes((value & 0xFF, value >> 8))
        elif isinstance(value, str) and len(value) not in (2, 4, 16):
            digits = value.replace("-", "")
            if len(digits) != 32:
                raise ValueError("UUID too %s" % ("short" if len(digits) < 32 else "long"))
            self._bytes = bytes(reversed(binascii.unhexlify(digits)))
        else:
            # A text as short as a UUID's bytes is taken for them, as MicroPython does.
            self._bytes = value.encode() if isinstance(value, str) else bytes(value)
            if len(self._bytes) not in (2, 4, 16):
                raise ValueError("invalid UUID")

    def __iter__(self):
        return iter(self._bytes)

    def __len__(self):
        return len(self._bytes)

    def __eq__(self, other):
        return isinstance(other, UUID) and self._bytes == other._bytes

    def __lt__(self, other):
        return (len(self._bytes), self._bytes) < (len(other._bytes), other._bytes)

    def __hash__(self):
        return hash(self._bytes)

    def __repr__(self):
        digits = binascii.hexlify(bytes(reversed(self._bytes))).decode()
        if len(digits) <= 8:
            return "UUID(0x%s)" % digits
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        return "UUID('%s')" % "-".join(parts)
