"""The decision: the order of its questions, and the reason of every answer."""

from typing import Any

import pytest
from tests.builders import AUTOMATIC, BOTH, MANUAL, booking, payer, policy, rule

from payrules.domain.booking import Booking
from payrules.domain.decision import (
    ActionType,
    Decision,
    Outcome,
    Reason,
    Uncovered,
    decide,
)
from payrules.domain.money import Money
from payrules.domain.policy import (
    Channel,
    Condition,
    Delivery,
    Manual,
    PayerKind,
    Policy,
    Process,
    Range,
    Rule,
    TagCondition,
    Terms,
)

SMS, EMAIL = frozenset({Channel.SMS}), frozenset({Channel.EMAIL})
NOBODY = frozenset[Channel]()
ELSEWHERE = Terms(Process.MANUAL, manual=Manual(create_draft=False))


def decided(cover: Policy | Uncovered, here: Booking) -> Decision:
    """The decision when the booking is first seen."""
    return decide(cover, here, here.booked_at)


def answer(decision: Decision) -> tuple[Outcome, Reason, tuple[str, ...]]:
    return decision.outcome, decision.reason, decision.missing


def types(decision: Decision) -> list[ActionType]:
    return [action.type for action in decision.actions]


def notified(**changes: Any) -> Terms:
    """Automatic terms with another notification."""
    return AUTOMATIC._replace(notification=AUTOMATIC.notification._replace(**changes))


@pytest.mark.parametrize("uncovered", Uncovered)
def test_not_covered_is_billed_elsewhere(uncovered: Uncovered) -> None:
    decision = decided(uncovered, booking())
    assert answer(decision) == (Outcome.EXTERNALLY_BILLED, Reason(uncovered.value), ())
    assert (decision.rule, decision.terms, decision.actions) == (None, None, ())
    assert decision.price == Money(125_000, "NOK")


@pytest.mark.parametrize(
    ("terms", "here", "expected"),
    [
        (AUTOMATIC, booking(), (Outcome.AUTOMATIC, Reason.PROCESS_AUTOMATIC, ())),
        (MANUAL, booking(), (Outcome.DRAFT, Reason.PROCESS_MANUAL, ())),
        (ELSEWHERE, booking(), (Outcome.EXTERNALLY_BILLED, Reason.MANUAL_WITHOUT_DRAFTS, ())),
        # Manual without drafts is asked before the price, the price before the channels.
        (ELSEWHERE, booking(price=0), (Outcome.EXTERNALLY_BILLED, Reason.MANUAL_WITHOUT_DRAFTS, ())),
        (ELSEWHERE, booking(price=None), (Outcome.EXTERNALLY_BILLED, Reason.MANUAL_WITHOUT_DRAFTS, ())),
        (AUTOMATIC, booking(price=0), (Outcome.NO_CHARGE, Reason.PRICE_ZERO, ())),
        (AUTOMATIC, booking(price=0, contacts=NOBODY), (Outcome.NO_CHARGE, Reason.PRICE_ZERO, ())),
        (MANUAL, booking(price=0), (Outcome.NO_CHARGE, Reason.PRICE_ZERO, ())),
        (AUTOMATIC, booking(price=None), (Outcome.UNDECIDED, Reason.MISSING_PRICE, ("price",))),
        (AUTOMATIC, booking(price=None, contacts=NOBODY), (Outcome.UNDECIDED, Reason.MISSING_PRICE, ("price",))),
        # A draft waits for a person, who can give it a price and find a way to the client.
        (MANUAL, booking(price=None), (Outcome.DRAFT, Reason.PROCESS_MANUAL, ("price",))),
        (MANUAL, booking(contacts=NOBODY), (Outcome.DRAFT, Reason.PROCESS_MANUAL, ())),
        (
            AUTOMATIC,
            booking(contacts=NOBODY),
            (Outcome.UNDECIDED, Reason.NO_REACHABLE_CHANNEL, ("client.phone", "client.email")),
        ),
    ],
)
def test_order_of_the_questions(terms: Terms, here: Booking, expected: tuple[Outcome, Reason, tuple[str, ...]]) -> None:
    decision = decided(policy(terms=terms), here)
    assert answer(decision) == expected
    assert decision.terms == terms
    assert decision.rule is None


def test_inactive_payments_come_before_the_rules() -> None:
    asks_for_the_unknown = rule("first", first_visit=True)
    decision = decided(policy(asks_for_the_unknown, active=False), booking())
    assert answer(decision) == (Outcome.EXTERNALLY_BILLED, Reason.PAYMENTS_INACTIVE, ())
    assert (decision.rule, decision.actions) == (None, ())


def test_the_rules_come_before_everything_else() -> None:
    asks_for_the_unknown = rule("first", first_visit=True)
    for here in (booking(price=0), booking(price=None), booking(contacts=NOBODY)):
        decision = decided(policy(asks_for_the_unknown, terms=ELSEWHERE), here)
        assert answer(decision) == (Outcome.UNDECIDED, Reason.MISSING_FACT, ("first_visit",))


