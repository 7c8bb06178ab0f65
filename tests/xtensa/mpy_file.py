"""Reads machine code out of a .mpy file, version 6, as ``mpy-cross`` writes it.

Layout (MicroPython's ``py/persistentcode.c``; numbers are base 128, most significant digit first,
bit 7 of a byte set if more follow):

    "M", version, features, bits of a small int
    number of qstrs, number of objects
    qstr:      length * 2, text, 0;  or index * 2 + 1 for one that every MicroPython has
    object:    type, then for all but the types without a value: length, bytes, and 0 after text
    raw code:  size << 3 | has children << 2 | kind, that many bytes,
               native only: see _raw_code,
               if it has children: their number, and each as a raw code
"""

import dataclasses

VERSION = 6
ARCHITECTURES = {10: "xtensawin", 9: "xtensa", 11: "rv32imc"}

# Kinds of raw code; objects without a value; objects followed by a zero byte.
_BYTECODE, _NATIVE, _VIPER, _ASSEMBLY = range(4)
_FUN_TABLE, _NONE, _FALSE, _TRUE, _ELLIPSIS = range(5)
_STR, _BYTES, _INT, _FLOAT, _COMPLEX, _TUPLE = range(5, 11)
_RELOCATED, _RODATA, _BSS = 0x10, 0x20, 0x40


@dataclasses.dataclass
class MpyFile:
    """``assembly``: the machine code of each @micropython.asm_* function, in order of source;
    ``native``: the same for @native and @viper ones, with what they carry behind the code."""

    architecture: str
    assembly: list[bytes]
    native: list[bytes]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def bytes(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise ValueError("the .mpy file ends early")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self) -> int:
        value = 0
        while True:
            byte = self.bytes(1)[0]
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value


def read(data: bytes) -> MpyFile:
    """What is in the file; ``ValueError`` if it is no .mpy of this version."""
    reader = _Reader(data)
    header = reader.bytes(4)
    if header[:2] != bytes([ord("M"), VERSION]):
        raise ValueError("no .mpy file of version %d" % VERSION)
    architecture = ARCHITECTURES.get(header[2] >> 2 & 0x0F, "none")
    found = MpyFile(architecture, [], [])
    qstrs, objects = reader.number(), reader.number()
    for _ in range(qstrs):
        length = reader.number()
        if not length & 1:
            reader.bytes((length >> 1) + 1)
    for _ in range(objects):
        _skip_object(reader)
    _raw_code(reader, found)
    if reader.at != len(reader.data):
        raise ValueError("bytes behind the end of the .mpy file")
    return found


def _skip_object(reader: _Reader) -> None:
    kind = reader.bytes(1)[0]
    if kind <= _ELLIPSIS:
        return
    length = reader.number()
    if kind == _TUPLE:
        for _ in range(length):
            _skip_object(reader)
    elif kind <= _COMPLEX:
        reader.bytes(length + (1 if kind in (_STR, _BYTES) else 0))
    else:
        raise ValueError("object of unknown type %d" % kind)


def _raw_code(reader: _Reader, found: MpyFile) -> None:
    head = reader.number()
    kind, has_children = head & 3, head & 4
    code = reader.bytes(head >> 3)
    if kind == _NATIVE:
        reader.number()  # where its prelude begins
        found.native.append(code)
    elif kind != _BYTECODE:
        flags = reader.number()
        if kind == _ASSEMBLY:
            reader.number()  # number of arguments
            reader.number()  # types of arguments and result
            found.assembly.append(code)
        else:
            rodata = reader.number() if flags & _RODATA else 0
            reader.number() if flags & _BSS else 0
            reader.bytes(rodata)
            found.native.append(code)
        if flags & _RELOCATED:
            raise ValueError("code that is to be relocated: link it first")
    if has_children:
        for _ in range(reader.number()):
            _raw_code(reader, found)
