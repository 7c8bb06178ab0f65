"""Arithmetic modulo any odd number of up to 256 bits, on Xtensa: for the orders of the curves.

The modulus m is in the bank's cell 0, and word 0 of cell 1 (offset 32) has -1 / m modulo 2^32.
Numbers are in Montgomery form as in :mod:`.field256`: MUL gives a * b / 2^256. MUL and SQR give
less than m if a * b < 2^256 * m, so if one of the two is below m. ADD and SUB want both below m.

There are few operations modulo an order, so this code is short rather than fast: a loop over the
words of one operand, in which the multiple of m that makes the lowest word zero is added at once,
and all words move down by one.

Constant time: no branch, no address depends on a number here.

    REVERSE  d, a       cell d = the 32 bytes of cell a in the opposite order; another cell
"""

from .. import isa
from .carries import Chain
from .cells import reverse_op
from .columns import Columns
from .control import control_ops
from .core import BANK, D_SLOT, FRAME, PRODUCT, SPILL, WORDS, A, B, Vm

REVERSE = isa.FIELD_OWN + 1
MODULUS = 0  # offsets in the bank
MINUS_INVERSE = 32

_TIMES = SPILL  # in the frame: how many products are left
_SUM = PRODUCT  # in the frame: nine words

# A number, a word, a chain of carries.
_X = ("a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14")
_Y = "a15"
_CHAIN = _CARRY, _ONE, _ZERO, _SCRATCH = ("a0", "a2", "a4", "a5")


def source() -> str:
    """The module for a board."""
    vm = Vm()
    control_ops(vm, isa.WNAF)
    with vm.op(isa.SQR):
        vm.number(B)
        vm.s32i(B, FRAME, _TIMES)
        vm.take_all()
        vm.mov(B, A)
        vm.label("multiply")  # the cells at A and B
        _product(vm)
        vm.label("reduce")  # the sum, below 2 m
        _subtract_modulus(vm)
        vm.label("store")
        vm.l32i(A, FRAME, D_SLOT)
        vm.l32i(_ZERO, FRAME, _TIMES)
        vm.store_cell(_X, A)
        vm.mov(B, A)
        vm.addi(_ZERO, _ZERO, -1)
        vm.s32i(_ZERO, FRAME, _TIMES)
        vm.bnez(_ZERO, "multiply")
        vm.give_back()
    # The others end in the code above.
    with vm.op(isa.MUL):
        _once(vm)
        vm.j("multiply")
    with vm.op(isa.ADD):
        _once(vm)
        chain = Chain(vm, (_CARRY, _ONE, _ZERO, "a7"))
        chain.begin()
        for i in WORDS:
            vm.l32i("a8", A, 4 * i)
            vm.l32i("a9", B, 4 * i)
            chain.add("a8", "a8", "a9")
            vm.s32i("a8", FRAME, _SUM + 4 * i)
        vm.s32i(chain.carry, FRAME, _SUM + 32)
        vm.j("reduce")
    with vm.op(isa.SUB):
        _once(vm)
        _subtract(vm)
        vm.j("store")
    reverse_op(vm, REVERSE)
    return vm.source()


def _once(vm):
    vm.movi("a7", 1)
    vm.s32i("a7", FRAME, _TIMES)
    vm.take_all()


def _product(vm):
    """The sum becomes the cell at A times the one at B, divided by 2^256.

    Between rows the sum is below y + m: one bit stands above its eight words.
    """
    word, multiple, rows = "a13", "a14", "a15"
    vm.movi(rows, 0)
    for i in range(9):
        vm.s32i(rows, FRAME, _SUM + 4 * i)
    vm.movi(rows, 8)
    vm.label("row")
    columns = Columns(vm, ("a7", "a8", "a9", "a10", "a11", "a12"))
    vm.l32i(word, A, 0)
    for i in WORDS:
        columns.load(FRAME, _SUM + 4 * i)
        columns.fetch(B, 4 * i)
        columns.product(word, columns.h)
        if i == 0:
            vm.l32i(multiple, BANK, MINUS_INVERSE)
            vm.mull(multiple, multiple, columns.word())
        columns.fetch(BANK, MODULUS + 4 * i)
        columns.product(multiple, columns.h)
        low = columns.end()
        if i:
            vm.s32i(low, FRAME, _SUM + 4 * i - 4)
    columns.load(FRAME, _SUM + 32)
    vm.s32i(columns.end(), FRAME, _SUM + 28)
    vm.s32i(columns.word(), FRAME, _SUM + 32)
    vm.addi(A, A, 4)
    vm.addi(rows, rows, -1)
    vm.bnez(rows, "row")


def _subtract_modulus(vm):
    """_X becomes the sum, or the sum minus m if that is not negative."""
    chain = Chain(vm, _CHAIN)
    chain.begin()
    for i, x in zip(WORDS, (*_X[1:], B), strict=True):
        vm.l32i(x, FRAME, _SUM + 4 * i)
        vm.l32i(_Y, BANK, MODULUS + 4 * i)
        chain.sub(_X[i], x, _Y)
    negative = chain.carry
    vm.l32i(_Y, FRAME, _SUM + 32)
    vm.sub(negative, negative, _Y)
    for i in WORDS:
        vm.l32i(_Y, FRAME, _SUM + 4 * i)
        vm.movnez(_X[i], _Y, negative)


def _subtract(vm):
    """_X = the cell at A minus that at B, plus m if that is negative."""
    # A and B are wanted to the end, so the chain's scratch is elsewhere.
    chain = Chain(vm, (_CARRY, _ONE, _ZERO, "a14"))
    chain.begin()
    spoilt, word = "a7", "a8"
    for i in WORDS:
        vm.l32i(spoilt, A, 4 * i)
        vm.l32i(_Y, B, 4 * i)
        chain.sub(word, spoilt, _Y)
        vm.s32i(word, FRAME, _SUM + 4 * i)
    mask = B
    vm.neg(mask, chain.carry)
    chain = Chain(vm, (_CARRY, _ONE, _ZERO, A), constants=False)
    chain.begin()
    for i in WORDS:
        vm.l32i(_X[i], FRAME, _SUM + 4 * i)
        vm.l32i(_Y, BANK, MODULUS + 4 * i)
        vm.and_(_Y, _Y, mask)
        chain.add(_X[i], _X[i], _Y)
