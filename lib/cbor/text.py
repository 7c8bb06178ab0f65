"""UTF-8 as RFC 3629 has it, on every board.

MicroPython's own check lets overlong forms, surrogates and numbers beyond U+10FFFF pass.
"""


def is_utf8(raw: bytes) -> bool:
    """Whether ``raw`` is valid UTF-8."""
    if not raw or max(raw) < 0x80:
        return True
    position = 0
    end = len(raw)
    while position < end:
        first = raw[position]
        position += 1
        if first < 0x80:
            continue
        low, high = 0x80, 0xBF  # what the second byte may be
        if 0xC2 <= first <= 0xDF:
            following = 1
        elif first & 0xF0 == 0xE0:
            following = 2
            low = 0xA0 if first == 0xE0 else low  # no overlong form
            high = 0x9F if first == 0xED else high  # no surrogate
        elif 0xF0 <= first <= 0xF4:
            following = 3
            low = 0x90 if first == 0xF0 else low  # no overlong form
            high = 0x8F if first == 0xF4 else high  # nothing beyond U+10FFFF
        else:
            return False
        if position + following > end or not low <= raw[position] <= high:
            return False
        for index in range(position + 1, position + following):
            if raw[index] & 0xC0 != 0x80:
                return False
        position += following
    return True
