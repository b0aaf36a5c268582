"""The outbox of a ledger in memory: claims, attempts and lists of actions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from heapq import nsmallest

from payrules.adapters.memory.tables import Rows
from payrules.app.rows import AttemptRow, Claimed, DeedRow, Lane, lane_of
from payrules.domain.action import Action, ActionState


class OutboxRows(Rows):
    """The third part of a transaction."""

    __slots__ = ()

    def claim(self, lane: Lane, now: datetime, lease_until: datetime, worker: str, limit: int) -> list[Claimed]:
        claims: list[Claimed] = []
        # A copy, since claiming an action moves it within its lane.
        for next_at, clinic_no, booking_no, _, key in self.t.records.lanes[lane][:limit]:
            if next_at > now:
                break
            number = (clinic_no, booking_no)
            stored = self.t.records.rows[number]
            actions = stored.record.actions
            index = next(index for index, action in enumerate(actions) if action.key == key)
            action = actions[index]
            claimed = action._replace(
                state=ActionState.CLAIMED,
                next_at=lease_until,
                attempt=action.attempt + 1,
                tried_at=action.tried_at or now,
            )
            record = replace(stored.record, actions=(*actions[:index], claimed, *actions[index + 1 :]))
            self.put(self.t.records, number, stored._replace(record=record))
            expired, unsure = action.state is ActionState.CLAIMED, action.tried_at is not None
            claims.append(Claimed(clinic_no, booking_no, key, claimed.attempt, lease_until, expired, expired or unsure))
        return claims

    def next_at(self, lane: Lane) -> datetime | None:
        # A slice of a list that another thread may be emptying.
        first = [due[0] for due in self.t.records.lanes[lane][:1]]
        if self._kept:
            seen = self.all(self.t.records).values()
            actions = (action for stored in seen for action in stored.record.actions if lane_of(action.key) is lane)
            return min((action.next_at for action in actions if action.next_at is not None), default=None)
        return first[0] if first else None

    def add_attempts(self, rows: Sequence[AttemptRow]) -> None:
        for row in rows:
            number = (row.clinic_no, row.booking_no)
            self.put(self.t.attempts, number, (*self.listed(self.t.attempts, number), row))

    def attempts_of(self, clinic_no: int, booking_no: int) -> list[AttemptRow]:
        return self.listed(self.t.attempts, (clinic_no, booking_no))

    def add_deed(self, clinic_no: int, booking_no: int, row: DeedRow) -> None:
        self.add_numbered(self.t.deeds, (clinic_no, booking_no), row)

    def deeds_of(self, clinic_no: int, booking_no: int) -> list[DeedRow]:
        return self.listed(self.t.deeds, (clinic_no, booking_no))

    def actions_in(self, state: str, clinic_no: int | None = None, limit: int = 1000) -> list[tuple[int, int, Action]]:
        found = (
            (*number, action)
            for number, stored in self.all(self.t.records).items()
            if clinic_no in (None, number[0])
            for action in stored.record.actions
            if action.state == state
        )
        return nsmallest(limit, found, key=_due_at)

    def open_bookings(self, clinic_no: int, sequence: int | None = None) -> list[int]:
        return sorted(
            number[1]
            for number, stored in self.all(self.t.records).items()
            if number[0] == clinic_no
            and sequence in (None, stored.record.stamp.sequence)
            and any(action.is_open for action in stored.record.actions)
        )


def _due_at(row: tuple[int, int, Action]) -> tuple[datetime, int, int]:
    clinic_no, booking_no, action = row
    return action.due_at, clinic_no, booking_no
