"""The machine code of the field VM does on the board what its model does, and in the same time.

Every op, with operands at which carries run far and with random ones, is held against the model of
plain integers (lib/crypto/assembly/model.py). An error in one carry of a field shows once in 2^32
random products, so the edges matter more than the number of cases. And what handles secrets must
take the same instructions whatever they are: qemu counts them exactly.
"""

import os
import random

import pytest

from board.field_vm import EDGES, P_25519, Case, operands, run
from board.qemu_board import missing
from crypto.assembly import isa, model

if missing():
    pytest.skip(missing(), allow_module_level=True)

RANDOM = 4000 if os.environ.get("HOLDFAST_TORTURE") else 40
MASKS = (0, -1)
MIXED = (int("0123456789abcdef" * 4, 16), int("f7e6d5c4b3a29180" * 4, 16))

BANK = isa.Bank("a", "b", "mask", "loop", c=4, d=9)
FIELD = model.CURVE25519


def new_case(a=0, b=0, table=b"", at=0):
    case = Case(FIELD, BANK.size, table, at)
    case.put(BANK.a, a)
    case.put(BANK.b, b)
    return case


def counts(cases, *results):
    """Run all, ``results`` being made canonical first; gives the set of instruction counts.

    Each op fetches the next instruction by itself, so one comes that needs all of it.
    """
    for case in cases:
        case.program.eq(BANK.mask + 16, BANK.a, BANK.b)
        for at in results:
            case.program.freeze(at, at)
    return run("field25519", cases)


@pytest.mark.parametrize("op", ["mul", "add", "sub", "sumdif", "muls"])
def test_arithmetic_of_two_numbers(op):
    """Any two numbers below 2^256 give a number below 2^256 with the right residue."""
    cases = []
    for a, b in operands(RANDOM):
        case = new_case(a, b)
        getattr(case.program, op)(BANK.d, BANK.a, BANK.b)
        cases.append(case)
    assert len(counts(cases, BANK.d, BANK.d + 32)) == 1


@pytest.mark.parametrize("op", ["mul", "add", "sub", "muls", "sumdif"])
def test_operands_and_result_may_be_the_same_cell(op):
    """Programs reuse cells as soon as they can; an op that stores too early would spoil them."""
    cases = []
    for d, a, b in (
        (BANK.a, BANK.a, BANK.b),
        (BANK.b, BANK.a, BANK.b),
        (BANK.a, BANK.a, BANK.a),
        (BANK.d, BANK.a, BANK.a),
    ):
        case = new_case(2**256 - 2, 2**255 - 7)
        getattr(case.program, op)(d, a, b)
        cases.append(case)
    counts(cases, BANK.a, BANK.b, BANK.b + 32, BANK.d, BANK.d + 32)


def test_squares():
    """SQR repeats itself: what it keeps between the rounds must be right for any input."""
    numbers = [a for a, b in operands(RANDOM) if b not in EDGES] + list(EDGES)
    for times in (1, 2, 5):
        cases = []
        for a in numbers:
            case = new_case(a)
            case.program.sqr(BANK.d, BANK.a, times)
            cases.append(case)
        assert len(counts(cases, BANK.d)) == 1


def test_freeze_is_canonical():
    """Keys and shared secrets leave the machine code through FREEZE: bytes, not residues."""
    near = [k * P_25519 + i for k in (0, 1, 2) for i in range(-40, 41)]
    cases = []
    for a in (*EDGES, *(n for n in near if 0 <= n < 2**256)):
        case = new_case(a)
        case.program.freeze(BANK.d, BANK.a)
        cases.append(case)
    assert len(counts(cases)) == 1


@pytest.mark.parametrize("d", ["c", "d"])
def test_ladder_step(d):
    """LADDER is an exchange and four sums in one: for either mask what those ops would do."""
    cases = []
    to = getattr(BANK, d)
    for mask in MASKS:
        for i in range(len(EDGES)):
            case = new_case()
            case.word(BANK.mask, mask)
            for j in range(4):
                case.put(BANK.c + 32 * j, EDGES[(i * (j + 1) + j) % len(EDGES)])
            case.program.ladder(to, BANK.c, BANK.mask)
            if d != "c":  # these are left in any order
                for j in range(4):
                    case.program.copy(BANK.c + 32 * j, BANK.a)
            cases.append(case)
    assert len(counts(cases, *(to + 32 * j for j in range(4)))) == 1


def test_masks():
    """Swap and move are done or not, in the same time; a bit of a scalar becomes a mask."""
    for op in ("cswap", "cmov"):
        cases = []
        for mask in MASKS:
            for a, b in (MIXED, MIXED[::-1]):
                case = new_case(a, b)
                case.word(BANK.mask, mask)
                getattr(case.program, op)(BANK.a, BANK.b, BANK.mask)
                cases.append(case)
        assert len(counts(cases)) == 1
    cases = []
    for position in range(256):
        for before in (0, 1):
            case = new_case(int("c35a" * 16, 16))
            case.word(BANK.mask + 4, before)
            case.word(BANK.loop + 4, position)
            case.program.bit(BANK.mask, BANK.a, BANK.loop)
            cases.append(case)
    assert len(counts(cases)) == 1


