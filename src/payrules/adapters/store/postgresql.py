"""The ledger in PostgreSQL, for many workers: locks on rows, bulk writes by COPY and JSON."""

from collections.abc import Iterable, Sequence
from json import dumps
from operator import itemgetter
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    FromClause,
    Table,
    bindparam,
    cast,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect

from payrules.adapters.store.dialect import Options, Row, Update
from payrules.app.ports import ConflictError, LedgerError

_UPGRADE = 0x70617972
"""The advisory lock of whoever upgrades a store."""

_TYPES = postgresql_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are not typed


class Postgresql:
    """A `payrules.adapters.store.dialect.Dialect` over a server."""

    name = "postgresql"
    errors: tuple[type[Exception], ...] = (psycopg.Error,)
    writing: Options = MappingProxyType({"isolation_level": "READ COMMITTED", "postgresql_readonly": False})
    reading: Options = MappingProxyType({"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})

    def __init__(self, url: URL, patience: float) -> None:
        """`patience` is for how many seconds a lock is waited for."""
        self._url = url.set(drivername="postgresql+psycopg")
        # Nothing else of the URL: any other part may carry a password.
        self.place = f"database {url.database or url.username or '-'} at {url.host or 'the local server'}"
        self._patience = patience

    def engine(self) -> Engine:
        # A server that was restarted is met by new connections, not by an error.
        engine = create_engine(self._url, hide_parameters=True, pool_pre_ping=True)
        event.listen(engine, "connect", self._connected)
        return engine

    def _connected(self, connection: Any, _: object) -> None:
        connection.autocommit = True
        # Plans are made for the arrays at hand: one made for any array may read whole tables.
        connection.execute("SET plan_cache_mode = force_custom_plan")
        connection.execute("SET jit = off")
        # Everything here is found by a key. Of a table that it has not counted yet the server would read everything.
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET enable_bitmapscan = off")
        connection.execute(f"SET lock_timeout = {int(self._patience * 1000)}")
        connection.autocommit = False

    def insert(self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        statement = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN"
        with _cursor(connection) as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def insert_new(self, connection: Connection, table: Table, key: tuple[str, ...], rows: Sequence[Row]) -> list[Row]:
        columns = ", ".join(table.c.keys())
        statement = (
            f"INSERT INTO {table.name} ({columns}) {_given(table, table.c.keys())}"
            f" ON CONFLICT DO NOTHING RETURNING {', '.join(key)}"
        )
        places = [table.c.keys().index(name) for name in key]
        # In one order, so that two writers of the same ids do not wait for each other.
        ordered = sorted(rows, key=itemgetter(*places))
        with _cursor(connection) as cursor:
            found: list[Row] = cursor.execute(statement, (_encode(ordered),)).fetchall()
            return found

    def update(self, connection: Connection, update: Update, rows: Sequence[Row]) -> int:
        table = update.table
        names = [f"new_{name}" for name in update.put] + [f"old_{name}" for name in update.where]
        put = ", ".join(f"{name} = given.new_{name}" for name in update.put)
        where = " AND ".join(f"{table.name}.{name} = given.old_{name}" for name in update.where)
        given = f"({_given(table, update.put + update.where)}) AS given ({', '.join(names)})"
        statement = f"UPDATE {table.name} SET {put} FROM {given} WHERE {where}"  # noqa: S608  # our own names
        with _cursor(connection) as cursor:
            return int(cursor.execute(statement, (_encode(rows),)).rowcount)

    def keys(self, columns: Sequence[Column[Any]], rows: Iterable[Row]) -> FromClause:
        each = func.jsonb_array_elements(bindparam(None, list(rows), JSONB)).column_valued("each")
        values = (cast(each.op("->>")(place), column.type).label(column.name) for place, column in enumerate(columns))
        return select(*values).subquery("keys")

    def first_number(self, connection: Connection, count: int) -> int:
        with _cursor(connection) as cursor:
            (first,) = cursor.execute("SELECT take_numbers(%s)", (count,)).fetchone()
        return int(first)

    def claim(self, connection: Connection, lane: int, now: int, limit: int) -> list[Row]:
        statement = (
            "SELECT clinic_no, booking_no, ordinal, type, channel, occurrence, state, attempt, tried_at FROM actions"
            " WHERE lane = %s AND next_at <= %s ORDER BY next_at LIMIT %s FOR UPDATE SKIP LOCKED"
        )
        with _cursor(connection) as cursor:
            found: list[Row] = cursor.execute(statement, (lane, now, limit)).fetchall()
            return found

    def lock_for_upgrade(self, connection: Connection) -> None:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_UPGRADE,))

    def problem(self, error: Exception) -> LedgerError:
        # The first line only: the others quote the row.
        words = str(error).partition("\n")[0]
        if isinstance(error, errors.UniqueViolation | errors.DeadlockDetected | errors.SerializationFailure):
            return ConflictError(f"somebody else was quicker: {words}")
        if isinstance(error, errors.LockNotAvailable):
            return LedgerError(
                f"{self.place}: rows have been locked by others for more than {self._patience:g} seconds"
            )
        if isinstance(error, errors.DiskFull):
            return LedgerError(f"the disk is full: {self.place} cannot be written, and nothing of this transaction was")
        if isinstance(error, errors.IntegrityError | errors.RaiseException):
            return LedgerError(f"{self.place} refuses a row: {words}")
        if isinstance(error, errors.InsufficientPrivilege | errors.ReadOnlySqlTransaction):
            return LedgerError(f"{self.place} cannot be written: {words}")
        if isinstance(error, psycopg.OperationalError):
            return LedgerError(f"no connection to {self.place}: {words}")
        return LedgerError(f"{self.place}: {words}")


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


def _given(table: Table, names: Iterable[str]) -> str:
    """A query for rows that are given as one JSON text: read by the server faster than arrays are written here."""
    values = (f"(row ->> {place})::{table.c[name].type.compile(_TYPES)}" for place, name in enumerate(names))
    return f"SELECT {', '.join(values)} FROM jsonb_array_elements(%s::jsonb) AS row"  # noqa: S608  # our own names


def _encode(rows: Sequence[Row]) -> str:
    return dumps(rows, default=_bytes, ensure_ascii=False)


def _bytes(value: bytes) -> str:
    return f"\\x{value.hex()}"
