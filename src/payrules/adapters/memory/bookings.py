"""Events, bookings, contacts, stamps and decisions of a ledger in memory."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from operator import attrgetter

from payrules.adapters.memory.tables import BookingNo, Rows, place, place_of
from payrules.app.ports import ConflictError, LedgerError
from payrules.app.rows import Change, Contact, ContactRow, DecisionRow, EventRow, EventState, NewBooking, Party, Past
from payrules.app.rows import StoredRecord as Stored
from payrules.domain.action import Action, ActionState
from payrules.domain.record import BookingRecord, BookingState, Decided, InvoiceState, Stamp

_FIRST = datetime.fromtimestamp(0, UTC)
# Comparing so is several times quicker than comparing copies without their actions.
_without_actions = attrgetter(*(field.name for field in fields(BookingRecord) if field.name != "actions"))


class BookingRows(Rows):
    """The second part of a transaction."""

    __slots__ = ()

    # events

    def numbers(self, count: int) -> range:
        # Never taken back: what an undone transaction took is nobody's.
        with self.t.moment:
            first = self.t.next_number
            self.t.next_number = first + count
        return range(first, first + count)

    def add_events(self, rows: Sequence[tuple[int, EventRow]]) -> set[tuple[int, str]]:
        new: set[tuple[int, str]] = set()
        for clinic_no, row in rows:
            key = (clinic_no, row.event_id)
            if self.get(self.t.events, key) is None:
                self.put(self.t.events, key, row)
                told = (clinic_no, row.booking_id)
                self.put(self.t.event_ids, told, (*self.listed(self.t.event_ids, told), row.event_id))
                new.add(key)
        return new

    def events(self, ids: Iterable[tuple[int, str]]) -> dict[tuple[int, str], EventRow]:
        return self.found(self.t.events, ids)

    def events_of(self, clinic_no: int, booking_id: str) -> list[EventRow]:
        ids = self.listed(self.t.event_ids, (clinic_no, booking_id))
        return sorted(self.found(self.t.events, [(clinic_no, event_id) for event_id in ids]).values())

    def early_events(self, bookings: Iterable[tuple[int, str]]) -> dict[tuple[int, str], list[EventRow]]:
        early: dict[tuple[int, str], list[EventRow]] = {}
        for booking in bookings:
            waiting = [row for row in self.events_of(*booking) if row.state is EventState.EARLY]
            if waiting:
                early[booking] = sorted(waiting, key=_occurred_at)
        return early

    def change_events(self, rows: Sequence[tuple[int, EventRow]]) -> None:
        for clinic_no, row in rows:
            key = (clinic_no, row.event_id)
            known = self.get(self.t.events, key)
            if known is None:
                raise self.failed(LedgerError(f"clinic {clinic_no} has no event {row.event_no}"))
            changed = known._replace(state=row.state, reason=row.reason, booking_no=row.booking_no)
            self.put(self.t.events, key, changed)

    # bookings

    def add_bookings(self, rows: Sequence[NewBooking]) -> None:
        for stored, decision, contacts in rows:
            number = (stored.clinic_no, stored.booking_no)
            record = stored.record
            if self.get(self.t.records, number) is not None:
                raise self.failed(ConflictError(f"booking {number} is there already"))
            if len({action.key for action in record.actions}) < len(record.actions):
                raise self.failed(ConflictError(f"booking {number} has an action twice"))
            self._check(record.actions)
            self._name(number, record.booking.id)
            self.put(self.t.records, number, _with_actions(stored, record.actions))
            self._stamp(number, record.stamp)
            self._decide(number, decision, record.decided)
            self.add_contacts([(stored.clinic_no, contact) for contact in contacts])
            latest, booked_at = self.get(self.t.latest_booked_at, stored.clinic_no), record.booking.booked_at
            if latest is None or latest < booked_at:
                self.put(self.t.latest_booked_at, stored.clinic_no, booked_at)

    def _stamp(self, number: BookingNo, stamp: Stamp) -> None:
        if stamp.sequence is not None:
            timeline = self.listed(self.t.timelines, number[0])
            if all(row.activation.sequence != stamp.sequence for row in timeline):
                raise self.failed(LedgerError(f"clinic {number[0]} has no activation {stamp.sequence}"))
        self.add_numbered(self.t.stamps, number, stamp)

    def _decide(self, number: BookingNo, row: DecisionRow, decided: Decided) -> None:
        self.add_numbered(self.t.decisions, number, row)
        self.add_numbered(self.t.decided, number, decided)

    def replace_booking_id(self, clinic_no: int, booking_no: int, booking_id: str) -> None:
        number = (clinic_no, booking_no)
        self._name(number, booking_id)
        stored = self.get(self.t.records, number)
        if stored is None:
            raise self.failed(ConflictError(f"booking {number} is not there"))
        self.put(self.t.records, number, _with_id(stored, booking_id))

    def _name(self, number: BookingNo, booking_id: str) -> None:
        key = (number[0], booking_id)
        known = self.get(self.t.booking_nos, key)
        if known not in (None, number[1]):
            raise self.failed(ConflictError(f"clinic {number[0]} has another booking of the id of booking {number[1]}"))
        self.put(self.t.booking_nos, key, number[1])

    def records(self, bookings: Iterable[tuple[int, str]], *, lock: bool) -> dict[tuple[int, str], Stored]:
        numbers = self.found(self.t.booking_nos, bookings)
        by_number = self.records_by_number([(key[0], number) for key, number in numbers.items()], lock=lock)
        return {key: by_number[key[0], number] for key, number in numbers.items()}

    def records_by_number(self, bookings: Iterable[BookingNo], *, lock: bool) -> dict[BookingNo, Stored]:
        # One writer at a time is lock enough.
        return self.found(self.t.records, bookings)

    def save(self, changes: Sequence[Change]) -> None:
        for before, after, decision, contacts in changes:
            number = (after.clinic_no, after.booking_no)
            there = self.get(self.t.records, number)
            if there is None:
                raise self.failed(ConflictError(f"booking {number} is not there"))
            actions = self._merged(there.record.actions, before.record.actions, after.record.actions)
            # As in a store that writes columns: what the change does not touch stays as it is.
            base = there if _apart_from_actions(before) == _apart_from_actions(after) else after
            saved = _with_actions(base, actions)
            self.put(self.t.records, number, _with_id(saved, there.record.booking.id))
            if after.record.stamp != before.record.stamp:
                self._stamp(number, after.record.stamp)
            if decision is not None:
                self._decide(number, decision, after.record.decided)
            self.add_contacts([(after.clinic_no, contact) for contact in contacts])

    def _merged(
        self, there: tuple[Action, ...], before: tuple[Action, ...], after: tuple[Action, ...]
    ) -> Iterable[Action]:
        """The actions as they are, with the difference laid over them; raises ConflictError where it does not fit."""
        merged = {action.key: action for action in there}
        former = {action.key: action for action in before}
        changed = [action for action in after if former.get(action.key) != action]
        for action in changed:
            was, current = former.get(action.key), merged.get(action.key)
            if (was and (was.state, was.attempt)) != (current and (current.state, current.attempt)):
                raise self.failed(ConflictError("an action was changed by somebody else"))
        self._check(changed)
        return (merged | {action.key: action for action in changed}).values()

    def _check(self, actions: Iterable[Action]) -> None:
        """Raise LedgerError for an action that cannot be: of those not open to a worker, none is looked at again."""
        for action in actions:
            claimed = action.state is ActionState.CLAIMED
            if (
                (claimed and (action.next_at is None or action.attempt < 1))
                or (action.next_at is not None and not claimed and action.state is not ActionState.WAITING)
                or (action.stopping and not claimed)
            ):
                raise self.failed(LedgerError(f"no action that is {action.state} can be like this"))

    def contacts(self, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int, Party], Contact]:
        return self.found(self.t.contacts, [(*key, party) for key in keys for party in Party])

    def add_contacts(self, rows: Sequence[tuple[int, ContactRow]]) -> None:
        for clinic_no, row in rows:
            key = (clinic_no, row.event_no, row.party)
            if self.get(self.t.contacts, key) is not None:
                raise self.failed(ConflictError(f"event {row.event_no} has told this contact already"))
            self.put(self.t.contacts, key, row.contact)

    def decisions_of(self, clinic_no: int, booking_no: int) -> list[DecisionRow]:
        return self.listed(self.t.decisions, (clinic_no, booking_no))

    def stamps_of(self, clinic_no: int, booking_no: int) -> list[Stamp]:
        return self.listed(self.t.stamps, (clinic_no, booking_no))

    def past(self, bookings: Iterable[BookingNo]) -> dict[BookingNo, Past]:
        past = {}
        for number in bookings:
            rows, decided = self.listed(self.t.decisions, number), self.listed(self.t.decided, number)
            past[number] = Past(tuple(self.listed(self.t.stamps, number)), tuple(zip(rows, decided, strict=True)))
        return past

    def booking_numbers(
        self,
        clinic_no: int | None = None,
        states: Iterable[BookingState] = (),
        after: BookingNo = (0, 0),
        limit: int = 1000,
    ) -> list[BookingNo]:
        wanted = frozenset(states)
        return self._page(clinic_no, after, limit, lambda record: not wanted or record.state in wanted)

    def overpaid(self, clinic_no: int | None = None, after: BookingNo = (0, 0), limit: int = 1000) -> list[BookingNo]:
        return self._page(clinic_no, after, limit, _is_overpaid)

    def _page(
        self, clinic_no: int | None, after: BookingNo, limit: int, wanted: Callable[[BookingRecord], bool]
    ) -> list[BookingNo]:
        order = self.t.records.order[:]
        last = self.get(self.t.records, after)
        begin = bisect_right(order, (after[0], _FIRST, after[1]) if last is None else place_of(last))
        page: list[BookingNo] = []
        for place_clinic_no, _, booking_no in order[begin:]:
            if len(page) == limit:
                break
            number = (place_clinic_no, booking_no)
            stored = self.get(self.t.records, number)
            # Bookings that came after a reader began have a number in the order, and no row for that reader.
            if stored is not None and clinic_no in (None, number[0]) and wanted(stored.record):
                page.append(number)
        return page


def _is_overpaid(record: BookingRecord) -> bool:
    invoice = record.invoice
    owed = invoice.total if invoice.state is InvoiceState.ISSUED else None
    return invoice.paid > (0 if owed is None or record.state is BookingState.CANCELLED else owed)


def _occurred_at(row: EventRow) -> tuple[object, int]:
    return row.occurred_at, row.event_no


def _place(action: Action) -> tuple[int, int, int, int]:
    return place(action.key)


def _with_actions(stored: Stored, actions: Iterable[Action]) -> Stored:
    ordered = tuple(sorted(actions, key=_place))
    if ordered == stored.record.actions:
        return stored
    return stored._replace(record=replace(stored.record, actions=ordered))


def _with_id(stored: Stored, booking_id: str) -> Stored:
    """Only `replace_booking_id` changes the id that a booking goes by."""
    record = stored.record
    if record.booking.id == booking_id:
        return stored
    return stored._replace(record=replace(record, booking=record.booking._replace(id=booking_id)))


def _apart_from_actions(stored: Stored) -> tuple[object, ...]:
    return stored.facts, stored.client_event, stored.payer_event, _without_actions(stored.record)
