"""Playing the story: the real use cases over a store of its own, with a clock that is set and not waited for."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from threading import Event
from typing import Any

from payrules import __version__, bootstrap
from payrules.adapters.addresses import why_unreachable
from payrules.adapters.invoices.embedded import EmbeddedInvoices
from payrules.adapters.invoices.files import files_of, write_private
from payrules.adapters.invoices.issued import IssuedInvoices
from payrules.adapters.messages.files import EmailFiles, SmsFiles
from payrules.adapters.organisations import organisation_number
from payrules.adapters.store import SqlLedger, open_store
from payrules.adapters.texts import MessageTexts
from payrules.adapters.writing import Writer
from payrules.adapters.zones import load_zone, tzdata_version
from payrules.app.activate import Activator
from payrules.app.batch import Tools as Stamping
from payrules.app.bookings import Bookings
from payrules.app.catalogue import ClinicFile
from payrules.app.dispatch import Dispatcher, Tools
from payrules.app.in_force import InForceCache
from payrules.app.ports import Adapters, MessageAdapter, MessageRequest
from payrules.app.practice import Asked, Practice
from payrules.app.process import Processor
from payrules.app.records import Record
from payrules.app.requests import Requests
from payrules.app.rows import Lane
from payrules.app.verification import Verifier
from payrules.app.versions import Versions
from payrules.compiler.compile import Compiler
from payrules.domain.action import Answer, RetryLater
from payrules.domain.errors import PayrulesError
from payrules.domain.policy import Channel
from payrules.entrypoints.demo.story import (
    BEGIN,
    BOOKINGS,
    CLINICS,
    END,
    LATER,
    OUTAGE,
    SHOWN,
    Edited,
    Later,
    Told,
    instant,
    record_of,
)

_LINK_BASE = "https://pay.example/"


class StoryError(PayrulesError):
    """The story did not go as it is told: payrules and the demo do not fit together."""


class _Inline(Executor):
    """Runs what is submitted at once: the demo is the same each time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # as any executor: who asks for the result gets it
            future.set_exception(error)
        return future


class _Failing:
    """An adapter whose provider is away for a time."""

    def __init__(self, adapter: MessageAdapter, away: tuple[datetime, datetime]) -> None:
        self.name, self.limits = adapter.name, adapter.limits
        self._adapter = adapter
        self._from, self._until = away

    def send(self, message: MessageRequest) -> Answer:
        if self._from <= message.now < self._until:
            return RetryLater("the mail server is away")
        return self._adapter.send(message)


@dataclass(slots=True)
class Played:
    """What came of it: the ledger, its versions, and the instant of the end."""

    ledger: SqlLedger
    versions: Versions
    bookings: Bookings
    now: datetime = BEGIN


@contextmanager
def played(folder: Path) -> Iterator[Played]:
    """Play the story in a folder that is empty. Raises PayrulesError."""
    compiler = bootstrap.build().compiler
    # A demo that a power cut interrupts is played again.
    with closing(open_store(str(folder / "payrules.db"), durable=False)) as ledger:
        versions = Versions(compiler)
        state = Played(ledger, versions, Bookings(versions, lambda: state.now))
        player = _Player(folder, state, compiler)
        player.open_clinics()
        for at, step in player.steps():
            player.dispatch(at)
            step()
        player.dispatch(END)
        _write_invoices(folder / "outbox" / "invoices", ledger)
        yield state


def _write_invoices(folder: Path, ledger: SqlLedger) -> None:
    """The invoices that are shown, as `payrules invoices export` writes any."""
    issued = IssuedInvoices(ledger, _LINK_BASE)
    for clinic, number in SHOWN:
        for _, document in issued.numbered(number, clinic):
            for ending, content in files_of(document).items():
                write_private(folder / f"{number}{ending}", content)


