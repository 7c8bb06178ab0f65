"""A site's policy on the host: every changeset it ever signed, and what they come to.

``policy/000001.changeset`` and so on in the site's folder: each the raw bytes that go to readers,
each naming the hash of the one before. Nothing is ever changed or removed; the whole chain is
checked whenever it is read.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cbor
from cose import Key
from holdfast.access import Policy
from holdfast.access.policy import changeset, operations, snapshot
from untrusted import InvalidInput

from .. import files
from ..credentials.authority import Authority
from ..errors import UsageProblem
from .state import State
from .time_zones import UTC as UTC
from .time_zones import operation as time_zone

FOLDER = "policy"

_NAME = re.compile(r"[0-9]{6,9}\.changeset", re.ASCII)
_ROOM = 800  # bytes of operations that surely fit in a changeset with all the rest
_MANY = 32 << 10  # bytes of changesets, from which on a reader is spared their history
_REVOCATIONS = (operations.REVOKE, operations.WATERMARK)
_FROM_BACKUP = "restore the folder policy/ from its backup; do not write changesets by hand"

Changes = Callable[[State], Sequence[list]]


class History:
    """The changesets of a site, raw and in order, and the ``state`` they lead to.

    They begin under the site's ``first_key`` and name every other key of the authority themselves.
    ``every_key`` are all that were ever in force, the newest last; ``anchored_at`` is when the
    last change of keys was signed, in seconds since 1970, 0 if there was none.
    """

    def __init__(self, site: str, first_key: Key):
        self.site = site
        self.every_key = [first_key]
        self.anchored_at = 0
        self.changesets: list[bytes] = []
        self.state = State()
        # A reader of no door: what it would refuse is refused here.
        self._reader = Policy(site, "", anchors=(first_key,))

    @property
    def number(self) -> int:
        """The number of the last changeset; 0 if there is none."""
        return self._reader.number

    @property
    def head(self) -> bytes:
        """The SHA-256 of the last changeset."""
        return self._reader.head

    @property
    def anchors(self) -> tuple[Key, ...]:
        """The authority's keys now in force, one or two; the one that came last is the last."""
        return self._reader.anchors

    @property
    def issued_at(self) -> int:
        """When the last changeset was signed, in seconds since 1970."""
        return self._reader.issued_at

    def follow(self, raw: bytes) -> None:
        """Take ``raw`` as the next changeset. Raises InvalidInput if no reader would."""
        made = changeset.parse(raw)
        made.verify(self._reader.anchors)
        self._reader = self._reader.applied(made)
        for operation in made.operations:
            self.state.apply(operation)
        if any(operation[0] in _REVOCATIONS for operation in made.operations):
            self.state.set_revocations(self._reader.revocations)
        if any(operation[0] == operations.ANCHORS for operation in made.operations):
            self.anchored_at = made.issued_at
            known = [key.x for key in self.every_key]
            self.every_key += [key for key in self.anchors if key.x not in known]
        self.changesets.append(raw)

    def export(self, after: int = 0) -> bytes:
        """The changesets that follow number ``after``: a CBOR sequence of byte strings."""
        if not 0 <= after <= self.number:
            raise UsageProblem(
                f"there is no changeset {after}: the last one is {self.number}",
                "give a smaller number, or 0 for all of them",
            )
        return sequence(self.changesets[after:])

    def snapshot(self, authority: Authority) -> list[bytes]:
        """The policy without its history: a signed snapshot, then its parts in order."""
        return snapshot.make(
            authority.signing_key,
            self.site,
            self.number,
            self.head,
            self.issued_at,
            self.state.operations(),
        )

    def for_reader(self, authority: Authority) -> bytes:
        """A new reader's ``policy.cbor``: all changesets, or a snapshot if that is much less."""
        whole = self.export()
        if len(whole) < _MANY:
            return whole
        return min(whole, sequence(self.snapshot(authority)), key=len)


def sequence(pieces: Sequence[bytes]) -> bytes:
    """The content of a file of changesets, or of a snapshot and its parts."""
    return cbor.encode_sequence(*pieces)


def beginning(zones: Sequence[str], name: str, now: int) -> list[list]:
    """What a site's first changeset says: the time zone ``name``, the usual limits, the zones."""
    return [
        time_zone(name, now),
        [operations.LIMITS, State().limits],
        *([operations.ZONE, zone, None] for zone in dict.fromkeys(zones)),
    ]


def create(
    folder: Path, site: str, authority: Authority, zones: Sequence[str], name: str, now: int
) -> History:
    """Begin the policy of ``site`` in its ``folder``, under its first key; see ``beginning``."""
    begin = beginning(zones, name, now)
    files.make_folder(folder / FOLDER)
    with files.locked(folder):
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
    with files.locked(folder):
        history = load(folder, site, first_key)
        before = history.number
        _append(folder, history, authority, changes(history.state), now)
    return history, history.number - before


def _load(folder: Path, site: str, first_key: Key) -> History:
    history = History(site, first_key)
    for number in range(1, max(_numbers(folder / FOLDER), default=0) + 1):
        path = _path(folder, number)
        raw = files.read(path, changeset.MAX_BYTES, "changeset", _FROM_BACKUP)
        try:
            history.follow(raw)
        except InvalidInput as error:
            raise UsageProblem(f"{path} is damaged: {error}", _FROM_BACKUP) from error
    return history


def _require_none(folder: Path, history: History) -> None:
    if history.number:
        raise UsageProblem(
            f"site {history.site} has a policy already, of {history.number} changesets",
            f"look at it: holdfast policy show {folder}",
        )


def _append(
    folder: Path, history: History, authority: Authority, ops: Sequence[list], now: int
) -> None:
    if ops and authority.public_key.x not in [key.x for key in history.anchors]:
        raise UsageProblem(
            "the authority's key is not in force any more, or not yet: no reader would follow it",
            "run the command again; if that says the same, restore authority.key, authority.pub"
            " and policy/ from one and the same backup, the newest",
        )
    for some in _packed(ops):
        # A clock that was put back must not make the policy look older than it is.
        issued_at = max(now, history.issued_at)
        path = _path(folder, history.number + 1)
        try:
            raw = changeset.make(
                authority.signing_key,
                history.site,
                history.number + 1,
                history.head,
                issued_at,
                some,
            )
            history.follow(raw)
        except InvalidInput as error:
            raise UsageProblem(
                f"no reader would take this change: {error}", "make it smaller, or in steps"
            ) from error
        files.write(path, raw, files.PRIVATE)


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
