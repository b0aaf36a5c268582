"""One open transaction of a store: runs statements, turns the driver's errors into the ledger's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, Connection, Executable, FromClause, Table
from sqlalchemy.exc import DBAPIError

from payrules.adapters.store.dialect import Dialect, Row, Update
from payrules.app.ports import LedgerError


@contextmanager
def in_words(dialect: Dialect) -> Iterator[None]:
    """Raise LedgerError or ConflictError where the driver raises. Its own error quotes rows, so it is not chained."""
    try:
        yield
    except DBAPIError as error:
        raise dialect.problem(error.orig if isinstance(error.orig, Exception) else error) from None
    except dialect.errors as error:
        raise dialect.problem(error) from None


class Session:
    """What all parts of a transaction run their statements through."""

    __slots__ = ("_connection", "_dialect", "_failure")

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect
        self._failure: LedgerError | None = None

    @contextmanager
    def run(self) -> Iterator[Connection]:
        """The connection, for statements whose errors are put in words."""
        try:
            with in_words(self._dialect):
                yield self._connection
        except LedgerError as error:
            self._failure = error
            raise

    def raise_failure(self) -> None:
        """Raise what a statement raised: whoever caught it inside must not take the rest for written."""
        if self._failure is not None:
            raise self._failure

    def rows(self, statement: Executable) -> Sequence[Any]:
        """All rows of a query."""
        with self.run() as connection:
            return connection.execute(statement).all()

    def value(self, statement: Executable, values: Mapping[str, object] | None = None) -> Any:
        """The one value of a query, or None."""
        with self.run() as connection:
            return connection.execute(statement, values).scalar()

    def change(
        self, statement: Executable, values: Mapping[str, object] | Sequence[Mapping[str, object]] | None = None
    ) -> int:
        """Run a statement that writes, once for each of several values; how many rows it wrote."""
        with self.run() as connection:
            return connection.execute(statement, values).rowcount

    def insert(self, table: Table, rows: Sequence[Row], columns: Sequence[str] = ()) -> None:
        """Write new rows, with values for these columns or all; raises ConflictError where a key is there already."""
        if rows:
            with self.run() as connection:
                self._dialect.insert(connection, table, columns or table.c.keys(), rows)

    def insert_new(self, table: Table, key: tuple[str, ...], rows: Sequence[Row]) -> list[Row]:
        """Write the rows whose keys are new, and return these columns of each."""
        if not rows:
            return []
        with self.run() as connection:
            return self._dialect.insert_new(connection, table, key, rows)

    def update(self, update: Update, rows: Sequence[Row]) -> int:
        """Change many rows; how many there were."""
        if not rows:
            return 0
        with self.run() as connection:
            return self._dialect.update(connection, update, rows)

    def keys(self, columns: Sequence[Column[Any]], rows: Iterable[Row]) -> FromClause:
        """Values to join with."""
        return self._dialect.keys(columns, rows)

    def first_number(self, count: int) -> int:
        """The first of so many numbers that nobody else gets."""
        with self.run() as connection:
            return self._dialect.first_number(connection, count)

    def claim(self, lane: int, now: int, limit: int) -> list[Row]:
        """Keys, state, attempt and first try of due actions, locked."""
        with self.run() as connection:
            return self._dialect.claim(connection, lane, now, limit)
