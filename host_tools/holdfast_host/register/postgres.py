"""One at a time on PostgreSQL: an advisory lock, that names whoever has it.

The lock is of the session, so it ends with whoever has it, however that ends.
"""

import contextlib
import getpass
import os
import socket
import time
from collections.abc import Iterator

import sqlalchemy as sa

from .. import locks
from ..errors import UsageProblem

_LOCK = 0x686F6C64  # "hold"
_PAUSE_S = 0.1
_LONGEST_NAME = 63  # bytes that PostgreSQL keeps of an application's name


def who() -> str:
    """This command, as others are told of it: ``holdfast people import, anna@desk2 1234``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "somebody"
    text = f"{locks.command()}, {user}@{socket.gethostname()} {os.getpid()}"
    return text.encode()[:_LONGEST_NAME].decode(errors="ignore")


@contextlib.contextmanager
def alone(connection: sa.Connection, patience: float) -> Iterator[None]:
    """Have the database's lock; others are waited for, and named if that takes too long."""
    deadline = time.monotonic() + patience
    while not connection.execute(sa.select(sa.func.pg_try_advisory_lock(_LOCK))).scalar():
        if time.monotonic() >= deadline:
            raise UsageProblem(
                f"the register is in use by {_owner(connection)}",
                "wait until that has ended; then run the command again",
            )
        connection.rollback()
        time.sleep(_PAUSE_S)
    connection.commit()
    yield  # the session ends with the connection, and the lock with it


def _owner(connection: sa.Connection) -> str:
    found = connection.execute(
        sa.text(
            "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'advisory' AND l.granted AND l.objid = :lock"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ),
        {"lock": _LOCK},
    ).scalar()
    return found or "another process"
