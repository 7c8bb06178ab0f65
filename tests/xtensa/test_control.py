"""What moves numbers about and decides on digits, on the ESP32's processor, against the model.

Promised: byte for byte the same bank as the model makes, from tables at any address, and no count
of instructions that a secret bit or digit changes. It could break at the edges of a table, at
digits of the largest size, at a position in another word, or by a table read past its end.
"""

import random
import struct

import pytest

from crypto.assembly import isa, model
from xtensa.machines import machine, program
from xtensa.operands import TORTURE
from xtensa.simulator import Misaligned

CASES = 10_000 if TORTURE else 200
LOOP = 0  # the first cell of each bank here
FIELDS = ["field25519", "field256", "modular"]
# The long ops for digits and tables are only where a program has a use for them.
WITH_PICK = ["field25519", "field256"]
WITH_WNAF = ["field25519", "modular"]
WITH_ALL = ["field25519"]


def loop_cell(iterations: int, position: int, cursor: int = 0, step: int = 0) -> bytes:
    return struct.pack("<4I16x", iterations, position, cursor, step)


def run_both(
    name: str, text: bytearray, bank: bytearray, table: bytes = b"", low: int = 1
) -> tuple[int, int]:
    """Runs it in both; the banks must be the same after. Returns what it cost and its trace."""
    expected = bytearray(bank)
    model.Machine(model.CURVE25519, expected, table).run(bytes(text))
    code = machine(name)
    code.call(text, bank, Misaligned(table, low) if table else b"")
    assert bank.hex() == expected.hex()
    return code.instructions, code.trace


@pytest.mark.parametrize("name", FIELDS)
def test_cells_are_copied_loaded_set_and_compared(name):
    rng = random.Random(1)
    for _ in range(CASES):
        bank, table = bytearray(rng.randbytes(32 * 10)), rng.randbytes(128)
        if rng.random() < 0.5:
            bank[32:64] = bank[64:96]
            if rng.random() < 0.5:
                bank[rng.randrange(32, 64)] ^= 1 << rng.randrange(8)
        bank[288:292] = rng.choice((b"\0\0\0\0", b"\xff\xff\xff\xff"))
        count = rng.randrange(1, 4)
        text = program(
            (isa.EQ, 256, 32, 64),
            (isa.SETW, 260, rng.getrandbits(16), rng.getrandbits(16)),
            (isa.CSWAP, 0, 96, 288),
            (isa.CMOV, 128, 160, 288),
            (isa.COPY, 0, 32, count),
            (isa.LOAD, 160, rng.randrange(128 - 32 * 3), count),
        )
        run_both(name, text, bank, table, rng.randrange(4))


@pytest.mark.parametrize("name", FIELDS)
def test_a_mask_costs_the_same_set_or_not(name):
    rng = random.Random(2)
    counts = set()
    for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff"):
        bank = bytearray(rng.randbytes(96)) + mask + bytes(28)
        text = program((isa.CSWAP, 0, 32, 96), (isa.CMOV, 0, 64, 96), (isa.EQ, 96, 0, 64))
        counts.add(run_both(name, text, bank))
    assert len(counts) == 1


@pytest.mark.parametrize("name", FIELDS)
def test_a_loop_runs_as_often_as_it_says_and_leaves_its_counters(name):
    for iterations in (1, 2, 5):
        for step in (0, 96, 2**32 - 96):
            code = isa.Program()
            with code.repeat(LOOP):
                code.emit(isa.COPY, 64, 32, 1)
            code.setw(96, 7)
            code.jump("end")
            code.setw(96, 8)
            code.label("end")
            code.end()
            bank = bytearray(loop_cell(iterations, 3, 1000, step)) + bytearray(96)
            run_both(name, bytearray(code.code()), bank)


@pytest.mark.parametrize("name", FIELDS)
def test_a_ladder_reads_its_bits_whatever_they_are_at_one_cost(name):
    rng, counts = random.Random(3), set()
    for position in range(256):
        traces = set()
        for scalar in (0, 2**256 - 1, rng.getrandbits(256)):
            bank = bytearray(loop_cell(1, position)) + scalar.to_bytes(32, "little")
            bank += struct.pack("<2I24x", 0, rng.randrange(2))
            count, trace = run_both(name, program((isa.BIT, 64, 32, LOOP)), bank)
            counts.add(count)
            traces.add(trace)
        assert len(traces) == 1
    assert len(counts) == 1


