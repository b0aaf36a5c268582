"""The ledger and the adapters as the use cases see them.

A ledger only keeps and finds rows, locks what is asked for, and holds the constraints: one activation a clinic and
instant, write-once stamps, unique event ids, booking ids and action keys. What rows mean is decided in the
domain.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from payrules.app.rows import (
    ActivationRow,
    AttemptRow,
    Change,
    Claimed,
    ClinicRow,
    Contact,
    ContactRow,
    DecisionRow,
    DeedRow,
    EventRow,
    FileRow,
    HoldRow,
    Lane,
    NewBooking,
    Party,
    Past,
    PolicyRow,
    StoredRecord,
    VerificationRow,
)
from payrules.domain.action import Action, Answer
from payrules.domain.decision import ActionType
from payrules.domain.errors import PayrulesError
from payrules.domain.policy import Channel, Policy
from payrules.domain.record import BookingState, Stamp
from payrules.domain.timeline import ActivationState


class LedgerError(PayrulesError):
    """The ledger cannot be used: no connection, a full disk, a store of another version."""


class ConflictError(LedgerError):
    """Somebody else changed the same rows, or wrote the same key first. The transaction may be tried again."""


class Lock(StrEnum):
    """How clinics are locked until the transaction ends: stamping shares, activation excludes."""

    NONE = "none"
    SHARE = "share"
    EXCLUSIVE = "exclusive"


class Transaction(Protocol):
    """One transaction. Every method may raise LedgerError, and ConflictError where another transaction won."""

    # clinics and timelines

    def clinics(self, names: Iterable[str], lock: Lock = Lock.NONE) -> dict[str, ClinicRow]:
        """The clinics that are known, by name, locked in the order of their numbers."""

    def all_clinics(self) -> list[ClinicRow]: ...

    def add_clinic(self, clinic: str) -> ClinicRow:
        """A clinic seen for the first time, locked exclusively; the known one where somebody was quicker."""

    def add_clinics(self, clinics: Iterable[str]) -> dict[str, ClinicRow]:
        """The same for many at once, by name."""

    def timelines(self, clinic_nos: Iterable[int]) -> dict[int, list[ActivationRow]]:
        """The activations of clinics, in sequence."""

    def add_activation(self, clinic_no: int, row: ActivationRow) -> None:
        """Raises the clinic's version, as the next three do."""

    def add_activations(self, rows: Sequence[tuple[int, ActivationRow]]) -> None:
        """The same for many at once, each with its clinic_no."""

    def change_activation(
        self, clinic_no: int, sequence: int, state: ActivationState, effective_at: datetime | None
    ) -> None: ...

    def add_verification(self, clinic_no: int, row: VerificationRow) -> None: ...

    def verifications(self, clinic_nos: Iterable[int]) -> dict[int, list[VerificationRow]]: ...

    def add_hold(self, clinic_no: int, row: HoldRow) -> None: ...

    def release_hold(
        self, clinic_no: int, number: int, released_at: datetime, released_by: str, reason: str
    ) -> None: ...

    def holds(self, clinic_nos: Iterable[int]) -> dict[int, list[HoldRow]]: ...

    def latest_booked_at(self, clinic_no: int) -> datetime | None:
        """The latest `booked_at` stamped for the clinic."""

    def policies(self, digests: Iterable[str]) -> dict[str, PolicyRow]: ...

    def add_policy(self, row: PolicyRow) -> None:
        """Nothing happens where the digest is known."""

    def add_policies(self, rows: Iterable[PolicyRow]) -> None:
        """The same for many at once."""

    def files(self) -> dict[str, FileRow]: ...

    def put_files(self, rows: Iterable[FileRow]) -> None: ...

    def drop_files(self, paths: Iterable[str]) -> None: ...

    # events and bookings

    def numbers(self, count: int) -> range:
        """Numbers nobody else gets, for events; a booking has the number of its first event."""

    def add_events(self, rows: Sequence[tuple[int, EventRow]]) -> set[tuple[int, str]]:
        """Write (clinic_no, event) rows whose ids are new, and say which: by clinic_no and event id."""

    def events(self, ids: Iterable[tuple[int, str]]) -> dict[tuple[int, str], EventRow]: ...

    def events_of(self, clinic_no: int, booking_id: str) -> list[EventRow]:
        """All events of a booking id, in the order they came; also those that came before the booking."""

    def early_events(self, bookings: Iterable[tuple[int, str]]) -> dict[tuple[int, str], list[EventRow]]:
        """Events that wait for their booking, by clinic_no and booking id, oldest `occurred_at` first."""

    def change_events(self, rows: Sequence[tuple[int, EventRow]]) -> None:
        """Write state, reason and booking_no of events anew."""

    def add_bookings(self, rows: Sequence[NewBooking]) -> None:
        """Raises ConflictError where a booking id is known."""

    def records(self, bookings: Iterable[tuple[int, str]], *, lock: bool) -> dict[tuple[int, str], StoredRecord]:
        """Bookings by clinic_no and booking id, with all their actions; with `lock`, until the transaction ends.

        An id that was replaced finds the booking that replaced it.
        """

    def records_by_number(
        self, bookings: Iterable[tuple[int, int]], *, lock: bool
    ) -> dict[tuple[int, int], StoredRecord]:
        """The same by clinic_no and booking_no."""

    def save(self, changes: Sequence[Change]) -> None:
        """Raises ConflictError where an action is no longer as `before` has it."""

    def replace_booking_id(self, clinic_no: int, booking_no: int, booking_id: str) -> None:
        """The booking is known by another id from now on, and found by the old one too."""

    def contacts(self, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int, Party], Contact]:
        """Contacts by clinic_no, event_no and party; erased ones are absent."""

    def add_contacts(self, rows: Sequence[tuple[int, ContactRow]]) -> None: ...

    def decisions_of(self, clinic_no: int, booking_no: int) -> list[DecisionRow]: ...

    def stamps_of(self, clinic_no: int, booking_no: int) -> list[Stamp]:
        """All stamps of a booking, the first one first."""

    def past(self, bookings: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Past]:
        """All stamps and decisions of bookings, by clinic_no and booking_no: for `audit`."""

    def booking_numbers(
        self,
        clinic_no: int | None = None,
        states: Iterable[BookingState] = (),
        after: tuple[int, int] = (0, 0),
        limit: int = 1000,
    ) -> list[tuple[int, int]]:
        """Pages of (clinic_no, booking_no), after one of them: clinic by clinic, each booking as it was booked."""

    def overpaid(
        self, clinic_no: int | None = None, after: tuple[int, int] = (0, 0), limit: int = 1000
    ) -> list[tuple[int, int]]:
        """The same of bookings for which more came in than an invoice that holds asks for: some owe a refund."""

    # dispatch

    def claim(self, lane: Lane, now: datetime, lease_until: datetime, worker: str, limit: int) -> list[Claimed]:
        """Take actions whose `next_at` has come, earliest first; nobody else gets them before the lease ends."""

    def next_at(self, lane: Lane) -> datetime | None:
        """When the next action of a lane wants attention."""

    def add_attempts(self, rows: Sequence[AttemptRow]) -> None: ...

    def attempts_of(self, clinic_no: int, booking_no: int) -> list[AttemptRow]: ...

    def add_deed(self, clinic_no: int, booking_no: int, row: DeedRow) -> None: ...

    def deeds_of(self, clinic_no: int, booking_no: int) -> list[DeedRow]:
        """What persons did about the actions of a booking, in the order of the rows' numbers."""

    def actions_in(self, state: str, clinic_no: int | None = None, limit: int = 1000) -> list[tuple[int, int, Action]]:
        """Held or dead actions with their clinic_no and booking_no, oldest due first."""

    def open_bookings(self, clinic_no: int, sequence: int | None = None) -> list[int]:
        """booking_no of the clinic's bookings with open actions; of one activation where `sequence` is given."""


