"""Writes one function for MicroPython's RV32 inline assembler, an instruction a call.

``code.add("t0", "t1", "t2")`` is the line ``add(t0, t1, t2)``; loads and stores take the offset
last: ``code.lw("t0", "sp", 8)``. Where the two-byte form of an instruction does the same it is
taken, since flash and RAM are short and its instruction count is the same.

MicroPython's assembler (1.25) looks up a label that comes later out of bounds and may then find
its distance too large. So no branch or jump here goes ahead: `Assembly` refuses it. Only ``la``,
which is not checked there, may name a label that is yet to come. Its c_and, c_or, c_xor and c_sub
lose a bit of both registers' numbers, so those are never taken.
"""

from .. import mpy_file

# The registers a two-byte load, store, andi, srli or srai can name.
_SHORT = frozenset(("s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5"))

_BYTES_OF_BYTEARRAY = 12  # offset of their address in the object

_LOADS = frozenset(("lw", "lh", "lhu", "lb", "lbu", "sw", "sh", "sb"))
_BRANCHES = frozenset(("beq", "bne", "blt", "bge", "bltu", "bgeu", "jal"))
_OTHERS = frozenset(
    (
        *("add", "sub", "and_", "or_", "xor", "sll", "srl", "sra", "slt", "sltu"),
        *("addi", "andi", "ori", "xori", "slli", "srli", "srai", "slti", "sltiu", "lui", "li"),
        *("mv", "la", "mul", "mulhu", "jalr", "c_jr", "label"),
    )
)


class Assembly:
    """The text of a module with one function in machine code, ``name(*arguments)``, buffers all.

    The code begins with their addresses in a0, a1 and so on (at most four). It is called as viper
    functions are: :mod:`..mpy_file` says why, and has to be let loose on what ``mpy-cross`` makes
    of the text.
    """

    def __init__(self, name: str, *arguments: str):
        self._lines = [
            *mpy_file.wrapper(name, list(arguments)).splitlines(),
            "@micropython.asm_rv32",
            f"def _{name}(a0, a1, a2, a3):",
        ]
        self._labels: set[str] = set()
        # a0 to a3: the function itself, the number of arguments, of named ones, where they are.
        self.lw("a3", "a3", 0)
        self.lw("a3", "a3", _BYTES_OF_BYTEARRAY)
        for i in range(len(arguments)):  # a3 last
            self.lw(f"a{i}", "a3", 4 * i)

    def back(self) -> None:
        """Return the int 0, as an object. What the caller wants kept is the code's to restore."""
        self.li("a0", 0 << 1 | 1)
        self.jalr("zero", "ra", 0)

    def __getattr__(self, op: str):
        if op not in _LOADS | _BRANCHES | _OTHERS:
            raise AttributeError(op)
        return lambda *operands: self._write(op, operands)

    def source(self) -> str:
        return "\n".join(self._lines) + "\n"

    def _write(self, op, operands):
        if op in _LOADS:
            self._line(*_short_access(op, *operands))
            return
        if op == "label":
            if operands[0] in self._labels:
                raise ValueError(f"there is a label {operands[0]} already")
            self._labels.add(operands[0])
        elif op in _BRANCHES and operands[-1] not in self._labels:
            raise ValueError(f"{op}: {operands[-1]} is no label yet, and jumps only go back")
        self._line(*_short(op, operands))

    def _line(self, op, *operands):
        self._lines.append(f"    {op}({', '.join(str(operand) for operand in operands)})")


def _short_access(op, register, base, offset):
    """A load or store, in two bytes if it can be: both registers or sp, and a small offset."""
    word = op in ("lw", "sw") and offset % 4 == 0 and offset >= 0
    if word and base == "sp" and offset < 128:  # the assembler's bound, not the CPU's
        return f"c_{op}sp", register, offset
    if word and offset < 64 and {register, base} <= _SHORT:  # the assembler's bound, not the CPU's
        return f"c_{op}", register, f"{offset}({base})"
    return op, register, f"{offset}({base})"


def _short(op: str, operands: tuple) -> tuple:
    """The operation and operands of the two-byte form, if there is one."""
    first, rest = operands[0], list(operands[1:])
    if op == "mv":
        return "c_mv", first, *rest
    if op == "add" and rest[1] == first:
        rest.reverse()  # the short form wants the target first
    same = len(rest) == 2 and rest[0] == first
    small = same and isinstance(rest[1], int) and -32 <= rest[1] < 32
    if same and op == "add" and rest[1] != "zero":
        return "c_add", first, rest[1]
    if small and op == "addi" and rest[1]:
        return "c_addi", first, rest[1]
    if small and op == "andi" and first in _SHORT:
        return "c_andi", first, rest[1]
    if same and op == "slli" and rest[1]:
        return "c_slli", first, rest[1]
    if same and op in ("srli", "srai") and first in _SHORT and rest[1]:
        return f"c_{op}", first, rest[1]
    return op, *operands
