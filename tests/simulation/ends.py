"""What must hold when everything has come to rest."""

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from tests.simulation.people import FOUND
from tests.simulation.processes import COMPILED, ENGINE

from payrules.adapters.memory.invoices import Invoice, Status
from payrules.adapters.zones import load_zone
from payrules.app.audit import Auditor
from payrules.app.ports import Transaction
from payrules.app.rows import EventState
from payrules.domain.action import SENDS, Action, ActionState, Delivered
from payrules.domain.decision import ActionType
from payrules.domain.record import BookingRecord, BookingState, InvoiceState
from payrules.domain.timeline import ActivationState

if TYPE_CHECKING:
    from tests.simulation.world import World

_ENDED = frozenset({ActionState.DELIVERED, ActionState.REJECTED, ActionState.CANCELLED})
_LISTED = frozenset({ActionState.HELD, ActionState.DEAD})
_UNSETTLED = _LISTED | {ActionState.REJECTED}


def check(world: "World") -> None:
    """Every promise about what is left when nothing is due any more."""
    doubtful = set()
    with world.raw.reading() as tx:
        for clinic, number in world.clinic_nos.items():
            _check_events(world, tx, clinic, number)
            for place in tx.booking_numbers(number):
                _check_booking(world, tx, clinic, place)
                if _is_for_persons(world, clinic, tx.records_by_number([place], lock=False)[place].record):
                    doubtful.add(place)
        _check_lists(world, tx)
    for difference in Auditor(world.raw, COMPILED, load_zone, ENGINE, lambda: world.now).audit():
        world.wrong(f"audit: {difference}")
    for clinic in world.clinic_nos:
        _check_numbers(world, world.made(clinic))
    world.invoices.check(doubtful)


def _check_events(world: "World", tx: Transaction, clinic: str, number: int) -> None:
    told = {one.event_id for one in world.plan.inputs if one.clinic == clinic}
    rows = tx.events([(number, event_id) for event_id in told])
    for event_id in told - {row.event_id for row in rows.values()} - world.turned_away:
        world.wrong(f"event {event_id} of {clinic} has vanished")
    for row in rows.values():
        if row.state is EventState.EARLY and tx.records([(number, row.booking_id)], lock=False):
            world.wrong(f"event {row.event_id} waits, and its booking is there")


def _check_booking(world: "World", tx: Transaction, clinic: str, place: tuple[int, int]) -> None:
    record = tx.records_by_number([place], lock=False)[place].record
    known = world.known.get((clinic, place[1]))
    if known is None:
        world.wrong(f"booking {place[1]} of {clinic} comes from nowhere")
        return
    if record.invoice.paid != known.paid:
        world.wrong(f"booking {place[1]}: {record.invoice.paid} is paid, and {known.paid} was")
    if record.booking.booked_at != known.booking.booked_at:
        world.wrong(f"booking {place[1]} has another booked_at than it was told")
    if known.cancelled != (record.state is BookingState.CANCELLED):
        world.wrong(f"booking {place[1]} is {record.state}, and cancelled: {known.cancelled}")
    _check_stamp(world, tx, place, record)
    for action in record.actions:
        _check_action(world, clinic, place[1], record, action)
    _check_invoices(world, clinic, place[1], record)


def _check_stamp(world: "World", tx: Transaction, place: tuple[int, int], record: BookingRecord) -> None:
    """By hand: of all that counts, the latest that had begun when it was booked."""
    found: tuple[int | None, str | None] = (None, None)
    latest = None
    for row in tx.timelines([place[0]])[place[0]]:
        at = row.activation.effective_at
        counts = row.activation.state is ActivationState.RECORDED and at is not None
        if counts and at is not None and at <= record.booking.booked_at and (latest is None or at > latest):
            latest, found = at, (row.activation.sequence, row.activation.digest)
    stamps = tx.stamps_of(*place)
    if [stamp.number for stamp in stamps] != list(range(1, len(stamps) + 1)):
        world.wrong(f"booking {place[1]} has stamps {stamps}")
    if (stamps[0].sequence, stamps[0].digest) != found:
        world.wrong(f"booking {place[1]} has stamps {stamps}, and was booked under {found}")


