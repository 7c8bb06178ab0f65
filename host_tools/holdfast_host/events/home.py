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
from holdfast.access.events import record as event_record
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
        known = _at_home(site, reader, -1 if report.before is None else report.before.head_number)
        is_late = (
            before is not None
            and report.before is None
            and checked.head_number <= before.head_number
            and any(one.raw in known for one in report.events)
        )
        _keep(site, reader, report, checked, known)
        # Who comes late with a chain that has ended since has not begun another.
        if not is_late:
            event_files.save(found, checked)


def _at_home(site: Site, reader: ReaderEvents, after: int) -> set[bytes]:
    """Raw records of this reader that are here, at least all of events after that number."""
    paths = sorted((site.folder / FOLDER).glob(f"{reader.key.hex()[:16]}-*.events"))
    paths = [path for path in paths if int(path.stem.split("-")[3]) > after]
    return {raw for batch in event_files.read(paths) for raw in batch.records}


def _keep(
    site: Site, reader: ReaderEvents, report: Report, checked: Checked, known: set[bytes]
) -> None:
    """The events that are new, in a file that is named by chain, first and last of them."""
    after = -1 if report.before is None else report.before.head_number
    numbers = range(after + 1, checked.head_number + 1)
    new = [one for one in report.events if one.event.number in numbers and one.raw not in known]
    if not new:
        return
    first, last = new[0].event.number, new[-1].event.number
    newest = max(reader.batches, key=lambda batch: batch.head)
    batch = Batch(
        (checked.root_number, checked.root),
        _above(reader, report, first),
        checked.head,
        newest.now,
        [one.raw for one in new],
        reader.certificate,
    )
    folder = site.folder / FOLDER
    files.make_folder(folder)
    name = f"{reader.key.hex()[:16]}-{checked.root.hex()[:16]}-{first:010}-{last:010}"
    if (folder / f"{name}.events").exists():
        name += f"-{checked.head_code.hex()}"  # others of the same numbers are there
    files.write(folder / f"{name}.events", batch.encode(), files.PRIVATE)


def _above(reader: ReaderEvents, report: Report, first: int) -> tuple[int, bytes] | None:
    """Number and code of the event before ``first``: as it was checked, or as the reader said."""
    marks = [batch.before for batch in reader.batches if batch.before is not None]
    if report.before is not None:
        marks.insert(0, report.before.head)
    for shown in report.events:
        if shown.event.number == first - 1:
            marks.insert(0, (first - 1, event_record.split(shown.raw)[1]))
    return next((mark for mark in marks if mark[0] == first - 1), None)


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
