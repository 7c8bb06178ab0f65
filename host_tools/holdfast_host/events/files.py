"""Events as files: what a collector saved, and how far each reader's events have been checked.

A file of events is one batch after another (docs/protocol.md), the first with the certificate of
the reader. What is checked is kept in the site's folder, ``events/READER.json``: private, because
who has it could make up a reader's next events, or acknowledge them.
"""

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

from holdfast.access import Trust
from holdfast.access.events import batch as event_batch
from holdfast.access.events.batch import Batch
from holdfast.access.trust import Refused
from untrusted import InvalidInput

from .. import files
from ..errors import UsageProblem
from ..site.site import Site
from .chain import Checked

FILE_LIMIT = 64 << 20
EVENTS_SUITE = 0  # a reader's events are proven with its X25519 key, whichever key a phone saw
FOLDER = "events"

_STATE_LIMIT = 4096
_VERSION = 2
_COLLECT = "give a file that a collector of events wrote"


@dataclasses.dataclass(frozen=True)
class ReaderEvents:
    """The batches of one node; ``key`` is its public X25519 key, ``certificate`` the last one."""

    node: str
    key: bytes
    batches: list[Batch]
    certificate: bytes = b""


@dataclasses.dataclass(frozen=True)
class Known:
    """How far one log of a node has been checked, and the file at ``path`` that says so.

    A board that was moved has two: that of its place now, and that of the place it ``left``.
    """

    path: Path
    node: str
    checked: Checked | None = None
    left: bool = False


def encode(certificate: bytes | None, batch: bytes) -> bytes:
    """One batch as a reader gave it, as it stands in a file: with the reader's certificate; None
    leaves that of a batch of copies.
    """
    (whole,) = event_batch.decode(batch)
    whole.certificate = certificate or whole.certificate
    return whole.encode()


def read(paths: Iterable[Path]) -> list[Batch]:
    """The batches in the files at ``paths``."""
    batches = []
    for path in paths:
        data = files.read(path, FILE_LIMIT, "file of events", _COLLECT)
        batches += decode(data, str(path))
    return batches


def decode(data: bytes, what: str) -> list[Batch]:
    """The batches in the content of a file, which ``what`` names for a person."""
    try:
        found = event_batch.decode(data)
    except InvalidInput as error:
        raise UsageProblem(
            f"{what} is no file of events, or a part of it is cut off or damaged: {error}",
            "collect the events anew from where the last check ended",
        ) from error
    certificate = None
    for batch in found:
        certificate = batch.certificate = batch.certificate or certificate
    return found


def by_reader(batches: Iterable[Batch], site: Site) -> list[ReaderEvents]:
    """The batches of each reader, if all are devices of ``site``."""
    # Events may have waited for longer than the key lasted that certified their reader.
    trust = Trust(site.id, site.policy().every_key)
    readers: dict[bytes, ReaderEvents] = {}
    for batch in batches:
        if batch.certificate is None:
            raise UsageProblem("the file does not say whose events it holds", _COLLECT)
        try:
            device = trust.authenticate_device(batch.certificate)
        except Refused as error:
            raise UsageProblem(
                f"the events are not of a reader of site {site.id}: {error}",
                "give the site that the reader belongs to",
            ) from error
        if device.suite != EVENTS_SUITE:  # readers, controllers and carriers alike keep events
            raise UsageProblem(f"{device.name} is named by another key", _COLLECT)
        reader = ReaderEvents(device.name, device.key.x, [], batch.certificate)
        readers.setdefault(device.key.x, reader).batches.append(batch)
    return list(readers.values())


def known(site: Site) -> list[Known]:
    """How far each log has been checked."""
    folder = site.folder / FOLDER
    return [_load(path) for path in sorted(folder.glob("*.json"))]


def known_of(site: Site, reader: ReaderEvents, left: bool = False) -> Known:
    """How far the log of ``reader`` has been checked, ``left``: of the place it was at before.

    It is known by the root of its chain; a chain that began anew goes on with the log of the same
    node, but a place that was left has no such log.
    """
    folder = site.folder / FOLDER
    of_reader = [_load(path) for path in sorted(folder.glob(f"{reader.key.hex()}*.json"))]
    roots = {batch.root[1] for batch in reader.batches}
    for one in of_reader:
        if one.checked is not None and one.checked.root in roots:
            return dataclasses.replace(one, left=left)
    for one in of_reader:
        if not left and not one.left and one.node == reader.node:
            return one
    name = reader.key.hex()
    if of_reader:
        name += "-" + max(batch.root for batch in reader.batches)[1].hex()[:16]
    return Known(folder / f"{name}.json", reader.node, None, left)


def _load(path: Path) -> Known:
    data = files.read(path, _STATE_LIMIT, "record of checked events", "restore it from its backup")
    try:
        said = json.loads(data)
        if said["version"] != _VERSION:
            raise ValueError("another version")
        checked = Checked(
            _number(said["root_number"]),
            _bytes(said["root"], 32),
            _number(said["head_number"]),
            _bytes(said["head_code"], 16),
            _bytes(said["next_key"], 32),
            _bytes(said["acknowledgement_key"], 32),
        )
        found = Known(path, str(said["node"]), checked, said["left"] is True)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageProblem(
            f"{path} is damaged, so nobody knows how far this reader's events were checked",
            "restore it from its backup; or remove it, and give all files of this reader",
        ) from error
    return found


def save(found: Known, checked: Checked) -> None:
    """Keep that the log has been checked as far as ``checked``."""
    files.make_folder(found.path.parent)
    said = {
        "version": _VERSION,
        "node": found.node,
        "left": found.left,
        "root_number": checked.root_number,
        "root": checked.root.hex(),
        "head_number": checked.head_number,
        "head_code": checked.head_code.hex(),
        "next_key": checked.next_key.hex(),
        "acknowledgement_key": checked.acknowledgement_key.hex(),
    }
    files.write(found.path, json.dumps(said, indent=2).encode() + b"\n", files.PRIVATE)


def _number(value) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("no number")
    return value


def _bytes(value, length) -> bytes:
    data = bytes.fromhex(value)
    if len(data) != length:
        raise ValueError("another length")
    return data
