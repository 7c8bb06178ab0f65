"""Reads and rewrites .mpy files, version 6, so that a stock image runs the machine code in them.

The images for ESP32s that everybody has (all chips, RISC-V too) can load native and viper code,
but are built without the inline assembler; and an image without it takes an assembler function
from a .mpy file for bytecode, and crashes when it is called. To the file, the two kinds differ in
two bits and two numbers. So `for_stock_images` makes assembler functions viper functions. Such a
function is called with other arguments: see `wrapper`.

    python -m crypto.assembly.mpy_file FILE...      rewrites the files

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

import dataclasses  # noqa: TID251 - runs on a computer only
import pathlib  # noqa: TID251 - runs on a computer only
import sys

VERSION = 6
ARCHITECTURES = {9: "xtensa", 10: "xtensawin", 11: "rv32imc"}

# Kinds of raw code; objects without a value; objects with one.
_BYTECODE, _NATIVE, _VIPER, _ASSEMBLY = range(4)
_FUN_TABLE, _NONE, _FALSE, _TRUE, _ELLIPSIS = range(5)
_STR, _BYTES, _INT, _FLOAT, _COMPLEX, _TUPLE = range(5, 11)
_RELOCATED, _RODATA, _BSS = 0x10, 0x20, 0x40


@dataclasses.dataclass
class Function:
    """``code`` is the machine code, of viper functions with what they carry behind it.

    ``kind_at`` is where in the file the byte is whose lowest two bits are the kind, and
    ``numbers`` where what only assembler functions have begins and ends.
    """

    code: bytes
    assembly: bool
    kind_at: int
    numbers: tuple[int, int]


@dataclasses.dataclass
class MpyFile:
    """``functions``: those in machine code, in order of source, inner ones behind their outer."""

    architecture: str
    functions: list[Function]


def wrapper(name: str, arguments: list[str]) -> str:
    """The text of function ``name``, which gives its ``arguments``, buffers, to the machine code.

    Machine code that is taken for viper gets its arguments as objects in an array, and how to come
    from an object to its bytes differs from type to type. Real viper code can do that. So it puts
    the addresses into one bytearray, of which machine code named ``_name`` finds the bytes, since
    that layout is old and simple: four words, the last is the address of the bytes.
    """
    lines = [
        f"_arguments = bytearray({4 * len(arguments)})",
        "@micropython.viper",
        f"def {name}({', '.join(f'{argument}: ptr8' for argument in arguments)}):",
        "    words = ptr32(_arguments)",
        *(f"    words[{i}] = int({argument})" for i, argument in enumerate(arguments)),
        f"    _{name}(_arguments)",
    ]
    return "\n".join(lines) + "\n"


class _Reader:
    def __init__(self, data: bytes):
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
        raise ValueError(f"no .mpy file of version {VERSION}")
    found = MpyFile(ARCHITECTURES.get(header[2] >> 2 & 0x0F, "none"), [])
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


def for_stock_images(data: bytes) -> bytes:
    """The same file with viper functions for assembler functions; ValueError as `read`."""
    changed, kept_from = bytearray(), 0
    for function in sorted(read(data).functions, key=lambda function: function.kind_at):
        if function.assembly:
            changed += data[kept_from : function.kind_at]
            changed.append(data[function.kind_at] & ~3 | _VIPER)
            begin, kept_from = function.numbers
            changed += data[function.kind_at + 1 : begin]
    return bytes(changed + data[kept_from:])


def _skip_object(reader):
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
        raise ValueError(f"object of unknown type {kind}")


def _raw_code(reader, found):
    head = reader.number()
    kind_at = reader.at - 1
    kind, has_children = head & 3, head & 4
    code = reader.bytes(head >> 3)
    if kind == _NATIVE:
        reader.number()  # where its prelude begins
    elif kind != _BYTECODE:
        flags = reader.number()
        begin = reader.at
        if kind == _ASSEMBLY:
            reader.number()  # number of arguments
            reader.number()  # types of arguments and result
        else:
            rodata = reader.number() if flags & _RODATA else 0
            if flags & _BSS:
                reader.number()
            reader.bytes(rodata)
        if flags & _RELOCATED:
            raise ValueError("code that is to be relocated: link it first")
        found.functions.append(Function(code, kind == _ASSEMBLY, kind_at, (begin, reader.at)))
    if has_children:
        for _ in range(reader.number()):
            _raw_code(reader, found)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = pathlib.Path(name)
        path.write_bytes(for_stock_images(path.read_bytes()))
