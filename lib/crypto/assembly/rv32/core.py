"""The field VM on RV32IMC: entry, dispatch, and the ops that are the same in every field.

A field's module makes a :class:`Vm`, calls `control_ops`, writes its arithmetic ops with
``with vm.op(isa.MUL):`` and takes ``vm.source()``. Inside such a block D, A and B hold the
addresses of the instruction's cells. All of FREE may be used; PC, BANK and JUMPS must be as they
were when the block ends. An op that needs those three too calls `take_all` first, `give_back` at
its end, and finds its destination again with `reload_d` after that.

Every jump goes back: :mod:`.assembly` says why. So dispatch comes first, an op's loops end at
their bottom, and the jump table, whose entry n is a jump to op n, comes last.
"""

import contextlib

from .. import isa
from .assembly import Assembly

PC, BANK, JUMPS = "s0", "s1", "s11"
D, A, B = "a0", "a1", "a2"
_OP = "a3"

# What an op may change as it likes, beside D, A and B. Those named first are in reach of two-byte
# instructions. gp and tp are left alone: interrupts may rely on them.
FREE = (
    *("a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "ra"),
    *("s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10"),
)
ALL = (D, A, B, PC, BANK, JUMPS, *FREE)  # 28: what has to be back at the end comes first

# The frame: s0 to s11, ra, the VM's own registers, then words for anything.
_SAVED = (*(f"s{i}" for i in range(12)), "ra")
_PC_SLOT, _BANK_SLOT, _JUMPS_SLOT, TABLE_SLOT = 52, 56, 60, 64
SPILL = 68  # SPILL_WORDS words for what an op has no register for
SPILL_WORDS = 11
_FRAME = 112

WORDS = range(8)  # of a cell


class Vm(Assembly):
    """The function ``run(program, bank, table)`` of one field."""

    def __init__(self):
        super().__init__("run", "program", "bank", "table")
        self._handlers: dict[int, str] = {}
        self._enter()

    def _enter(self):
        self.addi("sp", "sp", -_FRAME)
        for i, register in enumerate(_SAVED):
            self.sw(register, "sp", 4 * i)
        self.mv(PC, "a0")
        self.mv(BANK, "a1")
        self.la(JUMPS, "jump_table")
        self.sw(BANK, "sp", _BANK_SLOT)
        self.sw(JUMPS, "sp", _JUMPS_SLOT)
        self.sw("a2", "sp", TABLE_SLOT)
        self.label("fetch")
        self.dispatch()
        self.label("leave")
        for i, register in enumerate(_SAVED):
            self.lw(register, "sp", 4 * i)
        self.addi("sp", "sp", _FRAME)
        self.back()
        self._handlers[isa.END] = "leave"

    def dispatch(self) -> None:
        """Go on with the next instruction; at the end of an op instead of a jump to ``fetch``."""
        self.lhu(_OP, PC, 0)
        self.lhu(D, PC, 2)
        self.lhu(A, PC, 4)
        self.lhu(B, PC, 6)
        self.addi(PC, PC, 8)
        self.add(_OP, _OP, JUMPS)
        self.add(D, D, BANK)
        self.add(A, A, BANK)
        self.add(B, B, BANK)
        self.c_jr(_OP)

    @contextlib.contextmanager
    def op(self, number: int, *also: int, goes_on: bool = True):
        """The code of op ``number`` (and of others that are the same).

        The next instruction comes by itself, or by the op's own jump if it is not ``goes_on``.
        """
        name = f"op_{number}"
        for n in (number, *also):
            if n in self._handlers:
                raise ValueError(f"op {n} is there already")
            self._handlers[n] = name
        self.label(name)
        yield
        if goes_on:
            self.dispatch()

    def take_all(self) -> None:
        """From here to `give_back` an op may use ALL."""
        self.sw(PC, "sp", _PC_SLOT)

    def give_back(self) -> None:
        self.lw(PC, "sp", _PC_SLOT)
        self.lw(BANK, "sp", _BANK_SLOT)
        self.lw(JUMPS, "sp", _JUMPS_SLOT)

    def reload_d(self) -> None:
        """D again, from the instruction."""
        self.lhu(D, PC, -6)
        self.add(D, D, BANK)

    def number(self, register: str) -> None:
        """Turn D, A or B, which is an address, into the number in the instruction."""
        self.sub(register, register, BANK)

    def load_cell(self, registers, base: str, offset: int = 0) -> None:
        for i, register in enumerate(registers):
            self.lw(register, base, offset + 4 * i)

    def store_cell(self, registers, base: str, offset: int = 0) -> None:
        for i, register in enumerate(registers):
            self.sw(register, base, offset + 4 * i)

    def source(self) -> str:
        """The whole module. Ops that are not there return, as END does."""
        self.label("jump_table")
        for number in range(max(self._handlers) + 1):
            self.jal("zero", self._handlers.get(number, "leave"))
        return super().source()


def control_ops(vm: Vm) -> None:
    """All ops that know nothing of a field."""
    _flow(vm)
    _cells(vm)
    _masks(vm)


def _flow(vm):
    with vm.op(isa.NEXT):
        left, position, cursor, step = "a3", "a4", "a5", "t0"
        vm.lw(left, D, 0)
        vm.lw(position, D, 4)
        vm.lw(cursor, D, 8)
        vm.lw(step, D, 12)
        vm.addi(left, left, -1)
        vm.addi(position, position, -1)
        vm.add(cursor, cursor, step)
        vm.sw(left, D, 0)
        vm.sw(position, D, 4)
        vm.sw(cursor, D, 8)
        vm.beq(left, "zero", "fetch")
        vm.number(A)
        vm.sub(PC, PC, A)
    with vm.op(isa.JUMP):
        vm.number(A)
        vm.add(PC, PC, A)
    with vm.op(isa.SETW):
        vm.lw("a3", PC, -4)  # halfwords a and b as one word
        vm.sw("a3", D, 0)


def _cells(vm):
    with vm.op(isa.COPY):
        vm.number(B)
        vm.label("copy_cells")  # B cells from A to D
        for i in WORDS:
            vm.lw("a3", A, 4 * i)
            vm.sw("a3", D, 4 * i)
        vm.addi(A, A, isa.CELL)
        vm.addi(D, D, isa.CELL)
        vm.addi(B, B, -1)
        vm.bne(B, "zero", "copy_cells")
    with vm.op(isa.LOAD):
        vm.number(A)
        vm.number(B)
        vm.lw("a3", "sp", TABLE_SLOT)
        vm.add(A, A, "a3")
        vm.label("load_cells")  # B (not 0) cells from A, wherever it points, to D
        vm.andi("a3", A, 3)
        vm.beq("a3", "zero", "copy_cells")
        vm.slli(B, B, 3)
        vm.label("load_words")
        unaligned_word(vm, "a3", A, 0, "a4")
        vm.sw("a3", D, 0)
        vm.addi(A, A, 4)
        vm.addi(D, D, 4)
        vm.addi(B, B, -1)
        vm.bne(B, "zero", "load_words")


def unaligned_word(vm: Vm, to: str, base: str, offset: int, scratch: str) -> None:
    """Four bytes at base + offset, which need not be a multiple of 4."""
    vm.lbu(to, base, offset)
    for i in (1, 2, 3):
        vm.lbu(scratch, base, offset + i)
        vm.slli(scratch, scratch, 8 * i)
        vm.or_(to, to, scratch)


def _masks(vm):
    with vm.op(isa.BIT):
        position, word, before = "a3", "a4", "a5"
        vm.lw(position, B, 4)
        vm.srli(word, position, 5)
        vm.slli(word, word, 2)
        vm.add(A, A, word)
        vm.lw(word, A, 0)
        vm.lw(before, D, 4)
        vm.srl(word, word, position)  # by position modulo 32
        vm.andi(word, word, 1)
        vm.sw(word, D, 4)
        vm.xor(word, word, before)
        vm.sub(word, "zero", word)
        vm.sw(word, D, 0)
    with vm.op(isa.CSWAP):
        mask, left, right, change = "t0", "a3", "a4", "a5"
        vm.lw(mask, B, 0)
        for i in WORDS:
            vm.lw(left, D, 4 * i)
            vm.lw(right, A, 4 * i)
            vm.xor(change, left, right)
            vm.and_(change, change, mask)
            vm.xor(left, left, change)
            vm.xor(right, right, change)
            vm.sw(left, D, 4 * i)
            vm.sw(right, A, 4 * i)
    with vm.op(isa.CMOV):
        mask, kept, new = "a5", "a3", "a4"
        vm.lw(mask, B, 0)
        for i in WORDS:
            vm.lw(kept, D, 4 * i)
            vm.lw(new, A, 4 * i)
            vm.xor(new, new, kept)
            vm.and_(new, new, mask)
            vm.xor(kept, kept, new)
            vm.sw(kept, D, 4 * i)
    with vm.op(isa.EQ):
        difference, left, right = "a3", "a4", "a5"
        vm.li(difference, 0)
        for i in WORDS:
            vm.lw(left, A, 4 * i)
            vm.lw(right, B, 4 * i)
            vm.xor(left, left, right)
            vm.or_(difference, difference, left)
        vm.sltiu(difference, difference, 1)
        vm.sub(difference, "zero", difference)
        vm.sw(difference, D, 0)
