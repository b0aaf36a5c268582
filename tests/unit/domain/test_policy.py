"""The values a policy is made of."""

import pytest
from tests.builders import clock_minutes, policy, quiet, rule

from payrules.domain.duration import Duration
from payrules.domain.matching import Matcher
from payrules.domain.policy import (
    Channel,
    Condition,
    Delivery,
    Notification,
    PaymentMethod,
    Process,
    Range,
    Terms,
)


@pytest.mark.parametrize(
    ("from_", "to", "clock", "held"),
    [
        # Half-open: the first minute is quiet, the last is not.
        ("21:00", "08:00", "20:59", False),
        ("21:00", "08:00", "21:00", True),
        ("21:00", "08:00", "23:59", True),
        ("21:00", "08:00", "00:00", True),
        ("21:00", "08:00", "07:59", True),
        ("21:00", "08:00", "08:00", False),
        ("12:00", "13:30", "11:59", False),
        ("12:00", "13:30", "12:00", True),
        ("12:00", "13:30", "13:29", True),
        ("12:00", "13:30", "13:30", False),
        ("00:00", "06:00", "00:00", True),
        ("00:00", "06:00", "06:00", False),
        ("22:00", "00:00", "23:59", True),
        ("22:00", "00:00", "00:00", False),
    ],
)
def test_quiet_hours_are_half_open_and_may_wrap_midnight(from_: str, to: str, clock: str, held: bool) -> None:
    assert quiet(from_, to).hold(clock_minutes(clock)) is held


@pytest.mark.parametrize(
    ("bounds", "value", "held"),
    [
        (Range(10, 20), 9, False),
        (Range(10, 20), 10, True),
        (Range(10, 20), 19, True),
        (Range(10, 20), 20, False),
        (Range(at_least=10), 1_000_000, True),
        (Range(at_least=10), -1, False),
        (Range(below=10), -1_000_000, True),
        (Range(below=10), 10, False),
        # A bound of zero is a bound.
        (Range(at_least=0), -1, False),
        (Range(below=0), 0, False),
        (Range(below=0), -1, True),
        (Range(), 0, True),
    ],
)
def test_ranges_are_half_open(bounds: Range, value: int, held: bool) -> None:
    assert bounds.holds(value) is held


def test_terms_left_out_have_the_defaults_of_the_format() -> None:
    # clinic-file.md: offset 0m, both channels, delivery all, no quiet hours, no reminders, drafts on, cash,
    # 14 days, no VAT, no prefix.
    terms = Terms(Process.AUTOMATIC)
    assert terms.notification == Notification(None, Duration(), (Channel.SMS, Channel.EMAIL), Delivery.ALL, None)
    assert terms.reminders == ()
    assert terms.manual == (True, PaymentMethod.CASH)
    assert terms.invoice == (Duration(days=14), (0, 0), "")


def test_policies_of_one_meaning_are_equal_whatever_was_asked_of_them() -> None:
    asked, other = policy(rule("a", first_visit=True)), policy(rule("a", first_visit=True))
    # What the first decision leaves behind.
    asked.matchers.append(Matcher([]))
    assert asked == other
    assert hash(asked) == hash(other)


def test_policies_differ_in_their_rules_order() -> None:
    first, second = rule("a", first_visit=True), rule("b", weekday=frozenset({5}))
    assert policy(first, second) != policy(second, first)


def test_conditions_stand_in_the_order_of_the_reference() -> None:
    # clinic-file.md, the table of conditions; missing facts are named in this order.
    assert Condition._fields == (
        "session_type",
        "practitioner",
        "location",
        "payer",
        "client_tags",
        "price",
        "duration",
        "lead_time",
        "first_visit",
        "weekday",
        "starts_on",
        "start_time",
    )
