"""Arithmetic modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1, the prime of P-256, on Xtensa.

Numbers are in Montgomery form: a stands for a / R with R = 2^256, so MUL gives a * b / R. They are
canonical, 0 to p - 1, on the way in and on the way out. MUL needs only that one operand is below
p, FREEZE takes anything.

The division by R, column by column: p = -1 modulo 2^96, so the multiple of p that makes the word c
of a column zero is c itself, and adding c * p there is

    word  0      3      6      7      8
         -c     +c     +c     -c     +c

So the words 0 to 7 of a product stay in the frame as the c's, and come into the later columns.

Constant time: no branch, no address depends on a number here. Only ``JUMP_UNLESS_ZERO`` is for
public ones.

    JUMP_UNLESS_ZERO  d, a      if cell d is not 0, jump ahead a bytes, counted from the next
                                instruction. Public.
    REVERSE           d, a      cell d = the 32 bytes of cell a in the opposite order; another cell
"""

from .. import isa
from .carries import Chain
from .cells import reverse_op
from .columns import product, square
from .control import control_ops
from .core import D_SLOT, FRAME, PC, PRODUCT, SPILL, WORDS, A, B, D, Vm

JUMP_UNLESS_ZERO, REVERSE = isa.FIELD_OWN, isa.FIELD_OWN + 1

_TIMES = SPILL  # in the frame: how many products are left

# A sum and what its reduction takes. A and B are no part of it.
_X = ("a2", "a3", "a4", "a7", "a8", "a9", "a10", "a11")
_Y = "a12"
_CHAIN = _CARRY, _ONE, _ZERO, _SCRATCH = ("a13", "a14", "a15", "a0")


def source() -> str:
    """The module for a board."""
    vm = Vm()
    control_ops(vm, isa.PICK, isa.PICKT)
    _multiply(vm)
    _add(vm)
    _subtract(vm)
    _freeze(vm)
    _jump_unless_zero(vm)
    reverse_op(vm, REVERSE)
    return vm.source()


def _multiply(vm):
    """MUL and SQR end in the same code, which goes on squaring while there are times left."""
    with vm.op(isa.SQR):
        vm.number(B)
        vm.s32i(B, FRAME, _TIMES)
        vm.take_all()
        vm.label("square")
        vm.mov(_CARRY, square(vm, _add_multiple).word())
        vm.label("reduce")
        vm.load_cell(_X, FRAME, PRODUCT + 32)
        _reduce_once(vm)
        vm.l32i(A, FRAME, D_SLOT)
        vm.l32i(B, FRAME, _TIMES)
        vm.store_cell(_X, A)
        vm.addi(B, B, -1)
        vm.s32i(B, FRAME, _TIMES)
        vm.bnez(B, "square")
        vm.give_back()
    with vm.op(isa.MUL):
        vm.mov(_CARRY, product(vm, _add_multiple).word())
        vm.movi("a2", 1)
        vm.s32i("a2", FRAME, _TIMES)
        vm.j("reduce")


def _add_multiple(columns, k):
    for distance in (3, 6, 8):
        if 0 <= k - distance < 8:
            columns.load(FRAME, PRODUCT + 4 * (k - distance))
    if 0 <= k - 7 < 8:
        columns.load_negative(FRAME, PRODUCT + 4 * (k - 7))
    return k >= 7


def _reduce_once(vm):
    """_X, eight words and a ninth in _CARRY, 0 or 1, minus p if that is not negative.

    p is, from the top, ffffffff 00000001 00000000 (3 times) ffffffff (3 times). All registers but
    A and B and _Y are used.
    """
    x, take, t, u = _X, _CARRY, _Y, _SCRATCH
    vm.movi(_ONE, 1)
    vm.movi(_ZERO, 0)
    # Are words 0 to 5 not below those of p?
    vm.or_(t, x[3], x[4])
    vm.or_(t, t, x[5])
    vm.and_(u, x[0], x[1])
    vm.and_(u, u, x[2])
    vm.addi(u, u, 1)
    vm.movnez(t, _ONE, t)
    vm.moveqz(t, _ONE, u)
    # Words 0 to 6: is word 6 at least 2, or 1 and the lower ones are enough?
    vm.srli(u, x[6], 1)
    vm.and_(t, t, x[6])
    vm.or_(t, t, u)
    vm.movnez(t, _ONE, t)
    # And the top word; or there is a ninth.
    vm.or_(t, t, take)
    vm.addi(u, x[7], 1)
    vm.moveqz(take, t, u)
    _add_complement(vm, take)


