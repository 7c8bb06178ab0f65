"""Arithmetic modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1, the prime of P-256, on RV32IMC.

Numbers are in Montgomery form: a stands for a / R with R = 2^256, so MUL gives a * b / R. They are
canonical, 0 to p - 1, on the way in and on the way out: a number has one form, FREEZE is not
needed after an op, and no op has a second reduction for what is slightly too large. MUL needs only
that one operand is below p (the other below 2^256), FREEZE takes anything.

The division by R is what makes this prime cheap. p = -1 modulo 2^96, so the multiple of p that
makes the lowest word c of a sum zero is c itself, no multiplication is needed to find it, and
adding c * p there is, as p + 1 has few digits,

    word  0      3      6      7      8
         -c     +c     +c     -c     +c        (-c makes the word zero)

Sums are formed column by column (product scanning), words 0 to 7 giving the c's on the way, words
8 to 15 the result. A column begins with the carry of the one before, whose upper word is as small
as the number of carries: while that is so, adding a c costs 3 instructions; after the first
product it would be 5. So the c's come first. -c at one word and +c at the next are one addition of
c * (2^32 - 1), which keeps every sum positive, so that no carry has a sign.

Constant time: no branch, no address depends on a number here. Only ``JUMP_UNLESS_ZERO`` is for
public ones.

    JUMP_UNLESS_ZERO  d, a      if cell d is not 0, jump ahead a bytes, counted from the next
                                instruction. Public.
    REVERSE           d, a      d = the bytes of a in the opposite order; d is another cell than a
"""

from .. import isa
from .column import Column, Registers
from .core import ALL, PC, SPILL, WORDS, A, B, D, Vm, control_ops
from .tables import pick_ops

JUMP_UNLESS_ZERO, REVERSE = isa.FIELD_OWN, isa.FIELD_OWN + 1


def source() -> str:
    """The module for a board."""
    vm = Vm()
    control_ops(vm)
    pick_ops(vm)
    _multiply(vm)
    _square(vm)
    _add(vm)
    _subtract(vm)
    _freeze(vm)
    _jump_unless_zero(vm)
    reverse_op(vm)
    return vm.source()


class _Reduction:
    """The c's of the module's text, as columns 0 to 14 go by; words 8 to 15 are the result."""

    def __init__(self, column: Column):
        self._column = column
        self._words: list[str] = []  # the c's
        self.result: list[str] = []

    def begin(self, k: int, *words: str) -> None:
        """What column k gets before its products: c's, and other ``words``."""
        for word in words:
            self._column.add_word(word)
        for i in (k - 3, k - 6):
            if 0 <= i < 8:
                self._column.add_word(self._words[i])
                self._column.registers.used(self._words[i])
        if 7 <= k:
            self._column.add_word_and_minus(self._words[k - 7])
            self._column.registers.used(self._words[k - 7])

    def end(self, k: int) -> None:
        """Column k is complete."""
        word = self._column.shifted()
        if k < 8:
            self._column.registers.counted(word, 3)
            self._words.append(word)
        else:
            self.result.append(word)


def _multiply(vm):
    """All 28 registers: eight words of each operand, five for the column, seven c's. The last c
    finds a place because column 8 needs neither operand's lowest word any more."""
    with vm.op(isa.MUL):
        vm.take_all()
        vm.sw(D, "sp", SPILL)
        registers = Registers(register for register in ALL if register not in (A, B))
        x = _load_operand(vm, registers, A, [8] * 8)
        y = _load_operand(vm, registers, B, [8] * 8)
        column = Column(vm, registers)
        reduction = _Reduction(column)
        for k in range(15):
            reduction.begin(k)
            for i in range(max(0, k - 7), min(k, 7) + 1):
                column.add_product(x[i], y[k - i])
                registers.used(x[i], y[k - i])
            reduction.end(k)
        _store_result(vm, column, reduction)
        vm.give_back()


