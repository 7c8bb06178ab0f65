"""Whether a copy of a site may be an older one: who saw what it signed, and what it does not have.

Two witnesses lie outside of the site's folder, in the state folder of who works here (by
XDG_STATE_HOME), a file a site: how far this computer signed for it, and where a node said to be
that the folder does not have. A copy that lacks any of it signs nothing until it is recovered
(../site/recovery.py). What was recovered is noted in the folder: ``recovered.json`` {"version": 1,
"heads": [[number, head], ...]}, changesets of other copies, of which all that counts is in this.

A mark comes after its effect: killed in between, it says less than there is, and holds nobody up.
"""

import dataclasses
import json
import os
from collections.abc import Iterable
from pathlib import Path

from .. import files, locks
from ..errors import UsageProblem
from .chain import History

SETTLED = "recovered.json"

_VERSION = 1
_LIMIT = 4 << 20
_MOST_CLAIMS = 1024

Head = tuple[int, bytes]  # a changeset's number, and its SHA-256


@dataclasses.dataclass(frozen=True)
class Mark:
    """``signed`` is the last changeset that was signed on this computer, ``claims`` where nodes,
    by their names, said to be that no copy here had.
    """

    signed: Head | None = None
    claims: dict[str, Head] = dataclasses.field(default_factory=dict)


class Stale(UsageProblem):
    """The copy in ``folder`` lacks what somebody has seen."""

    def __init__(self, folder: Path, cause: str):
        super().__init__(
            f"{folder} may be an old copy of the site, and signs nothing: {cause}",
            f"restore the newest copy, or hear the doors: holdfast site recover {folder}",
        )


def require(folder: Path, history: History) -> None:
    """Refuse to sign in ``folder``, which has this ``history``, if it lacks what was seen. Raises
    Stale.
    """
    mark = load(history)
    settled = load_settled(folder)
    if mark.signed is not None and not _has(history, settled, mark.signed):
        number = mark.signed[0]
        how = (
            f"it ends with changeset {history.number}"
            if history.number < number
            else f"its changeset {number} is another one"
        )
        raise Stale(folder, f"{how}, and this computer has signed changeset {number}")
    for node, head in mark.claims.items():
        if not _has(history, settled, head):
            raise Stale(folder, f"{node} was heard to follow a changeset {head[0]} not known here")


def signed(history: History) -> None:
    """Keep how far ``history`` goes. Nothing is kept where that folder cannot be written."""
    try:
        _write(history, Mark((history.number, history.head), load(history).claims))
    except UsageProblem:
        pass  # can_be_kept tells


def can_be_kept() -> bool:
    """Whether marks can be kept on this computer."""
    try:
        files.make_folder(_folder())
    except UsageProblem:
        return False
    return os.access(_folder(), os.W_OK)


def heard(folder: Path, history: History, said: dict[str, Head]) -> list[str]:
    """Nodes ``said`` to be there; who follows what this copy does not have, which is kept."""
    settled = load_settled(folder)
    unknown = {
        node: head for node, head in said.items() if head[0] and not _has(history, settled, head)
    }
    mark = load(history)
    claims = {node: head for node, head in mark.claims.items() if node not in said}
    claims.update(unknown)
    if claims != mark.claims and can_be_kept():
        _write(history, Mark(mark.signed, dict(list(claims.items())[-_MOST_CLAIMS:])))
    return sorted(unknown)


def recovered(folder: Path, history: History, heads: Iterable[Head]) -> None:
    """Of these ``heads`` of other copies all that counts is in ``history`` now; it is no old copy
    any more, whatever was claimed.
    """
    known = dict.fromkeys([*load_settled(folder), *heads])
    content = {"version": _VERSION, "heads": [[number, head.hex()] for number, head in known]}
    files.write(folder / SETTLED, json.dumps(content).encode() + b"\n", files.PRIVATE)
    if can_be_kept():
        _write(history, Mark((history.number, history.head)))


def load_settled(folder: Path) -> set[Head]:
    """Changesets of other copies that the one in ``folder`` has made good for."""
    path = folder / SETTLED
    if not path.exists():
        return set()
    advice = f"remove {path}, and then: holdfast site recover {folder}"
    data = files.read(path, _LIMIT, "note of what was recovered", advice)
    try:
        return {_head(one) for one in _content(data)["heads"]}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageProblem(f"{path} is damaged: {error}", advice) from error


def load(history: History) -> Mark:
    """What is kept on this computer of the site with this ``history``."""
    path = _path(history)
    if not path.exists():
        return Mark()
    advice = f"remove {path}, and then: holdfast site recover SITE_DIR"
    data = files.read(path, _LIMIT, "mark of a site", advice)
    try:
        content = _content(data)
        last = None if content["signed"] is None else _head(content["signed"])
        claims = {str(node): _head(one) for node, one in content["claims"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageProblem(f"{path} is damaged: {error}", advice) from error
    return Mark(last, claims)


def _has(history: History, settled: set[Head], head: Head) -> bool:
    return head in settled or history.head_at(head[0]) == head[1]


def _write(history: History, mark: Mark) -> None:
    content = {
        "version": _VERSION,
        "site": history.site,
        "signed": None if mark.signed is None else [mark.signed[0], mark.signed[1].hex()],
        "claims": {node: [number, head.hex()] for node, (number, head) in mark.claims.items()},
    }
    files.make_folder(_folder())
    with locks.changing(_folder()):
        data = json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
        files.write(_path(history), data, files.PRIVATE)


def _content(data: bytes) -> dict:
    content = json.loads(data)
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise ValueError(f"it is of no version {_VERSION}")
    return content


def _head(said) -> Head:
    number, head = said
    if type(number) is not int or number < 0 or len(head) != 64:
        raise ValueError("it names no changeset")
    return number, bytes.fromhex(head)


def _path(history: History) -> Path:
    return _folder() / f"{history.root.hex()}.json"


def _folder() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "holdfast" / "sites"
