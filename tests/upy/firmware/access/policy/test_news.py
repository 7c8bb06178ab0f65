"""What nodes tell each other of the policy: bounded, strict, and within one datagram."""

INTERPRETERS = ("micropython", "cpython")

import cbor
from harness import bit_flips, raises, truncations
from holdfast.access.policy import news
from holdfast.access.policy.news import News
from untrusted import InvalidInput

HEAD = bytes(range(32))
MAX_NUMBER = 0xFFFFFFFF


def test_what_goes_in_comes_out():
    for given in (
        News(0, HEAD, None, []),
        News(7, HEAD, 5, [b"six", b"seven"]),
        News(MAX_NUMBER, HEAD, MAX_NUMBER, [bytes(1024)]),
    ):
        found = news.parse(given.encode())
        assert (found.number, found.head) == (given.number, given.head)
        assert (found.snapshot, found.changesets) == (given.snapshot, given.changesets)


def test_as_many_as_fit_and_always_one():
    """A changeset that is as long as one may be goes alone, or nobody would ever get past it."""
    assert len(news.parse(News(99, HEAD, 1, [bytes(100)] * 20).encode()).changesets) == 8
    assert len(news.parse(News(99, HEAD, 1, [bytes(300)] * 20).encode()).changesets) == 3
    longest = News(MAX_NUMBER, HEAD, MAX_NUMBER, [bytes(1024), b"more"]).encode()
    assert len(news.parse(longest).changesets) == 1 and len(longest) <= 1088


def test_every_other_form_is_refused():
    good = [7, HEAD, None, [b"raw"]]
    news.parse(cbor.encode(good))
    for place, bad in (
        (0, -1),
        (0, True),
        (0, 1 << 32),
        (0, "7"),
        (1, HEAD[:31]),
        (1, "head"),
        (2, False),
        (2, -1),
        (2, [7]),
        (3, None),
        (3, b"raw"),
        (3, [b""]),
        (3, [7]),
        (3, [[b"raw"]]),
        (3, [bytes(1025)]),
        (3, [b"x"] * 9),
    ):
        items = list(good)
        items[place] = bad
        raises(InvalidInput, news.parse, cbor.encode(items))
    for bad in (b"", cbor.encode(good[:3]), cbor.encode(good + [1]), cbor.encode(7), bytes(2000)):
        raises(InvalidInput, news.parse, bad)


def test_damage_is_refused_or_other_news():
    raw = News(7, HEAD, 5, [b"six", b"seven"]).encode()
    for mutant in truncations(raw):
        raises(InvalidInput, news.parse, mutant)
    for mutant in bit_flips(raw):
        try:
            found = news.parse(mutant)
        except InvalidInput:
            continue
        assert 0 <= found.number <= MAX_NUMBER and len(found.changesets) <= 8
