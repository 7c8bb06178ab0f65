"""The ops of the field VM that take an entry of a table of constants or multiples, on Xtensa."""

from .. import isa
from .cells import copy_cells, copy_from_table, unaligned
from .core import BANK, FRAME, PC, SPILL, TABLE_SLOT, WORDS, A, B, D, Vm


def table_ops(vm: Vm, wanted) -> None:
    """PICK, SELECT and their twins that read from ``table``: those of them that are wanted."""
    if isa.PICK in wanted:
        _pick(vm, isa.PICK, copy_cells)
    if isa.PICKT in wanted:
        _pick(vm, isa.PICKT, copy_from_table)
    for number in (isa.SELECT, isa.SELECTT):
        if number in wanted:
            _select(vm, number)


def _digit(vm, digit, position):
    """The signed byte at A + position of the loop cell B."""
    vm.l32i(position, B, 4)
    vm.add(A, A, position)
    vm.l8ui(digit, A, 0)
    vm.slli(digit, digit, 24)
    vm.srai(digit, digit, 24)


def _pick(vm, number, copy):
    """Public digit, so branches are as good as any."""
    digit, start, size, distance = "a10", "a11", "a12", "a13"
    with vm.op(number):
        nothing, positive = vm.new_label(), vm.new_label()
        _digit(vm, digit, "a7")
        vm.l16ui(start, PC, 0)
        vm.l16ui(size, PC, 2)
        vm.l16ui(distance, PC, 4)
        vm.l16ui("a14", PC, 6)
        vm.addi(PC, PC, 8)
        vm.l32i(A, B, 8)  # cursor
        vm.beqz(digit, nothing)
        vm.movi(distance, 0)
        vm.bgez(digit, positive)
        vm.mov(distance, "a14")
        vm.neg(digit, digit)
        vm.label(positive)
        vm.srli(digit, digit, 1)
        vm.mull(digit, digit, size)
        vm.add(A, A, start)
        vm.add(A, A, digit)
        if number == isa.PICKT:
            vm.l32i(start, FRAME, TABLE_SLOT)
            vm.add(A, A, start)
        else:
            vm.add(A, A, BANK)
        vm.srli(size, size, 5)
        copy(vm, size)
        vm.label(nothing)
        vm.add(PC, PC, distance)


_DIGIT, _SIZE, _ENTRIES, _FIRST = SPILL, SPILL + 4, SPILL + 8, SPILL + 12
_CELLS, _DESTINATION, _ADVANCED = SPILL + 16, SPILL + 20, SPILL + 24


def _select(vm, number):
    """Cell after cell of the destination; for each, the same cell of all entries is read."""
    from_table = number == isa.SELECTT
    with vm.op(number):
        digit, sign, start, size, entries = "a7", "a8", "a9", "a10", "a11"
        _digit(vm, digit, "a12")
        vm.srai(sign, digit, 31)
        vm.xor(digit, digit, sign)
        vm.sub(digit, digit, sign)
        vm.l16ui(start, PC, 0)
        vm.l16ui(size, PC, 2)
        vm.l16ui(entries, PC, 4)
        vm.l16ui("a12", PC, 6)
        vm.add("a12", "a12", BANK)
        vm.s32i(sign, "a12", 0)
        vm.addi(PC, PC, 8)
        vm.l32i(A, B, 8)  # cursor
        vm.add(A, A, start)
        if from_table:
            vm.l32i(start, FRAME, TABLE_SLOT)
            vm.add(A, A, start)
        else:
            vm.add(A, A, BANK)
        vm.s32i(digit, FRAME, _DIGIT)
        vm.s32i(size, FRAME, _SIZE)
        vm.s32i(entries, FRAME, _ENTRIES)
        vm.s32i(A, FRAME, _FIRST)
        vm.srli(size, size, 5)
        vm.s32i(size, FRAME, _CELLS)
        vm.s32i(D, FRAME, _DESTINATION)
        vm.take_all()
        # All 15: eight words, a word read in two halves, its pointers, a mask, counters.
        words = ("a2", "a3", "a4", "a7", "a8", "a9", "a10", "a11")
        low, high, behind, mask, left, ahead = "a12", "a13", "a14", "a15", "a0", B
        cell, entry = vm.new_label(), vm.new_label()
        vm.label(cell)
        if from_table:
            unaligned(vm, A, behind, low)
        vm.l32i(high, FRAME, _DESTINATION)
        vm.l32i(ahead, FRAME, _DIGIT)
        _mask_if_zero(vm, mask, ahead, low)
        for i in WORDS:  # what stays if the digit is 0
            vm.l32i(words[i], high, 4 * i)
            vm.and_(words[i], words[i], mask)
        vm.l32i(left, FRAME, _ENTRIES)
        vm.label(entry)
        vm.addi(ahead, ahead, -1)
        _mask_if_zero(vm, mask, ahead, low)
        for i in WORDS:
            vm.l32i(low, A, 4 * i)
            if from_table:
                vm.l32i(high, behind, 4 * i)
                vm.src(low, high, low)
            vm.and_(low, low, mask)
            vm.or_(words[i], words[i], low)
        vm.l32i(low, FRAME, _SIZE)
        vm.addi(left, left, -1)
        vm.add(A, A, low)
        if from_table:
            vm.add(behind, behind, low)
        vm.bnez(left, entry)
        vm.l32i(high, FRAME, _DESTINATION)
        vm.l32i(A, FRAME, _FIRST)
        vm.l32i(left, FRAME, _CELLS)
        vm.store_cell(words, high)
        vm.addi(high, high, isa.CELL)
        vm.addi(A, A, isa.CELL)
        vm.addi(left, left, -1)
        vm.s32i(high, FRAME, _DESTINATION)
        vm.s32i(A, FRAME, _FIRST)
        vm.s32i(left, FRAME, _CELLS)
        vm.bnez(left, cell)
        vm.give_back()


def _mask_if_zero(vm, mask, value, scratch):
    vm.movi(mask, 0)
    vm.movi(scratch, -1)
    vm.moveqz(mask, scratch, value)
