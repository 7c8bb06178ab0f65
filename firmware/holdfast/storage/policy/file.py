"""``policy.cbor``: what a technician brought of the policy, beside the settings.

A CBOR sequence (RFC 8742) of byte strings: changesets in order; or the head of a snapshot, its
parts, and changesets after it.
"""

import errno

from micropython import const
from untrusted import InvalidInput

from ...access.policy import changeset, snapshot
from ...access.policy.operations import ChangesetRefused
from .state import RECENT

_MAX_ITEM = const(1024)
_BYTES_8 = const(0x58)  # a byte string whose length is in the next byte (RFC 8949 section 3.1)
_BYTES_16 = const(0x59)


class PolicyFileError(InvalidInput):
    """The file is no sequence of byte strings of at most 1024 bytes each."""


def items(path: str):
    """Each byte string in the file, one in memory at a time; nothing if there is no file.

    Raises PolicyFileError where it stops being one, OSError.
    """
    try:
        file = open(path, "rb")
    except OSError as error:
        if error.errno == errno.ENOENT:
            return
        raise
    with file:
        while True:
            item = next_item(file)
            if item is None:
                return
            yield item


def next_item(file, is_passed: bool = False):
    """The byte string that comes next in the open ``file``, None after the last; one that
    ``is_passed`` is not read. Raises as ``items``.
    """
    head = file.read(1)
    if not head:
        return None
    length = _length(head[0], file)
    if is_passed:
        # To its last byte: behind the end of a file that is cut there is nothing to be read.
        file.seek(length - 1, 1)
        item = file.read(1)
        is_whole = len(item) == 1
    else:
        item = file.read(length)
        is_whole = len(item) == length
    if not is_whole:
        raise PolicyFileError("policy.cbor is cut")
    return item


def apply(path: str, policies, apply_one):
    """Bring the PolicyStore ``policies`` to what is in the file; what it knows is passed over,
    and so is what lies before all that it remembers: of that nothing can be told, and the first
    changeset that can be must be the one that was followed.

    ``apply_one(raw)`` applies one changeset. Raises InvalidInput for the first item that is
    refused, and OSError; what came before it stays.
    """
    try:
        _apply(path, policies, apply_one)
    except (InvalidInput, OSError):
        policies.abandon_snapshot()
        raise


def _apply(path, policies, apply_one):
    parts_left = 0
    is_taken, is_past = False, True
    first_known = policies.rules.number - len(policies.held.recent) // RECENT + 1
    for number, raw in enumerate(items(path)):
        head = _snapshot_head(raw) if number == 0 else None
        if head is not None:
            parts_left = head.count
            is_news = head.number > policies.rules.number or policies.needs_snapshot
            is_taken = is_news and policies.begin_snapshot(raw)
        elif parts_left:
            parts_left -= 1
            if is_taken:
                policies.add_part(raw)
        else:
            is_past = is_past and changeset.parse(raw).number < first_known
            if not is_past:
                apply_one(raw)
    if parts_left:
        raise PolicyFileError("policy.cbor lacks %d parts of its snapshot" % parts_left)


def _snapshot_head(raw):
    try:
        return snapshot.parse(raw)
    except ChangesetRefused:
        return None


def _length(initial, file):
    if 0x40 <= initial < _BYTES_8:
        return initial - 0x40
    if initial not in (_BYTES_8, _BYTES_16):
        raise PolicyFileError("policy.cbor holds no byte string")
    raw = file.read(1 if initial == _BYTES_8 else 2)
    length = int.from_bytes(raw, "big")
    if not 0 < length <= _MAX_ITEM:
        raise PolicyFileError("policy.cbor holds an item of %d bytes" % length)
    return length
