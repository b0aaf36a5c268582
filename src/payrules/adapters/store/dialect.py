"""What SQLite and PostgreSQL do each in its own way: opening, locking, writing many rows at once, and errors."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Column, Connection, Engine, FromClause, Table

from payrules.app.ports import LedgerError

Row = tuple[Any, ...]
"""The values of a row, in the order of the columns."""

Options = Mapping[str, Any]
"""Options of a connection."""


class Update(NamedTuple):
    """A statement for many rows of one table: the columns that are `put`, where the columns of `where` are equal.

    A row of it is the values of `put`, then those of `where`. A column may be in both: what it becomes, what it was.
    """

    table: Table
    put: tuple[str, ...]
    where: tuple[str, ...]


class Dialect(Protocol):
    """One kind of database. Methods raise the driver's errors; `problem` says what they mean."""

    name: str
    place: str
    """Where the store is, in words, without a password."""

    errors: tuple[type[Exception], ...]
    """What the driver raises, as the root of its errors."""

    writing: Options
    reading: Options
    """The options of SQLAlchemy's connection for a transaction that writes, or only reads one state of everything."""

    def engine(self) -> Engine:
        """A pool of connections; none is opened yet."""

    def insert(self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Write new rows, each with a value for these columns."""

    def insert_new(self, connection: Connection, table: Table, key: tuple[str, ...], rows: Sequence[Row]) -> list[Row]:
        """Write the rows that no unique constraint forbids, and return these columns of each.

        Their primary keys must be new numbers: what stands under one of them is taken for written here.
        """

    def update(self, connection: Connection, update: Update, rows: Sequence[Row]) -> int:
        """Change many rows; how many there were."""

    def keys(self, columns: Sequence[Column[Any]], rows: Iterable[Row]) -> FromClause:
        """Values to join with, as a table with the names and types of `columns`."""

    def first_number(self, connection: Connection, count: int) -> int:
        """The first of `count` numbers that nobody else gets, whatever becomes of this transaction."""

    def claim(self, connection: Connection, lane: int, now: int, limit: int) -> list[Row]:
        """Keys, state, attempt and first try of due actions, earliest first, locked; without those locked by others."""

    def lock_for_upgrade(self, connection: Connection) -> None:
        """Let nobody else upgrade the store until the transaction ends."""

    def problem(self, error: Exception) -> LedgerError:
        """A driver's error in clear words, without values of rows: they may be somebody's name."""
