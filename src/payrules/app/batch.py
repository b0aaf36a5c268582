"""One batch of events in one transaction: known or new, stamped, decided, applied, written.

Everything is read first and written last. Rows are locked in one order by all: clinics, then bookings.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from payrules.app import event_texts, fault_texts
from payrules.app.batch_rows import Entry, Item, contact_rows, contacts_after, event_row, new_booking
from payrules.app.decision_rows import decision_row
from payrules.app.event_intake import Arrived, content_of
from payrules.app.facts import booking_of, merge, with_persons_of
from payrules.app.fates import Fate, Treated
from payrules.app.in_force import InForceCache
from payrules.app.intake import Zones
from payrules.app.ports import ConflictError, Lock, Transaction
from payrules.app.records import Fault
from payrules.app.rows import Change, ContactRow, EventRow, EventState
from payrules.app.versions import Versions
from payrules.domain.booking import Booking
from payrules.domain.decision import Uncovered, decide
from payrules.domain.events import Booked, Event, EventType, Updated
from payrules.domain.lifecycle import advance, begin, hold_open
from payrules.domain.policy import Policy
from payrules.domain.record import Stamp

AHEAD = timedelta(minutes=5)
"""How far ahead of ours a booking system's clock may be."""

_Key = tuple[int, str]
_OTHER_ID = "the booking has another id now"
_BOOKED, _APPLIED = EventType.BOOKED, EventState.APPLIED


@dataclass(frozen=True, slots=True)
class Tools:
    """What stamping and deciding need. `engine` and `tzdata` are the versions that a stamp names."""

    versions: Versions
    zones: Zones
    engine: str
    tzdata: str
    in_force: InForceCache


class EarlyError(Exception):
    """Events came before their bookings, so that whoever makes those bookings must be kept out meanwhile."""


