"""A site's policy on the host: every changeset it ever signed, and what they come to.

``policy/000001.changeset`` and so on in the site's folder: each the raw bytes that go to readers,
each naming the hash of the one before. Nothing is ever changed or removed; the whole chain is
checked whenever it is read. A changeset that gives cards other keys has a ``000007.snapshot``
beside it: all that the policy is from then on, which readers get in its place.
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cbor
from cose import Key
from holdfast.access import SiteRules
from holdfast.access.policy import changeset, draft, operations, snapshot
from holdfast.access.policy.operations import ChangesetRefused
from untrusted import InvalidInput

from .. import files, locks
from ..credentials.authority import Authority
from ..errors import UsageProblem
from .state import State
from .time_zones import UTC as UTC
from .time_zones import operation as time_zone

FOLDER = "policy"

_NAME = re.compile(r"[0-9]{6,9}\.changeset", re.ASCII)
_SNAPSHOT = ".snapshot"
_LARGEST_SNAPSHOT = 8 << 20
_LOOKUP = operations.LOOKUP
_OF_LOOKUP = (operations.LOOKUP, operations.GRANT)
_ROOM = 800  # bytes of operations that surely fit in a changeset with all the rest
_MANY = 32 << 10  # bytes of changesets, from which on a reader is spared their history
_FROM_BACKUP = "restore the folder policy/ from its backup; do not write changesets by hand"

Changes = Callable[[State], Sequence[list]]


class History:
    """The changesets of a site, raw and in order, and the ``state`` they lead to.

    They begin under the site's ``first_key`` and name every other key of the authority themselves.
    ``every_key`` are all that were ever in force, the newest last; ``anchored_at`` is when the
    last change of keys was signed, in seconds since 1970, 0 if there was none. ``turns`` has
    the changesets that gave cards other keys by their numbers, and of each the signed snapshot
    that stands at it, head and parts.
    """

    def __init__(self, site: str, first_key: Key):
        self.site = site
        self.every_key = [first_key]
        self.anchored_at = 0
        self.changesets: list[bytes] = []
        self.state = State()
        self.turns: dict[int, list[bytes]] = {}
        self._anchored: list[int] = []  # which changesets named keys
        # What no reader would take is refused here.
        self._rules = SiteRules(site, (first_key,))

    @property
    def number(self) -> int:
        """The number of the last changeset; 0 if there is none."""
        return self._rules.number

    @property
    def head(self) -> bytes:
        """The SHA-256 of the last changeset."""
        return self._rules.head

    @property
    def anchors(self) -> tuple[Key, ...]:
        """The authority's keys now in force, one or two; the one that came last is the last."""
        return self._rules.anchors

    @property
    def issued_at(self) -> int:
        """When the last changeset was signed, in seconds since 1970; others may be later."""
        return self._rules.issued_at

    def follow(self, raw: bytes, pieces: Sequence[bytes] | None = None) -> None:
        """Take ``raw`` as the next changeset. Raises InvalidInput if no reader would.

        ``pieces`` are the snapshot that stands at it, head and parts, if it gives cards other
        keys: then the state is what that says.
        """
        made = changeset.parse(raw)
        made.verify(self._rules.anchors)
        turns = any(operation[0] == operations.LOOKUP for operation in made.operations)
        rules = draft.applied(self._rules, made, is_whole=turns)
        if turns:
            self.state, rules = self._stated(made, pieces or [])
            self.turns[made.number] = list(pieces or [])
        else:
            self.state.follow(made.operations, made.issued_at)
        self._rules = rules
        if any(operation[0] == operations.ANCHORS for operation in made.operations):
            self.anchored_at = made.issued_at
            self._anchored.append(made.number)
            known = [key.x for key in self.every_key]
            self.every_key += [key for key in self.anchors if key.x not in known]
        self.changesets.append(raw)

    def _stated(self, made: changeset.Changeset, pieces: Sequence[bytes]):
        """The State and the SiteRules of the snapshot that stands at the changeset ``made``."""
        if not pieces:
            raise ChangesetRefused("the snapshot that stands at it is missing")
        head = snapshot.parse(pieces[0])
        head.verify(self._rules.anchors)
        if (head.site, head.number, head.head) != (self.site, made.number, made.hash):
            raise ChangesetRefused("the snapshot beside it stands at another changeset")
        assembly = snapshot.Assembly(head, SiteRules(self.site, (self.every_key[0],)))
        state = State()
        said = [operation for part in pieces[1:] for operation in assembly.add(part)]
        if not assembly.is_complete:
            raise ChangesetRefused("the snapshot beside it lacks parts")
        state.follow(said, head.issued_at)
        return state, assembly.rules

    def export(self, after: int = 0) -> bytes:
        """What brings a reader that is at number ``after`` here: a CBOR sequence of byte strings.

        These are the changesets that follow it. Where cards got other keys since, there is the
        snapshot in the place of all up to that, behind those that name keys of the authority by
        which it is verified.
        """
        if not 0 <= after <= self.number:
            raise UsageProblem(
                f"there is no changeset {after}: the last one is {self.number}",
                "give a smaller number, or 0 for all of them",
            )
        return sequence(self._way(after, self.number))

    def _way(self, after: int, to: int) -> list[bytes]:
        turn = max([number for number in self.turns if number <= to], default=0)
        if after >= turn:
            return self.changesets[after:to]
        named = [number for number in self._anchored if after < number < turn]
        before = self._way(after, named[-1]) if named else []
        return [*before, *self.turns[turn], *self.changesets[turn:to]]

    def snapshot(self, authority: Authority) -> list[bytes]:
        """The policy without its history: a signed snapshot, then its parts in order."""
        return _snapshot(self, authority, self.state.operations())

    def for_reader(self, authority: Authority) -> bytes:
        """A new reader's ``policy.cbor``: all changesets, or a snapshot if that is much less.

        A snapshot of now, too, where cards got other keys since the first changeset: the one from
        then may be signed with a key of the authority that a new reader does not know.
        """
        whole = self.export()
        if not self.turns and len(whole) < _MANY:
            return whole
        now = sequence(self.snapshot(authority))
        return now if self.turns else min(whole, now, key=len)


