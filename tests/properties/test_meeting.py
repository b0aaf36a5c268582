"""Conditions laid together hold where they must, whatever the booking."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.properties.compiling import compiled, examples
from tests.strategies.documents import Document
from tests.strategies.edges import every_booking
from tests.strategies.rule_sets import small_rule_sets

from payrules.domain.booking import Booking
from payrules.domain.difference.meeting import both, narrowed
from payrules.domain.matching import FACTS, facts_of, holds
from payrules.domain.policy import Condition, Policy

_MOST_BOOKINGS = 3_000


def does_hold(condition: Condition, booking: Booking, policy: Policy) -> bool:
    """Whether a condition surely holds."""
    facts: tuple[Any, ...] = facts_of(booking, booking.price and booking.price.minor, policy.zone)
    return all(
        asked is None or holds(fact, asked, value) for fact, asked, value in zip(FACTS, condition, facts, strict=True)
    )


@examples(120)
@given(small_rule_sets(), st.data())
def test_conditions_in_one_hold_wherever_they_hold_one_by_one(document: Document, draws: st.DataObject) -> None:
    policy = compiled(document).policy
    conditions = [rule.when for rule in policy.rules]
    one, other = draws.draw(st.sampled_from(conditions)), draws.draw(st.sampled_from(conditions))
    met, left = both(one, other), narrowed(one, conditions)
    number, bookings = every_booking(policy, policy)
    for _, booking in zip(range(min(number, _MOST_BOOKINGS)), bookings, strict=False):
        if does_hold(one, booking, policy):
            if does_hold(other, booking, policy):
                assert does_hold(met, booking, policy)
            known = [condition for condition in conditions if condition != one]
            if narrowed(one, known) != one and not any(does_hold(condition, booking, policy) for condition in known):
                assert does_hold(narrowed(one, known), booking, policy)
    assert left is not None
