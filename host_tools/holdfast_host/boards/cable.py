"""A board on a cable: its serial port or USB, over which MicroPython is told what to do.

The only module that knows mpremote and the serial ports of this machine. Its raw REPL, files with
progress and hashes; every way in which a cable fails is a UsageProblem that says what to do.
"""

import ast
import contextlib
import dataclasses
import errno
import hashlib
import os
import re
import struct
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import cast

import serial
from mpremote import transport_serial
from mpremote.transport import TransportError, TransportExecError
from serial.tools import list_ports

from ..errors import UsageProblem

ANSWER_SECONDS = 120  # for one thing that it is told
_ENTER_SECONDS = 20
_BACK_SECONDS = 30.0  # a port of the chip's own goes with a reset, and comes again
_LOOK_SECONDS = 0.2  # for more of a line, before the time is looked at
_CHUNK = 2048  # bytes of a file that are sent at once
_NEW = ".new"  # after a file's name: written, and not yet it
_LARGEST = 1 << 20

# What a serial port says of itself where a board hangs at it, by the USB maker's number.
_MAKERS = {
    0x303A: "Espressif",
    0x10C4: "Silicon Labs CP210x",
    0x1A86: "WCH CH340",
    0x0403: "FTDI",
}

_GONE = (serial.SerialException, struct.error, EOFError)

# As MicroPython says it, with or without the error's name.
_OS_ERROR = re.compile(r"OSError: (?:\[Errno )?(\d+)")

_HASHES = """
import hashlib, os
def h(n):
 try:
  with open(n, 'rb') as f:
   d, b = hashlib.sha256(), bytearray(1024)
   m = memoryview(b)
   while 1:
    k = f.readinto(b)
    if not k:
     break
    d.update(m[:k])
  return d.digest()
 except OSError as e:
  if e.errno != 2:
   raise
for n in %r:
 print(repr((n, h(n))))
"""

_MAKE_FOLDER = """
import os
try:
 os.mkdir(%r)
except OSError as e:
 if e.errno != 17:
  raise
"""

# mpremote prints what it heard instead of an answer; that is for the problem, not for a terminal.
transport_serial.print = lambda *said: None  # type: ignore[attr-defined]


@dataclasses.dataclass(frozen=True)
class Port:
    """A serial port at which a board may be: its ``device``, what is there as far as USB says,
    and whether this user may open it.
    """

    device: str
    what: str
    is_ours: bool


def ports() -> list[Port]:
    """The serial ports of this machine that are USB's, by name."""
    found = [one for one in list_ports.comports() if one.vid is not None]
    return [
        Port(one.device, _MAKERS.get(one.vid) or one.description or "?", _may_open(one.device))
        for one in sorted(found, key=lambda one: one.device)
    ]


def permission_problem(device: str) -> UsageProblem:
    """That this user may not open the port, and how to be let."""
    step = "run this as somebody who may"
    if sys.platform.startswith("linux"):
        step = (
            f"sudo usermod -aG {_group(device)} $USER, and log in again; or a udev rule:"
            ' SUBSYSTEM=="tty", ATTRS{idVendor}=="303a", TAG+="uaccess"'
        )
    return UsageProblem(f"{device} is there, and you may not open it", step)


