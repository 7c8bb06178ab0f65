"""Where the instructions of an unlock go on the 32-bit board, by function of the interpreter.

`python tests/board/profile_unlock.py [HEAP [SUITE]]` prints of a cold and of a warm unlock of the
joined reader (`make rv32-joined`) how many instructions each function took until the answer and
after it, how often it was called, and how often garbage was collected. All that the board executed
is counted, the serial line's part and the test's own meter too: a few percent more than
bench_unlock.py tells. What has no name is our machine code (lib/crypto/native).
"""

import pathlib
import re
import socket
import subprocess
import sys
import tempfile
from collections import Counter

_TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_TESTS), str(_TESTS / "support")]

from board.door import Door, Firmware, phone
from board.qemu_board import missing

_HEAP = 128 * 1024
_TOLD = 45  # functions
_MACHINE_CODE = "(machine code)"
_LONGEST = 512  # instructions of one piece of qemu's translated code, which ends with its page
_PAGE = 4096
_PREFIX = "riscv64-unknown-elf-"
_ENDS_A_PIECE = re.compile(r"b|j|ret|call|tail|mret|ecall|fence\.i|wfi|csr")
_INSTRUCTION = re.compile(r"\s*([0-9a-f]{8}):\s+([0-9a-f]{4,8})\s+(\S+)")
_PIECE = re.compile(r"Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/[^]]*\] ?(.*)")
_ANSWERS = "bytes_hex_as_str"  # by which reader_on_board.py writes what leaves for a phone
_WAITS = {"board_wait", "board_alarm"}
_COLLECTS = "gc_collect"


class Code:
    """The instructions of a built image, by address."""

    def __init__(self, image: pathlib.Path):
        told = _told_by("objdump", "-D", "-j", ".text", image)
        matches = filter(None, map(_INSTRUCTION.match, told.splitlines()))
        self._lengths = {
            int(one[1], 16): (len(one[2]) // 2, bool(_ENDS_A_PIECE.match(one[3])))
            for one in matches
        }
        names = (line.split() for line in _told_by("nm", image).splitlines())
        self.functions = {int(one[0], 16): one[2] for one in names if len(one) == 3}
        self._counts = {}

    def count(self, start: int) -> int:
        """How many instructions are executed from ``start`` to the end of its piece of code."""
        if start not in self._counts:
            count, at = 0, start
            while at in self._lengths and count < _LONGEST and at // _PAGE == start // _PAGE:
                count += 1
                length, is_end = self._lengths[at]
                at += length
                if is_end:
                    break
            self._counts[start] = count
        return self._counts[start]


def _told_by(tool, *arguments):
    command = [_PREFIX + tool, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Profile:
    """What ``trace``, a log of qemu's about one unlock, has of ``code``.

    ``before`` and ``after`` the answer: function name to instructions; ``calls`` of all.
    """

    def __init__(self, trace: pathlib.Path, code: Code):
        self.calls, self.before, self.after = Counter(), Counter(), Counter()
        with open(trace) as lines:
            for line in lines:
                piece = _PIECE.match(line)
                if piece is None or piece[2] in _WAITS:
                    continue
                start, name = int(piece[1], 16), piece[2].strip() or _MACHINE_CODE
                self.after[name] += code.count(start)
                function = code.functions.get(start)
                if function == _ANSWERS:
                    self.before.update(self.after)
                    self.after.clear()
                if function:
                    self.calls[function] += 1

    def table(self) -> str:
        """The functions that take most, and the sums."""
        both = self.before + self.after
        lines = [f"{'until the answer':>17}{'after it':>12}{'calls':>8}  function"]
        lines += [f"{sum(self.before.values()):17,}{sum(self.after.values()):12,}{'':8}  in all"]
        for name, _ in both.most_common(_TOLD):
            counts = f"{self.before[name]:17,}{self.after[name]:12,}{self.calls[name]:8,}"
            lines.append(f"{counts}  {name}")
        return "\n".join([*lines, f"garbage was collected {self.calls[_COLLECTS]} times"])


class Monitor:
    """qemu's own commands at the socket ``path``."""

    def __init__(self, path: pathlib.Path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._answer()

    def tell(self, command: str) -> None:
        self._socket.sendall(command.encode() + b"\n")
        self._answer()

    def _answer(self):
        said = b""
        while not said.endswith(b"(qemu) "):
            said += self._socket.recv(4096)


def main(heap: int = _HEAP, suite: int = 0) -> None:
    """Print both profiles."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        firmware = Firmware(folder, "joined", p256=suite == 2)
        code = Code(firmware.image)
        first, second = (phone(folder / one, suite=suite) for one in ("first", "second"))
        socket_path = folder / "monitor"
        with firmware.board(folder, heap, monitor=socket_path) as board, Door(board) as door:
            monitor = Monitor(socket_path)
            door.unlock(first)
            door.unlock(first)
            door.spent()
            for what in ("cold", "warm"):
                trace = folder / what
                monitor.tell(f"logfile {trace}")
                monitor.tell("log exec,nochain")
                report = door.unlock(second)
                spent = door.spent()
                monitor.tell("log none")
                print(f"{'warm' if report.warm else 'cold'}, counted around its tasks: {spent}")
                print(Profile(trace, code).table())


if __name__ == "__main__":
    if missing():
        sys.exit(missing())
    main(*map(int, sys.argv[1:]))
