"""Multiplying 8 words by 8 words on RV32, for all fields: columns of products in registers.

A column k collects the products of words i + j = k in three registers: its word, and a carry of
two. Moving on to the next column is renaming the three, which costs nothing.
"""

from collections.abc import Iterable

from .core import Vm


class Registers:
    """Those that are free for now; `take` gives one, `free` takes them back."""

    def __init__(self, names: Iterable[str]):
        self._names = list(names)

    def take(self) -> str:
        return self._names.pop(0)

    def free(self, *names: str) -> None:
        self._names += names

    def __len__(self) -> int:
        return len(self._names)


class Columns:
    """The sum of products, column by column; `add` a product, then `shift` out the word.

    ``registers`` gives the three of the sum; two more, ``low`` and ``high``, hold a product. What
    is known to be nothing yet has no register's instructions spent on it.
    """

    def __init__(self, vm: Vm, registers: Registers, low: str, high: str):
        self._vm = vm
        self._registers = registers
        self._low = low
        self._high = high
        self._sum: list[str] = []  # the lowest word of the column first; at most three

    def add(self, x: str, y: str, last: bool = False) -> None:
        """The column's sum += x * y. ``last``: the whole number's last, nothing is carried."""
        vm, low, high = self._vm, self._low, self._high
        if not self._sum:
            self._sum = [self._registers.take(), self._registers.take()]
            vm.mul(self._sum[0], x, y)
            vm.mulhu(self._sum[1], x, y)
            return
        vm.mul(low, x, y)
        vm.mulhu(high, x, y)
        vm.add(self._sum[0], self._sum[0], low)
        vm.sltu(low, self._sum[0], low)
        # The high word of a product is at most 2^32 - 2: a carry always fits in it.
        if len(self._sum) == 1:
            self._sum.append(self._registers.take())
            vm.add(self._sum[1], high, low)
            return
        vm.add(high, high, low)
        vm.add(self._sum[1], self._sum[1], high)
        if last:
            return
        if len(self._sum) == 2:
            self._sum.append(self._registers.take())
            vm.sltu(self._sum[2], self._sum[1], high)
        else:
            vm.sltu(high, self._sum[1], high)
            vm.add(self._sum[2], self._sum[2], high)

    def shift(self) -> str:
        """The register with the column's word, which is the caller's now."""
        return self._sum.pop(0)


def product(vm: Vm, x: list[str], y: list[str], registers: Registers) -> list[str]:
    """The 16 words of x * y, which are 8 registers each, gone when it ends.

    ``registers`` holds 12 more, and gets those that are left.
    """
    low, high = registers.take(), registers.take()
    columns = Columns(vm, registers, low, high)
    words = []
    for k in range(15):
        for i in range(max(0, k - 7), min(k, 7) + 1):
            columns.add(x[i], y[k - i], last=k == 14)
        words.append(columns.shift())
        if k >= 7:  # the last column that needs these
            registers.free(x[k - 7], y[k - 7])
    words.append(columns.shift())
    registers.free(low, high)
    return words


def square(vm: Vm, x: list[str], registers: Registers) -> list[str]:
    """The 16 words of x * x, x being 8 registers, gone when it ends.

    The products of different words come once and are doubled while the squares of the words are
    added. ``registers`` holds 20 more, and gets those that are left.
    """
    low, high = registers.take(), registers.take()
    columns = Columns(vm, registers, low, high)
    words = [""]
    for k in range(1, 14):
        for i in range(max(0, k - 7), (k + 1) // 2):
            columns.add(x[i], x[k - i], last=k == 13)
        words.append(columns.shift())
    words.append(columns.shift())
    carry, bit, scratch = registers.take(), registers.take(), registers.take()
    words[0] = registers.take()
    vm.mul(words[0], x[0], x[0])
    vm.mulhu(high, x[0], x[0])
    _doubled(vm, words[1], bit)
    vm.add(words[1], words[1], high)
    vm.sltu(carry, words[1], high)
    for i in range(1, 8):
        even, odd = words[2 * i], words[2 * i + 1] if i < 7 else ""
        # x_i^2 + 2^32 + 2 < 2^64: it takes the carry and the doubled even word without overflow.
        vm.mul(low, x[i], x[i])
        vm.mulhu(high, x[i], x[i])
        vm.add(carry, carry, bit)
        vm.add(low, low, carry)
        vm.sltu(scratch, low, carry)
        vm.add(high, high, scratch)
        _doubled(vm, even, bit)
        vm.add(even, even, low)
        vm.sltu(scratch, even, low)
        vm.add(high, high, scratch)
        if odd:
            vm.srli(scratch, odd, 31)
            vm.slli(odd, odd, 1)
            vm.or_(odd, odd, bit)
            vm.add(odd, odd, high)
            vm.sltu(carry, odd, high)
            bit, scratch = scratch, bit
    vm.add(high, high, bit)
    words.append(high)
    registers.free(*x, low, carry, bit, scratch)
    return words


def _doubled(vm, word, bit):
    """2 * word, and the bit that falls out."""
    vm.srli(bit, word, 31)
    vm.slli(word, word, 1)
