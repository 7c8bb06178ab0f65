"""What the credential cache costs: flash and its wear, RAM, page reads. Prints JSON lines.

10,000 grants, half of them with an end and 2,500 with rare fields, and 1,000 groups with two
rights each, on LittleFS with blocks of 4096 bytes. The year has 20 changes of policy a day in 10
changesets, on the 2 MB of the smallest board; and 200 visits a day with a token, 50 of them of
somebody new.
"""

import gc
import json
import os

from lossy_flash import formatted, mount

from cache_world import (
    DOOR,
    DOOR_TAG,
    FIRST_DAY,
    KEY,
    NOW,
    PERSON,
    SCHEDULE,
    USES,
    ZONE,
    card,
    open_cache,
)
from holdfast.storage.cache.verified_tokens import VerifiedTokens
from holdfast.storage.sealed import Sealer
from micropython import const

_GRANTS = const(10000)
_GROUPS = const(1000)
_DAY = const(86400)
_BLOCK = const(4096)
_FOLDER = "/flash/cache"
_RARE = {FIRST_DAY: 20500, PERSON: b"pers", USES: 3}


def figure(name, value):
    print(json.dumps({"cache." + name: value}))


def used():
    """Bytes in use as the filesystem counts them: whole blocks, its own included."""
    _, _, blocks, free = os.statvfs("/flash")[:4]
    return (blocks - free) * _BLOCK


def fill(cache):
    writer = cache.begin_snapshot(1)
    for number in range(_GRANTS):
        key = (number * 0x68DB8BAC710CB).to_bytes(8, "big")  # ascending over all keys
        rare = None if number % 4 else _RARE
        writer.add(("grant", key, number % _GROUPS, NOW if number & 1 else None, rare))
    for group in range(_GROUPS):
        rights = [(DOOR, DOOR_TAG, 1, None), (ZONE, b"zone-b", 1, SCHEDULE)]
        writer.add(("group", group, rights))
    writer.finish()


def fill_journal(cache):
    """Changesets of one change, until one more would make the cache compact."""
    while journal_bytes() < 7900:
        key = card(1 + cache.applied % 50)
        cache.apply(cache.applied + 1, [("grant", key, 1, None, None)])


def journal_bytes():
    names = [name for name in os.listdir(_FOLDER) if name.startswith("journal")]
    return os.stat(_FOLDER + "/" + names[0])[6] if names else 0


def sizes():
    # LittleFS counts the two blocks of a folder twice: the folder is there already, and added.
    before = used() - 2 * _BLOCK
    cache = open_cache(_FOLDER, capacity=_GRANTS + 100)
    fill(cache)
    figure("flash_10k_without_journal.bytes", used() - before)
    fill_journal(cache)
    figure("flash_10k.bytes", used() - before)
    stored = used()
    store = cache._store
    swap = store.swap

    def look_and_swap():  # the new pages are whole, the old ones still there
        figure("compaction_on_top.bytes", used() - stored)
        swap()

    store.swap = look_and_swap
    cache.compact()


def lookups():
    cache = open_cache(_FOLDER, capacity=_GRANTS + 100)
    most = 0
    for number in range(0, _GRANTS, 7):
        before = cache.page_reads
        assert cache.grants((number * 0x68DB8BAC710CB).to_bytes(8, "big"))
        most = max(most, cache.page_reads - before)
    figure("lookup.page_reads", most)
    most = 0
    for group in range(0, _GROUPS + 10, 3):
        before = cache.page_reads
        cache.rights(group, DOOR_TAG, (b"zone-b",))
        most = max(most, cache.page_reads - before)
    figure("group_lookup.page_reads", most)
    fill_journal(cache)


def memory():
    """Index and journal, with the objects around them, after a lookup; code not counted."""
    open_cache(_FOLDER, capacity=_GRANTS + 100).grants(card(1))
    gc.collect()
    gc.collect()
    before = gc.mem_alloc()
    cache = open_cache(_FOLDER, capacity=_GRANTS + 100)
    cache.grants(card(1))
    cache.rights(1, DOOR_TAG, (b"zone-b",))
    gc.collect()
    gc.collect()
    figure("ram.bytes", gc.mem_alloc() - before)
    figure("ram_index.bytes", cache.index_bytes)


def year(flash):
    """Cards that open a door cause no write at all."""
    cache = open_cache(_FOLDER, capacity=_GRANTS + 2000)
    ring = VerifiedTokens("/flash/tokens", Sealer(KEY, os.urandom), b"t" * 32)
    flash.count_from_here()
    worn = list(flash.wear)
    number = cache.applied
    compactions = 0
    size = journal_bytes()
    for day in range(365):
        for i in range(200):
            meet(ring, i if i < 150 else 1000 + day * 50 + i)
        for change in range(10):
            number += 1
            key, old = card(500000 + number), card(499100 + number)
            expires = NOW + (day + 90) * _DAY
            cache.apply(number, [("grant", key, change, expires, None), ("revoke", old, None)])
        compactions += journal_bytes() < size
        size = journal_bytes()
        gc.collect()
    figure("year.bytes_written", flash.bytes_programmed)
    figure("year.erases", flash.erases)
    figure("year.erases_per_block_max", max([new - old for new, old in zip(flash.wear, worn)]))
    figure("year.days_with_compaction", compactions)


def meet(ring, number):
    """Somebody with a token, seen before or not."""
    raw = number.to_bytes(4, "big")
    if not ring.knows(raw, KEY):
        ring.verified(raw, KEY, NOW)
    ring.flush()


def main():
    flash = formatted(_BLOCK, 512)
    mount(flash, "/flash")
    os.mkdir(_FOLDER)
    sizes()
    lookups()
    memory()
    year(flash)


main()
