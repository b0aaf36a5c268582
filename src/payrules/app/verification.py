"""Verification: the payment side says that a clinic is a company or a sole proprietorship, or no longer is.

Until then nothing of a clinic's file takes effect. The file itself never tells it.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from payrules.app.ports import Ledger, Lock, Transaction
from payrules.app.rows import ActivationRow, Change, HoldRow, LegalForm, VerificationRow
from payrules.app.timelines import Rewritten, UnknownClinicError, is_verified, timeline_of, write_timelines
from payrules.app.transactions import in_transaction
from payrules.domain.action import HeldCause
from payrules.domain.errors import PayrulesError
from payrules.domain.lifecycle.persons import hold_open, release_hold
from payrules.domain.record import BookingRecord
from payrules.domain.timeline import Activation, Recorded, RecordOutcome, Timeline

NumberCheck = Callable[[str, LegalForm, str], str | None]
"""Gives an organisation number of a country (ISO 3166) in its one way of writing; None where it is wrong."""

LONGEST = 200
"""Characters of a legal name, and of a number that no checker knows."""


class VerificationError(PayrulesError):
    """What was told of a clinic cannot be taken."""


class Verification(NamedTuple):
    """What the payment side has found out about a clinic. A company always has a number."""

    legal_form: LegalForm
    legal_name: str
    organisation_number: str | None = None


class Verified(NamedTuple):
    """What it did. `row` is the latest word of the payment side, None where there never was one.

    `activation` is the version that takes effect, or that is taken out of it; None where nothing changes.
    `bookings` counts those whose open actions were held, or let go again.
    """

    clinic: str
    row: VerificationRow | None
    outcome: RecordOutcome
    activation: Activation | None
    bookings: int = 0


class Verifier:
    """Records what the payment side says of clinics."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime], check_number: NumberCheck) -> None:
        self._ledger = ledger
        self._clock = clock
        self._check_number = check_number

    def verify(self, clinic: str, verification: Verification, *, actor: str) -> Verified:
        """The clinic is verified: what awaits it takes effect, and what a withdrawal held goes on.

        Raises UnknownClinicError, and VerificationError for a name or number that cannot be.
        """

        def work(tx: Transaction) -> Verified:
            found = _find(tx, clinic)
            form, name, number = self._checked(verification, _country(tx, found.timeline))
            now, known = self._clock(), found.verifications
            row = VerificationRow(
                len(known) + 1,
                verified=True,
                legal_form=form,
                legal_name=name,
                organisation_number=number,
                recorded_at=now,
                actor=actor,
            )
            if is_verified(known) and known[-1]._replace(number=row.number, recorded_at=now, actor=actor) == row:
                return Verified(clinic, known[-1], RecordOutcome.UNCHANGED, None)
            tx.add_verification(found.clinic_no, row)
            recorded = found.timeline.verify(now, tx.latest_booked_at(found.clinic_no))
            _write(tx, found, recorded, actor)
            holds = [hold for hold in tx.holds([found.clinic_no]).get(found.clinic_no, []) if hold.released_at is None]
            released = _change_open(tx, found.clinic_no, partial(_let_go, holds=holds, at=now))
            return Verified(clinic, row, recorded.outcome, recorded.activation, released)

        return in_transaction(self._ledger, work)

    def withdraw(self, clinic: str, *, actor: str) -> Verified:
        """The clinic is no longer verified: new bookings are billed elsewhere, open actions are held.

        Raises UnknownClinicError.
        """

        def work(tx: Transaction) -> Verified:
            found, now = _find(tx, clinic), self._clock()
            known = found.verifications
            if not is_verified(known):
                return Verified(clinic, known[-1] if known else None, RecordOutcome.UNCHANGED, None)
            row = VerificationRow(
                len(known) + 1,
                verified=False,
                legal_form=None,
                legal_name=None,
                organisation_number=None,
                recorded_at=now,
                actor=actor,
            )
            tx.add_verification(found.clinic_no, row)
            standing = found.timeline.standing(now)
            recorded = found.timeline.withdraw(now, tx.latest_booked_at(found.clinic_no))
            _write(tx, found, recorded, actor)
            held = _change_open(tx, found.clinic_no, partial(hold_open, cause=HeldCause.NOT_VERIFIED, at=now))
            return Verified(clinic, row, RecordOutcome.NOT_VERIFIED, standing, held)

        return in_transaction(self._ledger, work)

    def _checked(self, told: Verification, country: str) -> Verification:
        name = _plain("legal name", told.legal_name)
        if not name:
            raise VerificationError("the legal name is empty: write it as it stands in the register")
        written = _plain("organisation number", told.organisation_number or "")
        if not written:
            if told.legal_form is LegalForm.COMPANY:
                raise VerificationError("a company has an organisation number: add it")
            return Verification(told.legal_form, name)
        number = self._check_number(country, told.legal_form, written)
        if number is None:
            raise VerificationError(
                f"this is not an organisation number of {country}: its length or its check digit is wrong"
            )
        return Verification(told.legal_form, name, number)