def test_equality_sees_every_bit():
    cases = []
    for bit in (None, *range(0, 256, 5)):
        case = new_case(EDGES[-1], EDGES[-1] ^ (0 if bit is None else 1 << bit))
        case.program.eq(BANK.mask, BANK.a, BANK.b)
        cases.append(case)
    assert len(counts(cases)) == 1


def test_flow():
    """Loops in loops, jumps, words and copies: what a program is made of beside arithmetic."""
    case = new_case(3, 5)
    inner, program = BANK.mask, case.program
    program.setw(BANK.loop, 3)
    program.setw(BANK.loop + 12, 0xFFFFFFF0)
    with program.repeat(BANK.loop):
        program.setw(inner, 2)
        with program.repeat(inner):
            program.mul(BANK.a, BANK.a, BANK.b)
    program.jump("over")
    program.setw(BANK.a, 0)
    program.label("over")
    program.freeze(BANK.a, BANK.a)
    program.copy(BANK.d, BANK.a, 8)
    program.copy(BANK.d, BANK.d + 32, 8)
    counts([case])


@pytest.mark.parametrize("at", range(4))
def test_constants_from_any_address(at):
    """A constant in flash lies at any address; processors there fault on an unaligned word."""
    table = random.Random(at).randbytes(32 * 9)
    cases = []
    for offset in (0, 1, 2, 3, 32):
        case = new_case(table=table, at=at)
        case.program.load(BANK.d, offset, 3)
        cases.append(case)
    counts(cases)


@pytest.mark.parametrize("at", [None, 0, 1, 2, 3])
def test_select_reads_everything_and_keeps_one(at):
    """The digit is secret: for each the same time, and the entry, its sign, or what was there."""
    size, entries = 64, 16
    table = random.Random(5).randbytes(32 + size * entries + 1)
    bank = isa.Bank("digits", "loop", "sign", d=2)
    if at is None:
        bank.more(table=2 * entries + 1)
    cases = []
    for digit in range(-entries, entries + 1):
        case = Case(FIELD, bank.size, b"" if at is None else table, at or 0)
        case.put(bank.d, 12345)
        case.put(bank.d + 32, 678 << 200)
        case.bank[bank.digits + 9] = digit % 256
        case.word(bank.loop + 4, 9)
        case.word(bank.loop + 8, 32)
        if at is None:
            case.bank[bank.table :] = table[: len(case.bank) - bank.table]
        case.program.eq(bank.sign + 16, bank.d, bank.digits)  # leaves other things in registers
        op, start = (case.program.select, bank.table) if at is None else (case.program.selectt, 0)
        op(bank.d, bank.digits, bank.loop, start, size, entries, bank.sign)
        cases.append(case)
    assert len(counts(cases)) == 1


@pytest.mark.parametrize("at", [None, 0, 3])
def test_pick_goes_three_ways(at):
    """Nothing to do, an entry, an entry to subtract: a program has a piece of code for each."""
    size, entries = 96, 4
    table = random.Random(5).randbytes(size * entries + 64)
    bank = isa.Bank("digits", "loop", "way", d=3)
    if at is None:
        bank.more(table=3 * entries + 2)
    cases = []
    for digit in (0, *range(1 - 2 * entries, 2 * entries, 2)):
        case = Case(FIELD, bank.size, b"" if at is None else table, at or 0)
        case.bank[bank.digits + 3] = digit % 256
        case.word(bank.loop + 4, 3)
        case.word(bank.loop + 8, -32)
        if at is None:
            case.bank[bank.table :] = table
        case.program.eq(bank.way + 16, bank.d, bank.digits)
        op, start = (case.program.pick, bank.table) if at is None else (case.program.pickt, 0)
        op(bank.d, bank.digits, bank.loop, start + 64, size, "nothing", "minus")
        case.program.setw(bank.way, 1)
        case.program.jump("nothing")
        case.program.label("minus")
        case.program.setw(bank.way, 2)
        case.program.label("nothing")
        case.program.setw(bank.way + 4, 3)
        cases.append(case)
    counts(cases)


@pytest.mark.parametrize("width", range(2, 8))
@pytest.mark.parametrize("op", ["wnaf", "recode"])
def test_digits(op, width):
    """The digits of every number below 2^256; those of a secret one always in the same time."""
    generator = random.Random(width)
    numbers = (*EDGES, *(2**256 - 2**i for i in range(0, 256, 15)), generator.getrandbits(256))
    cases = []
    for number in numbers:
        case = new_case(number)
        getattr(case.program, op)(BANK.d, BANK.a, width)
        cases.append(case)
    found = counts(cases)
    assert op == "wnaf" or len(found) == 1
