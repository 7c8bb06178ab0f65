"""The ring: what comes is kept in its order and whole, or refused whole."""

INTERPRETERS = ("micropython", "cpython")

from harness import held
from holdfast.link.gatt.ring import Ring


def _ring(size):
    ring = Ring(size)
    ring.prepare()
    return ring


def _all_of(ring, limit):
    taken = b""
    while not ring.is_empty:
        piece = ring.take(limit)
        assert 0 < len(piece) <= limit
        taken += piece
    return taken


def test_every_way_of_putting_and_taking_is_a_queue():
    """Against a plain byte string, over each border of the memory that there is."""
    for size in (1, 2, 7, 16):
        ring, model, number = _ring(size), b"", 0
        for step in range(4000):
            length = step * 7 % (size + 2)
            data = bytes([(number + at) % 256 for at in range(length)])
            if ring.put(data):
                number += length
                model += data
                assert len(model) <= size
            else:
                assert len(model) + length > size
            limit = 1 + step * 5 % 9
            taken = ring.take(limit)
            assert model.startswith(taken) and len(taken) <= limit
            assert taken or not model
            model = model[len(taken) :]
            assert ring.is_empty == (not model)


def test_it_holds_exactly_its_size_and_refuses_whole():
    """Half of a write would be a hole that nobody sees."""
    ring = _ring(10)
    for start in range(12):
        assert ring.put(b"") and ring.put(b"0123456")
        assert not ring.put(b"789a") and ring.put(b"789") and not ring.put(b"b")
        assert _all_of(ring, 1 + start) == b"0123456789"
        assert ring.put(b"!") and ring.take(5) == b"!"


def test_one_without_memory_holds_nothing():
    ring = Ring(10)
    assert not ring.is_prepared and not ring.put(b"x") and ring.take(4) == b""
    ring.prepare()
    assert ring.is_prepared and ring.put(b"x")


def test_what_is_put_leaves_nothing_behind():
    ring = _ring(1216)
    for _ in range(8):
        ring.put(b"y" * 500)
        ring.take(512)
    before = held()
    for _ in range(500):
        ring.put(b"y" * 500)
        ring.take(512)
    assert held() - before < 512  # of 250,000
