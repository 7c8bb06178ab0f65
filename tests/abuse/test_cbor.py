"""Hostile CBOR: only DecodeError comes out, and the heap goes back to where it was."""

import cbor
from harness import bit_flips, memory_returns, raises, taken, truncations, unhex

INTERPRETERS = ("micropython", "cpython")
HEAP = "256K"


def _token():
    """A document shaped like a signed token: tag, headers, claims with a nested key, signature."""
    key = {1: 1, -1: 4, -2: bytes(range(32))}
    claims = {1: "site", 4: 1800000000, 7: bytes(8), 8: {1: key}, 9: b"\x81\x82", 38: 1.5}
    body = [cbor.encode({1: -8}), {4: b"kid"}, cbor.encode(claims), bytes(64), claims]
    return cbor.encode(cbor.Tag(18, body))


def _attempt(data, **limits):
    try:
        cbor.decode(data, **limits)
    except cbor.DecodeError:
        return False
    return True


def test_every_truncation_is_refused():
    """A document cut anywhere is no document, in either mode."""
    token = _token()
    assert _attempt(token, deterministic=True)

    def cut():
        for prefix in truncations(token):
            assert not _attempt(prefix), len(prefix)
            assert not _attempt(prefix, deterministic=True), len(prefix)

    memory_returns(cut)


def test_every_flipped_bit_is_read_or_refused_and_nothing_else():
    """Another bit may make another valid document, but never another exception; and what the
    strict mode takes is written back as the very same bytes."""
    token = bytearray(_token())

    def flip():
        for bit, mutant in enumerate(bit_flips(token)):
            _attempt(mutant)
            try:
                value = cbor.decode(mutant, deterministic=True)
            except cbor.DecodeError:
                value = None
            if value is not None:
                assert cbor.encode(value) == mutant, bit

    memory_returns(flip)


def test_a_declared_length_is_not_believed():
    """A length is the peer's word: nothing is allocated for it. The heap here is smaller than any
    of these claims."""
    claims = [
        unhex(head + size)
        for heads, size in (
            ("5a 7a 9a ba", "00010000"),
            ("5a 7a 9a ba", "ffffffff"),
            ("5b 7b 9b bb", "0000000100000000"),
            ("5b 7b 9b bb", "8000000000000000"),
            ("5b 7b 9b bb", "ffffffffffffffff"),
        )
        for head in heads.split()
    ]

    def declare():
        for claim in claims:
            for prefix in (b"", b"\x81", b"\xa1\x00", b"\xd2", b"\x9f", b"\xbf\x00", b"\xc2"):
                for rest in (b"", b"\x00\x00", bytes(64)):
                    assert not _attempt(prefix + claim + rest)

    memory_returns(declare)
    documents = [claim + bytes(64) for claim in claims]

    def declare_once():
        for document in documents:
            _attempt(document)

    spent = taken(declare_once)
    assert spent < 1024 * len(documents), spent


def test_depth_bombs_are_refused():
    """A thousand brackets must not reach the end of a small stack, and the limit holds through
    every kind of container."""
    openings = ("81", "9f", "a100", "bf00", "c6", "d9d9f7", "81c6")
    bombs = [unhex(opening) * 1000 for opening in openings]

    def explode():
        for bomb in bombs:
            assert not _attempt(bomb)
            assert not _attempt(bomb + b"\x00")
            assert not _attempt(bomb, max_items=100000)

    memory_returns(explode)


def test_wide_documents_are_refused_before_they_are_built():
    """One byte on the wire is many in memory, so the number of items is bounded by itself."""
    width = 1200
    entries = bytearray()
    for key in range(width):
        entries.extend(b"\x19" + key.to_bytes(2, "big") + b"\x00")
    wide = [
        unhex("9904b0") + bytes(width),
        b"\x9f" + bytes(width) + b"\xff",
        unhex("b904b0") + entries,
        b"\xbf" + entries + b"\xff",
        b"\x5f" + b"\x40" * width + b"\xff",
        b"\x7f" + b"\x60" * width + b"\xff",
        b"\x9f" + b"\xa0" * width + b"\xff",
        b"\x98\x40" + (b"\x88" + b"\x80" * 8) * 64,
    ]

    def widen():
        for document in wide:
            assert not _attempt(document)

    memory_returns(widen)
    raises(cbor.DecodeError, cbor.decode_sequence, bytes(width))


def test_short_inputs_are_all_read_or_refused():
    """Every input of one and two bytes, and every head with a little behind it."""

    def short():
        for first in range(256):
            _attempt(bytes([first]))
            for second in range(256):
                _attempt(bytes([first, second]))
                _attempt(bytes([first, second, 0x00, 0xFF]), deterministic=True)

    memory_returns(short)
