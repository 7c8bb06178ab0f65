"""Where a site's register is: a file in its folder, or a database that several offices share.

``register.json`` in the folder says which: {"version": 1, "db": URL without a password}. Without
it, it is ``register.db``. A site has one register: a second one would know half of its people.
"""

import json
import os
from pathlib import Path

from .. import files
from ..errors import UsageProblem

FILE = "register.db"
NOTE = "register.json"
ENVIRONMENT = "HOLDFAST_DB"

_VERSION = 1
_LIMIT = 4096
_POSTGRES = "postgresql+psycopg://"
_GIVE = f"give {_POSTGRES}USER@HOST/NAME, or nothing for the site's own file"


def exists(folder: Path) -> bool:
    """Whether the site in ``folder`` has a register. Costs no library."""
    return (folder / NOTE).exists() or (folder / FILE).exists()


def is_shared(folder: Path) -> bool:
    """Whether the site's register is in a database that other folders may have, too."""
    return (folder / NOTE).exists()


def url_of(folder: Path, given: str | None = None) -> str:
    """The database's URL: that ``given`` or in the environment, that noted, or the folder's file.

    Refuses a URL of another database than the one that the site has.
    """
    given = given or os.environ.get(ENVIRONMENT)
    own = f"sqlite:///{(folder / FILE).resolve()}"
    noted = _noted(folder)
    if given is None:
        return noted or own
    _require_known_kind(given)
    if noted is None and (folder / FILE).exists():
        raise UsageProblem(
            f"the register of this site is {folder / FILE}",
            "leave out --db; a site has one register",
        )
    if noted is not None and _bare(given) != noted:
        raise UsageProblem(
            f"the register of this site is at {noted}", "leave out --db, or give that one"
        )
    return given


def note(folder: Path, url: str) -> None:
    """Keep that the register is at ``url``, without its password."""
    if url.startswith("sqlite") or _noted(folder) == _bare(url):
        return
    data = json.dumps({"version": _VERSION, "db": _bare(url)}).encode() + b"\n"
    files.write(folder / NOTE, data, files.PRIVATE)


def shown(url: str) -> str:
    """The URL for a person: without a password."""
    return _bare(url).removeprefix("sqlite:///")


def _bare(url: str) -> str:
    head, at, tail = url.rpartition("@")
    scheme, slashes, user = head.partition("://")
    return f"{scheme}{slashes}{user.partition(':')[0]}{at}{tail}" if at else url


def _require_known_kind(url: str) -> None:
    if not url.startswith(_POSTGRES):
        raise UsageProblem(f"{_bare(url)!r} is no database that holdfast knows", _GIVE)


def _noted(folder: Path) -> str | None:
    path = folder / NOTE
    if not path.exists():
        return None
    advice = "restore it from its backup"
    data = files.read(path, _LIMIT, "note of the register", advice)
    try:
        content = json.loads(data)
        if content["version"] != _VERSION or not isinstance(content["db"], str):
            raise ValueError("it names no database")
        return content["db"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageProblem(f"{path} is damaged: {error}", advice) from error
