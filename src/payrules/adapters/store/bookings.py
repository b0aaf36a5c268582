"""Bookings of a store, with their stamps, decisions, contacts and actions."""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    func,
    literal_column,
    select,
    text,
    true,
    tuple_,
    update,
)

from payrules.adapters.store.codes import ACTION_STATES, BOOKING_STATES, instant
from payrules.adapters.store.dialect import Row, Update
from payrules.adapters.store.events import EventRows
from payrules.adapters.store.mapping import (
    ACTION_PUT,
    BOOKING_PUT,
    NEW_ACTION,
    action_of,
    action_state,
    action_values,
    booking_state,
    booking_values,
    decided_of,
    decision_values,
    key_values,
    new_action_values,
    record_of,
    stamp_of,
    stamp_values,
)
from payrules.adapters.store.session import Session
from payrules.adapters.store.tables import (
    ACTIONS,
    BOOKING_IDS,
    BOOKINGS,
    CLINICS,
    CONTACTS,
    DECISIONS,
    ENGINES,
    OVERPAID,
    POLICIES,
    STAMPS,
)
from payrules.app.ports import ConflictError
from payrules.app.rows import Change, Contact, ContactRow, DecisionRow, NewBooking, Party, Past, StoredRecord
from payrules.domain.action import OPEN, Action
from payrules.domain.booking import Booking
from payrules.domain.record import BookingState, Decided, Stamp

ReadFacts = Callable[[str, str, str], Booking]
"""Makes a booking of recorded facts, the clinic and the booking id."""

BookingNo = tuple[int, int]
"""clinic_no and booking_no."""

_KEY = ("ordinal", "type", "channel", "occurrence")
_CHANGE_BOOKING = Update(BOOKINGS, BOOKING_PUT, ("clinic_no", "booking_no"))
_CHANGE_ID = Update(BOOKINGS, ("booking_id",), ("clinic_no", "booking_no"))
_CHANGE_ACTION = Update(ACTIONS, ACTION_PUT, ("clinic_no", "booking_no", *_KEY, "state", "attempt"))

_ADD_ENGINE = text("INSERT INTO engines (engine, tzdata) VALUES (:engine, :tzdata) ON CONFLICT DO NOTHING")

_STAMP = (
    STAMPS.c.number.label("stamp_number"),
    STAMPS.c.sequence,
    POLICIES.c.digest,
    ENGINES.c.engine,
    ENGINES.c.tzdata,
    STAMPS.c.stamped_at,
    STAMPS.c.stamped_by,
    STAMPS.c.reason.label("stamp_reason"),
)
_BOOKING = (
    *(column for column in BOOKINGS.c if column is not BOOKINGS.c.facts),
    func.coalesce(BOOKINGS.c.facts, DECISIONS.c.facts).label("facts"),
)
_DECIDED = (
    DECISIONS.c.outcome,
    DECISIONS.c.reason.label("decision_reason"),
    DECISIONS.c.rule,
    DECISIONS.c.price,
    DECISIONS.c.currency,
    DECISIONS.c.missing,
    DECISIONS.c.not_before,
)


def _is_booking(table: Table, other: FromClause) -> ColumnElement[bool]:
    return and_(table.c.clinic_no == other.c.clinic_no, table.c.booking_no == other.c.booking_no)


_RECORDS = (
    select(*_BOOKING, CLINICS.c.clinic, *_STAMP, *_DECIDED)
    .join(CLINICS, CLINICS.c.clinic_no == BOOKINGS.c.clinic_no)
    .join(STAMPS, and_(_is_booking(STAMPS, BOOKINGS), STAMPS.c.number == BOOKINGS.c.stamp))
    .join(ENGINES, ENGINES.c.engine_no == STAMPS.c.engine_no)
    .join(DECISIONS, and_(_is_booking(DECISIONS, BOOKINGS), DECISIONS.c.number == BOOKINGS.c.decision))
    .outerjoin(POLICIES, POLICIES.c.policy_no == STAMPS.c.policy_no)
)
_STAMPS = (
    select(STAMPS.c.clinic_no, STAMPS.c.booking_no, *_STAMP)
    .join(ENGINES, ENGINES.c.engine_no == STAMPS.c.engine_no)
    .outerjoin(POLICIES, POLICIES.c.policy_no == STAMPS.c.policy_no)
)
_PAST = select(
    DECISIONS.c.clinic_no,
    DECISIONS.c.booking_no,
    DECISIONS.c.number.label("decision"),
    DECISIONS.c.stamp,
    DECISIONS.c.decided_at,
    DECISIONS.c.facts,
    DECISIONS.c.actions,
    *_DECIDED,
)
_OPEN = sorted(ACTION_STATES.numbers[state] for state in OPEN)


