"""Invoices by the real adapters: in a store, and as files beside it, with deaths at each commit and each file."""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from sqlalchemy import select
from tests.simulation.faults import Crash, PowerCut, Stage
from tests.simulation.providers import Scene

from payrules.adapters.invoices.embedded import EmbeddedInvoices, Kind
from payrules.adapters.invoices.embedded import Invoice as Row
from payrules.adapters.invoices.embedded import Status as State
from payrules.adapters.invoices.files import InvoiceFiles, invoice_object, write_private
from payrules.adapters.memory.invoices import Invoice, Status
from payrules.adapters.store import SqlLedger
from payrules.adapters.store.session import Session
from payrules.adapters.store.tables import INVOICE_ANSWERS, INVOICE_COUNTERS
from payrules.app.ports import InvoiceAdapter, InvoiceRequest, LedgerError
from payrules.domain.action import Answer, Delivered

FAULTS = ("store away", "store away after commit", "slow")
FILE_FAULTS = ("disk full",)
_LINKS = "https://pay.example/"
_STATUSES = {
    State.DRAFTED: Status.DRAFT,
    State.DELETED: Status.DELETED,
    State.ISSUED: Status.ISSUED,
    State.CREDITED: Status.CREDITED,
}

Place = tuple[int, int, int, Kind]


class Played(Scene, Stage, Protocol):
    """What books need of the simulated world."""


class WatchedStore:
    """As much of a store as the adapters use, stopping at every begin and every commit."""

    def __init__(self, inner: SqlLedger, world: Played, committed: Callable[[], None], faults: list[str]) -> None:
        self.inner = inner
        self._world = world
        self._committed = committed
        self._faults = faults

    @contextmanager
    def writing_session(self) -> Iterator[Session]:
        """A transaction in which nobody else can be, and after which one may die without a word of it."""
        self._world.point("invoice begin")
        fault = self._faults[-1]
        if fault == "store away":
            raise LedgerError("the store is away, as simulated")
        with self.inner.writing_session() as session:
            yield session
            self._world.may_die("invoice before commit")
        self._committed()
        self._world.point("invoice after commit")
        if fault == "store away after commit":
            raise LedgerError("the store is away, as simulated")

    def reading_session(self) -> AbstractContextManager[Session]:
        """As it is."""
        return self.inner.reading_session()


class Seen(NamedTuple):
    """What the store had after the last commit."""

    rows: list[Row]
    answers: dict[str, str]


class Embedded:
    """The embedded adapter. An effect is whatever changes in its tables, answers to keys included."""

    faults: tuple[str, ...] = FAULTS

    def __init__(self, world: Played) -> None:
        self.name = "invoices"
        self.down: tuple[datetime, datetime] | None = None
        self._world = world
        self._asked: list[InvoiceRequest] = []
        self._faults: list[str] = []
        self._seen = Seen([], {})
        self._issued: dict[Place, Row] = {}

    def open(self, store: SqlLedger | None) -> None:
        """Begin anew on what is durable."""
        assert store is not None
        self._store = store
        watched = WatchedStore(store, self._world, self._committed, self._faults)
        self._adapter = self._make(cast(SqlLedger, watched))
        self.limits = self._adapter.limits

    def carry_out(self, request: InvoiceRequest) -> Answer:
        """One request, by the adapter."""
        world = self._world
        world.called(request)
        fault = world.draw_fault(self.faults, 3)
        world.point("before effect")
        if self.down is not None and self.down[0] <= world.now < self.down[1]:
            fault = "store away"
        if fault == "slow":
            world.pass_time(past_lease=True)
        self._asked.append(request)
        self._faults.append(fault)
        try:
            answer = self._adapter.carry_out(request)
        finally:
            self._asked.pop()
            self._faults.pop()
        world.pass_time()
        world.point("after effect")
        return answer

    def of_clinic(self, clinic: str, clinic_no: int) -> list[Invoice]:
        """All invoices of a clinic, each with its credit note, named by the number of its booking."""
        rows = [row for row in self._seen.rows if row.clinic_no == clinic_no]
        notes = {(row.booking_no, row.ordinal): row for row in rows if row.kind is Kind.CREDIT_NOTE}
        return [
            _shown(clinic, row, notes.get((row.booking_no, row.ordinal))) for row in rows if row.kind is Kind.INVOICE
        ]

    def check(self, doubtful: Collection[tuple[int, int]]) -> None:
        """At rest: the counter says how many numbers were given."""
        with self._store.reading_session() as session:
            last = {row.clinic_no: row.last_number for row in session.rows(select(INVOICE_COUNTERS))}
        for clinic_no, number in last.items():
            given = [row.number for row in self._seen.rows if row.clinic_no == clinic_no and row.number is not None]
            if number != len(given):
                self._world.wrong(f"the counter of clinic {clinic_no} is at {number}, and {given} were given")

    def _make(self, store: SqlLedger) -> InvoiceAdapter:
        return EmbeddedInvoices(store, _LINKS, lambda: f"token-{len(self._issued) + 1}-{'x' * 32}")

    def _committed(self) -> None:
        world, request, before = self._world, self._asked[-1], self._seen
        with self._store.reading_session() as session:
            answers = dict(tuple(row) for row in session.rows(select(INVOICE_ANSWERS.c.key, INVOICE_ANSWERS.c.receipt)))
            clinics = [row.clinic_no for row in session.rows(select(INVOICE_COUNTERS.c.clinic_no))]
        reading = EmbeddedInvoices(self._store)
        self._seen = Seen([row for clinic_no in clinics for row in reading.invoices(clinic_no)], answers)
        if self._seen != before:
            world.happened(request, Delivered(answers.get(request.key, "?")))
        for key in before.answers.keys() - answers.keys():
            world.wrong(f"the answer to {key} is forgotten")
        self._check_issued()

    def _check_issued(self) -> None:
        """What was issued does not change any more, but for being credited."""
        now = {(row.clinic_no, row.booking_no, row.ordinal, row.kind): row for row in self._seen.rows}
        for place, row in self._issued.items():
            if place not in now or now[place]._replace(status=row.status) != row:
                self._world.wrong(f"invoice {row.number_text} is changed from {row} to {now.get(place)}")
        self._issued |= {place: row for place, row in now.items() if row.number is not None}


