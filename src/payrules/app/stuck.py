"""What waits for a person: held and dead actions, undecided and stopped bookings, refunds owed; and what people do
about actions. Nothing here holds a client's name or address.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import NamedTuple

from payrules.app.by_hand import ByHand
from payrules.app.holding import Stops, in_line
from payrules.app.ports import Ledger, Lock, Transaction
from payrules.app.requests import Requests
from payrules.app.rows import Change, DeedRow, StoredRecord
from payrules.app.timelines import UnknownClinicError
from payrules.app.transactions import in_transaction
from payrules.domain.action import Action, ActionKey, ActionState, HeldCause
from payrules.domain.decision import Reason, Uncovered, decide
from payrules.domain.lifecycle import (
    Advanced,
    amount_of,
    drop_held,
    found_delivered,
    refund_due,
    release_held,
    retry_dead,
)
from payrules.domain.lifecycle.deciding import laid_over, stopped_by
from payrules.domain.record import BookingRecord, BookingState

MOST_LISTED = 10_000
"""The most rows of a kind that are listed."""

_PAGE = 500


class StuckAction(NamedTuple):
    """A held or dead action with its booking."""

    clinic: str
    booking_id: str
    action: Action

    @property
    def key(self) -> str:
        """What commands call it."""
        return self.action.key.text(self.clinic, self.booking_id)


class Undecided(NamedTuple):
    """A booking for which a fact is missing; `missing` names facts by their path in a booking record."""

    clinic: str
    booking_id: str
    reason: Reason
    missing: tuple[str, ...]


class Stopped(NamedTuple):
    """A booking whose client did not come, or cancelled what is charged: a person bills or drops."""

    clinic: str
    booking_id: str
    cause: HeldCause


class Refund(NamedTuple):
    """A booking for which more came in than is owed: `minor` units go back. `currency` is None where none is known."""

    clinic: str
    booking_id: str
    minor: int
    currency: str | None


class Waiting(NamedTuple):
    """All that waits for a person. `is_cut` is true where there is more of a kind than `MOST_LISTED`."""

    actions: tuple[StuckAction, ...]
    undecided: tuple[Undecided, ...]
    stopped: tuple[Stopped, ...]
    refunds: tuple[Refund, ...]
    is_cut: bool

    @property
    def bookings(self) -> "tuple[Undecided | Stopped | Refund, ...]":
        """The bookings, without those of the actions."""
        return (*self.undecided, *self.stopped, *self.refunds)


def stuck_actions(tx: Transaction, state: ActionState, clinic: str | None = None) -> list[StuckAction]:
    """Held or dead actions, of one clinic or of all, oldest due first; at most one more than `MOST_LISTED`.

    Raises UnknownClinicError.
    """
    names = _names(tx, clinic)
    only = next(iter(names)) if clinic is not None else None
    rows = tx.actions_in(state.value, only, MOST_LISTED + 1)
    ids: dict[tuple[int, int], str] = {}
    numbers = sorted({(clinic_no, booking_no) for clinic_no, booking_no, _ in rows})
    for start in range(0, len(numbers), _PAGE):
        found = tx.records_by_number(numbers[start : start + _PAGE], lock=False)
        ids |= {number: stored.record.booking.id for number, stored in found.items()}
    return [StuckAction(names[c], ids[c, b], action) for c, b, action in rows]


def waiting_for_person(tx: Transaction, requests: Requests, clinic: str | None = None) -> Waiting:
    """What waits for a person, in one clinic or in all. Raises UnknownClinicError."""
    names = _names(tx, clinic)
    only = next(iter(names)) if clinic is not None else None
    undecided: list[Undecided] = []
    stopped: list[Stopped] = []
    states = (BookingState.UNDECIDED, BookingState.STOPPED)
    wanting = _records(tx, lambda after: tx.booking_numbers(only, states, after, _PAGE))
    for stored in islice(wanting, MOST_LISTED + 1):
        record, name = stored.record, names[stored.clinic_no]
        if record.state is BookingState.UNDECIDED:
            cover = requests.cover(tx, record.stamp)
            plan = laid_over(decide(cover, record.booking, record.decided.not_before), record, cover)
            undecided.append(Undecided(name, record.booking.id, plan.reason, plan.missing))
        else:
            stopped.append(Stopped(name, record.booking.id, stopped_by(record) or HeldCause.NO_SHOW))
    overpaid = _records(tx, lambda after: tx.overpaid(only, after, _PAGE))
    owing = (stored for stored in overpaid if refund_due(stored.record))
    refunds = [
        Refund(
            names[stored.clinic_no],
            stored.record.booking.id,
            refund_due(stored.record),
            _currency(tx, stored.record, requests),
        )
        for stored in islice(owing, MOST_LISTED + 1)
    ]
    actions = stuck_actions(tx, ActionState.HELD, clinic)
    is_cut = max(len(actions), len(undecided) + len(stopped), len(refunds)) > MOST_LISTED
    return Waiting(tuple(actions[:MOST_LISTED]), tuple(undecided), tuple(stopped), tuple(refunds[:MOST_LISTED]), is_cut)


def _names(tx: Transaction, clinic: str | None) -> dict[int, str]:
    """The clinics that are meant, by number."""
    rows: Iterable[tuple[int, str, int]] = tx.all_clinics() if clinic is None else tx.clinics([clinic]).values()
    names = {clinic_no: name for clinic_no, name, _ in rows}
    if clinic is not None and not names:
        raise UnknownClinicError(clinic)
    return names


def _records(tx: Transaction, page: Callable[[tuple[int, int]], list[tuple[int, int]]]) -> Iterator[StoredRecord]:
    after = (0, 0)
    while numbers := page(after):
        found = tx.records_by_number(numbers, lock=False)
        yield from (found[number] for number in numbers)
        after = numbers[-1]


def _currency(tx: Transaction, record: BookingRecord, requests: Requests) -> str | None:
    price = amount_of(record) or record.booking.price
    if price is not None:
        return price.currency
    cover = requests.cover(tx, record.stamp)
    return None if isinstance(cover, Uncovered) else cover.currency


# ---- what people do


class Verb(StrEnum):
    """What a person does about an action, as it is said when it is done."""

    RELEASE = "released"
    DROP = "dropped"
    RETRY = "retried"
    FIND_DELIVERED = "delivered"


class Done(NamedTuple):
    """What became of one action, by its idempotency key; a refusal has its code and its sentence."""

    key: str
    verb: Verb
    code: str | None = None
    sentence: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether nothing was changed."""
        return self.code is not None


