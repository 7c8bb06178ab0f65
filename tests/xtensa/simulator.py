"""Runs an ``@micropython.asm_xtensa`` function out of a .mpy file, as an ESP32 would.

The core itself is ``simulator.c``, compiled here once and kept under ``build``. It is strict where
a chip is lenient only by luck: memory outside what the call was given, an unaligned word, a narrow
access to instruction memory, stack that belongs to the window handlers, an instruction that the
chips do not have: each raises ``Fault``. Registers that nobody set hold noise.
"""

import ctypes
import functools
import hashlib
import os
import pathlib
import random
import shutil
import struct
import subprocess
import tempfile

import pytest

from crypto.assembly import mpy_file

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCES = [pathlib.Path(__file__).with_name(name) for name in ("simulator.c", "decode.h")]
BUILD = ROOT / "build" / "xtensa"

# Addresses as on a chip: data memory, the instruction bus, and flash where constants may stay.
CODE_START = 0x4008_0000
STACK_START = 0x3FF0_0000
DATA_START, FLASH_START = 0x3F80_0000, 0x3F00_0000
OBJECTS_START, OBJECTS_BYTES = 0x3FE0_0000, 192
MEGABYTE = 1 << 20
# What a task of MicroPython has is kilobytes; a function here needs its frame.
STACK_BYTES = 1024
CALLERS_STACK = 64
SAVE_AREA = 32
LIMIT = 1_000_000_000

STOPS = (
    "done",
    "instruction that the chip does not have",
    "jump to where no code is",
    "access outside what the call was given",
    "unaligned access, or a narrow one to instruction memory",
    "write to what may only be read",
    "it does not end",
    "calls too deep, or a return with no call",
    "access to stack that belongs to the caller or to the window handlers",
)
_READ, _WRITE, _CODE, _STACK = 1, 2, 4, 8


class Fault(Exception):
    """The code did what a chip would answer with an exception, or with wrong data."""


class _Region(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("start", ctypes.c_uint32),
        ("length", ctypes.c_uint32),
        ("rights", ctypes.c_uint32),
    )


class _Machine(ctypes.Structure):
    _fields_ = (
        ("regions", _Region * 4096),
        ("code_start", ctypes.c_uint32),
        ("code_length", ctypes.c_uint32),
        ("decoded", ctypes.c_void_p),
        ("file", ctypes.c_uint32 * 1024),
        ("instructions", ctypes.c_uint64),
        ("cycles", ctypes.c_uint64),
        ("limit", ctypes.c_uint64),
        ("trace", ctypes.c_uint64),
        ("pc", ctypes.c_uint32),
        ("fault_address", ctypes.c_uint32),
        ("stack_top", ctypes.c_uint32),
        ("stack_low", ctypes.c_uint32),
        ("result", ctypes.c_uint32),
    )


class Misaligned:
    """A buffer that begins at an address of which only the lowest bits are chosen: an argument."""

    def __init__(self, data: bytes | bytearray, low: int) -> None:
        self.data, self.low = data, low


def _view(view: memoryview) -> tuple[memoryview | bytes, int]:
    """What a part of a buffer is, and by how much it begins off a word."""
    if view.readonly:
        return bytes(view), 0
    begins = [ctypes.addressof(ctypes.c_char.from_buffer(of)) for of in (view, view.obj)]
    return view, (begins[0] - begins[1]) % 4


@functools.cache
def library() -> ctypes.CDLL:
    """The simulator, compiled when its source is new. The test is skipped without a C compiler."""
    compiler = os.environ.get("CC") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler (cc): the Xtensa simulator cannot be built")
    text = b"".join(source.read_bytes() for source in SOURCES)
    name = "simulator-%s.so" % hashlib.sha256(text).hexdigest()[:16]
    path = BUILD / name
    if not path.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        # Two test processes may build at once: each its own file, whose name is taken in one step.
        with tempfile.TemporaryDirectory(dir=BUILD) as folder:
            made = pathlib.Path(folder) / name
            subprocess.run(
                [*compiler.split(), "-O2", "-shared", "-fPIC", "-o", made, SOURCES[0]], check=True
            )
            made.replace(path)
    loaded = ctypes.CDLL(str(path))
    loaded.simulator_run.argtypes = [ctypes.POINTER(_Machine)]
    if loaded.simulator_size() != ctypes.sizeof(_Machine):
        raise RuntimeError("simulator.c and simulator.py disagree on the machine's layout")
    return loaded


