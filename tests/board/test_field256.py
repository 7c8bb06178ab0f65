"""The machine code of P-256's field and of its order does on the board what the model does.

Numbers are canonical here, so results are compared byte for byte. The reduction is made for this
prime, with a carry of its own at each of the words where p is not all zeros or ones: so the edges
are numbers and products that end close to one. All operands may be secrets, so all take the same
instructions.
"""

import itertools
import os
import random

import pytest

from board.field_vm import Case, run
from board.qemu_board import missing
from crypto.assembly import isa
from crypto.assembly.model256 import P256, N, Order, P, Program256

if missing():
    pytest.skip(missing(), allow_module_level=True)

RANDOM = 4000 if os.environ.get("HOLDFAST_TORTURE") == "1" else 60
L = 2**252 + 27742317777372353535851937790883648493  # the order of edwards25519

BANK = isa.Bank("modulus", "minus_inverse", "square_r", "a", "b", "c", "d")


def near(modulus: int) -> list[int]:
    """Numbers below the modulus at which carries and borrows run far, over one word or several."""
    powers = [2**i for i in range(0, 257, 32)]
    runs = [*powers, *(above - below for above in powers for below in powers if above > below)]
    found = {modulus >> 1, 2**256 % modulus, 2**512 % modulus}
    found |= {int("ffffffff00000000" * 4, 16), int("00000000ffffffff" * 4, 16)}
    for run_of_ones, offset in itertools.product(runs, (-2, -1, 0, 1, 2)):
        found |= {run_of_ones + offset, modulus - run_of_ones + offset}
    return sorted(number for number in found if 0 <= number < modulus)


def results(modulus: int) -> list[tuple[int, int]]:
    """Pairs whose product is such a number, times 2^256, or whose sum or difference is: in the end
    the modulus has to be subtracted from it, or added, or just not."""
    generator = random.Random(1)
    found = []
    for target in near(modulus):
        for _ in range(3):
            number = generator.randrange(1, modulus)
            found.append((number, target * pow(number, -1, modulus) * 2**256 % modulus))
            found.append((number, (target - number) % modulus))
            found.append((number, (number - target) % modulus))
    return found


