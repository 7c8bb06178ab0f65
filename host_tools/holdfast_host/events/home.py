"""Events come home: kept in the site's folder, each once; then, and only then, acknowledged.

Three steps, each on disk before the next: the events themselves (``recorded/``), how far they were
checked (``events/``), and the words that let the readers forget them
(``recorded/acknowledgements``). What is cut off in between is done again by the next check.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import cbor
from holdfast.access.events import acknowledgement
from holdfast.access.events.batch import Batch
from untrusted import InvalidInput

from .. import files
from ..errors import UsageProblem
from ..site.site import Site
from . import files as event_files
from .chain import Checked
from .check import Report
from .files import Known, ReaderEvents

FOLDER = "recorded"

_LIMIT = 1 << 20
_MOST_WORDS = 1 << 14
_WORDS = "acknowledgements"
_ANOTHER_FILE = "give the file recorded/acknowledgements of the site's folder, or a copy of it"


def take(
    site: Site,
    reader: ReaderEvents,
    found: Known,
    report: Report,
    acknowledgement_key: Callable[[bytes], bytes],
) -> None:
    """Keep what ``report`` found of ``reader`` that is new, and that it was checked.

    ``found`` is what the check went on from, ``acknowledgement_key`` gives the key of a chain by
    its root; it is only asked if the chain is another than before.
    """
    checked = report.checked
    if checked is None:
        return
    with files.locked(site.folder):
        if event_files.known_of(site, reader, found.left) != found:
            raise UsageProblem(
                f"the events of {reader.node} were checked by somebody else meanwhile",
                "run the command again",
            )
        before = found.checked
        if before is not None and before.root == checked.root:
            key = before.acknowledgement_key
        else:
            key = acknowledgement_key(checked.root)
        checked = dataclasses.replace(checked, acknowledgement_key=key)
        _keep(site, reader, report, checked)
        event_files.save(found, checked)


def _keep(site: Site, reader: ReaderEvents, report: Report, checked: Checked) -> None:
    """The events that are new, in a file that is named by the first of them."""
    before = report.before
    after = -1 if before is None else before.head_number
    numbers = range(after + 1, checked.head_number + 1)
    records = [shown.raw for shown in report.events if shown.event.number in numbers]
    if not records:
        return
    first = min(shown.event.number for shown in report.events if shown.event.number in numbers)
    newest = max(reader.batches, key=lambda batch: batch.head)
    root = checked.root_number, checked.root
    above = _above(reader, first) if before is None else before.head
    batch = Batch(root, above, checked.head, newest.now, records, reader.certificate)
    folder = site.folder / FOLDER
    files.make_folder(folder)
    name = f"{reader.key.hex()[:16]}-{checked.root.hex()[:16]}-{first:010}.events"
    files.write(folder / name, batch.encode(), files.PRIVATE)


def _above(reader: ReaderEvents, first: int) -> tuple[int, bytes] | None:
    """Number and code of the event before ``first``, as the reader said."""
    above = [batch.before for batch in reader.batches if batch.before is not None]
    return next((before for before in above if before[0] == first - 1), None)


def words_path(site: Site) -> Path:
    """Where the words to the site's readers are."""
    return site.folder / FOLDER / _WORDS


def write_words(site: Site) -> Path:
    """Write the words to all readers, of what was checked of each; where they are."""
    path = words_path(site)
    with files.locked(site.folder):
        checked = [one.checked for one in event_files.known(site)]
        words = [one.word() for one in checked if one is not None]
        if words:
            files.make_folder(path.parent)
            files.write(path, cbor.encode_sequence(*words), files.PRIVATE)
    return path


def words(path: Path) -> dict[bytes, bytes]:
    """The words in the file at ``path``, by the root of the chain that each is about."""
    data = files.read(path, _LIMIT, "file of acknowledgements", "check events first")
    found = {}
    try:
        for raw in cbor.decode_sequence(data, max_items=_MOST_WORDS):
            found[acknowledgement.claimed(raw)[0]] = raw
    except InvalidInput as error:
        raise UsageProblem(
            f"{path} is no file of acknowledgements: {error}", _ANOTHER_FILE
        ) from error
    return found
