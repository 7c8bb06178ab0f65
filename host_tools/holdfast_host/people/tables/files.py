"""A file of a table, whichever kind it is."""

from collections.abc import Callable
from pathlib import Path

from ... import files
from . import text, xlsx
from .cells import Table

_LIMIT = 64 << 20
_GIVE = "give a CSV or XLSX file"


def read(
    path: Path,
    knows: Callable[[str], bool],
    *,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Table:
    """The table in the file at ``path``; ``knows`` tells heads of columns (see text.read)."""
    data = files.read(path, _LIMIT, "table", _GIVE)
    if data.startswith(xlsx.MARK):
        return xlsx.read(data, path.name, sheet)
    return text.read(text.decoded(data, path.name, encoding), path.name, knows)
