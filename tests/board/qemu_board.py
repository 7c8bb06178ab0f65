"""A 32-bit board in qemu (boards/qemu_rv32), driven as a real one is: raw REPL over serial."""

import contextlib
import io
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

from mpremote.romfs import make_romfs
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from crypto.assembly.mpy_file import for_stock_images

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILT = ROOT / "build" / "rv32"
FIRMWARE = BUILT / "firmware.elf"
FROZEN = BUILT / "frozen.elf"
JOINED = BUILT / "joined.elf"
GATT = BUILT / "gatt.elf"
JOINED_MODULES = ROOT / "build" / "joined" / "rv32" / "modules"
MPY_CROSS = BUILT / "mpy-cross" / "mpy-cross"
QEMU = "qemu-system-riscv32"

START_SECONDS = 60
_END = b"\x04"  # in the raw REPL, of what a program prints and of its traceback
WARNING = "Warning: Comparison between bytes and str"
QUIET_SECONDS = 600  # a board that hangs must end the run; nothing here asserts on speed

# Where a source file lies in the board's ROM, which has /rom and /rom/lib on its sys.path. The
# backend for CPython is not for a board, nor are modules only the unix port runs.
PLACES = (("lib", "lib"), ("firmware/holdfast", "lib/holdfast"))
NOT_FOR_A_BOARD = ("lib/crypto/hosted.py", "lib/crypto/assembly/", "firmware/holdfast/hal/unix/")


class BoardError(Exception):
    """Code on the board raised; the text is its traceback."""


def missing() -> str:
    """What this machine lacks to run the board; empty if nothing."""
    if not FIRMWARE.exists() or not MPY_CROSS.exists():
        return "no build/rv32/firmware.elf: run `make rv32`"
    if not shutil.which(QEMU):
        return f"no {QEMU}: run `make rv32`, or install it"
    return ""


def compiled(source: pathlib.Path, name: str, to: pathlib.Path) -> None:
    """Compile one file with the compiler of the board's own MicroPython.

    Raises BoardError with what the compiler says.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    command = [str(MPY_CROSS), "-march=rv32imc", "-s", name, "-o", str(to), str(source)]
    process = subprocess.run(command, capture_output=True, text=True)
    if process.returncode:
        raise BoardError(process.stderr)


def sources() -> list:
    """(path, where it lies on a board) of every source file that goes to one."""
    return [
        (source, pathlib.PurePath(place) / source.relative_to(ROOT / folder))
        for folder, place in PLACES
        for source in sorted((ROOT / folder).rglob("*.py"))
        if not source.relative_to(ROOT).as_posix().startswith(NOT_FOR_A_BOARD)
    ]


def compile_tree(to: pathlib.Path, tests=()) -> None:
    """All of lib and firmware below ``to``, and the files ``tests`` beside them."""
    for source, target in sources():
        name = source.relative_to(ROOT).as_posix()
        compiled(source, name, (to / target).with_suffix(".mpy"))
    native_modules(to / "lib" / "crypto" / "native")
    for source in tests:
        name = source.relative_to(ROOT).as_posix()
        compiled(source, name, to / source.with_suffix(".mpy").name)


def native_modules(to: pathlib.Path) -> None:
    """The generated modules of the native backend, for the board's processor."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "crypto.assembly.build", folder, "rv32"],
            env={**os.environ, "PYTHONPATH": str(ROOT / "lib")},
            check=True,
        )
        for source in sorted(pathlib.Path(folder).glob("*.py")):
            module = (to / source.name).with_suffix(".mpy")
            compiled(source, "crypto/native/" + source.name, module)
            module.write_bytes(for_stock_images(module.read_bytes()))


def rom_image(folder: pathlib.Path) -> bytes:
    """A ROMFS image of what lies in ``folder``."""
    with contextlib.redirect_stdout(io.StringIO()):
        return make_romfs(str(folder), mpy_cross=False)


