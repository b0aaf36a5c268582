"""Holding a clinic: its open actions stop at once, those of all its bookings or of one activation, until released.

The hold is written first, so that what comes in meanwhile is held as well; then the open bookings are brought in line,
a page a transaction. Whoever was interrupted says it again: what is in line already stays as it is.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from payrules.app.by_hand import ByHand
from payrules.app.ports import ConflictError, Ledger, Lock, Transaction
from payrules.app.rows import Change, HoldRow
from payrules.app.timelines import UnknownClinicError
from payrules.app.transactions import in_transaction
from payrules.domain.action import HeldCause
from payrules.domain.errors import PayrulesError
from payrules.domain.lifecycle import hold_open, release_hold
from payrules.domain.record import BookingRecord

PAGE = 500
"""Bookings a transaction."""


class UnknownActivationError(PayrulesError):
    """A number that no activation of the clinic has."""

    def __init__(self, clinic: str, sequence: int) -> None:
        super().__init__(f"`{clinic}` has no activation {sequence}: `payrules history {clinic}` lists them")


class Stops(NamedTuple):
    """What stops the actions of a clinic: the holds that are not released, and a withdrawn verification."""

    holds: tuple[HoldRow, ...]
    withdrawn: bool

    @classmethod
    def of(cls, tx: Transaction, clinic_no: int) -> "Stops":
        """Those of a clinic that the transaction has locked."""
        told = tx.verifications([clinic_no]).get(clinic_no, [])
        holds = tx.holds([clinic_no]).get(clinic_no, [])
        return cls(
            tuple(hold for hold in holds if hold.released_at is None), withdrawn=bool(told) and not told[-1].verified
        )

    def cover(self, sequence: int | None) -> bool:
        """Whether what was booked under an activation is on hold."""
        return any(hold.sequence in (None, sequence) for hold in self.holds)


def in_line(record: BookingRecord, stops: Stops, at: datetime) -> BookingRecord:
    """The record with its actions held, or let go, as its clinic's stops want it."""
    if stops.cover(record.stamp.sequence):
        return hold_open(record, HeldCause.CLINIC_HELD, at)
    record = release_hold(record, HeldCause.CLINIC_HELD, at)
    return hold_open(record, HeldCause.NOT_VERIFIED, at) if stops.withdrawn else record


class HoldOutcome(StrEnum):
    """What a hold or a release did."""

    HELD = "held"
    HELD_BEFORE = "held_before"
    RELEASED = "released"
    NOT_HELD = "not_held"


class Holding(NamedTuple):
    """`holds` are those that were set or released, or that stood already. `bookings` counts those with actions that
    were stopped or let go.
    """

    clinic: str
    outcome: HoldOutcome
    holds: tuple[HoldRow, ...]
    bookings: int


class Holder:
    """Holds and releases clinics."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._clock = clock

    def hold(self, clinic: str, by: ByHand, sequence: int | None = None) -> Holding:
        """Stop the clinic's open actions, or those booked under one activation.

        Raises UnknownClinicError and UnknownActivationError.
        """

        def write(tx: Transaction) -> tuple[HoldOutcome, HoldRow]:
            clinic_no = _locked(tx, clinic)
            _check_sequence(tx, clinic, clinic_no, sequence)
            rows = tx.holds([clinic_no]).get(clinic_no, [])
            standing = next((row for row in rows if row.released_at is None and row.sequence == sequence), None)
            if standing is not None:
                return HoldOutcome.HELD_BEFORE, standing
            row = HoldRow(len(rows) + 1, sequence, by.reason, by.name, self._clock())
            tx.add_hold(clinic_no, row)
            return HoldOutcome.HELD, row

        outcome, row = in_transaction(self._ledger, write)
        return Holding(clinic, outcome, (row,), self._bring_in_line(clinic, sequence))

    def release(self, clinic: str, by: ByHand, sequence: int | None = None) -> Holding:
        """End all holds of the clinic, or that of one activation, and let go what nothing else stops.

        Raises UnknownClinicError and UnknownActivationError.
        """

        def write(tx: Transaction) -> tuple[HoldRow, ...]:
            clinic_no = _locked(tx, clinic)
            _check_sequence(tx, clinic, clinic_no, sequence)
            now, ended = self._clock(), []
            for row in Stops.of(tx, clinic_no).holds:
                if sequence in (None, row.sequence):
                    tx.release_hold(clinic_no, row.number, now, *by)
                    ended.append(row._replace(released_at=now, released_by=by.name, release_reason=by.reason))
            return tuple(ended)

        ended = in_transaction(self._ledger, write)
        bookings = self._bring_in_line(clinic, sequence)
        return Holding(clinic, HoldOutcome.RELEASED if ended or bookings else HoldOutcome.NOT_HELD, ended, bookings)

    def _bring_in_line(self, clinic: str, sequence: int | None) -> int:
        with self._ledger.reading() as tx:
            numbers = tx.open_bookings(tx.clinics([clinic])[clinic].clinic_no, sequence)
        return sum(self._change(clinic, numbers[start : start + PAGE]) for start in range(0, len(numbers), PAGE))

    def _change(self, clinic: str, numbers: Sequence[int]) -> int:
        """Bring bookings in line; where workers claim their actions all the time, halves are tried."""
        try:
            return in_transaction(self._ledger, partial(self._write, clinic=clinic, numbers=numbers))
        except ConflictError:
            if len(numbers) == 1:
                raise
        half = len(numbers) // 2
        return self._change(clinic, numbers[:half]) + self._change(clinic, numbers[half:])

    def _write(self, tx: Transaction, clinic: str, numbers: Sequence[int]) -> int:
        clinic_no = _locked(tx, clinic)
        # Somebody may have said otherwise since: what holds now counts.
        stops, now, changes = Stops.of(tx, clinic_no), self._clock(), []
        stored = tx.records_by_number([(clinic_no, number) for number in numbers], lock=True)
        for _, before in sorted(stored.items()):
            record = in_line(before.record, stops, now)
            if record != before.record:
                changes.append(Change(before, before._replace(record=record)))
        tx.save(changes)
        return len(changes)


def _locked(tx: Transaction, clinic: str) -> int:
    row = tx.clinics([clinic], Lock.EXCLUSIVE).get(clinic)
    if row is None:
        raise UnknownClinicError(clinic)
    return row.clinic_no


def _check_sequence(tx: Transaction, clinic: str, clinic_no: int, sequence: int | None) -> None:
    known = tx.timelines([clinic_no]).get(clinic_no, [])
    if sequence is not None and all(row.activation.sequence != sequence for row in known):
        raise UnknownActivationError(clinic, sequence)
