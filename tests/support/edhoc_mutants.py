"""Hostile EDHOC messages, made from genuine ones. Runs on both interpreters."""

import cbor
from edhoc import EDHOCError
from harness import held, truncations


def cuts(data):
    """Every prefix and every proper suffix of ``data``."""
    yield from truncations(data)
    for start in range(1, len(data) + 1):
        yield data[start:]


def insertions(data):
    """``data`` with a byte put in, before each byte and at the end, and with longer tails."""
    for position in range(len(data) + 1):
        yield data[:position] + b"\x00" + data[position:]
        yield data[:position] + b"\xff" + data[position:]
    yield data + data
    yield data + bytes(1024)


def resized(data):
    """The byte string ``data`` with its content cut and extended, and its head made to fit."""
    content = cbor.decode(data)
    for prefix in truncations(content):
        yield cbor.encode(prefix)
    for position in range(0, len(content) + 1, 3):
        yield cbor.encode(content[:position] + b"\x00" + content[position:])
    yield cbor.encode(content + bytes(700))


def _count_refused(attempt, genuine, makers, at_most):
    """How many mutants raised EDHOCError, and nothing else, in ``attempt``; none may pass."""
    count = 0
    for mutants in makers:
        for index, mutant in enumerate(mutants(genuine)):
            if index == at_most:
                break
            try:
                attempt(mutant)
            except EDHOCError:
                count += 1
            else:
                raise AssertionError("accepted: " + mutant.hex())
    return count


def assert_all_refused(attempt, genuine, *makers):
    """All mutants of ``genuine`` that ``makers`` make are refused, and the heap does not grow."""
    # The first few load what stays loaded.
    _count_refused(attempt, genuine, makers, 8)
    base = held()
    count = _count_refused(attempt, genuine, makers, None)
    assert count > 4 * len(genuine)
    left = held() - base
    if left >= count:
        # A mutant further on loaded something that stays loaded. What leaks does it again.
        base = held()
        _count_refused(attempt, genuine, makers, None)
        left = held() - base
    assert left < count, (base, left, count)
