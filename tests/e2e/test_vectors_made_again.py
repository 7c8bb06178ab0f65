"""docs/vectors is what the firmware says now: made again here, on both interpreters.

Who builds a phone from these files has no reader to ask. That they are right is shown in
tests/interop/vectors, by code that shares none with the firmware.
"""

INTERPRETERS = ("micropython", "cpython")

import json

import doc_vectors


async def _is_as_it_is_kept(name):
    with open("docs/vectors/" + name + ".json") as file:
        kept = json.load(file)
    made = await doc_vectors.make(name)
    where = _difference(kept, json.loads(json.dumps(made)), name)
    assert where is None, where + ": if that is meant, run make docs-vectors"


def _difference(kept, made, where):
    """The first place at which they differ, or None."""
    if isinstance(kept, dict) and isinstance(made, dict):
        places = sorted(set(kept) | set(made))
        both = [(place, kept.get(place), made.get(place)) for place in places]
    elif isinstance(kept, list) and isinstance(made, list) and len(kept) == len(made):
        both = [(place, kept[place], made[place]) for place in range(len(kept))]
    else:
        return None if kept == made else where
    for place, one, other in both:
        found = _difference(one, other, where + "/" + str(place))
        if found is not None:
            return found
    return None


async def test_keys():
    """Keys, tokens, certificates, files."""
    await _is_as_it_is_kept("keys")


async def test_framing():
    """Frames of the stream."""
    await _is_as_it_is_kept("framing")


async def test_handshakes():
    """Every value of each handshake, which both sides computed alike."""
    await _is_as_it_is_kept("handshakes")


async def test_unlocks():
    """Conversations at a door that opens."""
    await _is_as_it_is_kept("unlocks")


async def test_refusals():
    """Protected answers that say no."""
    await _is_as_it_is_kept("refusals")


async def test_errors():
    """What is answered in the clear."""
    await _is_as_it_is_kept("errors")


async def test_policy():
    """Changesets, a snapshot, sealed keys, and who carries them."""
    await _is_as_it_is_kept("policy")


async def test_events():
    """A chain of events, its collection and its acknowledgement."""
    await _is_as_it_is_kept("events")


async def test_clock():
    """The authority's word."""
    await _is_as_it_is_kept("clock")


async def test_lan():
    """What nodes say to each other."""
    await _is_as_it_is_kept("lan")


def test_no_file_is_forgotten():
    """Each is made again above, and none is larger than 100 KB: people open them."""
    import os

    names = [name[:-5] for name in os.listdir("docs/vectors") if name.endswith(".json")]
    assert sorted(names) == sorted(doc_vectors.NAMES)
    for name in names:
        assert os.stat("docs/vectors/" + name + ".json")[6] < 100 * 1024, name
        assert "test_" + name in globals(), name


def _fields(content):
    """Every name in it, but those that are data: what an event says, by label."""
    names = set()
    if isinstance(content, dict):
        for name, value in content.items():
            names.add(name)
            if name not in ("says", "kdf"):
                names |= _fields(value)
    elif isinstance(content, list):
        for value in content:
            names |= _fields(value)
    return names


def test_the_page_beside_them_names_every_field():
    """A stranger must not have to guess what a value is."""
    with open("docs/vectors/README.md") as file:
        page = file.read()
    for name in doc_vectors.NAMES:
        with open("docs/vectors/" + name + ".json") as file:
            content = json.load(file)
        assert (
            "](%s.json)" % name in page
            and "### %s.json" % name in page
            or name
            in (
                "unlocks",
                "refusals",
                "errors",
            )
        )
        for field in _fields(content) - {"vectors", "comment", "message_2", "message_3"}:
            assert "`" + field + "`" in page, name + ": " + field


def test_a_difference_is_found():
    """Whoever changes a format must be told where."""
    kept = {"a": [1, {"b": "00"}], "c": 1}
    assert _difference(kept, kept, "x") is None
    assert _difference(kept, {"a": [1, {"b": "01"}], "c": 1}, "x") == "x/a/1/b"
    assert _difference(kept, {"a": [1], "c": 1}, "x") == "x/a"
    assert _difference(kept, {"a": [1, {"b": "00"}]}, "x") == "x/c"
