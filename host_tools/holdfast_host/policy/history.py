"""A site's policy on the host: every changeset it ever signed, in the site's folder.

``policy/000001.changeset`` and so on: each the raw bytes that go to readers, each naming the hash
of the one before. Nothing is ever changed or removed; the whole chain is checked whenever it is
read. A changeset that gives cards other keys has a ``000007.snapshot`` beside it: all that the
policy is from then on, which readers get in its place.

A change that takes several changesets is whole or not at all: they are in ``policy/batch``
together before the first has a file of its own, and the file goes when the last one has.
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import cbor
from cose import Key
from holdfast.access.policy import changeset, operations, snapshot
from untrusted import InvalidInput

from .. import files, locks
from ..credentials.authority import Authority
from ..errors import UsageProblem
from . import witness
from .chain import History, sequence
from .packing import packed
from .state import State
from .time_zones import UTC as UTC
from .time_zones import operation as time_zone

FOLDER = "policy"

_NAME = re.compile(r"[0-9]{6,9}\.changeset", re.ASCII)
_SNAPSHOT = ".snapshot"
_BATCH = "batch"
_LARGEST_SNAPSHOT = 8 << 20
_LARGEST_BATCH = 64 << 20
_MOST_EMPTY = 1 << 16  # changesets that only lead past a number
_LOOKUP = operations.LOOKUP
_OF_LOOKUP = (operations.LOOKUP, operations.GRANT)
_FROM_BACKUP = "restore the folder policy/ from its backup; do not write changesets by hand"

Changes = Callable[[State], Sequence[list]]


def beginning(zones: Sequence[str], name: str, now: int) -> list[list]:
    """What a site's first changeset says: the time zone ``name``, the usual limits, the zones."""
    return [
        time_zone(name, now),
        [operations.LIMITS, State().limits],
        *([operations.ZONE, zone, b""] for zone in dict.fromkeys(zones)),
    ]


def create(
    folder: Path, site: str, authority: Authority, zones: Sequence[str], name: str, now: int
) -> History:
    """Begin the policy of ``site`` in its ``folder``, under its first key; see ``beginning``."""
    begin = beginning(zones, name, now)
    files.make_folder(folder / FOLDER)
    with locks.changing(folder):
        history = _load(folder, site, authority.public_key)
        _require_none(folder, history)
        _append(folder, history, authority, begin, now)
        witness.signed(history)
    return history


def require_none(folder: Path, site: str, first_key: Key) -> None:
    """Refuse a site that has a policy."""
    _require_none(folder, _load(folder, site, first_key))


def load(folder: Path, site: str, first_key: Key) -> History:
    """The policy of the ``site`` in ``folder``, checked from its first changeset to its last."""
    history = _load(folder, site, first_key)
    if not history.number:
        raise UsageProblem(
            f"site {site} has no policy in {folder / FOLDER}",
            f"restore it from its backup; if it never had one: holdfast policy init {folder}",
        )
    return history


def change(
    folder: Path, site: str, first_key: Key, authority: Authority, changes: Changes, now: int
) -> tuple[History, int]:
    """Sign what ``changes`` makes of the present state; the new history, and how many were added.

    No changeset is added if it makes nothing of it. Whoever else changes the policy waits.
    """
    with locks.signing(folder):
        history = load(folder, site, first_key)
        witness.require(folder, history)
        before = history.number
        _append(folder, history, authority, changes(history.state), now)
        witness.signed(history)
    return history, history.number - before


def refresh(
    folder: Path, site: str, first_key: Key, authority: Authority, now: int, past: int = 0
) -> tuple[History, int]:
    """Sign an empty changeset, and as many more as lead ``past`` that number; as ``change``.

    Readers that get it know that nothing was taken back until ``now``.
    """
    with locks.signing(folder):
        history = load(folder, site, first_key)
        witness.require(folder, history)
        before = history.number
        _require_in_force(history, authority)
        count = max(before, past) + 1 - before
        _sign(folder, history, authority, [[]] * count, now)
        witness.signed(history)
    return history, history.number - before


