"""What may be a name: of a site, a door, a zone, a schedule, a node, a holder."""

from micropython import const

MAX_NAME = const(64)  # bytes of UTF-8


def is_name(value) -> bool:
    """Whether ``value`` is text of 1 to 64 bytes of UTF-8 without control characters.

    Boards compare names byte for byte: the host brings them to one form (NFC) before it signs.
    """
    if not isinstance(value, str):
        return False
    try:
        raw = value.encode()
    except UnicodeError:  # half a character, such as a host's arguments may have
        return False
    if not 0 < len(raw) <= MAX_NAME:
        return False
    if 0x20 <= min(raw) and max(raw) < 0x7F:
        return True
    # Byte by byte: to a board each letter of a text is a search among all the names it knows.
    before = 0
    for byte in raw:
        if byte < 0x20 or byte == 0x7F:
            return False
        # U+0080 to U+009F, and halves of a character, which have no UTF-8.
        if (before == 0xC2 and byte < 0xA0) or (before == 0xED and byte >= 0xA0):
            return False
        before = byte
    return True
