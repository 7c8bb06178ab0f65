"""The fields of P-256 for :mod:`.model`, with the bounds that their machine code relies on.

``rv32.field256`` and its twins keep every number canonical, 0 to p - 1; `P256` refuses a program
that gives them another one. `Order` is ``modular`` with one modulus.
"""

from . import isa
from .model import Field, Machine, ModelError

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Program256(isa.Program):
    """Programs with the ops that these fields have of their own."""

    def jump_unless_zero(self, d: int, to: str) -> None:
        self.emit(isa.FIELD_OWN, d)
        self._jump(-2, to)

    def reverse(self, d: int, a: int) -> None:
        self.emit(isa.FIELD_OWN + 1, d, a)


class Canonical(Field):
    """A Montgomery field, R = 2^256, of numbers below the modulus."""

    def __init__(self, modulus: int):
        super().__init__(modulus, r_inverse=pow(2**256, -1, modulus))

    def mul(self, a: int, b: int) -> int:
        if min(a, b) >= self.modulus:
            raise ModelError("one factor has to be below the modulus")
        return super().mul(a, b)

    def add(self, a: int, b: int) -> int:
        self._check(a, b)
        return super().add(a, b)

    def sub(self, a: int, b: int) -> int:
        self._check(a, b)
        return super().sub(a, b)

    def _check(self, a, b):
        if max(a, b) >= self.modulus:
            raise ModelError("a number is not below the modulus")

    def op_25(self, machine: Machine, d: int, a: int, b: int) -> None:
        """REVERSE."""
        if abs(d - a) < isa.CELL:
            raise ModelError("a cell is not reversed in place")
        machine.put(d, machine.take(a, isa.CELL)[::-1])


class P256(Canonical):
    """``field256``."""

    def __init__(self):
        super().__init__(P)

    def op_24(self, machine: Machine, d: int, a: int, b: int) -> None:
        """JUMP_UNLESS_ZERO."""
        if machine.cell(d):
            machine._at += a


class Order(Canonical):
    """``modular``, for one modulus: `constants` is what a program needs in cells 0 to 2."""

    def constants(self) -> bytes:
        """The modulus; -1 / modulus modulo 2^32; 2^512 modulo it, which makes Montgomery form."""
        inverse = -pow(self.modulus, -1, 2**32) % 2**32
        return b"".join(
            number.to_bytes(32, "little")
            for number in (self.modulus, inverse, 2**512 % self.modulus)
        )
