"""GF(2^255 - 19) on the ESP32's processor: every op does what the reference model does.

Promised: the same residues for any operands, however cells coincide, and the same number of
instructions whatever the numbers are. It could break by a carry that gets lost once in 2^32 times,
so operands are mostly edges: around multiples of p and of 2^255, and words of all ones.
"""

import random

import pytest

from crypto.assembly import isa, model
from xtensa.machines import machine, program
from xtensa.operands import TORTURE, bank_of, cells, number

P = 2**255 - 19
EDGES = (
    *(0, 1, 2, 18, 19, 20, 37, 38, 57, P - 1, P, P + 1, P + 18, P + 19, 2 * P - 1, 2 * P),
    *(2 * P + 1, 2**255 - 1, 2**255, 2**255 + 18, 2**256 - 1, 2**256 - 37, 2**256 - 38),
    *(2**256 - 39, 2**256 - 57, 2**256 - 2**224, 2**32 - 1, 2**224 - 1, 2**255 - 2**32),
)
CASES = 10_000 if TORTURE else 300
BANK_CELLS = 9  # the last one begins with a mask


def random_bank(rng: random.Random) -> bytearray:
    values = [number(rng, EDGES) for _ in range(8)]
    if rng.random() < 0.3:
        values[1] = values[0]
    return bank_of(*values, rng.choice((0, 2**32 - 1)))


# Operands (d, a, b) as cell numbers: apart, and coinciding in all ways that are allowed.
THREE = [(0, 1, 2), (0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 0, 0)]
ARITHMETIC = [
    (isa.MUL, THREE),
    (isa.ADD, THREE),
    (isa.SUB, THREE),
    (isa.MULS, THREE),
    (isa.SUMDIF, [(4, 0, 1), (0, 0, 1), (0, 0, 3), (4, 2, 2), (0, 0, 0)]),
    (isa.LADDER, [(0, 0, 8), (4, 0, 8)]),
    (isa.FREEZE, [(0, 0, 0), (1, 0, 0)]),
]


@pytest.mark.parametrize(("op", "places"), ARITHMETIC, ids=[isa.NAMES[op] for op, _ in ARITHMETIC])
def test_arithmetic_is_the_models_in_the_same_number_of_instructions(op, places):
    rng, code, counts = random.Random(op), machine("field25519"), set()
    for _ in range(CASES):
        d, a, b = (isa.CELL * place for place in rng.choice(places))
        bank = random_bank(rng)
        expected = bytearray(bank)
        text = program((op, d, a, b))
        model.Machine(model.CURVE25519, expected).run(bytes(text))
        code.call(text, bank, b"")
        counts.add(code.instructions)
        ours, theirs = cells(bank), cells(expected)
        left_open = range(4) if op == isa.LADDER and d != a else ()
        for i in range(BANK_CELLS):
            if i in left_open:
                continue
            difference = ours[i] - theirs[i]
            assert (difference if op == isa.FREEZE else difference % P) == 0, (i, bank.hex())
    assert len(counts) == 1


def test_squaring_many_times_is_one_op():
    rng, code = random.Random(5), machine("field25519")
    counts = {}
    for _ in range(CASES):
        times = rng.choice((1, 2, 5, 50))
        bank = random_bank(rng)
        value = cells(bank)[1]
        code.call(program((isa.SQR, 0, 32, times)), bank, b"")
        assert cells(bank)[0] % P == pow(value, 2**times, P)
        assert counts.setdefault(times, code.instructions) == code.instructions


def test_products_of_words_of_all_ones_are_exact_in_every_column():
    """The largest sum of each column: one operand all ones, the other with one word of ones."""
    code = machine("field25519")
    for i in range(8):
        for j in range(8):
            for low in (0, 1, 2**32 - 1):
                x = (2**32 - 1) << 32 * i | low
                y = 2**256 - 1 - ((2**32 - 1) << 32 * j)
                bank = bank_of(0, x, y)
                code.call(program((isa.MUL, 0, 32, 64)), bank, b"")
                assert cells(bank)[0] % P == x * y % P


def test_what_is_secret_is_gone_when_the_code_returns():
    """The frame holds words of products; registers too. All but the VM's own are cleared."""
    code, rng = machine("field25519"), random.Random(6)
    bank = bytearray(rng.randbytes(96))
    secret = bytes(bank)
    code.call(program((isa.MUL, 0, 32, 64), (isa.SQR, 0, 0, 3)), bank, b"")
    held = code.stack + b"".join(word.to_bytes(4, "little") for word in code.registers)
    for words in (secret, bytes(bank)):
        for at in range(0, 96, 4):
            assert words[at : at + 4] not in held