class _Found(NamedTuple):
    """A clinic with its rows, locked."""

    clinic_no: int
    rows: Sequence[ActivationRow]
    timeline: Timeline
    verifications: Sequence[VerificationRow]


def _find(tx: Transaction, clinic: str) -> _Found:
    row = tx.clinics([clinic], Lock.EXCLUSIVE).get(clinic)
    if row is None:
        raise UnknownClinicError(clinic)
    rows = tx.timelines([row.clinic_no]).get(row.clinic_no, [])
    verifications = tx.verifications([row.clinic_no]).get(row.clinic_no, [])
    return _Found(row.clinic_no, rows, timeline_of(rows), verifications)


def _country(tx: Transaction, timeline: Timeline) -> str:
    """The country of the clinic's latest file."""
    digest = next((a.digest for a in reversed(timeline.activations) if a.digest is not None), None)
    rows = tx.policies([] if digest is None else [digest])
    return "" if digest is None else str(json.loads(rows[digest].canonical)["country"])


def _write(tx: Transaction, found: _Found, recorded: Recorded, actor: str) -> None:
    """Write the timeline; a version that comes back tells the file it came from before."""
    origins = {row.activation.digest: row for row in found.rows}

    def row_of(activation: Activation) -> ActivationRow:
        origin = origins.get(activation.digest) if activation.digest is not None else None
        if origin is None:
            return ActivationRow(activation, actor)
        return origin._replace(activation=activation, actor=actor)

    write_timelines(tx, [Rewritten(found.clinic_no, found.timeline, recorded.timeline, row_of)])


def _let_go(record: BookingRecord, *, holds: Sequence[HoldRow], at: datetime) -> BookingRecord:
    """Let go what the withdrawal held, unless the clinic, or the booking's activation, is held for another reason."""
    record = release_hold(record, HeldCause.NOT_VERIFIED, at)
    if any(hold.sequence in (None, record.stamp.sequence) for hold in holds):
        record = hold_open(record, HeldCause.CLINIC_HELD, at)
    return record


def _change_open(tx: Transaction, clinic_no: int, change: Callable[[BookingRecord], BookingRecord]) -> int:
    """Change the clinic's bookings with open actions, and count those that differ."""
    keys = [(clinic_no, booking_no) for booking_no in tx.open_bookings(clinic_no)]
    changes = []
    for _, before in sorted(tx.records_by_number(keys, lock=True).items()):
        record = change(before.record)
        if record != before.record:
            changes.append(Change(before, before._replace(record=record)))
    tx.save(changes)
    return len(changes)


def _plain(what: str, text: str) -> str:
    text = " ".join(text.split())
    if len(text) > LONGEST or not text.isprintable():
        raise VerificationError(
            f"the {what} is longer than {LONGEST} characters, or holds characters that do not print"
        )
    return text
