"""Arithmetic modulo any odd number of up to 256 bits, on RV32IMC: for the orders of the curves.

The modulus m is in the bank's cell 0, and word 0 of cell 1 (offset 32) has -1 / m modulo 2^32.
Numbers are in Montgomery form as in :mod:`.field256`: MUL gives a * b / 2^256. MUL and SQR give
less than m if a * b < 2^256 * m, so if one of the two is below m. ADD and SUB want both below m.

There are few operations modulo an order, so this code is short rather than fast: a loop over the
words of one operand (CIOS, coarsely integrated operand scanning), in which the multiple of m that
makes the lowest word zero is added at once, and all words move down by one.

Constant time: no branch, no address depends on a number here, but for WNAF. REVERSE is that of
:mod:`.field256`.
"""

from .. import isa
from .core import BANK, SPILL, WORDS, A, B, D, Vm, control_ops
from .field256 import reverse_op
from .tables import wnaf_op

MODULUS = 0  # offsets in the bank
MINUS_INVERSE = 32

# Registers: the words of one operand; the sum's, one more than a cell has; the rest.
_Y = ("a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5")
_SUM = ("s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9")
_OVER = "s10"
_CARRY, _LOW, _HIGH, _WORD, _ROWS = "a3", "a4", "a5", "t6", "ra"

_TIMES = SPILL  # on the stack: how many products are left


def source() -> str:
    """The module for a board."""
    vm = Vm()
    control_ops(vm)
    wnaf_op(vm)
    reverse_op(vm)
    with vm.op(isa.SQR):
        vm.number(B)
        vm.sw(B, "sp", _TIMES)
        vm.mv(B, A)
        vm.label("multiply")  # the cells at A and B
        _product(vm)
        vm.label("reduce")  # the sum, below 2 m
        _subtract_modulus(vm)
        vm.label("repair")  # the sum, to which m is to be added if the word above it is -1
        _add_modulus(vm)
        vm.store_cell(_SUM, D)
        vm.mv(A, D)
        vm.mv(B, D)
        vm.lw(_LOW, "sp", _TIMES)
        vm.addi(_LOW, _LOW, -1)
        vm.sw(_LOW, "sp", _TIMES)
        vm.bne(_LOW, "zero", "multiply")
    # The others end in the code above.
    with vm.op(isa.MUL, goes_on=False):
        _once(vm)
        vm.jal("zero", "multiply")
    with vm.op(isa.ADD, goes_on=False):
        _once(vm)
        for i in WORDS:
            vm.lw(_SUM[i], A, 4 * i)
            vm.lw(_WORD, B, 4 * i)
            _add_word(vm, _SUM[i], _WORD, i == 0)
        vm.mv(_OVER, _CARRY)
        vm.jal("zero", "reduce")
    with vm.op(isa.SUB, goes_on=False):
        _once(vm)
        for i in WORDS:
            vm.lw(_SUM[i], A, 4 * i)
            vm.lw(_WORD, B, 4 * i)
            _subtract_word(vm, _SUM[i], _WORD, i == 0)
        vm.sub(_OVER, "zero", _CARRY)
        vm.jal("zero", "repair")
    return vm.source()


def _once(vm):
    vm.li(_LOW, 1)
    vm.sw(_LOW, "sp", _TIMES)


def _product(vm):
    """The sum becomes the cell at A times the one at B, divided by 2^256. A and B change.

    A row adds word * y and that multiple of m which makes the lowest word zero, and drops this.
    Between rows the sum is below y + m: one bit stands above its eight words. Within a row there
    may be another one above that.
    """
    vm.load_cell(_Y, B)
    for word in (*_SUM, _OVER):
        vm.li(word, 0)
    vm.li(_ROWS, 8)
    vm.label("row")
    vm.lw(_WORD, A, 0)
    for i in WORDS:
        _add_product(vm, _SUM[i], _SUM[i], _WORD, _Y[i], i == 0)
    above, multiple = _WORD, B
    vm.add(_OVER, _OVER, _CARRY)
    vm.sltu(above, _OVER, _CARRY)
    vm.lw(multiple, BANK, MINUS_INVERSE)
    vm.mul(multiple, multiple, _SUM[0])
    for i in WORDS:
        vm.lw(_LOW, BANK, MODULUS + 4 * i)
        _add_product(vm, _SUM[max(i - 1, 0)], _SUM[i], multiple, _LOW, i == 0)
    vm.add(_SUM[7], _OVER, _CARRY)
    vm.sltu(_OVER, _SUM[7], _CARRY)
    vm.add(_OVER, _OVER, above)
    vm.addi(A, A, 4)
    vm.addi(_ROWS, _ROWS, -1)
    vm.bne(_ROWS, "zero", "row")


def _add_product(vm, d, z, x, y, first):
    """d = the lower word of z + x * y + carry, and carry the upper. y may be _LOW."""
    vm.mulhu(_HIGH, x, y)
    vm.mul(_LOW, x, y)
    if not first:
        vm.add(_LOW, _LOW, _CARRY)
        vm.sltu(_CARRY, _LOW, _CARRY)
        vm.add(_HIGH, _HIGH, _CARRY)
    vm.add(d, z, _LOW)
    vm.sltu(_CARRY, d, _LOW)
    vm.add(_CARRY, _CARRY, _HIGH)


def _subtract_modulus(vm):
    """The sum minus m, and _OVER is -1 if that is negative, else 0."""
    for i in WORDS:
        vm.lw(_WORD, BANK, MODULUS + 4 * i)
        _subtract_word(vm, _SUM[i], _WORD, i == 0)
    vm.sub(_OVER, _OVER, _CARRY)


def _add_modulus(vm):
    """Where _OVER is -1."""
    for i in WORDS:
        vm.lw(_WORD, BANK, MODULUS + 4 * i)
        vm.and_(_WORD, _WORD, _OVER)
        _add_word(vm, _SUM[i], _WORD, i == 0)


def _add_word(vm, x, word, first):
    """x += word + carry, with the carry of that."""
    vm.add(x, x, word)
    if first:
        vm.sltu(_CARRY, x, word)
    else:
        vm.sltu(_LOW, x, word)
        vm.add(x, x, _CARRY)
        vm.sltu(_CARRY, x, _CARRY)
        vm.or_(_CARRY, _CARRY, _LOW)


def _subtract_word(vm, x, word, first):
    """x -= word + carry, with the borrow of that as carry."""
    vm.sltu(_LOW, x, word)
    vm.sub(x, x, word)
    if first:
        vm.mv(_CARRY, _LOW)
    else:
        vm.sltu(_HIGH, x, _CARRY)
        vm.sub(x, x, _CARRY)
        vm.or_(_CARRY, _HIGH, _LOW)