FIRST_VISIT = rule("first-visit", notified(offset=AUTOMATIC.notification.offset), first_visit=True)
COUPLES = rule("couples", MANUAL, session_type=frozenset({"couples"}))
SINGLES = rule("singles", ELSEWHERE, session_type=frozenset({"single"}))


@pytest.mark.parametrize(
    ("rules", "here", "number", "expected"),
    [
        ((COUPLES, SINGLES), booking(session_type="couples"), 0, (Outcome.DRAFT, Reason.PROCESS_MANUAL, ())),
        (
            (COUPLES, SINGLES),
            booking(session_type="single"),
            1,
            (Outcome.EXTERNALLY_BILLED, Reason.MANUAL_WITHOUT_DRAFTS, ()),
        ),
        ((COUPLES, SINGLES), booking(session_type="group"), None, (Outcome.AUTOMATIC, Reason.PROCESS_AUTOMATIC, ())),
        # The first that holds wins, whatever follows.
        ((COUPLES, FIRST_VISIT), booking(session_type="couples"), 0, (Outcome.DRAFT, Reason.PROCESS_MANUAL, ())),
        (
            (FIRST_VISIT, COUPLES),
            booking(session_type="couples", first_visit=True),
            0,
            (Outcome.AUTOMATIC, Reason.PROCESS_AUTOMATIC, ()),
        ),
        # A fact that only a later rule needs is not missed …
        (
            (COUPLES, FIRST_VISIT),
            booking(session_type="couples", first_visit=None),
            0,
            (Outcome.DRAFT, Reason.PROCESS_MANUAL, ()),
        ),
        # … one that an earlier rule needs is, though a later one surely holds.
        (
            (FIRST_VISIT, COUPLES),
            booking(session_type="couples"),
            0,
            (Outcome.UNDECIDED, Reason.MISSING_FACT, ("first_visit",)),
        ),
        (
            (COUPLES, FIRST_VISIT),
            booking(session_type="group"),
            1,
            (Outcome.UNDECIDED, Reason.MISSING_FACT, ("first_visit",)),
        ),
    ],
)
def test_the_first_rule_that_holds_decides(
    rules: tuple[Rule, ...], here: Booking, number: int | None, expected: tuple[Outcome, Reason, tuple[str, ...]]
) -> None:
    decision = decided(policy(*rules), here)
    assert decision.rule == number
    assert answer(decision) == expected


def test_an_undecided_rule_has_no_terms_and_no_actions() -> None:
    decision = decided(policy(FIRST_VISIT), booking())
    assert (decision.terms, decision.actions) == (None, ())
    assert decision.price == Money(125_000, "NOK")


def test_a_decision_carries_the_terms_of_its_rule() -> None:
    decision = decided(policy(COUPLES), booking(session_type="couples"))
    assert decision.terms == MANUAL


def test_missing_facts_are_named_by_their_path_in_the_order_of_the_reference() -> None:
    when = Condition(
        session_type=frozenset({"couples"}),
        practitioner=frozenset({"p-1"}),
        client_tags=TagCondition(any_of=frozenset({"vip"})),
        price=Range(1, None),
        first_visit=True,
        # Known facts that hold are not named.
        payer=frozenset({PayerKind.CLIENT}),
        weekday=frozenset({1}),
    )
    decision = decided(policy(Rule("much", when, MANUAL)), booking(price=None))
    assert answer(decision) == (
        Outcome.UNDECIDED,
        Reason.MISSING_FACT,
        ("session_type", "practitioner", "client.tags", "price", "first_visit"),
    )


def test_a_rule_with_one_false_condition_misses_nothing() -> None:
    saturdays = Rule("saturdays", Condition(first_visit=True, weekday=frozenset({5})), MANUAL)
    assert decided(policy(saturdays), booking()).outcome is Outcome.AUTOMATIC


@pytest.mark.parametrize(
    ("here", "price", "reason"),
    [
        # The booking's own price wins over the list's, zero included.
        (booking(session_type="couples", price=1), Money(1, "NOK"), Reason.PROCESS_AUTOMATIC),
        (booking(session_type="couples", price=0), Money(0, "NOK"), Reason.PRICE_ZERO),
        (booking(session_type="couples", price=None), Money(210_000, "NOK"), Reason.PROCESS_AUTOMATIC),
        (booking(session_type="free", price=None), Money(0, "NOK"), Reason.PRICE_ZERO),
        # In the list without a price, not in the list, or of no type at all.
        (booking(session_type="open", price=None), None, Reason.MISSING_PRICE),
        (booking(session_type="other", price=None), None, Reason.MISSING_PRICE),
        (booking(price=None), None, Reason.MISSING_PRICE),
    ],
)
def test_price_is_the_bookings_else_the_price_lists(here: Booking, price: Money | None, reason: Reason) -> None:
    decision = decided(policy(prices={"couples": 210_000, "free": 0, "open": None}), here)
    assert (decision.price, decision.reason) == (price, reason)


def test_rules_see_the_price_of_the_price_list() -> None:
    dear = rule("dear", MANUAL, price=Range(200_000, None))
    decision = decided(policy(dear, prices={"couples": 210_000}), booking(session_type="couples", price=None))
    assert decision.rule == 0


