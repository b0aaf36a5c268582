"""A booking is found for every rule, and for the defaults, wherever there is one: held against trying them all."""

from hypothesis import given
from tests.properties.compiling import compiled, examples
from tests.properties.test_analysis import masks_of, winner
from tests.strategies.documents import Document
from tests.strategies.rule_sets import small_rule_sets

from payrules.adapters.zones import load_zone
from payrules.app.policy_tests import run_policy_tests
from payrules.domain.coverage import PointKind


@examples(300)
@given(small_rule_sets())
def test_what_no_test_covers_has_a_booking_or_there_is_none(document: Document) -> None:
    version = compiled(document)
    reachable = {winner(mask) for mask in masks_of(document)} if version.policy.active else {None}
    coverage = run_policy_tests(version, None, load_zone).coverage
    kinds = (PointKind.RULE, PointKind.DEFAULTS)
    assert {gap.point.rule for gap in coverage.gaps if gap.point.kind in kinds} == reachable
    # What is suggested was decided by `decide`, and lies in the gap.
    assert all(gap.suggestion is not None for gap in coverage.gaps)