class BookingRows(EventRows):
    """The third part of a transaction."""

    __slots__ = ("_read_facts",)

    def __init__(self, session: Session, read_facts: ReadFacts) -> None:
        super().__init__(session)
        self._read_facts = read_facts

    # writing

    def add_bookings(self, rows: Sequence[NewBooking]) -> None:
        ids, bookings, decisions, contacts, actions = [], [], [], [], []
        # By themselves, since what all rows lack is not written.
        due: list[Row] = []
        blocked: list[Row] = []
        for stored, decision, told in rows:
            clinic_no, booking_no, record = stored.clinic_no, stored.booking_no, stored.record
            ids.append((clinic_no, record.booking.id, booking_no))
            bookings.append(booking_values(stored, decision.facts))
            decisions.append(decision_values(clinic_no, decision, record.decided))
            contacts += [(clinic_no, contact) for contact in told]
            for action in record.actions:
                values = new_action_values(clinic_no, booking_no, action)
                if values is None:
                    actions.append(action_values(clinic_no, booking_no, action))
                else:
                    (blocked if action.next_at is None else due).append(values)
        self._session.insert(BOOKING_IDS, ids)
        self._session.insert(BOOKINGS, bookings)
        self._add_stamps([row.stored for row in rows])
        self._session.insert(DECISIONS, decisions)
        self.add_contacts(contacts)
        self._session.insert(ACTIONS, due, NEW_ACTION)
        self._session.insert(ACTIONS, blocked, NEW_ACTION)
        self._session.insert(ACTIONS, actions)

    def save(self, changes: Sequence[Change]) -> None:
        stamps, decisions, contacts = [], [], []
        # Several changes of one booking are one: from what it was before the first to what it is after the last.
        spans: dict[BookingNo, tuple[StoredRecord, StoredRecord]] = {}
        for before, after, decision, told in changes:
            number = (after.clinic_no, after.booking_no)
            spans[number] = (spans.get(number, (before,))[0], after)
            if after.record.stamp != before.record.stamp:
                stamps.append(after)
            if decision is not None:
                decisions.append(decision_values(after.clinic_no, decision, after.record.decided))
            elif after.record.decided != before.record.decided:
                raise ValueError("a booking that is decided anew needs its decision row")
            contacts += [(after.clinic_no, contact) for contact in told]
        bookings, new, changed, turned = _differences(spans)
        self._add_stamps(stamps)
        self._session.insert(DECISIONS, decisions)
        self.add_contacts(contacts)
        self._session.insert(ACTIONS, new)
        for statement, values in ((_CHANGE_BOOKING, bookings), (_CHANGE_ACTION, changed)):
            if self._session.update(statement, values) != len(values):
                raise ConflictError("a booking or action was changed by somebody else")
        self._tell_open(turned)

    def _tell_open(self, numbers: Sequence[BookingNo]) -> None:
        """Write of each booking whether an action of it is open: as the store has it, which may have more of them."""
        if not numbers:
            return
        keys = self._session.keys([BOOKINGS.c.clinic_no, BOOKINGS.c.booking_no], numbers)
        # Counted: whether there is one PostgreSQL could find out by reading all actions of the store.
        are_open = and_(_is_booking(ACTIONS, BOOKINGS), ACTIONS.c.state.in_(_OPEN))
        has_open = select(func.count() > 0).select_from(ACTIONS).where(are_open).scalar_subquery()
        is_one = tuple_(BOOKINGS.c.clinic_no, BOOKINGS.c.booking_no).in_(select(keys))
        self._session.change(update(BOOKINGS).where(is_one).values(has_open=has_open))

    def _add_stamps(self, of: Sequence[StoredRecord]) -> None:
        if not of:
            return
        policies = self.policy_nos({digest for stored in of if (digest := stored.record.stamp.digest) is not None})
        engines = {pair: self._engine_no(*pair) for pair in {stored.record.stamp[3:5] for stored in of}}
        rows = []
        for clinic_no, booking_no, record, *_ in of:
            stamp = record.stamp
            policy_no = None if stamp.digest is None else policies[stamp.digest]
            rows.append(stamp_values(clinic_no, booking_no, stamp, policy_no, engines[stamp[3:5]]))
        self._session.insert(STAMPS, rows)

    def _engine_no(self, engine: str, tzdata: str) -> int:
        known = select(ENGINES.c.engine_no).where(ENGINES.c.engine == engine, ENGINES.c.tzdata == tzdata)
        number: int | None = self._session.value(known)
        if number is None:
            self._session.change(_ADD_ENGINE, {"engine": engine, "tzdata": tzdata})
            number = self._session.value(known)
        return number

    def replace_booking_id(self, clinic_no: int, booking_no: int, booking_id: str) -> None:
        number = (clinic_no, booking_no)
        # A booking may go back to an id it had before.
        if self._numbers_of([(clinic_no, booking_id)]) != {(clinic_no, booking_id): number}:
            self._session.insert(BOOKING_IDS, [(clinic_no, booking_id, booking_no)])
        self._session.update(_CHANGE_ID, [(booking_id, *number)])

    def add_contacts(self, rows: Sequence[tuple[int, ContactRow]]) -> None:
        values = [(clinic_no, row.event_no, int(row.party), *row.contact) for clinic_no, row in rows]
        self._session.insert(CONTACTS, values)

    # reading

    def records(self, bookings: Iterable[tuple[int, str]], *, lock: bool) -> dict[tuple[int, str], StoredRecord]:
        numbers = self._numbers_of(bookings)
        found = self.records_by_number(numbers.values(), lock=lock)
        return {key: found[number] for key, number in numbers.items()}

    def _numbers_of(self, ids: Iterable[tuple[int, str]]) -> dict[tuple[int, str], BookingNo]:
        keys = self._session.keys([BOOKING_IDS.c.clinic_no, BOOKING_IDS.c.booking_id], ids)
        is_key = and_(BOOKING_IDS.c.clinic_no == keys.c.clinic_no, BOOKING_IDS.c.booking_id == keys.c.booking_id)
        rows = self._session.rows(select(BOOKING_IDS).join(keys, is_key))
        return {(clinic_no, booking_id): (clinic_no, booking_no) for clinic_no, booking_id, booking_no in rows}

    def records_by_number(self, bookings: Iterable[BookingNo], *, lock: bool) -> dict[BookingNo, StoredRecord]:
        numbers = sorted(set(bookings))
        if not numbers:
            return {}
        if lock:
            # By itself: what is read in the same statement would be what was there before the lock was got.
            own = select(BOOKINGS.c.booking_no).order_by(BOOKINGS.c.clinic_no, BOOKINGS.c.booking_no)
            self._session.rows(self._of(own, BOOKINGS, numbers).with_for_update(of=BOOKINGS))
        actions: dict[BookingNo, list[Action]] = {number: [] for number in numbers}
        for row in self._session.rows(self._of(select(ACTIONS), ACTIONS, numbers).order_by(*ACTIONS.primary_key)):
            actions[row.clinic_no, row.booking_no].append(action_of(row))
        found = {}
        for row in self._session.rows(self._of(_RECORDS, BOOKINGS, numbers)):
            number = (row.clinic_no, row.booking_no)
            booking = self._read_facts(row.facts, row.clinic, row.booking_id)
            found[number] = record_of(row, booking, tuple(actions[number]))
        return found

    def _of(self, found: Select[Row], table: Table, numbers: Iterable[BookingNo]) -> Select[Row]:
        keys = self._session.keys([table.c.clinic_no, table.c.booking_no], numbers)
        return found.join(keys, _is_booking(table, keys))

    def contacts(self, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int, Party], Contact]:
        wanted = self._session.keys([CONTACTS.c.clinic_no, CONTACTS.c.event_no], keys)
        is_key = and_(CONTACTS.c.clinic_no == wanted.c.clinic_no, CONTACTS.c.event_no == wanted.c.event_no)
        rows = self._session.rows(select(CONTACTS).join(wanted, is_key))
        return {
            (row.clinic_no, row.event_no, Party(row.party)): Contact(row.name, row.email, row.phone) for row in rows
        }

    def decisions_of(self, clinic_no: int, booking_no: int) -> list[DecisionRow]:
        is_its = and_(DECISIONS.c.clinic_no == clinic_no, DECISIONS.c.booking_no == booking_no)
        rows = self._session.rows(select(DECISIONS).where(is_its).order_by(DECISIONS.c.number))
        return [
            DecisionRow(row.booking_no, row.number, row.stamp, instant(row.decided_at), row.facts, row.actions)
            for row in rows
        ]

    def stamps_of(self, clinic_no: int, booking_no: int) -> list[Stamp]:
        is_its = and_(STAMPS.c.clinic_no == clinic_no, STAMPS.c.booking_no == booking_no)
        return [stamp_of(row) for row in self._session.rows(_STAMPS.where(is_its).order_by(STAMPS.c.number))]

    def past(self, bookings: Iterable[BookingNo]) -> dict[BookingNo, Past]:
        numbers = sorted(set(bookings))
        stamps: dict[BookingNo, list[Stamp]] = {number: [] for number in numbers}
        decisions: dict[BookingNo, list[tuple[DecisionRow, Decided]]] = {number: [] for number in numbers}
        for row in self._session.rows(self._of(_STAMPS, STAMPS, numbers).order_by(*STAMPS.primary_key)):
            stamps[row.clinic_no, row.booking_no].append(stamp_of(row))
        for row in self._session.rows(self._of(_PAST, DECISIONS, numbers).order_by(*DECISIONS.primary_key)):
            decision = DecisionRow(
                row.booking_no, row.decision, row.stamp, instant(row.decided_at), row.facts, row.actions
            )
            decisions[row.clinic_no, row.booking_no].append((decision, decided_of(row)))
        return {number: Past(tuple(stamps[number]), tuple(decisions[number])) for number in numbers}

    def booking_numbers(
        self,
        clinic_no: int | None = None,
        states: Iterable[BookingState] = (),
        after: BookingNo = (0, 0),
        limit: int = 1000,
    ) -> list[BookingNo]:
        # Literals in their order, so that the database sees what an index holds that is of these alone.
        numbers = sorted(BOOKING_STATES.numbers[state] for state in states)
        wanted: list[ColumnElement[int]] = [literal_column(str(number)) for number in numbers]
        return self._page(clinic_no, after, limit, BOOKINGS.c.state.in_(wanted) if wanted else true())

    def overpaid(self, clinic_no: int | None = None, after: BookingNo = (0, 0), limit: int = 1000) -> list[BookingNo]:
        return self._page(clinic_no, after, limit, literal_column(OVERPAID))

    def _page(
        self, clinic_no: int | None, after: BookingNo, limit: int, wanted: ColumnElement[bool]
    ) -> list[BookingNo]:
        order = (BOOKINGS.c.clinic_no, BOOKINGS.c.booked_at, BOOKINGS.c.booking_no)
        is_last = and_(BOOKINGS.c.clinic_no == after[0], BOOKINGS.c.booking_no == after[1])
        since = func.coalesce(select(BOOKINGS.c.booked_at).where(is_last).scalar_subquery(), 0)
        page = select(BOOKINGS.c.clinic_no, BOOKINGS.c.booking_no).where(wanted).order_by(*order).limit(limit)
        if clinic_no is None:
            page = page.where(tuple_(*order) > tuple_(after[0], since, after[1]))
        else:
            # Without the clinic's number, so that the rest of the key is looked up and not read through.
            page = page.where(BOOKINGS.c.clinic_no == clinic_no)
            if after[0] == clinic_no:
                page = page.where(tuple_(*order[1:]) > tuple_(since, after[1]))
        return [(row.clinic_no, row.booking_no) for row in self._session.rows(page)]


def _differences(
    spans: dict[BookingNo, tuple[StoredRecord, StoredRecord]],
) -> tuple[list[Row], list[Row], list[Row], list[BookingNo]]:
    """What is to be written: bookings that changed, new actions, and changed actions with what they were.

    Last the bookings that may have got their first open action, or lost their last one.
    """
    bookings, new, changed, turned = [], [], [], []
    for number, (before, after) in spans.items():
        state = booking_state(after)
        if state != booking_state(before):
            bookings.append((*state, *number))
        former = {action.key: action for action in before.record.actions}
        # Of what is changed the store makes sure that it was as `before` has it; of the rest it may know better.
        had_open = opens = False
        for action in after.record.actions:
            was = former.get(action.key)
            if was is None:
                new.append(action_values(*number, action))
                opens |= action.is_open
            elif was != action:
                opens |= action.is_open
                had_open |= was.is_open
                fence = (ACTION_STATES.numbers[was.state], was.attempt)
                changed.append((*action_state(action), *number, *key_values(action.key), *fence))
        if opens != had_open:
            turned.append(number)
    return bookings, new, changed, turned
