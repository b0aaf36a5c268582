"""What must hold at every moment: when a call begins, when a provider did something, when a timeline has changed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.simulation.model import Known, Version, is_quiet, link_at, reminder_at, settings_for, total_for
from tests.simulation.plan import Document, Input

from payrules.adapters.memory.invoices import Status
from payrules.app.ports import InvoiceRequest, MessageRequest
from payrules.app.rows import Claimed
from payrules.domain.action import Action, ActionKey, ActionState, Delivered
from payrules.domain.decision import ActionType
from payrules.domain.record import BookingRecord, BookingState, InvoiceState
from payrules.domain.timeline import Activation, ActivationState

if TYPE_CHECKING:
    from tests.simulation.providers import Request
    from tests.simulation.steps import Effect
    from tests.simulation.world import World

LATE = timedelta(hours=24)
LEASE = timedelta(minutes=20)
"""An action may start at any time of its lease, and its worker may be slow after the last look at the clock."""

_TAKING_BACK = frozenset({ActionType.DELETE_DRAFT, ActionType.CREDIT_INVOICE})
_LINK, _ISSUE = ActionType.SEND_PAYMENT_LINK, ActionType.ISSUE_INVOICE


def check(world: "World", request: "Request", claimed: Claimed | None, claimed_at: int) -> None:
    """A call begins, for a claim. `claimed_at` is the moment its worker's step began."""
    clinic, number, key = world.identity_of(request)
    known = world.known[clinic, number]
    with world.raw.reading() as tx:
        place = (world.clinic_nos[clinic], number)
        record = tx.records_by_number([place], lock=False)[place].record
    action = next((a for a in record.actions if a.key == key), None)
    name = f"{request.key} of booking {number}"
    if action is None or action.state is not ActionState.CLAIMED or action.stopping:
        world.wrong(f"{name} starts, and is {action.state if action else 'not there'}")
        return
    if claimed is None or (claimed.clinic_no, claimed.booking_no, claimed.key) != (*place, key):
        world.wrong(f"{name} starts, and nobody asked whether it may")
    elif claimed.attempt != action.attempt:
        world.wrong(f"{name} starts for attempt {claimed.attempt}, and is claimed for {action.attempt}")
    with world.raw.reading() as tx:
        attempts = [one for one in tx.attempts_of(*place) if one.key == key]
    # An attempt of which nothing was ever written ended with its lease.
    world.attempts[request.key] = action.attempt
    world.counts["lease expired"] += len(attempts) < action.attempt - 1
    if clinic in world.held:
        world.wrong(f"{name} starts while its clinic is held")
    if clinic in world.unverified:
        world.wrong(f"{name} starts while its clinic is not verified")
    if known.cancelled and key.type not in _TAKING_BACK:
        world.wrong(f"{name} starts after its booking was cancelled")
    if world.now < action.due_at:
        world.wrong(f"{name} starts at {world.now}, before {action.due_at}")
    asked = world.asked_for.get((clinic, number, key))
    # What came of an attempt that died is not known.
    knows = asked is not None and any(one.attempt == asked.attempt and one.answer == "retry_later" for one in attempts)
    if asked is not None and knows and world.now < asked.until and known.releases[key] == asked.releases:
        world.wrong(f"{name} starts at {world.now}, and its provider has asked to wait until {asked.until}")
    if isinstance(request, MessageRequest):
        _check_message(world, request, known, action, name, claimed_at)
    elif key.type is _ISSUE:
        world.issue_moments[clinic, number, key.ordinal] = claimed_at
        _check_issue(world, request, known, key, name, claimed_at)


def _check_issue(
    world: "World", request: InvoiceRequest, known: Known, key: ActionKey, name: str, claimed_at: int
) -> None:
    totals = {total_for(version) for version in known.since(claimed_at)}
    if known.document is not None and request.total not in totals:
        world.wrong(f"{name} is issued over {request.total}, and costs {totals}")
    answered = known.kinds & {"override", "credited", "replaced"} or known.releases or known.was_sent
    paid = any(v.paid >= (total_for(v) or 0) for v in known.since(claimed_at))
    if known.stopped and not answered and not paid:
        world.wrong(f"{name} starts, and the client did not come or is to be charged")


def _check_message(
    world: "World", request: MessageRequest, known: Known, action: Action, name: str, claimed_at: int
) -> None:
    clinic, number, key = world.identity_of(request)
    by_hand = known.releases[key] > 0
    invoice = world.invoice(clinic, number, key.ordinal)
    if invoice is None or invoice.total is None:
        world.wrong(f"{name} starts before an invoice was issued")
        return
    owed = {max(invoice.total - version.paid, 0) for version in known.since(claimed_at)}
    if request.amount not in owed:
        world.wrong(f"{name} asks for {request.amount}, and {owed} is owed")
    if known.paid >= invoice.total:
        world.wrong(f"{name} starts after {known.paid} of {invoice.total} was paid")
    if invoice.status is Status.CREDITED:
        world.wrong(f"{name} starts after its invoice was credited")
    elif request.invoice_number != invoice.number:
        world.wrong(f"{name} names invoice {request.invoice_number} instead of {invoice.number}")
    timed = by_hand or (known.was_sent and key.type is _LINK)
    if not timed and world.now - action.due_at > LATE + LEASE:
        world.wrong(f"{name} starts {world.now - action.due_at} late")
    versions = known.since(world.issue_moments.get((clinic, number, key.ordinal), claimed_at))
    if key.type is _LINK:
        _check_link(world, known, versions, key, name, by_hand=by_hand)
    else:
        _check_reminder(world, known, versions, key, name)
    looked_at = world.stack[-1].at
    if not timed and all(
        is_quiet(version, request.channel.value, at) for version in versions for at in (looked_at, world.now)
    ):
        world.wrong(f"{name} starts at {world.now}, in quiet hours")


