"""What a test needs on both interpreters: vectors, refusals, damaged input, memory, skips.

Runs on MicroPython and CPython, so it imports nothing that only one of them has.
"""

import gc
import os
import sys

MICROPYTHON = sys.implementation.name == "micropython"
# Here one bit of each byte will do where CPython tries them all: `make torture` leaves out none.
IS_THOROUGH = not MICROPYTHON or os.getenv("HOLDFAST_TORTURE") == "1"


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
    """Call ``function`` and return the ``expected`` exception it must raise: one of a class, or
    one that has a number as its ``why``.
    """
    kind = ValueError if isinstance(expected, int) else expected
    try:
        value = function(*args, **kwargs)
    except kind as error:
        if kind is not expected and getattr(error, "why", None) != expected:
            raise
        return error
    raise AssertionError("not refused: returned " + repr(value)[:200])


def truncations(data):
    """Every proper prefix of ``data``, the empty one first."""
    for length in range(len(data)):
        yield data[:length]


def flipped(data, bit):
    """``data``, still bytes or a bytearray, with one bit flipped; bit 0 is its first byte's
    lowest.
    """
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return type(data)(changed)


def bit_flips(data):
    """``data``, still bytes or a bytearray, with each of its bits flipped in turn."""
    for bit in range(8 * len(data)):
        yield flipped(data, bit)


def some_flips(data):
    """``data`` with each of its bits flipped in turn, or with one of each byte (IS_THOROUGH)."""
    if IS_THOROUGH:
        yield from bit_flips(data)
    else:
        for index in range(len(data)):
            yield flipped(data, 8 * index + index % 8)


def mutants(data):
    """Every truncation of ``data``, and every flipped bit of it in a bytearray."""
    yield from truncations(data)
    yield from bit_flips(bytearray(data))


def held():
    """Bytes that live objects take of MicroPython's heap. CPython has no such number: 0 there."""
    gc.collect()
    return gc.mem_alloc() if MICROPYTHON else 0


def taken(action):
    """Bytes of MicroPython's heap that ``action`` asks for, those it gives back included, as long
    as they are too few for a collection. 0 on CPython.
    """
    base = held()
    action()
    return gc.mem_alloc() - base if MICROPYTHON else 0


def memory_returns(abuse, noise=1024, first=None):
    """Assert that ``abuse`` leaves less than ``noise`` bytes more on the heap than it found.

    ``first``, or ``abuse`` itself, is called once before: it loads what stays loaded. The
    collector scans the stack conservatively, so a few dead blocks may stay as well. One block lost
    in each of hundreds of cases would be many times ``noise``.
    """
    (first or abuse)()
    base = held()
    abuse()
    left = held() - base
    assert left < noise, (base, left)


def new_folder():
    """A new folder, gone when the test is over."""
    base = os.getenv("HOLDFAST_TEST_FOLDER") or os.getenv("TMPDIR") or "/tmp"
    path = base + "/holdfast-" + os.urandom(6).hex()
    os.mkdir(path)
    return path
