"""How wide the columns of a table are on a screen."""

from collections.abc import Collection, Sequence

GAP = 2  # between two columns
_LEAST = 6  # below which folding leaves nothing to read


def widths(
    heads: Sequence[str], rows: Sequence[Sequence[str]], room: int, whole: Collection[str]
) -> list[int]:
    """The width of each column, so that all of a line has ``room`` if it can: the widest give way
    first, of two the later, and those that are ``whole`` never do.
    """
    from rich.cells import cell_len

    found = [cell_len(head) for head in heads]
    for row in rows:
        found = [max(width, cell_len(cell)) for width, cell in zip(found, row, strict=True)]
    narrow = [at for at, head in enumerate(heads) if head not in whole][::-1]
    too_many = sum(found) + GAP * (len(found) - 1) - room
    while too_many > 0 and narrow:
        widest = max(narrow, key=lambda at: found[at])
        if found[widest] <= _LEAST:
            break
        found[widest] -= 1
        too_many -= 1
    return found
