"""Rows for the contract suite of ledgers: right as they come, a test names only what it is about."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from tests.builders import at

from payrules.adapters.zones import load_zone
from payrules.app.facts import booking_of
from payrules.app.ports import Ledger
from payrules.app.rows import (
    ActivationRow,
    Contact,
    ContactRow,
    DecisionRow,
    EventRow,
    EventState,
    NewBooking,
    Party,
    PolicyRow,
    StoredRecord,
)
from payrules.domain.action import Action, ActionKey, ActionState
from payrules.domain.decision import ActionType, Outcome, Reason, Shift
from payrules.domain.events import EventType, OverrideProcess
from payrules.domain.money import Money
from payrules.domain.policy import Channel
from payrules.domain.record import (
    BookingRecord,
    BookingState,
    ByPerson,
    Decided,
    InvoiceFacts,
    InvoiceState,
    Stamp,
)
from payrules.domain.timeline import Activation

T0 = at("2026-11-24T08:00:00.000001Z")
"""When things begin here; the odd microsecond must not get lost."""

DIGEST = "a" * 64
OTHER_DIGEST = "b" * 64

CREATE = ActionKey(1, ActionType.CREATE_INVOICE)
ISSUE = ActionKey(1, ActionType.ISSUE_INVOICE)
SMS = ActionKey(1, ActionType.SEND_PAYMENT_LINK, Channel.SMS)
EMAIL = ActionKey(1, ActionType.SEND_PAYMENT_LINK, Channel.EMAIL)

CLIENT = Contact("Kari Eksempel", "kari@client.example", "+47 990 00 001")
PAYER = Contact("Ola Eksempel", None, "+46 70 174 0601")


def minutes(count: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)


def policy_row(digest: str = DIGEST) -> PolicyRow:
    """A policy version; a ledger does not read it."""
    return PolicyRow(digest, b'{"payrules":"1"}', "clinics/nordlys.yaml", b"payrules: 1 # \xc3\xb8\n")


def activation_row(sequence: int = 1, **changes: Any) -> ActivationRow:
    """An activation that takes effect as many hours after T0 as its number says."""
    activation = replace(Activation(sequence, DIGEST, T0 + timedelta(hours=sequence), T0), **changes)
    return ActivationRow(activation, "ci@nordlys.example", "clinics/nordlys.yaml", "0" * 40, "f" * 64)


def open_clinic(ledger: Ledger, clinic: str = "nordlys") -> int:
    """A clinic with one activation, committed; its number."""
    with ledger.writing() as tx:
        tx.add_policy(policy_row())
        clinic_no = tx.add_clinic(clinic).clinic_no
        tx.add_activation(clinic_no, activation_row())
    return clinic_no


def event_row(event_no: int, event_id: str, booking_id: str = "bk-1", **changes: Any) -> EventRow:
    """An event that was applied."""
    row = EventRow(event_no, event_id, EventType.UPDATED, booking_id, None, T0, T0, EventState.APPLIED, b"\x01" * 32)
    return row._replace(**changes)


def facts(**changes: Any) -> str:
    """What a ledger keeps as facts."""
    fields = {
        "client": {"id": "client-1", "name": True, "email": True, "phone": True, "tags": ["vip"]},
        "starts_at": "2026-12-01T10:00:00+01:00",
        "ends_at": "2026-12-01T10:50:00+01:00",
        "booked_at": "2026-11-24T09:00:00+01:00",
        "price": {"amount": "1250.00", "currency": "NOK"},
    }
    return json.dumps(fields | changes)


EVERY_FACT = facts(
    practitioner="p-1",
    session_type="therapy",
    location="online",
    first_visit=False,
    client={"id": "client-1", "timezone": "Europe/Oslo", "language": "nb", "email": True},
    payer={"kind": "guardian", "name": True, "phone": True, "timezone": "Europe/Stockholm"},
)

STAMP = Stamp(1, 1, DIGEST, "0.3.0", "2026b", T0)
DECIDED = Decided(1, Outcome.AUTOMATIC, Reason.PROCESS_AUTOMATIC, None, Money(125_000, "NOK"), (), T0)


def stored(
    clinic_no: int, booking_no: int, booking_id: str = "bk-1", told: str = "", clinic: str = "nordlys", **changes: Any
) -> StoredRecord:
    """A booking as it is kept. `told` are its facts; `changes` are the record's."""
    told = told or facts()
    booking = booking_of(told, clinic, booking_id, load_zone)
    fields = {"stamp": STAMP, "state": BookingState.SCHEDULED, "decided": DECIDED} | changes
    return StoredRecord(clinic_no, booking_no, BookingRecord(booking, **fields), told, None, None)


