"""What may be a name: of a site, a door, a zone, a schedule, a node, a holder."""

from micropython import const

MAX_NAME = const(64)  # bytes of UTF-8


def is_name(value) -> bool:
    """Whether ``value`` is text of 1 to 64 bytes of UTF-8 without control characters.

    Boards compare names byte for byte: the host brings them to one form (NFC) before it signs.
    """
    if not isinstance(value, str):
        return False
    for character in value:
        code = ord(character)
        # Halves of a character have no UTF-8: where the host's arguments were none, it has them.
        if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000:
            return False
    return 0 < len(value.encode()) <= MAX_NAME
