"""Where real processes work: a folder with clinic files, an intake folder and what is sent, a store, and a clock."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.builders import clinic_text, record_fields

from payrules.adapters.store import SqlLedger, open_store
from payrules.app.rows import LegalForm
from payrules.app.verification import Verification, Verifier

SOON = 240.0
"""Seconds within which everything happens, on a machine with much else to do."""

PAYRULES = str(Path(sys.executable).with_name("payrules"))
"""The installed command."""

CLINICS = ("fjord-fysio", "nordlys-psykologi")
_STEPPED = str(Path(__file__).with_name("stepped.py"))
_LEASE = 301.0


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does, within a deadline."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def text_of(clinic: str, version: int, minutes: int) -> str:
    """The file of a clinic, other at each version: links go out so long after booking, on both channels."""
    notification = f"{{send: after_booking, offset: {minutes}m}}"
    return clinic_text(f"invoice: {{due_in: {version}d}}\n", clinic=clinic, notification=notification)


class Place:
    """The folder of one test, and the processes in it. All of them go by the place's own clock."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder, self.store = folder, store
        self.clock = folder / "clock"
        self.out = folder / "out"
        self.logs: dict[int, Path] = {}
        self.ids: dict[tuple[str, str], str] = {}
        self._running: list[subprocess.Popen[bytes]] = []
        self._ahead = 0.0
        self._number = 0
        self.set_clock(0)
        (folder / "clinics").mkdir()
        for clinic in CLINICS:
            self.write_file(clinic, 1)

    # ---- the world outside

    @property
    def now(self) -> datetime:
        """The time by the place's clock."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def set_clock(self, ahead: float) -> None:
        """Let the clock be so many seconds ahead of the machine's."""
        self._ahead = ahead
        self._replace(self.clock, str(ahead))

    def pass_lease(self) -> None:
        """Let so much time go by that what a dead process had claimed is free again."""
        self.set_clock(self._ahead + _LEASE)

    def write_file(self, clinic: str, version: int, minutes: int = 0) -> None:
        """Write a clinic's file anew, whole at once, as an editor does."""
        self._replace(self.folder / f"clinics/{clinic}.yaml", text_of(clinic, version, minutes))

    def bookings(self, count: int) -> list[dict[str, Any]]:
        """Events of new bookings, booked just now."""
        return [self._booked() for _ in range(count)]

    def about(self, kind: str, booked: dict[str, Any], **content: Any) -> dict[str, Any]:
        """Another event about a booking, just now."""
        booking = booked["booking"]
        event = {"type": kind, "occurred_at": self.now.isoformat(), "clinic": booking["clinic"], **content}
        return self._known(event | {"booking_id": booking["id"]}, booking["clinic"], booking["id"])

    def _booked(self) -> dict[str, Any]:
        self._number += 1
        clinic, id_ = CLINICS[self._number % len(CLINICS)], f"bk-{self._number}"
        now = self.now
        times = {"booked_at": now, "starts_at": now + timedelta(days=7), "ends_at": now + timedelta(days=7, hours=1)}
        told = {name: at.isoformat() for name, at in times.items()}
        return self._known({"type": "booked", "booking": record_fields(id=id_, clinic=clinic, **told)}, clinic, id_)

    def _known(self, event: dict[str, Any], clinic: str, booking_id: str) -> dict[str, Any]:
        event_id = f"e-{len(self.ids) + 1}"
        self.ids[clinic, event_id] = booking_id
        return {"event_id": event_id, **event}

    def write_events(self, name: str, events: Sequence[dict[str, Any]]) -> Path:
        """A file of events, beside the folders that are watched."""
        path = self.folder / name
        path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
        return path

    def drop(self, name: str, events: Sequence[dict[str, Any]]) -> None:
        """Move a file of events into the intake folder."""
        (self.folder / "intake").mkdir(exist_ok=True)
        self.write_events(f"{name}.part", events).rename(self.folder / f"intake/{name}.jsonl")

    def taken(self, name: str) -> bool:
        """Whether a file of the intake folder is through."""
        return (self.folder / f"intake/done/{name}.jsonl").exists()

    def _replace(self, path: Path, text: str) -> None:
        part = self.folder / f"{path.name}.new"
        part.write_text(text, encoding="utf-8")
        part.replace(path)

    # ---- processes

    def start(self, *words: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start a command; its standard error goes to a log. It is killed at the end at the latest."""
        path = self.folder / f"log-{len(self._running) + 1}.jsonl"
        with path.open("wb") as log:
            command = [sys.executable, _STEPPED, str(self.clock), *words]
            process = subprocess.Popen(
                command, cwd=self.folder, env=self._environment(), stderr=log, stdout=subprocess.DEVNULL, **options
            )
        self._running.append(process)
        self.logs[process.pid] = path
        return process

    def log(self, process: subprocess.Popen[bytes]) -> str:
        """What a process has said so far."""
        return self.logs[process.pid].read_text(encoding="utf-8")

    def daemon(self, *more: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start `payrules run` over all folders."""
        return self.start("run", "--intake", "intake", "--ready-file", "ready.json", "--resync", "1", *more, **options)

    def is_ready(self, daemon: subprocess.Popen[bytes]) -> bool:
        """Whether this daemon has applied the clinic files."""
        assert daemon.poll() is None, self.log(daemon)
        try:
            told = json.loads((self.folder / "ready.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return False
        return bool(told["pid"] == daemon.pid)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Tell a process to end: it does, and says that all was well, unless it had not even begun."""
        process.terminate()
        code = process.wait(SOON)
        assert code == 0 or (code == -signal.SIGTERM and "stopping" not in self.log(process)), self.log(process)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill it where it stands."""
        process.kill()
        process.wait()

    def kill_all(self) -> None:
        """Leave nothing behind."""
        for process in self._running:
            self.kill(process)

    def run(self, *words: str, code: int = 0, installed: bool = False, **options: Any) -> str:
        """Run a command to its end and give its standard output; its exit code must be `code`."""
        command = [PAYRULES] if installed else [sys.executable, _STEPPED, str(self.clock)]
        done = subprocess.run(
            [*command, *words],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=SOON,
            check=False,
            **options,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return str(done.stdout + done.stderr)

    def _environment(self) -> dict[str, str]:
        return os.environ | {"PAYRULES_STORE": self.store, "PAYRULES_OUT": str(self.out)}

    # ---- the beginning and the end

    def open(self) -> None:
        """Both clinics are verified, and their files in force."""
        self.run("activate", "clinics")
        told = Verification(LegalForm.COMPANY, "Fjord Fysioterapi AS", "923609016")
        with self.ledger() as ledger:
            verifier = Verifier(ledger, lambda: self.now, lambda _country, _form, number: number)
            for clinic in CLINICS:
                verifier.verify(clinic, told, actor="test")

    def finish(self) -> None:
        """Carry out all that is left, by processes that nobody kills. What dead ones had claimed is waited for."""
        for _ in range(2):
            self.pass_lease()
            self.run("dispatch", "--once")

    @contextmanager
    def ledger(self) -> Iterator[SqlLedger]:
        """The store, to look into."""
        with closing(open_store(self.store)) as ledger:
            yield ledger
