"""The ledgers that keep the contract, each empty for a test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from payrules.adapters.memory import MemoryLedger
from payrules.adapters.store import open_store
from payrules.adapters.store.tables import METADATA
from payrules.app.ports import Ledger

_EMPTY = ";".join(f"DELETE FROM {table}" for table in METADATA.tables)  # noqa: S608  # the store's own names


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store in a file: a copy is quicker than making the tables anew."""
    path = tmp_path_factory.mktemp("template") / "payrules.db"
    open_store(str(path)).close()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The URL of a store on the server, for all tests: a database a test takes ten times as long as the test."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE contract")
    url = make_url(postgres_server).set(database="contract").render_as_string(hide_password=False)
    open_store(url).close()
    return url


@pytest.fixture
def postgres_store(postgres_template: str) -> Iterator[str]:
    """The same, emptied afterwards."""
    yield postgres_template
    with psycopg.connect(postgres_template, options="-c lock_timeout=5s") as connection:
        # As a replica: what forbids changes and demands an order does not apply.
        connection.execute("SET session_replication_role = replica")
        connection.execute(_EMPTY)


def sqlite_ledger(template: Path, folder: Path) -> Ledger:
    """A new store in a file."""
    return open_store(str(shutil.copyfile(template, folder / "payrules.db")), migrate=False)


_LEDGERS: dict[str, Callable[[pytest.FixtureRequest], Ledger]] = {
    "memory": lambda _: MemoryLedger(),
    "sqlite": lambda request: sqlite_ledger(
        request.getfixturevalue("sqlite_template"), request.getfixturevalue("tmp_path")
    ),
    "postgresql": lambda request: open_store(request.getfixturevalue("postgres_store"), migrate=False),
}


@pytest.fixture(params=_LEDGERS)
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """Each of the ledgers in turn."""
    opened = _LEDGERS[request.param](request)
    yield opened
    opened.close()
