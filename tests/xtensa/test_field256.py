"""The field of P-256 on the ESP32's processor: every op gives what the reference model gives.

Promised: canonical numbers in, canonical numbers out, in the same number of instructions whatever
they are. It could break by a carry or a borrow that gets lost in the reduction, or by a result
that is p or more, so operands are mostly made of words of all zeros and all ones, like p itself.
"""

import random

import pytest

from crypto.assembly import isa, model
from crypto.assembly.model256 import P256, P
from xtensa.machines import machine, program
from xtensa.operands import TORTURE, bank_of, cells, number

CASES = 10_000 if TORTURE else 400
R = 2**256
EDGES = (
    *(0, 1, 2, P - 1, P - 2, P, P + 1, 2**32 - 1, 2**96 - 1, 2**96, 2**192, 2**224 - 1, 2**224),
    *(2**255, P - 2**96, P - 2**192, P - 2**224, R - P - 1, R - P, R - P + 1, R - 1),
)


def field_number(rng):
    return number(rng, EDGES) % P


@pytest.mark.parametrize("op", [isa.MUL, isa.ADD, isa.SUB], ids=["MUL", "ADD", "SUB"])
def test_arithmetic_is_the_models_in_the_same_number_of_instructions(op):
    rng, code, counts = random.Random(op), machine("field256"), set()
    for _ in range(CASES):
        bank = bank_of(*(field_number(rng) for _ in range(3)))
        expected = bytearray(bank)
        text = program((op, *(32 * rng.randrange(3) for _ in range(3))))
        model.Machine(P256(), expected).run(bytes(text))
        code.call(text, bank, b"")
        counts.add(code.instructions)
        assert bank.hex() == expected.hex()
    assert len(counts) == 1


def test_one_factor_may_be_any_number():
    rng, code = random.Random(1), machine("field256")
    for _ in range(CASES):
        bank = bank_of(0, number(rng, EDGES), field_number(rng))
        a, b = rng.choice(((32, 64), (64, 32)))
        code.call(program((isa.MUL, 0, a, b)), bank, b"")
        result, x, y = cells(bank)
        assert result == x * y * pow(R, -1, P) % P


def test_squaring_many_times_is_one_op():
    rng, code = random.Random(2), machine("field256")
    counts = {}
    for _ in range(CASES):
        times, bank = rng.choice((1, 2, 5, 96)), bank_of(0, field_number(rng))
        code.call(program((isa.SQR, 0, 32, times)), bank, b"")
        result, x = cells(bank)
        for _ in range(times):
            x = x * x * pow(R, -1, P) % P
        assert result == x
        assert counts.setdefault(times, code.instructions) == code.instructions


def test_freezing_takes_any_number():
    rng, code, counts = random.Random(3), machine("field256"), set()
    for _ in range(CASES):
        bank = bank_of(0, number(rng, EDGES))
        code.call(program((isa.FREEZE, 0, 32)), bank, b"")
        counts.add(code.instructions)
        assert cells(bank)[0] == cells(bank)[1] % P
    assert len(counts) == 1


def test_a_jump_on_what_is_not_zero():
    code = machine("field256")
    for value in (0, 1, *(1 << 32 * i + 31 for i in range(8))):
        bank = bank_of(value, 0)
        code.call(program((isa.FIELD_OWN, 0, 8, 0), (isa.SETW, 32, 7, 0)), bank, b"")
        assert cells(bank)[1] == (0 if value else 7)
