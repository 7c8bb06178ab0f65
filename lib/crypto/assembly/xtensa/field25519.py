"""GF(2^255 - 19) on Xtensa: the field's arithmetic for the VM of :mod:`.core`.

A value is any number below 2^256; 2^255 counts as 19 and 2^256 as 38. After a sum, what is 2^255
and above is taken off and goes, times 19, in at the bottom: a second pass, of two instructions a
word. After a product the *top* word is computed first, so that its part above 2^255 is the first
carry of the only pass, and the carry that then arrives at the top has room below 2^256.
"""

from .. import isa
from .carries import Chain
from .columns import Columns, product, square
from .control import control_ops, swap_cells
from .core import D_SLOT, FRAME, PRODUCT, SPILL, WORDS, A, B, D, Vm

_A24 = 121665  # (486662 - 2) / 4: MULS is for the ladder of RFC 7748
_MORE = range(1, 8)  # all words but the lowest
_TOP = 28  # offset of the top word


def source() -> str:
    """The module's text: one function, ``run(program, bank, table)``."""
    vm = Vm()
    control_ops(vm, *range(isa.PICK, isa.RECODE + 1))
    _multiply(vm)
    _square(vm)
    _add(vm)
    _sub(vm)
    _sumdif(vm)
    _muls(vm)
    _freeze(vm)
    _ladder(vm)
    return vm.source()


def _multiply(vm):
    with vm.op(isa.MUL):
        product(vm)
        _fold(vm)
        vm.give_back()


def _square(vm):
    count = SPILL
    with vm.op(isa.SQR):
        vm.number(B)
        vm.take_all()
        vm.s32i(B, FRAME, count)
        again = vm.new_label()
        vm.label(again)
        square(vm)
        left = _fold(vm)
        vm.l32i(left, FRAME, count)
        vm.mov(A, D)
        vm.addi(left, left, -1)
        vm.s32i(left, FRAME, count)
        vm.bnez(left, again)
        vm.give_back()


def _fold(vm) -> str:
    """The residue of PRODUCT, below 2^255 + 2^230, to the destination, whose address is then in D
    again. Takes all; gives a register that is free.

    words[k] + 38 * words[k + 8]: a product with 38 carries less than 38, the top word at most 38 *
    38 + 19 in at the bottom: all carries are small.
    """
    columns = Columns(vm, ("a7", "a8", "a9", "a10", "a11", "a12"))
    k38, top, bit = "a13", "a14", "a15"
    vm.l32i(D, FRAME, D_SLOT)
    vm.movi(k38, 38)

    def begin(k):
        columns.load(FRAME, PRODUCT + 4 * k)
        vm.l32i(columns.h, FRAME, PRODUCT + 4 * k + 32)
        columns.product_small(k38, columns.h)

    begin(7)
    vm.mov(top, columns.end())
    carry = columns.word()
    vm.mull(carry, carry, k38)
    _take_bit_255(vm, top, carry, bit)
    for k in range(7):
        begin(k)
        vm.s32i(columns.end(), D, 4 * k)
    vm.add(top, top, columns.word())
    vm.s32i(top, D, _TOP)
    return k38


def _take_bit_255(vm, top, carry, scratch):
    """Clear the top bit of the top word; if it was set, carry += 19."""
    vm.extui(scratch, top, 31, 1)
    vm.slli(top, top, 1)
    vm.srli(top, top, 1)
    vm.add(carry, carry, scratch)
    vm.addx2(carry, scratch, carry)
    vm.slli(scratch, scratch, 4)
    vm.add(carry, carry, scratch)


def _times_19(vm, to, small):
    """to = 19 * small, in another register."""
    vm.addx8(to, small, small)
    vm.addx2(to, to, small)


# Registers of _add, _sub and _freeze: a number, a word, the chain; A and B keep their place.
_Z = ("a2", "a3", "a4", "a7", "a8", "a9", "a10", "a11")
_Y = "a12"
_CHAIN = ("a13", "a14", "a15", "a0")


def _add(vm):
    with vm.op(isa.ADD):
        vm.take_all()
        chain = Chain(vm, _CHAIN)
        chain.begin()
        for i in WORDS:
            vm.l32i(_Z[i], A, 4 * i)
            vm.l32i(_Y, B, 4 * i)
            chain.add(_Z[i], _Z[i], _Y)
        small = A
        _excess(vm, small, chain.carry, _Z[7], _Y)
        vm.l32i(B, FRAME, D_SLOT)
        chain.add_first(_Z[0], small)
        for i in _MORE:
            chain.hand_on(_Z[i])
        vm.store_cell(_Z, B)
        vm.give_back()


def _excess(vm, small, carry, top, scratch):
    """small = 19 times what is 2^255 and above in a sum, of which the top bit is cleared."""
    vm.extui(scratch, top, 31, 1)
    vm.addx2(scratch, carry, scratch)
    vm.slli(top, top, 1)
    vm.srli(top, top, 1)
    _times_19(vm, small, scratch)


def _lack(vm, small, borrow, top, scratch, one):
    """After a difference, modulo 2^256 with its borrow: set the top bit, and small = 19 * (1 + 2 *
    borrow - bit) is then too much.

    For 2^255 is 19: the bit counts 19, the borrow -38. One 2^255 more is put in, and 19 for it
    taken out, so that there is enough to take ``small`` from.
    """
    vm.extui(scratch, top, 31, 1)
    vm.subx2(scratch, borrow, scratch)
    vm.addi(scratch, scratch, 1)
    _times_19(vm, small, scratch)
    vm.slli(scratch, one, 31)
    vm.or_(top, top, scratch)


