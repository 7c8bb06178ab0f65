"""Long multiplication column by column (product scanning) with all words in registers.

The products x[i] * y[k - i] of one k are summed in three words, the column; its lowest word is
word k of the product, the others begin the next column.
"""

from .core import Vm


class Registers:
    """Which registers are free, and how often each value that lies in one will be used yet."""

    def __init__(self, free):
        self._free = list(free)
        self._uses: dict[str, int] = {}

    def take(self, uses: int = 0) -> str:
        """A register for a value, free again after so many uses; never, if 0."""
        register = self._free.pop()
        self.counted(register, uses)
        return register

    def counted(self, register: str, uses: int) -> None:
        self._uses[register] = uses

    def used(self, *registers: str) -> None:
        for register in registers:
            self._uses[register] -= 1
            if not self._uses[register]:
                self._free.append(register)


class Column:
    """The sum of one column, in up to three words; a word without a register is zero."""

    def __init__(self, vm: Vm, registers: Registers):
        self.vm, self.registers = vm, registers
        self.low = self.high = self.top = ""
        self.l, self.h = registers.take(), registers.take()  # the halves of a product, or scratch

    def shifted(self) -> str:
        """The column's word, and the rest becomes the sum of the next column."""
        word, self.low, self.high, self.top = self.low, self.high, self.top, ""
        return word

    def add_word(self, word: str) -> None:
        """Only before the column's first product: ``high`` must be too small to overflow."""
        vm = self.vm
        vm.add(self.low, self.low, word)
        vm.sltu(self.l, self.low, word)
        vm.add(self.high, self.high, self.l)

    def add_word_and_minus(self, word: str) -> None:
        """word * (2^32 - 1): minus in this column, plus in the next. Before the first product.

        What is borrowed is taken off the word that goes to ``high``. That word is not 0 then,
        since nothing is borrowed for a 0.
        """
        vm = self.vm
        vm.sltu(self.l, self.low, word)
        vm.sub(self.low, self.low, word)
        vm.sub(self.l, word, self.l)
        vm.add(self.high, self.high, self.l)
        self.top = self.registers.take()
        vm.sltu(self.top, self.high, self.l)

    def add_product(self, x: str, y: str) -> None:
        """x * y; y may be ``h``."""
        vm, low, high = self.vm, self.l, self.h
        if not self.low:
            self.low, self.high = self.registers.take(), self.registers.take()
            vm.mul(self.low, x, y)
            vm.mulhu(self.high, x, y)
            return
        vm.mul(low, x, y)
        if not self.high:
            self.high = self.registers.take()
            vm.mulhu(self.high, x, y)
            vm.add(self.low, self.low, low)
            vm.sltu(low, self.low, low)
            vm.add(self.high, self.high, low)  # at most 2^32 - 2 + 1
            return
        vm.mulhu(high, x, y)
        vm.add(self.low, self.low, low)
        vm.sltu(low, self.low, low)
        vm.add(high, high, low)
        vm.add(self.high, self.high, high)
        if not self.top:
            self.top = self.registers.take()
            vm.sltu(self.top, self.high, high)
        else:
            vm.sltu(high, self.high, high)
            vm.add(self.top, self.top, high)
