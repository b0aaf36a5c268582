"""The whole way from a changed file to the ledger: every trap ends with the right version in force."""

import io
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from tests.builders import COMPILER, clinic_text

from payrules.adapters.clinic_files import read_clinic_files
from payrules.adapters.logs import open_log
from payrules.adapters.memory import MemoryLedger
from payrules.adapters.metrics import Metrics
from payrules.adapters.readiness import ReadyFile
from payrules.adapters.watcher import ClinicWatch
from payrules.app.activate import Activator, Reconciled
from payrules.app.look import Problem
from payrules.app.ports import LedgerError
from payrules.app.rows import FileRow, LegalForm, VerificationRow
from payrules.app.standing import Standings
from payrules.app.watching import Timing
from payrules.entrypoints.watch_part import Surroundings, Watching

SOON = 8.0
QUICK = Timing(quiet=0.03, longest=0.3, resync=60.0, retry=0.02)
"""Without the resync, so that only hints can have led to a change."""

ONE, TWO, BROKEN = clinic_text(), clinic_text(process="manual"), clinic_text(process="automtic")
NAME = "fjord-fysio.yaml"


def digest_of(text: str) -> str:
    version = COMPILER.compile(text.encode(), NAME).version
    assert version is not None
    return version.digest


def clock() -> datetime:
    return datetime.now(UTC)


class Daemon:
    """The watching part of a daemon on a ledger in memory, and what can be seen of it."""

    def __init__(self, path: Path, ready: Path) -> None:
        self.path = path
        self.ledger = MemoryLedger()
        with self.ledger.writing() as tx:
            row = tx.add_clinic("fjord-fysio")
            long_ago = datetime(2020, 1, 1, tzinfo=UTC)
            verified = VerificationRow(1, True, LegalForm.COMPANY, "Fjord AS", None, long_ago, "test")
            tx.add_verification(row.clinic_no, verified)
        self.looks: list[float] = []
        self.fault: Exception | None = None
        self.written = io.StringIO()
        self.metrics = Metrics()
        self.ready = ready
        self._activator = Activator(self.ledger, clock)

    def reconcile(self) -> Reconciled:
        """One look, as the daemon takes it."""
        self.looks.append(time.monotonic())
        if self.fault is not None:
            raise self.fault
        roots = [str(self.path)]
        files = read_clinic_files(roots)
        return self._activator.reconcile(files, COMPILER, actor="test", revision_of=lambda _: None, roots=roots)

    @contextmanager
    def running(self, timing: Timing = QUICK, **options: object) -> Iterator[ClinicWatch]:
        """Run it meanwhile, ready at first unless there is a fault."""
        watch = ClinicWatch([str(self.path)], **options)  # type: ignore[arg-type]  # as the test gives them
        around = Surroundings(open_log(self.written), self.metrics, ReadyFile(self.ready), clock)
        part = Watching(watch, self.reconcile, Standings(self.ledger), around, timing)
        stop = threading.Event()
        thread = threading.Thread(target=part.run, args=(stop,))
        thread.start()
        try:
            if self.fault is None:
                until(self.ready.exists)
            yield watch
        finally:
            stop.set()
            watch.wake()
            thread.join(SOON)
        assert not thread.is_alive()

    @property
    def row(self) -> FileRow | None:
        """What the ledger knows of the clinic's file."""
        with self.ledger.reading() as tx:
            return next((row for row in tx.files().values() if row.path.endswith(NAME)), None)

    def in_force(self) -> str | None:
        """The digest in force."""
        with self.ledger.reading() as tx:
            [clinic] = tx.all_clinics()
            rows = [row.activation for row in tx.timelines([clinic.clinic_no]).get(clinic.clinic_no, [])]
        return rows[-1].digest if rows else None

    def applies(self, text: str) -> None:
        """Wait until a text is in force, and nothing is wrong with the file any more."""
        wanted, content = digest_of(text), sha256(text.encode()).hexdigest()
        until(lambda: self.in_force() == wanted and self.row is not None and self.row.activated_hash == content)
        until(lambda: self.row is not None and self.row.problem is None)

    def keeps(self, text: str, problem: Problem) -> None:
        """Wait until a problem is known; the text must still be in force."""
        until(lambda: self.row is not None and self.row.problem == problem)
        assert self.in_force() == digest_of(text)

    def events(self) -> list[str]:
        """The events of the log."""
        return [json.loads(line)["event"] for line in self.written.getvalue().splitlines()]

    def metric(self, name: str) -> float | None:
        """The value of a metric without labels."""
        return self.metrics.registry.get_sample_value(f"payrules_{name}")


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that other threads bring about, within a deadline."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