def _add_complement(vm, take):
    """_X += 2^256 - p = 1 - 2^96 - 2^192 + 2^224 if ``take`` is 1, and nothing if it is 0."""
    x, carry, t = _X, _Y, _SCRATCH
    vm.mov(carry, take)
    for i in (0, 1, 2):
        vm.add(x[i], x[i], carry)
        vm.movnez(carry, _ZERO, x[i])
    borrow = carry
    vm.sub(borrow, take, carry)
    for i in (3, 4, 5):
        vm.sub(t, x[i], borrow)
        vm.movnez(borrow, _ZERO, x[i])
        vm.mov(x[i], t)
    vm.add(borrow, borrow, take)
    vm.minu(t, x[6], borrow)
    vm.sub(t, t, borrow)
    vm.sub(x[6], x[6], borrow)
    vm.add(x[7], x[7], take)
    vm.movi(borrow, 0)
    vm.movnez(borrow, _ONE, t)
    vm.sub(x[7], x[7], borrow)


def _add(vm):
    with vm.op(isa.ADD):
        vm.take_all()
        chain = Chain(vm, _CHAIN)
        chain.begin()
        for i in WORDS:
            vm.l32i(_X[i], A, 4 * i)
            vm.l32i(_Y, B, 4 * i)
            chain.add(_X[i], _X[i], _Y)
        _finish(vm)


def _finish(vm):
    vm.label("finish")
    _reduce_once(vm)
    vm.l32i(A, FRAME, D_SLOT)
    vm.store_cell(_X, A)
    vm.give_back()


def _freeze(vm):
    with vm.op(isa.FREEZE):
        vm.take_all()
        vm.load_cell(_X, A)
        vm.movi(_CARRY, 0)
        vm.j("finish")


def _subtract(vm):
    with vm.op(isa.SUB):
        vm.take_all()
        chain = Chain(vm, _CHAIN)
        chain.begin()
        for i, x in zip(WORDS, (*_X[1:], A), strict=True):
            vm.l32i(_Y, B, 4 * i)
            vm.l32i(x, A, 4 * i)
            chain.sub(_X[i], x, _Y)
        # Plus p if it is negative, so minus what _add_complement adds.
        take, borrow, t = _CARRY, _Y, _SCRATCH
        vm.l32i(B, FRAME, D_SLOT)
        vm.mov(borrow, take)
        for i in (0, 1, 2):
            vm.sub(t, _X[i], borrow)
            vm.movnez(borrow, _ZERO, _X[i])
            vm.s32i(t, B, 4 * i)
        carry = borrow
        vm.sub(carry, take, borrow)
        for i in (3, 4, 5):
            vm.add(t, _X[i], carry)
            vm.movnez(carry, _ZERO, t)
            vm.s32i(t, B, 4 * i)
        vm.add(carry, carry, take)
        vm.add(_X[6], _X[6], carry)
        vm.minu(t, _X[6], carry)
        vm.sub(t, t, carry)
        vm.sub(_X[7], _X[7], take)
        vm.movi(carry, 0)
        vm.movnez(carry, _ONE, t)
        vm.add(_X[7], _X[7], carry)
        vm.s32i(_X[6], B, 24)
        vm.s32i(_X[7], B, 28)
        vm.give_back()


def _jump_unless_zero(vm):
    with vm.op(JUMP_UNLESS_ZERO):
        vm.number(A)
        vm.l32i("a7", D, 0)
        for i in WORDS[1:]:
            vm.l32i("a8", D, 4 * i)
            vm.or_("a7", "a7", "a8")
        vm.movi("a8", 0)
        vm.moveqz(A, "a8", "a7")
        vm.add(PC, PC, A)
