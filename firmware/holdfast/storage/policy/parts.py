"""The snapshot that others can get here: its signed head and its parts, as they came.

A file is a CBOR sequence (RFC 8742) of byte strings, head first, as policy.cbor is. Nothing in it
is secret from who reads this flash, nor believed: whoever gets it holds each part against the one
before, and the head against the authority's key. Loaded by a node that keeps one.
"""

import errno
import os

import cbor
from micropython import const
from untrusted import InvalidInput

from ...access.policy import snapshot
from ...access.policy.operations import ChangesetRefused
from . import file as policy_file

ROOM = const(294912)  # bytes: 10,000 grants and 1,000 groups, of which 2,500 have a rare field

_KEPT = "/parts"
_COMING = "/parts.new"


class Parts:
    """In ``directory``, at most ``room`` bytes. ``brought`` is the path of a file that begins with
    a snapshot which needs no second copy, such as policy.cbor, or None.

    To keep one is a favour to others: flash that fails, or is full, costs the copy and nothing
    else. So only what reads raises OSError.
    """

    def __init__(self, directory: str, room: int = ROOM, brought=None):
        self._kept = directory + _KEPT
        self._coming = directory + _COMING
        self._room = room
        self._brought = brought
        self._left = 0  # bytes for what is coming
        self._is_coming = False
        self._wanted = 0  # parts that are not there yet
        self._offered = None  # (number, path, parts in all), once it was looked for
        self._place = (None, 0, 0)  # path, part and offset where the last reading ended

    # What comes

    def begin(self, head):
        """Parts of the Snapshot ``head`` are coming."""
        self.abandon()
        brought = self._brought
        if brought is not None and _head(brought) == head.raw and _measure(brought) is not None:
            return
        self._is_coming = True
        self._left = self._room
        self._wanted = head.count
        self._write(head.raw, "wb")

    def add(self, raw: bytes):
        """The next part is authentic, and taken."""
        if self._is_coming and self._wanted:
            self._wanted -= 1
            self._write(raw, "ab")

    def abandon(self):
        """What is coming is of no use any more."""
        self._is_coming = False
        self._wanted = 0
        _remove(self._coming)

    def settle(self, number: int):
        """The policy is at changeset ``number``: what came is kept if it led there."""
        if self._wanted:
            return  # it is under way
        self._is_coming = False
        self._offered = None
        found = _measure(self._coming)
        if found is not None and found[0] <= number:
            try:
                os.rename(self._coming, self._kept)
                return
            except OSError:
                pass
        _remove(self._coming)

    # What is served

    def number(self, followed: int):
        """The number that the snapshot stands at which can be had here, None if there is none.

        ``followed`` is the number of the policy in force: what is beyond it was refused here.
        """
        if self._offered is None:
            best = 0, None, 0
            for path in (self._kept, self._brought):
                found = None if path is None else _measure(path)
                if found is not None and best[0] < found[0] <= followed:
                    best = found[0], path, found[1]
            self._offered = best
        return self._offered[0] or None

    def part(self, place: int, followed: int):
        """Part ``place`` of that snapshot, 0 for its head; None if it has none. Raises OSError."""
        self.number(followed)
        _, path, count = self._offered or (0, None, 0)
        if path is None or not 0 <= place <= count:
            return None
        before, at, offset = self._place
        if before != path or at > place:
            at = offset = 0
        try:
            with open(path, "rb") as file:
                file.seek(offset)
                while True:
                    item = policy_file.next_item(file, at < place)
                    if item is None:
                        return None  # somebody has put another file in its place
                    if at == place:
                        self._place = (path, at + 1, file.tell())
                        return item
                    at += 1
        except policy_file.PolicyFileError:
            raise OSError(errno.EIO)

    def _write(self, raw, mode):
        encoded = cbor.encode(raw)
        self._left -= len(encoded)
        if self._left < 0:
            self.abandon()
            return
        try:
            with open(self._coming, mode) as file:
                file.write(encoded)
        except OSError:
            self.abandon()


def _measure(path):
    """``(number, count of parts)`` of the whole snapshot that the file at ``path`` begins with;
    None if there is none, or it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            raw = policy_file.next_item(file)
            if raw is None:
                return None
            head = snapshot.parse(raw)
            for _ in range(head.count):
                if policy_file.next_item(file, True) is None:
                    return None
            return head.number, head.count
    except (OSError, ChangesetRefused, policy_file.PolicyFileError):
        return None


def _head(path):
    try:
        for raw in policy_file.items(path):
            return raw
    except (OSError, InvalidInput):
        pass
    return None


def _remove(path):
    try:
        os.remove(path)
    except OSError:
        pass  # there is none; or it is found, and looked through, at the next start
