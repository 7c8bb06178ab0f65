"""The field VM in plain Python: what :mod:`.isa` says, op by op, with big integers.

The machine code of every processor is tested against it, and programs can be tried on it without
a board. Field values come out canonical here, below p; the machine code may give any number that
stands for the same residue. So what a program makes of field values is compared after FREEZE, or
modulo p.

What a program must not do, the machine code does without a word and the model refuses with
ModelError: an offset outside the bank or not at a word, a digit without a table entry, a loop
position outside its scalar, a mask that is none, an operation count that is no count.
"""

from . import isa

_WORD = 1 << 32
_CELL = 1 << 256


class ModelError(Exception):
    """The program does what no program may do."""


class Field:
    """The arithmetic of GF(p): MUL and its kin on integers. ``small`` is the constant of MULS.

    ``r_inverse`` other than 1 makes it a Montgomery field: MUL gives a * b * r_inverse. Another
    kind of field is a subclass; ops of a field's own are methods ``op_24`` to ``op_31`` that take
    the machine and the operands d, a, b.
    """

    def __init__(self, modulus: int, small: int = 0, r_inverse: int = 1):
        self.modulus = modulus
        self.small = small
        self.r_inverse = r_inverse

    def mul(self, a: int, b: int) -> int:
        return a * b * self.r_inverse % self.modulus

    def add(self, a: int, b: int) -> int:
        return (a + b) % self.modulus

    def sub(self, a: int, b: int) -> int:
        return (a - b) % self.modulus


CURVE25519 = Field(2**255 - 19, small=121665)


