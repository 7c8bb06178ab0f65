"""What the credential cache costs: flash and its wear, RAM, page reads. Prints JSON lines.

10,000 grants, half of them with an end, and 1,000 groups with two rights each, on LittleFS with
blocks of 4096 bytes. The year has 500 unlocks a day, of which 200 with a token, and 20 changes of
policy in 10 changesets, on the 2 MB of the smallest board.
"""

import gc
import json
import os

from lossy_flash import formatted, mount

from cache_world import NOW, SCHEDULE, card, open_cache
from holdfast.access.grant import VERIFIED
from micropython import const

_GRANTS = const(10000)
_GROUPS = const(1000)
_DAY = const(86400)
_BLOCK = const(4096)
_FOLDER = "/flash/cache"


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
        writer.add(("grant", key, number % _GROUPS, NOW if number & 1 else None))
    for group in range(_GROUPS):
        rights = [(b"door-a", 1, None), (b"door-b", 1, SCHEDULE)]
        writer.add(("group", group, rights))
    writer.finish()


def fill_journal(cache):
    """Changesets of one change, until one more would make the cache compact."""
    while journal_bytes() < 7900:
        cache.apply(cache.applied + 1, [("grant", card(cache.applied % 50), 1, None)])


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
        cache.grant((number * 0x68DB8BAC710CB).to_bytes(8, "big"))
        most = max(most, cache.page_reads - before)
    figure("lookup.page_reads", most)
    most = 0
    for group in range(0, _GROUPS + 10, 3):
        before = cache.page_reads
        cache.rights(group, (b"door-a",))
        most = max(most, cache.page_reads - before)
    figure("group_lookup.page_reads", most)
    fill_journal(cache)


def memory():
    """Index and journal, with the objects around them, after a lookup; code not counted."""
    open_cache(_FOLDER, capacity=_GRANTS + 100).grant(card(1))
    gc.collect()
    gc.collect()
    before = gc.mem_alloc()
    cache = open_cache(_FOLDER, capacity=_GRANTS + 100)
    cache.grant(card(1))
    cache.rights(1, (b"door-a",))
    gc.collect()
    gc.collect()
    figure("ram.bytes", gc.mem_alloc() - before)
    figure("ram_index.bytes", cache.index_bytes)


def year(flash):
    """150 people with tokens come each day, 50 more are visitors; cards cause no write at all."""
    cache = open_cache(_FOLDER, capacity=_GRANTS + 2000)
    regulars = [b"regular" + bytes([i]) for i in range(150)]
    flash.count_from_here()
    worn = list(flash.wear)
    number = cache.applied
    compactions = 0
    size = journal_bytes()
    for day in range(365):
        now = NOW + day * _DAY
        for i in range(150):
            meet(cache, regulars[i], now + 28800 + i * 60)
        for i in range(50):
            meet(cache, card(1000000 + day * 50 + i), now + 43200 + i * 60)
        for change in range(10):
            number += 1
            serial = 500000 + number
            expires = now + 90 * _DAY
            cache.apply(
                number,
                [("grant", card(serial), change, expires), ("revoke", card(serial - 900))],
            )
        compactions += journal_bytes() < size
        size = journal_bytes()
        gc.collect()
    figure("year.bytes_written", flash.bytes_programmed)
    figure("year.erases", flash.erases)
    figure("year.erases_per_block_max", max([new - old for new, old in zip(flash.wear, worn)]))
    figure("year.days_with_compaction", compactions)


def meet(cache, tag, now):
    """Somebody with a token, seen before or not."""
    if cache.knows(tag, now):
        cache.touch(tag, now)
    else:
        cache.remember(tag, VERIFIED, 0, now + 30 * _DAY, now)


def main():
    flash = formatted(_BLOCK, 512)
    mount(flash, "/flash")
    os.mkdir(_FOLDER)
    sizes()
    lookups()
    memory()
    year(flash)


main()
