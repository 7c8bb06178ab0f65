"""Many operations as changesets: as few as hold them."""

from collections.abc import Iterator, Sequence

import cbor
from holdfast.access.policy import operations

_ROOM = 800  # bytes of operations that surely fit in a changeset with all the rest


def packed(ops: Sequence[list]) -> Iterator[list[list]]:
    """The operations in order, as many together as surely fit in one changeset."""
    some: list[list] = []
    size = 0
    for operation in ops:
        length = len(cbor.encode(operation))
        if some and (size + length > _ROOM or len(some) == operations.MAX_OPERATIONS):
            yield some
            some, size = [], 0
        some.append(operation)
        size += length
    if some:
        yield some