def follow(
    folder: Path,
    site: str,
    first_key: Key,
    newer: Sequence[tuple[bytes, list[bytes] | None]],
    source: str = "the register",
) -> History:
    """Take changesets that another folder of the site signed, each with its snapshot if it has
    one, after the last of this one; ``source`` has them. None is kept that no reader would take.
    """
    with locks.changing(folder):
        history = load(folder, site, first_key)
        first = history.number + 1
        try:
            for raw, pieces in newer:
                history.apply(raw, pieces)
        except InvalidInput as error:
            raise UsageProblem(
                f"{source} has a changeset {history.number + 1} that no reader would take:"
                f" {error}",
                f"restore {source} from its backup",
            ) from error
        for number, pieces in history.turns.items():
            if number >= first:
                path = _path(folder, number).with_suffix(_SNAPSHOT)
                files.write(path, sequence(pieces), files.PRIVATE)
        _keep(folder, first, history.changesets[first - 1 :])
    return history


def go_on(
    folder: Path,
    site: str,
    first_key: Key,
    authority: Authority,
    said: Sequence[list],
    past: int,
    now: int,
) -> History:
    """Sign the operations that are ``said``, and as many empty changesets as lead past that
    number, all of it or nothing; for who has heard what this copy lacked.
    """
    with locks.changing(folder):
        history = load(folder, site, first_key)
        _require_in_force(history, authority)
        each = list(packed(said))
        missing = max(0 if each else 1, past + 1 - history.number - len(each))
        if missing > _MOST_EMPTY:
            raise UsageProblem(
                f"changeset {past} was seen, and this copy ends with {history.number}",
                "restore a newer copy of the site first",
            )
        _sign(folder, history, authority, [*each, *[[]] * missing], now)
    return history


def rotate_lookup(
    folder: Path,
    history: History,
    authority: Authority,
    number: int,
    operations: Sequence[list],
    now: int | None = None,
) -> History:
    """Give all cards other keys, those of lookup key ``number``; the new history.

    ``operations`` are a GRANT for each of the present ones, under the other key, and a LOOKUP for
    the nodes it is sealed to. All else stays as in ``history``, which must be the newest. The
    snapshot is written before the changeset that it stands at: cut short between the two, nothing
    has changed. ``now``, in seconds since 1970, is this moment if it is not given.
    """
    with locks.signing(folder):
        present = load(folder, history.site, history.every_key[0])
        if (present.number, present.head) != (history.number, history.head):
            raise UsageProblem(
                "somebody else has changed the policy meanwhile", "run the command again"
            )
        witness.require(folder, present)
        _require_in_force(present, authority)
        issued_at = int(time.time()) if now is None else now
        turning = [[_LOOKUP, number]]
        with _explained():
            raw = _made(present, authority, turning, issued_at)
            made = changeset.parse(raw)
            kept = [one for one in present.state.operations() if one[0] not in _OF_LOOKUP]
            if all(one[0] != _LOOKUP for one in operations):  # there is no node yet
                kept += turning
            pieces = snapshot.make(
                authority.signing_key,
                present.site,
                made.number,
                made.hash,
                made.issued_at,
                [*kept, *operations],
            )
            present.apply(raw, pieces)
        path = _path(folder, made.number)
        files.write(path.with_suffix(_SNAPSHOT), sequence(pieces), files.PRIVATE)
        _keep(folder, made.number, [raw])
        witness.signed(present)
    return present


def _load(folder: Path, site: str, first_key: Key) -> History:
    history = History(site, first_key)
    first, together = _batch(folder)
    last = max([*_numbers(folder / FOLDER), first + len(together) - 1])
    for number in range(1, last + 1):
        path = _path(folder, number)
        if 0 <= number - first < len(together):
            raw = together[number - first]
        else:
            raw = files.read(path, changeset.MAX_BYTES, "changeset", _FROM_BACKUP)
        beside = path.with_suffix(_SNAPSHOT)
        pieces = _pieces(beside) if beside.exists() else None
        try:
            history.apply(raw, pieces)
        except InvalidInput as error:
            raise UsageProblem(f"{path} is damaged: {error}", _FROM_BACKUP) from error
    return history