class Board:
    """One board, from power-on to power-off; ``folder`` keeps its flash in between.

    ``rom`` is a ROMFS image, ``heap`` bytes take the place of an ESP32-C3's, out of ``system``
    bytes beside it the heap grows, and ``firmware`` is what was built: FIRMWARE, or FROZEN or
    JOINED, which have ours in them. An instruction takes 2**``shift`` ns of
    its time. ``device`` is the serial port a tool of one's own may open; leave the board's own
    methods alone then. ``monitor`` is the path of a socket for qemu's own commands.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        rom: bytes = b"",
        heap: int = 0,
        firmware: pathlib.Path = FIRMWARE,
        shift: int = 0,
        system: int = 0,
        monitor: pathlib.Path | None = None,
    ):
        (folder / "romfs.img").write_bytes(rom)
        command = [QEMU, "-bios", "none", "-machine", "virt", "-nographic"]
        command += ["-monitor", f"unix:{monitor},server,nowait" if monitor else "null"]
        command += ["-semihosting", "-icount", f"shift={shift}", "-serial", "pty"]
        command += ["-kernel", firmware]
        asked = [f"heap={heap}"] if heap else []
        asked += [f"system={system}"] if system else []
        if asked:
            command += ["-append", " ".join(asked)]
        self._transport = None
        self._process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._held = None
        try:
            self.device = self._serial_port()
            # qemu looks only once a second for somebody at a port that nobody has open.
            self._held = os.open(self.device, os.O_RDWR | os.O_NOCTTY)
        except BaseException:
            self.power_off()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.power_off()

    def _serial_port(self) -> str:
        """What qemu says it made; raises BoardError with all it said if it made none."""
        output = self._process.stdout.fileno()
        said = b""
        end = time.monotonic() + START_SECONDS
        while select.select([output], [], [], max(0, end - time.monotonic()))[0]:
            chunk = os.read(output, 4096)
            said += chunk
            port = re.search(rb"redirected to (\S+) ", said)
            if port:
                return port[1].decode()
            if not chunk:
                break
        raise BoardError(f"qemu did not start: {said.decode(errors='replace')}")

    def _repl(self) -> SerialTransport:
        if not self._transport:
            # Without a timeout of its own, a read from a board that crashed would never end; a
            # board that others leave no time has not crashed.
            self._transport = SerialTransport(
                self.device, exclusive=False, timeout=START_SECONDS
            )
            self._transport.enter_raw_repl(soft_reset=False)
        return self._transport

    def run(self, source: str) -> str:
        """Run ``source`` and return what it printed.

        Raises BoardError with the traceback, if the board crashed or went silent for minutes, or
        if it compared a byte string with a text, which whoever sends bytes could make it print.
        """
        try:
            printed, error = self._repl().exec_raw(source, timeout=QUIET_SECONDS)
        except (TransportError, OSError) as error:
            raise BoardError(f"the board does not answer: {error}") from error
        if error:
            raise BoardError(error.decode(errors="replace"))
        return _unwarned(printed.decode(errors="replace").replace("\r\n", "\n"))

    def start(self, source: str) -> None:
        """Run ``source`` and do not wait for its end; ``line`` and ``interrupt`` come next."""
        self._repl().exec_raw_no_follow(source)

    def line(self, seconds: int = QUIET_SECONDS) -> str:
        """The next line that what was started prints.

        Raises BoardError if none comes within ``seconds``, if it has ended instead, or if it is
        the warning that ``run`` refuses.
        """
        said = self._repl().read_until(1, b"\n", timeout=seconds)
        if not said.endswith(b"\n"):
            raise BoardError("the board does not answer")
        if said.startswith(_END):
            error = said[1:] + self._repl().read_until(1, _END, timeout=seconds)[:-1]
            raise BoardError(error.decode(errors="replace"))
        return _unwarned(said.decode()).strip()

    def write(self, data: bytes) -> None:
        """What was started reads this on its standard input; Ctrl-C (0x03) would stop it."""
        self._repl().serial.write(data)

    def ended(self) -> str:
        """What was started ended by itself; gives what it still printed. Raises BoardError."""
        printed, error = self._repl().follow(QUIET_SECONDS)
        if error:
            raise BoardError(error.decode(errors="replace"))
        return _unwarned(printed.decode(errors="replace"))

    def interrupt(self) -> str:
        """Stop what was started, as Ctrl-C does; gives the last line of its traceback."""
        self._repl().serial.write(b"\x03")
        _, error = self._repl().follow(QUIET_SECONDS)
        return error.decode().strip().rpartition("\n")[2]

    def soft_reset(self) -> None:
        """End the program and start MicroPython again: the heap is new, the flash stays."""
        self._repl().enter_raw_repl(soft_reset=True)

    def reset(self) -> None:
        """The board's own machine.reset(): as power-on, main.py included."""
        self.start("import machine; machine.reset()")
        self._repl().read_until(1, b">>> ", timeout=QUIET_SECONDS)
        self._repl().enter_raw_repl(soft_reset=False)

    def power_off(self) -> None:
        """Power fails now, whatever the board is doing."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        if self._held is not None:
            os.close(self._held)
            self._held = None
        if self._transport:
            with contextlib.suppress(OSError):
                self._transport.close()


def _unwarned(said: str) -> str:
    if WARNING in said:
        raise BoardError(f"printed {said.count(WARNING)} times: {WARNING}")
    return said


@contextlib.contextmanager
def new_board(rom: bytes = b"", heap: int = 0, system: int = 0):
    """A board with empty flash, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        with Board(pathlib.Path(folder), rom, heap, system=system) as board:
            yield board
