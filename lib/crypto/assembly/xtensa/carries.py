"""Sums and differences of numbers of eight words, with carries that no branch looks for.

MINU gives the smaller of two words. A sum is smaller than what was added to it if there was a
carry, a word is smaller than what is taken off it if there is a borrow; so the difference between
MINU's result and the other word is 0 or not, and MOVNEZ makes 1 or 0 of that.
"""

from .core import Vm


class Chain:
    """A carry or borrow that goes from word to word. It owns four registers."""

    def __init__(self, vm: Vm, registers, constants: bool = True):
        """Without ``constants``, 1 and 0 are in their registers already."""
        self.vm = vm
        self.carry, self.one, self.zero, self._scratch = registers
        if constants:
            vm.movi(self.one, 1)
            vm.movi(self.zero, 0)

    def begin(self) -> None:
        self.vm.movi(self.carry, 0)

    def add(self, to: str, x: str, y: str) -> None:
        """to = x + y + carry, and the new carry. ``to`` may be x, not y."""
        vm = self.vm
        vm.add(to, x, y)
        vm.minu(self._scratch, to, y)
        vm.sub(self._scratch, self._scratch, y)
        vm.add(to, to, self.carry)
        vm.movnez(self.carry, self.zero, to)  # 0 after a carry came in: handed on
        vm.movnez(self.carry, self.one, self._scratch)

    def sub(self, to: str, x: str, y: str) -> None:
        """to = x - y - borrow, and the new borrow. x is spoilt; ``to`` is neither x nor y."""
        vm = self.vm
        vm.minu(self._scratch, x, y)
        vm.sub(self._scratch, self._scratch, y)
        vm.sub(x, x, y)
        self.hand_on_borrow(to, x)
        vm.movnez(self.carry, self.one, self._scratch)

    def add_first(self, to: str, small: str) -> None:
        """to += small; begins a chain."""
        vm = self.vm
        vm.add(to, to, small)
        vm.minu(self._scratch, to, small)
        vm.sub(self._scratch, self._scratch, small)
        vm.movi(self.carry, 0)
        vm.movnez(self.carry, self.one, self._scratch)

    def sub_first(self, to: str, small: str) -> None:
        """to -= small; begins a chain."""
        vm = self.vm
        vm.minu(self._scratch, to, small)
        vm.sub(self._scratch, self._scratch, small)
        vm.sub(to, to, small)
        vm.movi(self.carry, 0)
        vm.movnez(self.carry, self.one, self._scratch)

    def hand_on(self, word: str) -> None:
        """word += carry, and the new carry."""
        self.vm.add(word, word, self.carry)
        self.vm.movnez(self.carry, self.zero, word)

    def hand_on_borrow(self, to: str, word: str) -> None:
        """to = word - borrow, and the new borrow; another register than ``word``."""
        self.vm.sub(to, word, self.carry)
        self.vm.movnez(self.carry, self.zero, word)
