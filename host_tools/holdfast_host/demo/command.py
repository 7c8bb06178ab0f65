"""A ``holdfast`` command as its user runs it: in a process of its own, with JSON printed."""

import dataclasses
import json
import os
import sys
from collections.abc import Sequence

from .. import processes

_MAIN = "import sys; from holdfast_host.cli import main; sys.exit(main())"
_SECONDS = 300.0  # after which it will not end any more


@dataclasses.dataclass(frozen=True)
class Ended:
    """What a command came to: its exit ``code``, what it ``said`` (JSON; empty if that was none),
    and its last words to a person.
    """

    code: int
    said: dict
    complaint: str


def run(*arguments: object) -> Ended:
    """The command with these ``arguments`` and ``--json``, and what it came to."""
    command = [sys.executable, "-c", _MAIN, *map(str, arguments), "--json"]
    running = processes.start(command, {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
    try:
        out, complaint = running.communicate(timeout=_SECONDS)
    finally:
        running.kill()
        running.wait()
    return Ended(running.returncode, _decoded(out), " ".join(complaint.decode().split()))


def problems(ended: Ended, code: int = 0) -> Sequence[str]:
    """What is wrong with how it ended, if that was to be with this exit ``code``."""
    if ended.code == code:
        return []
    return [f"it ended with {ended.code}, not {code}: {ended.complaint or 'it said nothing'}"]


def _decoded(out: bytes) -> dict:
    try:
        said = json.loads(out)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
