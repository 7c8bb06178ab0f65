"""Snapshots: the whole policy at one changeset, for a board that is too far behind to catch up.

A signed head names the hash of the first part, and each part that of the next, so that every part
is known to be the authority's before anything in it is looked at. docs/protocol.md has the format.
"""

import cbor
import crypto
from untrusted import InvalidInput

from . import draft
from . import operations as ops
from .changeset import (
    HASH,
    ISSUED_AT,
    MAX_BYTES,
    NUMBER,
    PREVIOUS,
    SITE,
    check_hash,
    make_signed,
    parse_signed,
    verify_signed_steps,
)
from .operations import ChangesetRefused
from .rules import SiteRules

COUNT = 7
FIRST_PART = 8

MAX_PARTS = 4096

_AAD = b"holdfast snapshot"
_ROOM = MAX_BYTES - HASH - 6  # bytes of operations in a part: two arrays and a hash around them


class Snapshot:
    """The well-formed head of a snapshot of ``site``, not yet verified.

    ``raw`` are its bytes, ``number`` and ``head`` (32 bytes) the changeset it stands at and that
    one's hash, ``issued_at`` its time in seconds since 1970, ``count`` how many parts follow,
    ``first_part`` the SHA-256 of the first.
    """

    def __init__(self, raw: bytes, message, payload: dict):
        self.raw = raw
        self.site = payload[SITE]
        self.number = payload[NUMBER]
        self.head = payload[PREVIOUS]
        self.issued_at = payload[ISSUED_AT]
        self.count = payload[COUNT]
        self.first_part = payload[FIRST_PART]
        self._message = message

    def verify(self, anchors):
        """Refuse it unless one of the ``anchors`` (cose.Key) signed it: ChangesetRefused."""
        crypto.finish(self.verify_steps(anchors))

    def verify_steps(self, anchors):
        """``verify`` in steps, as in :mod:`crypto`."""
        return verify_signed_steps(self._message, anchors, _AAD)


class Assembly:
    """The rules that grow out of a snapshot's parts, each checked as it comes.

    ``blank`` are SiteRules that know nothing. ``rules`` is what has been read so far, of use to
    nobody before ``is_complete``; ``taken`` counts the parts; ``wanted`` is the SHA-256 of the
    next, b"" after the last.
    """

    def __init__(self, snapshot: Snapshot, blank: SiteRules):
        self.snapshot = snapshot
        self.rules = blank
        self.taken = 0
        self.wanted = snapshot.first_part
        self._last = (-1, b"", 0)

    @property
    def is_complete(self) -> bool:
        """Whether all parts are here."""
        return self.taken == self.snapshot.count

    def is_wanted(self, raw: bytes) -> bool:
        """Whether ``raw`` is the next part."""
        return len(raw) <= MAX_BYTES and crypto.sha256(raw) == self.wanted

    def add(self, raw: bytes) -> list:
        """``add_steps``, all of them."""
        return crypto.finish(self.add_steps(raw))

    def add_steps(self, raw: bytes):
        """Take the next part; the operations in it, of which some are for the credential cache.

        In steps, as in :mod:`crypto`. Raises ChangesetRefused: if the part was the wanted one, the
        snapshot is of no use.
        """
        if not self.is_wanted(raw):
            raise ChangesetRefused("not part %d of the snapshot" % (self.taken + 1))
        try:
            following, operations = _parse_part(raw)
        except InvalidInput as error:
            raise ChangesetRefused(str(error))
        if (following == b"") != (self.taken + 1 == self.snapshot.count):
            raise ChangesetRefused("the snapshot has not %d parts" % self.snapshot.count)
        for operation in operations:
            self._check_order(operation)
        yield
        head = self.snapshot
        self.rules = yield from draft.following_steps(
            self.rules, operations, head.number, head.head, head.issued_at, is_whole=True
        )
        self.wanted = following
        self.taken += 1
        return operations

    def _check_order(self, operation):
        if not ops.is_for_cache(operation):
            return
        if ops.is_removal(operation):
            raise ChangesetRefused("a snapshot takes nothing away")
        place = _place(operation)
        if place <= self._last:
            raise ChangesetRefused("grants do not ascend, or do not come before groups")
        self._last = place


def parse(raw: bytes) -> Snapshot:
    """The head of a snapshot, its shape checked and nothing else. Raises ChangesetRefused."""
    message, payload = parse_signed(raw, COUNT, FIRST_PART)
    count = payload[COUNT]
    if type(count) is not int or not 0 < count <= MAX_PARTS:
        raise ChangesetRefused("a snapshot has 1 to %d parts" % MAX_PARTS)
    check_hash(payload[FIRST_PART])
    return Snapshot(bytes(raw), message, payload)


def make(signing_key, site: str, number: int, head: bytes, issued_at: int, operations) -> list:
    """The signed head, then the parts: ``operations`` bring an empty policy to ``number``.

    ``head`` is the SHA-256 of that changeset, ``issued_at`` its time. Raises ChangesetRefused for
    what no board would take.
    """
    ordered = [operation for operation in operations if not ops.is_for_cache(operation)]
    ordered += sorted(filter(ops.is_for_cache, operations), key=_place)
    parts = []
    following = b""
    for some in reversed(_packed(ordered)):
        parts.append(cbor.encode([following, some]))
        following = crypto.sha256(parts[-1])
    payload = {PREVIOUS: head, COUNT: len(parts), FIRST_PART: following}
    raw = make_signed(signing_key, site, number, issued_at, payload, _AAD)
    parts.reverse()
    assembly = Assembly(parse(raw), SiteRules(site))
    for part in parts:
        assembly.add(part)
    return [raw] + parts


def _packed(operations):
    """The operations in order, as many together as fit in a part; at least one, empty, part."""
    packed = [[]]
    size = 0
    for operation in operations:
        length = len(cbor.encode(operation))
        if packed[-1] and (size + length > _ROOM or len(packed[-1]) == ops.MAX_OPERATIONS):
            packed.append([])
            size = 0
        packed[-1].append(operation)
        size += length
    return packed


def _parse_part(raw):
    part = cbor.decode(raw, deterministic=True, max_depth=6, max_items=MAX_BYTES)
    if not isinstance(part, list) or len(part) != 2:
        raise ChangesetRefused("a part is no [hash, operations]")
    following, operations = part
    # By its type first: MicroPython prints a warning when a text is compared with a byte string.
    if not isinstance(following, bytes) or following:
        check_hash(following)
    ops.check(operations)
    return following, operations


def _place(operation):
    """Where a grant or group stands among them: grants first, as the cache wants them."""
    code, name, value = operation[:3]
    return (0, name, value) if code == ops.GRANT else (1, name, 0)
