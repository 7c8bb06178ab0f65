"""What a board would show on its serial port: one JSON object a line."""

import json
import sys


class Console:
    """Writes to ``stream`` (default: standard output)."""

    def __init__(self, stream=None):
        self._stream = stream or sys.stdout

    def line(self, fields: dict):
        """Write ``fields`` as one line, at once."""
        self.write(self.prepare(fields))

    def prepare(self, fields: dict) -> str:
        """The line for ``fields``, to be written later without needing memory."""
        return json.dumps(fields) + "\n"

    def write(self, prepared: str):
        """Write a prepared line, at once."""
        self._stream.write(prepared)
