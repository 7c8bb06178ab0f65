"""The field VM: its instructions, what each does exactly, and an assembler for its programs.

The VM is a function ``run(program, bank, table)`` in machine code, one a field, that interprets a
program: a list of field operations with loops, written once for all processors. On the host,
:mod:`.model` runs the same programs with Python's integers.

``program``  bytearray, 4-aligned, this module's encoding
``bank``     bytearray, 4-aligned, at most 8 KB: cells of 32 bytes, each one number, little-endian
``table``    constants, bytes-like, of any alignment, only read; it may lie in flash

The VM trusts its program: a program is a constant of ours. Offsets are not checked.

Encoding: four little-endian halfwords ``op, d, a, b``, ``op`` being 4 times the numbers below.
d, a and b are byte offsets of cells in the bank unless said otherwise; an offset of a word in a
cell will do where only a word is read. Some ops have four more halfwords, ``e0 .. e3``.

A *mask* is a word of 0 or 0xffffffff. A *loop cell* has four words that the driver or SETW sets:

    word 0  iterations left in this run         NEXT counts it down and goes on at 0
    word 1  position                            counted down too; public, any start
    word 2  cursor                              added to a table's offset by PICK and SELECT
    word 3  step                                what NEXT adds to the cursor; 0 is usual

A long loop is cut in steps: the driver sets word 0 to as many iterations as one step shall have
and runs the same program again, until the position is where it ends.

Bounds: every field value in a cell is any number below 2^256 that stands for its residue, on the
way in and on the way out. No op needs more of its inputs, so none can be used where it must not.
(In GF(2^255-19), MUL, SQR and ADD give less than 2^255 + 2^230; no program depends on it.)

Time: where it says *public*, time and memory accesses depend on the values named. All else takes
the same instructions and touches the same addresses whatever the bank holds.

Control, the same in all fields; ops a field has no use for may be missing from its machine code:

    END                     return from run
    NEXT     d, a           loop cell d: word 0 -= 1, word 1 -= 1, word 2 += word 3; if word 0 is
                            not 0, jump back a bytes, counted from the next instruction. Public.
    JUMP     -, a           jump ahead a bytes, counted from the next instruction
    SETW     d, a, b        word at d = a + b * 65536
    COPY     d, a, b        b (>= 1) cells from a to d, upwards; may overlap if d < a
    LOAD     d, a, b        b (>= 1) cells from ``table`` + a to d
    BIT      d, a, b        bit = bit number (position of loop cell b) of the 256-bit number in a;
                            word 0 of d = mask(bit != word 1 of d); word 1 of d = bit. For ladders:
                            set word 1 to 0 before. The position is 0 to 255.
    CSWAP    d, a, b        exchange cells d and a if the mask in word 0 of b is set
    CMOV     d, a, b        d = a if the mask in word 0 of b is set
    EQ       d, a, b        word 0 of d = mask(the 32 bytes of a and b are the same); FREEZE before
    PICK     d, a, b        digit = signed byte at a + position of loop cell b. *Public* digit:
             e0 e1 e2 e3    if 0: jump ahead e2 bytes. Else the entry number |digit| >> 1 (for odd
                            digits: 1 is entry 0, 3 is entry 1, ...) of the RAM table, e1 bytes an
                            entry (a multiple of 32), which begins at e0 + cursor, is copied to d.
                            If the digit is negative, jump ahead e3 bytes.
    PICKT                   the same from ``table`` instead of the bank
    SELECT   d, a, b        digit = signed byte at a + position of loop cell b, secret. If 0, d is
             e0 e1 e2 e3    left as it is (put there what 0 means). Else the entry number |digit|
                            - 1 of the RAM table of e2 (1 to 16) entries, e1 bytes an entry (a
                            multiple of 32), which begins at e0 + cursor, is copied to d. All
                            entries are read. Word 0 of cell e3 = mask(digit < 0).
    SELECTT                 the same from ``table`` instead of the bank
    WNAF     d, a, b        *public*: width-b non-adjacent form of the 256-bit number in a, b from
                            2 to 7: 288 bytes at d, byte i the digit of 2^i, odd and between
                            -2^(b-1) and 2^(b-1), or 0; the 257th may be 1, the rest are 0
    RECODE   d, a, b        the number in a in signed digits of b bits, b from 2 to 7: byte i at d
                            the digit of 2^(b*i), from -2^(b-1) to 2^(b-1) - 1, as many as carry
                            256 bits and the last carry: 256 // b + 1 bytes

Arithmetic of the field (``p`` its modulus; in ``modular`` that lies in a cell):

    MUL      d, a, b        d = a * b      (Montgomery fields: a * b / 2^256)
    SQR      d, a, b        d = a squared b (>= 1) times, a^(2^b)
    ADD      d, a, b        d = a + b
    SUB      d, a, b        d = a - b
    SUMDIF   d, a, b        d = a + b, cell d + 32 = a - b
    MULS     d, a, b        d = b + small * a; small is the field's constant (25519: 121665)
    FREEZE   d, a           d = a reduced to 0 .. p - 1
    LADDER   d, a, b        if the mask in word 0 of b is set, as if cells a, a+32 were exchanged
                            with a+64, a+96; then d = a + a+32, d+32 = a - a+32, d+64 = a+64 +
                            a+96, d+96 = a+64 - a+96. Cells at a are left in any order. d may be a.

d, a and b may be the same cell everywhere, but for SUMDIF and LADDER, where d either is a or
overlaps neither of the others by a part. Numbers from FIELD_OWN to 31 are free for a field's own
ops, which its module documents.
"""

