"""The field VM on Xtensa: entry, dispatch, and what all ops share.

A field's module makes a :class:`Vm`, calls `control.control_ops`, writes its arithmetic ops with
``with vm.op(isa.MUL):`` and takes ``vm.source()``. Inside such a block D, A and B hold the
addresses of the instruction's cells. All of FREE may be used; PC and BANK must be as they were
when the block ends. An op that needs those too calls `take_all` first and `give_back` at its end;
the address of its destination is then in the frame at D_SLOT.

``run`` itself, as MicroPython writes it, has a frame of three words. So it calls at once, in the
way that this ABI has for it, a function of ours with a larger one; that function has fifteen
registers of its own, a0 and a2 to a15, and a1 to find its frame by.

The jump table lies right behind a CALL0, which thereby leaves its address in a0: code may lie
anywhere, and no data is read from instruction memory.
"""

import contextlib

from .. import isa
from .assembly import Assembly

PC, BANK = "a2", "a3"
D, A, B = "a4", "a5", "a6"
FRAME = "a1"

# What an op may change as it likes, beside D, A and B; and all there is, after take_all.
FREE = ("a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15", "a0")
ALL = (PC, BANK, D, A, B, *FREE)
_OP, _TABLE = "a7", "a8"

# The frame: 16 words for a product, in reach of two-byte instructions, and what the VM keeps.
# It ends in 32 bytes that belong to the handlers of window overflow.
PRODUCT = 0
_PC_SLOT, _BANK_SLOT, _JUMPS_SLOT, TABLE_SLOT, D_SLOT, _RETURN_SLOT = 64, 68, 72, 76, 80, 84
SPILL = 88  # SPILL_WORDS words for what an op has no register for
SPILL_WORDS = 10
_FRAME_BYTES = 160
_SLOT_BYTES = 4  # a jump, and a byte to make it as wide as an op's number is spaced

WORDS = range(8)  # of a cell


class Vm(Assembly):
    """The function ``run(program, bank, table)`` of one field."""

    def __init__(self):
        super().__init__("run", "program", "bank", "table")
        self._handlers: dict[int, str] = {isa.END: "leave"}
        self._labels = 0
        self._enter()

    def _enter(self):
        # Byte 15, behind MicroPython's own entry and the arguments: three moves of two bytes, the
        # call at byte 21, the jump, and from byte 28, a word further, ours.
        self.mov("a10", "a2")
        self.mov("a11", "a3")
        self.mov("a12", "a4")
        self.call8(1)
        self.j("end")
        self.align(4)
        self.entry(_FRAME_BYTES)
        self.s32i("a0", FRAME, _RETURN_SLOT)
        # Byte 34. The table is at 37; what comes after it begins on a word.
        self.call0((37 + _SLOT_BYTES * isa.OPS + 3) // 4 - 9)
        for number in range(isa.OPS):
            self.j(f"slot_{number}")
            self._data(1, 0)
        self.align(4)
        self.s32i(BANK, FRAME, _BANK_SLOT)
        self.s32i(D, FRAME, TABLE_SLOT)  # a4, the third argument
        self.s32i("a0", FRAME, _JUMPS_SLOT)
        self.label("fetch")
        self.dispatch()
        self.label("leave")
        self.movi("a7", 0)  # what is left of a product is as secret as its factors
        for offset in (*range(PRODUCT, PRODUCT + 64, 4), *range(SPILL, _FRAME_BYTES - 32, 4)):
            self.s32i("a7", FRAME, offset)
        self.l32i("a0", FRAME, _RETURN_SLOT)
        for register in ALL[:-1]:
            self.movi(register, 0)
        self.retw()

    def dispatch(self) -> None:
        """Go on with the next instruction; at the end of an op instead of a jump to ``fetch``."""
        self.l16ui(_OP, PC, 0)
        self.l32i(_TABLE, FRAME, _JUMPS_SLOT)
        self.l16ui(D, PC, 2)
        self.l16ui(A, PC, 4)
        self.l16ui(B, PC, 6)
        self.addi(PC, PC, 8)
        self.add(_OP, _OP, _TABLE)
        self.add(D, D, BANK)
        self.add(A, A, BANK)
        self.add(B, B, BANK)
        self.jx(_OP)

    @contextlib.contextmanager
    def op(self, number: int, *also: int):
        """The code of op ``number`` (and of others that are the same); goes on by itself."""
        name = f"op_{number}"
        for n in (number, *also):
            if n in self._handlers:
                raise ValueError(f"op {n} is there already")
            self._handlers[n] = name
        self.label(name)
        yield
        self.dispatch()

    def new_label(self) -> str:
        """A name for a label that nothing else has."""
        self._labels += 1
        return f"l{self._labels}"

    def take_all(self) -> None:
        """From here to `give_back` an op may use ALL."""
        self.s32i(PC, FRAME, _PC_SLOT)
        self.s32i(D, FRAME, D_SLOT)

    def give_back(self) -> None:
        self.l32i(PC, FRAME, _PC_SLOT)
        self.l32i(BANK, FRAME, _BANK_SLOT)

    def number(self, register: str) -> None:
        """Turn D, A or B, which is an address, into the number in the instruction."""
        self.sub(register, register, BANK)

    def load_cell(self, registers, base: str, offset: int = 0) -> None:
        """Words from ``base`` on, which may be one of the registers."""
        order = sorted(range(len(registers)), key=lambda i: registers[i] == base)
        for i in order:
            self.l32i(registers[i], base, offset + 4 * i)

    def store_cell(self, registers, base: str, offset: int = 0) -> None:
        for i, register in enumerate(registers):
            self.s32i(register, base, offset + 4 * i)

    def source(self) -> str:
        """The whole module. Ops that are not there return, as END does."""
        names = {n: self._handlers.get(n, "leave") for n in range(isa.OPS)}
        self.label("end")
        text = super().source()
        for number, name in names.items():
            text = text.replace(f"j(slot_{number})", f"j({name})")
        return text
