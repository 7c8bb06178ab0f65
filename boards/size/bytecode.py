"""How many bytes of an .mpy file came of which line of its source.

Layout (MicroPython's ``py/persistentcode.c`` and ``py/bc.h``, version 6; numbers are base 128, the
most significant digit first, bit 7 of a byte set if more follow):

    "M", version, features, bits of a small int
    number of qstrs, number of objects
    qstr:      length * 2, text, 0;  or index * 2 + 1 for one that every MicroPython has
    object:    type, then for all but the types without a value: length, bytes, and 0 after text
    raw code:  size << 3 | has children << 2 | kind, that many bytes,
               if it has children: their number, and each as a raw code

    of bytecode the bytes are: prelude, names and line numbers, cells, code
"""

from collections import Counter

_VERSION = 6
_STR, _BYTES, _TUPLE = 5, 6, 10
_FIRST_WITH_VALUE = 5


class _Reader:
    def __init__(self, data: bytes, at: int = 0):
        self.data, self.at = data, at

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def number(self) -> int:
        value = 0
        while True:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value

    def take(self, length: int) -> bytes:
        self.at += length
        return self.data[self.at - length : self.at]


def by_line(mpy: bytes) -> Counter:
    """Line to bytes of functions that came of it: line 0 has names, constants and headers.

    The sum is the file's length. Raises ValueError for what is no .mpy file of bytecode alone.
    """
    reader = _Reader(mpy)
    if reader.take(1) != b"M" or reader.byte() != _VERSION:
        raise ValueError("no .mpy file of version 6")
    reader.take(2)
    qstrs, objects = reader.number(), reader.number()
    for _ in range(qstrs):
        length = reader.number()
        if not length & 1:
            reader.take((length >> 1) + 1)
    for _ in range(objects):
        _pass_object(reader)
    found: Counter = Counter()
    _raw_code(reader, found)
    found[0] = len(mpy) - sum(found.values())
    return found


def _pass_object(reader: _Reader) -> None:
    kind = reader.byte()
    if kind == _TUPLE:
        for _ in range(reader.number()):
            _pass_object(reader)
    elif kind >= _FIRST_WITH_VALUE:
        length = reader.number()
        reader.take(length + (kind in (_STR, _BYTES)))


def _raw_code(reader: _Reader, found: Counter) -> None:
    head = reader.number()
    if head & 3:
        raise ValueError("a function in machine code")
    _function(reader.take(head >> 3), found)
    if head & 4:
        for _ in range(reader.number()):
            _raw_code(reader, found)


def _function(code: bytes, found: Counter) -> None:
    """Give each line its bytes of ``code``, and the first of them what stands before the code."""
    reader = _Reader(code)
    arguments = _arguments(reader)
    info, cells = _lengths(reader)
    names_end = reader.at + info
    start = names_end + cells
    for _ in range(1 + arguments):
        reader.number()
    line, at = 1, start
    first = None
    while reader.at < names_end:
        step = reader.byte()
        if step & 0x80:
            length, further = step & 0xF, step << 4 & 0x700 | reader.byte()
        else:
            length, further = step & 0x1F, step >> 5
        if length:
            first = first or line
            found[line] += length
        at += length
        line += further
    found[line] += len(code) - at
    found[first or line] += start


def _arguments(reader: _Reader) -> int:
    """How many arguments have a name; the first number of a prelude is read, xSSSSEAA."""
    byte = reader.byte()
    positional, keywords, place = byte & 3, 0, 0
    while byte & 0x80:
        byte = reader.byte()  # xFSSKAED
        positional |= (byte & 4) << place
        keywords |= (byte >> 3 & 1) << place
        place += 1
    return positional + keywords


def _lengths(reader: _Reader) -> tuple[int, int]:
    """Bytes of names and line numbers, and of cells: the second number, xIIIIIIC."""
    info = cells = place = 0
    while True:
        byte = reader.byte()
        cells |= (byte & 1) << place
        info |= (byte >> 1 & 0x3F) << 6 * place
        place += 1
        if not byte & 0x80:
            return info, cells
