"""Where nodes are: what is typed, and what is remembered in the site's folder."""

import pytest

from holdfast_host.errors import UsageProblem
from holdfast_host.lan import places
from holdfast_host.lan.places import Known, Place


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("192.0.2.7", "192.0.2.7", 62435),
        ("192.0.2.7:9", "192.0.2.7", 9),
        ("lobby.local", "lobby.local", 62435),
        ("::1", "::1", 62435),
        ("[::1]:65535", "::1", 65535),
        ("[2001:db8::7]", "2001:db8::7", 62435),
    ],
)
def test_places_as_they_are_typed(text, host, port):
    place = places.parse(text)
    assert place == Place(host, port) and places.parse(str(place)) == place


@pytest.mark.parametrize(
    "text", ["", ":9", "a:", "a:0", "a:65536", "a:x", "[::1]x", "[]:9", "a b", "a:1e3", "x" * 254]
)
def test_what_is_no_place(text):
    with pytest.raises(UsageProblem):
        places.parse(text)


def test_who_was_met_is_remembered_and_a_place_has_one_node(tmp_path):
    assert places.load(tmp_path) == []
    first, other = Place("192.0.2.7"), Place("192.0.2.8")
    places.remember(tmp_path, [Known("lobby", first, 5), Known("front", other, 5)])
    assert [one.id for one in places.load(tmp_path)] == ["front", "lobby"]
    # It has moved to where another was.
    places.remember(tmp_path, [Known("lobby", other, 6)])
    assert places.load(tmp_path) == [Known("lobby", other, 6)]
    before = (tmp_path / places.FILE).read_bytes()
    places.remember(tmp_path, [])
    assert (tmp_path / places.FILE).read_bytes() == before
    places.remember(tmp_path, [Known(f"n{n}", Place(f"h{n}"), n + 7) for n in range(1100)])
    assert len(places.load(tmp_path)) == 1000 and places.load(tmp_path)[0].id == "n100"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"version": 2, "nodes": []}',
        b'{"version": 1, "nodes": [{"id": "a"}]}',
        b'{"version": 1, "nodes": [{"id": "", "host": "a", "port": 1, "seen": 1}]}',
        b'{"version": 1, "nodes": [{"id": "a", "host": "", "port": 1, "seen": 1}]}',
        b'{"version": 1, "nodes": [{"id": "a", "host": "a", "port": 0, "seen": 1}]}',
        b'{"version": 1, "nodes": [{"id": "a", "host": "a", "port": true, "seen": 1}]}',
    ],
)
def test_a_damaged_list_says_what_to_do(tmp_path, content):
    (tmp_path / places.FILE).write_bytes(content)
    with pytest.raises(UsageProblem, match="damaged") as problem:
        places.load(tmp_path)
    assert "--node" in problem.value.next_step
