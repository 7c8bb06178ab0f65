"""Events into a file of JSON, a line each. What stands there already is not written again."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from ...errors import UsageProblem
from .target import Told

_BEGIN = b'{"id": '
_NEW = "give the name of a new file, or of one that this command wrote"


class LinesTarget:
    """The file at ``path``, made if there is none; a line that was cut short goes.

    Of each log what comes after the last event that stands there is taken: events come in order.
    """

    def __init__(self, path: str):
        self._path = Path(path)
        self._last: dict[str, int] = {}
        try:
            self._file = open(self._path, "a+b")
            whole = self._read()
            self._file.truncate(whole)
        except OSError as error:
            raise UsageProblem(f"cannot write {path}: {error.strerror}", _NEW) from error
        if not whole:
            os.chmod(self._path, 0o600)

    def put(self, events: Sequence[Told]) -> None:
        """Append those that are not there, and wait for the disk."""
        new = []
        for one in events:
            log, number = str(one["log"]), one["number"]
            if isinstance(number, int) and number > self._last.get(log, -1):
                self._last[log] = number
                new.append(json.dumps(dict(one), ensure_ascii=True, allow_nan=False))
        if not new:
            return
        try:
            self._file.write("".join(f"{line}\n" for line in new).encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise UsageProblem(
                f"cannot write {self._path}: {error.strerror}", "make room, and run it again"
            ) from error

    def last(self, log: str) -> int | None:
        """The number of the last event of that log that stands there; -1 if none does."""
        return self._last.get(log, -1)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self) -> int:
        """How many bytes of whole lines are there; none of them may be something else."""
        whole = 0
        self._file.seek(0)
        for line in self._file:
            if not line.endswith(b"\n"):
                if whole or _is_begun(line):
                    break
                raise self._strange()
            try:
                said = json.loads(line)
                self._last[str(said["log"])] = int(said["number"])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise self._strange() from error
            whole += len(line)
        return whole

    def _strange(self) -> UsageProblem:
        return UsageProblem(f"{self._path} is there already, and holds no events", _NEW)


def _is_begun(line: bytes) -> bool:
    return _BEGIN.startswith(line[: len(_BEGIN)])