class Batch:
    """What one transaction does with a batch of events. `now` is when they were received.

    With `alone` the clinics are locked exclusively: only then may events be kept for bookings that are unknown,
    since another transaction could be making them. Raises EarlyError where that is needed.
    """

    def __init__(self, tx: Transaction, tools: Tools, now: datetime, *, alone: bool) -> None:
        self._tx = tx
        self._tools = tools
        self._now = now
        self._alone = alone
        self._policies: dict[str, Policy] = {}
        self._entries: dict[_Key, Entry] = {}
        self._waiting: dict[_Key, list[Item]] = {}
        self._early: dict[_Key, list[EventRow]] = {}
        self._renamed: list[tuple[int, int, str]] = []
        self._mine: dict[int, Item] = {}
        self._woken: list[Item] = []

    def write(self, events: Sequence[Arrived]) -> list[Treated]:
        """Do it; what became of each event in their order, and then which that had waited were refused."""
        admitted = self._admit(events)
        items = [item for item in admitted if isinstance(item, Item) and item.fate is None]
        if items:
            self._read(items)
            self._find_versions(items)
        for item in items:
            if item.fate is None:
                self._take(item)
        early = [item for waiting in self._waiting.values() for item in waiting]
        if early and not self._alone:
            raise EarlyError
        for item in early:
            item.settle(Fate.EARLY, EventState.EARLY)
        self._write([*items, *self._woken])
        refused = [item.treated() for item in self._woken if item.fate is Fate.REFUSED]
        return [one.treated() if isinstance(one, Item) else one for one in admitted] + refused

    # ---- reading

    def _admit(self, events: Sequence[Arrived]) -> list[Item | Treated]:
        """The events with their clinics; refused where the clinic is unknown or the time lies ahead."""
        tx = self._tx
        rows = tx.clinics({event.clinic for event in events}, Lock.EXCLUSIVE if self._alone else Lock.SHARE)
        in_force = self._tools.in_force.of(tx, rows)
        names: set[str] | None = None
        first: dict[_Key, Item] = {}
        items: list[Item | Treated] = []
        for event in events:
            clinic = in_force.get(event.clinic)
            if clinic is None:
                names = {row.clinic for row in tx.all_clinics()} if names is None else names
                fault = fault_texts.clinic_without_file(event.clinic, names)
                if event.booking is not None:
                    fault = fault._replace(field="booking.clinic")
                items.append(Treated(event, Fate.REFUSED, faults=(fault,)))
                continue
            item = Item(event, clinic)
            items.append(item)
            earlier = first.setdefault((clinic.clinic_no, event.event_id), item)
            if earlier is not item:
                item.repeat(earlier.event.fingerprint)
            elif event.occurred_at > self._now or (event.booking is not None and event.booking.booked_at > self._now):
                self._clamp(item)
        return items

    def _clamp(self, item: Item) -> None:
        """A time that lies ahead by little counts as now; by more, the event is refused."""
        event, now = item.event, self._now
        booking, facts = event.booking, event.facts
        if booking is not None and booking.booked_at > now:
            if booking.booked_at > now + AHEAD:
                item.fault = event_texts.in_the_future("booking.booked_at")
                return
            booking = booking._replace(booked_at=now)
            facts = merge(facts, {"booked_at": now.isoformat()})
        elif event.occurred_at > now + AHEAD:
            item.fault = event_texts.in_the_future("occurred_at")
            return
        item.event = event._replace(booking=booking, facts=facts, occurred_at=min(event.occurred_at, now))

    def _read(self, items: list[Item]) -> None:
        """Find and lock the bookings, give the events their numbers and write them, and find those that waited."""
        tx = self._tx
        keys = {item.key for item in items} | {item.former for item in items if item.event.replaces is not None}
        by_number: dict[tuple[int, int], Entry] = {}
        for key, stored in tx.records(keys, lock=True).items():
            number = (stored.clinic_no, stored.booking_no)
            self._entries[key] = by_number.setdefault(number, Entry(stored))
        made: dict[_Key, int] = {}
        for item, event_no in zip(items, tx.numbers(len(items)), strict=True):
            item.event_no = event_no
            self._mine[event_no] = item
            if item.event.type is _BOOKED and item.key not in self._entries:
                made.setdefault(item.key, event_no)
        rows = []
        for item in items:
            entry = self._entries.get(item.key)
            item.row = event_row(item, self._now, made.get(item.key) if entry is None else entry.now.booking_no)
            rows.append((item.clinic.clinic_no, item.row))
        fresh = tx.add_events(rows)
        if len(fresh) < len(items):
            self._recognise([item for item in items if (item.clinic.clinic_no, item.event.event_id) not in fresh])
        wanted = made.keys() | {item.former for item in items if item.event.replaces is not None} - self._entries.keys()
        if wanted:
            self._early = tx.early_events(wanted)

    def _find_versions(self, items: Iterable[Item]) -> None:
        """Find what is in force for new bookings, all policies at once."""
        digests = set()
        for item in items:
            booking = item.event.booking
            if booking is not None and (found := item.clinic.timeline.in_force(booking.booked_at)) is not None:
                item.activation = found
                digests.add(found.digest)
        versions = self._tools.versions.find(self._tx, [digest for digest in digests if digest is not None])
        self._policies.update((digest, version.policy) for digest, version in versions.items())

    def _recognise(self, items: list[Item]) -> None:
        """Events whose ids are known: told again, told otherwise, or refused before and now tried once more."""
        ids = [(item.clinic.clinic_no, item.event.event_id) for item in items]
        rows = self._tx.events(ids)
        for item, key in zip(items, ids, strict=True):
            row = rows.get(key)
            if row is None:
                raise ConflictError("an event was written and undone meanwhile")
            if row.state is EventState.REFUSED and row.fingerprint == item.event.fingerprint:
                item.event_no, item.row = row.event_no, row
                self._mine[row.event_no] = item
            else:
                item.repeat(row.fingerprint)
                item.row = None

    # ---- applying

    def _take(self, item: Item) -> None:
        if item.fault is not None:
            item.refuse(item.fault)
        elif item.event.type is _BOOKED:
            self._book(item)
        else:
            entry = self._entries.get(item.key)
            if entry is None:
                self._waiting.setdefault(item.key, []).append(item)
            else:
                self._apply(entry, item)

    def _book(self, item: Item) -> None:
        entry = self._entries.get(item.key)
        if entry is not None:
            self._book_again(entry, item)
            return
        replaced = None if item.event.replaces is None else self._entries.get(item.former)
        if replaced is not None:
            self._rebook(replaced, item)
            return
        entry = self._new(item)
        if entry is None:
            return
        keys = [item.key]
        if item.event.replaces is not None:
            # What is still to come under the former id finds the booking, as if it had been there before.
            keys.append(item.former)
            self._renamed.append((entry.now.clinic_no, entry.now.booking_no, item.event.booking_id))
        self._entries.update(dict.fromkeys(keys, entry))
        self._apply_waiting(entry, keys, item)

    def _apply_waiting(self, entry: Entry, keys: Iterable[_Key], booked: Item) -> None:
        """Apply what came before the booking: in this batch, and in earlier ones."""
        if not self._waiting and not self._early:
            return
        waited = [item for key in keys for item in (*self._waiting.pop(key, ()), *self._wake(key, booked))]
        for item in sorted(waited, key=_age):
            self._apply(entry, item)

    def _new(self, item: Item) -> Entry | None:
        """Stamp, decide, and begin the record; None where the price is not in the clinic's currency."""
        event, now, tools = item.event, self._now, self._tools
        booking = event.booking
        if booking is None:
            raise ValueError("an event without its booking")
        activation = item.activation
        sequence, digest = (None, None) if activation is None else (activation.sequence, activation.digest)
        cover = self._cover(sequence, digest)
        if isinstance(cover, Policy) and booking.price is not None and booking.price.currency != cover.currency:
            fault = fault_texts.other_currency(booking.price.currency, cover.currency)
            item.refuse(fault._replace(field=f"booking.{fault.field}"))
            return None
        decision = decide(cover, booking, booking.booked_at)
        stamp = Stamp(1, sequence, digest, tools.engine, tools.tzdata, now)
        held = item.clinic.held(sequence)
        known_as = booking if event.replaces is None else booking._replace(id=event.replaces)
        record = begin(known_as, stamp, decision, booking.booked_at, event.occurred_at, held=held)
        made = new_booking(item, record, decision.actions, now)
        item.settle(Fate.NEW, _APPLIED, made.stored.booking_no, outcome=decision.outcome)
        entry = Entry(made.stored, made)
        if event.replaces is not None:
            entry.now = made.stored._replace(record=replace(record, booking=booking), first_id=event.replaces)
        return entry

    def _book_again(self, entry: Entry, item: Item) -> None:
        """A booking that is known: told twice, told otherwise, or told under an id it has no longer."""
        event, number = item.event, entry.now.booking_no
        rows = self._tx.events_of(item.clinic.clinic_no, event.booking_id)
        told = {row.fingerprint for row in rows if row.type is _BOOKED and self._is_applied(row)}
        if event.fingerprint in told:
            item.settle(Fate.REPEATED, EventState.STALE, number, reason="the booking was made before")
        elif event.booking_id != entry.now.record.booking.id:
            item.settle(Fate.STALE, EventState.STALE, number, reason=_OTHER_ID)
        else:
            item.refuse(event_texts.other_content("booking.id"), number)

    def _is_applied(self, row: EventRow) -> bool:
        """Whether an event was applied; those of this batch are written as if they were before they are."""
        mine = self._mine.get(row.event_no)
        return row.state is _APPLIED if mine is None else mine.fate in (Fate.NEW, Fate.APPLIED)

    def _rebook(self, entry: Entry, item: Item) -> None:
        """A known booking comes under another id: stamp and invoice stay."""
        event, booking = item.event, item.event.booking
        if booking is None:
            raise ValueError("an event without its booking")
        if event.replaces != entry.now.record.booking.id:
            item.settle(Fate.STALE, EventState.STALE, entry.now.booking_no, reason=_OTHER_ID)
            return
        booked_at = entry.now.record.booking.booked_at
        facts = (
            merge(event.facts, {"booked_at": booked_at.isoformat()}) if booking.booked_at != booked_at else event.facts
        )
        self._advance(entry, item, Booked(event.occurred_at, booking, event.replaces), facts)
        if item.fate is Fate.APPLIED:
            stored = entry.now
            entry.now = stored._replace(first_id=stored.first_id or event.replaces)
            last = entry.changes[-1]
            entry.changes[-1] = last._replace(after=entry.now)
            self._entries[item.key] = entry
            self._renamed.append((entry.now.clinic_no, entry.now.booking_no, event.booking_id))
            self._apply_waiting(entry, [item.key], item)

    def _wake(self, key: _Key, booked: Item) -> list[Item]:
        """The events that came earlier than the booking of this id."""
        rows = self._early.get(key, ())
        contacts = self._tx.contacts([(key[0], row.event_no) for row in rows]) if rows else {}
        woken = [Item.woken(row, booked, contacts) for row in rows]
        self._woken += woken
        return woken

    def _apply(self, entry: Entry, item: Item) -> None:
        event, stored = item.event, entry.now
        if event.type is EventType.CANCELLED and event.booking_id != stored.record.booking.id:
            # A system that changes ids cancels the former one; the booking goes on.
            item.settle(Fate.STALE, EventState.STALE, stored.booking_no, reason=_OTHER_ID)
            return
        content = content_of(
            event.type, event.occurred_at, event.body, stored.record.booking, stored.facts, self._tools.zones
        )
        self._advance(entry, item, content.event, content.facts)

    def _advance(self, entry: Entry, item: Item, event: Event, facts: str) -> None:
        stored = entry.now
        stamp = stored.record.stamp
        advanced = advance(stored.record, event, self._cover(stamp.sequence, stamp.digest))
        if advanced.refusal is not None:
            item.refuse(Fault("", advanced.refusal.sentence), stored.booking_no, advanced.refusal.code)
            return
        if advanced.stale:
            item.settle(Fate.STALE, EventState.STALE, stored.booking_no, reason="a later one was applied before")
            return
        record = advanced.record
        held = item.clinic.held(stamp.sequence)
        if held is not None:
            record = hold_open(record, held, event.occurred_at)
        after = stored._replace(record=record)
        contacts: tuple[ContactRow, ...] = ()
        booking = record.booking
        tells = isinstance(event, Booked | Updated) or facts != stored.facts
        # What is frozen keeps the facts it was frozen with, and its payer.
        if tells and self._is(booking, facts):
            told = contacts_after(self._tx, entry, item)
            after = after._replace(facts=facts, client_event=told.client_event, payer_event=told.payer_event)
            contacts = told.rows
        elif tells and self._is(booking, kept := with_persons_of(facts, stored.facts)):
            after = after._replace(facts=kept)
        row = None
        if advanced.decision is not None:
            row = decision_row(stored.booking_no, record, advanced.decision.actions, after.facts, self._now)
        entry.changes.append(Change(stored, after, row, contacts))
        entry.now = after
        outcome = None if advanced.decision is None else advanced.decision.outcome
        item.settle(Fate.APPLIED, _APPLIED, stored.booking_no, outcome=outcome, notes=advanced.notes)

    def _is(self, booking: Booking, facts: str) -> bool:
        return booking_of(facts, booking.clinic, booking.id, self._tools.zones) == booking

    def _cover(self, sequence: int | None, digest: str | None) -> Policy | Uncovered:
        if digest is None:
            return Uncovered.under(sequence)
        policy = self._policies.get(digest)
        if policy is None:
            policy = self._policies[digest] = self._tools.versions.find(self._tx, [digest])[digest].policy
        return policy

    # ---- writing

    def _write(self, items: Iterable[Item]) -> None:
        tx = self._tx
        entries = list(dict.fromkeys(self._entries.values()))
        made = [entry.made for entry in entries if entry.made is not None]
        if made:
            tx.add_bookings(made)
        for clinic_no, booking_no, booking_id in self._renamed:
            tx.replace_booking_id(clinic_no, booking_no, booking_id)
        # One change of each booking at a time, since each is fenced by what the one before it left.
        for number in range(max((len(entry.changes) for entry in entries), default=0)):
            tx.save([entry.changes[number] for entry in entries if len(entry.changes) > number])
        changed, kept = [], []
        for item in items:
            row = item.final_row()
            if row is not None:
                changed.append((item.clinic.clinic_no, row))
            if item.fate is Fate.EARLY:
                kept += [(item.clinic.clinic_no, contact) for contact in contact_rows(item)]
        if kept:
            tx.add_contacts(kept)
        if changed:
            tx.change_events(changed)


def _age(item: Item) -> tuple[datetime, int]:
    return item.event.occurred_at, item.event_no
