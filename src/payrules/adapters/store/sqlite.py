"""The ledger in one SQLite file: write-ahead log, every commit on the disk before it counts, one writer at a time."""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache
from json import dumps
from operator import itemgetter
from pathlib import Path
from time import monotonic, sleep
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    URL,
    BindParameter,
    Column,
    Connection,
    Engine,
    FromClause,
    Table,
    TextualSelect,
    bindparam,
    column,
    create_engine,
    event,
    text,
)

from payrules.adapters.store.dialect import Options, Row, Update
from payrules.app.ports import ConflictError, LedgerError

APPLICATION_ID = 0x70617972
"""In the file's head (`payr`), written by the first migration: no other program's database is taken for a store."""

_ON_CONNECT = (
    "PRAGMA foreign_keys = ON",
    # 128 MB. With less, random keys are read back from the disk once a store has grown.
    "PRAGMA cache_size = -131072",
    "PRAGMA wal_autocheckpoint = 20000",
)

_PAUSE = 0.01
"""Seconds between two tries to make a new file one with a write-ahead log."""


class Sqlite:
    """A `payrules.adapters.store.dialect.Dialect` over one file."""

    name = "sqlite"
    errors: tuple[type[Exception], ...] = (sqlite3.Error,)
    writing: Options = MappingProxyType({"begin": ("PRAGMA query_only = OFF", "BEGIN IMMEDIATE")})
    reading: Options = MappingProxyType({"begin": ("PRAGMA query_only = ON", "BEGIN")})

    def __init__(self, path: Path, patience: float, *, create: bool, durable: bool = True) -> None:
        """`patience` is for how many seconds another writer is waited for; `create` whether a file may be made."""
        self._synchronous = "FULL" if durable else "OFF"
        self.place = str(path)
        self._path = path
        self._patience = patience
        self._create = create

    def engine(self) -> Engine:
        if not self._path.parent.is_dir():
            raise LedgerError(f"there is no folder {self._path.parent} that a store could be in")
        if not self._create and not self._path.exists():
            raise LedgerError(f"there is no store {self.place} yet: `payrules store upgrade` makes one")
        url = URL.create("sqlite", database=str(self._path))
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": self._patience})
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "begin", _begin)
        return engine

    def _connected(self, connection: sqlite3.Connection, _: object) -> None:
        # Transactions begin as `_begin` says, never by themselves.
        connection.isolation_level = None
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and application_id != APPLICATION_ID:
            connection.close()
            raise LedgerError(f"{self.place} is not a payrules store, but a database of another program")
        self._log_ahead(connection)
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        for pragma in _ON_CONNECT:
            connection.execute(pragma)

    def _log_ahead(self, connection: sqlite3.Connection) -> None:
        """Give a new file its write-ahead log; nothing happens where it has one.

        Whoever meets another who does the same, or writes, is turned away at once by SQLite: it waits for locks
        everywhere else, but not here, where two that wait would wait for each other.
        """
        deadline = monotonic() + self._patience
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_BUSY" or monotonic() >= deadline:
                    raise
                sleep(_PAUSE)
            else:
                return

    def insert(self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        filled, given = _filled(columns, rows)
        _cursor(connection).executemany(_insert(table, filled), given)

    def insert_new(self, connection: Connection, table: Table, key: tuple[str, ...], rows: Sequence[Row]) -> list[Row]:
        cursor, names = _cursor(connection), table.c.keys()
        filled, given = _filled(names, rows)
        written = cursor.executemany(f"{_insert(table, filled)} ON CONFLICT DO NOTHING", given).rowcount
        new = rows
        if written < len(rows):
            # Which were left out is rarely asked: those that were not lie under their own numbers.
            own = [column.name for column in table.primary_key]
            where, places = " AND ".join(f"{name} = ?" for name in own), [names.index(name) for name in own]
            found = f"SELECT 1 FROM {table.name} WHERE {where}"  # noqa: S608  # our own names
            new = [row for row in rows if cursor.execute(found, [row[place] for place in places]).fetchone()]
        places = [names.index(name) for name in key]
        return [tuple(row[place] for place in places) for row in new]

    def update(self, connection: Connection, update: Update, rows: Sequence[Row]) -> int:
        put = ", ".join(f"{name} = ?" for name in update.put)
        where = " AND ".join(f"{name} = ?" for name in update.where)
        cursor = _cursor(connection)
        cursor.executemany(f"UPDATE {update.table.name} SET {put} WHERE {where}", rows)  # noqa: S608  # our own names
        return int(cursor.rowcount)

    def keys(self, columns: Sequence[Column[Any]], rows: Iterable[Row]) -> FromClause:
        given: BindParameter[str] = bindparam("rows", dumps(list(rows)), unique=True)
        return _keys(tuple(columns)).bindparams(given).subquery("keys")

    def first_number(self, connection: Connection, count: int) -> int:
        statement = "UPDATE numbers SET next = next + ? RETURNING next - ?"
        (first,) = connection.exec_driver_sql(statement, (count, count)).one()
        return int(first)

    def claim(self, connection: Connection, lane: int, now: int, limit: int) -> list[Row]:
        statement = (
            "SELECT clinic_no, booking_no, ordinal, type, channel, occurrence, state, attempt, tried_at FROM actions"
            " WHERE lane = ? AND next_at <= ? ORDER BY next_at LIMIT ?"
        )
        return _cursor(connection).execute(statement, (lane, now, limit)).fetchall()

    def lock_for_upgrade(self, connection: Connection) -> None:
        """There is one writer at a time anyway."""

    def problem(self, error: Exception) -> LedgerError:
        code = getattr(error, "sqlite_errorname", "")
        if code in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_BUSY_SNAPSHOT"):
            return ConflictError(f"somebody else was quicker: {error}")
        for start, words in _WORDS.items():
            if code.startswith(start):
                return LedgerError(words.format(place=self.place, error=error, patience=f"{self._patience:g}"))
        return LedgerError(f"{self.place}: {error}")


_WORDS = {
    "SQLITE_CONSTRAINT": "the store {place} refuses a row: {error}",
    "SQLITE_FULL": "the disk is full: {place} cannot be written, and nothing of this transaction was",
    "SQLITE_BUSY": "the store {place} has been locked by another process for more than {patience} seconds",
    "SQLITE_NOTADB": "{place} is not a payrules store: it is no SQLite database",
    "SQLITE_CANTOPEN": "the store {place} cannot be opened: is there such a folder, and may it be written?",
    "SQLITE_READONLY": "the store {place} cannot be written: its file, or the folder of it, may only be read here",
    "SQLITE_CORRUPT": "the store {place} is damaged: {error}; restore it from a backup",
    "SQLITE_IOERR": "the store {place} cannot be read or written: {error}",
}


@cache
def _keys(columns: tuple[Column[Any], ...]) -> TextualSelect:
    """The rows of an array in JSON. As text, and kept: put together each time it costs more than what it finds."""
    values = ", ".join(f"json_extract(value, '$[{place}]') AS {one.name}" for place, one in enumerate(columns))
    written = text(f"SELECT {values} FROM json_each(:rows)")  # noqa: S608  # our own names
    return written.columns(*(column(one.name, one.type) for one in columns))


def _begin(connection: Connection) -> None:
    for statement in connection.get_execution_options().get("begin", ("BEGIN",)):
        connection.exec_driver_sql(statement)


def _cursor(connection: Connection) -> sqlite3.Cursor:
    # Straight to the driver: a layer between costs as much again as writing the row.
    cursor: sqlite3.Cursor = connection.connection.cursor()  # type: ignore[assignment]  # typed as any driver's
    return cursor


def _filled(columns: Sequence[str], rows: Sequence[Row]) -> tuple[Sequence[str], Iterable[Row]]:
    """The columns that any row has a value for, and the rows with these alone.

    The driver takes four times as long to be given nothing as to be given a number.
    """
    kept = [
        place for place, value in enumerate(rows[0]) if value is not None or any(row[place] is not None for row in rows)
    ]
    if len(kept) in (1, len(columns)):
        return columns, rows
    return [columns[place] for place in kept], map(itemgetter(*kept), rows)


def _insert(table: Table, columns: Sequence[str]) -> str:
    values = ", ".join("?" * len(columns))
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608  # our own names
