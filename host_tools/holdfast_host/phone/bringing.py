"""Bringing policy to a reader: what a file has, and what the reader's answers say of it.

Only an answer of number and head shows what is in force; everything else stops the carrier.
"""

import dataclasses
import re
from collections.abc import Callable, Sequence

from holdfast.access.policy import changeset, snapshot
from untrusted import InvalidInput

from ..errors import UsageProblem
from ..policy import compare
from .carrier import Refused

_WANTED = re.compile(r"\b([0-9]{1,10}) is wanted")
_OTHER = re.compile(r"\bthe changeset ([0-9]{1,10}) that is here\b")
_OLDER = re.compile(r"\bolder than changeset ([0-9]{1,10})\b")
_ANOTHER_FILE = "give a file that `holdfast policy export` wrote"


@dataclasses.dataclass(frozen=True)
class Standing:
    """The policy in force at a reader: number and hash of its last changeset."""

    number: int
    head: bytes


@dataclasses.dataclass(frozen=True)
class Item:
    """A changeset, or a snapshot with its parts, that leads to ``standing``."""

    standing: Standing
    pieces: Sequence[bytes]
    is_snapshot: bool = False


Post = Callable[[bytes], "tuple[int, bytes] | int"]


def read(pieces: Sequence[bytes]) -> list[Item]:
    """What is in a file of these ``pieces``, in its order, which is that of the numbers."""
    items: list[Item] = []
    at = 0
    while at < len(pieces):
        item = _item(pieces, at)
        if items and item.standing.number <= items[-1].standing.number:
            raise UsageProblem("the file's changesets are out of order", _ANOTHER_FILE)
        items.append(item)
        at += len(item.pieces)
    if not items:
        raise UsageProblem(
            "the file has no changeset: it was written after the last one",
            "export again, with a smaller --after",
        )
    return items


def _item(pieces: Sequence[bytes], at: int) -> Item:
    raw = pieces[at]
    try:
        made = changeset.parse(raw)
        return Item(Standing(made.number, made.hash), [raw])
    except InvalidInput as error:
        try:
            head = snapshot.parse(raw)
        except InvalidInput:
            raise UsageProblem(f"the file is no policy: {error}", _ANOTHER_FILE) from error
    parts = pieces[at + 1 : at + 1 + head.count]
    if len(parts) < head.count:
        raise UsageProblem("the file lacks parts of its snapshot", _ANOTHER_FILE)
    return Item(Standing(head.number, head.head), [raw, *parts], True)


def bring(items: Sequence[Item], post: Post) -> Standing:
    """Bring ``items`` to a reader; what is in force there then, which is the last of them.

    ``post`` gives the reader's answer to a piece: number and head in force, or the number of the
    part of a snapshot that it wants next; or raises Refused.
    """
    last = items[-1].standing
    known = {item.standing.number: item.standing.head for item in items}
    index = 0
    while True:
        item = items[index]
        try:
            standing = _snapshot(item, post) if item.is_snapshot else _changeset(item, post)
        except Refused as refused:
            index = _after_refusal(refused, items, index)
            continue
        if known.get(standing.number, standing.head) != standing.head:
            raise compare.forked(standing.number)
        if standing.number > last.number:
            raise compare.ahead(standing.number, last.number, "the file")
        if standing.number < item.standing.number:
            raise _nonsense()
        if standing == last:
            return standing
        index = _first_past(standing.number, items)


def _changeset(item: Item, post: Post) -> Standing:
    answer = post(item.pieces[0])
    if isinstance(answer, int):
        raise _nonsense()
    return Standing(*answer)


def _snapshot(item: Item, post: Post) -> Standing:
    answer = post(item.pieces[0])
    part = 0
    while isinstance(answer, int):
        # From the first that it lacks: it may have others since an earlier call.
        if not part < answer < len(item.pieces) or (part and answer != part + 1):
            raise _nonsense()
        part = answer
        answer = post(item.pieces[part])
    return Standing(*answer)


def _after_refusal(refused: Refused, items: Sequence[Item], index: int) -> int:
    """Where to go on after the reader said no to the item at ``index``; or a problem by name."""
    item, last = items[index], items[-1].standing
    if "forked" in refused.text or "another chain" in refused.text:
        other = _OTHER.search(refused.text)
        number = int(other[1]) if other else item.standing.number
        raise compare.forked(number) from refused
    older = _OLDER.search(refused.text) if item.is_snapshot else None
    wanted = _WANTED.search(refused.text)
    if older:
        at = int(older[1])
    elif wanted:
        at = int(wanted[1]) - 1
    else:
        raise refused
    if at > last.number:
        raise compare.ahead(at, last.number, "the file") from refused
    # The one that it is at, which shows whether it is the same; else the next.
    following = _first_past(at - 1, items)
    if following <= index:
        if items[0].standing.number > at + 1:
            raise compare.missing(at + 1, items[0].standing.number) from refused
        raise refused
    return following


def _first_past(number: int, items: Sequence[Item]) -> int:
    for index, item in enumerate(items):
        if item.standing.number > number:
            return index
    return len(items) - 1


def _nonsense() -> UsageProblem:
    return UsageProblem("the reader's answer about its policy cannot be", "try again")
