"""Sums of products in columns of 32 bits, without a carry flag and without a branch.

The processor can neither add with carry nor compare without branching, so the carries of a column
are not looked for one by one. Beside S, the sum of all words modulo 2^32, there is T, the sum of
each word's upper 24 bits. The column's whole sum is 256 * T and a little, up to 255 a word; let e
be that little >> 8. Then

    sum >> 8 = T + e  and also  (carry << 24) + (S >> 8),  so  (S >> 8) - T = e - (carry << 24)

and, e being less than 2^24, that shifted right by 24 bits, with its sign, is -carry. So a word
costs three instructions (add, shift, add) and a column three. Looking for each carry, by MINU and
a conditional move, would be five a word; limbs of 29 bits, which need no carries, take nine times
nine products instead of eight times eight, and their packing.

A small addend (all small ones and carries together below 2^31) is added to S only. Words may be
taken off, too: e may then be a small negative number, and something is added to make it none.
"""

from .core import ALL, FRAME, PRODUCT, A, B, Vm

_MORE_THAN_WORDS = 64  # than the words of a column, of which each may make e one less


class Columns:
    """Two neighbouring columns: the current one, and the next, which gets the upper words.

    It owns six registers: S and T of both, and ``l`` and ``h`` for products.
    """

    def __init__(self, vm: Vm, registers):
        self.vm = vm
        (*self._here, self.l, self.h, s, t) = registers
        self._above = [s, t]
        # Of either: is there anything in S, and in T? What is not yet there needs no zero.
        self._begun = [[False, False], [False, False]]
        self._late = ""  # the T to which l is still to be added

    def _settle(self):
        if self._late:
            self.vm.add(self._late, self._late, self.l)
            self._late = ""

    def fetch(self, base: str, offset: int) -> None:
        """A word from memory to ``h``, for `product`.

        A product leaves one addition for the cycle in which the next one waits for its word.
        """
        self.vm.l32i(self.h, base, offset)
        self._settle()

    def add(self, word: str, above: bool = False) -> None:
        """Add a word; the register is spoilt."""
        vm, (s, t), begun = self.vm, self._above if above else self._here, self._begun[above]
        if begun[0]:
            vm.add(s, s, word)
        else:
            vm.mov(s, word)
        if begun[1]:
            vm.srli(word, word, 8)
            vm.add(t, t, word)
        else:
            vm.srli(t, word, 8)
        self._begun[above] = [True, True]

    def sub(self, word: str) -> None:
        """Take a word off the current column, which has begun; the register is spoilt."""
        vm, (s, t) = self.vm, self._here
        vm.sub(s, s, word)
        vm.srli(word, word, 8)
        vm.sub(t, t, word)

    def sub_small(self, word: str) -> None:
        """Take a small number, a carry as `end` gives it, off the current column."""
        s = self._here[0]
        if self._begun[False][0]:
            self.vm.sub(s, s, word)
        else:
            self.vm.neg(s, word)
            self._begun[False][0] = True

    def load(self, base: str, offset: int) -> None:
        """Add a word from memory."""
        self._settle()
        to = self.l if self._begun[False][0] else self._here[0]
        self.vm.l32i(to, base, offset)
        self.add(to)

    def load_negative(self, base: str, offset: int) -> None:
        """Take a word from memory off."""
        self._settle()
        self.vm.l32i(self.l, base, offset)
        self.sub(self.l)

    def product(self, x: str, y: str) -> None:
        """Add x * y. y may be ``h``; x and y are kept, but for ``h``."""
        vm, (s, t), (in_s, in_t) = self.vm, self._here, self._begun[False]
        low = self.l if in_s else s
        high = self.h if self._begun[True][0] else self._above[0]
        self._settle()
        vm.mull(low, x, y)
        vm.muluh(high, x, y)
        if in_s:
            vm.add(s, s, low)
        vm.srli(low if in_t else t, low, 8)
        self.add(high, above=True)
        self._late = t if in_t else ""
        self._begun[False] = [True, True]

    def product_small(self, small: str, y: str) -> None:
        """Add small * y, whose upper word is small, as the column's only product; y may be
        ``h``."""
        self._settle()
        self.vm.mull(self.l, small, y)
        self.vm.muluh(self._above[0], small, y)
        self._begun[True] = [True, False]
        self.add(self.l)

    def low_product(self, x: str, y: str) -> None:
        """Add the lower word of x * y only."""
        self._settle()
        self.vm.mull(self.l, x, y)
        self.add(self.l)

    def high_product(self, x: str, y: str) -> None:
        """Add the upper word of x * y only."""
        self._settle()
        self.vm.muluh(self.l, x, y)
        self.add(self.l)

    def word(self) -> str:
        """The current column's word so far, to be read, or a small carry to be worked on."""
        return self._here[0]

    def double(self) -> None:
        """Twice what is in the current column so far."""
        self._settle()
        if self._begun[False][0]:
            for register in self._here:
                self.vm.add(register, register, register)

    def end(self, carry_to: str | None = None, signed: bool = False) -> str:
        """The current column is complete: its word, in a register that stays so only until the
        column after this one ends. The next column becomes the current one, with the carry, or
        minus the carry goes to the register ``carry_to``, for `sub_small` later. ``signed``: there
        was something negative among what was added."""
        self._settle()
        vm, (s, t), minus_carry = self.vm, self._here, carry_to or self.l
        if not all(self._begun[False]):
            raise ValueError("an empty column")
        vm.srli(minus_carry, s, 8)
        vm.sub(minus_carry, minus_carry, t)
        if signed:
            vm.addi(minus_carry, minus_carry, _MORE_THAN_WORDS)
        vm.srai(minus_carry, minus_carry, 24)
        self._here, self._above = self._above, self._here
        self._begun = [self._begun[True], [False, False]]
        if not carry_to:
            self.sub_small(minus_carry)
        return s


