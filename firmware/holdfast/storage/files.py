"""Small files, read whole within a bound and written whole or not at all."""

import errno
import os


def read(path: str, limit: int):
    """The bytes of a file of at most ``limit`` bytes; None if there is none. Raises OSError.

    A larger file comes back cut at ``limit + 1`` bytes, for the caller to refuse.
    """
    try:
        with open(path, "rb") as file:
            # MicroPython takes the memory for all it is asked for before it reads.
            size = file.seek(0, 2)
            file.seek(0)
            return file.read(min(size, limit + 1))
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        raise


def write(path: str, data: bytes, is_durable: bool = True):
    """Replace a file atomically: a temporary name beside it, then a rename. Raises OSError.

    ``is_durable``: on a system that writes later, wait for that.
    """
    temporary = path + ".new"
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
    if is_durable and hasattr(os, "sync"):
        os.sync()
    os.rename(temporary, path)


def make_directory(path: str):
    """Make a directory, its parent being there; harmless if it is there too. Raises OSError."""
    try:
        os.mkdir(path)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise


def names(path: str) -> list:
    """Names in a directory. Raises OSError if they cannot all be read.

    MicroPython's listing of a littlefs hides that: after an error it goes on with an empty name,
    or the same once more, for ever if need be.
    """
    if not hasattr(os, "ilistdir"):
        return os.listdir(path)
    found = []
    for entry in os.ilistdir(path):
        if not entry[0] or found and entry[0] == found[-1]:
            raise OSError(errno.EIO)
        found.append(entry[0])
    return found
