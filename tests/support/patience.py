"""Phones and tests that wait for a reader as long as it takes, on a machine that does much else.

A hang must end the run; short of that the time that an answer takes is none of a test's business.
"""

import stat
import time
from pathlib import Path

from conftest import micropython
from holdfast_host.boards.process import ReaderProcess
from holdfast_host.demo import entrance, outside
from holdfast_host.phone.link import TcpLink

FAR_S = 300.0
_LOOKS = 6
_BETWEEN_S = 0.05
_MAIN = Path(__file__).parent / "unhurried_main.py"


class PatientLink(TcpLink):
    """A phone's link that does not give its reader up."""

    def receive(self, timeout=FAR_S):
        """As TcpLink's."""
        return super().receive(timeout)

    def request(self, message, timeout=FAR_S):
        """As TcpLink's."""
        return super().request(message, timeout)

    @classmethod
    def connect(cls, *where, timeout=FAR_S, **more):
        """As TcpLink's."""
        return super().connect(*where, timeout=timeout, **more)


def install(monkeypatch) -> None:
    """Have every stage's phones, and who waits for what a reader says, be patient."""
    monkeypatch.setattr(entrance, "TcpLink", PatientLink)
    for module in (entrance, outside):
        monkeypatch.setattr(module, "LOG_SECONDS", FAR_S)
    monkeypatch.setitem(ReaderProcess.wait.__kwdefaults__, "timeout", FAR_S)


def interpreter(folder: Path, options: str = "") -> str:
    """A program in the place of MicroPython, with these ``options``, whose readers do not hurry
    either: for the variable MICROPYTHON.
    """
    script = folder / "micropython"
    real = micropython()
    script.write_text(
        "#!/bin/sh\n"
        f'case "$1" in -*) exec "{real}" "$@";; esac\n'  # no reader: it reads an image of flash
        f'shift\nexec "{real}" {options} "{_MAIN}" "$@"\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return str(script)


def rest(reader: ReaderProcess) -> None:
    """Wait until the process waits for something, and has used no processor for a while: however
    long that takes, what it was told is done then. Away from Linux that is not seen.
    """
    ends = time.monotonic() + FAR_S
    seen, times = "", 0
    while times < _LOOKS and reader.running:
        assert time.monotonic() < ends, "it never rests"
        time.sleep(_BETWEEN_S)
        now = _used(reader)
        times = times + 1 if now == seen else 0
        seen = now


def _used(reader) -> str:
    """The state of the process and the time that it has computed, all threads; never the same
    while it runs.
    """
    try:
        said = Path(f"/proc/{reader._process.pid}/stat").read_text()
    except OSError:
        return "gone, or no Linux"
    state, *fields = said.rpartition(")")[2].split()
    return f"{fields[10]} {fields[11]}" if state == "S" else str(time.monotonic())