def new(row: StoredRecord, contacts: tuple[ContactRow, ...] = ()) -> NewBooking:
    """Everything that is written with a first booking."""
    stamp, decided = row.record.stamp, row.record.decided
    decision = DecisionRow(row.booking_no, decided.number, stamp.number, T0, row.facts, '[{"type":"create_invoice"}]')
    return NewBooking(row, decision, contacts)


def complete(clinic_no: int, booking_no: int) -> StoredRecord:
    """A booking with a value in every field there is."""
    actions = (
        Action(CREATE, T0, None, ActionState.DELIVERED, None, 1, None, False, False, "draft-1", T0 + minutes(1)),
        Action(ISSUE, T0 + minutes(5), Shift.NOT_BEFORE, ActionState.CLAIMED, T0 + minutes(9), 3, None, True, True),
        Action(SMS, T0 + minutes(5), Shift.QUIET_HOURS, ActionState.WAITING, T0 + minutes(6)),
        Action(EMAIL, T0 + minutes(5), None, ActionState.HELD, None, 2, "no_answer", False, True),
        Action(
            ActionKey(1, ActionType.SEND_REMINDER, Channel.SMS, 1),
            T0 + minutes(7),
            None,
            ActionState.DEAD,
            None,
            15,
            "quota",
            False,
            False,
            None,
            T0 + minutes(8),
        ),
        Action(ActionKey(1, ActionType.SEND_REMINDER, Channel.EMAIL, 2), T0 + minutes(8)),
        Action(
            ActionKey(1, ActionType.DELETE_DRAFT),
            T0,
            None,
            ActionState.CANCELLED,
            None,
            0,
            "paid",
            False,
            False,
            None,
            T0 + minutes(2),
        ),
        Action(ActionKey(2, ActionType.CREDIT_INVOICE), T0, None, ActionState.REJECTED, None, 1, "not_issued"),
    )
    row = stored(
        clinic_no,
        booking_no,
        told=EVERY_FACT,
        state=BookingState.STOPPED,
        decided=Decided(
            1,
            Outcome.UNDECIDED,
            Reason.MISSING_FACT,
            3,
            Money(99_900, "SEK"),
            ("price", "client.phone"),
            T0 + minutes(3),
        ),
        invoice=InvoiceFacts(
            2, InvoiceState.CREDITED, 125_000, -500, "NL-17", "https://pay.example/x", date(2026, 12, 15)
        ),
        by_person=ByPerson(
            OverrideProcess.MANUAL, "per@nordlys.example", "agreed by phone", Money(80_000, "NOK"), T0 + minutes(90)
        ),
        actions=actions,
        applied={EventType.BOOKED: T0, EventType.PAID: T0 + minutes(4)},
    )
    return row._replace(client_event=booking_no, payer_event=booking_no + 1)


def waiting(key: ActionKey, due: float, **changes: Any) -> Action:
    """An action that may be claimed so many minutes after T0."""
    return Action(key, T0 + minutes(due), next_at=T0 + minutes(due))._replace(**changes)


def add(ledger: Ledger, *rows: StoredRecord, contacts: Iterable[ContactRow] = ()) -> None:
    """Write bookings, committed; the contacts with each of them."""
    with ledger.writing() as tx:
        tx.add_bookings([new(row, tuple(contacts)) for row in rows])


def add_with_actions(ledger: Ledger, clinic_no: int, *actions: Action, booking_id: str = "bk-1") -> StoredRecord:
    """A booking with these actions, committed."""
    with ledger.writing() as tx:
        row = stored(clinic_no, tx.numbers(1)[0], booking_id, actions=actions)
        tx.add_bookings([new(row)])
    return row


def read(ledger: Ledger, row: StoredRecord) -> StoredRecord:
    """A booking as it is now."""
    number = (row.clinic_no, row.booking_no)
    with ledger.reading() as tx:
        return tx.records_by_number([number], lock=False)[number]


def told_by(event_no: int) -> tuple[ContactRow, ...]:
    """Both contacts, told by one event."""
    return ContactRow(event_no, Party.CLIENT, CLIENT), ContactRow(event_no, Party.PAYER, PAYER)
