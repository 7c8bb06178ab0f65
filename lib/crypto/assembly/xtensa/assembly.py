"""Writes one function for MicroPython's Xtensa inline assembler, an instruction a call.

``code.mull("a4", "a5", "a6")`` is the line ``mull(a4, a5, a6)``; the form of two bytes is taken
where there is one. What MicroPython's assembler (1.29) does not know goes in as raw data, encoded
here after the Xtensa ISA reference manual: MULUH, EXTUI, the conditional moves, MINU, ENTRY,
CALL8, CALL0 and RETW. All are in LX6 (ESP32) and LX7 (ESP32-S2, S3), whose configurations have the
options MUL32_HIGH and MINMAX; SALTU, which would make a carry, is in neither.

That assembler takes a label that comes later for another one, and counts a conditional branch to
it too short. So a branch ahead is written here as the opposite branch, raw, over a jump.
"""

from .. import mpy_file

# op2 and op1 of instructions with three registers r, s, t that go in as data.
_RAW = {
    "muluh": (10, 2),
    "minu": (6, 3),
    "moveqz": (8, 3),
    "movnez": (9, 3),
    "movltz": (10, 3),
}
_ASSEMBLED = frozenset(
    (
        *("and_", "or_", "xor", "sub", "neg", "addx2", "addx4", "addx8", "mull", "slli", "srai"),
        *("src", "srl", "sra", "ssr", "ssl", "ssa8l", "ssai", "l16ui", "l8ui", "s8i", "s16i"),
        *("subx2", "sll", "jx", "j", "beqz", "bnez", "bltz", "bgez", "beq", "bne", "bge", "blt"),
        *("bltu", "bgeu", "bbci", "bbsi", "label", "align"),
    )
)
# The branches and how the opposite of each is encoded.
_BRANCHES_ON_ZERO = {"beqz": 1, "bnez": 0, "bltz": 3, "bgez": 2}
_BRANCHES = {"blt": 10, "bge": 2}
_OVER_A_JUMP = 2
_BYTES_OF_BYTEARRAY = 12  # offset of their address in the object
_SHIFT_LIMIT = 15  # of SRLI; EXTUI does the rest


class Assembly:
    """The text of a module with one function in machine code, ``name(*arguments)``, buffers all.

    The code begins with their addresses in a2, a3 and so on (at most four), and a0 is free for
    use. It is called as viper functions are: :mod:`..mpy_file` says why, and has to be let loose
    on what ``mpy-cross`` makes of the text.
    """

    def __init__(self, name: str, *arguments: str):
        self._lines = [
            *mpy_file.wrapper(name, list(arguments)).splitlines(),
            "@micropython.asm_xtensa",
            f"def _{name}(a2, a3, a4, a5):",
        ]
        self._known: set[str] = set()
        # a2 to a5: the function itself, the number of arguments, of named ones, where they are.
        self.l32i("a5", "a5", 0)
        self.l32i("a5", "a5", _BYTES_OF_BYTEARRAY)
        for i in range(len(arguments)):
            self.l32i(f"a{2 + i}", "a5", 4 * i)

    def source(self) -> str:
        """The module's text. The function gives the int 0, as an object."""
        self.movi("a2", 0 << 1 | 1)
        return "\n".join(self._lines) + "\n"

    def __getattr__(self, op: str):
        if op in _RAW:
            op2, op1 = _RAW[op]
            return lambda *operands: self._rrr(op2, op1, *map(_number, operands))
        if op in _BRANCHES_ON_ZERO or op in _BRANCHES:
            return lambda *operands: self._branch(op, *operands)
        if op not in _ASSEMBLED:
            raise AttributeError(op)
        return lambda *operands: self._line(op, *operands)

    def _line(self, op, *operands):
        self._lines.append(f"    {op}({', '.join(str(operand) for operand in operands)})")

    def _data(self, count: int, value: int) -> None:
        self._line("data", count, hex(value))

    def _rrr(self, op2: int, op1: int, r: int, s: int, t: int) -> None:
        self._data(3, op2 << 20 | op1 << 16 | r << 12 | s << 8 | t << 4)

    def label(self, name: str) -> None:
        if name in self._known:
            raise ValueError(f"there is a label {name} already")
        self._known.add(name)
        self._line("label", name)

    def _branch(self, op, *operands):
        *registers, to = operands
        if to in self._known:
            self._line(op, *operands)
            return
        s, t = _number(registers[0]), _number(registers[-1])
        if op in _BRANCHES_ON_ZERO:
            self._data(3, _OVER_A_JUMP << 12 | s << 8 | _BRANCHES_ON_ZERO[op] << 6 | 0x16)
        else:
            self._data(3, _OVER_A_JUMP << 16 | _BRANCHES[op] << 12 | s << 8 | t << 4 | 7)
        self.j(to)

    def mov(self, to: str, source: str) -> None:
        if to != source:
            self._line("mov_n", to, source)

    def movi(self, to: str, value: int) -> None:
        """A number of 12 bits. A larger one is put together, so that the code reads no data."""
        if -32 <= value <= 95:
            self._line("movi_n", to, value)
        elif -2048 <= value <= 2047:
            low, high = value & 0xFF, value >> 8 & 0xF
            self._data(3, low << 16 | 10 << 12 | high << 8 | _number(to) << 4 | 2)
        else:
            raise ValueError(f"{value} does not fit in one instruction")

    def add(self, to: str, left: str, right: str) -> None:
        self._line("add_n", to, left, right)

    def addi(self, to: str, source: str, value: int) -> None:
        if value == -1:  # that assembler's addi_n names other registers for -1
            self._data(2, _number(to) << 12 | _number(source) << 8 | 0xB)
        else:
            self._line("addi_n" if 1 <= value <= 15 else "addi", to, source, value)

    def l32i(self, to: str, base: str, offset: int) -> None:
        self._line("l32i_n" if offset <= 60 else "l32i", to, base, offset)

    def s32i(self, source: str, base: str, offset: int) -> None:
        self._line("s32i_n" if offset <= 60 else "s32i", source, base, offset)

    def srli(self, to: str, source: str, bits: int) -> None:
        if bits <= _SHIFT_LIMIT:
            self._line("srli", to, source, bits)
        elif bits >= 16:
            self.extui(to, source, bits, 32 - bits)

    def extui(self, to: str, source: str, lowest: int, count: int) -> None:
        """``count`` (at most 16) bits of ``source`` from bit ``lowest`` on."""
        op1 = 4 | lowest >> 4
        self._rrr(count - 1, op1, _number(to), lowest & 15, _number(source))

    def entry(self, frame: int) -> None:
        """The begin of a function that CALL8 calls: its registers, and a frame below a1."""
        self._data(3, frame >> 3 << 12 | 1 << 8 | 3 << 4 | 6)

    def retw(self) -> None:
        self._data(2, 0xF01D)

    def call8(self, words: int) -> None:
        """Calls what lies ``words`` words behind the first word boundary after this instruction.

        (After its first byte, to be exact.)
        """
        self._data(3, words << 6 | 2 << 4 | 5)

    def call0(self, words: int) -> None:
        """As call8, but in the same registers; a0 is then the address of what comes next here."""
        self._data(3, words << 6 | 5)


def _number(register: str) -> int:
    return int(register[1:])