import contextlib
import struct

END, NEXT, JUMP, SETW, COPY, LOAD, BIT, CSWAP = range(8)
CMOV, EQ, PICK, PICKT, SELECT, SELECTT, WNAF, RECODE = range(8, 16)
MUL, SQR, ADD, SUB, SUMDIF, MULS, FREEZE, LADDER = range(16, 24)
FIELD_OWN = 24
OPS = 32

NAMES = (
    *("END", "NEXT", "JUMP", "SETW", "COPY", "LOAD", "BIT", "CSWAP"),
    *("CMOV", "EQ", "PICK", "PICKT", "SELECT", "SELECTT", "WNAF", "RECODE"),
    *("MUL", "SQR", "ADD", "SUB", "SUMDIF", "MULS", "FREEZE", "LADDER"),
)
LONG = (PICK, PICKT, SELECT, SELECTT)  # these have four halfwords more

CELL = 32
MAX_BANK = 8192
_INSTRUCTION = struct.Struct("<4H")


class Bank:
    """Names for the cells of a bank: ``bank = Bank("x1", "x2", "z2", table=8)``.

    ``bank.x1`` is a byte offset; a keyword gives a name to the first of as many cells. Cells lie
    in the order of their names.
    """

    def __init__(self, *names: str, **counts: int):
        self.offsets: dict[str, int] = {}
        self.size = 0
        for name in names:
            self.more(**{name: 1})
        self.more(**counts)

    def more(self, **counts: int) -> None:
        """Further cells. Raises ValueError for a name that is taken, or too large a bank."""
        for name, count in counts.items():
            if name in self.offsets or hasattr(type(self), name):
                raise ValueError(f"there is a cell {name} already")
            self.offsets[name] = self.size
            self.size += CELL * count
        if self.size > MAX_BANK:
            raise ValueError(f"{self.size} bytes are too many for a bank")

    def __getattr__(self, name: str) -> int:
        try:
            return self.__dict__["offsets"][name]
        except KeyError:
            raise AttributeError(name) from None


