"""Node, in which the page's core runs as it does in a browser: on WebCrypto, and nothing else."""

import functools
import json
import pathlib
import shutil
import subprocess
from collections.abc import Sequence

import pytest

FOLDER = pathlib.Path(__file__).parent
SECONDS = 600  # a hang must end the test; nothing here asserts on speed

# Node 18 has WebCrypto's global only when asked for it, and later ones do not mind.
_OPTIONS = ("--no-warnings", "--experimental-global-webcrypto")
_PROBE = (
    "const s = globalThis.crypto.subtle;"
    "await s.generateKey({name: 'X25519'}, false, ['deriveBits']);"
    "await s.generateKey({name: 'Ed25519'}, false, ['sign']);"
)


@functools.cache
def command() -> tuple[str, ...]:
    """How a script is begun; skips the test where there is no Node, or one that is too old."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node: `make web` installs it where it may, or: apt install nodejs")
    started = (node, *_OPTIONS)
    probe = [*started, "--input-type=module", "--eval", _PROBE]
    if subprocess.run(probe, capture_output=True, timeout=SECONDS, check=False).returncode:
        pytest.skip("this Node has no X25519 or no Ed25519 in WebCrypto: 18.20 or newer has")
    return started


def run(script: str) -> None:
    """Run a script of tests in this folder to its end; all of them must pass."""
    done = subprocess.run(
        [*command(), str(FOLDER / script)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    # A script that registers no test would end well, too.
    (passed,) = [line for line in done.stdout.splitlines() if line.startswith("# pass ")]
    assert int(passed.split()[-1]) > 0, done.stdout


class Peer:
    """The phone's side in a process of its own, ``peer.mjs``; a context manager that ends it."""

    def __init__(self):
        self._process = subprocess.Popen(
            [*command(), str(FOLDER / "peer.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *exception) -> None:
        self._process.communicate()

    def call(self, name: str, calls: Sequence[dict]) -> list:
        """What came of the ``calls``, which run at once: ``{"ok": ...}`` or ``{"refused": code}``.

        Their bytes go out as hexadecimal digits, and so they come back.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        asked = [
            {key: _plain(value) for key, value in {"call": name, **one}.items()} for one in calls
        ]
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the phone's process has ended"
        return json.loads(answer)


def _plain(value):
    return value.hex() if isinstance(value, bytes) else value
