"""Every state with every kind of event, as semantics.md has it: the state that follows, or the refusal by name."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import at, booking, payer
from tests.lives import AUTOMATICALLY, BY_HAND, OUTSIDE, begun, drafted, linked, of

from payrules.domain.action import ActionKey
from payrules.domain.decision import ActionType
from payrules.domain.events import (
    Booked,
    Cancelled,
    Credited,
    DraftSent,
    Event,
    EventType,
    InvoiceCreated,
    InvoiceIssued,
    LinkResent,
    LinkSent,
    NoShow,
    Override,
    OverrideProcess,
    Paid,
    PriceChanged,
    Refunded,
    Rescheduled,
    SendFailed,
    Updated,
)
from payrules.domain.lifecycle import SENTENCES, TABLE, Cover, Refusal, advance
from payrules.domain.lifecycle.table import EVENT_TYPES
from payrules.domain.money import Money
from payrules.domain.policy import PayerKind
from payrules.domain.record import BookingRecord, BookingState

NOW = at("2026-12-10T12:00Z")
FULL, PART = Money(125_000, "NOK"), Money(50_000, "NOK")
UNKNOWN = ActionKey(9, ActionType.CREATE_INVOICE)


def after(record: BookingRecord, *events: Event, cover: Cover = AUTOMATICALLY) -> BookingRecord:
    for event in events:
        advanced = advance(record, event, cover)
        assert advanced.refusal is None
        record = advanced.record
    return record


STATES: dict[str, tuple[Callable[[], BookingRecord], Cover]] = {
    "undecided": (lambda: begun(here=booking(price=None)), AUTOMATICALLY),
    "externally_billed": (lambda: begun(OUTSIDE), OUTSIDE),
    "no_charge": (lambda: begun(here=booking(price=0)), AUTOMATICALLY),
    "scheduled": (drafted, AUTOMATICALLY),
    "draft": (lambda: drafted(BY_HAND), BY_HAND),
    "stopped": (lambda: after(drafted(), NoShow(NOW - timedelta(days=1))), AUTOMATICALLY),
    "issued": (linked, AUTOMATICALLY),
    "paid": (lambda: after(linked(), Paid(NOW, FULL)), AUTOMATICALLY),
    "cancelled": (lambda: after(drafted(), Cancelled(NOW - timedelta(days=1))), AUTOMATICALLY),
}

EVENTS: dict[str, Event] = {
    "booked": Booked(NOW, booking()),
    "booked replacing it": Booked(NOW, booking(price=100_000)._replace(id="bk-2"), "bk-1"),
    "booked replacing another": Booked(NOW, booking()._replace(id="bk-2"), "bk-0"),
    "rescheduled": Rescheduled(NOW, at("2026-12-20T09:00Z"), at("2026-12-20T10:00Z")),
    "rescheduled backwards": Rescheduled(NOW, at("2026-12-20T09:00Z"), at("2026-12-20T09:00Z")),
    "price_changed": PriceChanged(NOW, Money(90_000, "NOK")),
    "price_changed to zero": PriceChanged(NOW, Money(0, "NOK")),
    "price_changed in another currency": PriceChanged(NOW, Money(90_000, "SEK")),
    "updated": Updated(NOW, {"practitioner": "practitioner-2"}),
    "updated with a fixed fact": Updated(NOW, {"booked_at": NOW}),
    "cancelled": Cancelled(NOW),
    "cancelled with charge": Cancelled(NOW, charge=True),
    "no_show": NoShow(NOW),
    "override automatic": Override(NOW, OverrideProcess.AUTOMATIC, "p-1", "asked"),
    "override manual": Override(NOW, OverrideProcess.MANUAL, "p-1", "asked"),
    "override external": Override(NOW, OverrideProcess.EXTERNAL, "p-1", "asked"),
    "paid in part": Paid(NOW, PART),
    "paid": Paid(NOW, FULL),
    "paid in another currency": Paid(NOW, Money(1, "SEK")),
    "refunded": Refunded(NOW, PART),
    "credited": Credited(NOW),
    "draft_sent": DraftSent(NOW),
    "link_resent": LinkResent(NOW),
    "invoice_created": InvoiceCreated(NOW, UNKNOWN, "d-1"),
    "invoice_issued": InvoiceIssued(NOW, UNKNOWN, "N-1"),
    "link_sent": LinkSent(NOW, UNKNOWN, "m-1"),
    "send_failed": SendFailed(NOW, UNKNOWN, "dead", "refused"),
}

# Columns: undecided, externally billed, no charge, scheduled, draft, stopped, issued, paid, cancelled.
# `=` is the state the booking had, `!name` a refusal.
EXPECTED = """
booked                     | !already_booked everywhere
booked replacing another   | !already_booked everywhere
booked replacing it        | scheduled | = | scheduled | = | = | = | = | = | scheduled
rescheduled                | = | = | = | = | = | = | = | = | !booking_cancelled
rescheduled backwards      | !ends_before_start | !ends_before_start | !ends_before_start | !ends_before_start \
| !ends_before_start | !ends_before_start | !ends_before_start | !ends_before_start | !booking_cancelled
price_changed              | scheduled | = | scheduled | = | = | = | !credit_first | !credit_first | !booking_cancelled
price_changed to zero      | no_charge | = | = | no_charge | no_charge | no_charge | !credit_first | !credit_first \
| !booking_cancelled
price_changed in another currency | !wrong_currency | !wrong_currency | !wrong_currency | !wrong_currency \
| !wrong_currency | !wrong_currency | !credit_first | !credit_first | !booking_cancelled
updated                    | = | = | = | = | = | = | = | = | !booking_cancelled
updated with a fixed fact  | !fixed_fact | !fixed_fact | !fixed_fact | !fixed_fact | !fixed_fact | !fixed_fact \
| !fixed_fact | !fixed_fact | !booking_cancelled
cancelled                  | cancelled | cancelled | cancelled | cancelled | cancelled | cancelled | cancelled \
| cancelled | !already_cancelled
cancelled with charge      | = | = | = | stopped | stopped | = | = | = | !already_cancelled
no_show                    | = | = | = | stopped | stopped | = | = | = | !booking_cancelled
override automatic         | = | draft | = | = | = | scheduled | = | = | !booking_cancelled
override manual            | draft | draft | = | draft | = | draft | = | = | !booking_cancelled
override external          | externally_billed | = | externally_billed | externally_billed | externally_billed \
| externally_billed | = | = | !booking_cancelled
paid in part               | = | = | = | = | = | = | = | = | =
paid                       | = | = | = | paid | paid | paid | paid | = | =
paid in another currency   | !wrong_currency everywhere
refunded                   | = | = | = | = | = | = | = | issued | =
credited                   | !not_issued | !not_issued | !not_issued | !not_issued | !not_issued | !not_issued \
| draft | draft | !booking_cancelled
draft_sent                 | !no_draft | !no_draft | !no_draft | !no_draft | = | !no_draft | !no_draft | !no_draft \
| !booking_cancelled
link_resent                | !no_link | !no_link | !no_link | !no_link | !no_link | !no_link | = \
| !already_paid | !booking_cancelled
invoice_created            | !unknown_action everywhere
invoice_issued             | !unknown_action everywhere
link_sent                  | !unknown_action everywhere
send_failed                | !unknown_action everywhere
"""


def cases() -> list[tuple[str, str, str]]:
    found = []
    for line in EXPECTED.replace("\\\n", "").strip().splitlines():
        event, *cells = (part.strip() for part in line.split("|"))
        if len(cells) == 1:
            cells = [cells[0].removesuffix(" everywhere")] * len(STATES)
        found += [(state, event, cell) for state, cell in zip(STATES, cells, strict=True)]
    return found


@pytest.mark.parametrize(("state", "event", "expected"), cases())
def test_pair(state: str, event: str, expected: str) -> None:
    make, cover = STATES[state]
    record = make()
    assert record.state == state
    advanced = advance(record, EVENTS[event], cover)
    assert not advanced.stale
    if expected.startswith("!"):
        assert advanced.refusal is not None
        assert advanced.refusal.code == expected[1:]
        assert advanced.refusal.sentence == SENTENCES[advanced.refusal.code]
        assert advanced.record is record
    else:
        assert advanced.refusal is None
        assert advanced.record.state == (state if expected == "=" else expected)


def test_every_pair_is_asserted_above() -> None:
    asserted = {(state, EVENT_TYPES[type(EVENTS[event])]) for state, event, _ in cases()}
    assert asserted == {(state.value, kind) for state in BookingState for kind in EventType}


def test_the_table_has_every_pair() -> None:
    assert set(TABLE) == {(state, kind) for state in BookingState for kind in EventType}
    assert set(EVENT_TYPES.values()) == set(EventType)
    assert set(SENTENCES) == set(Refusal)


ORDERED = ["rescheduled", "cancelled with charge", "price_changed", "updated", "no_show", "override manual"]


@pytest.mark.parametrize("event", ORDERED)
def test_an_event_older_than_the_last_of_its_kind_is_stale(event: str) -> None:
    newer = advance(drafted(), EVENTS[event], AUTOMATICALLY).record
    older = replace(EVENTS[event], occurred_at=NOW - timedelta(seconds=1))
    advanced = advance(newer, older, AUTOMATICALLY)
    assert (advanced.stale, advanced.refusal, advanced.record) == (True, None, newer)
    same = advance(newer, EVENTS[event], AUTOMATICALLY)
    assert not same.stale


def test_an_event_from_before_the_cancellation_is_stale_after_it() -> None:
    cancelled = advance(drafted(), EVENTS["cancelled"], AUTOMATICALLY).record
    early = Rescheduled(NOW - timedelta(hours=1), at("2026-12-20T09:00Z"), at("2026-12-20T10:00Z"))
    assert advance(cancelled, early, AUTOMATICALLY).stale


def test_payments_of_any_time_add_up() -> None:
    record = after(linked(), Paid(NOW, PART), Paid(NOW - timedelta(days=3), PART), Refunded(NOW, Money(1, "NOK")))
    assert record.invoice.paid == 99_999
    assert record.state is BookingState.ISSUED


def test_what_is_settled_is_settled_once() -> None:
    record = drafted()
    again = advance(record, InvoiceCreated(NOW, of(record, ActionType.CREATE_INVOICE).key, "d-2"), AUTOMATICALLY)
    assert again.refusal is not None
    assert again.refusal.code is Refusal.ALREADY_SETTLED


def test_who_pays_is_fixed_once_issued_but_may_be_reached_elsewhere() -> None:
    advanced = advance(linked(), Updated(NOW, {"payer": payer(PayerKind.EMPLOYER)}), AUTOMATICALLY)
    assert advanced.refusal is not None
    assert advanced.refusal.code is Refusal.CREDIT_FIRST
    same = advance(linked(), Updated(NOW, {"client": booking(contacts=frozenset()).client}), AUTOMATICALLY)
    assert same.refusal is None
    assert not same.decided
