"""What a board stored in format version 2 is still read, whatever the code has become."""

INTERPRETERS = ("micropython", "cpython")

import os

from cache_world import (
    DOOR,
    DOOR_TAG,
    FIRST_DAY,
    NOW,
    PERSON,
    PLACES,
    SCHEDULE,
    SUSPENDED,
    USES,
    ZONE_TAGS,
    card,
    open_cache,
    seen,
)
from folders import Folder
from harness import MICROPYTHON, skip

_IMAGE = "tests/images/credential_cache_v2"
_MINUTE = NOW // 60 * 60


def _copy(folder):
    for name in os.listdir(_IMAGE):
        with open(_IMAGE + "/" + name, "rb") as file:
            content = file.read()
        with open(folder + "/" + name, "wb") as file:
            file.write(content)


def _seen(cache, number):
    return [seen(grant)[1:] for grant in cache.grants(card(number))]


def test_the_stored_image_of_version_2_is_read():
    """After an update in the field nobody may stand outside because a number was moved. The
    values are written out: they do not come from what made the image.
    """
    with Folder() as folder:
        _copy(folder)
        cache = open_cache(folder)
        for _ in range(2):  # as it is, and written again
            assert cache.damage is None and cache.applied == 42
            assert cache.counts == (100, 6)
            for number in range(90):
                groups = [number % 4] if number < 80 and number != 7 else []
                if number < 80 and number % 8 == 0:
                    groups = [0, 8] if number == 8 else [0, 4, 8]
                grants = cache.grants(card(number))
                assert [grant.group for grant in grants] == groups, number
                for grant in grants:
                    assert grant.expires == (_MINUTE + 60 * number if number & 1 else None)
            assert _seen(cache, 0) == [(0, None, {}), (4, None, {}), (8, None, {SUSPENDED: True})]
            assert _seen(cache, 16) == [
                (0, None, {FIRST_DAY: 20016}),
                (4, None, {SUSPENDED: True}),
                (8, None, {}),
            ]
            assert _seen(cache, 200) == [(3, None, {})]
            assert _seen(cache, 201) == [(3, _MINUTE, {PERSON: b"some", USES: 6})]
            assert _seen(cache, 54) == [(2, None, {FIRST_DAY: 20056, PERSON: b"\x00\x00\x00\x38"})]
            assert _seen(cache, 65) == [(1, _MINUTE + 3900, {FIRST_DAY: 20066, USES: 4})]
            assert [cache.rights(group, DOOR_TAG, ZONE_TAGS) for group in (0, 1, 2, 3, 9)] == [
                [],
                [(DOOR, DOOR_TAG, 1, None)],
                None,
                [(DOOR, DOOR_TAG, 1, None), PLACES[1] + (3, SCHEDULE)],
                [PLACES[2] + (5, SCHEDULE)],
            ]
            cache.compact()


def test_today_writes_the_same_image():
    """A format that changed without a new version number shows here."""
    if MICROPYTHON:
        skip("made on CPython")
    from images.credential_cache import make

    with Folder() as folder:
        make(folder)
        assert sorted(os.listdir(folder)) == sorted(os.listdir(_IMAGE))
        for name in os.listdir(_IMAGE):
            with open(_IMAGE + "/" + name, "rb") as kept, open(folder + "/" + name, "rb") as now:
                assert kept.read() == now.read(), name