class _Player:
    """The parts, all with one clock."""

    def __init__(self, folder: Path, state: Played, compiler: Compiler) -> None:
        self._folder, self._state, self._compiler = folder, state, compiler
        ledger, clock, out = state.ledger, self._clock, folder / "outbox"
        self._activator = Activator(ledger, clock)
        stamping = Stamping(state.versions, load_zone, __version__, tzdata_version(), InForceCache())
        self._processor = Processor(ledger, stamping, clock)
        self._practice = Practice(ledger, state.bookings, self._processor, load_zone, clock, why_unreachable)
        email: MessageAdapter = _Failing(EmailFiles(out), OUTAGE)
        sms: MessageAdapter = SmsFiles(out)
        self._dispatcher = Dispatcher(
            ledger,
            Adapters(EmbeddedInvoices(ledger, _LINK_BASE), {Channel.EMAIL: email, Channel.SMS: sms}),
            Requests(state.versions, Writer(MessageTexts()).write),
            Tools(clock, lambda: 0.5, lambda _: _Inline()),
            "demo",
        )
        self._clinic_of = {booking.id: booking.clinic for booking in BOOKINGS}
        self._events = 0

    def open_clinics(self) -> None:
        """Write the clinics' files, apply them, and let the payment side verify the clinics."""
        (self._folder / "clinics").mkdir()
        for name in CLINICS:
            content = (files(__package__) / "clinics" / f"{name}.yaml").read_bytes()
            self._file(name).write_bytes(content)
        self._activate()
        verifier = Verifier(self._state.ledger, self._clock, organisation_number)
        for name, verification in CLINICS.items():
            verifier.verify(name, verification, actor="payments")

    def steps(self) -> Iterator[tuple[datetime, Callable[[], None]]]:
        """What happens from outside, in the order of time."""
        found: list[tuple[datetime, Callable[[], None]]] = []
        for number, booking in enumerate(BOOKINGS, 1):
            record = {"type": "booked", "booking": record_of(number, booking)}
            found.append((instant(booking.booked, booking.clinic), partial(self._told, record)))
        for later in LATER:
            clinic = later.clinic if isinstance(later, Edited) else self._clinic_of[later.booking]
            found.append((instant(later.at, clinic), partial(self._do, later)))
        yield from sorted(found, key=lambda step: step[0])

    def dispatch(self, until: datetime) -> None:
        """Carry out what comes due up to then, each at its time; then it is then."""
        state, stop = self._state, Event()
        while True:
            with state.ledger.reading() as tx:
                due = {lane: at for lane in Lane if (at := tx.next_at(lane)) is not None}
            if not due or min(due.values()) > until:
                state.now = until
                return
            state.now = max(state.now, min(due.values()))
            for lane, at in due.items():
                if at <= state.now:
                    self._dispatcher.work(lane, stop)

    def _clock(self) -> datetime:
        return self._state.now

    def _file(self, clinic: str) -> Path:
        return self._folder / "clinics" / f"{clinic}.yaml"

    def _activate(self) -> None:
        # Named as from the folder of the demo, so that what is explained later names files that are there.
        found = [ClinicFile(f"clinics/{name}.yaml", self._file(name).read_bytes()) for name in CLINICS]
        self._activator.reconcile(found, self._compiler, actor="maria", revision_of=lambda _: None)

    def _do(self, later: Later) -> None:
        if isinstance(later, Edited):
            path = self._file(later.clinic)
            path.write_text(path.read_text(encoding="utf-8").replace(later.old, later.new), encoding="utf-8")
            self._activate()
        elif isinstance(later, Told):
            clinic = self._clinic_of[later.booking]
            occurred = {"occurred_at": self._clock().isoformat(), "clinic": clinic, "booking_id": later.booking}
            self._told({"type": later.type} | occurred | dict(later.content))
        else:
            self._events += 1
            asked = Asked(later.booking, later.who, f"{later.who}-{self._events}", self._clinic_of[later.booking])
            done = later.ask(self._practice, asked)
            if done.sentence is not None:
                raise StoryError(f"{later.booking} at {later.at}: {done.sentence}")

    def _told(self, content: dict[str, Any]) -> None:
        self._events += 1
        event = {"event_id": f"event-{self._events}"} | content
        with (self._folder / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")
        report = self._processor.process([Record(self._events, self._events, event)])
        if report.refused:
            raise StoryError(f"event {self._events}: {report.refused[0].faults[0].problem}")
