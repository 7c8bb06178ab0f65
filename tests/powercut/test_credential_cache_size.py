"""10,000 grants, 2,500 of them with more than an end, and 1,000 groups, in 229,376 bytes of a real
LittleFS, blocks counted whole.
"""

INTERPRETERS = ("micropython",)

import os

from lossy_flash import formatted, mount

from cache_world import (
    DOOR,
    FIRST_DAY,
    NOW,
    PERSON,
    SCHEDULE,
    USES,
    ZONE,
    card,
    open_cache,
)

BLOCK = 4096
FOLDER = "/flash/cache"
STEP = 0x68DB8BAC710CB  # 10,000 of them fill all keys there are
RARE = {FIRST_DAY: 20500, PERSON: b"pers", USES: 3}


def _used():
    _, _, blocks, free = os.statvfs("/flash")[:4]
    return (blocks - free) * BLOCK


def _spread(writer):
    """Every fourth card has something rare, each card one group."""
    for number in range(10000):
        key = (number * STEP).to_bytes(8, "big")
        end = NOW if number & 1 else None
        writer.add(("grant", key, number % 1000, end, None if number % 4 else RARE))


def _in_eight_groups(writer):
    """1,250 cards in eight groups; three rare ones in 833 of them, of which a page holds seven and
    wastes most: 84 bytes.
    """
    for number in range(1250):
        for group in range(8):
            rare = RARE if group < 3 and number < 833 else None
            writer.add(("grant", (number * 8 * STEP).to_bytes(8, "big"), 100 * group, NOW, rare))


def _most(grants):
    """Bytes in use with the fullest journal, and that nothing is left of it after compaction."""
    mount(formatted(BLOCK, 512), "/flash")
    os.mkdir(FOLDER)
    before = _used() - 2 * BLOCK  # LittleFS counts a folder twice: it is made first, and added
    cache = open_cache(FOLDER, capacity=11000)
    writer = cache.begin_snapshot(1)
    grants(writer)
    for group in range(1000):
        rights = [(DOOR, b"door-a", 1, None), (ZONE, b"zone-b", 1, SCHEDULE)]
        writer.add(("group", group, rights))
    writer.finish()
    assert cache.counts == (10000, 2000)
    while not cache.wants_compaction or os.stat(FOLDER + "/journal-1")[6] < 7900:
        cache.apply(cache.applied + 1, [("grant", card(1 + cache.applied % 50), 1, None, None)])
    most = _used() - before
    print(most)
    cache.compact()
    assert _used() - before <= most - 2 * BLOCK
    assert os.listdir(FOLDER) == ["pages"]
    return most


def test_it_fits_also_with_a_full_journal():
    """With a journal as full as it gets; afterwards nothing is left of what compaction needed."""
    assert 200000 < _most(_spread) <= 229376


def test_it_fits_with_every_card_in_eight_groups():
    """Records of one card are never in two pages: what that wastes is little."""
    assert 200000 < _most(_in_eight_groups) <= 229376
