"""Conditions laid together hold where they must, whatever the booking."""

from itertools import islice

from hypothesis import given
from tests.properties.compiling import compiled, examples
from tests.strategies.documents import Document
from tests.strategies.edges import every_booking
from tests.strategies.rule_sets import small_rule_sets

from payrules.domain.booking import Booking
from payrules.domain.difference.meeting import both, narrowed
from payrules.domain.matching import FACTS, facts_of, holds
from payrules.domain.policy import Condition, Policy

_MOST_BOOKINGS = 3_000


def answer(condition: Condition, booking: Booking, policy: Policy) -> bool | None:
    """Whether a condition holds; None where facts are unknown (Kleene)."""
    facts = facts_of(booking, booking.price and booking.price.minor, policy.zone)
    answers = [holds(*asked) for asked in zip(FACTS, condition, facts, strict=True) if asked[1] is not None]
    return False if False in answers else None if None in answers else True


@examples(120)
@given(small_rule_sets())
def test_conditions_laid_together_hold_wherever_they_must(document: Document) -> None:
    policy = compiled(document).policy
    one, *others = (rule.when for rule in policy.rules)
    left = narrowed(one, others)
    _, bookings = every_booking(policy, policy)
    for booking in islice(bookings, _MOST_BOOKINGS):
        if answer(one, booking, policy) is True:
            answers = [answer(other, booking, policy) for other in others]
            for other, held in zip(others, answers, strict=True):
                assert held is not True or answer(both(one, other), booking, policy) is True
            if answers.count(False) == len(answers):
                assert answer(left, booking, policy) is True
