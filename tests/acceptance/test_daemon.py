"""`payrules watch` and `payrules run` as processes of their own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from tests.builders import clinic_text, record_fields

from payrules.adapters.metrics import Metrics
from payrules.adapters.store import open_store
from payrules.app.rows import FileRow, LegalForm
from payrules.app.verification import Verification, Verifier
from payrules.entrypoints.daemon_commands import watch

SOON = 20.0
ONE, TWO, BROKEN = clinic_text(), clinic_text(process="manual"), clinic_text(process="automtic")


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does, within a deadline."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


class Daemon:
    """A running daemon in a folder, with its log in a file."""

    def __init__(self, folder: Path, *options: str, command: str = "watch") -> None:
        self.folder = folder
        self.ready = folder / "ready.json"
        self.log = folder / "log.jsonl"
        words = [sys.executable, "-m", "payrules", command, "--ready-file", "ready.json", *options]
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(words, cwd=folder, stderr=log, stdout=subprocess.PIPE)

    def lines(self) -> list[dict[str, Any]]:
        """The log so far; every finished line is JSON."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines(keepends=True)]

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines()]

    def is_ready(self) -> bool:
        """Whether the ready file is there, and not one that a killed process left."""
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
        try:
            told = json.loads(self.ready.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return False
        return bool(told["pid"] == self.process.pid)

    def row(self) -> FileRow:
        """What the store knows of the one clinic file."""
        ledger = open_store(str(self.folder / "payrules.db"))
        with ledger.reading() as tx:
            [row] = tx.files().values()
        ledger.close()
        return row

    def applies(self, text: str) -> None:
        wanted = sha256(text.encode()).hexdigest()
        until(lambda: (row := self.row()).activated_hash == wanted and row.problem is None)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it with a signal: quickly, with exit code 0 and without output."""
        began = time.monotonic()
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=SOON)
        # It waits for half a minute, unless something happens.
        assert time.monotonic() - began < SOON / 2
        assert self.process.returncode == 0, self.log.read_text(encoding="utf-8")
        assert output == b""
        assert not self.ready.exists()
        assert self.events()[-2:] == ["stopping", "ended"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "clinics").mkdir()
    (tmp_path / "clinics/fjord-fysio.yaml").write_text(ONE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def running(folder: Path, *options: str, command: str = "watch") -> Iterator[Daemon]:
    """A daemon that is ready; killed where the test has not ended it."""
    daemon = Daemon(folder, *options, command=command)
    try:
        until(daemon.is_ready)
        yield daemon
    finally:
        daemon.process.kill()
        daemon.process.communicate()


def test_it_applies_what_comes_and_tells_how_it_is(folder: Path) -> None:
    file = folder / "clinics/fjord-fysio.yaml"
    with running(folder, "--metrics-port", "0") as daemon:
        daemon.applies(ONE)
        file.write_text(BROKEN, encoding="utf-8")
        until(lambda: daemon.row().problem == "rejected")
        until(lambda: "diagnostic" in daemon.events())
        [offered] = [line for line in daemon.lines() if line["event"] == "metrics_offered"]

        def metrics() -> str:
            with urlopen(f"http://127.0.0.1:{offered['port']}/metrics") as answer:
                return str(answer.read().decode())

        until(lambda: "payrules_rejected_files 1.0" in metrics())
        file.write_text(TWO, encoding="utf-8")
        daemon.applies(TWO)
        until(lambda: "payrules_rejected_files 0.0" in metrics())
        daemon.end()
        [found] = [line for line in daemon.lines() if line["event"] == "diagnostic"]
        assert (found["code"], found["level"]) == ("PR204", "warning")
        assert found["line"] > 0
        assert [line["level"] for line in daemon.lines() if line["event"] == "started"] == ["info"]


def test_daemon_that_is_killed_anywhere_begins_again_where_it_was(folder: Path) -> None:
    file = folder / "clinics/fjord-fysio.yaml"
    for text, event in ((ONE, "started"), (TWO, "watching"), (ONE, "awaiting_verification")):
        file.write_text(text, encoding="utf-8")
        killed = Daemon(folder)
        until(lambda daemon=killed, event=event: event in daemon.events())  # type: ignore[misc]  # bound at once
        killed.process.kill()
        killed.process.communicate()
    (folder / "ready.json").write_text('{"pid": 1}', encoding="utf-8")
    file.write_text(TWO, encoding="utf-8")
    with running(folder) as daemon:
        daemon.applies(TWO)
        daemon.end()


def test_folder_and_store_may_be_the_same(folder: Path) -> None:
    shutil.move(folder / "clinics/fjord-fysio.yaml", folder)
    with running(folder, ".") as daemon:
        (folder / "fjord-fysio.yaml").write_text(TWO, encoding="utf-8")
        daemon.applies(TWO)
        daemon.end(signal.SIGINT)


def test_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        (tmp_path / "clinics").mkdir()
        (tmp_path / "clinics/fjord-fysio.yaml").write_text(ONE, encoding="utf-8")
        until(lambda: "awaiting_verification" in daemon.events())
        daemon.applies(ONE)
        daemon.end()


@pytest.mark.parametrize(
    ("store", "reason"),
    [
        ("clinics/fjord-fysio.yaml", "clinics/fjord-fysio.yaml"),
        ("postgresql://payrules:s3cret@127.0.0.1:1/payrules", "127.0.0.1"),
    ],
)
def test_store_that_cannot_be_opened_is_a_clear_error(folder: Path, store: str, reason: str) -> None:
    result = CliRunner().invoke(watch, ["--store", store], catch_exceptions=False)
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert reason in line
    assert "s3cret" not in line


def test_port_that_is_taken_is_a_clear_error(folder: Path) -> None:
    with Metrics().offered("127.0.0.1", 0) as port:
        result = CliRunner().invoke(watch, ["--metrics-port", str(port)], catch_exceptions=False)
    assert result.exit_code == 1
    assert f"error: metrics cannot be offered on 127.0.0.1:{port}: address already in use\n" in result.stderr


def test_two_daemons_on_one_store_do_no_harm(folder: Path) -> None:
    with running(folder) as one:
        other = Daemon(folder, "--ready-file", "other.json")
        try:
            until((folder / "other.json").exists)
            for text in (TWO, ONE, TWO):
                (folder / "clinics/fjord-fysio.yaml").write_text(text, encoding="utf-8")
                one.applies(text)
            other.process.terminate()
            assert other.process.wait(SOON) == os.EX_OK
        finally:
            other.process.kill()
            other.process.communicate()


def verify(folder: Path) -> None:
    """Say that the clinic is a company, as the payment side does."""
    ledger = open_store(str(folder / "payrules.db"))
    told = Verification(LegalForm.COMPANY, "Fjord Fysioterapi AS", "974760673")
    Verifier(ledger, lambda: datetime.now(UTC), lambda *words: words[-1]).verify("fjord-fysio", told, actor="test")
    ledger.close()


def test_run_takes_a_booking_from_the_intake_folder_to_the_payment_link(folder: Path) -> None:
    text = clinic_text(notification="{send: after_booking, offset: 0m}")
    (folder / "clinics/fjord-fysio.yaml").write_text(text, encoding="utf-8")
    options = ("--intake", "intake", "--out", "out", "--metrics-port", "0")
    with running(folder, *options, command="run") as daemon:
        verify(folder)
        now = datetime.now(UTC)
        starts_at, ends_at = now + timedelta(days=7), now + timedelta(days=7, hours=1)
        times = {"booked_at": now, "starts_at": starts_at, "ends_at": ends_at}
        booking = record_fields(**{name: at.isoformat() for name, at in times.items()})
        event = {"type": "booked", "event_id": "e-1", "booking": booking}
        part = folder / "intake/events.part"
        part.write_text(json.dumps(event) + "\n", encoding="utf-8")
        part.rename(folder / "intake/events.jsonl")
        until((folder / "intake/done/events.jsonl").exists)
        until(lambda: len(list((folder / "out").glob("email/*.eml"))) == 1)
        until(lambda: len(list((folder / "out").glob("sms/*.jsonl"))) == 1)
        [offered] = [line for line in daemon.lines() if line["event"] == "metrics_offered"]

        def metrics() -> str:
            with urlopen(f"http://127.0.0.1:{offered['port']}/metrics") as answer:
                return str(answer.read().decode())

        until(lambda: 'payrules_actions_total{answer="delivered",lane="email"} 1.0' in metrics())
        assert 'payrules_intake_events_total{result="new"} 1.0' in metrics()
        daemon.end()
        [taken] = [line for line in daemon.lines() if line["event"] == "file_taken_in"]
        assert (taken["file"], taken["events"], taken["new"]) == ("events.jsonl", 1, 1)
        log = daemon.log.read_text(encoding="utf-8")
        assert not [secret for secret in ("client.example", "990 00 001") if secret in log]
