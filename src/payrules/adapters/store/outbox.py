"""Claims, attempts and lists of actions of a store."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, func, literal_column, select

from payrules.adapters.store.bookings import BookingRows
from payrules.adapters.store.codes import ACTION_STATES, instant, instant_or_none, micros
from payrules.adapters.store.dialect import Update
from payrules.adapters.store.mapping import action_of, key_of, key_values
from payrules.adapters.store.tables import ACTIONS, ATTEMPTS, BOOKINGS, DEEDS, STAMPS
from payrules.app.ports import ConflictError
from payrules.app.rows import AttemptRow, Claimed, DeedRow, Lane
from payrules.domain.action import Action, ActionState

_PRIMARY_KEY = ("clinic_no", "booking_no", "ordinal", "type", "channel", "occurrence")
_CLAIM = Update(ACTIONS, ("state", "next_at", "attempt", "tried_at"), _PRIMARY_KEY)
_CLAIMED = ACTION_STATES.numbers[ActionState.CLAIMED]

_FENCE = (*_PRIMARY_KEY, "attempt")
# Built once: it is asked before every single call of an adapter.
_STANDS = select(ACTIONS.c.attempt).where(
    *(ACTIONS.c[name] == bindparam(name) for name in _FENCE), ACTIONS.c.state == _CLAIMED, ~ACTIONS.c.stopping
)


class SqlTransaction(BookingRows):
    """All of `payrules.app.ports.Transaction`, its last part being the outbox."""

    __slots__ = ()

    def claim(self, lane: Lane, now: datetime, lease_until: datetime, worker: str, limit: int) -> list[Claimed]:
        # The worker's name is kept with its attempts; a claim needs none, since the attempt's number fences it.
        at, lease = micros(now), micros(lease_until)
        due = self._session.claim(int(lane), at, limit)
        rows = [
            (_CLAIMED, lease, attempt + 1, at if tried_at is None else tried_at, *key)
            for *key, _, attempt, tried_at in due
        ]
        if self._session.update(_CLAIM, rows) != len(rows):
            raise ConflictError("an action was claimed by somebody else")
        claims = []
        for clinic_no, booking_no, *key, state, attempt, tried_at in due:
            expired = state == _CLAIMED
            unsure = expired or tried_at is not None
            claims.append(Claimed(clinic_no, booking_no, key_of(*key), attempt + 1, lease_until, expired, unsure))
        return claims

    def next_at(self, lane: Lane) -> datetime | None:
        first = select(func.min(ACTIONS.c.next_at)).where(ACTIONS.c.lane == int(lane), ACTIONS.c.next_at.is_not(None))
        return instant_or_none(self._session.value(first))

    def may_start(self, claimed: Claimed) -> bool:
        """Whether a claim still stands and nothing stops its action."""
        numbers = (claimed.clinic_no, claimed.booking_no, *key_values(claimed.key), claimed.attempt)
        return self._session.value(_STANDS, dict(zip(_FENCE, numbers, strict=True))) is not None

    def add_attempts(self, rows: Sequence[AttemptRow]) -> None:
        values = [
            (
                row.clinic_no,
                row.booking_no,
                *key_values(row.key),
                row.attempt,
                micros(row.started_at),
                micros(row.ended_at),
                row.answer,
                row.detail,
                row.worker,
            )
            for row in rows
        ]
        self._session.insert(ATTEMPTS, values)

    def attempts_of(self, clinic_no: int, booking_no: int) -> list[AttemptRow]:
        is_its = and_(ATTEMPTS.c.clinic_no == clinic_no, ATTEMPTS.c.booking_no == booking_no)
        rows = self._session.rows(select(ATTEMPTS).where(is_its).order_by(ATTEMPTS.c.started_at, *ATTEMPTS.primary_key))
        return [
            AttemptRow(
                row.clinic_no,
                row.booking_no,
                key_of(row.ordinal, row.type, row.channel, row.occurrence),
                row.attempt,
                instant(row.started_at),
                instant(row.ended_at),
                row.answer,
                row.detail,
                row.worker,
            )
            for row in rows
        ]

    def add_deed(self, clinic_no: int, booking_no: int, row: DeedRow) -> None:
        key, done = key_values(row.key), (row.verb, row.actor, row.reason, micros(row.done_at))
        self._session.insert(DEEDS, [(clinic_no, booking_no, row.number, *key, *done)])

    def deeds_of(self, clinic_no: int, booking_no: int) -> list[DeedRow]:
        is_its = and_(DEEDS.c.clinic_no == clinic_no, DEEDS.c.booking_no == booking_no)
        rows = self._session.rows(select(DEEDS).where(is_its).order_by(DEEDS.c.number))
        return [
            DeedRow(
                row.number,
                key_of(row.ordinal, row.type, row.channel, row.occurrence),
                row.verb,
                row.actor,
                row.reason,
                instant(row.done_at),
            )
            for row in rows
        ]

    def actions_in(self, state: str, clinic_no: int | None = None, limit: int = 1000) -> list[tuple[int, int, Action]]:
        # A literal, so that the database sees that the index of held and dead actions holds them all.
        number: ColumnElement[int] = literal_column(str(ACTION_STATES.numbers[ActionState(state)]))
        found = select(ACTIONS).where(ACTIONS.c.state == number)
        if clinic_no is not None:
            found = found.where(ACTIONS.c.clinic_no == clinic_no)
        found = found.order_by(ACTIONS.c.due_at, ACTIONS.c.clinic_no, *ACTIONS.primary_key).limit(limit)
        return [(row.clinic_no, row.booking_no, action_of(row)) for row in self._session.rows(found)]

    def open_bookings(self, clinic_no: int, sequence: int | None = None) -> list[int]:
        found = select(BOOKINGS.c.booking_no).where(BOOKINGS.c.clinic_no == clinic_no, BOOKINGS.c.has_open)
        found = found.order_by(BOOKINGS.c.booking_no)
        if sequence is not None:
            stamp = and_(
                STAMPS.c.clinic_no == BOOKINGS.c.clinic_no,
                STAMPS.c.booking_no == BOOKINGS.c.booking_no,
                STAMPS.c.number == BOOKINGS.c.stamp,
            )
            # A join could begin with all stamps of the store.
            found = found.where(select(STAMPS.c.sequence).where(stamp).scalar_subquery() == sequence)
        return [row.booking_no for row in self._session.rows(found)]
