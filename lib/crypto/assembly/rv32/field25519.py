"""GF(2^255 - 19) on RV32IMC: the field's arithmetic for the VM of :mod:`.core`.

A value is any number below 2^256; 2^255 counts as 19 and 2^256 as 38. The trick of all ops here:
the *top* word is computed first. What of it is 2^255 and above is taken off and goes, times 19, in
at the bottom as the first carry. The carry that then arrives at the top is small and has room,
since the top word is below 2^31; so no carry ever has to run through the number a second time.
"""

from .. import isa
from .core import ALL, BANK, JUMPS, PC, SPILL, A, B, D, Vm, control_ops
from .tables import pick_ops, recode_op, select_ops, wnaf_op
from .wide import Registers, product, square

_LOW = range(7)  # all words but the top one
_A24 = 121665  # (486662 - 2) / 4: MULS is for the ladder of RFC 7748


def source() -> str:
    """The module's text: one function, ``run(program, bank, table)``."""
    vm = Vm()
    control_ops(vm)
    pick_ops(vm)
    select_ops(vm)
    wnaf_op(vm)
    recode_op(vm)
    _multiply(vm)
    _square(vm)
    _add(vm)
    _sub(vm)
    _sumdif(vm)
    _muls(vm)
    _freeze(vm)
    _ladder(vm)
    return vm.source()


def _fold(vm, words, registers):
    """The residue of 16 words, in the lower 8, top below 2^31 + 2^6.

    words[k] + 38 * words[k + 8]. A product with 38 has a high word below 38, so what is carried
    from one word to the next stays below 64, and the first carry below 38 * 38 + 19.
    """
    top = words[7]
    k38, low, high, carry = (registers.take() for _ in range(4))
    vm.li(k38, 38)
    vm.mul(low, words[15], k38)
    vm.mulhu(carry, words[15], k38)
    vm.add(top, top, low)
    vm.sltu(low, top, low)
    vm.add(carry, carry, low)
    vm.mul(carry, carry, k38)
    _take_bit_255(vm, top, carry, low)
    for k in _LOW:
        vm.mul(low, words[k + 8], k38)
        vm.mulhu(high, words[k + 8], k38)
        vm.add(low, low, carry)
        vm.sltu(carry, low, carry)
        vm.add(words[k], words[k], low)
        vm.sltu(low, words[k], low)
        vm.add(carry, carry, high)
        vm.add(carry, carry, low)
    vm.add(top, top, carry)


def _take_bit_255(vm, top, carry, scratch):
    """Clear the top bit of the top word; if it was set, carry += 19."""
    vm.srai(scratch, top, 31)
    vm.andi(scratch, scratch, 19)
    vm.add(carry, carry, scratch)
    vm.slli(top, top, 1)
    vm.srli(top, top, 1)


def _multiply(vm):
    with vm.op(isa.MUL):
        vm.take_all()
        registers = Registers(r for r in ALL if r not in (A, B))
        # The last load of either goes to the register that held the address.
        x = [registers.take() for _ in _LOW] + [A]
        y = [registers.take() for _ in _LOW] + [B]
        vm.load_cell(x, A)
        vm.load_cell(y, B)
        words = product(vm, x, y, registers)
        _finish(vm, words, registers)


def _square(vm):
    count = SPILL  # on the stack, as the address that B is of it: BANK + count
    vm.label("square_again")
    vm.mv(A, D)
    with vm.op(isa.SQR):
        vm.take_all()
        vm.sw(B, "sp", count)
        registers = Registers(r for r in ALL if r != A)
        x = [registers.take() for _ in _LOW] + [A]
        vm.load_cell(x, A)
        words = square(vm, x, registers)
        _finish(vm, words, registers)
        vm.lw(B, "sp", count)
        vm.addi(B, B, -1)
        vm.bne(B, BANK, "square_again")


def _finish(vm, words, registers):
    """Fold 16 words, give the VM its registers back and store the result."""
    _fold(vm, words, registers)
    kept = words[:8]
    homes = (PC, BANK, JUMPS, D)
    for word in kept:
        if word in homes:
            raise ValueError(f"{word} would be lost")
    vm.give_back()
    vm.reload_d()
    vm.store_cell(kept, D)


