"""What `audit` asks of one booking: pure questions to its rows, each difference named with what was expected."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from payrules.app.decision_rows import read_wanted
from payrules.app.rows import DecisionRow, HoldRow, Past
from payrules.domain.action import Action, ActionState, Stage, scheduled
from payrules.domain.booking import Booking
from payrules.domain.decision import ActionSpec, ActionType, decide
from payrules.domain.lifecycle import Cover
from payrules.domain.money import Money
from payrules.domain.policy import Channel
from payrules.domain.record import BookingRecord, Decided, InvoiceState, Stamp
from payrules.domain.timeline import Activation, ActivationState, Timeline

LONG = timedelta(hours=1)
"""After this, what a worker or a command would have done by itself is not done at all."""


class Part(StrEnum):
    """What of a ledger differs from what it has to be."""

    POLICY = "policy"
    TIMELINE = "timeline"
    BOOKING = "booking"
    STAMP = "stamp"
    DECISION = "decision"
    ACTION = "action"


class Difference(NamedTuple):
    """Something that is not as it follows from the rest of the ledger.

    `number` is that of the stamp or decision, `field` what of it, or the action's key. `stamp` is the number of the
    stamp that it rests on. `is_error` is false where another engine, or other time zones, may have decided otherwise.
    """

    part: Part
    expected: str
    found: str
    field: str = ""
    number: int | None = None
    stamp: int | None = None
    clinic: str = ""
    booking_id: str | None = None
    is_error: bool = True


def version_text(sequence: int | None, digest: str | None) -> str:
    """An activation and its version, as a difference names them."""
    if sequence is None:
        return "no activation" if digest is None else f"no activation, {digest}"
    return f"activation {sequence}, {digest or 'verification withdrawn'}"


def number_differences(record: BookingRecord, past: Past) -> Iterator[Difference]:
    """Stamps and decisions count up from 1, and the last ones hold."""
    stamps, decided = past.stamps, [decided for _, decided in past.decisions]
    for part, numbers in ((Part.STAMP, [s.number for s in stamps]), (Part.DECISION, [d.number for d in decided])):
        wanted = list(range(1, max(len(numbers), 1) + 1))
        if numbers != wanted:
            yield Difference(part, f"numbers {_listed(wanted)}", f"numbers {_listed(numbers)}", "number")
    if stamps and record.stamp != stamps[-1]:
        yield Difference(Part.BOOKING, f"stamp {stamps[-1].number}", f"stamp {record.stamp.number}", "stamp")
    if decided and record.decided != decided[-1]:
        expected, found = decided[-1].number, record.decided.number
        yield Difference(Part.BOOKING, f"decision {expected}", f"decision {found}", "decision")


def stamp_differences(stamps: Sequence[Stamp], timeline: Timeline, booked_at: datetime) -> Iterator[Difference]:
    """The first stamp is what was in force at `booked_at`, a later one an activation that a person chose."""
    for stamp in stamps:
        chosen = stamp.number > 1
        activation = _chosen(timeline, stamp) if chosen else timeline.in_force(booked_at)
        expected = (None, None) if activation is None else (activation.sequence, activation.digest)
        if (stamp.sequence, stamp.digest) != expected:
            wanted = (
                "an activation with a version, in force when it was stamped" if chosen and activation is None else ""
            )
            yield _of_stamp(stamp, wanted or version_text(*expected), version_text(stamp.sequence, stamp.digest))
        if chosen and not (stamp.by and stamp.reason):
            yield _of_stamp(stamp, "who restamped the booking, and why", "nobody, or no reason", "by")


def _chosen(timeline: Timeline, stamp: Stamp) -> Activation | None:
    """The activation a later stamp names, where a person could choose it then."""
    for activation in timeline.activations:
        if activation.sequence == stamp.sequence and activation.state is ActivationState.RECORDED:
            begun = activation.effective_at is not None and activation.effective_at <= stamp.stamped_at
            return activation if begun and activation.digest is not None else None
    return None


def _of_stamp(stamp: Stamp, expected: str, found: str, field: str = "activation") -> Difference:
    return Difference(Part.STAMP, expected, found, field, stamp.number, stamp.number)


def decision_differences(
    row: DecisionRow, decided: Decided, cover: Cover, booking: Booking, earliest: datetime | None
) -> Iterator[Difference]:
    """A decision follows from its facts, its stamp's policy and `not_before`.

    `earliest` is the `not_before` of the decision before it, None of the first, which asks with `booked_at`.
    """

    def differs(field: str, expected: str, found: str) -> Difference:
        return Difference(Part.DECISION, expected, found, field, row.number, row.stamp)

    if earliest is None and decided.not_before != booking.booked_at:
        yield differs("not_before", instant_text(booking.booked_at), instant_text(decided.not_before))
    elif earliest is not None and decided.not_before < earliest:
        yield differs("not_before", f"{instant_text(earliest)} or later", instant_text(decided.not_before))
    decision = decide(cover, booking, decided.not_before)
    for field, expected, found in (
        ("outcome", decision.outcome.value, decided.outcome.value),
        ("reason", decision.reason.value, decided.reason.value),
        ("rule", _rule_text(decision.rule), _rule_text(decided.rule)),
        ("price", _price_text(decision.price), _price_text(decided.price)),
        ("missing", _listed(decision.missing), _listed(decided.missing)),
    ):
        if expected != found:
            yield differs(field, expected, found)
    try:
        wanted = read_wanted(row.actions)
    except (ValueError, TypeError):
        yield differs("actions", _listed(map(_spec_text, decision.actions)), "a list that cannot be read")
        return
    if wanted != decision.actions:
        yield differs("actions", _rest(decision.actions, wanted), _rest(wanted, decision.actions))


def action_differences(record: BookingRecord, now: datetime, holds: Sequence[HoldRow]) -> Iterator[Difference]:
    """No action is in a state that it can never get to, or that nobody would ever bring it out of."""
    clinic, booking_id = record.booking.clinic, record.booking.id
    covering = [hold for hold in holds if hold.sequence in (None, record.stamp.sequence) and hold.held_at < now - LONG]
    for action, planned in zip(record.actions, scheduled(record.actions), strict=True):
        for expected, found in _impossible(record, action, planned, now, on_hold=bool(covering)):
            yield Difference(Part.ACTION, expected, found, action.key.text(clinic, booking_id))
    issued = any(
        a.key.type is ActionType.ISSUE_INVOICE and a.key.ordinal == record.invoice.ordinal
        for a in record.actions
        if a.state is ActionState.DELIVERED
    )
    if issued != (record.invoice.state in (InvoiceState.ISSUED, InvoiceState.CREDITED)):
        expected = "an issued invoice" if issued else "no invoice before its issue is delivered"
        yield Difference(Part.BOOKING, expected, f"an invoice that is {record.invoice.state}", "invoice")


_NEEDED = {Stage.CHANGE: Stage.CREATE, Stage.ISSUE: Stage.CREATE, Stage.LINK: Stage.ISSUE, Stage.CLOSE: Stage.ISSUE}
_NEEDED[Stage.REMIND] = Stage.LINK
_RUNNING = (ActionState.WAITING, ActionState.CLAIMED)


def _impossible(
    record: BookingRecord, action: Action, planned: Action, now: datetime, *, on_hold: bool
) -> Iterator[tuple[str, str]]:
    """What an action would have to be, and what it is."""
    key, state = action.key, action.state
    is_message = action.stage in (Stage.LINK, Stage.REMIND)
    if is_message != (key.channel in tuple(Channel)) or key.ordinal > record.invoice.ordinal:
        yield f"an action of invoice 1 to {record.invoice.ordinal}, with a channel if it is a message", "another one"
    if planned.next_at != action.next_at:
        wanted = "not yet, since an earlier stage is not through" if planned.next_at is None else ""
        yield f"looked at {wanted or _moment(planned.next_at)}", f"looked at {_moment(action.next_at)}"
    if state is ActionState.CLAIMED and (action.next_at is None or action.attempt < 1):
        yield "a claim with a lease and its attempt's number", "a claim without"
    elif state is ActionState.CLAIMED and action.next_at is not None and action.next_at < now - LONG:
        yield "claimed again after its lease, if a worker runs", f"a lease that ended {_moment(action.next_at)}"
    if state is ActionState.WAITING and on_hold:
        yield "held, since the clinic is on hold: say `payrules hold` again", "waiting"
    if state not in _RUNNING and action.next_at is not None:
        yield f"never looked at again, being {state}", f"looked at {_moment(action.next_at)}"
    if action.stopping and state is not ActionState.CLAIMED:
        yield "stopping only while it is claimed", f"stopping while {state}"
    if state in (ActionState.HELD, ActionState.DEAD) and not action.cause:
        yield f"the cause why it is {state}", "none"
    if not action.is_open and action.settled_at is None:
        yield f"the time when it was {state}", "none"
    needed = _NEEDED.get(action.stage)
    if state in (ActionState.CLAIMED, ActionState.DELIVERED) and needed is not None:
        same = (a for a in record.actions if a.key.ordinal == key.ordinal and a.stage is needed)
        if not any(a.state is ActionState.DELIVERED for a in same):
            yield f"{needed.name.lower()} delivered before it is {state}", "not delivered"


# ---- words


def instant_text(instant: datetime) -> str:
    """`2026-12-01T09:00:00Z`."""
    return instant.isoformat().replace("+00:00", "Z")


def _moment(instant: datetime | None) -> str:
    return "never" if instant is None else instant_text(instant)


def _listed(items: Iterable[object]) -> str:
    return ", ".join(map(str, items)) or "none"


def _rule_text(rule: int | None) -> str:
    return "the defaults" if rule is None else f"rule {rule + 1}"


def _price_text(price: Money | None) -> str:
    return "none" if price is None else f"{price.minor} minor units of {price.currency}"


def _spec_text(spec: ActionSpec) -> str:
    name = "/".join(filter(None, (spec.type, spec.channel, str(spec.occurrence))))
    shifted = "" if spec.shifted_by is None else f" ({spec.shifted_by})"
    return f"{name} at {instant_text(spec.due_at)}{shifted}"


def _rest(specs: Sequence[ActionSpec], others: Sequence[ActionSpec]) -> str:
    """The actions that the others have not; where only the order differs, all."""
    return _listed(map(_spec_text, [spec for spec in specs if spec not in others] or specs))
