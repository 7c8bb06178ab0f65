"""Which of our folders a folder is, and what of it may not be touched: for texts that say so."""

import os
import stat
from pathlib import Path

SITE, PHONE, READER = "site", "phone", "reader"

_MARKS = {
    SITE: ("site.json", "authority.key", "site.secret"),
    PHONE: ("phone.key", "phone-p256.key"),
    READER: ("flash.img",),
}


def kind(folder: Path) -> str | None:
    """SITE, PHONE or READER by the files in ``folder``; None if it is none of them."""
    for name, marks in _MARKS.items():
        if any(os.path.lexists(folder / mark) for mark in marks):
            return name
    return None


def instead(folder: Path, wanted: str) -> str:
    """", and DIR is a phone's folder", if ``folder`` is another one than ``wanted``; else ""."""
    found = kind(folder)
    return "" if found in (None, wanted) else f", and {folder} is a {found}'s folder"


def barrier(path: Path, permission: int) -> str | None:
    """Which permission on the way to ``path`` is missing, for a person; None if none is.

    ``permission`` is os.R_OK or os.W_OK: of the file, or, where there is none, of its folder.
    """
    for above in reversed(path.absolute().parents):
        if above.is_dir() and not os.access(above, os.X_OK):
            return _told(above, "enter")
    if permission == os.W_OK and not path.is_dir():
        path = path.parent
    if os.path.lexists(path) and not os.access(path, permission):
        return _told(path, "write to" if permission == os.W_OK else "read")
    return None


def _told(path: Path, what: str) -> str:
    found = path.stat()
    return f"you may not {what} {path}: it is {_owner(found.st_uid)}'s, {_mode(found.st_mode)}"


def _mode(mode: int) -> str:
    return f"mode {stat.S_IMODE(mode):04o}"


def _owner(number: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
