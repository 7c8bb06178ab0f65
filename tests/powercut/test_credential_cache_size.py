"""10,000 grants and 1,000 groups in less than 200 KB of a real LittleFS, blocks counted whole."""

INTERPRETERS = ("micropython",)

import os

from lossy_flash import formatted, mount

from cache_world import NOW, SCHEDULE, card, open_cache

BLOCK = 4096
FOLDER = "/flash/cache"


def _used():
    _, _, blocks, free = os.statvfs("/flash")[:4]
    return (blocks - free) * BLOCK


def test_it_fits_also_with_a_full_journal():
    """With a journal as full as it gets; afterwards nothing is left of what compaction needed."""
    mount(formatted(BLOCK, 512), "/flash")
    os.mkdir(FOLDER)
    before = _used() - 2 * BLOCK  # LittleFS counts a folder twice: it is made first, and added
    cache = open_cache(FOLDER, capacity=11000)
    writer = cache.begin_snapshot(1)
    for number in range(10000):
        key = (number * 0x68DB8BAC710CB).to_bytes(8, "big")
        writer.add(("grant", key, number % 1000, NOW if number & 1 else None))
    for group in range(1000):
        writer.add(("group", group, [(b"door-a", 1, None), (b"door-b", 1, SCHEDULE)]))
    writer.finish()
    while not cache.wants_compaction or os.stat(FOLDER + "/journal-1")[6] < 7900:
        cache.apply(cache.applied + 1, [("grant", card(cache.applied % 50), 1, None)])
    most = _used() - before
    print(most)
    assert 180000 < most < 200000
    cache.compact()
    assert _used() - before <= most - 2 * BLOCK
    assert os.listdir(FOLDER) == ["pages"]
