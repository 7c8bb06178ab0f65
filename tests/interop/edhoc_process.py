"""The side under test, in a MicroPython of its own or in this CPython, for tests that ask it."""

import subprocess

from conftest import ROOT, environment, micropython
from interop import edhoc_peer as peers
from interop.edhoc_subject import Subject


class _Process:
    """A Subject in a MicroPython of its own."""

    def __init__(self):
        script = ROOT / "tests" / "interop" / "edhoc_subject.py"
        self._process = subprocess.Popen(
            [micropython(), "-X", "heapsize=512K", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment("micropython"),
            text=True,
        )

    def handle(self, line):
        print(line, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(timeout=10) == 0


def asking(request):
    """A function that sends the side under test one request and returns its results as bytes.

    For a fixture whose ``request.param`` is an interpreter. It raises edhoc_peer.Refused.
    """
    if request.param == "micropython":
        subject = _Process()
        request.addfinalizer(subject.close)
    else:
        subject = Subject()

    def call(name, *arguments):
        words = [argument.hex() or "-" for argument in arguments]
        state, *results = subject.handle(" ".join([name, *words])).split(" ")
        if state == "refused":
            raise peers.Refused(" ".join(results))
        assert state == "ok", (state, results)
        return [b"" if text == "-" else bytes.fromhex(text) for text in results]

    return call