def _add_top(vm, to, x, y, carry, scratch):
    """The top word of x + y, below 2^31, and the first carry."""
    vm.add(to, x, y)
    vm.sltu(carry, to, y)
    vm.sub(carry, "zero", carry)
    vm.andi(carry, carry, 38)
    _take_bit_255(vm, to, carry, scratch)


def _add_word(vm, to, x, y, carry, scratch):
    """to = x + y + carry; ``to`` may be x."""
    vm.add(to, x, y)
    vm.sltu(scratch, to, y)
    vm.add(to, to, carry)
    vm.sltu(carry, to, carry)
    vm.add(carry, carry, scratch)


def _sub_top(vm, to, x, y, borrow, scratch):
    """The top word of x - y + 2^255, 2^31 or above, and the first borrow.

    What is taken off is a multiple of 2^255, and bit 255 always stays: one borrow has room. As
    the multiple may be -2 to 1, a further one is taken off, and 19 more borrowed for it.
    ``to`` may be x, not y.
    """
    vm.sltu(borrow, x, y)
    vm.sub(to, x, y)
    vm.sub(borrow, "zero", borrow)
    vm.andi(borrow, borrow, 38)
    vm.srai(scratch, to, 31)
    vm.xori(scratch, scratch, -1)
    vm.andi(scratch, scratch, 19)
    vm.add(borrow, borrow, scratch)
    vm.lui(scratch, 0x80000)
    vm.or_(to, to, scratch)


def _sub_word(vm, to, x, y, borrow, scratch):
    """to = x - y - borrow; ``to`` may be x, y is lost."""
    vm.sltu(scratch, x, y)
    vm.sub(to, x, y)
    vm.sltu(y, to, borrow)
    vm.sub(to, to, borrow)
    vm.add(borrow, scratch, y)


def _add(vm):
    with vm.op(isa.ADD):
        x, y, top, carry, scratch = "a3", "a4", "a5", "a6", "a7"
        vm.lw(x, A, 28)
        vm.lw(y, B, 28)
        _add_top(vm, top, x, y, carry, scratch)
        for k in _LOW:
            vm.lw(x, A, 4 * k)
            vm.lw(y, B, 4 * k)
            _add_word(vm, x, x, y, carry, scratch)
            vm.sw(x, D, 4 * k)
        vm.add(top, top, carry)
        vm.sw(top, D, 28)


def _sub(vm):
    with vm.op(isa.SUB):
        x, y, top, borrow, scratch = "a3", "a4", "a5", "a6", "a7"
        vm.lw(x, A, 28)
        vm.lw(y, B, 28)
        _sub_top(vm, top, x, y, borrow, scratch)
        for k in _LOW:
            vm.lw(x, A, 4 * k)
            vm.lw(y, B, 4 * k)
            _sub_word(vm, x, x, y, borrow, scratch)
            vm.sw(x, D, 4 * k)
        vm.sub(top, top, borrow)
        vm.sw(top, D, 28)


def _sumdif(vm):
    with vm.op(isa.SUMDIF):
        x, y, total = "a3", "a4", "a5"
        sum_top, carry, difference_top, borrow, scratch = "t0", "t1", "t2", "t3", "t4"
        vm.lw(x, A, 28)
        vm.lw(y, B, 28)
        _add_top(vm, sum_top, x, y, carry, scratch)
        _sub_top(vm, difference_top, x, y, borrow, scratch)
        for k in _LOW:
            vm.lw(x, A, 4 * k)
            vm.lw(y, B, 4 * k)
            _add_word(vm, total, x, y, carry, scratch)
            vm.sw(total, D, 4 * k)
            _sub_word(vm, x, x, y, borrow, scratch)
            vm.sw(x, D, 4 * k + isa.CELL)
        vm.add(sum_top, sum_top, carry)
        vm.sub(difference_top, difference_top, borrow)
        vm.sw(sum_top, D, 28)
        vm.sw(difference_top, D, 28 + isa.CELL)


