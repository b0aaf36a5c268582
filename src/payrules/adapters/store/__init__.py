"""The ledger in a store: SQLite in one file, or PostgreSQL for many workers."""

from functools import partial
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from payrules.adapters.store.bookings import ReadFacts
from payrules.adapters.store.dialect import Dialect
from payrules.adapters.store.ledger import SqlLedger
from payrules.adapters.store.outbox import SqlTransaction
from payrules.adapters.zones import load_zone
from payrules.app.facts import booking_of
from payrules.app.ports import LedgerError

__all__ = ["PATIENCE", "SqlLedger", "SqlTransaction", "open_store", "prepare_store"]

PATIENCE = 30.0
"""For how many seconds another's lock is waited for."""

read_facts: ReadFacts = partial(booking_of, zones=load_zone)
"""Makes a booking of recorded facts, with the time zones of the tzdata package."""


def open_store(
    url: str, *, create: bool = True, migrate: bool = True, patience: float = PATIENCE, durable: bool = True
) -> SqlLedger:
    """The store at a path or `sqlite:///PATH` (SQLite), or at a `postgresql://` URL.

    Without `create` its file must be there: whoever only looks must not take an empty store for an empty practice.
    Without `migrate` it must have the tables of this payrules, too; with it they are made on first use.
    Only what may be lost with the machine is not `durable`: a file of SQLite is then written without waiting for its
    disk. Raises LedgerError where the store cannot be used.
    """
    ledger = prepare_store(url, create=create and migrate, patience=patience, durable=durable)
    try:
        if migrate:
            ledger.upgrade()
        ledger.check()
    except BaseException:
        ledger.close()
        raise
    return ledger


def prepare_store(url: str, *, create: bool = True, patience: float = PATIENCE, durable: bool = True) -> SqlLedger:
    """The same, whatever its tables are: nothing is opened yet."""
    return SqlLedger(_dialect(url, patience, create=create, durable=durable), read_facts)


def _dialect(url: str, patience: float, *, create: bool, durable: bool) -> Dialect:
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "sqlite", f"/{url}"
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        from payrules.adapters.store.sqlite import Sqlite

        return Sqlite(Path(rest[1:]), patience, create=create, durable=durable)
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise LedgerError("a store is a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE")
    try:
        from payrules.adapters.store.postgresql import Postgresql
    except ModuleNotFoundError as error:
        raise LedgerError("PostgreSQL needs a driver: pip install payrules[postgresql]") from error
    try:
        parsed = make_url(f"postgresql://{rest}")
    except (ArgumentError, ValueError):
        # Not chained: SQLAlchemy quotes the URL, and with it the password.
        raise LedgerError("the store's URL cannot be read: postgresql://USER:PASSWORD@HOST:PORT/DATABASE") from None
    return Postgresql(parsed, patience)
