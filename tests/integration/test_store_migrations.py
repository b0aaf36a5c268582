"""The tables of a store: made and upgraded by scripts, the same as the code's, and never taken from somebody else."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.schema import CheckConstraint

import payrules.adapters.migrations as migrations
from payrules.adapters.store import SqlLedger, open_store, prepare_store, sqlite
from payrules.adapters.store.sqlite import APPLICATION_ID
from payrules.adapters.store.tables import METADATA
from payrules.app.ports import LedgerError


@pytest.fixture
def ledger(store_url: str) -> Iterator[SqlLedger]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def run(store_url: str, statement: str) -> None:
    """Run a statement behind the ledger's back."""
    if store_url.startswith("postgresql"):
        with psycopg.connect(store_url, autocommit=True) as server:
            server.execute(statement)
    else:
        file = sqlite3.connect(store_url, isolation_level=None)
        file.execute(statement)
        file.close()


def test_scripts_make_the_tables_that_the_code_knows(ledger: SqlLedger) -> None:
    with ledger.reading_session() as session, session.run() as connection:
        options = {"version_table": migrations.VERSION_TABLE, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, METADATA)
        numbered = [entry for entry in differences if getattr(entry[1], "name", "") == "numbers"]
    # SQLite has no sequences, so it has a table in place of one.
    assert [entry for entry in differences if entry not in numbered] == []
    assert len(numbered) == (connection.dialect.name == "sqlite")


def test_scripts_make_the_checks_that_the_code_knows(ledger: SqlLedger) -> None:
    with ledger.reading_session() as session, session.run() as connection:
        found = {name: inspect(connection).get_check_constraints(name) for name in METADATA.tables}
    for name, table in METADATA.tables.items():
        known = {str(check.name) for check in table.constraints if isinstance(check, CheckConstraint)}
        assert {str(check["name"]) for check in found[name]} == known, name


def test_head_is_the_last_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


def test_an_upgrade_says_what_there_was_and_does_nothing_twice(store_url: str) -> None:
    ledger = prepare_store(store_url)
    assert ledger.version() is None
    assert [ledger.upgrade(), ledger.upgrade()] == [None, migrations.HEAD]
    assert ledger.version() == migrations.HEAD
    assert set(ledger.counts().values()) == {0}
    ledger.close()


def test_many_may_make_one_store_at_once(store_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        ledgers = list(threads.map(open_store, [store_url] * 4))
    assert {ledger.version() for ledger in ledgers} == {migrations.HEAD}
    for ledger in ledgers:
        ledger.close()


def test_a_new_file_that_another_is_about_to_write_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = str(tmp_path / "payrules.db")
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerError, match=r"locked by another process for more than 0\.03 seconds"):
        open_store(place, patience=0.03)

    waits: list[float] = []

    def until_it_is_done(seconds: float) -> None:
        waits.append(seconds)
        other.execute("COMMIT")

    monkeypatch.setattr(sqlite, "sleep", until_it_is_done)
    ledger = open_store(place)
    assert (len(waits), ledger.version()) == (1, migrations.HEAD)
    ledger.close()
    other.close()


def test_what_is_kept_outlives_the_process(store_url: str) -> None:
    first = open_store(store_url)
    with first.writing() as tx:
        clinic = tx.add_clinic("fjord-fysio")
    first.close()
    second = open_store(store_url, migrate=False)
    with second.reading() as tx:
        assert tx.all_clinics() == [clinic]
    second.close()


def test_a_store_of_a_newer_payrules_is_refused(ledger: SqlLedger, store_url: str) -> None:
    run(store_url, f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'")  # noqa: S608  # our own name
    for migrate in (True, False):
        with pytest.raises(LedgerError, match=r"was written by a newer payrules \(version 9999\): upgrade payrules"):
            open_store(store_url, migrate=migrate)


def test_an_empty_database_is_no_store_until_it_is_upgraded(postgres_url: str) -> None:
    with pytest.raises(LedgerError, match="run `payrules store upgrade`"):
        open_store(postgres_url, migrate=False)


def test_a_file_that_is_not_there_is_made_only_when_asked(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"there is no store .* yet: `payrules store upgrade` makes one"):
        open_store(str(tmp_path / "payrules.db"), migrate=False)
    assert list(tmp_path.iterdir()) == []


def test_another_programs_tables_are_left_alone(store_url: str) -> None:
    run(store_url, "CREATE TABLE clinics (name TEXT)")
    with pytest.raises(LedgerError, match="is not a payrules store"):
        open_store(store_url)
    run(store_url, "INSERT INTO clinics VALUES ('still there')")


def test_an_upgrade_that_fails_leaves_nothing(store_url: str) -> None:
    run(store_url, "CREATE VIEW stamps AS SELECT 1")
    if not store_url.startswith("postgresql"):
        run(store_url, f"PRAGMA application_id = {APPLICATION_ID}")
    with pytest.raises(LedgerError):
        open_store(store_url)
    run(store_url, "DROP VIEW stamps")
    open_store(store_url).close()
