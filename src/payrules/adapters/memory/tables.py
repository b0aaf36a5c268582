"""The tables of a ledger in memory, and how a transaction reads and writes them.

A writer changes the tables in place and logs what was there before, so that it can be undone. A reader keeps what
was there before from when it began: it looks into the table first and lets the kept row win, so that it sees one
state of everything whatever is written meanwhile.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from datetime import datetime
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

from payrules.app.ports import ConflictError, LedgerError
from payrules.app.rows import (
    ActivationRow,
    AttemptRow,
    ClinicRow,
    Contact,
    DecisionRow,
    DeedRow,
    EventRow,
    FileRow,
    HoldRow,
    Lane,
    Party,
    PolicyRow,
    StoredRecord,
    VerificationRow,
    lane_of,
)
from payrules.domain.action import Action, ActionKey
from payrules.domain.decision import ActionType
from payrules.domain.policy import Channel
from payrules.domain.record import Decided, Stamp

K = TypeVar("K")
V = TypeVar("V")
N = TypeVar("N", bound="Numbered")

BookingNo = tuple[int, int]
"""clinic_no and booking_no."""

Due = tuple[datetime, int, int, tuple[int, int, int, int], ActionKey]
"""An action of the outbox: next_at, clinic_no, booking_no, its place in its booking, and its key."""

Place = tuple[int, datetime, int]
"""Where a booking stands in lists: clinic_no, booked_at and booking_no."""

_TYPES = {kind: number for number, kind in enumerate(ActionType)}
_CHANNELS: dict[Channel | None, int] = {None: 0} | {channel: number for number, channel in enumerate(Channel, 1)}


def place(key: ActionKey) -> tuple[int, int, int, int]:
    """Where an action stands among those of its booking."""
    return key.ordinal, _TYPES[key.type], _CHANNELS[key.channel], key.occurrence


def place_of(stored: StoredRecord) -> Place:
    """Where a booking stands among all. What it is by never changes."""
    return stored.clinic_no, stored.record.booking.booked_at, stored.booking_no


class Numbered(Protocol):
    """A row that is numbered under its key."""

    @property
    def number(self) -> int: ...


class Table(Generic[K, V]):
    """Rows by key. A row is a value: what changes is replaced."""

    __slots__ = ("rows",)
    rows: dict[K, V]

    def __init__(self) -> None:
        self.rows = {}

    def set(self, key: K, row: V | None) -> None:
        """Write a row, or take it away with None."""
        if row is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = row


class RecordTable(Table[BookingNo, StoredRecord]):
    """Bookings, with their places in order and the outbox: for each lane the actions with a `next_at`, in order."""

    __slots__ = ("lanes", "order")

    def __init__(self) -> None:
        super().__init__()
        self.order: list[Place] = []
        self.lanes: dict[Lane, list[Due]] = {lane: [] for lane in Lane}

    def set(self, key: BookingNo, row: StoredRecord | None) -> None:
        """Write a booking, its place in the order and its actions in the outbox."""
        old = self.rows.get(key)
        super().set(key, row)
        if old is None and row is not None:
            insort(self.order, place_of(row))
        elif old is not None and row is None:
            del self.order[bisect_left(self.order, place_of(old))]
        before = () if old is None else old.record.actions
        after = () if row is None else row.record.actions
        for action in before:
            if action.next_at is not None and action not in after:
                lane, due = self._due(key, action, action.next_at)
                del lane[bisect_left(lane, due)]
        for action in after:
            if action.next_at is not None and action not in before:
                insort(*self._due(key, action, action.next_at))

    def _due(self, key: BookingNo, action: Action, next_at: datetime) -> tuple[list[Due], Due]:
        return self.lanes[lane_of(action.key)], (next_at, *key, place(action.key), action.key)


Kept = dict[tuple[Table[Any, Any], Any], Any]
"""Rows as a reader sees them, by table and key, where they are not as in the table; None where there was none."""


class Tables:
    """Everything a ledger in memory keeps."""

    def __init__(self) -> None:
        self.clinics = Table[int, ClinicRow]()
        self.clinic_nos = Table[str, int]()
        self.timelines = Table[int, tuple[ActivationRow, ...]]()
        self.verifications = Table[int, tuple[VerificationRow, ...]]()
        self.holds = Table[int, tuple[HoldRow, ...]]()
        self.latest_booked_at = Table[int, datetime]()
        self.policies = Table[str, PolicyRow]()
        self.files = Table[str, FileRow]()
        self.events = Table[tuple[int, str], EventRow]()
        self.event_ids = Table[tuple[int, str], tuple[str, ...]]()
        self.booking_nos = Table[tuple[int, str], int]()
        self.records = RecordTable()
        self.stamps = Table[BookingNo, tuple[Stamp, ...]]()
        self.decisions = Table[BookingNo, tuple[DecisionRow, ...]]()
        self.decided = Table[BookingNo, tuple[Decided, ...]]()
        self.attempts = Table[BookingNo, tuple[AttemptRow, ...]]()
        self.deeds = Table[BookingNo, tuple[DeedRow, ...]]()
        self.contacts = Table[tuple[int, int, Party], Contact]()
        self.next_number = 1
        # One lock for what a writer, an opening reader and an ending writer do at one moment.
        self.moment = Lock()
        self.log: list[tuple[Table[Any, Any], Any, Any]] = []
        self.readers: list[Kept] = []

    def undo(self) -> None:
        """Take back everything the writer wrote."""
        with self.moment:
            for table, key, row in reversed(self.log):
                table.set(key, row)
            self.log.clear()

    def keep(self) -> None:
        """Make everything the writer wrote visible to whoever begins to read from now on."""
        with self.moment:
            self.log.clear()

    def begin_reading(self) -> Kept:
        """Rows that win over those in the tables, for a reader that begins now; kept up to date until it ends."""
        with self.moment:
            kept = {(table, key): row for table, key, row in reversed(self.log)}
            self.readers.append(kept)
        return kept

    def end_reading(self, kept: Kept) -> None:
        """Whoever read is done."""
        with self.moment:
            self.readers = [reader for reader in self.readers if reader is not kept]


class Rows:
    """What all parts of a transaction read and write through."""

    __slots__ = ("_kept", "_writes", "failure", "t")

    def __init__(self, tables: Tables, kept: Kept | None) -> None:
        self.t = tables
        self._kept = {} if kept is None else kept
        self._writes = kept is None
        self.failure: LedgerError | None = None

    def end(self) -> None:
        """Nothing is written after the end."""
        self._writes = False

    def failed(self, error: LedgerError) -> LedgerError:
        """The error, for raising. After it nothing can be committed, whoever catches it."""
        self.failure = error
        return error

    def get(self, table: Table[K, V], key: K) -> V | None:
        """The row of a key as this transaction sees it."""
        row = table.rows.get(key)
        if self._kept:
            # In this order: a writer keeps the former row before it writes the new one.
            row = self._kept.get((table, key), row)
        return row

    def found(self, table: Table[K, V], keys: Iterable[K]) -> dict[K, V]:
        """The rows that there are, by key."""
        get = self.get
        return {key: row for key in keys if (row := get(table, key)) is not None}

    def listed(self, table: Table[K, tuple[V, ...]], key: K) -> list[V]:
        """The rows of a key that has several, or none."""
        rows = self.get(table, key)
        return [] if rows is None else list(rows)

    def all(self, table: Table[K, V]) -> dict[K, V]:
        """All rows, as this transaction sees them."""
        rows = dict(table.rows)
        # A copy: a writer in another thread may be adding to what is kept.
        for (where, key), row in list(self._kept.items()):
            if where is table:
                if row is None:
                    rows.pop(key, None)
                else:
                    rows[key] = row
        return rows

    def put(self, table: Table[K, V], key: K, row: V | None) -> None:
        """Write a row, or take it away with None; raises LedgerError where this transaction only reads, or is over."""
        if not self._writes:
            raise LedgerError("this transaction does not write")
        tables = self.t
        with tables.moment:
            old = table.rows.get(key)
            tables.log.append((table, key, old))
            for kept in tables.readers:
                kept.setdefault((table, key), old)
            table.set(key, row)

    def add_numbered(self, table: Table[K, tuple[N, ...]], key: K, row: N) -> None:
        """Write one more row under a key, in its place; raises ConflictError where its number is there."""
        known = self.listed(table, key)
        if any(other.number == row.number for other in known):
            raise self.failed(ConflictError(f"{type(row).__name__} {row.number} is there already"))
        self.put(table, key, tuple(sorted((*known, row), key=_number)))


def _number(row: Numbered) -> int:
    return row.number
