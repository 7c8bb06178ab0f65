"""The chain of changesets that a site signed, and what they come to. Pure."""

from collections.abc import Sequence

import cbor
import crypto
from cose import Key
from holdfast.access.policy import changeset, draft, operations, snapshot
from holdfast.access.policy.operations import ChangesetRefused
from holdfast.access.policy.rules import SiteRules
from untrusted import InvalidInput

from ..credentials.authority import Authority
from ..credentials.keys import public_bytes
from ..errors import UsageProblem
from .state import State

_MANY = 32 << 10  # bytes of changesets, from which on a reader is spared their history


class History:
    """The changesets of a site, raw and in order, and the ``state`` they lead to.

    They begin under the site's ``first_key`` and name every other key of the authority themselves.
    ``issued`` has the date that each says, which may be before that of an earlier one.
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
        self.issued: list[int] = []
        self.state = State()
        self.turns: dict[int, list[bytes]] = {}
        self._anchored: list[int] = []  # which changesets named keys
        self._handed_on: list[int] = []  # of these, which named one for the first time
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
    def root(self) -> bytes:
        """The SHA-256 of the site's first key: what all that is durable is named by."""
        return crypto.sha256(public_bytes(self.every_key[0]))

    def head_at(self, number: int) -> bytes | None:
        """The SHA-256 of the changeset of this ``number``; None if there is none."""
        if not 0 < number <= len(self.changesets):
            return None
        return crypto.sha256(self.changesets[number - 1])

    @property
    def anchors(self) -> tuple[Key, ...]:
        """The authority's keys now in force, one or two; the one that came last is the last."""
        return self._rules.anchors

    @property
    def issued_at(self) -> int:
        """When the last changeset was signed, in seconds since 1970; others may be later."""
        return self._rules.issued_at

    @property
    def handed_on(self) -> list[bytes]:
        """The changesets that named a key of the authority for the first time, in order."""
        return [self.changesets[number - 1] for number in self._handed_on]

    def apply(self, raw: bytes, pieces: Sequence[bytes] | None = None) -> None:
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
            self.state.apply(made.operations, made.issued_at)
        self._rules = rules
        if any(operation[0] == operations.ANCHORS for operation in made.operations):
            self.anchored_at = made.issued_at
            self._anchored.append(made.number)
            known = [key.x for key in self.every_key]
            new = [key for key in self.anchors if key.x not in known]
            self.every_key += new
            if new:
                self._handed_on.append(made.number)
        self.changesets.append(raw)
        self.issued.append(made.issued_at)

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
        state.apply(said, head.issued_at)
        return state, assembly.rules

    def export(self, after: int = 0) -> bytes:
        """What ``pieces`` gives as the content of a file: a CBOR sequence of byte strings."""
        return sequence(self.pieces(after))

    def pieces(self, after: int = 0) -> list[bytes]:
        """What brings a reader that is at number ``after`` here, in order.

        These are the changesets that follow it. Where cards got other keys since, there is the
        snapshot in the place of all up to that, behind those that name keys of the authority by
        which it is verified.
        """
        if not 0 <= after <= self.number:
            raise UsageProblem(
                f"there is no changeset {after}: the last one is {self.number}",
                "give a smaller number, or 0 for all of them",
            )
        return self._way(after, self.number)

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


def is_exported(data: bytes) -> bool:
    """Whether ``data`` is a file of changesets, or of a snapshot and its parts."""
    try:
        raw, _ = cbor.decode_prefix(data, 0)
        if not isinstance(raw, bytes):
            return False
        try:
            changeset.parse(raw)
        except InvalidInput:
            snapshot.parse(raw)
    except InvalidInput:
        return False
    return True


def sequence(pieces: Sequence[bytes]) -> bytes:
    """The content of a file of changesets, or of a snapshot and its parts."""
    return cbor.encode_sequence(*pieces)