def _snapshot(history: History, authority: Authority, said: Sequence[list]) -> list[bytes]:
    return snapshot.make(
        authority.signing_key,
        history.site,
        history.number,
        history.head,
        history.issued_at,
        said,
    )


def sequence(pieces: Sequence[bytes]) -> bytes:
    """The content of a file of changesets, or of a snapshot and its parts."""
    return cbor.encode_sequence(*pieces)


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
    with locks.changing(folder):
        history = load(folder, site, first_key)
        before = history.number
        _append(folder, history, authority, changes(history.state), now)
    return history, history.number - before


def refresh(
    folder: Path, site: str, first_key: Key, authority: Authority, now: int, past: int = 0
) -> tuple[History, int]:
    """Sign an empty changeset, and as many more as lead ``past`` that number; as ``change``.

    Readers that get it know that nothing was taken back until ``now``.
    """
    with locks.changing(folder):
        history = load(folder, site, first_key)
        before = history.number
        _require_in_force(history, authority)
        while history.number <= max(before, past):
            _sign(folder, history, authority, [], now)
    return history, history.number - before


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
    with locks.changing(folder):
        present = load(folder, history.site, history.every_key[0])
        if (present.number, present.head) != (history.number, history.head):
            raise UsageProblem(
                "somebody else has changed the policy meanwhile", "run the command again"
            )
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
            present.follow(raw, pieces)
        path = _path(folder, made.number)
        files.write(path.with_suffix(_SNAPSHOT), sequence(pieces), files.PRIVATE)
        files.write(path, raw, files.PRIVATE)
    return present


def _load(folder: Path, site: str, first_key: Key) -> History:
    history = History(site, first_key)
    for number in range(1, max(_numbers(folder / FOLDER), default=0) + 1):
        path = _path(folder, number)
        raw = files.read(path, changeset.MAX_BYTES, "changeset", _FROM_BACKUP)
        beside = path.with_suffix(_SNAPSHOT)
        pieces = _pieces(beside) if beside.exists() else None
        try:
            history.follow(raw, pieces)
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
    for some in _packed(ops):
        _sign(folder, history, authority, some, now)


def _sign(
    folder: Path, history: History, authority: Authority, some: Sequence[list], now: int
) -> None:
    path = _path(folder, history.number + 1)
    with _explained():
        raw = _made(history, authority, some, now)
        history.follow(raw)
    files.write(path, raw, files.PRIVATE)


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


def _packed(ops: Sequence[list]) -> Iterator[list[list]]:
    """The operations in order, as many together as surely fit in one changeset."""
    some: list[list] = []
    size = 0
    for operation in ops:
        length = len(cbor.encode(operation))
        if some and (size + length > _ROOM or len(some) == operations.MAX_OPERATIONS):
            yield some
            some, size = [], 0
        some.append(operation)
        size += length
    if some:
        yield some


def _numbers(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return [int(path.stem) for path in folder.iterdir() if _NAME.fullmatch(path.name)]


def _path(folder: Path, number: int) -> Path:
    return folder / FOLDER / f"{number:06}.changeset"