class Ledger(Protocol):
    """Opens transactions. A transaction that ends without an exception is committed, durably."""

    def writing(self) -> AbstractContextManager[Transaction]: ...

    def reading(self) -> AbstractContextManager[Transaction]:
        """A transaction that sees one state of everything and writes nothing."""

    def may_start(self, claimed: Claimed) -> bool:
        """Whether a claim still stands and nothing stops its action: asked directly before the adapter's call.

        Reads what is committed, by itself. False where the attempt is another's by now, or the action is stopping.
        """

    def close(self) -> None: ...


# ---- adapters


@dataclass(frozen=True, slots=True)
class Limits:
    """How an adapter may be used: calls at once, calls a second (None: any number), and for how many seconds its
    provider honours an idempotency key (0: not at all). `timeout` is the longest a call may take, in seconds.
    """

    concurrency: int = 4
    per_second: float | None = None
    key_honoured_for: float = 0.0
    timeout: float = 30.0


class InvoiceRequest(NamedTuple):
    """What a provider of invoices is asked: the action's type says what. Amounts are in minor units.

    `key` is the idempotency key. `terms` are settings of the stamp as JSON-like values: due_in days, vat_rate,
    number_prefix; `now` is the instant of the call. What the document says: the clinic's name, its language and its
    country (ISO 3166), the name of the session type, None where there is none, and when the appointment starts.
    `payer_contact` is where the ledger keeps the payer's contacts: the event that told them, and whose they are.
    """

    key: str
    type: ActionType
    clinic_no: int
    booking_no: int
    clinic: str
    booking_id: str
    ordinal: int
    total: int | None
    currency: str
    due_in_days: int
    vat_rate: str
    number_prefix: str
    timezone: str
    now: datetime
    payer_name: str | None = None
    clinic_name: str = ""
    language: str = "en"
    country: str = ""
    session_name: str | None = None
    starts_at: datetime | None = None
    payer_contact: tuple[int, Party] | None = None


