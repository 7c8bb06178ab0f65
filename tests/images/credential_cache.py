"""Makes ``credential_cache_v1``: the files of a credential cache in format version 1.

Run it on CPython with ``lib``, ``firmware`` and ``tests`` importable to make the image anew, which
is right only for a new version beside the old ones: later code must go on reading this one. Key
and nonces are fixed, so that it comes out the same each time.
"""

import hashlib
import pathlib
import sys

from cache_world import KEY, NOW, PLACES, SCHEDULE, Model, card
from holdfast.access.grant import ANSWER, VERIFIED
from holdfast.storage.cache.cache import CredentialCache
from holdfast.storage.sealed import Sealer

HERE = pathlib.Path(__file__).parent / "credential_cache_v1"


def history():
    """What the image holds: policy in pages, then changes and use in the journal."""
    pages = Model()
    for number in range(80):
        pages.grants[card(number)] = (number % 4, NOW + 60 * number if number & 1 else None)
    for group in range(4):
        pages.groups[group] = [(PLACES[0], 1, None), (PLACES[1], 3, SCHEDULE)][:group]
    changes = [("revoke", card(7)), ("grant", card(200), 3, None), ("ungroup", 2)]
    changes.append(("group", 9, [(PLACES[2], 5, SCHEDULE)]))
    usage = [(card(300), VERIFIED, 0), (card(301), ANSWER, 3)]
    return pages, changes, usage


def make(folder):
    """Write the image into ``folder``."""
    count = 0

    def counted(length):
        nonlocal count
        count += 1
        return hashlib.sha256(b"image %d" % count).digest()[:length]

    cache = CredentialCache(str(folder), Sealer(KEY, counted), counted)
    pages, changes, usage = history()
    writer = cache.begin_snapshot(41)
    pages.snapshot(writer)
    writer.finish()
    cache.apply(42, changes)
    for key, kind, group in usage:
        cache.remember(key, kind, group, NOW + 36 * 3600, NOW)


if __name__ == "__main__":
    if HERE.exists():
        sys.exit(f"{HERE} is there already: a stored image is never made again")
    make(HERE)