def _check_link(
    world: "World", known: Known, versions: list[Version], key: ActionKey, name: str, *, by_hand: bool
) -> None:
    if known.send_at is not None:
        if world.now < known.send_at:
            world.wrong(f"{name} starts at {world.now}, and a person wanted it at {known.send_at}")
        return
    if by_hand:
        return
    if known.document is None or (known.credits and key.ordinal > 1):
        world.wrong(f"{name} starts, and nobody sent the draft")
        return
    assert key.channel is not None
    times = [link_at(version, key.channel.value) for version in versions]
    if all(at is not None and world.now < at for at in times):
        world.wrong(f"{name} starts at {world.now}, and is due at {times}")
    files = [(v.document, v.booking) for v in versions if v.document is not None]
    manual = all(settings_for(document, booking)[0].process == "manual" for document, booking in files)
    if manual and "automatic" not in known.overrides:
        world.wrong(f"{name} starts, and is for a person to send")


def _check_reminder(world: "World", known: Known, versions: list[Version], key: ActionKey, name: str) -> None:
    clinic, number = next(place for place, one in world.known.items() if one is known)
    links = [
        known.found.get(sent, effect.at)
        for (where, which, sent), effects in world.effects.items()
        if (where, which, sent.ordinal, sent.type) == (clinic, number, key.ordinal, _LINK)
        for effect in effects
        if isinstance(effect.answer, Delivered)
    ]
    if not links:
        world.wrong(f"{name} starts, and no link was delivered")
        return
    times = [reminder_at(version, key.occurrence, min(links)) for version in versions]
    if all(at is None or world.now < at for at in times):
        world.wrong(f"{name} starts at {world.now}: the link was sent at {min(links)}, so it is due at {times}")


def note(world: "World", effect: "Effect") -> None:
    """A provider did something: once for an action, unless a person let it go again."""
    identity = world.identity_of(effect.request)
    clinic, number, key = identity
    known = world.known[clinic, number]
    before = [e for e in world.effects.get(identity, ()) if isinstance(e.answer, Delivered)]
    if isinstance(effect.answer, Delivered) and len(before) > known.releases[key]:
        world.wrong(f"{effect.request.key} of booking {number} has a second effect, {effect.at - before[0].at} later")
    world.effects.setdefault(identity, []).append(effect)


def first_known(world: "World", told: Input, record: BookingRecord, document: Document | None) -> Known:
    """What is known of a booking when it is made."""
    booking, booked_at = told.booking, record.booking.booked_at
    assert booking is not None
    step = world.stack[-1]
    if booked_at != booking.booked_at:
        # One that lies ahead counts as the time it was received at.
        if not (booking.booked_at > booked_at and step.at <= booked_at <= world.now):
            world.wrong(f"booking {told.booking_id} is booked at {booked_at} instead of {booking.booked_at}")
        booking = booking._replace(booked_at=booked_at)
    return Known([Version(world.moment, booking, 0, document)], world.aliases[told.clinic, told.booking_id])


def apply(world: "World", known: Known, told: Input, record: BookingRecord) -> None:
    """Take in an event that was applied to a known booking."""
    billed = record.state in (BookingState.ISSUED, BookingState.PAID)
    known.apply(told, world.moment, frozen=billed and record.invoice.state is InvoiceState.ISSUED)
    if told.kind == "no_show" or (told.kind == "cancelled" and told.fields.get("charge")):
        begun = any(place[:2] == (told.clinic, known.booking_no) for place in world.issue_moments)
        known.stopped = known.stopped or not begun
    if told.kind == "booked":
        known.kinds.add("replaced")
        world.counts["applied: booked with another id"] += 1
    if told.kind == "cancelled" and any(a.state is ActionState.CLAIMED for a in record.actions):
        world.counts["cancelled while claimed"] += 1


def check_timeline(world: "World", clinic: str, activations: Sequence[Activation]) -> None:
    """What was in force once stays so, for ever."""
    now: datetime = world.now
    found = {a.sequence: a for a in activations}
    for (name, sequence), (digest, effective_at) in world.in_force.items():
        if name != clinic:
            continue
        after = found.get(sequence)
        same = after is not None and after.state is ActivationState.RECORDED
        if after is None or not same or (after.digest, after.effective_at) != (digest, effective_at):
            world.wrong(f"activation {sequence} of {clinic} was in force and is changed")
    for activation in activations:
        at = activation.effective_at
        if activation.state is not ActivationState.RECORDED or at is None:
            world.counts[f"activation: {activation.state}"] += 1
            continue
        if at < activation.recorded_at or (activation.effective_from is not None and at < activation.effective_from):
            world.wrong(f"activation {activation.sequence} of {clinic} takes effect in the past")
        if at <= now:
            world.in_force[clinic, activation.sequence] = (activation.digest, at)
