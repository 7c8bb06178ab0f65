"""Arithmetic modulo the orders of the curves on the ESP32's processor, against the model.

Promised: results below the modulus, right for any odd modulus of up to 256 bits, and the same
number of instructions for all numbers. It could break where a sum needs a 257th bit, which only
large moduli do, and at results that are the modulus itself.
"""

import random

import pytest

from crypto.assembly import isa, model
from crypto.assembly.model256 import N, Order
from xtensa.machines import machine, program
from xtensa.operands import TORTURE, bank_of, cells, number

CASES = 10_000 if TORTURE else 150
L = 2**252 + 27742317777372353535851937790883648493
MODULI = [N, L, 2**256 - 1, 2**256 - 189, 2**255 - 19, 3]
FIRST = 3 * isa.CELL  # behind the modulus and what belongs to it
CELLS = tuple(FIRST + isa.CELL * i for i in range(3))


def edges(modulus: int) -> tuple[int, ...]:
    near = (modulus - 1, modulus - 2, modulus >> 1, 2**256 % modulus, 2**512 % modulus)
    return (0, 1, 2, 2**32 - 1, 2**96, 2**255, *near)


@pytest.mark.parametrize("modulus", MODULI, ids=hex)
@pytest.mark.parametrize("op", [isa.MUL, isa.ADD, isa.SUB], ids=["MUL", "ADD", "SUB"])
def test_arithmetic_is_the_models_in_the_same_number_of_instructions(modulus, op):
    rng, code, counts = random.Random(op), machine("modular"), set()
    order = Order(modulus)
    for _ in range(CASES):
        values = [number(rng, edges(modulus)) % modulus for _ in range(3)]
        if op == isa.MUL and rng.random() < 0.3:
            values[0] = number(rng, edges(modulus))
        a, b = rng.choice(CELLS), rng.choice(CELLS[1:])
        bank = bytearray(order.constants()) + bank_of(*values)
        expected = bytearray(bank)
        text = program((op, rng.choice(CELLS), a, b))
        model.Machine(order, expected).run(bytes(text))
        code.call(text, bank, b"")
        counts.add(code.instructions)
        assert bank.hex() == expected.hex()
    assert len(counts) == 1


@pytest.mark.parametrize("modulus", MODULI, ids=hex)
def test_squaring_many_times_is_one_op(modulus):
    rng, code = random.Random(2), machine("modular")
    for _ in range(CASES):
        value, times = number(rng, edges(modulus)) % modulus, rng.choice((1, 2, 7))
        bank = bytearray(Order(modulus).constants()) + bank_of(value, 0)
        code.call(program((isa.SQR, FIRST + 32, FIRST, times)), bank, b"")
        for _ in range(times):
            value = value * value * pow(2**256, -1, modulus) % modulus
        assert cells(bank)[4] == value
