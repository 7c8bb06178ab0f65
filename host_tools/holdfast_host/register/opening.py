"""Opening a site's register: the right one, with the tables of today, and nobody else at it.

One transaction a command: what it changes is there whole when it ends, or not at all. SQLite gets
its BEGIN from us, so that tables are made, or changed, whole or not at all, too.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from .. import files, locks
from ..errors import UsageProblem
from ..site.site import Site
from . import models, place, postgres

HEAD = "0001"  # the last step of migrations/

_PATIENCE_S = 20

# (folder, thread) whose register is open for a change
_open: set[tuple[str, int]] = set()
_NONE = "there is no register of people yet"


class Register:
    """The open register of ``site``: a ``connection`` within a transaction."""

    def __init__(self, site: Site, connection: sa.Connection):
        self.site = site
        self.connection = connection


@contextlib.contextmanager
def reading(site: Site, given: str | None = None) -> Iterator[Register]:
    """The register of ``site`` as it is, for whoever only looks. ``given`` is what --db says."""
    url = place.url_of(site.folder, given)
    if not url.startswith("sqlite") or (site.folder / place.FILE).exists():
        with _connected(url, writes=False) as connection:
            if _version(connection) is not None:
                _require_ours(site, connection, url)
                yield Register(site, connection)
                return
    raise UsageProblem(
        f"{_NONE} at {place.shown(url)}", f"holdfast people import {site.folder} LIST"
    )


@contextlib.contextmanager
def changing(site: Site, given: str | None = None) -> Iterator[Register]:
    """The register of ``site`` for a change, made or brought to date before if need be.

    Nobody else changes the folder or the database meanwhile. The change is committed at the end,
    or by ``keep``, and undone by any exception.
    """
    with locks.changing(site.folder):
        url = place.url_of(site.folder, given)
        if url.startswith("sqlite"):
            _make_private(site.folder / place.FILE)
        with _connected(url, writes=True) as connection:
            if _version(connection) != HEAD:
                _migrate(connection)
            if connection.execute(sa.select(models.site)).first() is None:
                connection.execute(models.site.insert().values(root=site.root, id=site.id))
            _require_ours(site, connection, url)
            place.note(site.folder, url)
            key = os.path.realpath(site.folder), threading.get_ident()
            _open.add(key)
            try:
                yield Register(site, connection)
            finally:
                _open.discard(key)
            connection.commit()


def is_open(folder: Path) -> bool:
    """Whether whoever asks has the register of the site in ``folder`` open for a change."""
    return (os.path.realpath(folder), threading.get_ident()) in _open


@contextlib.contextmanager
def pretending(site: Site) -> Iterator[Register]:
    """A register of ``site`` with nobody in it, of which nothing stays."""
    engine = sa.create_engine("sqlite://")
    try:
        with engine.connect() as connection:
            models.metadata.create_all(connection)
            yield Register(site, connection)
    finally:
        engine.dispose()


def is_there(site: Site, given: str | None = None) -> bool:
    """Whether the site has a register, with its tables."""
    url = place.url_of(site.folder, given)
    if url.startswith("sqlite") and not (site.folder / place.FILE).exists():
        return False
    with _connected(url, writes=False) as connection:
        return _version(connection) is not None


def keep(register: Register) -> None:
    """Commit what was changed so far, and go on: what is signed next rests on it."""
    register.connection.commit()


@contextlib.contextmanager
def _connected(url: str, *, writes: bool) -> Iterator[sa.Connection]:
    engine = _engine(url, writes=writes)
    try:
        with engine.connect() as connection:
            if writes and engine.dialect.name == "postgresql":
                with postgres.alone(connection, _PATIENCE_S):
                    yield connection
            else:
                yield connection
    except SQLAlchemyError as error:
        raise _problem(error, url) from error
    finally:
        engine.dispose()


def _engine(url: str, *, writes: bool) -> sa.Engine:
    if not url.startswith("sqlite"):
        options = {"application_name": postgres.who(), "connect_timeout": 10}
        return sa.create_engine(url, poolclass=sa.NullPool, connect_args=options)
    engine = sa.create_engine(
        url, poolclass=sa.NullPool, connect_args={"timeout": float(_PATIENCE_S)}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection, record) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _make_private(path: Path) -> None:
    """An empty file that only its owner may read, if there is none: SQLite's would be public."""
    if not path.exists():
        files.write(path, b"", files.PRIVATE)


def _version(connection: sa.Connection) -> str | None:
    """The last step that the tables have; None if there are none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "holdfast_host:register/migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise UsageProblem(
            f"the register is of a newer holdfast: {error}", "use that one, or a newer one"
        ) from error


def _require_ours(site: Site, connection: sa.Connection, url: str) -> None:
    if _version(connection) != HEAD:
        raise UsageProblem(
            f"the register at {place.shown(url)} is of another version of holdfast",
            "bring it to date by any command that changes it, such as people import",
        )
    found = connection.execute(sa.select(models.site)).first()
    if found is None or found.root != site.root:
        whose = "nobody's" if found is None else f"that of site {found.id}"
        raise UsageProblem(
            f"the register at {place.shown(url)} is {whose}, not that of site {site.id}",
            "give the register of this site with --db, or restore both from one backup",
        )


def _problem(error: SQLAlchemyError, url: str) -> UsageProblem:
    said = str(getattr(error, "orig", None) or error)
    line = said.strip().splitlines()[0] if said.strip() else type(error).__name__
    return UsageProblem(
        f"the register at {place.shown(url)} cannot be used: {line}",
        "check that it is there, yours to write and not full; if it is damaged, restore it from"
        " its backup",
    )
