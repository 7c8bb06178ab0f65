"""Moving cells on Xtensa: from cell to cell, from a table anywhere, and exchanging them."""

from .. import isa
from .core import WORDS, A, D, Vm


def copy_cells(vm: Vm, count: str) -> None:
    """``count`` cells from A to D; all three registers are spoilt, and a7."""
    again = vm.new_label()
    vm.label(again)
    for i in WORDS:
        vm.l32i("a7", A, 4 * i)
        vm.s32i("a7", D, 4 * i)
    vm.addi(A, A, isa.CELL)
    vm.addi(D, D, isa.CELL)
    vm.addi(count, count, -1)
    vm.bnez(count, again)


def copy_from_table(vm: Vm, count: str) -> None:
    """As copy_cells, but A may point anywhere; a7 to a9 are spoilt."""
    low, high, behind = "a7", "a8", "a9"
    unaligned(vm, A, behind, low)
    again = vm.new_label()
    vm.label(again)
    for i in WORDS:
        vm.l32i(low, A, 4 * i)
        vm.l32i(high, behind, 4 * i)
        vm.src(low, high, low)
        vm.s32i(low, D, 4 * i)
    vm.addi(A, A, isa.CELL)
    vm.addi(behind, behind, isa.CELL)
    vm.addi(D, D, isa.CELL)
    vm.addi(count, count, -1)
    vm.bnez(count, again)


def unaligned(vm: Vm, pointer: str, behind: str, scratch: str) -> None:
    """Make ready to read words from wherever ``pointer`` points to: ``src(to, word at behind,
    word at pointer)``, both rounded to words.

    The first is rounded down, the second up: of a word that lies as it should they are the same,
    so nothing is read of which not at least one byte is wanted.
    """
    vm.ssa8l(pointer)
    vm.movi(scratch, -4)
    vm.addi(behind, pointer, 3)
    vm.and_(behind, behind, scratch)
    vm.and_(pointer, pointer, scratch)


def reverse_op(vm: Vm, number: int) -> None:
    """The op ``number``, d, a: cell d = the 32 bytes of cell a in the opposite order."""
    word, turned = "a7", "a8"
    with vm.op(number):
        vm.ssai(8)
        for i in WORDS:
            vm.l32i(word, A, 4 * i)
            vm.srli(turned, word, 16)  # of bytes 3210: ..32
            vm.src(turned, turned, word)  # 2321
            vm.src(turned, turned, turned)  # 1232
            vm.src(word, word, turned)  # 0123
            vm.s32i(word, D, isa.CELL - 4 - 4 * i)


def swap_cells(vm: Vm, left: str, right: str, mask: str, offset: int, other: int) -> None:
    """Exchange cell ``left`` + offset and cell ``right`` + other if the mask is set."""
    x, y, change = "a7", "a8", "a9"
    for i in WORDS:
        vm.l32i(x, left, offset + 4 * i)
        vm.l32i(y, right, other + 4 * i)
        vm.xor(change, x, y)
        vm.and_(change, change, mask)
        vm.xor(x, x, change)
        vm.xor(y, y, change)
        vm.s32i(x, left, offset + 4 * i)
        vm.s32i(y, right, other + 4 * i)