class Program:
    """Writes one program: a method an op, with the operands of the module's text.

    Where the text has a distance to jump, the methods take the name of a label.
    """

    def __init__(self):
        self._halfwords: list[int] = []
        self._labels: dict[str, int] = {}
        self._jumps: list[tuple[int, int, str, int]] = []

    def emit(self, op: int, d: int = 0, a: int = 0, b: int = 0, *more: int) -> None:
        """One instruction, of a field's own too."""
        self._halfwords += (4 * op, d, a, b, *more)

    def label(self, name: str) -> None:
        if name in self._labels:
            raise ValueError(f"there is a label {name} already")
        self._labels[name] = 2 * len(self._halfwords)

    def _jump(self, field: int, name: str, sign: int = 1) -> None:
        """Halfword ``field`` of the instruction just written becomes the distance to a label."""
        here = 2 * len(self._halfwords)
        self._jumps.append((len(self._halfwords) + field, here, name, sign))

    def code(self) -> bytes:
        """The program. Raises ValueError for a label that is nowhere or on the wrong side."""
        for index, here, name, sign in self._jumps:
            if name not in self._labels:
                raise ValueError(f"there is no label {name}")
            distance = sign * (self._labels[name] - here)
            if distance < 0:
                raise ValueError(f"no jump leads to {name}")
            self._halfwords[index] = distance
        return struct.pack(f"<{len(self._halfwords)}H", *self._halfwords)

    @contextlib.contextmanager
    def repeat(self, loop: int):
        """What is written inside is run as often as word 0 of ``loop`` says (at least once)."""
        name = f"repeat {len(self._halfwords)}"
        self.label(name)
        yield
        self.next(loop, name)

    def end(self) -> None:
        self.emit(END)

    def next(self, loop: int, back_to: str) -> None:
        self.emit(NEXT, loop)
        self._jump(-2, back_to, -1)

    def jump(self, to: str) -> None:
        self.emit(JUMP)
        self._jump(-2, to)

    def setw(self, d: int, value: int) -> None:
        self.emit(SETW, d, value & 0xFFFF, value >> 16 & 0xFFFF)

    def copy(self, d: int, a: int, count: int = 1) -> None:
        self.emit(COPY, d, a, count)

    def load(self, d: int, offset: int, count: int = 1) -> None:
        self.emit(LOAD, d, offset, count)

    def bit(self, d: int, a: int, loop: int) -> None:
        self.emit(BIT, d, a, loop)

    def cswap(self, d: int, a: int, mask: int) -> None:
        self.emit(CSWAP, d, a, mask)

    def cmov(self, d: int, a: int, mask: int) -> None:
        self.emit(CMOV, d, a, mask)

    def eq(self, d: int, a: int, b: int) -> None:
        self.emit(EQ, d, a, b)

    def pick(
        self, d: int, digits: int, loop: int, start: int, size: int, zero: str, negative: str
    ) -> None:
        """``zero`` and ``negative`` are labels."""
        self._pick(PICK, d, digits, loop, start, size, zero, negative)

    def pickt(
        self, d: int, digits: int, loop: int, start: int, size: int, zero: str, negative: str
    ) -> None:
        self._pick(PICKT, d, digits, loop, start, size, zero, negative)

    def _pick(self, op, d, digits, loop, start, size, zero, negative):
        self.emit(op, d, digits, loop, start, size, 0, 0)
        self._jump(-2, zero)
        self._jump(-1, negative)

    def select(
        self, d: int, digits: int, loop: int, start: int, size: int, entries: int, sign: int
    ) -> None:
        self.emit(SELECT, d, digits, loop, start, size, entries, sign)

    def selectt(
        self, d: int, digits: int, loop: int, start: int, size: int, entries: int, sign: int
    ) -> None:
        self.emit(SELECTT, d, digits, loop, start, size, entries, sign)

    def wnaf(self, d: int, a: int, width: int) -> None:
        self.emit(WNAF, d, a, width)

    def recode(self, d: int, a: int, width: int) -> None:
        self.emit(RECODE, d, a, width)

    def mul(self, d: int, a: int, b: int) -> None:
        self.emit(MUL, d, a, b)

    def sqr(self, d: int, a: int, times: int = 1) -> None:
        self.emit(SQR, d, a, times)

    def add(self, d: int, a: int, b: int) -> None:
        self.emit(ADD, d, a, b)

    def sub(self, d: int, a: int, b: int) -> None:
        self.emit(SUB, d, a, b)

    def sumdif(self, d: int, a: int, b: int) -> None:
        self.emit(SUMDIF, d, a, b)

    def muls(self, d: int, a: int, b: int) -> None:
        self.emit(MULS, d, a, b)

    def freeze(self, d: int, a: int) -> None:
        self.emit(FREEZE, d, a)

    def ladder(self, d: int, a: int, mask: int) -> None:
        self.emit(LADDER, d, a, mask)
