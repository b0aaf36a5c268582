"""Errors of a store in words that say what to do, without secrets and without anybody's name."""

import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
from tests.contracts.making import CLIENT, open_clinic, policy_row

from payrules.adapters.store import SqlLedger, open_store
from payrules.app.ports import ConflictError, LedgerError, Lock
from payrules.app.rows import Contact, ContactRow, Party


@pytest.fixture
def ledger(store_url: str) -> Iterator[SqlLedger]:
    opened = open_store(store_url, patience=0.2)
    yield opened
    opened.close()


SECRET = "hunter2"  # noqa: S105  # nobody's


def told(clinic_no: int, event_no: int, contact: Contact = CLIENT) -> tuple[int, ContactRow]:
    return clinic_no, ContactRow(event_no, Party.CLIENT, contact)


@pytest.mark.parametrize(
    "url", ["mysql://root@127.0.0.1/payrules", "sqlite://", "sqlite://payrules.db", "sqlite:///", "http://db.example"]
)
def test_a_url_of_another_kind(url: str) -> None:
    with pytest.raises(LedgerError, match=r"a store is a path, sqlite:///PATH or postgresql://USER@HOST/DATABASE"):
        open_store(url)


def test_a_server_that_is_not_there_without_its_password() -> None:
    with pytest.raises(LedgerError) as caught:
        open_store(f"postgresql://clerk:{SECRET}@127.0.0.1:1/payrules?password={SECRET}")
    assert str(caught.value).startswith("no connection to database payrules at 127.0.0.1: ")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_url_that_cannot_be_read_without_its_password() -> None:
    with pytest.raises(LedgerError) as caught:
        open_store(f"postgresql://clerk:{SECRET}@[::1/payrules")
    assert "postgresql://USER:PASSWORD@HOST:PORT/DATABASE" in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "payrules.db"
    path.write_text("a shopping list, " * 100, encoding="utf-8")
    with pytest.raises(LedgerError, match=r"payrules\.db is not a payrules store: it is no SQLite database"):
        open_store(str(path))
    assert path.read_text(encoding="utf-8").startswith("a shopping list")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"there is no folder .*nowhere that a store could be in"):
        open_store(str(tmp_path / "nowhere" / "payrules.db"))


def test_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    with closing(open_store(str(tmp_path / "payrules.db"))) as ledger:
        with pytest.raises(LedgerError) as raised, ledger.reading() as tx:
            tx.add_clinic("nordlys")
        assert str(raised.value).endswith("cannot be written: its file, or the folder of it, may only be read here")


def test_a_file_that_another_process_has_locked(tmp_path: Path) -> None:
    path = tmp_path / "payrules.db"
    with closing(open_store(str(path), patience=0.05)) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match=r"has been locked by another process for more than 0\.05 seconds"):
            open_clinic(ledger)
        other.execute("ROLLBACK")
        other.close()
        assert open_clinic(ledger) == 1


def test_rows_that_another_transaction_has_locked(postgres_url: str) -> None:
    with closing(open_store(postgres_url, patience=0.05)) as ledger:
        open_clinic(ledger)
        with psycopg.connect(postgres_url) as other:
            other.execute("SELECT * FROM clinics FOR UPDATE")
            with (
                pytest.raises(LedgerError, match=r"locked by others for more than 0\.05 seconds"),
                ledger.writing() as tx,
            ):
                tx.clinics(["nordlys"], Lock.SHARE)


def test_a_full_disk(tmp_path: Path) -> None:
    with closing(open_store(str(tmp_path / "payrules.db"))) as ledger:
        with ledger.writing_session() as session, session.run() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 100")
        with (
            pytest.raises(LedgerError, match=r"the disk is full: .*payrules\.db cannot be written"),
            ledger.writing() as tx,
        ):
            tx.add_policy(policy_row()._replace(content=bytes(1_000_000)))
        assert open_clinic(ledger) == 1


def test_a_file_that_cannot_grow(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from payrules.adapters.store import open_store\n"
        "from payrules.app.ports import LedgerError\n"
        "from payrules.app.rows import PolicyRow\n"
        "import resource, signal\n"
        "ledger = open_store(sys.argv[1])\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))\n"
        "try:\n"
        "    with ledger.writing() as tx:\n"
        "        tx.add_policy(PolicyRow('d', b'', '', bytes(30_000_000)))\n"
        "except LedgerError as error:\n"
        "    print(error)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "with ledger.writing() as tx:\n"
        "    print(tx.policies(['d']), tx.add_clinic('nordlys').clinic)\n"
    )
    path = tmp_path / "payrules.db"
    result = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    words, after = result.stdout.splitlines()
    assert str(path) in words
    assert after == "{} nordlys"


def test_a_server_that_went_away_and_came_back(postgres_url: str) -> None:
    def broken(ledger: SqlLedger) -> None:
        with ledger.writing() as tx:
            tx.add_clinic("fjord-fysio")
            with psycopg.connect(postgres_url, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    with closing(open_store(postgres_url)) as ledger:
        open_clinic(ledger)
        with pytest.raises(LedgerError, match="no connection to database"):
            broken(ledger)
        with ledger.reading() as tx:
            assert [row.clinic for row in tx.all_clinics()] == ["nordlys"]


def test_an_error_never_tells_a_contact(ledger: SqlLedger) -> None:
    clinic_no = open_clinic(ledger)
    with ledger.writing() as tx:
        tx.add_contacts([told(clinic_no, 1)])
    nameless: list[str] = []
    for wrong in (told(clinic_no, 1), (clinic_no, ContactRow(2, 3, CLIENT))):  # type: ignore[arg-type]  # no such party
        with pytest.raises(LedgerError) as caught, ledger.writing() as tx:
            tx.add_contacts([wrong])
        nameless.append("".join(traceback.format_exception(caught.value)))
    assert len(nameless) == 2
    assert not any(part in text for text in nameless for part in CLIENT if part is not None)


def test_nothing_of_a_transaction_with_a_failed_statement_is_kept(ledger: SqlLedger) -> None:
    def write_twice(clinic_no: int) -> None:
        with ledger.writing() as tx:
            tx.add_contacts([told(clinic_no, 1)])
            with suppress(ConflictError):
                tx.add_contacts([told(clinic_no, 1)])

    clinic_no = open_clinic(ledger)
    with pytest.raises(ConflictError):
        write_twice(clinic_no)
    with ledger.reading() as tx:
        assert tx.contacts([(clinic_no, 1)]) == {}


def test_reading_writes_nothing(ledger: SqlLedger) -> None:
    with pytest.raises(LedgerError, match="cannot be written"), ledger.reading() as tx:
        tx.add_clinic("nordlys")
    with ledger.writing() as tx:
        assert tx.add_clinic("nordlys").clinic == "nordlys"
