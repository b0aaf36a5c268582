"""The ledger in SQL: opens, checks and upgrades a store, and runs transactions in it."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.exc import DBAPIError

from payrules.adapters.migrations import HEAD, upgrade, version_of
from payrules.adapters.store.bookings import ReadFacts
from payrules.adapters.store.dialect import Dialect
from payrules.adapters.store.outbox import SqlTransaction
from payrules.adapters.store.session import Session, in_words
from payrules.adapters.store.tables import METADATA
from payrules.app.ports import LedgerError
from payrules.app.rows import Claimed


class SqlLedger:
    """A `payrules.app.ports.Ledger` in SQLite or PostgreSQL. It can be used by many threads.

    `place` says where it is, without a password. Methods raise LedgerError, and ConflictError where another
    transaction won.
    """

    def __init__(self, dialect: Dialect, read_facts: ReadFacts) -> None:
        self.place = dialect.place
        self._dialect = dialect
        self._read_facts = read_facts
        self._engine = dialect.engine()

    # the store itself

    def version(self) -> str | None:
        """The version of the store's tables; None where there are none yet."""
        with self.reading_session() as session, session.run() as connection:
            return version_of(connection)

    def upgrade(self) -> str | None:
        """Make the tables, or bring them up to date, all or nothing; the version that was there before."""
        before = self.version()
        if before == HEAD:
            return before
        with self.writing_session() as session, session.run() as connection:
            self._dialect.lock_for_upgrade(connection)
            # Somebody else may have been quicker.
            before = version_of(connection)
            if before is None and (foreign := METADATA.tables.keys() & set(inspect(connection).get_table_names())):
                raise LedgerError(f"{self.place} is not a payrules store, but has a table `{min(foreign)}`")
            self._refuse_newer(before)
            upgrade(connection)
        return before

    def check(self) -> None:
        """Raise LedgerError where the tables are not those of this payrules."""
        version = self.version()
        self._refuse_newer(version)
        if version != HEAD:
            raise LedgerError(f"{self.place} has no tables of this payrules: run `payrules store upgrade`")

    def _refuse_newer(self, version: str | None) -> None:
        # Versions count up, so that one from the future is told from one of the past.
        if version is not None and version > HEAD:
            raise LedgerError(f"{self.place} was written by a newer payrules (version {version}): upgrade payrules")

    def counts(self) -> dict[str, int]:
        """How many rows each table has, by name."""
        with self.reading_session() as session:
            tables = sorted(METADATA.tables.values(), key=lambda table: table.name)
            return {table.name: session.value(select(func.count()).select_from(table)) for table in tables}

    # transactions

    @contextmanager
    def writing(self) -> Iterator[SqlTransaction]:
        """A transaction that is on the disk when it ends without an exception."""
        with self.writing_session() as session:
            yield SqlTransaction(session, self._read_facts)

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        """A transaction that sees one state of everything and writes nothing."""
        with self.reading_session() as session:
            yield SqlTransaction(session, self._read_facts)

    def may_start(self, claimed: Claimed) -> bool:
        """Whether a claim still stands and nothing stops its action, by what is committed now."""
        with self.reading() as transaction:
            return transaction.may_start(claimed)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def writing_session(self) -> AbstractContextManager[Session]:
        """The same for whoever keeps tables of their own in the store."""
        return self._session(self._dialect.writing)

    def reading_session(self) -> AbstractContextManager[Session]:
        """The same, reading only."""
        return self._session(self._dialect.reading)

    @contextmanager
    def _session(self, options: Mapping[str, Any]) -> Iterator[Session]:
        """A connection in a transaction: committed at the end, rolled back after an exception."""
        with in_words(self._dialect):
            connection = self._engine.connect()
        try:
            with in_words(self._dialect):
                connection = connection.execution_options(**options)
                connection.begin()
            session = Session(connection, self._dialect)
            yield session
            session.raise_failure()
            with in_words(self._dialect):
                connection.commit()
        except BaseException:
            self._abandon(connection)
            raise
        finally:
            connection.close()

    def _abandon(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except DBAPIError:
            # It is broken: the next one is another.
            connection.invalidate()
