"""Which lines of lib and firmware ran, on an interpreter with ``sys.settrace`` (make unix)."""

import json
import os
import sys

_lines = {}


def start():
    """Note from now on every line that runs in what is frozen into the interpreter."""
    sys.settrace(_trace)


def save(folder):
    """Stop, and write ``{path inside the image: [line, ...]}`` to a new file in ``folder``."""
    sys.settrace(None)
    name = "".join("%02x" % byte for byte in os.urandom(8)) + ".json"
    with open(folder + "/" + name, "w") as file:
        json.dump({path: sorted(seen) for path, seen in _lines.items() if seen}, file)


def _trace(frame, event, _):
    path = frame.f_code.co_filename
    if path not in _lines:
        # Frozen code goes by its path inside the image, a test's by its whole path.
        _lines[path] = None if path.startswith("/") else set()
    seen = _lines[path]
    if seen is None:
        return None
    seen.add(frame.f_lineno)
    return _trace