class Files(Embedded):
    """The same with files for each invoice, in a folder of their own."""

    faults = (*FAULTS, *FILE_FAULTS)

    def __init__(self, world: Played, folder: Path) -> None:
        super().__init__(world)
        self._folder = folder
        # What was answered has its files. They keep their name when the booking gets another id.
        self._stems: dict[tuple[int, int, int], Path] = {}

    def check(self, doubtful: Collection[tuple[int, int]]) -> None:
        """The same, and that there are whole files of everything that was done, which say what the store says.

        Of `doubtful` bookings a person has something to see to: what is done of these may have no files.
        """
        super().check(doubtful)
        for (clinic_no, booking_no, ordinal), stem in self._stems.items():
            if (clinic_no, booking_no) in doubtful:
                continue
            rows = [row for row in self._seen.rows if row[:3] == (clinic_no, booking_no, ordinal)]
            told = json.loads(_file(stem, ".json").read_bytes())["documents"]
            if told != [invoice_object(row) for row in rows]:
                self._world.wrong(f"{stem.name}.json says {told}, and the store has {rows}")
            for row in rows:
                ending = "-credit" * (row.kind is Kind.CREDIT_NOTE)
                if row.number is not None and not _is_whole(stem, ending):
                    self._world.wrong(f"{stem.name}{ending} is not there, or not whole")

    def carry_out(self, request: InvoiceRequest) -> Answer:
        """The same; what was answered has a file."""
        answer = super().carry_out(request)
        if isinstance(answer, Delivered):
            place = (request.clinic_no, request.booking_no, request.ordinal)
            first_id = request.key.split("/")[1]
            stem = self._folder / "invoices" / request.clinic / f"{first_id}-{request.ordinal}"
            if self._stems.setdefault(place, stem) != stem:
                self._world.wrong(f"the files of booking {request.booking_no} are called by another id")
        return answer

    def _make(self, store: SqlLedger) -> InvoiceAdapter:
        return InvoiceFiles(store, self._folder, _LINKS, self._write)

    def _write(self, path: Path, content: bytes) -> None:
        self._world.point("before file")
        if self._faults[-1] == "disk full":
            raise OSError("the disk is full, as simulated")
        try:
            self._world.may_die("in mid-file")
        except (Crash, PowerCut):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f".{path.name}.1.1.part").write_bytes(content[: len(content) // 2])
            raise
        write_private(path, content)
        self._world.point("after file")


def _file(stem: Path, ending: str) -> Path:
    return stem.with_name(stem.name + ending)


def _is_whole(stem: Path, ending: str) -> bool:
    pdf, html = _file(stem, f"{ending}.pdf"), _file(stem, f"{ending}.html")
    if not (pdf.exists() and html.exists()):
        return False
    written = pdf.read_bytes()
    return written[:4] == b"%PDF" and written[-6:] == b"%%EOF\n" and html.read_bytes().endswith(b"</html>\n")


def _shown(clinic: str, row: Row, note: Row | None) -> Invoice:
    return Invoice(
        clinic,
        str(row.booking_no),
        row.ordinal,
        _STATUSES[row.status],
        row.total,
        row.currency,
        row.vat,
        row.number_text,
        row.issued_on,
        row.due_on,
        None if note is None else note.number_text,
        None if note is None else note.issued_on,
    )
