"""The ops of the field VM that write a number in signed digits, on Xtensa."""

from .. import isa
from .core import FRAME, PRODUCT, WORDS, A, B, D, Vm

_NUMBER = PRODUCT  # eight words of the number whose digits are wanted, and zeros behind


def digit_ops(vm: Vm, wanted) -> None:
    """WNAF and RECODE: those of them that are wanted."""
    if isa.WNAF in wanted:
        _wnaf(vm)
    if isa.RECODE in wanted:
        _recode(vm)


def _number_to_frame(vm):
    zero = "a7"
    for i in WORDS:
        vm.l32i("a8", A, 4 * i)
        vm.s32i("a8", FRAME, _NUMBER + 4 * i)
    vm.movi(zero, 0)
    for i in WORDS:
        vm.s32i(zero, FRAME, _NUMBER + 32 + 4 * i)


def _bits(vm, to, position, scratch):
    """The bits from ``position`` on; which word they are in is public."""
    vm.srli(scratch, position, 5)
    vm.addx4(scratch, scratch, FRAME)
    vm.l32i(to, scratch, _NUMBER)
    vm.l32i(scratch, scratch, _NUMBER + 4)
    vm.ssr(position)
    vm.src(to, scratch, to)


def _wnaf(vm):
    """Public number. An odd rest gives a digit and takes the width's bits, an even one a zero."""
    position, carry, digit, scratch, limit = "a7", "a8", "a9", "a10", "a11"
    below, half, zero = "a12", "a13", "a14"
    with vm.op(isa.WNAF):
        vm.number(B)
        _number_to_frame(vm)
        vm.movi(zero, 0)
        vm.movi(limit, 72)
        vm.mov(scratch, D)
        clear, again = vm.new_label(), vm.new_label()
        even, done, small = vm.new_label(), vm.new_label(), vm.new_label()
        vm.label(clear)
        vm.s32i(zero, scratch, 0)
        vm.addi(scratch, scratch, 4)
        vm.addi(limit, limit, -1)
        vm.bnez(limit, clear)
        vm.movi(half, 1)
        vm.ssl(B)
        vm.sll(below, half)
        vm.srli(half, below, 1)
        vm.movi(position, 0)
        vm.movi(carry, 0)
        vm.movi(limit, 257)
        vm.label(again)
        _bits(vm, digit, position, scratch)
        vm.add(digit, digit, carry)
        vm.extui(scratch, digit, 0, 1)
        vm.beqz(scratch, even)
        vm.addi(scratch, below, -1)
        vm.and_(digit, digit, scratch)
        vm.movi(carry, 0)
        vm.blt(digit, half, small)
        vm.movi(carry, 1)
        vm.label(small)  # a byte: the same with and without `below` taken off for 8 bits
        vm.movi(scratch, 0)
        vm.movnez(scratch, below, carry)
        vm.sub(digit, digit, scratch)
        vm.add(scratch, D, position)
        vm.s8i(digit, scratch, 0)
        vm.add(position, position, B)
        vm.j(done)
        vm.label(even)
        vm.addi(position, position, 1)
        vm.label(done)
        vm.blt(position, limit, again)


def _recode(vm):
    """A digit is the next bits, the carry and half of what a digit can be, without that half."""
    position, carry, digit, scratch, below = "a7", "a8", "a9", "a10", "a11"
    half, limit = "a12", "a13"
    with vm.op(isa.RECODE):
        vm.number(B)
        _number_to_frame(vm)
        vm.movi(half, 1)
        vm.ssl(B)
        vm.sll(below, half)
        vm.srli(half, below, 1)
        vm.addi(below, below, -1)
        vm.movi(position, 0)
        vm.movi(carry, 0)
        vm.movi(limit, 257)
        again = vm.new_label()
        vm.label(again)
        _bits(vm, digit, position, scratch)
        vm.and_(digit, digit, below)
        vm.add(digit, digit, carry)
        vm.add(digit, digit, half)
        vm.ssr(B)
        vm.srl(carry, digit)
        vm.and_(digit, digit, below)
        vm.sub(digit, digit, half)
        vm.s8i(digit, D, 0)
        vm.addi(D, D, 1)
        vm.add(position, position, B)
        vm.blt(position, limit, again)
