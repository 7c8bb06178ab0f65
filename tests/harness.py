"""What a test needs on both interpreters: vectors, refusals, skips.

Runs on MicroPython and CPython, so it imports nothing that only one of them has.
"""

import os
import sys

MICROPYTHON = sys.implementation.name == "micropython"


class SkipTest(Exception):
    """The test cannot run here; the text says what is missing."""


def skip(reason):
    """Leave the running test as skipped, with a reason a stranger can act on."""
    raise SkipTest(reason)


def unhex(text):
    """Bytes of a hexadecimal string, spaces allowed."""
    return bytes.fromhex(text.replace(" ", ""))


def vectors(path):
    """The parsed JSON of one published vector file, named from the vectors folder."""
    import json

    with open(vectors_path(path)) as file:
        return json.load(file)


def vectors_path(path):
    """Where a published vector file lies; skips the test if it is not there."""
    base = os.getenv("HOLDFAST_VECTORS") or "../shared/vectors"
    full = base + "/" + path
    try:
        os.stat(full)
    except OSError:
        skip("no " + path + ": set HOLDFAST_VECTORS to the folder of published test vectors")
    return full


def vectors_list(path):
    """Names of the JSON files in a folder of the published vectors, sorted."""
    return sorted(name for name in os.listdir(vectors_path(path)) if name.endswith(".json"))


def raises(expected, function, *args, **kwargs):
    """Call ``function`` and return the ``expected`` exception it must raise."""
    try:
        value = function(*args, **kwargs)
    except expected as error:
        return error
    raise AssertionError("not refused: returned " + repr(value)[:200])
