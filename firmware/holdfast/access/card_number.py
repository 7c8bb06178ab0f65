"""A card's number as the policy has it: bytes, whichever reader or person it came from.

The bits that a card has beside its parities are its number, the first one sent the highest, in as
few bytes as hold them all, with zeros in front. So 24 bits of facility and number are 3 bytes, the
32 of a 4-byte UID those 4 bytes, and 35 bits 5 bytes. Nothing says which format they came in: a
door's reader speaks one.
"""

MAX_LENGTH = 32  # bytes


def packed(value: int, bits: int) -> bytes:
    """The number of so many ``bits``, 1 to 256, whose value is ``value``, 0 to 2^bits - 1."""
    return value.to_bytes((bits + 7) // 8, "big")
