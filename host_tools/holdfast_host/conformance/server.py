"""The stand on a TCP port, in the place of GATT: connections, frames, and when a trial is over."""

import contextlib
import os
import select
import shlex
import socket
import subprocess
import time
from collections.abc import Callable

import coap
from coap import signalling, stream

from .. import processes
from ..errors import UsageProblem
from .stand import Stand
from .trials import Trial
from .wrong import Finding, Wrong

CHUNK = 20  # what every GATT link carries

_POLL_S = 0.05
_QUIET_S = 5.0  # after which a phone that was sent something is taken to have stopped, at least
_QUIET_PART = 12  # of the time for a try: who gives a slow phone more has it waited for longer
_READ = 4096


class Server:
    """Listens on ``port`` of this machine (0: a free one) for one phone at a time.

    With ``command`` the phone is a program that is run for each try; {reader}, {port} and {door}
    in it are filled in, and exit code 0 says that the door is open. Otherwise a person has the
    phone ask, within ``seconds``.
    """

    def __init__(self, stand: Stand, port: int, command: str | None, seconds: float):
        self._stand = stand
        self._command = command
        self._seconds = seconds
        self._quiet_s = max(_QUIET_S, seconds / _QUIET_PART)
        try:
            self._listening = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            raise UsageProblem(
                f"port {port} cannot be used: {error.strerror}", "give another --port"
            ) from error
        self._listening.setblocking(False)

    @property
    def port(self) -> int:
        """Where the phone finds the reader."""
        return self._listening.getsockname()[1]

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()

    def hold(self, trial: Trial, door: str) -> Finding:
        """Try the phone, and say what came of it."""
        stand = self._stand
        stand.begin()
        trial.prepares(stand)
        try:
            said = ""
            # A phone that kept a context first learns that it is forgotten, and may stop there.
            for _ in range(2):
                said = self._once(trial, door)
                if not trial.needs or trial.needs[-1] in stand.ways:
                    break
            return judged(trial, stand, said)
        except Wrong as wrong:
            return Finding(
                trial.name, False, wrong.said, wrong.step, wrong.value, wrong.should, wrong.came
            )

    def _once(self, trial: Trial, door: str) -> str:
        """One try; "open", "shut", or "" if nobody says."""
        if self._command is None:
            self._serve(trial, time.monotonic() + self._seconds, lambda: False)
            return ""
        filled = self._command.format(reader=f"127.0.0.1:{self.port}", port=self.port, door=door)
        with _started(filled) as phone:
            deadline = time.monotonic() + self._seconds
            self._serve(trial, deadline, lambda: phone.poll() is not None)
            if phone.poll() is None:
                raise Wrong("phone", "end", f"it did not end within {self._seconds:g} s")
            return "open" if phone.returncode == 0 else "shut"

    def _serve(self, trial: Trial, deadline: float, is_over: Callable[[], bool]) -> None:
        while time.monotonic() < deadline:
            if select.select([self._listening], [], [], _POLL_S)[0]:
                connection, _ = self._listening.accept()
                with connection:
                    self._converse(connection, deadline, is_over)
                if self._command is None:
                    return
            elif is_over():
                return

    def _converse(
        self, connection: socket.socket, deadline: float, is_over: Callable[[], bool]
    ) -> None:
        connection.setblocking(False)
        decoder, peer = stream.Decoder(), signalling.Peer()
        greeting = stream.encode(signalling.csm())
        quiet_since = time.monotonic()
        while time.monotonic() < deadline and time.monotonic() - quiet_since < self._quiet_s:
            if not select.select([connection], [], [], _POLL_S)[0]:
                if is_over():
                    return
                continue
            try:
                data = connection.recv(_READ)
            except OSError:
                return
            if not data:
                return
            quiet_since = time.monotonic()
            try:
                messages = decoder.feed(data)
                for message in messages:
                    reply = self._reply(peer, message)
                    if reply is not None:
                        _send(connection, greeting + stream.encode(reply))
                        greeting = b""
            except coap.CoAPError as error:
                raise Wrong("framing", "frame", str(error), came=data[:32].hex()) from error
            if peer.has_aborted or peer.has_released:
                return

    def _reply(self, peer: signalling.Peer, message: coap.Message) -> coap.Message | None:
        reply = peer.receive(message)
        if reply is not None or not coap.code.is_request(message.code):
            return reply
        answer = self._stand.request(message)
        return coap.Message(answer.code, answer.options, answer.payload, message.token)


def run_once(command: str) -> None:
    """Run a command of the phone's to its end. Raises UsageProblem if it fails."""
    with _started(command) as phone:
        said = phone.communicate()[1].decode(errors="replace").strip()
        if phone.returncode != 0:
            last = said.splitlines()[-1] if said else "it says nothing"
            raise UsageProblem(
                f"the phone's command failed with {phone.returncode}: {last}", "check it"
            )


def judged(trial: Trial, stand: Stand, said: str) -> Finding:
    """What came of a ``trial`` in which nothing was read that is wrong; the phone ``said`` "open",
    "shut", or nothing.
    """
    ways = stand.ways
    if trial.barred and trial.barred in ways:
        return Finding(trial.name, False, trial.why, trial.barred, "certificate")
    if not ways:
        return Finding(trial.name, False, "the phone did not ask", "connection", "message_1")
    missing = [one for one in trial.needs if one not in ways]
    if missing == ["message_3"] and "message_1" in ways:
        return Finding(
            trial.name,
            False,
            "the phone went no further than message_2: one of h_message_1 to mac_2 is another"
            " with it, or it does not believe the certificate",
            "message_2",
            "mac_2",
            "" if stand.last is None else stand.last["mac_2"].hex(),
        )
    if missing:
        one = missing[0]
        return Finding(trial.name, False, f"it did not come to {one}", one, one)
    if said and trial.opens is not None and (said == "open") != trial.opens:
        should = "open" if trial.opens else "shut"
        cause = f"the phone says {said}"
        return Finding(trial.name, False, cause, "answer", "verdict", should, said)
    if trial.name == "again" and "warm" not in ways:
        return Finding(trial.name, True, "by a full handshake: it keeps no context")
    looked = "" if said or trial.opens is not False else "; look: it must show that nothing opened"
    return Finding(trial.name, True, ", ".join(ways) + looked)


def _send(connection: socket.socket, data: bytes) -> None:
    connection.setblocking(True)
    try:
        for start in range(0, len(data), CHUNK):
            connection.sendall(data[start : start + CHUNK])
    except OSError:
        return  # it has gone; what it did until then counts
    finally:
        connection.setblocking(False)


@contextlib.contextmanager
def _started(command: str):
    try:
        phone = processes.start(shlex.split(command), dict(os.environ))
    except (OSError, ValueError) as error:
        raise UsageProblem(
            f"the phone cannot be started: {error}", "check what --run says"
        ) from error
    try:
        yield phone
    finally:
        if phone.poll() is None:
            phone.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            phone.wait(5)
        for pipe in (phone.stdout, phone.stderr):
            if pipe is not None:
                pipe.close()