INSURER = payer(PayerKind.INSURER, NOBODY)


@pytest.mark.parametrize(
    ("channels", "here", "missing"),
    [
        ((Channel.SMS, Channel.EMAIL), booking(contacts=NOBODY), ("client.phone", "client.email")),
        # In the order of the channels, and only those that are wanted.
        ((Channel.EMAIL, Channel.SMS), booking(contacts=NOBODY), ("client.email", "client.phone")),
        ((Channel.SMS,), booking(contacts=EMAIL), ("client.phone",)),
        ((Channel.EMAIL,), booking(contacts=SMS), ("client.email",)),
        # A payer takes the client's place wholly: the client's contacts do not count.
        ((Channel.SMS, Channel.EMAIL), booking(payer=INSURER), ("payer.phone", "payer.email")),
        ((Channel.SMS,), booking(payer=payer(PayerKind.GUARDIAN, EMAIL)), ("payer.phone",)),
    ],
)
def test_without_a_channel_the_contacts_are_named(
    channels: tuple[Channel, ...], here: Booking, missing: tuple[str, ...]
) -> None:
    decision = decided(policy(terms=notified(channels=channels)), here)
    assert answer(decision) == (Outcome.UNDECIDED, Reason.NO_REACHABLE_CHANNEL, missing)
    assert decision.actions == ()


ALL, FIRST = Delivery.ALL, Delivery.FIRST_AVAILABLE


@pytest.mark.parametrize(
    ("channels", "delivery", "here", "used"),
    [
        ((Channel.SMS, Channel.EMAIL), ALL, booking(), [Channel.SMS, Channel.EMAIL]),
        ((Channel.EMAIL, Channel.SMS), ALL, booking(), [Channel.EMAIL, Channel.SMS]),
        ((Channel.SMS, Channel.EMAIL), ALL, booking(contacts=EMAIL), [Channel.EMAIL]),
        ((Channel.SMS, Channel.EMAIL), FIRST, booking(), [Channel.SMS]),
        ((Channel.EMAIL, Channel.SMS), FIRST, booking(), [Channel.EMAIL]),
        ((Channel.SMS, Channel.EMAIL), FIRST, booking(contacts=EMAIL), [Channel.EMAIL]),
        ((Channel.EMAIL,), ALL, booking(), [Channel.EMAIL]),
        (
            (Channel.SMS, Channel.EMAIL),
            ALL,
            booking(contacts=NOBODY, payer=payer(PayerKind.EMPLOYER, EMAIL)),
            [Channel.EMAIL],
        ),
        (
            (Channel.SMS, Channel.EMAIL),
            FIRST,
            booking(contacts=SMS, payer=payer(PayerKind.EMPLOYER, BOTH)),
            [Channel.SMS],
        ),
    ],
)
def test_links_go_out_on_the_channels_that_reach_the_payer(
    channels: tuple[Channel, ...], delivery: Delivery, here: Booking, used: list[Channel]
) -> None:
    decision = decided(policy(terms=notified(channels=channels, delivery=delivery)), here)
    assert answer(decision) == (Outcome.AUTOMATIC, Reason.PROCESS_AUTOMATIC, ())
    assert [a.channel for a in decision.actions if a.type is ActionType.SEND_PAYMENT_LINK] == used


@pytest.mark.parametrize(
    ("terms", "here", "expected"),
    [
        (
            AUTOMATIC,
            booking(contacts=SMS),
            [ActionType.CREATE_INVOICE, ActionType.ISSUE_INVOICE, ActionType.SEND_PAYMENT_LINK],
        ),
        (MANUAL, booking(), [ActionType.CREATE_INVOICE]),
        (MANUAL, booking(price=None), [ActionType.CREATE_INVOICE]),
        (ELSEWHERE, booking(), []),
        (AUTOMATIC, booking(price=0), []),
        (AUTOMATIC, booking(price=None), []),
        (AUTOMATIC, booking(contacts=NOBODY), []),
    ],
)
def test_actions_of_an_outcome(terms: Terms, here: Booking, expected: list[ActionType]) -> None:
    assert types(decided(policy(terms=terms), here)) == expected


def test_a_draft_is_made_at_once() -> None:
    here = booking()
    [create] = decided(policy(terms=MANUAL), here).actions
    assert (create.due_at, create.channel, create.shifted_by) == (here.booked_at, None, None)


def test_deciding_again_makes_the_draft_not_before_the_event() -> None:
    here = booking()
    [create] = decide(policy(terms=MANUAL), here, here.starts_at).actions
    assert create.due_at == here.starts_at


def test_a_thousand_rules_are_asked_in_order() -> None:
    rules = [rule(f"r-{n}", MANUAL, session_type=frozenset({f"s-{n}"})) for n in range(1_000)]
    same = [rule(f"again-{n}", ELSEWHERE, session_type=frozenset({f"s-{n}"})) for n in range(1_000)]
    long = policy(*rules, *same)
    for number in (0, 1, 499, 999):
        decision = decided(long, booking(session_type=f"s-{number}"))
        assert (decision.rule, decision.reason) == (number, Reason.PROCESS_MANUAL)