class MessageRequest(NamedTuple):
    """A message to the payer. `to` is a phone number or an email address, for the adapter alone.

    `amount` is what is left to pay, in minor units; `now` is the instant of the call. `link` is the payment link of
    the invoice and `due_on` the day it is due, as its provider told them; None where it did not. `country` is the
    clinic's, `reply_to` its own address. `subject` and `html` are an email's alone;
    these and `text` are empty until `Texts` has filled them in.
    """

    key: str
    type: ActionType
    channel: Channel
    clinic: str
    clinic_name: str
    booking_id: str
    ordinal: int
    occurrence: int
    to: str
    name: str | None
    language: str
    timezone: str
    amount: int
    currency: str
    invoice_number: str | None
    starts_at: datetime
    now: datetime
    link: str | None = None
    subject: str = ""
    text: str = ""
    html: str = ""
    due_on: date | None = None
    country: str = ""
    reply_to: str = ""


class Texts(Protocol):
    """Says what messages say."""

    def render(self, policy: Policy, message: MessageRequest) -> MessageRequest:
        """The message with `text`, and for an email `subject` and `html`, under the policy it was stamped with."""


class InvoiceAdapter(Protocol):
    """Carries out `create_invoice`, `update_draft`, `delete_draft`, `issue_invoice` and `credit_invoice`."""

    name: str
    limits: Limits

    def carry_out(self, request: InvoiceRequest) -> Answer:
        """Do it once for a key. What it raises counts as no answer."""


class MessageAdapter(Protocol):
    """Sends messages of one channel."""

    name: str
    limits: Limits

    def send(self, message: MessageRequest) -> Answer:
        """Send it once for a key. What it raises counts as no answer."""


class Adapters(NamedTuple):
    """The adapters of a process: one for invoices, one a channel."""

    invoices: InvoiceAdapter
    messages: Mapping[Channel, MessageAdapter]