def _square(vm):
    """As MUL, but the product of two different words is formed once, with the double of one.

    Row i is x[i] times all words above it, and these are doubled as one number: the lowest is
    x[i + 1] << 1, the others are (x[j] << 1) + (x[j - 1] >> 31) in every row, and the bit that
    comes out of x[7] stands at word 8.
    """
    with vm.op(isa.SQR):
        vm.number(B)
        vm.take_all()
        vm.sw(D, "sp", SPILL)
        vm.sw(B, "sp", SPILL + 4)  # how many squarings are left
        vm.label("square")
        registers = Registers(register for register in ALL if register != A)
        x = _load_operand(vm, registers, A, [_uses_in_square(i) for i in WORDS])
        top_bit = registers.take(7)  # as a mask
        vm.srai(top_bit, x[7], 31)
        column = Column(vm, registers)
        reduction = _Reduction(column)
        doubled: dict[int, str] = {}
        for k in range(15):
            if 2 <= k < 8:
                doubled[k] = registers.take(k - 1)
                vm.srli(column.l, x[k - 1], 31)
                vm.slli(doubled[k], x[k], 1)
                vm.or_(doubled[k], doubled[k], column.l)
            if 8 <= k:
                vm.and_(column.h, x[k - 8], top_bit)
                registers.used(x[k - 8], top_bit)
                reduction.begin(k, column.h)
            else:
                reduction.begin(k)
            for i in range(max(0, k - 7), (k + 1) // 2):
                if k - i == i + 1:
                    vm.slli(column.h, x[k - i], 1)
                    column.add_product(x[i], column.h)
                    registers.used(x[i], x[k - i])
                else:
                    column.add_product(x[i], doubled[k - i])
                    registers.used(x[i], doubled[k - i])
            if k % 2 == 0:
                column.add_product(x[k // 2], x[k // 2])
                registers.used(x[k // 2])
            reduction.end(k)
        left = _store_result(vm, column, reduction)
        vm.lw(A, "sp", SPILL)
        vm.lw(left, "sp", SPILL + 4)
        vm.addi(left, left, -1)
        vm.sw(left, "sp", SPILL + 4)
        vm.bne(left, "zero", "square")
        vm.give_back()


def _uses_in_square(i):
    """Of x[i]: in its row, as the lowest word of the row before, with the bit at word 8, squared.

    Those in doubled words come before the last of these.
    """
    return 7 - i + (i > 0) + (i < 7) + 1


def _load_operand(vm, registers, base, uses):
    """Eight words at ``base``, the last in that register itself."""
    words = [registers.take(uses[i]) for i in range(7)] + [base]
    registers.counted(base, uses[7])
    vm.load_cell(words, base)
    return words


def _store_result(vm, column, reduction):
    """Words 8 to 15 and the carry, reduced, to the cell in SPILL. Gives a free register."""
    result = [*reduction.result, column.shifted()]
    _reduce_once(vm, result, column.low, column.l, column.h)
    vm.lw(column.l, "sp", SPILL)
    vm.store_cell(result, column.l)
    return column.l


def _reduce_once(vm, x, carry, t, u):
    """x, eight words and a carry, minus p if that is not negative. The registers are used up.

    p is, from the top, ffffffff 00000001 00000000 (3 times) ffffffff (3 times).
    """
    vm.or_(t, x[3], x[4])
    vm.or_(t, t, x[5])
    vm.and_(u, x[0], x[1])
    vm.and_(u, u, x[2])
    vm.addi(u, u, 1)
    vm.sltiu(u, u, 1)
    vm.or_(t, t, u)
    vm.sltu(t, "zero", t)  # words 0 to 5 are not below those of p
    vm.xori(t, t, 1)
    vm.sltu(t, t, x[6])  # words 0 to 6
    vm.addi(u, x[7], 1)
    vm.sltiu(u, u, 1)
    vm.and_(t, t, u)
    vm.or_(carry, carry, t)
    # Adding 2^256 - p = 2^224 - 2^192 - 2^96 + 1 is subtracting p.
    vm.add(x[0], x[0], carry)
    vm.sltu(t, x[0], carry)
    _ripple(vm, x[1:3], t)
    vm.sub(t, carry, t)  # a borrow from here on
    vm.sltu(u, x[3], t)
    vm.sub(x[3], x[3], t)
    vm.sltu(t, x[4], u)
    vm.sub(x[4], x[4], u)
    vm.sltu(u, x[5], t)
    vm.sub(x[5], x[5], t)
    vm.add(u, u, carry)
    vm.sltu(t, x[6], u)
    vm.sub(x[6], x[6], u)
    vm.sub(t, carry, t)
    vm.add(x[7], x[7], t)


def _ripple(vm, words, carry):
    for word in words:
        vm.add(word, word, carry)
        vm.sltu(carry, word, carry)


def _add(vm):
    x, y, carry, t = _SUM, "a6", "a7", "ra"
    with vm.op(isa.ADD):
        for i in WORDS:
            vm.lw(x[i], A, 4 * i)
            vm.lw(y, B, 4 * i)
            vm.add(x[i], x[i], y)
            if i == 0:
                vm.sltu(carry, x[i], y)
            else:
                vm.sltu(t, x[i], y)
                vm.add(x[i], x[i], carry)
                vm.sltu(carry, x[i], carry)
                vm.or_(carry, carry, t)
        _reduce_once(vm, x, carry, t, y)
        vm.store_cell(x, D)


def _subtract(vm):
    x, y, borrow, t = _SUM, "a6", "a7", "ra"
    with vm.op(isa.SUB):
        for i in WORDS:
            vm.lw(x[i], A, 4 * i)
            vm.lw(y, B, 4 * i)
            if i == 0:
                vm.sltu(borrow, x[i], y)
                vm.sub(x[i], x[i], y)
            else:
                vm.sltu(t, x[i], y)
                vm.sub(x[i], x[i], y)
                vm.sltu(y, x[i], borrow)
                vm.sub(x[i], x[i], borrow)
                vm.or_(borrow, t, y)
        # Plus p if it is negative: minus 2^256 - p, as in _reduce_once.
        vm.sltu(t, x[0], borrow)
        vm.sub(x[0], x[0], borrow)
        vm.sltu(y, x[1], t)
        vm.sub(x[1], x[1], t)
        vm.sltu(t, x[2], y)
        vm.sub(x[2], x[2], y)
        vm.sub(t, borrow, t)  # a carry from here on
        _ripple(vm, x[3:6], t)
        vm.add(t, t, borrow)
        _ripple(vm, x[6:7], t)
        vm.sub(t, t, borrow)
        vm.add(x[7], x[7], t)
        vm.store_cell(x, D)


_SUM = ("a3", "a4", "a5", "t0", "t1", "t2", "t3", "t4")


def _freeze(vm):
    with vm.op(isa.FREEZE):
        vm.load_cell(_SUM, A)
        vm.li("a7", 0)
        _reduce_once(vm, _SUM, "a7", "a6", "ra")
        vm.store_cell(_SUM, D)


def _jump_unless_zero(vm):
    with vm.op(JUMP_UNLESS_ZERO):
        vm.number(A)
        vm.lw("a3", D, 0)
        for i in WORDS[1:]:
            vm.lw("a4", D, 4 * i)
            vm.or_("a3", "a3", "a4")
        vm.sltu("a3", "zero", "a3")
        vm.sub("a3", "zero", "a3")
        vm.and_(A, A, "a3")
        vm.add(PC, PC, A)


def reverse_op(vm: Vm) -> None:
    """REVERSE, for ``modular`` too: what comes from outside is big-endian."""
    with vm.op(REVERSE):
        vm.addi(B, A, isa.CELL)
        vm.addi(D, D, isa.CELL - 1)
        vm.label("reverse")
        vm.lbu("a3", A, 0)
        vm.sb("a3", D, 0)
        vm.addi(A, A, 1)
        vm.addi(D, D, -1)
        vm.bne(A, B, "reverse")
