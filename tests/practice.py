"""A practice in memory for tests: a verified clinic, a stepped clock, and every use case over one ledger."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from tests.builders import CLINIC, COMPILER, at, clinic_text, record_fields

from payrules.adapters.memory import MemoryLedger
from payrules.adapters.recording import RecordingInvoices, RecordingMessages
from payrules.adapters.zones import load_zone
from payrules.app.activate import Activator
from payrules.app.batch import Tools as Stamping
from payrules.app.catalogue import ClinicFile
from payrules.app.dispatch import Dispatcher, Tools
from payrules.app.fates import Report
from payrules.app.in_force import InForceCache
from payrules.app.ports import Adapters, Ledger, LedgerError, Transaction
from payrules.app.process import Processor
from payrules.app.records import Record
from payrules.app.requests import Requests
from payrules.app.rows import Claimed, Lane, LegalForm, StoredRecord
from payrules.app.verification import Verification, Verifier
from payrules.app.versions import Versions
from payrules.domain.action import Action, ActionState
from payrules.domain.decision import ActionType
from payrules.domain.policy import Channel

BEGIN = at("2026-11-24T08:00Z")
"""When the practice opens: an hour before the sample booking is booked (clinic time is an hour ahead)."""


class Inline(Executor):
    """Runs what is submitted at once, so that nothing depends on threads."""

    def __init__(self, _: int = 1) -> None:
        self.closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.closed = True


class Unreliable:
    """A ledger that is away after the first writing transaction, as often as `fails` says so."""

    def __init__(self, ledger: Ledger, fails: Callable[[], bool]) -> None:
        self._ledger = ledger
        self._fails = fails
        self._writes = 0

    def writing(self) -> AbstractContextManager[Transaction]:
        self._writes += 1
        if self._writes > 1 and self._fails():
            raise LedgerError("no connection")
        return self._ledger.writing()

    def reading(self) -> AbstractContextManager[Transaction]:
        return self._ledger.reading()

    def may_start(self, claimed: Claimed) -> bool:
        return self._ledger.may_start(claimed)

    def close(self) -> None:
        self._ledger.close()


class Practice:
    """One clinic with its ledger, its adapters and its clock."""

    def __init__(self, ledger: Ledger | None = None, text: str | None = None) -> None:
        self.now = BEGIN
        self.ledger = ledger or MemoryLedger()
        self.sms, self.email, self.invoices = RecordingMessages(), RecordingMessages(), RecordingInvoices()
        self.chance = 0.0
        self.versions = Versions(COMPILER)
        self.stop = Event()
        stamping = Stamping(self.versions, load_zone, "1.0", "2026.1", InForceCache())
        self.processor = Processor(self.ledger, stamping, self.clock)
        self.activator = Activator(self.ledger, self.clock)
        self._events = 0
        self.activate(text or clinic_text())
        Verifier(self.ledger, self.clock, lambda _country, _form, number: number).verify(
            CLINIC, Verification(LegalForm.COMPANY, "Fjord Fysioterapi AS", "923609016"), actor="test"
        )

    def cancels(self, _: object) -> None:
        """A script of an adapter: in the middle of its call the client cancels, and it has its effect."""
        self.event("cancelled", by="client")

    def clock(self) -> datetime:
        """The time, where it was put."""
        return self.now

    def dispatcher(
        self,
        worker: str = "worker",
        *,
        pause: Callable[[float], None] = lambda _: None,
        fails: Callable[[], bool] = lambda: False,
    ) -> Dispatcher:
        """A worker of this practice, without threads. `fails` says whether the ledger is away when it settles."""
        adapters = Adapters(self.invoices, {Channel.SMS: self.sms, Channel.EMAIL: self.email})
        tools = Tools(self.clock, lambda: self.chance, Inline, pause)
        return Dispatcher(Unreliable(self.ledger, fails), adapters, Requests(self.versions), tools, worker)

    def activate(self, text: str) -> None:
        """Apply a clinic file."""
        files = [ClinicFile(f"clinics/{CLINIC}.yaml", text.encode())]
        self.activator.reconcile(files, COMPILER, actor="test", revision_of=lambda _: None)

    def book(self, **changes: Any) -> Report:
        """The sample booking arrives now."""
        return self.event("booked", booking=record_fields(**changes))

    def event(self, type_: str, **content: Any) -> Report:
        """An event about the sample booking arrives, and has happened, now."""
        self._events += 1
        fields = {"type": type_, "event_id": f"e-{self._events}", "occurred_at": self.now.isoformat()}
        if type_ != "booked":
            fields |= {"clinic": CLINIC, "booking_id": "bk-1"}
        return self.processor.process([Record(1, 1, fields | content)])

    def dispatch(self, until: datetime | str | None = None) -> None:
        """Carry out what is due now; with `until` what comes due up to then too, each at its time."""
        end = at(until) if isinstance(until, str) else until or self.now
        worker = self.dispatcher()
        while True:
            worker.once(self.stop)
            due = self.next_at()
            if due is None or due > end:
                self.now = max(self.now, end)
                return
            self.now = max(self.now, due)

    def next_at(self) -> datetime | None:
        """When something is due next."""
        with self.ledger.reading() as tx:
            times = [found for lane in Lane if (found := tx.next_at(lane)) is not None]
        return min(times, default=None)

    def stored(self, booking_id: str = "bk-1") -> StoredRecord:
        """A booking as the ledger has it."""
        with self.ledger.reading() as tx:
            clinic_no = tx.clinics([CLINIC])[CLINIC].clinic_no
            return tx.records([(clinic_no, booking_id)], lock=False)[clinic_no, booking_id]

    def action(self, type_: ActionType, channel: Channel | None = None, occurrence: int = 1) -> Action:
        """One action of the sample booking."""
        for action in self.stored().record.actions:
            if (action.key.type, action.key.channel, action.key.occurrence) == (type_, channel, occurrence):
                return action
        raise AssertionError(f"no {type_} {channel} {occurrence}")

    def states(self) -> dict[str, ActionState]:
        """The state of every action of the sample booking, by type and channel."""
        return {
            f"{a.key.type}/{a.key.channel or '-'}/{a.key.occurrence}": a.state for a in self.stored().record.actions
        }

    def attempts(self) -> list[tuple[str, str, str]]:
        """Type, answer and detail of every attempt of the sample booking, in order."""
        stored = self.stored()
        with self.ledger.reading() as tx:
            rows = tx.attempts_of(stored.clinic_no, stored.booking_no)
        return [(row.key.type.value, row.answer, row.detail) for row in rows]


def minutes(count: float) -> timedelta:
    """A length of time."""
    return timedelta(minutes=count)
