"""What a board stored in format version 1 is still read, whatever the code has become."""

INTERPRETERS = ("micropython", "cpython")

import os

from cache_world import NOW, PLACES, SCHEDULE, card, open_cache
from folders import Folder
from harness import MICROPYTHON, skip
from holdfast.access.grant import ANSWER

_IMAGE = "tests/images/credential_cache_v1"


def _copy(folder):
    for name in os.listdir(_IMAGE):
        with open(_IMAGE + "/" + name, "rb") as file:
            content = file.read()
        with open(folder + "/" + name, "wb") as file:
            file.write(content)


def test_the_stored_image_of_version_1_is_read():
    """After an update in the field nobody may stand outside because a number was moved."""
    with Folder() as folder:
        _copy(folder)
        cache = open_cache(folder)
        for _ in range(2):  # as it is, and written again
            assert cache.damage is None and cache.applied == 42
            assert cache.counts == (80, 2, 5)
            for number in range(90):
                grant = cache.grant(card(number))
                if number == 7 or number >= 80:
                    assert grant is None
                else:
                    assert grant.group == number % 4
                    assert grant.expires == (NOW // 60 * 60 + 60 * number if number & 1 else None)
            assert cache.grant(card(200)).group == 3
            assert [cache.rights(group, PLACES) for group in (0, 1, 2, 3, 9)] == [
                [],
                [(PLACES[0], 1, None)],
                None,
                [(PLACES[0], 1, None), (PLACES[1], 3, SCHEDULE)],
                [(PLACES[2], 5, SCHEDULE)],
            ]
            assert cache.knows(card(300), NOW)
            answer = cache.grant(card(301))
            assert answer.kind == ANSWER and answer.group == 3
            assert NOW + 36 * 3600 - 60 < (answer.expires or 0) <= NOW + 36 * 3600
            cache.compact()
        assert not cache.knows(card(300), NOW + 36 * 3600)


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
