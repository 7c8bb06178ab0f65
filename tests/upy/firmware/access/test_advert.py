"""A phone knows which door it faces before it connects, from 13 bytes that anybody could send."""

from harness import raises
from holdfast.access import advert
from untrusted import InvalidInput

INTERPRETERS = ("cpython", "micropython")


def test_a_door_is_found_by_its_tag():
    data = advert.encode("site", "lobby-reader", ("lobby", "garage"), False)
    seen = advert.decode(data)
    assert not seen.is_offline
    assert seen.node == advert.node_tag("site", "lobby-reader")
    assert seen.doors == (advert.door_tag("site", "lobby"), advert.door_tag("site", "garage"))


def test_the_same_name_at_another_site_has_another_tag():
    assert advert.door_tag("site", "lobby") != advert.door_tag("elsewhere", "lobby")
    assert advert.node_tag("ab", "c") != advert.node_tag("a", "bc")


def test_a_reader_that_is_alone_says_so():
    assert advert.decode(advert.encode("site", "n", (), True)).is_offline


def test_it_fits_into_a_scan_response_however_many_doors_there_are():
    for count in range(9):
        doors = ["door %d" % number for number in range(count)]
        data = advert.encode("s" * 64, "n" * 64, doors, True)
        assert len(data) <= advert.MAX_LENGTH
        assert len(advert.decode(data).doors) == (count if count <= advert.MAX_DOORS else 0)


def test_what_is_no_advertisement_is_refused_and_what_may_come_to_mean_more_is_not():
    data = advert.encode("site", "n", ("lobby",), False)
    for wrong in (b"", data[:-1], data + b"\x00", data[:4], data + bytes(8), b"\x20" + data[1:]):
        raises(InvalidInput, lambda data=wrong: advert.decode(data))
    assert advert.decode(b"\x1e" + data[1:]).doors == advert.decode(data).doors