class Cable:
    """The board at the serial port ``device``. A context manager, which closes the port.

    Whoever opens it stops what the board does, by ``enter``.
    """

    def __init__(self, device: str):
        self.device = device
        if not os.path.exists(device):
            raise UsageProblem(
                f"there is no serial port {device}",
                "plug the board in by a cable that carries data, and look: holdfast board list",
            )
        if not _may_open(device):
            raise permission_problem(device)
        self._open()

    def __enter__(self) -> "Cable":
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def close(self) -> None:
        """Let others have the port; harmless to repeat."""
        with contextlib.suppress(OSError, serial.SerialException):
            self._transport.close()

    def _open(self) -> None:
        try:
            self._transport = transport_serial.SerialTransport(self.device, timeout=_ENTER_SECONDS)
        except (TransportError, OSError) as error:
            raise UsageProblem(
                f"{self.device} cannot be opened",
                "end the program that has it, such as a terminal, or unplug and plug in again",
            ) from error

    def enter(self) -> None:
        """Stop what runs, and have a MicroPython that has loaded nothing; main.py does not run."""
        with self._as_problems():
            try:
                self._transport.enter_raw_repl(timeout_overall=_ENTER_SECONDS)
            except TransportError as error:
                raise UsageProblem(
                    f"the board at {self.device} does not stop for the REPL of MicroPython",
                    "reset it and try again; if it starts over and over, or has no MicroPython,"
                    " erase its flash and flash an image (docs/boards.md)",
                ) from error

    def run(self, source: str, seconds: int = ANSWER_SECONDS) -> str:
        """What ``source`` prints on the board. Raises BoardRefusal with the last line of what it
        raised there, and UsageProblem if no answer comes in time.
        """
        with self._as_problems():
            said, error = self._transport.exec_raw(source, timeout=seconds)
            if error:
                refusal = BoardRefusal(self.device, error.decode(errors="replace"))
                found = _OS_ERROR.match(refusal.last)
                if found and int(found[1]) in (errno.ENOSPC, errno.EROFS):
                    raise OSError(int(found[1]), "on the board") from refusal
                raise refusal
        return said.decode(errors="replace").replace("\r\n", "\n")

    def hashes(self, names: Collection[str]) -> dict[str, bytes | None]:
        """SHA-256 of each of its files of these ``names``; None of those that are not there."""
        lines = self.run(_HASHES % (tuple(names),)).splitlines()
        try:
            found = dict(ast.literal_eval(line) for line in lines)
        except (ValueError, SyntaxError, TypeError) as error:
            raise self._nonsense() from error
        if set(found) != set(names):
            raise self._nonsense()
        return found

    def read(self, name: str) -> bytes | None:
        """One of its files, of at most 1 MB; None if it is not there."""
        with self._as_problems():
            try:
                if self._transport.fs_stat(name).st_size > _LARGEST:
                    raise self._nonsense()
                return bytes(self._transport.fs_readfile(name, chunk_size=_CHUNK))
            except OSError as error:
                if error.errno != errno.ENOENT or isinstance(error, serial.SerialException):
                    raise
                return None

    def write(
        self, name: str, data: bytes, progress: Callable[[int], None] = lambda sent: None
    ) -> None:
        """Put the file ``name`` there, whole or not at all: it is written beside itself, compared
        by its hash, and renamed. ``progress`` hears how many bytes were sent.
        """
        for folder in reversed(PurePosixPath(name).parents):
            if str(folder) not in ("/", "."):
                self._make_folder(str(folder))
        new = name + _NEW
        try:
            with self._as_problems():
                self._transport.fs_writefile(
                    new, data, _CHUNK, progress_callback=lambda sent, _: progress(sent)
                )
        except BoardFull:
            self.remove(new)
            raise
        if self.hashes([new])[new] != hashlib.sha256(data).digest():
            self.remove(new)
            raise UsageProblem(
                f"{name} did not arrive at {self.device} as it was sent",
                "run the same command again; if it stays so, take another cable",
            )
        self.run(f"import os\nos.rename({new!r}, {name!r})\nif hasattr(os, 'sync'):\n os.sync()")

    def remove(self, name: str) -> None:
        """Take the file away; harmless to repeat."""
        with self._as_problems():
            try:
                self._transport.fs_rmfile(name)
            except OSError as error:
                if error.errno != errno.ENOENT or isinstance(error, serial.SerialException):
                    raise

    def send(
        self,
        files: Mapping[str, bytes],
        progress: Callable[[str, int], None] = lambda name, sent: None,
    ) -> list[str]:
        """Have these ``files`` there, by name; what is there already is not sent again. The names
        of those that were, in order; ``progress`` hears of which file how many bytes.
        """
        there = self.hashes(list(files)) if files else {}
        sent = []
        for name, data in files.items():
            if there[name] != hashlib.sha256(data).digest():
                self.write(name, data, lambda so_far, name=name: progress(name, so_far))
                sent.append(name)
        return sent

    def restart(self) -> None:
        """As when its power comes back, main.py included; ``lines`` are what it says from then."""
        with self._as_problems():
            self._transport.exec_raw_no_follow("import machine\nmachine.reset()")
            # OK to the program, which is no line of it.
            self._transport.in_raw_repl = False

    def lines(self, seconds: float) -> Iterator[bytes]:
        """What the board says, by lines, until ``seconds`` are over; the port may go meanwhile and
        come again.
        """
        deadline, said = time.monotonic() + seconds, b""
        while time.monotonic() < deadline:
            try:
                self._port.timeout = _LOOK_SECONDS
                said += self._port.read(max(1, self._port.in_waiting))
            except _GONE + (OSError,):
                self._come_back()
            finally:
                self._port.timeout = _ENTER_SECONDS
            *whole, said = said.split(b"\n")
            yield from whole

    @property
    def _port(self) -> serial.Serial:
        return cast(serial.Serial, self._transport.serial)

    def _come_back(self) -> None:
        self.close()
        deadline = time.monotonic() + _BACK_SECONDS
        while time.monotonic() < deadline:
            if os.path.exists(self.device) and _may_open(self.device):
                with contextlib.suppress(UsageProblem):
                    return self._open()
            time.sleep(0.1)
        raise self._gone()

    def _make_folder(self, name: str) -> None:
        self.run(_MAKE_FOLDER % name)

    @contextlib.contextmanager
    def _as_problems(self) -> Iterator[None]:
        try:
            yield
        except _GONE as error:
            raise self._gone() from error
        except TransportExecError as error:
            raise BoardRefusal(self.device, error.error_output) from error
        except TransportError as error:
            raise UsageProblem(
                f"the board at {self.device} does not answer",
                "reset it, and run the same command again: it goes on where it stopped",
            ) from error
        except (ValueError, SyntaxError) as error:
            raise self._nonsense() from error
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise BoardFull(self.device) from error
            if error.errno == errno.EROFS:
                raise UsageProblem(
                    f"the files of the board at {self.device} cannot be written: read-only",
                    "see what its boot.py mounts; or erase its flash and begin anew",
                ) from error
            if error.errno in (errno.EIO, errno.ENXIO, errno.ENODEV):
                raise self._gone() from error
            why = os.strerror(error.errno) if error.errno else str(error)
            raise UsageProblem(
                f"the board at {self.device} refuses a file: {why}", "reset it, and try again"
            ) from error

    def _gone(self) -> UsageProblem:
        return UsageProblem(
            f"the board at {self.device} is gone: was it unplugged?",
            "plug it in, and run the same command again: it goes on where it stopped",
        )

    def _nonsense(self) -> UsageProblem:
        return UsageProblem(
            f"the board at {self.device} answers as MicroPython does not",
            "reset it, and run the same command again",
        )


class BoardFull(UsageProblem):
    """There is no room for a file."""

    def __init__(self, device: str):
        super().__init__(
            f"the flash of the board at {device} is full",
            "erase it and begin anew: what else lies there has no place beside the firmware",
        )


class BoardRefusal(UsageProblem):
    """What the board was told to do raised there; ``last`` is the last line of its traceback."""

    def __init__(self, device: str, traceback: str):
        self.last = (traceback.strip().splitlines() or ["it said nothing"])[-1].strip()
        super().__init__(f"the board at {device} says: {self.last}", "reset it, and try again")


def _may_open(device: str) -> bool:
    return os.access(device, os.R_OK | os.W_OK)


def _group(device: str) -> str:
    try:
        import grp

        return grp.getgrgid(os.stat(device).st_gid).gr_name
    except (ImportError, OSError, KeyError):
        return "dialout"