@pytest.fixture
def clinics(tmp_path: Path) -> Path:
    folder = tmp_path / "clinics"
    folder.mkdir()
    (folder / NAME).write_text(ONE, encoding="utf-8")
    return folder


@pytest.fixture
def daemon(clinics: Path, tmp_path: Path) -> Daemon:
    return Daemon(clinics, tmp_path / "ready.json")


def test_first_look_comes_before_readiness(daemon: Daemon) -> None:
    with daemon.running():
        assert daemon.in_force() == digest_of(ONE)
        told = json.loads(daemon.ready.read_text(encoding="utf-8"))
        assert told["watches"] == "events"
        assert told["pid"] == os.getpid()
        assert told["since"] == told["reconciled_at"]
        until(lambda: "activated" in daemon.events())
        assert daemon.metric("active_versions") == 1
        assert daemon.metric("rejected_files") == 0
        assert daemon.metric("watching_by_events") == 1
        assert daemon.metric("last_successful_activation_timestamp_seconds") == pytest.approx(time.time(), abs=SOON)
        lag = daemon.metric("reconcile_lag_seconds")
        assert lag is not None
        assert 0 <= lag < SOON
    assert not daemon.ready.exists()


def test_bad_file_keeps_what_was_good_and_going_back_is_noticed(daemon: Daemon, clinics: Path) -> None:
    with daemon.running():
        for text, problem in ((BROKEN, Problem.REJECTED), ("", Problem.EMPTY)):
            (clinics / NAME).write_text(text, encoding="utf-8")
            daemon.keeps(ONE, problem)
            until(lambda: daemon.metric("rejected_files") == 1)
            (clinics / NAME).write_text(ONE, encoding="utf-8")
            daemon.applies(ONE)
        until(lambda: daemon.events().count("file_as_applied") == 2)
        assert daemon.metric("rejected_files") == 0
        assert daemon.events().count("file_not_applied") == 2
        assert "diagnostic" in daemon.events()
        assert daemon.events().count("activated") == 1


def test_removed_file_keeps_what_was_good_until_another_one_comes(daemon: Daemon, clinics: Path) -> None:
    with daemon.running():
        (clinics / NAME).unlink()
        daemon.keeps(ONE, Problem.MISSING)
        (clinics / NAME).write_text(TWO, encoding="utf-8")
        daemon.applies(TWO)


def test_torn_write_is_not_taken_for_the_whole(daemon: Daemon, clinics: Path) -> None:
    halves = TWO[: TWO.index("process:")], TWO[TWO.index("process:") :]
    with daemon.running(Timing(quiet=0.5, longest=5.0, resync=60.0)), (clinics / NAME).open("w") as file:
        looks = len(daemon.looks)
        for half in halves:
            file.write(half)
            file.flush()
        daemon.applies(TWO)
        assert len(daemon.looks) == looks + 1
        assert "file_not_applied" not in daemon.events()


def test_writer_who_pauses_is_rejected_and_then_applied(daemon: Daemon, clinics: Path) -> None:
    half = TWO[: TWO.index("process:")]
    with daemon.running(), (clinics / NAME).open("w") as file:
        file.write(half)
        file.flush()
        daemon.keeps(ONE, Problem.REJECTED)
        file.write(TWO[len(half) :])
        file.flush()
        daemon.applies(TWO)


def test_editor_that_renames_is_followed(daemon: Daemon, clinics: Path) -> None:
    with daemon.running():
        for text in (TWO, ONE, TWO):
            new = clinics / ".fjord.swp"
            new.write_text(text, encoding="utf-8")
            new.rename(clinics / NAME)
            daemon.applies(text)


def test_same_size_and_time_is_found_by_the_resync(daemon: Daemon, clinics: Path) -> None:
    file = clinics / NAME
    other = ONE.replace("offset: 15m", "offset: 25m")
    assert len(other) == len(ONE)
    deaf = Timing(quiet=0.03, longest=0.3, resync=0.1)

    def refuse() -> None:
        raise OSError("no observer, so that there is no event at all")

    with daemon.running(deaf, observer=refuse, poll=60.0):
        before = file.stat()
        file.write_text(other, encoding="utf-8")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert file.stat().st_mtime_ns == before.st_mtime_ns
        daemon.applies(other)