class Machine:
    """One function of machine code, ready to be called as often as wanted.

    After a call ``instructions`` counts what it executed, exactly, and ``cycles`` estimates,
    roughly: one an instruction, one more if a load's or a product's result is wanted by the next,
    two more for each jump or branch taken, thirteen for a division; all memory answers at once.
    ``trace`` is a digest of all addresses that it jumped to, read and wrote, in their order.
    """

    def __init__(self, code: bytes, seed: int = 0) -> None:
        self._library = library()
        self._machine = _Machine()
        self._code = ctypes.create_string_buffer(code, len(code))
        self._stack = ctypes.create_string_buffer(STACK_BYTES)
        entries = len(code) * self._library.simulator_decoded_size()
        self._decoded = ctypes.create_string_buffer(entries)
        self._noise = random.Random(seed)
        self.instructions = self.cycles = self.trace = 0
        self._held: dict[int, object] = {}
        self._objects: bytearray | None = None
        machine = self._machine
        machine.code_start, machine.code_length = CODE_START, len(code)
        machine.decoded = ctypes.addressof(self._decoded)
        machine.limit = LIMIT
        machine.stack_top = STACK_START + STACK_BYTES - CALLERS_STACK - SAVE_AREA
        self._map(CODE_START, ctypes.addressof(self._code), len(code), _READ | _CODE)
        stack = ctypes.addressof(self._stack)
        self._map(STACK_START, stack, STACK_BYTES, _READ | _WRITE | _STACK)

    @classmethod
    def from_mpy(cls, data: bytes, index: int = 0) -> "Machine":
        """The function number ``index`` of those in machine code in a .mpy file.

        It is called as functions of its kind are: assembly with words, viper with objects.
        """
        found = mpy_file.read(data)
        if found.architecture != "xtensawin":
            raise ValueError("code for %s, not xtensawin" % found.architecture)
        function = found.functions[index]
        machine = cls(function.code)
        machine._objects = None if function.assembly else bytearray(OBJECTS_BYTES)
        return machine

    @property
    def stack(self) -> bytes:
        """What the last call left on its stack."""
        return self._stack.raw

    @property
    def stack_used(self) -> int:
        """The bytes of all frames of the last call at its deepest."""
        return STACK_START + STACK_BYTES - CALLERS_STACK - self._machine.stack_low

    @property
    def registers(self) -> list[int]:
        """What the last call left in the registers, the result apart."""
        return [word for number, word in enumerate(self._machine.file) if number != 10]

    def _map(self, start: int, address: int, length: int, rights: int) -> None:
        region = self._machine.regions[start >> 20]
        region.data, region.start, region.length, region.rights = address, start, length, rights

    def _argument(self, number: int, value: object) -> int:
        """What MicroPython hands to assembly: an int as it is, a buffer as its address.

        A bytearray begins on the heap, at a multiple of 16, and a part of one where it does. A
        constant in flash begins anywhere: it is given an odd address unless the caller chose one.
        """
        if isinstance(value, int):
            return value & 0xFFFFFFFF
        start, low = DATA_START + number * MEGABYTE, 0
        if isinstance(value, memoryview):
            value, low = _view(value)
        if isinstance(value, Misaligned):
            value, low = value.data, value.low
        elif isinstance(value, bytes):
            low = 1
        self._held[number] = value  # what was made here of a view must outlive the call
        if isinstance(value, bytes):
            start += FLASH_START - DATA_START + low
            address = ctypes.cast(ctypes.c_char_p(value), ctypes.c_void_p).value or 0
            self._map(start, address, len(value), _READ)
        else:
            start += low
            buffer = (ctypes.c_char * len(value)).from_buffer(value)  # type: ignore[arg-type]
            self._map(start, ctypes.addressof(buffer), len(buffer), _READ | _WRITE)
        return start

    def _as_viper(self, words: list[int]) -> list[int]:
        """The arguments of viper code: the function, how many, how many by name, an array of them.

        Ours has one argument, a bytearray with the words in it. An array, the object (type, type
        of elements, length, address of the bytes) and the bytes are apart in memory.
        """
        objects = self._objects = bytearray(self._noise.randbytes(OBJECTS_BYTES))
        item, data = OBJECTS_START + 64, OBJECTS_START + 128
        struct.pack_into("<I", objects, 0, item)
        struct.pack_into("<I", objects, 64 + 12, data)
        struct.pack_into("<%dI" % len(words), objects, 128, *words)
        buffer = (ctypes.c_char * OBJECTS_BYTES).from_buffer(objects)
        self._map(OBJECTS_START, ctypes.addressof(buffer), OBJECTS_BYTES, _READ)
        return [self._noise.getrandbits(32), 1, 0, OBJECTS_START]

    def call(self, *arguments: object) -> int:
        """Calls the function; returns its result (unsigned). ``Fault`` says what went wrong."""
        machine = self._machine
        noise = self._noise.randbytes(ctypes.sizeof(machine.file))
        ctypes.memmove(machine.file, noise, len(noise))
        ctypes.memmove(self._stack, noise, STACK_BYTES)
        machine.file[1] = STACK_START + STACK_BYTES - CALLERS_STACK
        words = [self._argument(number, value) for number, value in enumerate(arguments)]
        if self._objects is not None:
            words = self._as_viper(words)
        for number, word in enumerate(words):
            machine.file[10 + number] = word
        machine.pc = CODE_START
        stopped = self._library.simulator_run(ctypes.byref(machine))
        for number in range(len(arguments)):
            self._map(DATA_START + number * MEGABYTE, 0, 0, 0)
            self._map(FLASH_START + number * MEGABYTE, 0, 0, 0)
        self.instructions, self.cycles = machine.instructions, machine.cycles
        self.trace = machine.trace
        if stopped:
            place = machine.pc - CODE_START
            raise Fault(
                "%s: at byte %d of the code, address 0x%08x, after %d instructions"
                % (STOPS[stopped], place, machine.fault_address, machine.instructions)
            )
        return machine.result
