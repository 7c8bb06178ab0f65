"""Files of events as the logs that they are of, read record by record: a log of any length takes
no more memory than one of its pieces.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import cbor
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from holdfast.access.events.batch import Batch
from untrusted import InvalidInput

from ..errors import UsageProblem
from ..site.site import Site
from . import files as event_files

_COLLECT = "give a file that a collector of events wrote"
_CHUNK = 1 << 18
_LARGEST_ITEM = 1 << 13  # bytes of a batch's map or of a record, with room


@dataclasses.dataclass(frozen=True)
class Source:
    """One batch in the file at ``path``: its records stand from byte ``begin`` to ``end``, the
    first that has one has the number ``first``. ``head`` is the batch without them.
    """

    path: Path
    begin: int
    end: int
    first: int
    head: Batch

    def records(self) -> Iterator[bytes]:
        """The raw records, in order."""
        for item, _, _ in _items(self.path, self.begin, self.end):
            yield item


@dataclasses.dataclass(frozen=True)
class Log:
    """The log of one node, in its ``sources`` by the number of their first record."""

    node: str
    key: bytes
    sources: list[Source]


def find(paths: Iterable[Path], site: Site | None) -> list[Log]:
    """The logs in the files at ``paths``, whose nodes are all devices of ``site``; without one
    each file is a log of nobody knows whom.
    """
    logs = []
    sources: list[Source] = []
    for path in paths:
        found = list(_sources(path))
        if site is None:
            logs.append(Log(path.stem, b"", found))
        sources += found
    if site is None:
        return logs
    heads = {id(one.head): one for one in sources}
    for reader in event_files.by_reader([one.head for one in sources], site):
        mine = [heads[id(batch)] for batch in reader.batches]
        logs += [Log(reader.node, reader.key, some) for some in _by_log(mine)]
    return logs


def _by_log(sources: Iterable[Source]) -> Iterator[list[Source]]:
    """A board that was moved keeps two logs, both from 0 on; a chain that began anew later on
    goes on with the log before it.
    """
    of_root: dict[tuple[int, bytes], list[Source]] = {}
    for one in sources:
        of_root.setdefault(one.head.root, []).append(one)
    several: list[list[Source]] = []
    for (base, _), some in sorted(of_root.items()):
        if base and several:
            several[-1] += some
        else:
            several.append(some)
    for some in several:
        yield sorted(some, key=lambda one: one.first)


def _sources(path: Path) -> Iterator[Source]:
    head: Batch | None = None
    begin = end = 0
    first: int | None = None
    certificate = None
    for item, _, after in _items(path):
        if isinstance(item, bytes):
            if head is None:
                raise _no_events(path, "neither a map nor a record comes first")
            first = _number(item) if first is None else first
            end = after
            continue
        if head is not None:
            yield Source(path, begin, end, first or 0, head)
        (head,) = _explained(path, cbor.encode(item))
        certificate = head.certificate = head.certificate or certificate
        begin = end = after
        first = None
    if head is not None:
        yield Source(path, begin, end, first or 0, head)


def _number(raw: bytes) -> int | None:
    try:
        return event_record.number_of(raw)
    except InvalidInput:
        return None


def _explained(path: Path, data: bytes) -> list[Batch]:
    try:
        return event_batch.decode(data)
    except InvalidInput as error:
        raise _no_events(path, str(error)) from error


def _items(
    path: Path, begin: int = 0, end: int | None = None
) -> Iterator[tuple[bytes, int, int]]:
    """Every item with where it begins and ends: the map of a batch, or a record."""
    with _opened(path) as file:
        file.seek(begin)
        buffer = b""
        offset, base = 0, begin
        while end is None or base + offset < end:
            if len(buffer) - offset < _LARGEST_ITEM:
                more = file.read(_CHUNK)
                buffer, base, offset = buffer[offset:] + more, base + offset, 0
                if not buffer:
                    return
            try:
                item, after = cbor.decode_prefix(
                    buffer, offset, deterministic=True, max_depth=2, max_items=32
                )
            except InvalidInput as error:
                raise _no_events(path, f"{error}, at byte {base + offset}") from error
            yield item, base + offset, base + after
            offset = after


def _opened(path: Path):
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise UsageProblem(f"there is no file of events at {path}", _COLLECT) from error


def _no_events(path: Path, why: str) -> UsageProblem:
    return UsageProblem(
        f"{path} is no file of events, or a part of it is cut off or damaged: {why}",
        "collect the events anew from where the last check ended",
    )
