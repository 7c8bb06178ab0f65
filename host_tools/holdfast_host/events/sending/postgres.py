"""Events into a table of PostgreSQL: ``holdfast_events``, made if it is not there."""

import datetime
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import SQLAlchemyError

from ...errors import UsageProblem
from .target import Told, shown

_TABLE = sa.Table(
    "holdfast_events",
    sa.MetaData(),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("log", sa.Text, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("time", sa.DateTime(timezone=True)),
    sa.Column("door", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("granted", sa.Boolean),
    sa.Column("reason", sa.Text),
    sa.Column("person", sa.Text),
    sa.Column("event", postgresql.JSONB, nullable=False),
    sa.Index("holdfast_events_time", "time"),
    sa.Index("holdfast_events_log", "log", "number"),
)
_COLUMNS = ("id", "log", "number", "node", "door", "kind", "granted", "reason", "person")
_LAST_TIME = 253402300799  # the year 9999


class PostgresTarget:
    """The database at ``url``; a row that is there stays as it is."""

    def __init__(self, url: str):
        self._url = shown(url)
        try:
            self._engine = sa.create_engine(
                url, poolclass=sa.NullPool, connect_args={"connect_timeout": 10}
            )
            self._connection = self._engine.connect()
            with self._connection.begin():
                _TABLE.create(self._connection, checkfirst=True)
        except (SQLAlchemyError, ValueError) as error:
            raise self._problem(error) from error

    def put(self, events: Sequence[Told]) -> None:
        """One transaction."""
        statement = postgresql.insert(_TABLE).on_conflict_do_nothing(index_elements=["id"])
        try:
            with self._connection.begin():
                self._connection.execute(statement, [_row(one) for one in events])
        except SQLAlchemyError as error:
            raise self._problem(error) from error

    def last(self, log: str) -> int | None:
        """Nobody asks: what is there already is known by its id."""

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
        self._engine.dispose()

    def _problem(self, error: Exception) -> UsageProblem:
        said = str(getattr(error, "orig", None) or error).strip()
        line = said.splitlines()[0] if said else type(error).__name__
        return UsageProblem(
            f"{self._url} takes no events: {line}",
            "check that it is there and that you may make and fill the table holdfast_events;"
            " then run it again",
        )


def _row(one: Told) -> dict[str, object]:
    when = one.get("time")
    known = isinstance(when, int) and 0 <= when <= _LAST_TIME
    time = datetime.datetime.fromtimestamp(when, datetime.UTC) if known else None  # type: ignore[arg-type]
    # A text there holds no NUL, and a name from a token may.
    said = {name: _stored(value) for name, value in one.items()}
    return {**{name: said.get(name) for name in _COLUMNS}, "time": time, "event": said}


def _stored(value: object) -> object:
    return value.replace("\0", "\\0") if isinstance(value, str) else value
