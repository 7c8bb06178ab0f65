"""Sums of products in columns of 32 bits, without a carry flag and without a branch.

The processor can neither add with carry nor compare without branching, so the carries of a column
are not looked for one by one. Beside S, the sum of all words modulo 2^32, there is T, the sum of
each word's upper 24 bits. The column's whole sum is then between 256 * T and 256 * T + 255 * n
for n words, and it is S modulo 2^32, so it is known exactly:

    sum = 256 * T + ((S - 256 * T) mod 2^32),    carry = sum >> 32 = (T + (S - 256 * T >> 8)) >> 24

A word costs three instructions (add, shift, add), a column five. Looking for each carry, by MINU
and a conditional move, would be five a word and more for the second word; limbs of 29 bits, which
need no carries, take nine times nine products instead of eight times eight, and their packing.

A small addend (all small ones and carries together below 2^31) is added to S only. Words may be
taken off, too: the difference in the formula is then a small negative number, so it is shifted
with its sign, and so is the carry.
"""

from .core import ALL, FRAME, PRODUCT, A, B, Vm


class Columns:
    """Two neighbouring columns: the current one, and the next, which gets the upper words.

    It owns six registers: S and T of both, and ``l`` and ``h`` for products.
    """

    def __init__(self, vm: Vm, registers):
        self.vm = vm
        (*self._here, self.l, self.h, s, t) = registers
        self._above = [s, t]
        self._begun = [False, False]
        self._late = ""  # the T to which l is still to be added

    def _accumulators(self, above: bool):
        return self._above if above else self._here

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
        vm = self.vm
        s, t = self._accumulators(above)
        if self._begun[above]:
            vm.add(s, s, word)
            vm.srli(word, word, 8)
            vm.add(t, t, word)
        else:
            vm.mov(s, word)
            vm.srli(t, word, 8)
            self._begun[above] = True

    def sub(self, word: str) -> None:
        """Take a word off the current column, which has begun; the register is spoilt."""
        vm, (s, t) = self.vm, self._here
        vm.sub(s, s, word)
        vm.srli(word, word, 8)
        vm.sub(t, t, word)

    def add_small(self, word: str) -> None:
        """Add a small number, negative too, to the current column."""
        vm, (s, t) = self.vm, self._here
        if self._begun[False]:
            vm.add(s, s, word)
        else:
            vm.mov(s, word)
            vm.movi(t, 0)
            self._begun[False] = True

    def load(self, base: str, offset: int) -> None:
        """Add a word from memory."""
        self._settle()
        if self._begun[False]:
            self.vm.l32i(self.l, base, offset)
            self.add(self.l)
        else:
            self.vm.l32i(self._here[0], base, offset)
            self.vm.srli(self._here[1], self._here[0], 8)
            self._begun[False] = True

    def load_negative(self, base: str, offset: int) -> None:
        """Take a word from memory off."""
        self._settle()
        self.vm.l32i(self.l, base, offset)
        self.sub(self.l)

    def product(self, x: str, y: str) -> None:
        """Add x * y. y may be ``h``; x and y are kept, but for ``h``."""
        vm, (s, t) = self.vm, self._here
        begun = self._begun[False]
        low = self.l if begun else s
        high = self.h if self._begun[True] else self._above[0]
        self._settle()
        vm.mull(low, x, y)
        vm.muluh(high, x, y)
        if begun:
            vm.add(s, s, low)
        vm.srli(low if begun else t, low, 8)
        if self._begun[True]:
            self.add(high, above=True)
        else:
            vm.srli(self._above[1], high, 8)
        self._late = t if begun else ""
        self._begun = [True, True]

    def product_small(self, small: str, y: str) -> None:
        """Add small * y, whose upper word is small, as the column's only product; y may be
        ``h``."""
        self._settle()
        vm, (s, t) = self.vm, self._above
        vm.mull(self.l, small, y)
        vm.muluh(s, small, y)
        vm.movi(t, 0)
        self._begun[True] = True
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
        if self._begun[False]:
            for register in self._here:
                self.vm.add(register, register, register)

    def end(self, carry_to: str | None = None, signed: bool = False) -> str:
        """The current column is complete: its word, in a register that stays so only until the
        column after this one ends. The next column becomes the current one, with the carry, or
        the carry (small) goes to the register ``carry_to``, to be added later. ``signed``: there
        was something negative among what was added."""
        self._settle()
        vm, scratch = self.vm, self.l
        s, t = self._here
        if not self._begun[False]:
            raise ValueError("an empty column")
        vm.slli(scratch, t, 8)
        vm.sub(scratch, s, scratch)
        (vm.srai if signed else vm.srli)(scratch, scratch, 8)
        vm.add(t, t, scratch)
        carry = carry_to or t
        if signed:
            vm.srai(carry, t, 24)
        else:
            vm.extui(carry, t, 24, 8)
        self._here, self._above = self._above, self._here
        self._begun = [self._begun[True], False]
        if not carry_to:
            self.add_small(carry)  # from the T of the column that is gone
        return s


def diagonal(k: int) -> range:
    """The words i of the first factor whose products with word k - i belong to column k."""
    return range(max(0, k - 7), min(k, 7) + 1)


def product(vm: Vm, reduce=None) -> Columns:
    """The 16 words of the product of cells A and B into the frame at PRODUCT. Takes all.

    ``reduce(columns, k)`` may add to column k, 0 to 15, what it likes, by ``l`` only, of the words
    in the frame below it, negative things too. Gives the columns, the current one that of the
    carry.
    """
    vm.take_all()
    rest = [register for register in ALL if register != B]
    x, columns = rest[:8], Columns(vm, rest[8:])
    vm.load_cell(x, A)
    for k in range(16):
        for i in diagonal(k):
            columns.fetch(B, 4 * (k - i))
            columns.product(x[i], columns.h)
        if reduce:
            reduce(columns, k)
        elif k == 15:
            vm.s32i(columns.word(), FRAME, PRODUCT + 60)
            break
        vm.s32i(columns.end(signed=bool(reduce)), FRAME, PRODUCT + 4 * k)
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
            columns.add_small(carry)
        if reduce:
            reduce(columns, k)
        elif k == 15:
            vm.s32i(columns.word(), FRAME, PRODUCT + 60)
            break
        vm.s32i(columns.end(carry, bool(reduce)), FRAME, PRODUCT + 4 * k)
    columns.add_small(carry)
    return columns
