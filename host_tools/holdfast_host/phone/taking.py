"""Events away from a reader, and the auditor's words for them back to it."""

from collections.abc import Mapping

from holdfast.access.events import acknowledgement
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from untrusted import InvalidInput

from ..errors import UsageProblem
from ..events import files as event_files
from .carrier import Carrier, Refused


def take(
    carrier: Carrier, certificate: bytes | None, after: int | None = None
) -> tuple[bytes, bytes | None]:
    """All events that are kept, or those after number ``after``, as they stand in a file with
    their node's ``certificate`` (None: as it comes with copies), and the last raw record, if there
    is one.
    """
    data = b""
    last = None
    while True:
        batch = carrier.events(after)
        try:
            (taken,) = event_batch.decode(batch)
            data += event_files.encode(certificate, batch)
            if not taken.records:
                return data, last
            following = taken.records[-1]
            number = event_record.number_of(following)
            if after is not None and number <= after:
                raise InvalidInput("the same events again")
            if len(data) > event_files.FILE_LIMIT:
                raise InvalidInput("there is no end of them")
        except (InvalidInput, ValueError) as error:
            raise UsageProblem(
                f"the reader's events cannot be read: {error}", "try again"
            ) from error
        last, after = following, number


def acknowledge(carrier: Carrier, words: Mapping[bytes, bytes]) -> list[int]:
    """Bring the words that are about this reader's logs; the number of the last event of each."""
    brought = []
    for left in (False, True):
        carrier.turn_to_left(left)
        try:
            word = words.get(carrier.root())
        except Refused:
            if not left:
                raise
            word = None  # the board has left no place
        if word is not None:
            carrier.acknowledge(word)
            brought.append(acknowledgement.claimed(word)[1])
    carrier.turn_to_left(False)
    return brought