def diagonal(k: int) -> range:
    """The words i of the first factor whose products with word k - i belong to column k."""
    return range(max(0, k - 7), min(k, 7) + 1)


def product(vm: Vm, reduce=None) -> Columns:
    """The 16 words of the product of cells A and B into the frame at PRODUCT. Takes all.

    ``reduce(columns, k)`` may add to column k, 0 to 15, what it likes, by ``l`` only, of the words
    in the frame below it, and tells whether there was something negative in this column or below.
    Gives the columns, the current one that of the carry.
    """
    vm.take_all()
    rest = [register for register in ALL if register != B]
    x, columns = rest[:8], Columns(vm, rest[8:])
    vm.load_cell(x, A)
    for k in range(16):
        for i in diagonal(k):
            columns.fetch(B, 4 * (k - i))
            columns.product(x[i], columns.h)
        signed = reduce(columns, k) if reduce else False
        if not reduce and k == 15:
            vm.s32i(columns.word(), FRAME, PRODUCT + 60)
            break
        vm.s32i(columns.end(signed=signed), FRAME, PRODUCT + 4 * k)
    return columns


def square(vm: Vm, reduce=None) -> Columns:
    """The 16 words of the square of cell A into the frame at PRODUCT. Needs all. As `product`.

    Products of two different words are formed once. So a column is doubled before its square and
    the carry come in, and the carry waits in a register for that.
    """
    x, carry, columns = ALL[:8], ALL[14], Columns(vm, ALL[8:14])
    vm.load_cell(x, A)
    for k in range(16):
        for i in diagonal(k):
            if i < k - i:
                columns.product(x[i], x[k - i])
        columns.double()
        half = columns.high_product if k % 2 else columns.low_product
        half(x[k // 2], x[k // 2])
        if k:
            columns.sub_small(carry)
        signed = reduce(columns, k) if reduce else False
        if not reduce and k == 15:
            vm.s32i(columns.word(), FRAME, PRODUCT + 60)
            break
        vm.s32i(columns.end(carry, signed), FRAME, PRODUCT + 4 * k)
    columns.sub_small(carry)
    return columns