class Machine:
    """One bank and what runs on it. ``counts`` collects how often each op was run."""

    def __init__(self, field: Field, bank: bytearray, table: bytes = b""):
        if len(bank) % isa.CELL or len(bank) > isa.MAX_BANK:
            raise ModelError("a bank is whole cells, at most 8 KB")
        self.field = field
        self.bank = bank
        self.table = bytes(table)
        self.counts: dict[str, int] = {}
        self._program = b""
        self._at = 0

    def run(self, program: bytes) -> None:
        """As the machine code does, from the first instruction to END."""
        self._program = bytes(program)
        self._at = 0
        while True:
            op, d, a, b = self._halfwords()
            if op % 4 or op // 4 >= isa.OPS:
                raise ModelError(f"no op has the number {op}/4")
            op //= 4
            name = isa.NAMES[op] if op < len(isa.NAMES) else f"op_{op}"
            self.counts[name] = self.counts.get(name, 0) + 1
            if op == isa.END:
                return
            if op < isa.FIELD_OWN:
                getattr(self, "_" + name.lower())(d, a, b)
            elif hasattr(self.field, name):
                getattr(self.field, name)(self, d, a, b)
            else:
                raise ModelError(f"this field has no {name}")

    # Access to the bank, with its checks.

    def word(self, offset: int) -> int:
        if offset % 4 or not 0 <= offset <= len(self.bank) - 4:
            raise ModelError(f"no word is at {offset}")
        return int.from_bytes(self.bank[offset : offset + 4], "little")

    def set_word(self, offset: int, value: int) -> None:
        self.word(offset)
        self.bank[offset : offset + 4] = (value % _WORD).to_bytes(4, "little")

    def cell(self, offset: int) -> int:
        return int.from_bytes(self.take(offset, isa.CELL), "little")

    def set_cell(self, offset: int, value: int) -> None:
        if not 0 <= value < _CELL:
            raise ModelError("a value does not fit in its cell")
        self.put(offset, value.to_bytes(isa.CELL, "little"))

    def take(self, offset: int, count: int) -> bytes:
        if offset % 4 or not 0 <= offset <= len(self.bank) - count:
            raise ModelError(f"{count} bytes at {offset} are not in the bank")
        return bytes(self.bank[offset : offset + count])

    def put(self, offset: int, data: bytes) -> None:
        self.take(offset, len(data))
        self.bank[offset : offset + len(data)] = data

    def mask(self, offset: int) -> bool:
        word = self.word(offset)
        if word not in (0, _WORD - 1):
            raise ModelError(f"the word at {offset} is no mask: {word:#x}")
        return word != 0

    def set_mask(self, offset: int, value: bool) -> None:
        self.set_word(offset, -1 if value else 0)

    def _halfwords(self) -> list[int]:
        here = self._program[self._at : self._at + 8]
        if len(here) != 8:
            raise ModelError("the program runs over its end")
        self._at += 8
        return [int.from_bytes(here[i : i + 2], "little") for i in (0, 2, 4, 6)]

    # Control.

    def _next(self, d, a, b):
        left = (self.word(d) - 1) % _WORD
        self.set_word(d, left)
        self.set_word(d + 4, self.word(d + 4) - 1)
        self.set_word(d + 8, self.word(d + 8) + self.word(d + 12))
        if left == _WORD - 1:
            raise ModelError("a loop was left with no iterations")
        if left:
            self._at -= a
            if self._at < 0:
                raise ModelError("a loop begins before its program")

    def _jump(self, d, a, b):
        self._at += a

    def _setw(self, d, a, b):
        self.set_word(d, a + (b << 16))

    def _copy(self, d, a, b):
        if not b:
            raise ModelError("nothing to copy")
        if a < d < a + isa.CELL * b:
            raise ModelError("COPY goes upwards")
        self.put(d, self.take(a, isa.CELL * b))

    def _load(self, d, a, b):
        if not b:
            raise ModelError("nothing to load")
        self.put(d, self._from_table(a, isa.CELL * b))

    def _from_table(self, offset, count):
        if not 0 <= offset <= len(self.table) - count:
            raise ModelError(f"{count} bytes at {offset} are not in the table")
        return self.table[offset : offset + count]

    def _bit(self, d, a, b):
        position = self.word(b + 4)
        if position > 255:
            raise ModelError(f"there is no bit {position}")
        bit = self.cell(a) >> position & 1
        self.set_mask(d, bit != self.word(d + 4))
        self.set_word(d + 4, bit)

    def _cswap(self, d, a, b):
        left, right = self.take(d, isa.CELL), self.take(a, isa.CELL)
        if self.mask(b):
            self.put(d, right)
            self.put(a, left)

    def _cmov(self, d, a, b):
        self.take(d, isa.CELL)
        value = self.take(a, isa.CELL)
        if self.mask(b):
            self.put(d, value)

    def _eq(self, d, a, b):
        self.set_mask(d, self.cell(a) == self.cell(b))

    # Tables and digits.

    def _digit(self, digits, loop):
        position = self.word(loop + 4)
        if not 0 <= digits + position < len(self.bank):
            raise ModelError(f"there is no digit {position}")
        byte = self.bank[digits + position]
        return byte - 256 if byte > 127 else byte

    def _entry(self, from_table, offset, size):
        if size % isa.CELL or not size:
            raise ModelError("a table entry is whole cells")
        return self._from_table(offset, size) if from_table else self.take(offset, size)

    def _pick(self, d, digits, loop, from_table=False):
        start, size, zero, negative = self._halfwords()
        digit = self._digit(digits, loop)
        if digit == 0:
            self._at += zero
            return
        if digit % 2 == 0:
            raise ModelError(f"PICK takes odd digits, not {digit}")
        at = (start + self.word(loop + 8)) % _WORD + (abs(digit) >> 1) * size
        self.put(d, self._entry(from_table, at, size))
        if digit < 0:
            self._at += negative

    def _pickt(self, d, digits, loop):
        self._pick(d, digits, loop, True)

    def _select(self, d, digits, loop, from_table=False):
        start, size, entries, sign = self._halfwords()
        digit = self._digit(digits, loop)
        if not abs(digit) <= entries <= 16 or not entries:
            raise ModelError(f"{entries} entries, digit {digit}")
        start = (start + self.word(loop + 8)) % _WORD
        choice = [self._entry(from_table, start + i * size, size) for i in range(entries)]
        if digit:
            self.put(d, choice[abs(digit) - 1])
        self.set_mask(sign, digit < 0)

    def _selectt(self, d, digits, loop):
        self._select(d, digits, loop, True)

    def _wnaf(self, d, a, width):
        if not 2 <= width <= 7:
            raise ModelError(f"no digits have {width} bits here")
        value, digits = self.cell(a), bytearray(288)
        for i in range(257):
            if value & 1:
                digit = value % (1 << width)
                if digit >> (width - 1):
                    digit -= 1 << width
                digits[i] = digit % 256
                value -= digit
            value >>= 1
        self.put(d, digits)

    def _recode(self, d, a, width):
        if not 2 <= width <= 7:
            raise ModelError(f"no digits have {width} bits here")
        value, half = self.cell(a), 1 << (width - 1)
        digits = bytearray()
        for _ in range(256 // width + 1):
            digit = (value + half) % (1 << width) - half
            digits.append(digit % 256)
            value = (value - digit) >> width
        self.take(d, (len(digits) + 3) // 4 * 4)
        self.bank[d : d + len(digits)] = digits

    # Arithmetic.

    def _mul(self, d, a, b):
        self.set_cell(d, self.field.mul(self.cell(a), self.cell(b)))

    def _sqr(self, d, a, b):
        if not b:
            raise ModelError("squared no times")
        value = self.cell(a)
        for _ in range(b):
            value = self.field.mul(value, value)
        self.set_cell(d, value)

    def _add(self, d, a, b):
        self.set_cell(d, self.field.add(self.cell(a), self.cell(b)))

    def _sub(self, d, a, b):
        self.set_cell(d, self.field.sub(self.cell(a), self.cell(b)))

    def _sumdif(self, d, a, b):
        left, right = self.cell(a), self.cell(b)
        self.set_cell(d, self.field.add(left, right))
        self.set_cell(d + isa.CELL, self.field.sub(left, right))

    def _muls(self, d, a, b):
        self.set_cell(d, (self.cell(b) + self.field.small * self.cell(a)) % self.field.modulus)

    def _freeze(self, d, a, b):
        self.set_cell(d, self.cell(a) % self.field.modulus)

    def _ladder(self, d, a, b):
        x2, z2, x3, z3 = (self.cell(a + i * isa.CELL) for i in range(4))
        if self.mask(b):
            x2, z2, x3, z3 = x3, z3, x2, z2
        for i, (x, z) in enumerate(((x2, z2), (x3, z3))):
            self.set_cell(d + 2 * i * isa.CELL, self.field.add(x, z))
            self.set_cell(d + (2 * i + 1) * isa.CELL, self.field.sub(x, z))