_OF_THE_CLINIC = {
    HeldCause.CLINIC_HELD: "the clinic is on hold: what it stopped goes on with `payrules release {clinic}`",
    HeldCause.NOT_VERIFIED: "the clinic is not verified: this goes on by itself when it is",
}


class Desk:
    """Where people release, drop and retry actions, or say that one is done, each in a transaction of its own."""

    def __init__(self, ledger: Ledger, requests: Requests, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._requests = requests
        self._clock = clock

    def act(self, verb: Verb, keys: Iterable[str], by: ByHand) -> Iterator[Done]:
        """Do it to actions, one after the other, named by their idempotency keys."""
        for key in dict.fromkeys(keys):
            yield in_transaction(self._ledger, partial(self._act, verb=verb, text=key, by=by))

    def _act(self, tx: Transaction, verb: Verb, text: str, by: ByHand) -> Done:
        try:
            clinic, booking_id, key = ActionKey.parse(text)
        except ValueError:
            return Done(text, verb, "not_a_key", "this is not an action's key: `payrules held list` shows them")
        row = tx.clinics([clinic], Lock.SHARE).get(clinic)
        if row is None:
            return Done(text, verb, "unknown_clinic", "no clinic of that name is known here")
        before = tx.records([(row.clinic_no, booking_id)], lock=True).get((row.clinic_no, booking_id))
        if before is None:
            return Done(text, verb, "unknown_booking", "the clinic has no booking of that id")
        now, record = self._clock(), before.record
        action = next((a for a in record.actions if a.key == key), None)
        if verb is Verb.RELEASE and action is not None and action.state is ActionState.HELD:
            for cause, sentence in _OF_THE_CLINIC.items():
                if action.cause == cause:
                    return Done(text, verb, cause.value, sentence.format(clinic=clinic))
        advanced = self._advance(tx, verb, record, key, by, now)
        if advanced.refusal is not None:
            return Done(text, verb, advanced.refusal.code.value, advanced.refusal.sentence)
        # Nobody lets an action slip through a hold.
        record = in_line(advanced.record, Stops.of(tx, row.clinic_no), now)
        tx.save([Change(before, before._replace(record=record))])
        number = (row.clinic_no, before.booking_no)
        tx.add_deed(*number, DeedRow(len(tx.deeds_of(*number)) + 1, key, verb.value, by.name, by.reason, now))
        return Done(text, verb)

    def _advance(
        self, tx: Transaction, verb: Verb, record: BookingRecord, key: ActionKey, by: ByHand, now: datetime
    ) -> Advanced:
        match verb:
            case Verb.RELEASE:
                return release_held(record, key, by.said(verb.value))
            case Verb.RETRY:
                return retry_dead(record, key, by.said(verb.value))
            case Verb.DROP:
                return drop_held(record, key, now, by.said())
            case Verb.FIND_DELIVERED:
                cover = self._requests.cover(tx, record.stamp)
                return found_delivered(record, key, cover, now, f"by hand: {by.name}")