def _pieces(path: Path) -> list[bytes]:
    data = files.read(path, _LARGEST_SNAPSHOT, "snapshot", _FROM_BACKUP)
    try:
        return cbor.decode_sequence(data, max_items=len(data))
    except InvalidInput as error:
        raise UsageProblem(f"{path} is damaged: {error}", _FROM_BACKUP) from error


def _require_none(folder: Path, history: History) -> None:
    if history.number:
        raise UsageProblem(
            f"site {history.site} has a policy already, of {history.number} changesets",
            f"look at it: holdfast policy show {folder}",
        )


def _require_in_force(history: History, authority: Authority) -> None:
    if authority.public_key.x not in [key.x for key in history.anchors]:
        raise UsageProblem(
            "the authority's key is not in force any more, or not yet: no reader would follow it",
            "run the command again; if that says the same, restore authority.key, authority.pub"
            " and policy/ from one and the same backup, the newest",
        )


def _append(
    folder: Path, history: History, authority: Authority, ops: Sequence[list], now: int
) -> None:
    if ops:
        _require_in_force(history, authority)
    _sign(folder, history, authority, packed(ops), now)


def _sign(
    folder: Path, history: History, authority: Authority, each: Iterable[Sequence[list]], now: int
) -> None:
    """Sign a changeset for ``each`` of some operations, all of them or, if one cannot be, none."""
    first = history.number + 1
    with _explained():
        for some in each:
            history.apply(_made(history, authority, some, now))
    _keep(folder, first, history.changesets[first - 1 :])


def _keep(folder: Path, first: int, changesets: Sequence[bytes]) -> None:
    """Write ``changesets`` from number ``first`` on."""
    batch = folder / FOLDER / _BATCH
    if batch.exists():  # of a change that was cut short
        _spread(folder, *_batch(folder))
        files.remove(batch)
    if len(changesets) > 1:
        files.write(batch, cbor.encode([first, list(changesets)]), files.PRIVATE)
    _spread(folder, first, changesets)
    if len(changesets) > 1:
        files.remove(batch)


def _spread(folder: Path, first: int, changesets: Sequence[bytes]) -> None:
    for number, raw in enumerate(changesets, first):
        if not _path(folder, number).exists():
            files.write(_path(folder, number), raw, files.PRIVATE)


def _batch(folder: Path) -> tuple[int, list[bytes]]:
    """Changesets that were signed together, from this number on; none if there are none."""
    path = folder / FOLDER / _BATCH
    if not path.exists():
        return 1, []
    data = files.read(path, _LARGEST_BATCH, "batch of changesets", _FROM_BACKUP)
    try:
        first, changesets = cbor.decode(data, max_items=len(data))
        if type(first) is not int or not all(type(raw) is bytes for raw in changesets):
            raise ValueError("it holds no changesets")
    except (InvalidInput, ValueError, TypeError) as error:
        raise UsageProblem(f"{path} is damaged: {error}", _FROM_BACKUP) from error
    return first, changesets


def _made(history: History, authority: Authority, some: Sequence[list], now: int) -> bytes:
    # Of that time even where the one before is of a later one: what is after what, numbers say.
    return changeset.make(
        authority.signing_key, history.site, history.number + 1, history.head, now, some
    )


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        raise UsageProblem(
            f"no reader would take this change: {error}", "make it smaller, or in steps"
        ) from error


def _numbers(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return [int(path.stem) for path in folder.iterdir() if _NAME.fullmatch(path.name)]


def _path(folder: Path, number: int) -> Path:
    return folder / FOLDER / f"{number:06}.changeset"
