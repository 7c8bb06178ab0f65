"""A phone's own values, written to a file as JSON, beside those of docs/vectors or of a reader."""

import json
from collections.abc import Mapping
from pathlib import Path

from .. import files
from ..errors import UsageProblem
from .schedule import ORDER

_LIMIT = 1 << 20
_ADVICE = "write one object: names as in docs/vectors/handshakes.json, values in hexadecimal"


def read(path: Path, vector: str | None = None) -> dict[str, str]:
    """The values in the file at ``path``, by name; of its ``vectors`` the one of that name."""
    data = files.read(path, _LIMIT, "file of values", _ADVICE)
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageProblem(f"{path} is no JSON: {error}", _ADVICE) from error
    if isinstance(said, dict) and isinstance(said.get("vectors"), list):
        found = [one for one in said["vectors"] if isinstance(one, dict)]
        names = [str(one.get("name")) for one in found]
        if vector not in names:
            raise UsageProblem(f"{path} has no vector {vector!r}", f"name one: {', '.join(names)}")
        said = found[names.index(vector)]
    if not isinstance(said, dict):
        raise UsageProblem(f"{path} is no object of values", _ADVICE)
    inner = said.get("oscore")
    flat = {**said, **inner} if isinstance(inner, dict) else said
    return {name: value for name in ORDER if isinstance(value := flat.get(name), str)}


def differing(theirs: Mapping[str, str], ours: Mapping[str, str]) -> tuple[list[str], str | None]:
    """Which values are in both, in order, and the first of them that differs, if one does."""
    both = [name for name in ORDER if name in theirs and name in ours]
    for name in both:
        if theirs[name].strip().lower() != ours[name].lower():
            return both, name
    return both, None
