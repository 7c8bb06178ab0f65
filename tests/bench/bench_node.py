"""What a whole node costs: flash, RAM, page reads of a card's decision. Prints JSON lines.

Eight doors, rules at their bounds, 10,000 grants (2,500 of them with rare fields) and 1,000
groups with a right at one of the doors each, on LittleFS with blocks of 4096 bytes.
"""

import gc
import json
import os

from lossy_flash import formatted, mount

import full_rules
from cache_world import DOOR, FIRST_DAY, NOW, PERSON, USES, open_cache
from holdfast.access.tag import name_tag
from micropython import const

_GRANTS = const(10000)
_GROUPS = const(1000)
_BLOCK = const(4096)
_FOLDER = "/flash/cache"
_RARE = {FIRST_DAY: 20500, PERSON: b"pers", USES: 3}
_DOORS = [full_rules.name(31 * number) for number in range(8)]


def figure(name, value):
    print(json.dumps({"node." + name: value}))


def used():
    """Bytes in use as the filesystem counts them: whole blocks, its own included."""
    _, _, blocks, free = os.statvfs("/flash")[:4]
    return (blocks - free) * _BLOCK


def key(number):
    """Ascending over all keys."""
    return (number * 0x68DB8BAC710CB).to_bytes(8, "big")


def fill(cache):
    writer = cache.begin_snapshot(1)
    for number in range(_GRANTS):
        rare = None if number % 4 else _RARE
        writer.add(("grant", key(number), number % _GROUPS, NOW if number & 1 else None, rare))
    for group in range(_GROUPS):
        writer.add(("group", group, [(DOOR, name_tag(_DOORS[group % 8]), 1, None)]))
    writer.finish()


def asked(cache, view, number):
    """What a decision at the door of ``view`` asks of the cache for one card; pages read."""
    before = cache.page_reads
    tag = name_tag(view.door)
    for grant in cache.grants(key(number)):
        cache.rights(grant.group, tag, view.zone_tags())
    return cache.page_reads - before


def node():
    rules = full_rules.rules()
    return rules, full_rules.views(rules, _DOORS), open_cache(_FOLDER, capacity=_GRANTS + 100)


def main():
    mount(formatted(_BLOCK, 256), "/flash")
    os.mkdir(_FOLDER)
    before = used() - 2 * _BLOCK
    fill(open_cache(_FOLDER, capacity=_GRANTS + 100))
    figure("flash_10k.bytes", used() - before)
    _, views, cache = node()  # loads what stays loaded
    reads = [asked(cache, views[n % 8], n) for n in range(0, _GRANTS, 37)]
    figure("decision.page_reads", max(reads))
    del views, cache
    gc.collect()
    gc.collect()
    before = gc.mem_alloc()
    kept = node()
    asked(kept[2], kept[1][0], 8)
    gc.collect()
    figure("ram.bytes", gc.mem_alloc() - before)


main()
