"""The rows a batch of events is written in, and what is known of each event and booking meanwhile."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from payrules.app import event_texts
from payrules.app.decision_rows import decision_row
from payrules.app.event_intake import Arrived, read_body
from payrules.app.facts import canonical, merge_client
from payrules.app.fates import Fate, Treated
from payrules.app.in_force import InForce
from payrules.app.ports import Transaction
from payrules.app.records import Fault
from payrules.app.rows import Change, Contact, ContactRow, EventRow, EventState, NewBooking, Party, StoredRecord
from payrules.domain.decision import ActionSpec, Outcome
from payrules.domain.record import BookingRecord
from payrules.domain.timeline import Activation

# In Python 3.11 naming a member of an enum is a call; these are named for every booking.
_APPLIED = EventState.APPLIED
_PARTIES = _CLIENT, _PAYER = Party.CLIENT, Party.PAYER


class Entry:
    """A booking while a batch works on it: as it was made here, if it was, and as it is after each change."""

    __slots__ = ("changes", "contacts", "made", "now")

    def __init__(self, now: StoredRecord, made: NewBooking | None = None) -> None:
        self.now = now
        self.made = made
        self.changes: list[Change] = []
        self.contacts: dict[Party, Contact | None] = {}
        if made is not None:
            self.contacts = {row.party: row.contact for row in made.contacts}

    def contact(self, tx: Transaction, party: Party) -> Contact | None:
        """How somebody was reached until now."""
        event_no = self.now.client_event if party is Party.CLIENT else self.now.payer_event
        if party not in self.contacts and event_no is not None and self.made is None:
            key = (self.now.clinic_no, event_no)
            self.contacts[party] = tx.contacts([key]).get((*key, party))
        return self.contacts.get(party)

    def forget(self, event_no: int, party: Party) -> None:
        """Do not write what was to be written of a contact: it is told anew."""

        def kept(rows: tuple[ContactRow, ...]) -> tuple[ContactRow, ...]:
            return tuple(row for row in rows if (row.event_no, row.party) != (event_no, party))

        if self.made is not None:
            self.made = self.made._replace(contacts=kept(self.made.contacts))
        self.changes = [change._replace(contacts=kept(change.contacts)) for change in self.changes]


class Item:
    """An event while a batch works on it; `row` is how it stands in the ledger now, None where it does not.

    `fate` is None until it is settled; `activation` is what is in force for the booking of a `booked` event. `woken_by`
    is the number of the event that made the booking it had waited for.
    """

    __slots__ = (
        "_booking_no",
        "_faults",
        "_notes",
        "_outcome",
        "_reason",
        "_state",
        "activation",
        "clinic",
        "event",
        "event_no",
        "fate",
        "fault",
        "former",
        "key",
        "row",
        "woken_by",
    )  # fmt: skip

    def __init__(self, event: Arrived, clinic: InForce) -> None:
        self.event = event
        self.clinic = clinic
        self.activation: Activation | None = None
        self.key = (clinic.clinic_no, event.booking_id)
        self.former = (clinic.clinic_no, event.replaces or "")
        self.event_no = 0
        self.row: EventRow | None = None
        self.fault: Fault | None = None
        self.fate: Fate | None = None
        self.woken_by: int | None = None
        self._state = _APPLIED
        self._booking_no: int | None = None
        self._outcome: Outcome | None = None
        self._reason: str | None = None
        self._faults: tuple[Fault, ...] = ()
        self._notes: tuple[str, ...] = ()

    @classmethod
    def woken(cls, row: EventRow, booked: "Item", contacts: Mapping[tuple[int, int, Party], Contact]) -> "Item":
        """An event that waited in the ledger until it was `booked`, with what it told about people."""
        body = read_body(row.body)
        facts = body.get("facts", {})
        client, payer = (
            None
            if facts.get(party.name.lower()) is None
            else contacts.get((booked.clinic.clinic_no, row.event_no, party), Contact())
            for party in Party
        )
        event = Arrived(
            0, 0, row.type, row.event_id, "", row.booking_id, row.occurred_at, row.fingerprint, body, (client, payer)
        )
        item = cls(event, booked.clinic)
        item.event_no, item.row, item.woken_by = row.event_no, row, booked.event_no
        return item

    def settle(
        self,
        fate: Fate,
        state: EventState,
        booking_no: int | None = None,
        *,
        outcome: Outcome | None = None,
        reason: str | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        """Say what became of it."""
        self.fate, self._state, self._booking_no = fate, state, booking_no
        self._outcome, self._reason, self._notes = outcome, reason, notes

    def refuse(self, fault: Fault, booking_no: int | None = None, reason: str | None = None) -> None:
        """Refuse it. `reason` is what the ledger keeps, without one the fault."""
        said = f"{fault.field}: {fault.problem}" if fault.field else fault.problem
        self.settle(Fate.REFUSED, EventState.REFUSED, booking_no, reason=reason or said)
        self._faults = (fault,)

    def repeat(self, fingerprint: bytes) -> None:
        """Its id is known: with the same content it was told before, with another it is refused."""
        if fingerprint == self.event.fingerprint:
            self.settle(Fate.REPEATED, EventState.APPLIED)
        else:
            self.refuse(event_texts.other_content("event_id"))

    def treated(self) -> Treated:
        """What became of it. An event that no step settled is a bug."""
        if self.fate is None:
            raise ValueError("an event was not settled")
        return Treated(self.event, self.fate, self._outcome, self._reason, self._faults, self._notes)

    def final_row(self) -> EventRow | None:
        """The row as it has to be, None where it is so."""
        row = self.row
        if row is None or (
            row.state is self._state and row.booking_no == self._booking_no and row.reason == self._reason
        ):
            return None
        return row._replace(state=self._state, booking_no=self._booking_no, reason=self._reason)


class Told(NamedTuple):
    """Under which events the contacts of a booking are kept, and those that have to be written."""

    client_event: int | None
    payer_event: int | None
    rows: tuple[ContactRow, ...]


def event_row(item: Item, received_at: datetime, booking_no: int | None) -> EventRow:
    """The row of an event, as if it were applied."""
    event = item.event
    return EventRow(
        item.event_no,
        event.event_id,
        event.type,
        event.booking_id,
        booking_no,
        event.occurred_at,
        received_at,
        _APPLIED,
        event.fingerprint,
        None if event.booking is not None else canonical(event.body),
    )


def contact_rows(item: Item) -> tuple[ContactRow, ...]:
    """What an event tells about how people are reached."""
    told = zip(_PARTIES, item.event.contacts, strict=True)
    return tuple([ContactRow(item.event_no, party, who) for party, who in told if who is not None and any(who)])


def new_booking(item: Item, record: BookingRecord, actions: Sequence[ActionSpec], now: datetime) -> NewBooking:
    """Everything that is written for a booking; its number is that of its event."""
    number, facts, rows = item.event_no, item.event.facts, contact_rows(item)
    parties = [row.party for row in rows]
    stored = StoredRecord(
        item.clinic.clinic_no,
        number,
        record,
        facts,
        number if _CLIENT in parties else None,
        number if _PAYER in parties else None,
    )
    return NewBooking(stored, decision_row(number, record, actions, facts, now), rows)


def contacts_after(tx: Transaction, entry: Entry, item: Item) -> Told:
    """The contacts of a booking after an event that was applied to it.

    Those that a waiting event had told are kept anew under the event that woke it, since they may be joined with
    what that one told.
    """
    event, before = item.event, entry.now
    number = item.event_no if item.woken_by is None else item.woken_by
    events = {Party.CLIENT: before.client_event, Party.PAYER: before.payer_event}
    told = dict(zip(Party, event.contacts, strict=True))
    if event.booking is None:
        change = event.body.get("facts", {})
        told = {party: contact for party, contact in told.items() if party.name.lower() in change}
        client = told.get(Party.CLIENT)
        if client is not None:
            told[Party.CLIENT] = merge_client(before.facts, change, entry.contact(tx, Party.CLIENT), client)
    rows = []
    for party, contact in told.items():
        entry.contacts[party] = contact
        is_known = contact is not None and any(contact)
        events[party] = number if is_known else None
        entry.forget(number, party)
        if contact is not None and is_known:
            rows.append(ContactRow(number, party, contact))
    return Told(events[Party.CLIENT], events[Party.PAYER], tuple(rows))