def _check_action(world: "World", clinic: str, number: int, record: BookingRecord, action: Action) -> None:
    name = f"{action.key} of booking {number} of {clinic}"
    known, effects = world.known[clinic, number], world.effects.get((clinic, number, action.key), [])
    done = [effect for effect in effects if isinstance(effect.answer, Delivered)]
    world.counts[f"ends: {action.state}"] += 1
    if action.state not in _ENDED | _LISTED:
        listed = [a for a in record.actions if a.state in _LISTED]
        if action.state is not ActionState.WAITING or action.next_at is not None or not listed:
            world.wrong(f"{name} is left {action.state}, next at {action.next_at}, and nothing is listed")
    if action.state is ActionState.DELIVERED:
        receipts = [e.answer.receipt for e in done if isinstance(e.answer, Delivered)]
        if action.key in known.found:
            receipts = [FOUND] * len(done)
        if action.receipt not in receipts:
            world.wrong(f"{name} is delivered as {action.receipt}, and its provider did {receipts}")
    elif done and action.state in (ActionState.CANCELLED, ActionState.REJECTED, ActionState.DEAD):
        # A message that may have been sent is nobody's business once its invoice is taken back. An invoice is.
        harmless = SENDS | {ActionType.UPDATE_DRAFT}
        taken_back = action.key.type in harmless and action.state is ActionState.CANCELLED
        if not taken_back and action.key not in known.dropped and not known.releases[action.key]:
            world.wrong(f"{name} is {action.state} ({action.cause}), and has had its effect")


def _is_for_persons(world: "World", clinic: str, record: BookingRecord) -> bool:
    """Whether a person has, or had, to see to something about its invoices."""
    number = world.aliases[clinic, record.booking.id]
    return bool(world.known[clinic, number].dropped) or any(
        a.state in _UNSETTLED and a.key.channel is None for a in record.actions
    )


def _check_invoices(world: "World", clinic: str, number: int, record: BookingRecord) -> None:
    """What the provider has is what the ledger says, as long as nobody has to look at it."""
    if _is_for_persons(world, clinic, record):
        return
    for ordinal in range(1, record.invoice.ordinal + 1):
        invoice = world.invoice(clinic, number, ordinal)
        status = None if invoice is None else invoice.status
        if ordinal < record.invoice.ordinal or record.state is BookingState.CANCELLED:
            if status in (Status.DRAFT, Status.ISSUED):
                world.wrong(f"invoice {ordinal} of booking {number} is left {status}, and nobody wants it")
        elif (status is Status.ISSUED) != (record.invoice.state is InvoiceState.ISSUED):
            world.wrong(f"invoice {ordinal} of booking {number} is {status}, and the ledger says {record.invoice}")
        elif invoice is not None and status is Status.ISSUED:
            written = (record.invoice.number, record.invoice.total)
            if (invoice.number, invoice.total) != written:
                world.wrong(f"{invoice} is not what the ledger says: {written}")
    unsettled = any(a.state in _UNSETTLED for a in record.actions)
    if record.state in (BookingState.SCHEDULED, BookingState.ISSUED) and not unsettled:
        links = [a for a in record.actions if a.key.type is ActionType.SEND_PAYMENT_LINK]
        heard = any(a.state is ActionState.DELIVERED for a in links)
        if not heard and record.state is BookingState.SCHEDULED:
            world.wrong(f"booking {number} of {clinic} is left without a link, and nothing is listed")


def _check_lists(world: "World", tx: Transaction) -> None:
    for state in _LISTED:
        listed = Counter(row[:2] for row in tx.actions_in(state))
        there: Counter[tuple[int, int]] = Counter()
        for place in tx.booking_numbers():
            record = tx.records_by_number([place], lock=False)[place].record
            there[place] += sum(action.state is state for action in record.actions)
        if listed != +there:
            world.wrong(f"the list of {state} actions is not what there is")


def _check_numbers(world: "World", invoices: list[Invoice]) -> None:
    """1, 2, 3 … for invoices and credit notes together, and dates that never go back."""
    given: list[tuple[int, date | None]] = []
    for one in invoices:
        for number, on in ((one.number, one.issued_on), (one.credit_number, one.credited_on)):
            if number is not None:
                given.append((int(number.rpartition("-")[2]), on))
    given.sort(key=lambda one: one[0])
    if [number for number, _ in given] != list(range(1, len(given) + 1)):
        world.wrong(f"invoice numbers are {given}")
    dates = [on for _, on in given if on is not None]
    if dates != sorted(dates):
        world.wrong(f"dates of invoices go back: {given}")
