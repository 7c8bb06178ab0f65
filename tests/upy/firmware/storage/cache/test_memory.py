"""10,000 grants, a quarter with rare fields, and 1,000 groups: all of it in a board's RAM."""

INTERPRETERS = ("micropython",)
HEAP = "768K"

import gc

from cache_world import DOOR, NOW, SCHEDULE, USES, ZONE, card, open_cache
from folders import Folder
from harness import held

MOST = 8 * 1024  # index and journal, on a machine whose pointers are twice as large as a board's
FREE = 24 * 1024  # all that is left for working: an eighth of what the cache has on flash
STEP = 0x68DB8BAC710CB  # 10,000 of them fill all keys there are


def _fill(cache):
    writer = cache.begin_snapshot(1)
    for number in range(10000):
        rare = None if number % 4 else {USES: 5}
        writer.add(("grant", (number * STEP).to_bytes(8, "big"), number % 1000, None, rare))
    for group in range(1000):
        writer.add(("group", group, [(DOOR, b"door-a", 1, None), (ZONE, b"zone-b", 1, SCHEDULE)]))
    writer.finish()


def _change_and_ask(cache):
    """As full a journal as it gets, and then what takes most memory."""
    for number in range(3, 150):
        cache.apply(number, [("grant", card(number), 1, NOW + 60 * number, None)])
    for number in range(0, 10000, 97):
        (grant,) = cache.grants((number * STEP).to_bytes(8, "big"))
        assert grant.group == number % 1000


def test_index_and_journal_take_at_most_8_kb():
    """Measured as the heap counts: with an empty journal, and with a full one.

    Three at once, beside one that is there before: the collector may see a dead one as alive.
    """
    with Folder() as folder:
        first = open_cache(folder, capacity=11000)
        _fill(first)
        for is_full in (False, True):
            if is_full:
                _change_and_ask(first)
            others = None
            base = held()
            others = [open_cache(folder, capacity=11000) for _ in range(3)]
            figure = (held() - base) // len(others)
            print("bytes", figure)
            assert 4000 < figure <= MOST, figure


def test_all_of_it_works_in_24_kb():
    """Whatever else fills the heap, nothing on the way may take the cache into RAM."""
    with Folder() as folder:
        _fill(open_cache(folder))  # loads all code
        gc.collect()
        ballast = []
        try:
            while True:
                ballast.append(bytearray(1000))
        except MemoryError:
            del ballast[-FREE // 1024 :]
        cache = open_cache(folder, capacity=11000)
        _fill(cache)
        cache.apply(2, [])
        _change_and_ask(cache)
        cache.compact()
        assert cache.counts == (10147, 2000) and len(ballast) > 100
