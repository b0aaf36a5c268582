"""Events of a store."""

from collections.abc import Iterable, Sequence

from sqlalchemy import and_, literal_column, select

from payrules.adapters.store.clinics import ClinicRows
from payrules.adapters.store.codes import EVENT_STATES
from payrules.adapters.store.dialect import Update
from payrules.adapters.store.mapping import event_of, event_values
from payrules.adapters.store.tables import EVENTS
from payrules.app.ports import LedgerError
from payrules.app.rows import EventRow, EventState

# A literal, so that the database sees that the index of early events holds them all.
_IS_EARLY = EVENTS.c.state == literal_column(str(EVENT_STATES.numbers[EventState.EARLY]))
_ANY_EARLY = select(EVENTS.c.event_no).where(_IS_EARLY).limit(1)
_CHANGE = Update(EVENTS, ("state", "reason", "booking_no"), ("clinic_no", "event_no"))


class EventRows(ClinicRows):
    """The second part of a transaction."""

    __slots__ = ()

    def numbers(self, count: int) -> range:
        first = self._session.first_number(count)
        return range(first, first + count)

    def add_events(self, rows: Sequence[tuple[int, EventRow]]) -> set[tuple[int, str]]:
        values = [event_values(clinic_no, row) for clinic_no, row in rows]
        return set(self._session.insert_new(EVENTS, ("clinic_no", "event_id"), values))

    def events(self, ids: Iterable[tuple[int, str]]) -> dict[tuple[int, str], EventRow]:
        keys = self._session.keys([EVENTS.c.clinic_no, EVENTS.c.event_id], ids)
        is_key = and_(EVENTS.c.clinic_no == keys.c.clinic_no, EVENTS.c.event_id == keys.c.event_id)
        rows = self._session.rows(select(EVENTS).join(keys, is_key))
        return {(row.clinic_no, row.event_id): event_of(row) for row in rows}

    def events_of(self, clinic_no: int, booking_id: str) -> list[EventRow]:
        is_its = and_(EVENTS.c.clinic_no == clinic_no, EVENTS.c.booking_id == booking_id)
        return [event_of(row) for row in self._session.rows(select(EVENTS).where(is_its).order_by(EVENTS.c.event_no))]

    def early_events(self, bookings: Iterable[tuple[int, str]]) -> dict[tuple[int, str], list[EventRow]]:
        # Mostly nothing waits at all, and the index of what does is empty.
        if self._session.value(_ANY_EARLY) is None:
            return {}
        keys = self._session.keys([EVENTS.c.clinic_no, EVENTS.c.booking_id], bookings)
        is_key = and_(EVENTS.c.clinic_no == keys.c.clinic_no, EVENTS.c.booking_id == keys.c.booking_id)
        early = select(EVENTS).join(keys, is_key).where(_IS_EARLY).order_by(EVENTS.c.occurred_at, EVENTS.c.event_no)
        found: dict[tuple[int, str], list[EventRow]] = {}
        for row in self._session.rows(early):
            found.setdefault((row.clinic_no, row.booking_id), []).append(event_of(row))
        return found

    def change_events(self, rows: Sequence[tuple[int, EventRow]]) -> None:
        values = [
            (EVENT_STATES.numbers[row.state], row.reason, row.booking_no, clinic_no, row.event_no)
            for clinic_no, row in rows
        ]
        if self._session.update(_CHANGE, values) != len(values):
            raise LedgerError("an event that is to be changed is not in the store")
