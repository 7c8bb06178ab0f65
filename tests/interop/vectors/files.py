"""The files of docs/vectors, as these tests read them."""

import functools
import json
import pathlib

FOLDER = pathlib.Path(__file__).parents[3] / "docs" / "vectors"


@functools.cache
def load(name) -> dict:
    """One file."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def vectors(name) -> list:
    """The vectors of one file."""
    return load(name)["vectors"]


def named(found, name) -> dict:
    """The one of that name."""
    (one,) = [vector for vector in found if vector["name"] == name]
    return one


def keys(name) -> dict:
    """A key pair of keys.json: ``private`` and ``public``, or ``secret``; bytes."""
    return {part: bytes.fromhex(value) for part, value in load("keys")["keys"][name].items()}


def token(name) -> bytes:
    """A token of keys.json."""
    return unhex(named(load("keys")["tokens"], name)["bytes"])


def unhex(text) -> bytes:
    """Bytes of hexadecimal."""
    return bytes.fromhex(text)


def name_of(vector) -> str:
    """What pytest calls it."""
    return vector["name"]
