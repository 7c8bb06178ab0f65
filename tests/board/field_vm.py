"""Runs programs of the field VM on the board in qemu, beside the model of lib/crypto/assembly."""

import functools
import json
import pathlib
import random
import struct
import tempfile
from collections.abc import Iterator

from board.qemu_board import native_modules, new_board, rom_image
from crypto.assembly import isa, model

# Cases lie in the ROM, because the serial line is slow: four lengths, then what they are of.
HEAD = struct.Struct("<4H")
ON_THE_BOARD = """
import gc, json, struct
from qemu_rv32 import instructions
from %s import run
def padded(file, length, at):
    return memoryview(bytes(at) + file.read(length))[at:]
counts, wrong, number = set(), [], 0
nothing = bytearray(8)  # a program that is END
with open("/rom/cases", "rb") as file:
    while True:
        head = file.read(8)
        if not head:
            break
        length, size, table, at = struct.unpack("<4H", head)
        program, bank = bytearray(file.read(length)), bytearray(file.read(size))
        constants = padded(file, table, at)
        # How long it takes to call depends on what else is in the heap, and on the names that were
        # used last, which MicroPython remembers.
        gc.collect()
        run(nothing, bank, constants)
        counts.add(instructions(run, program, bank, constants))
        if bank != file.read(size) and len(wrong) < 3:
            wrong.append((number, bytes(bank).hex()))
        number += 1
print(json.dumps((number, sorted(counts), wrong)))
"""

AT_ONCE = 1000  # cases in a ROM

# Where carries and borrows run through the whole number, or almost.
P_25519 = 2**255 - 19
EDGES = (
    *(0, 1, 2, 18, 19, 20, 37, 38, 39),
    *(P_25519 - 1, P_25519, P_25519 + 1, 2 * P_25519 - 1, 2 * P_25519, 2 * P_25519 + 1),
    *(2**255 - 20, 2**255 - 1, 2**255, 2**256 - 39, 2**256 - 38, 2**256 - 37, 2**256 - 1),
    *(2**224 - 1, 2**224, 2**255 - 2**224, 2**256 - 2**224, 2**256 - 2**224 - 1),
    int("ffffffff00000000" * 4, 16),
    int("00000000ffffffff" * 4, 16),
)


class Case:
    """One program, what is in its bank before, and what the model makes of it.

    On the board the table lies at an address that is ``at`` modulo 4.
    """

    def __init__(self, field: model.Field, size: int, table: bytes = b"", at: int = 0):
        self.program = isa.Program()
        self.bank = bytearray(size)
        self.table = table
        self.at = at
        self.field = field

    def put(self, offset: int, value: int) -> None:
        self.bank[offset : offset + isa.CELL] = value.to_bytes(isa.CELL, "little")

    def word(self, offset: int, value: int) -> None:
        self.bank[offset : offset + 4] = (value % 2**32).to_bytes(4, "little")

    def data(self) -> bytes:
        """What the board gets: all that goes in, and the bank that has to come out."""
        self.program.end()
        code = self.program.code()
        machine = model.Machine(self.field, bytearray(self.bank), self.table)
        machine.run(code)
        head = HEAD.pack(len(code), len(self.bank), len(self.table), self.at)
        return head + code + self.bank + self.table + machine.bank


@functools.cache
def _native() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        native_modules(pathlib.Path(folder))
        return {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}


def run(module: str, cases: list[Case]) -> set[int]:
    """Run all on the machine code ``module``; the counts of instructions that they took.

    Raises AssertionError with the bank of the first few that are not as the model has them.
    """
    counts = set()
    for start in range(0, len(cases), AT_ONCE):
        counts |= _run(module, cases[start : start + AT_ONCE])
    return counts


def _run(module, cases):
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "cases").write_bytes(b"".join(case.data() for case in cases))
        for name, code in _native().items():
            (place / name).write_bytes(code)
        rom = rom_image(place)
    with new_board(rom) as board:
        number, counts, wrong = json.loads(board.run(ON_THE_BOARD % module))
    assert number == len(cases)
    for i, bank in wrong:
        assert bank == cases[i].data()[-len(cases[i].bank) :].hex(), f"case {i}"
    return set(counts)


def operands(count: int, seed: int = 0) -> Iterator[tuple[int, int]]:
    """All pairs of edges, and ``count`` pairs of random numbers or of one and an edge."""
    yield from ((a, b) for a in EDGES for b in EDGES)
    generator = random.Random(seed)
    for _ in range(count):
        pair = [generator.getrandbits(256), generator.choice((*EDGES, generator.getrandbits(256)))]
        generator.shuffle(pair)
        yield pair[0], pair[1]
