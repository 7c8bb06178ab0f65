"""The assembler of the field VM, and its model: a wrong program is refused before a board has it.

The machine code trusts its program and checks nothing. So these two have to: the assembler for
names and distances, the model for whatever a program does when it runs.
"""

import pytest

from crypto.assembly import isa, model
from crypto.assembly.model import CURVE25519, Machine, ModelError


def test_an_instruction_is_four_halfwords():
    """Four times the op's number, then offsets of cells: what every machine code decodes."""
    bank = isa.Bank("x", "y", table=3)
    program = isa.Program()
    program.mul(bank.table, bank.x, bank.y)
    program.end()
    expected = [4 * isa.MUL, 64, 0, 32, 0, 0, 0, 0]
    assert program.code() == b"".join(n.to_bytes(2, "little") for n in expected)
    assert bank.size == 5 * isa.CELL


def test_jumps_are_counted_from_the_next_instruction():
    program = isa.Program()
    with program.repeat(0):
        program.setw(32, 0x12345678)
    program.jump("end")
    program.label("end")
    program.end()
    halfwords = memoryview(program.code()).cast("H").tolist()
    assert halfwords[:4] == [4 * isa.SETW, 32, 0x5678, 0x1234]
    assert halfwords[4:8] == [4 * isa.NEXT, 0, 16, 0]
    assert halfwords[8:12] == [4 * isa.JUMP, 0, 0, 0]


def test_wrong_names_and_distances_are_refused():
    """A label that is missing or on the wrong side would lead the machine code anywhere."""
    program = isa.Program()
    program.label("here")
    program.setw(0, 1)
    program.jump("here")
    with pytest.raises(ValueError, match="no jump leads to here"):
        program.code()
    program = isa.Program()
    program.jump("nowhere")
    with pytest.raises(ValueError, match="no label nowhere"):
        program.code()
    with pytest.raises(ValueError, match="a label here already"):
        program = isa.Program()
        program.label("here")
        program.label("here")
    with pytest.raises(ValueError, match="a cell x already"):
        isa.Bank("x", "x")
    with pytest.raises(ValueError, match="too many for a bank"):
        isa.Bank("x", table=256)
    with pytest.raises(AttributeError):
        isa.Bank("x").y  # noqa: B018


def run(*instruction: int, words: dict[int, int] | None = None) -> bytearray:
    """The bank, three cells and a loop, after one instruction."""
    machine = Machine(CURVE25519, bytearray(4 * isa.CELL), bytes(64))
    for offset, value in (words or {}).items():
        machine.set_word(offset, value)
    program = isa.Program()
    program.emit(*instruction)
    program.end()
    machine.run(program.code())
    return machine.bank


@pytest.mark.parametrize(
    ("instruction", "words", "why"),
    [
        ((isa.MUL, 128, 0, 0), {}, "not in the bank"),
        ((isa.MUL, 0, 2, 0), {}, "not in the bank"),
        ((isa.SQR, 0, 0, 0), {}, "no times"),
        ((isa.COPY, 0, 32, 0), {}, "nothing to copy"),
        ((isa.COPY, 32, 0, 2), {}, "COPY goes upwards"),
        ((isa.LOAD, 0, 33, 1), {}, "not in the table"),
        ((isa.CSWAP, 0, 32, 64), {64: 1}, "is no mask"),
        ((isa.CMOV, 0, 32, 64), {64: 2**31}, "is no mask"),
        ((isa.BIT, 0, 32, 64), {68: 256}, "no bit 256"),
        ((isa.NEXT, 64, 8), {}, "no iterations"),
        ((isa.NEXT, 64, 16), {64: 2}, "begins before"),
        ((isa.WNAF, 0, 0, 8), {}, "8 bits"),
        ((isa.RECODE, 0, 0, 1), {}, "1 bits"),
        ((isa.PICK, 0, 32, 64, 0, 32, 0, 0), {32: 2}, "odd digits, not 2"),
        ((isa.PICK, 0, 32, 64, 0, 32, 0, 0), {32: 9}, "not in the bank"),
        ((isa.SELECT, 0, 32, 64, 0, 32, 2, 64), {32: 3}, "2 entries, digit 3"),
        ((isa.SELECTT, 0, 32, 64, 0, 32, 3, 64), {32: 1}, "not in the table"),
        ((isa.FIELD_OWN + 7,), {}, "no op_31"),
        ((isa.JUMP, 0, 80), {}, "over its end"),
    ],
)
def test_the_model_refuses(instruction, words, why):
    """What the machine code would do without a word, with whatever lies there in memory."""
    with pytest.raises(ModelError, match=why):
        run(*instruction, words=words)


def test_the_model_computes():
    """The other side: the same instructions with sense in them are done."""
    assert run(isa.CSWAP, 0, 32, 64, words={0: 7, 64: 2**32 - 1})[32] == 7
    assert run(isa.SQR, 0, 32, 3, words={32: 2})[:2] == b"\x00\x01"
    assert run(isa.SELECT, 0, 32, 64, 0, 32, 2, 96, words={32: 255, 0: 5})[96] == 255
    assert model.CURVE25519.sub(0, 1) == 2**255 - 20
