"""A phone's own values, written to a file as JSON, beside those of docs/vectors or of a reader.

Of a handshake they are an object of values; of a conversation (unlocks.json, refusals.json,
errors.json) an object with ``steps``, a list of objects, and perhaps ``context``. Whatever the
phone leaves out is not compared.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from .. import files
from ..errors import UsageProblem
from .schedule import ORDER

_LIMIT = 1 << 20
_ADVICE = "write one object: names as in docs/vectors, values in hexadecimal"

# Of one step of a conversation, each from those before it.
_OF_STEP = (
    ("message_1",), ("message_2",), ("message_3",),
    ("inner", "code"), ("inner", "options"), ("inner", "payload"),
    ("oscore", "plaintext"), ("oscore", "request_kid"), ("oscore", "request_piv"),
    ("oscore", "aad"), ("oscore", "nonce"), ("oscore", "ciphertext"),
    ("message", "code"), ("message", "options"), ("message", "payload"), ("message", "token"),
    ("frame",),
)  # fmt: skip


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
    steps = said.get("steps", [said] if "frame" in said else None)
    if isinstance(steps, list):
        return _of_handshake(said, "context") | dict(_of_steps(steps))
    return _of_handshake(said, "oscore")


def differing(theirs: Mapping[str, str], ours: Mapping[str, str]) -> tuple[list[str], str | None]:
    """Which values are in both, in the order of ``ours``, and the first of them that differs, if
    one does.
    """
    both = [name for name in ours if name in theirs]
    for name in both:
        if theirs[name].strip().lower() != ours[name].lower():
            return both, name
    return both, None


def _of_handshake(said: Mapping[str, object], inside: str) -> dict[str, str]:
    inner = said.get(inside)
    flat = {**said, **inner} if isinstance(inner, dict) else said
    return {name: value for name in ORDER if isinstance(value := flat.get(name), str)}


def _of_steps(steps: list[object]) -> Iterator[tuple[str, str]]:
    """``("step 3 oscore.nonce", "49dec7...")`` and so on; options as JSON."""
    for number, step in enumerate(steps, 1):
        for path in _OF_STEP:
            found: object = step
            for name in path:
                found = found.get(name) if isinstance(found, dict) else None
            if isinstance(found, str | list):
                text = found if isinstance(found, str) else json.dumps(found)
                yield f"step {number} {'.'.join(path)}", text
