"""Events and policy away from a reader, and the auditor's words for events back to it."""

from collections.abc import Mapping

from holdfast.access.events import acknowledgement
from holdfast.access.events import batch as event_batch
from holdfast.access.events import record as event_record
from holdfast.access.policy import changeset, snapshot
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
    return [number for number in acknowledge_each(carrier, words) if number is not None]


def acknowledge_each(carrier: Carrier, words: Mapping[bytes, bytes]) -> list[int | None]:
    """The same of its log, and of that of the place it has left: None where there is no word."""
    brought: list[int | None] = []
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
        brought.append(None if word is None else acknowledgement.claimed(word)[1])
    carrier.turn_to_left(False)
    return brought


def hand_on(carrier: Carrier, node: str, words: Mapping[bytes, bytes]) -> list[int]:
    """Leave the word about the events of ``node`` with a controller, which says it to it: the
    number of the last event that it is about.
    """
    carrier.turn_to_node(node)
    word = words.get(carrier.root())
    if word is not None:
        carrier.acknowledge(word)
    carrier.turn_to_left(False)
    return [] if word is None else [acknowledgement.claimed(word)[1]]


def policy(carrier: Carrier) -> tuple[list[bytes], int, int]:
    """``(pieces, first, last)``: the policy as it can be had there, the snapshot if it keeps one
    and all changesets that follow, or all that it keeps, from changeset ``first`` to ``last``. In
    the order in which they are brought; whoever follows them checks them.
    """
    pieces: list[bytes] = []
    try:
        first = after = 0
        head = carrier.snapshot_part(0)
        if head is not None:
            made = snapshot.parse(head)
            parts = [carrier.snapshot_part(number) for number in range(1, made.count + 1)]
            if None in parts:
                raise InvalidInput("the snapshot was replaced meanwhile")
            pieces = [head, *(part for part in parts if part is not None)]
            first = after = made.number
        while True:
            found = carrier.changesets(after)
            if not found:
                break
            for raw in found:
                number = changeset.parse(raw).number
                if number <= after or (pieces and number != after + 1):
                    raise InvalidInput("changesets that do not follow each other")
                first, after = first or number, number
            pieces += found
    except InvalidInput as error:
        raise UsageProblem(f"the reader's policy cannot be read: {error}", "try again") from error
    if not pieces:
        raise UsageProblem(
            "there is no policy at this reader", "bring it some: --policy FILE, or holdfast policy"
        )
    return pieces, first, after
