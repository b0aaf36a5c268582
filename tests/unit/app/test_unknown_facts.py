"""Which facts must be known after a change that need not be before."""

import pytest
from tests.builders import AUTOMATIC, policy, rule

from payrules.app.unknown_facts import undecided_without
from payrules.domain.decision import Outcome
from payrules.domain.difference import differ
from payrules.domain.policy import Policy, Range

ASKS = rule("r", first_visit=True)


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        (policy(), policy(ASKS), ["first_visit"]),
        (policy(), policy(rule("r", price=Range(1), practitioner=frozenset("p"))), ["practitioner"]),
        # It was asked for before, and is no longer; but what goes out by itself needs a price, and a draft does not.
        (policy(ASKS), policy(), ["price"]),
        # Whoever pays is always known.
        (policy(), policy(terms=AUTOMATIC._replace(invoice=AUTOMATIC.invoice._replace(number_prefix="A-"))), []),
    ],
)
def test_of_the_example_each_fact_is_taken_away(before: Policy, after: Policy, paths: list[str]) -> None:
    found = {path for region in differ(before, after).regions for path in undecided_without(region, before, after)}
    assert sorted(found) == paths


def test_of_what_is_undecided_anyway_nothing_more_is_said() -> None:
    before, after = policy(), policy(ASKS)
    (region,) = differ(before, after).regions
    undecided = region.after.decision._replace(outcome=Outcome.UNDECIDED)
    assert undecided_without(region._replace(after=region.after._replace(decision=undecided)), before, after) == ()
