"""The ledger in PostgreSQL, for many workers: locks on rows, bulk writes by COPY and arrays."""

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import (
    ARRAY,
    URL,
    Column,
    Connection,
    Engine,
    FromClause,
    Table,
    bindparam,
    create_engine,
    event,
    func,
)
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
            f"INSERT INTO {table.name} ({columns}) SELECT * FROM {_arrays(table, table.c.keys())}"  # noqa: S608  # own
            f" ON CONFLICT DO NOTHING RETURNING {', '.join(key)}"
        )
        places = [table.c.keys().index(name) for name in key]
        # In one order, so that two writers of the same ids do not wait for each other.
        ordered = sorted(rows, key=lambda row: [row[place] for place in places])
        with _cursor(connection) as cursor:
            found: list[Row] = cursor.execute(statement, _by_column(ordered)).fetchall()
            return found

    def update(self, connection: Connection, update: Update, rows: Sequence[Row]) -> int:
        table = update.table
        new, old = [f"new_{name}" for name in update.put], [f"old_{name}" for name in update.where]
        put = ", ".join(f"{name} = given.new_{name}" for name in update.put)
        where = " AND ".join(f"{table.name}.{name} = given.old_{name}" for name in update.where)
        statement = (
            f"UPDATE {table.name} SET {put} FROM {_arrays(table, update.put + update.where)}"  # noqa: S608  # own
            f" AS given ({', '.join(new + old)}) WHERE {where}"
        )
        with _cursor(connection) as cursor:
            return int(cursor.execute(statement, _by_column(rows)).rowcount)

    def keys(self, columns: Sequence[Column[Any]], rows: Iterable[Row]) -> FromClause:
        arrays = _by_column(list(rows)) or [[] for _ in columns]
        values = [bindparam(None, array, ARRAY(column.type)) for array, column in zip(arrays, columns, strict=True)]
        named = [Column(column.name, column.type) for column in columns]
        return func.unnest(*values).table_valued(*named, name="keys").render_derived()

    def first_number(self, connection: Connection, count: int) -> int:
        with _cursor(connection) as cursor:
            (first,) = cursor.execute("SELECT take_numbers(%s)", (count,)).fetchone()
        return int(first)

    def claim(self, connection: Connection, lane: int, now: int, limit: int) -> list[Row]:
        statement = (
            "SELECT clinic_no, booking_no, ordinal, type, channel, occurrence, state, attempt FROM actions"
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


def _arrays(table: Table, names: Iterable[str]) -> str:
    """One array for each column, as a table."""
    return f"unnest({', '.join(f'%s::{table.c[name].type.compile(_TYPES)}[]' for name in names)})"


def _by_column(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
