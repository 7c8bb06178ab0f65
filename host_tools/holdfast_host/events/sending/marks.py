"""How far the events of each log were sent to each place: ``sent/HASH.json`` in the site's folder.

A mark is written when the other side has said that it has them, so that what is cut off in between
is sent again, under the same ids. The name is a hash of where to, and no password is kept.
"""

import hashlib
import json
from pathlib import Path

from ... import files
from ...errors import UsageProblem

FOLDER = "sent"

_LIMIT = 1 << 20
_VERSION = 1


class Marks:
    """The marks of what was sent to ``place``, in the site's ``folder``."""

    def __init__(self, folder: Path, place: str):
        self._place = place
        name = hashlib.sha256(place.encode()).hexdigest()[:16]
        self._path = folder / FOLDER / f"{name}.json"
        self._sent = self._load()

    def after(self, log: str) -> int:
        """The number of the last event of that log that arrived; -1 if none did."""
        return self._sent.get(log, -1)

    def arrived(self, log: str, number: int) -> None:
        """The events of that log up to ``number`` are there."""
        self._sent[log] = number
        files.make_folder(self._path.parent)
        said = {"version": _VERSION, "to": self._place, "sent": self._sent}
        files.write(self._path, json.dumps(said, indent=2).encode() + b"\n", files.PRIVATE)

    def _load(self) -> dict[str, int]:
        if not self._path.exists():
            return {}
        advice = "remove it: everything is sent again then, under the same ids"
        try:
            said = json.loads(files.read(self._path, _LIMIT, "note of what was sent", advice))
            if said["version"] != _VERSION or said["to"] != self._place:
                raise ValueError("it is of another place")
            return {str(log): int(number) for log, number in said["sent"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UsageProblem(f"{self._path} is damaged: {error}", advice) from error