def roots(modulus: int) -> list[int]:
    """The same for squares."""
    found = []
    for target in near(modulus):
        square = target * 2**256 % modulus
        root = pow(square, (modulus + 1) // 4, modulus)
        if root * root % modulus == square:
            found += [root, -root % modulus]
    return found


def random_number(generator: random.Random, modulus: int) -> int:
    """Words of zeros, of ones, or of anything."""
    number = 0
    for _ in range(8):
        number = number << 32 | generator.choice((0, 0xFFFFFFFF, generator.getrandbits(32)))
    return number % modulus


def pairs(modulus: int) -> list[tuple[int, int]]:
    generator = random.Random(modulus)
    few = near(modulus)
    if RANDOM < 1000:
        few = generator.sample(few, 12) + [0, 1, modulus - 1]
    found = [*itertools.product(few, few), *results(modulus)]
    for _ in range(RANDOM):
        found.append(tuple(random_number(generator, modulus) for _ in range(2)))
    return found


class Numbers:
    """One module of machine code, and the field whose model it must follow."""

    def __init__(self, module, field):
        self.module, self.field = module, field

    def case(self, a=0, b=0, c=0) -> Case:
        case = Case(self.field, BANK.size)
        case.program = Program256()
        if isinstance(self.field, Order):
            case.bank[: 3 * isa.CELL] = self.field.constants()
        for cell, number in ((BANK.a, a), (BANK.b, b), (BANK.c, c)):
            case.put(cell, number)
        return case

    def check(self, cases) -> set[int]:
        return run(self.module, cases)


FIELDS = {
    "p": Numbers("field256", P256()),
    "n": Numbers("modular", Order(N)),
    "L": Numbers("modular", Order(L)),
    "2^256-189": Numbers("modular", Order(2**256 - 189)),
}


@pytest.fixture(params=FIELDS)
def numbers(request) -> Numbers:
    return FIELDS[request.param]


@pytest.mark.parametrize("op", ["mul", "add", "sub"])
def test_two_numbers(numbers, op):
    """Below the modulus in and out, one right answer, one count of instructions."""
    cases = []
    for a, b in pairs(numbers.field.modulus):
        case = numbers.case(a, b)
        getattr(case.program, op)(BANK.d, BANK.a, BANK.b)
        cases.append(case)
    assert len(numbers.check(cases)) == 1


def test_a_factor_may_be_any_number(numbers):
    """What comes from outside, a digest or a coordinate, is brought below the modulus by MUL."""
    modulus = numbers.field.modulus
    cases = []
    for a in {modulus % 2**256, 2**256 - 1, 2**256 - 2, 2**255, 2**256 - 2**224, 2**256 - 2**32}:
        for b in (0, 1, modulus - 1, modulus - 2, 2**512 % modulus, modulus >> 1):
            for first, second in ((a, b), (b, a)):
                case = numbers.case(first, second)
                case.program.mul(BANK.d, BANK.a, BANK.b)
                cases.append(case)
    assert len(numbers.check(cases)) == 1


def test_squares(numbers):
    """A square in the field of P-256 is its own code: every pair of words, once, doubled."""
    generator = random.Random(1)
    modulus = numbers.field.modulus
    some = near(modulus) + [random_number(generator, modulus) for _ in range(RANDOM)]
    some += roots(modulus) if modulus % 4 == 3 else []
    for times in (1, 2, 7):
        cases = []
        for a in some:
            case = numbers.case(a)
            case.program.sqr(BANK.d, BANK.a, times)
            cases.append(case)
        assert len(numbers.check(cases)) == 1


@pytest.mark.parametrize("op", ["mul", "add", "sub", "sqr"])
def test_operands_and_result_may_be_the_same_cell(numbers, op):
    cells = (BANK.a, BANK.b, BANK.d)
    cases = []
    for d, a, b in itertools.product(cells, cells, cells):
        case = numbers.case(numbers.field.modulus - 5, 7 << 200)
        if op == "sqr":
            case.program.sqr(d, a, 3)
        else:
            getattr(case.program, op)(d, a, b)
        cases.append(case)
    assert len(numbers.check(cases)) == 1


def test_freeze_takes_any_number():
    cases = []
    for a in (*near(P), *range(P - 3, P + 4), *(2**256 - 2**i for i in range(0, 225, 8))):
        case = FIELDS["p"].case(a)
        case.program.freeze(BANK.d, BANK.a)
        cases.append(case)
    assert len(FIELDS["p"].check(cases)) == 1


def test_bytes_in_the_opposite_order(numbers):
    cases = []
    for a in (int.from_bytes(range(1, 33), "big"), 1, 255 << 248):
        case = numbers.case(a)
        case.program.reverse(BANK.d, BANK.a)
        case.program.reverse(BANK.b, BANK.a)
        cases.append(case)
    assert len(numbers.check(cases)) == 1


def test_a_jump_unless_zero_looks_at_every_word():
    """A sum of two points is exceptional if a number is zero, and not if its lowest word is."""
    cases = []
    for a in (0, *(1 << i for i in range(0, 256, 11)), 2**256 - 1, 1 << 255):
        case = FIELDS["p"].case(a)
        case.program.jump_unless_zero(BANK.a, "some")
        case.program.setw(BANK.d, 1)
        case.program.label("some")
        case.program.setw(BANK.d + 4, 2)
        cases.append(case)
    FIELDS["p"].check(cases)


def test_digits_of_a_number_modulo_the_order():
    """WNAF is part of ``modular`` because its numbers are made there."""
    cases = []
    for a in near(N):
        case = FIELDS["n"].case(a)
        case.bank += bytes(10 * isa.CELL)
        case.program.wnaf(BANK.d, BANK.a, 5)
        cases.append(case)
    FIELDS["n"].check(cases)