def _muls(vm):
    with vm.op(isa.MULS):
        x, y = "a3", "a4"
        small, low, high, carry, top = "t0", "a5", "t1", "t2", "t3"
        vm.li(small, _A24)
        vm.lw(x, A, 28)
        vm.lw(top, B, 28)
        vm.mul(low, x, small)
        vm.mulhu(carry, x, small)
        vm.add(top, top, low)
        vm.sltu(low, top, low)
        vm.add(carry, carry, low)
        vm.li(low, 38)
        vm.mul(carry, carry, low)
        _take_bit_255(vm, top, carry, low)
        for k in _LOW:
            vm.lw(x, A, 4 * k)
            vm.lw(y, B, 4 * k)
            vm.mul(low, x, small)
            vm.mulhu(high, x, small)
            vm.add(low, low, carry)
            vm.sltu(carry, low, carry)
            vm.add(y, y, low)
            vm.sltu(low, y, low)
            vm.add(carry, carry, high)
            vm.add(carry, carry, low)
            vm.sw(y, D, 4 * k)
        vm.add(top, top, carry)
        vm.sw(top, D, 28)


def _freeze(vm):
    """Below 2^255 + 19 by taking bit 255 in; then p is taken off if + 19 reaches bit 255."""
    with vm.op(isa.FREEZE):
        words, carry, scratch = ("a3", "a4", "a5", "t0", "t1", "t2", "t3", "t4"), "t5", "t6"
        vm.load_cell(words, A)
        vm.li(carry, 0)
        _take_bit_255(vm, words[7], carry, scratch)
        _ripple(vm, words, carry)
        vm.addi(scratch, words[0], 19)
        vm.sltiu(carry, scratch, 19)
        for word in words[1:]:
            vm.add(scratch, word, carry)
            vm.sltu(carry, scratch, carry)
        vm.srli(carry, scratch, 31)
        vm.sub(carry, "zero", carry)
        vm.andi(carry, carry, 19)
        _ripple(vm, words, carry)
        vm.slli(words[7], words[7], 1)
        vm.srli(words[7], words[7], 1)
        vm.store_cell(words, D)


def _ripple(vm, words, carry):
    for word in words[:-1]:
        vm.add(word, word, carry)
        vm.sltu(carry, word, carry)
    vm.add(words[-1], words[-1], carry)


def _ladder(vm):
    """The two SUMDIFs at the start of a ladder's step, while exchanging the points they read."""
    with vm.op(isa.LADDER):
        mask, scratch, total = "t0", "t1", "a7"
        x2, z2, x3, z3 = "a3", "a4", "a5", "a6"
        tops = ("t2", "t3", "s2", "s3")
        carries = ("t4", "t5", "s4", "s5")

        def load(k):
            for i, register in enumerate((x2, z2, x3, z3)):
                vm.lw(register, A, 4 * k + isa.CELL * i)
            for left, right in ((x2, x3), (z2, z3)):
                vm.xor(scratch, left, right)
                vm.and_(scratch, scratch, mask)
                vm.xor(left, left, scratch)
                vm.xor(right, right, scratch)

        vm.lw(mask, B, 0)
        load(7)
        for i, (x, z) in enumerate(((x2, z2), (x3, z3))):
            _add_top(vm, tops[2 * i], x, z, carries[2 * i], scratch)
            _sub_top(vm, tops[2 * i + 1], x, z, carries[2 * i + 1], scratch)
        for k in _LOW:
            load(k)
            for i, (x, z) in enumerate(((x2, z2), (x3, z3))):
                _add_word(vm, total, x, z, carries[2 * i], scratch)
                vm.sw(total, D, 4 * k + 2 * i * isa.CELL)
                _sub_word(vm, x, x, z, carries[2 * i + 1], scratch)
                vm.sw(x, D, 4 * k + (2 * i + 1) * isa.CELL)
        for i, (top, carry) in enumerate(zip(tops, carries, strict=True)):
            (vm.sub if i % 2 else vm.add)(top, top, carry)
            vm.sw(top, D, 28 + i * isa.CELL)
