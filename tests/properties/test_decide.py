"""Every booking has one decision under every policy, whoever asks and when, and it holds together."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.properties.compiling import compile_text, compiled, examples
from tests.properties.plain_decision import STAGES, expected_decision
from tests.strategies.bookings import bookings, events
from tests.strategies.documents import Document, clinic_documents

from payrules.domain.booking import Booking
from payrules.domain.decision import ActionType, Decision, Outcome, Reason, Uncovered, decide
from payrules.domain.money import Money
from payrules.domain.policy import Channel

Case = tuple[Document, Booking, datetime]

OUTCOMES = {
    Reason.PROCESS_AUTOMATIC: Outcome.AUTOMATIC,
    Reason.PROCESS_MANUAL: Outcome.DRAFT,
    Reason.MANUAL_WITHOUT_DRAFTS: Outcome.EXTERNALLY_BILLED,
    Reason.PAYMENTS_INACTIVE: Outcome.EXTERNALLY_BILLED,
    Reason.NOT_VERIFIED: Outcome.EXTERNALLY_BILLED,
    Reason.BOOKED_BEFORE_ACTIVATION: Outcome.EXTERNALLY_BILLED,
    Reason.PRICE_ZERO: Outcome.NO_CHARGE,
    Reason.MISSING_FACT: Outcome.UNDECIDED,
    Reason.MISSING_PRICE: Outcome.UNDECIDED,
    Reason.NO_REACHABLE_CHANNEL: Outcome.UNDECIDED,
}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A clinic, a booking there, and a time before which nothing may be due."""
    document = draw(clinic_documents())
    booking = draw(bookings(document))
    return document, booking, draw(events(booking))


@st.composite
def sent_cases(draw: st.DrawFn) -> Case:
    """The same, where a link is sent unless a fact of a rule is missing."""
    document, booking, not_before = draw(cases())
    document |= {"payments": "active", "process": "automatic"}
    document.setdefault("notification", {"send": "before_appointment", "offset": "1d"})
    for rule in document.get("rules", ()):
        rule["set"].pop("process", None)
    if booking.price is None or not booking.price.minor:
        booking = booking._replace(price=Money(100, document["currency"]))
    everywhere = frozenset(Channel)
    booking = booking._replace(client=booking.client._replace(contacts=everywhere))
    if booking.payer is not None:
        booking = booking._replace(payer=booking.payer._replace(person=booking.client))
    return document, booking, not_before


@examples(600)
@given(cases() | sent_cases())
def test_a_decision_is_what_the_plain_reading_says(case: Case) -> None:
    document, booking, not_before = case
    decision, wanted = decide(compiled(document).policy, booking, not_before), expected_decision(*case)
    assert (decision.outcome, decision.reason, decision.rule) == (wanted.outcome, wanted.reason, wanted.rule)
    assert decision.missing == wanted.missing
    found = tuple((a.type, a.channel, a.due_at, a.shifted_by, a.occurrence) for a in decision.actions)
    assert found == wanted.actions


@examples(200)
@given(cases() | sent_cases())
def test_a_decision_holds_together(case: Case) -> None:
    document, booking, not_before = case
    policy = compiled(document).policy
    decision = decide(policy, booking, not_before)
    assert decision.outcome is OUTCOMES[decision.reason]
    assert bool(decision.missing) == (decision.outcome is Outcome.UNDECIDED or _is_unpriced_draft(decision))
    assert len(set(decision.missing)) == len(decision.missing)
    assert decision.rule is None or 0 <= decision.rule < len(policy.rules)
    if decision.reason in (Reason.PAYMENTS_INACTIVE, Reason.MISSING_FACT):
        assert decision.terms is None
    else:
        assert decision.terms == (policy.terms if decision.rule is None else policy.rules[decision.rule].terms)
    _check_actions(decision, not_before)
    if booking.price is not None:
        assert decision.price == booking.price


def _is_unpriced_draft(decision: Decision) -> bool:
    return decision.outcome is Outcome.DRAFT and decision.price is None


def _check_actions(decision: Decision, not_before: datetime) -> None:
    actions = decision.actions
    assert all(action.due_at >= not_before for action in actions)
    assert all(action.due_at.utcoffset() == timedelta(0) for action in actions)
    channels: list[Any] = [None, *(decision.terms.notification.channels if decision.terms else ())]
    keys = [(a.due_at, STAGES.index(a.type), channels.index(a.channel)) for a in actions]
    assert keys == sorted(keys)
    assert len({(a.type, a.channel, a.occurrence) for a in actions}) == len(actions)
    types = [action.type for action in actions]
    if decision.outcome is Outcome.AUTOMATIC:
        _check_automatic(decision)
    elif decision.outcome is Outcome.DRAFT:
        assert types == [ActionType.CREATE_INVOICE]
    else:
        assert types == []
    assert not types or actions[0] == (ActionType.CREATE_INVOICE, None, not_before, None, 1)


def _check_automatic(decision: Decision) -> None:
    actions = decision.actions
    links = {a.channel: a for a in actions if a.type is ActionType.SEND_PAYMENT_LINK}
    (issue,) = [a for a in actions if a.type is ActionType.ISSUE_INVOICE]
    assert links
    assert issue.due_at == min(link.due_at for link in links.values())
    assert actions.index(issue) == 1
    last = {channel: link.due_at for channel, link in links.items()}
    for action in actions:
        if action.type is ActionType.SEND_REMINDER:
            assert action.due_at > last[action.channel]
            last[action.channel] = action.due_at


@examples(80)
@given(clinic_documents().flatmap(lambda d: st.tuples(st.just(d), st.lists(bookings(d), min_size=2, max_size=4))))
def test_neither_order_nor_company_changes_a_decision(case: tuple[Document, list[Booking]]) -> None:
    document, several = case
    version = compiled(document)
    together = [decide(version.policy, booking, booking.booked_at) for booking in several]
    backwards = [decide(version.policy, booking, booking.booked_at) for booking in reversed(several)]
    assert backwards[::-1] == together
    for booking, decision in zip(several, together, strict=True):
        again = compile_text(version.canonical, document["clinic"]).version
        assert again is not None
        assert decide(again.policy, booking, booking.booked_at) == decision


@examples(50)
@given(cases(), st.sampled_from(Uncovered))
def test_what_no_policy_covers_is_billed_elsewhere(case: Case, why: Uncovered) -> None:
    _, booking, not_before = case
    decision = decide(why, booking, not_before)
    assert decision == (Outcome.EXTERNALLY_BILLED, Reason(why.value), None, None, booking.price, (), ())


@examples(100)
@given(cases())
def test_only_whether_a_contact_is_there_counts(case: Case) -> None:
    document, booking, not_before = case
    policy = compiled(document).policy
    decision = decide(policy, booking, not_before)
    payer = booking.client if booking.payer is None else booking.payer.person
    used = {a.channel for a in decision.actions if a.channel is not None}
    assert used <= payer.contacts
    # A payer takes the client's place wholly.
    if booking.payer is not None:
        stranger = booking.client._replace(contacts=frozenset(Channel) - booking.client.contacts, zone=None)
        assert decide(policy, booking._replace(client=stranger), not_before) == decision