def _sub(vm):
    with vm.op(isa.SUB):
        vm.take_all()
        chain = Chain(vm, _CHAIN)
        chain.begin()
        # A word of the minuend is spoilt: it comes into the register of the next word's result,
        # the last one into A.
        for i, x in zip(WORDS, (*_Z[1:], A), strict=True):
            vm.l32i(_Y, B, 4 * i)
            vm.l32i(x, A, 4 * i)
            chain.sub(_Z[i], x, _Y)
        small = A
        _lack(vm, small, chain.carry, _Z[7], _Y, chain.one)
        vm.l32i(B, FRAME, D_SLOT)
        chain.sub_first(_Z[0], small)
        vm.s32i(_Z[0], B, 0)
        for i in _MORE:
            chain.hand_on_borrow(_Y, _Z[i])
            vm.s32i(_Y, B, 4 * i)
        vm.give_back()


def _sumdif(vm):
    with vm.op(isa.SUMDIF):
        _sum_and_difference(vm)


def _sum_and_difference(vm):
    """D = A + B, D + 32 = A - B, word by word: so D may be A, and B be behind it. A and B are
    spoilt, D is kept."""
    x, y, out = "a7", "a8", "a9"
    one, zero, scratch = "a10", "a11", "a12"
    total = Chain(vm, ("a13", one, zero, scratch))
    rest = Chain(vm, ("a14", one, zero, scratch), constants=False)
    total.begin()
    rest.begin()
    for i in WORDS:
        vm.l32i(x, A, 4 * i)
        vm.l32i(y, B, 4 * i)
        total.add(out, x, y)
        vm.s32i(out, D, 4 * i)
        rest.sub(out, x, y)
        vm.s32i(out, D, isa.CELL + 4 * i)
    top, small = A, B
    vm.l32i(top, D, _TOP)
    _excess(vm, small, total.carry, top, x)
    vm.l32i(y, D, 0)
    total.add_first(y, small)
    vm.s32i(y, D, 0)
    for i in range(1, 7):
        vm.l32i(y, D, 4 * i)
        total.hand_on(y)
        vm.s32i(y, D, 4 * i)
    total.hand_on(top)
    vm.s32i(top, D, _TOP)
    vm.l32i(top, D, isa.CELL + _TOP)
    _lack(vm, small, rest.carry, top, x, one)
    vm.l32i(y, D, isa.CELL)
    rest.sub_first(y, small)
    vm.s32i(y, D, isa.CELL)
    for i in range(1, 7):
        vm.l32i(y, D, isa.CELL + 4 * i)
        rest.hand_on_borrow(out, y)
        vm.s32i(out, D, isa.CELL + 4 * i)
    rest.hand_on_borrow(out, top)
    vm.s32i(out, D, isa.CELL + _TOP)


def _ladder(vm):
    with vm.op(isa.LADDER):
        rounds = SPILL
        mask = "a15"
        vm.l32i(mask, B, 0)
        for offset in (0, isa.CELL):
            swap_cells(vm, A, A, mask, offset, offset + 2 * isa.CELL)
        vm.movi("a7", 1)
        again = vm.new_label()
        vm.label(again)
        vm.s32i("a7", FRAME, rounds)
        vm.s32i(A, FRAME, rounds + 4)
        vm.addi(B, A, isa.CELL)
        _sum_and_difference(vm)
        vm.l32i("a7", FRAME, rounds)
        vm.l32i(A, FRAME, rounds + 4)
        vm.addi(D, D, 2 * isa.CELL)
        vm.addi(A, A, 2 * isa.CELL)
        vm.addi("a7", "a7", -1)
        vm.bgez("a7", again)


def _muls(vm):
    with vm.op(isa.MULS):
        columns = Columns(vm, ("a7", "a8", "a9", "a10", "a11", "a12"))
        factor, top, scratch = "a13", "a14", "a15"
        vm.movi(factor, _A24 >> 8)
        vm.slli(factor, factor, 8)
        vm.addi(factor, factor, _A24 & 0xFF)

        def begin(k):
            columns.load(B, 4 * k)
            vm.l32i(columns.h, A, 4 * k)
            columns.product_small(factor, columns.h)

        begin(7)
        vm.mov(top, columns.end())
        carry = columns.word()
        vm.movi(scratch, 38)
        vm.mull(carry, carry, scratch)
        _take_bit_255(vm, top, carry, scratch)
        for k in range(7):
            begin(k)
            vm.s32i(columns.end(), D, 4 * k)
        vm.add(top, top, columns.word())
        vm.s32i(top, D, _TOP)


def _freeze(vm):
    """Bit 255 is 19. What is left is below 2 * p, and p or above if 19 more would set bit 255."""
    with vm.op(isa.FREEZE):
        vm.take_all()
        chain, small = Chain(vm, _CHAIN), B
        vm.load_cell(_Z, A)
        vm.movi(small, 0)
        _take_bit_255(vm, _Z[7], small, _Y)
        chain.add_first(_Z[0], small)
        for i in _MORE:
            chain.hand_on(_Z[i])
        vm.movi(small, 19)
        vm.mov(_Y, _Z[0])
        chain.add_first(_Y, small)
        for i in _MORE:
            vm.mov(_Y, _Z[i])
            chain.hand_on(_Y)
        vm.extui(small, _Y, 31, 1)
        _times_19(vm, A, small)
        chain.add_first(_Z[0], A)
        for i in _MORE:
            chain.hand_on(_Z[i])
        vm.slli(_Z[7], _Z[7], 1)
        vm.srli(_Z[7], _Z[7], 1)
        vm.l32i(B, FRAME, D_SLOT)
        vm.store_cell(_Z, B)
        vm.give_back()
