"""Makes ``credential_cache_v2``: the files of a credential cache in format version 2.

Run it on CPython with ``lib``, ``firmware`` and ``tests/support`` importable to make it anew,
which is right only for a new version beside the old ones: once boards are in the field later code
must go on reading this one. Key and nonces are fixed, so that it comes out the same each time.
"""

import hashlib
import pathlib
import sys

from cache_world import (
    DOOR,
    KEY,
    NOW,
    PERSON,
    PLACES,
    SCHEDULE,
    SUSPENDED,
    USES,
    Model,
    card,
    rare_of,
)
from holdfast.storage.cache.cache import CredentialCache
from holdfast.storage.sealed import Sealer

HERE = pathlib.Path(__file__).parent / "credential_cache_v2"


def history():
    """What the image holds: policy in pages, then changes in the journal."""
    pages = Model()
    for number in range(80):
        end = NOW + 60 * number if number & 1 else None
        for group in range(number % 4, 4 if number % 8 else 12, 4):
            pages.grants[card(number), group] = (end, rare_of(number + group))
    for group in range(4):
        rights = [PLACES[0] + (1, None), PLACES[1] + (3, SCHEDULE), (DOOR, b"door-x", 1, None)]
        pages.groups[group] = rights[:group]
    changes = [
        ("revoke", card(7), None),
        ("revoke", card(8), 4),
        ("grant", card(200), 3, None, None),
        ("grant", card(201), 3, NOW, {PERSON: b"some", USES: 6}),
        ("grant", card(16), 4, None, {SUSPENDED: True}),
        ("ungroup", 2),
        ("group", 9, [PLACES[2] + (5, SCHEDULE)]),
    ]
    return pages, changes


def make(folder):
    """Write the image into ``folder``."""
    count = 0

    def counted(length):
        nonlocal count
        count += 1
        return hashlib.sha256(b"image %d" % count).digest()[:length]

    cache = CredentialCache(str(folder), Sealer(KEY, counted), counted)
    pages, changes = history()
    writer = cache.begin_snapshot(41)
    pages.snapshot(writer)
    writer.finish()
    cache.apply(42, changes)


if __name__ == "__main__":
    if HERE.exists():
        sys.exit(f"{HERE} is there already: a stored image is never made again")
    make(HERE)
