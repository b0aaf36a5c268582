"""What persons send: a draft with everything it needs, once; a link again, in place of one that is stuck."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import at, booking
from tests.lives import (
    AUTOMATICALLY,
    BEFORE,
    BY_HAND,
    CREATE,
    EMAIL,
    ISSUE,
    LINK,
    OUTSIDE,
    REMIND,
    SMS,
    begun,
    carried_out,
    claimed,
    delivered,
    drafted,
    failed,
    issued,
    linked,
    of,
)

from payrules.domain.action import Action, ActionState, HeldCause
from payrules.domain.booking import Person
from payrules.domain.events import DraftSent, LinkResent, Override, OverrideProcess, Paid, PriceChanged, Updated
from payrules.domain.lifecycle import Cover, Note, Refusal, advance, drop_held, hold_open, release_hold
from payrules.domain.money import Money
from payrules.domain.policy import Channel
from payrules.domain.record import BookingRecord, BookingState

NOW = at("2026-11-26T12:00Z")
LATER = at("2026-11-28T23:00Z")
WAITING, HELD, CANCELLED, DELIVERED = (
    ActionState.WAITING,
    ActionState.HELD,
    ActionState.CANCELLED,
    ActionState.DELIVERED,
)


def refusal(record: BookingRecord, event: DraftSent | LinkResent | PriceChanged, cover: Cover = BY_HAND) -> Refusal:
    advanced = advance(record, event, cover)
    assert advanced.refusal is not None
    assert advanced.record is record
    return advanced.refusal.code


def after(record: BookingRecord, event: object, cover: Cover = BY_HAND) -> BookingRecord:
    advanced = advance(record, event, cover)  # type: ignore[arg-type]  # any of the events
    assert advanced.refusal is None
    return advanced.record


def link(record: BookingRecord, channel: Channel, occurrence: int = 1) -> Action:
    return of(record, LINK, channel, occurrence=occurrence)


# ---- drafts


def test_a_draft_is_sent_at_once() -> None:
    record = after(drafted(BY_HAND), DraftSent(NOW))
    assert [of(record, ISSUE).due_at, link(record, SMS).due_at, link(record, EMAIL).due_at] == [NOW] * 3
    assert carried_out(record, BY_HAND).state is BookingState.ISSUED


def test_a_draft_is_sent_once() -> None:
    sent = after(drafted(BY_HAND), DraftSent(NOW))
    assert refusal(sent, DraftSent(NOW)) is Refusal.ALREADY_SENT
    assert refusal(sent, DraftSent(NOW + timedelta(seconds=1), LATER)) is Refusal.ALREADY_SENT
    assert refusal(claimed(sent, of(sent, ISSUE)), DraftSent(NOW)) is Refusal.ALREADY_SENT
    assert advance(sent, DraftSent(NOW - timedelta(seconds=1)), BY_HAND).stale


def test_a_time_that_has_not_come_may_be_changed() -> None:
    planned = after(drafted(BY_HAND), DraftSent(NOW, LATER))
    assert link(planned, SMS).due_at == LATER
    sooner = after(planned, DraftSent(NOW))
    assert {a.due_at for a in sooner.actions if a.state is WAITING} == {NOW}
    assert refusal(planned, DraftSent(LATER)) is Refusal.ALREADY_SENT


def test_a_time_that_is_past_is_now() -> None:
    record = after(drafted(BY_HAND), DraftSent(NOW, NOW - timedelta(days=1)))
    assert of(record, ISSUE).due_at == NOW


def test_a_draft_without_a_price_is_not_sent_until_a_person_sets_one() -> None:
    record = begun(BY_HAND, booking(price=None))
    assert refusal(record, DraftSent(NOW)) is Refusal.NO_PRICE
    priced = after(record, PriceChanged(NOW, Money(90_000, "NOK"), by_person=True))
    assert carried_out(after(priced, DraftSent(NOW)), BY_HAND).invoice.total == 90_000


def test_a_draft_for_nobody_who_can_be_reached_is_not_sent() -> None:
    record = begun(BY_HAND, booking(contacts=frozenset()))
    assert refusal(record, DraftSent(NOW)) is Refusal.NO_CONTACT
    told = after(record, Updated(NOW, {"client": Person(frozenset({EMAIL}))}))
    assert link(after(told, DraftSent(NOW)), EMAIL).state is WAITING


@pytest.mark.parametrize("kind", [CREATE, ISSUE])
def test_what_a_person_dropped_is_not_sent_before_an_override_asks_for_it(kind: object) -> None:
    start = begun(BY_HAND) if kind is CREATE else after(drafted(BY_HAND), DraftSent(NOW, LATER))
    stuck = of(start, CREATE if kind is CREATE else ISSUE)
    record = failed(start, stuck, BY_HAND, "dead").record
    dropped = drop_held(record, stuck.key, NOW).record
    assert refusal(dropped, DraftSent(NOW)) is Refusal.DRAFT_DROPPED
    asked = after(dropped, Override(NOW, OverrideProcess.MANUAL, "p-1", "asked"))
    assert of(after(asked, DraftSent(NOW)), ISSUE).is_open


@pytest.mark.parametrize("cover", [OUTSIDE, BEFORE])
def test_what_is_billed_elsewhere_has_no_draft_to_change(cover: Cover) -> None:
    record, price = begun(cover), PriceChanged(NOW, Money(1, "NOK"), by_person=True)
    assert refusal(record, price, cover) is Refusal.NO_DRAFT
    assert refusal(record, DraftSent(NOW), cover) is Refusal.NO_DRAFT
    draft = after(record, Override(NOW, OverrideProcess.MANUAL, "p-1", "asked"), cover)
    assert after(draft, price, cover).by_person.price == Money(1, "NOK")


# ---- links


def test_a_link_goes_out_again_on_the_channels_it_went_out_on() -> None:
    record = after(linked(), LinkResent(NOW), AUTOMATICALLY)
    again = [a for a in record.actions if a.key.type is LINK and a.key.occurrence == 2]
    expected = {a.key.channel for a in linked().actions if a.key.type is LINK and a.state is DELIVERED}
    assert {a.key.channel for a in again} == expected
    assert all((a.state, a.due_at, a.next_at, a.by_hand) == (WAITING, NOW, NOW, True) for a in again)
    assert [a for a in record.actions if a.key.occurrence == 1] == [
        a for a in linked().actions if a.key.occurrence == 1
    ]


def test_a_link_goes_out_by_the_channel_that_is_named() -> None:
    record = after(linked(), LinkResent(NOW, SMS), AUTOMATICALLY)
    assert [a.key.channel for a in record.actions if a.key.type is LINK and a.key.occurrence == 2] == [SMS]


def test_a_link_that_is_on_its_way_is_not_sent_again() -> None:
    record = issued()
    assert refusal(record, LinkResent(NOW, SMS), AUTOMATICALLY) is Refusal.LINK_ON_ITS_WAY
    again = after(linked(), LinkResent(NOW, SMS), AUTOMATICALLY)
    assert refusal(again, LinkResent(NOW, SMS), AUTOMATICALLY) is Refusal.LINK_ON_ITS_WAY
    assert refusal(claimed(again, link(again, SMS, 2)), LinkResent(NOW), AUTOMATICALLY) is Refusal.LINK_ON_ITS_WAY


@pytest.mark.parametrize(
    ("state", "cause", "notes"),
    [
        ("dead", "refused", ()),
        ("held", HeldCause.TOO_LATE, ()),
        ("held", HeldCause.NO_ANSWER, (Note.MAY_ARRIVE_TWICE,)),
    ],
)
def test_a_link_that_is_stuck_is_replaced(state: str, cause: str, notes: tuple[str, ...]) -> None:
    record = failed(issued(), of(issued(), LINK, SMS), AUTOMATICALLY, state, cause).record
    advanced = advance(record, LinkResent(NOW, SMS), AUTOMATICALLY)
    former = link(advanced.record, SMS)
    assert (former.state, former.cause) == (CANCELLED, "sent_again")
    assert link(advanced.record, SMS, 2).state is WAITING
    assert advanced.notes == notes


def test_the_first_link_to_arrive_starts_the_reminders_whoever_sent_it() -> None:
    record = failed(issued(), of(issued(), LINK, SMS), AUTOMATICALLY, "dead").record
    record = failed(record, of(record, LINK, EMAIL), AUTOMATICALLY, "dead").record
    again = after(record, LinkResent(LATER, SMS), AUTOMATICALLY)
    arrived = delivered(again, link(again, SMS, 2), AUTOMATICALLY).record
    assert of(arrived, REMIND, SMS).due_at > LATER


def test_a_link_held_by_its_clinic_goes_out_when_that_is_released() -> None:
    record = hold_open(after(linked(), LinkResent(NOW, SMS), AUTOMATICALLY), HeldCause.CLINIC_HELD, NOW)
    assert link(record, SMS, 2).state is HELD
    assert link(release_hold(record, HeldCause.CLINIC_HELD, NOW), SMS, 2).state is WAITING


def test_a_link_needs_somebody_it_can_reach() -> None:
    record = linked()
    client = Person(frozenset({EMAIL}))
    told = replace(record, booking=record.booking._replace(client=client))
    assert refusal(told, LinkResent(NOW, SMS), AUTOMATICALLY) is Refusal.NO_CONTACT
    unknown = replace(record, booking=record.booking._replace(client=Person(frozenset())))
    assert refusal(unknown, LinkResent(NOW), AUTOMATICALLY) is Refusal.NO_CONTACT


def test_nothing_is_sent_for_what_is_paid_or_not_issued() -> None:
    paid = after(linked(), Paid(NOW, Money(125_000, "NOK")), AUTOMATICALLY)
    assert refusal(paid, LinkResent(NOW), AUTOMATICALLY) is Refusal.ALREADY_PAID
    assert refusal(drafted(), LinkResent(NOW), AUTOMATICALLY) is Refusal.NO_LINK
    again = after(linked(), LinkResent(NOW, SMS), AUTOMATICALLY)
    ended = after(again, Paid(NOW, Money(125_000, "NOK")), AUTOMATICALLY)
    assert link(ended, SMS, 2).state is CANCELLED