def digits_bank(rng, digit: int, position: int, cursor: int, table: bytes) -> bytearray:
    """loop cell, 288 bytes of digits, two cells of destination, a cell for the sign, the table."""
    digits = bytearray(rng.randbytes(288))
    digits[position] = digit % 256
    return bytearray(loop_cell(1, position, cursor)) + digits + rng.randbytes(96) + table


DIGITS, TO, SIGN, ENTRIES = 32, 320, 384, 416


@pytest.mark.parametrize("name", WITH_PICK)
@pytest.mark.parametrize("op", [isa.PICK, isa.PICKT])
def test_an_odd_digit_picks_its_entry_and_jumps_if_it_is_negative(name, op):
    rng = random.Random(4)
    for digit in (*range(-15, 16, 2), 0):
        position, cursor = rng.randrange(288), rng.choice((0, 64))
        entries = rng.randbytes(64 * 9)
        bank = digits_bank(rng, digit, position, cursor, entries)
        code = isa.Program()
        start = ENTRIES if op == isa.PICK else 0
        pick = code.pick if op == isa.PICK else code.pickt
        pick(TO, DIGITS, LOOP, start, 64, "zero", "negative")
        code.setw(SIGN, 1)
        code.label("negative")
        code.setw(SIGN + 4, 2)
        code.label("zero")
        code.setw(SIGN + 8, 3)
        code.end()
        run_both(name, bytearray(code.code()), bank, entries, rng.randrange(4))


@pytest.mark.parametrize("name", WITH_ALL)
@pytest.mark.parametrize("op", [isa.SELECT, isa.SELECTT])
@pytest.mark.parametrize(("entries", "size"), [(16, 32), (8, 64), (1, 64), (5, 32)])
def test_a_secret_digit_selects_its_entry_at_one_cost(name, op, entries, size):
    rng = random.Random(5)
    for low in range(4):
        # All that is public is the same for all digits, so the addresses have to be, too.
        position, cursor, traces = rng.randrange(288), rng.choice((0, size)), set()
        for digit in range(-entries, entries + 1):
            table = rng.randbytes(size * (entries + 1))
            bank = digits_bank(rng, digit, position, cursor, table)
            start = ENTRIES if op == isa.SELECT else 0
            text = program((op, TO, DIGITS, LOOP, start, size, entries, SIGN))
            traces.add(run_both(name, text, bank, table, low))
        assert len(traces) == 1


NUMBERS = (0, 1, 2**256 - 1, 2**255, 2**255 - 1, 2**252, 0x88 << 248, int("5" * 64, 16))


def number_bank(rng) -> bytearray:
    value = rng.choice((rng.choice(NUMBERS), rng.getrandbits(256)))
    return bytearray(value.to_bytes(32, "little")) + rng.randbytes(288)


@pytest.mark.parametrize("name", WITH_WNAF)
def test_a_public_number_is_written_in_few_signed_digits(name):
    rng = random.Random(6)
    for _ in range(CASES):
        bank, d = number_bank(rng), rng.choice((0, 32))
        run_both(name, program((isa.WNAF, d, 0, rng.randrange(2, 8))), bank)


@pytest.mark.parametrize("name", WITH_ALL)
def test_a_secret_number_is_written_in_signed_digits_at_one_cost(name):
    rng = random.Random(7)
    counts: dict[int, set] = {}
    for _ in range(CASES):
        width = rng.randrange(2, 8)
        taken = run_both(name, program((isa.RECODE, 32, 0, width)), number_bank(rng))
        counts.setdefault(width, set()).add(taken)
    assert all(len(seen) == 1 for seen in counts.values())


@pytest.mark.parametrize("name", ["field256", "modular"])
def test_bytes_are_put_in_the_opposite_order(name):
    bank = bytearray(range(64))
    machine(name).call(program((isa.FIELD_OWN + 1, 32, 0, 0)), bank, b"")
    assert bank[:32] == bytes(range(32))
    assert bank[32:] == bytes(reversed(range(32)))


@pytest.mark.parametrize("name", FIELDS)
def test_an_op_that_is_not_there_ends_the_program(name):
    bank = bytearray(64)
    machine(name).call(program((31, 0, 0, 0), (isa.SETW, 0, 1, 1)), bank, b"")
    assert bank == bytearray(64)
