"""The ops of the field VM that know nothing of a field, on Xtensa, but for digits and tables."""

from .. import isa
from .cells import copy_cells, copy_from_table, swap_cells
from .core import FRAME, PC, TABLE_SLOT, WORDS, A, B, D, Vm
from .digits import digit_ops
from .tables import table_ops


def control_ops(vm: Vm, *tables: int) -> None:
    """The ops that know nothing of a field; of those for digits and tables the ``tables``, since
    they are long and no field has a use for all of them but one."""
    _flow(vm)
    _cells(vm)
    _masks(vm)
    table_ops(vm, tables)
    digit_ops(vm, tables)


def _flow(vm):
    with vm.op(isa.NEXT):
        left, position, cursor, step, zero = "a7", "a8", "a9", "a10", "a11"
        vm.l32i(left, D, 0)
        vm.l32i(position, D, 4)
        vm.l32i(cursor, D, 8)
        vm.l32i(step, D, 12)
        vm.addi(left, left, -1)
        vm.addi(position, position, -1)
        vm.add(cursor, cursor, step)
        vm.s32i(left, D, 0)
        vm.s32i(position, D, 4)
        vm.s32i(cursor, D, 8)
        vm.number(A)
        vm.movi(zero, 0)
        vm.moveqz(A, zero, left)
        vm.sub(PC, PC, A)
    with vm.op(isa.JUMP):
        vm.number(A)
        vm.add(PC, PC, A)
    with vm.op(isa.SETW):
        vm.addi("a7", PC, -4)
        vm.l32i("a7", "a7", 0)  # halfwords a and b as one word
        vm.s32i("a7", D, 0)


def _cells(vm):
    with vm.op(isa.COPY):
        vm.number(B)
        copy_cells(vm, B)
    with vm.op(isa.LOAD):
        vm.number(A)
        vm.number(B)
        vm.l32i("a7", FRAME, TABLE_SLOT)
        vm.add(A, A, "a7")
        copy_from_table(vm, B)


def _masks(vm):
    with vm.op(isa.BIT):
        position, word, before = "a7", "a8", "a9"
        vm.l32i(position, B, 4)
        vm.l32i(before, D, 4)
        vm.ssr(position)  # by position modulo 32
        vm.extui(word, position, 5, 3)
        vm.addx4(A, word, A)
        vm.l32i(word, A, 0)
        vm.srl(word, word)
        vm.extui(word, word, 0, 1)
        vm.s32i(word, D, 4)
        vm.xor(word, word, before)
        vm.neg(word, word)
        vm.s32i(word, D, 0)
    with vm.op(isa.CSWAP):
        vm.l32i("a10", B, 0)
        swap_cells(vm, D, A, "a10", 0, 0)
    with vm.op(isa.CMOV):
        mask, kept, new = "a7", "a8", "a9"
        vm.l32i(mask, B, 0)
        for i in WORDS:
            vm.l32i(kept, D, 4 * i)
            vm.l32i(new, A, 4 * i)
            vm.movnez(kept, new, mask)
            vm.s32i(kept, D, 4 * i)
    with vm.op(isa.EQ):
        difference, left, right, zero = "a7", "a8", "a9", "a10"
        vm.movi(difference, 0)
        for i in WORDS:
            vm.l32i(left, A, 4 * i)
            vm.l32i(right, B, 4 * i)
            vm.xor(left, left, right)
            vm.or_(difference, difference, left)
        vm.movi(zero, 0)
        vm.movi(left, -1)
        vm.movnez(left, zero, difference)
        vm.s32i(left, D, 0)
