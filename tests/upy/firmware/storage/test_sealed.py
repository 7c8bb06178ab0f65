"""What is sealed under the board's own key comes back whole, in its place, or not at all."""

INTERPRETERS = ("micropython", "cpython")

import os

from harness import bit_flips, raises, truncations
from holdfast.storage.sealed import FRONT, OVERHEAD, DamagedError, Sealer, derive

KEY = bytes(range(16))


def test_it_comes_back_and_costs_what_it_says():
    """Files are laid out by this overhead, so it must hold for every length."""
    sealer = Sealer(KEY, os.urandom)
    for length in (0, 1, 15, 16, 17, 1003):
        plain = os.urandom(length)
        sealed = sealer.seal(plain, b"page 1")
        assert len(sealed) == length + OVERHEAD
        assert sealer.open(sealed, b"page 1") == plain


def test_what_is_sealed_where_it_lies_is_sealed_alike():
    """A page, whose kilobyte a board has once: opened as any other, and no text is left in it."""
    sealer = Sealer(KEY, os.urandom)
    for length in (0, 1, 17, 995):
        plain = os.urandom(length)
        page = bytearray(FRONT) + plain + bytes(OVERHEAD - FRONT)
        sealer.seal_in_place(page, b"page 1")
        assert sealer.open(page, b"page 1") == plain
        assert length < 17 or plain not in bytes(page)


def test_damage_another_place_or_another_board_is_noticed():
    """A page copied over another, or a flash chip moved to another board, must not be believed."""
    sealer = Sealer(KEY, os.urandom)
    sealed = sealer.seal(b"alice may", b"page 1")
    raises(DamagedError, sealer.open, sealed, b"page 2")
    raises(DamagedError, Sealer(bytes(16), os.urandom).open, sealed, b"page 1")
    for damaged in bit_flips(sealed):
        raises(DamagedError, sealer.open, damaged, b"page 1")
    for damaged in truncations(sealed):
        raises(DamagedError, sealer.open, damaged, b"page 1")


def test_the_same_thing_sealed_twice_differs():
    """One nonce used twice would show the difference of two plaintexts."""
    sealer = Sealer(KEY, os.urandom)
    assert sealer.seal(b"x", b"") != sealer.seal(b"x", b"")


def test_keys_are_apart():
    """Each purpose, board and place has keys of its own, the same after every start."""
    device = b"\x11" * 32
    keys = [
        derive(device, "cache", b"place"),
        derive(device, "contexts", b"place"),
        derive(bytes(32), "cache", b"place"),
        derive(device, "cache", b"elsewhere"),
        derive(device, "cacheplace", b""),
    ]
    assert len(set(keys)) == 5 and all([len(key) == 16 for key in keys])
    assert derive(device, "cache", b"place") == keys[0]
    assert len(derive(device, "cache", b"place", 32)) == 32
