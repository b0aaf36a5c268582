"""Restamping: a person moves bookings to another policy version. The first stamp stays; a second one is added.

Each booking is a transaction of its own: it is moved whole, or refused with the reason and left as it was.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from payrules.app.audit import Engine
from payrules.app.bookings import named
from payrules.app.by_hand import ByHand
from payrules.app.decision_rows import decision_row
from payrules.app.holding import Stops, in_line
from payrules.app.ports import Ledger, Lock, Transaction
from payrules.app.rows import Change, ClinicRow
from payrules.app.timelines import UnknownClinicError, timeline_of
from payrules.app.transactions import in_transaction
from payrules.app.versions import Versions
from payrules.domain.action import HeldCause
from payrules.domain.decision import Outcome
from payrules.domain.lifecycle import SENTENCES, Refusal, release_hold, restamped
from payrules.domain.policy import Policy
from payrules.domain.record import BookingRecord, Stamp
from payrules.domain.timeline import Activation, ActivationState


class RestampOutcome(StrEnum):
    """What became of one booking."""

    RESTAMPED = "restamped"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Restamped(NamedTuple):
    """One booking. `stamp` is the one that holds now, `decided` what was decided under it; both None where refused.

    A refusal has its code for machines and its sentence.
    """

    booking_id: str
    outcome: RestampOutcome
    clinic: str | None = None
    stamp: Stamp | None = None
    decided: Outcome | None = None
    code: str | None = None
    sentence: str | None = None


class _RefusedError(Exception):
    """The booking cannot be restamped. Ends its transaction."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


class Restamper:
    """Gives bookings another stamp: that of an activation by its number, or of the one in force now."""

    def __init__(self, ledger: Ledger, versions: Versions, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._versions = versions
        self._engine = engine
        self._clock = clock

    def restamp(
        self, booking_ids: Sequence[str], by: ByHand, clinic: str | None = None, sequence: int | None = None
    ) -> Iterator[Restamped]:
        """Restamp bookings one after the other; without `clinic` they are looked for in all.

        An id may be written `clinic/id`. Raises UnknownClinicError, and UnknownBookingError where another clinic is
        named beside one.
        """
        wanted = list(dict.fromkeys(named(booking_id, clinic) for booking_id in booking_ids))
        with self._ledger.reading() as tx:
            known = {row.clinic: row for row in tx.all_clinics()}
        for name in {name for name, _ in wanted if name is not None}:
            if name not in known:
                raise UnknownClinicError(name)
        for where, booking_id in wanted:
            clinics = list(known.values()) if where is None else [known[where]]
            work = partial(self._restamp, booking_id=booking_id, clinics=clinics, by=by, sequence=sequence)
            try:
                yield in_transaction(self._ledger, work)
            except _RefusedError as error:
                yield Restamped(booking_id, RestampOutcome.REFUSED, where, code=error.code, sentence=error.sentence)

    def _restamp(
        self, tx: Transaction, booking_id: str, clinics: Sequence[ClinicRow], by: ByHand, sequence: int | None
    ) -> Restamped:
        clinic = _clinic_of(tx, booking_id, clinics)
        tx.clinics([clinic.clinic], Lock.SHARE)
        before = tx.records([(clinic.clinic_no, booking_id)], lock=True)[clinic.clinic_no, booking_id]
        now, record, former = self._clock(), before.record, before.record.stamp
        timeline = timeline_of(tx.timelines([clinic.clinic_no]).get(clinic.clinic_no, []))
        target = _target(clinic.clinic, timeline.activations, timeline.in_force(now), sequence, now)
        named = (target.sequence, target.digest, *self._engine)
        if (former.sequence, former.digest, former.engine, former.tzdata) == named:
            return Restamped(booking_id, RestampOutcome.UNCHANGED, clinic.clinic, former, record.decided.outcome)
        policy = self._versions.find(tx, [str(target.digest)])[str(target.digest)].policy
        if not _has_currency(record, policy):
            raise _refusal(Refusal.WRONG_CURRENCY)
        stamp = Stamp(former.number + 1, *named, now, by.name, by.reason)
        # What the hold of an activation has stopped goes on where that is left behind.
        advanced = restamped(release_hold(record, HeldCause.CLINIC_HELD, now), stamp, policy, now)
        if advanced.refusal is not None:
            raise _refusal(advanced.refusal.code)
        record = in_line(advanced.record, Stops.of(tx, clinic.clinic_no), now)
        wanted = () if advanced.decision is None else advanced.decision.actions
        row = decision_row(before.booking_no, record, wanted, before.facts, now)
        tx.save([Change(before, before._replace(record=record), row)])
        return Restamped(booking_id, RestampOutcome.RESTAMPED, clinic.clinic, stamp, record.decided.outcome)


def _refusal(code: Refusal) -> _RefusedError:
    return _RefusedError(code, SENTENCES[code])


def _clinic_of(tx: Transaction, booking_id: str, clinics: Sequence[ClinicRow]) -> ClinicRow:
    found = tx.records([(row.clinic_no, booking_id) for row in clinics], lock=False)
    its = [row for row in clinics if (row.clinic_no, booking_id) in found]
    if not its:
        raise _RefusedError("unknown_booking", "no booking of that id is known here")
    if len(its) > 1:
        names = ", ".join(row.clinic for row in its)
        raise _RefusedError("ambiguous_booking", f"several clinics have a booking of that id ({names}): add --clinic")
    return its[0]


def _target(
    clinic: str, activations: Sequence[Activation], current: Activation | None, sequence: int | None, now: datetime
) -> Activation:
    """The activation to restamp to: one that carries a version and has taken effect."""
    asked = current if sequence is None else next((a for a in activations if a.sequence == sequence), None)
    if asked is None and sequence is None:
        raise _RefusedError("nothing_in_force", "no version of the clinic is in force now")
    if asked is None:
        sentence = f"the clinic has no activation {sequence}: `payrules history {clinic}` lists them"
        raise _RefusedError("unknown_activation", sentence)
    if asked.digest is None:
        raise _RefusedError(
            "not_verified", "the clinic's verification was withdrawn then: name a version with --to, or verify it again"
        )
    if asked.state is not ActivationState.RECORDED or asked.effective_at is None or asked.effective_at > now:
        raise _RefusedError("never_in_force", f"activation {asked.sequence} has not taken effect")
    return asked


def _has_currency(record: BookingRecord, policy: Policy) -> bool:
    """Whether what was agreed and paid is in the policy's currency."""
    told = [record.booking.price, record.by_person.price, record.decided.price if record.invoice.paid else None]
    return all(price is None or price.currency == policy.currency for price in told)