def test_without_an_observer_it_polls_and_says_so(daemon: Daemon, clinics: Path) -> None:
    def refuse() -> None:
        raise OSError(28, "No space left on device")

    with daemon.running(observer=refuse, poll=0.02):
        (clinics / NAME).write_text(TWO, encoding="utf-8")
        daemon.applies(TWO)
        until(lambda: "polling: no space left" in daemon.ready.read_text(encoding="utf-8"))
        assert daemon.metric("watching_by_events") == 0
        assert "polling: no space left on device" in daemon.written.getvalue()


def test_checkout_of_a_thousand_files_is_one_change(daemon: Daemon, clinics: Path) -> None:
    names = [f"clinic-{number}" for number in range(1000)]
    for name in names:
        (clinics / f"{name}.yaml").write_text(clinic_text(clinic=name), encoding="utf-8")
    with daemon.running():
        looks = len(daemon.looks)
        for name in names:
            new = clinics / f".{name}"
            new.write_text(clinic_text(clinic=name, process="manual"), encoding="utf-8")
            new.rename(clinics / f"{name}.yaml")
        wanted = {sha256(clinic_text(clinic=name, process="manual").encode()).hexdigest() for name in names}

        def applied() -> bool:
            with daemon.ledger.reading() as tx:
                return wanted <= {row.activated_hash for row in tx.files().values()}

        until(applied)
        # A stream of events is cut off after a while, and never looked at one by one.
        assert len(daemon.looks) - looks < 50


def test_swapped_config_map_is_applied(tmp_path: Path, daemon: Daemon) -> None:
    mount = daemon.path
    shutil.rmtree(mount)
    mount.mkdir()

    def swap(version: str, text: str) -> None:
        (mount / version).mkdir()
        (mount / version / NAME).write_text(text, encoding="utf-8")
        (mount / "..data_tmp").symlink_to(version)
        (mount / "..data_tmp").rename(mount / "..data")

    swap("..v1", ONE)
    (mount / NAME).symlink_to(f"..data/{NAME}")
    with daemon.running():
        daemon.applies(ONE)
        for version, text in (("..v2", TWO), ("..v3", ONE)):
            swap(version, text)
            daemon.applies(text)


def test_repointed_root_is_applied(tmp_path: Path, daemon: Daemon, clinics: Path) -> None:
    clinics.rename(tmp_path / "first")
    second = tmp_path / "second"
    second.mkdir()
    (second / NAME).write_text(TWO, encoding="utf-8")
    clinics.symlink_to("first")
    with daemon.running():
        (tmp_path / "next").symlink_to("second")
        (tmp_path / "next").rename(clinics)
        daemon.applies(TWO)
        (second / NAME).write_text(ONE, encoding="utf-8")
        daemon.applies(ONE)


def test_root_renamed_and_made_again_is_applied(tmp_path: Path, daemon: Daemon, clinics: Path) -> None:
    with daemon.running():
        clinics.rename(tmp_path / "before")
        daemon.keeps(ONE, Problem.MISSING)
        clinics.mkdir()
        (clinics / NAME).write_text(TWO, encoding="utf-8")
        daemon.applies(TWO)


def test_reading_does_not_lead_to_reading(daemon: Daemon, clinics: Path) -> None:
    with daemon.running(Timing(quiet=0.01, longest=0.1, resync=0.5)):
        (clinics / NAME).write_text(TWO, encoding="utf-8")
        daemon.applies(TWO)
        # Where each look led to the next one, there would never be a rest until the resync.
        until(lambda: daemon.looks[-1] - daemon.looks[-2] > 0.4)


def test_store_that_fails_takes_readiness_and_comes_back(daemon: Daemon, clinics: Path) -> None:
    with daemon.running():
        daemon.fault = LedgerError("the store is away")
        (clinics / NAME).write_text(TWO, encoding="utf-8")
        until(lambda: daemon.events().count("reconcile_failed") >= 3)
        assert not daemon.ready.exists()
        assert daemon.in_force() == digest_of(ONE)
        daemon.fault = None
        daemon.applies(TWO)
        until(daemon.ready.exists)
    lines = [json.loads(line) for line in daemon.written.getvalue().splitlines()]
    [first, *_] = [line for line in lines if line["event"] == "reconcile_failed"]
    assert first["error"] == "the store is away"
    assert timedelta(seconds=first["retry_in"]) < timedelta(seconds=1)


def test_not_ready_before_a_first_success_and_old_file_goes(daemon: Daemon) -> None:
    daemon.ready.write_text("of a process that was killed", encoding="utf-8")
    daemon.fault = LedgerError("the store is away")
    with daemon.running():
        until(lambda: "reconcile_failed" in daemon.events())
        assert not daemon.ready.exists()
        daemon.fault = None
        until(daemon.ready.exists)
