"""What is told of two policies: regions with examples, what holds for all bookings, and what could not be settled."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.builders import AUTOMATIC, MANUAL, at, booking, policy, quiet, rule

from payrules.domain.decision import Outcome, Reason, decide
from payrules.domain.difference import Difference, Region, Setting, Unsettled, differ
from payrules.domain.duration import Duration
from payrules.domain.money import Money
from payrules.domain.policy import (
    Channel,
    DateRange,
    Manual,
    MessageKind,
    PaymentMethod,
    Place,
    Policy,
    Range,
    TagCondition,
    TextKey,
    TextPart,
    TimeRange,
)
from payrules.domain.treatment import is_alike, settings_between, used_settings

EXTERNAL = MANUAL._replace(manual=Manual(create_draft=False))
SPRING_DAY = DateRange(date(2027, 3, 28), date(2027, 3, 29))
REMINDED = AUTOMATIC._replace(reminders=(Duration(days=7),))
ONLINE = frozenset({Place.ONLINE})


def rules_of(difference: Difference) -> list[tuple[int | None, int | None]]:
    return [(region.before.rule, region.after.rule) for region in difference.regions]


def only(difference: Difference) -> Region:
    """The one region that lacks nothing, or the only one there is."""
    assert difference.unsettled_found == 0
    complete = [region for region in difference.regions if not region.lacking]
    [region] = complete or difference.regions
    return region


Key = tuple[int | None, int | None, Outcome, Outcome, tuple[str, ...]]


def keys_of(difference: Difference) -> list[Key]:
    return [
        (one.before.rule, one.after.rule, one.before.decision.outcome, one.after.decision.outcome, one.lacking)
        for one in difference.regions
    ]


def prices(**listed: int | None) -> Policy:
    return policy(prices=listed)


def test_equal_policies_get_a_certificate() -> None:
    one = policy(rule("a", price=Range(1, 2), first_visit=True), prices={"a": 100})
    assert differ(one, one) == Difference()
    assert differ(one, one).nothing


def test_what_is_no_decision_is_no_difference() -> None:
    before = policy(rule("a", location=ONLINE))
    renamed = replace(policy(rule("b", location=ONLINE)), name="Other", contact="other@fjord-fysio.example")
    key = TextKey("sv", MessageKind.REMINDER, TextPart.SMS)
    after = replace(renamed, country="SE", language="sv", messages={key: "{link}"})
    assert differ(before, after).nothing


def test_an_edge_of_a_range_that_moved_is_the_region() -> None:
    before, after = (policy(rule("a", price=Range(edge, None))) for edge in (200_000, 200_001))
    region = only(differ(before, after))
    assert region.where.price == Range(200_000, 200_001)
    assert region.example.price == Money(200_000, "NOK")
    assert (region.before.rule, region.after.rule, region.lacking) == (0, None, ())
    assert (region.before.decision.outcome, region.after.decision.outcome) == (Outcome.DRAFT, Outcome.AUTOMATIC)


def test_an_example_is_complete_and_plain() -> None:
    before = policy(prices={"a": 125_000}, terms=AUTOMATIC)
    after = policy(prices={"a": 125_000}, terms=REMINDED)
    region = only(differ(before, after, since=at("2026-11-22T12:00+01:00")))
    assert region.example == booking(
        "2026-12-07T10:00+01:00",
        "2026-12-07T10:50+01:00",
        "2026-11-30T10:00+01:00",
        session_type="a",
        practitioner="practitioner-1",
        location=Place.IN_PERSON,
        tags=frozenset(),
        first_visit=False,
    )._replace(id="example-1")
    assert region.settings == (Setting(("reminders",), (), (Duration(days=7),)),)


def test_examples_are_as_early_as_their_region() -> None:
    past = rule("a", starts_on=DateRange(date(2020, 2, 1), date(2020, 2, 3)), lead_time=Range(None, 0))
    region = only(differ(policy(past), policy()))
    assert region.example.starts_at.date() in (date(2020, 2, 1), date(2020, 2, 2))
    assert region.example.booked_at > region.example.starts_at


def test_examples_are_booked_from_a_time_on_however_early_they_are_booked() -> None:
    since = at("2028-03-01T00:00+01:00")
    early = rule("a", lead_time=Range(60 * 86_400, None), location=ONLINE)
    for region in differ(policy(), policy(early), since=since).regions:
        assert region.example.booked_at >= since


def test_a_price_of_the_list_is_the_price_of_bookings_without_one() -> None:
    difference = differ(prices(a=100, b=200), prices(a=100, b=300))
    assert difference.found == 1
    region = only(difference)
    assert (region.lacking, region.listed, region.exact) == ((), True, True)
    assert region.where.session_type == frozenset({"b"})
    assert (region.example.session_type, region.example.price) == ("b", None)
    assert region.settings == (Setting(("price",), Money(200, "NOK"), Money(300, "NOK")),)


@pytest.mark.parametrize(
    ("old", "new", "outcomes"),
    [
        (100, None, (Outcome.AUTOMATIC, Outcome.UNDECIDED)),
        (None, 100, (Outcome.UNDECIDED, Outcome.AUTOMATIC)),
        (0, 100, (Outcome.NO_CHARGE, Outcome.AUTOMATIC)),
        (None, 0, (Outcome.UNDECIDED, Outcome.NO_CHARGE)),
    ],
)
def test_a_price_that_comes_or_goes(old: int | None, new: int | None, outcomes: tuple[Outcome, Outcome]) -> None:
    region = only(differ(prices(a=old), prices(a=new)))
    assert (region.before.decision.outcome, region.after.decision.outcome) == outcomes
    assert (region.settings, region.listed) == ((), True)


def test_a_rule_for_prices_needs_one() -> None:
    before, after = (policy(rule("a", EXTERNAL, price=Range(50, None)), prices={"a": price}) for price in (100, None))
    region = next(region for region in differ(before, after).regions if region.before.rule == 0)
    assert (region.after.rule, region.lacking, region.listed) == (0, (), True)
    assert region.after.decision.reason is Reason.MISSING_FACT


def test_a_list_price_makes_no_difference_where_nothing_is_billed() -> None:
    before, after = (policy(terms=EXTERNAL, prices={"a": price}) for price in (100, 200))
    assert differ(before, after).nothing


def test_a_list_price_moves_bookings_between_rules() -> None:
    before, after = (policy(rule("dear", price=Range(150, None)), prices={"a": price}) for price in (100, 200))
    region = only(differ(before, after))
    assert (region.before.rule, region.after.rule, region.listed) == (None, 0, True)


def test_a_list_price_moves_bookings_that_lack_a_fact() -> None:
    before = policy(rule("cheap", EXTERNAL, price=Range(None, 150)), prices={"a": 100})
    after = policy(rule("dear", EXTERNAL, price=Range(150, None), first_visit=True), prices={"a": 200})
    regions = {(region.before.rule, region.after.rule): region for region in differ(before, after).regions}
    assert (regions[0, 0].lacking, regions[0, 0].listed) == (("first_visit",), True)
    assert regions[0, 0].example.price is None


def test_bookings_that_lack_a_fact_are_a_region_of_their_own() -> None:
    before, after = policy(rule("a", location=ONLINE)), policy(rule("a", location=ONLINE, first_visit=True))
    difference = differ(before, after)
    assert keys_of(difference) == [
        (0, None, Outcome.DRAFT, Outcome.AUTOMATIC, ()),
        (0, 0, Outcome.DRAFT, Outcome.UNDECIDED, ("first_visit",)),
        (0, 0, Outcome.NO_CHARGE, Outcome.UNDECIDED, ("first_visit",)),
        (0, None, Outcome.DRAFT, Outcome.UNDECIDED, ("price",)),
        (0, None, Outcome.UNDECIDED, Outcome.AUTOMATIC, ("location",)),
        (0, None, Outcome.UNDECIDED, Outcome.NO_CHARGE, ("location",)),
        (0, None, Outcome.DRAFT, Outcome.UNDECIDED, ("client.phone", "client.email")),
    ]
    complete, lacking, *_ = difference.regions
    assert (difference.found, difference.lacking) == (7, 6)
    assert lacking.after.decision.reason is Reason.MISSING_FACT
    assert (lacking.example.first_visit, complete.example.first_visit) == (None, False)
    assert lacking.where.location == ONLINE


def test_bookings_whose_price_nobody_tells() -> None:
    # Of one session type the price list tells it.
    before, after = (
        policy(*rules, terms=MANUAL, prices={"a": 100}) for rules in ((), (rule("a", MANUAL, price=Range(0, None)),))
    )
    region = only(differ(before, after))
    assert (region.lacking, region.example.price) == (("price",), None)
    assert region.example.session_type not in (None, "a")
    assert region.after.decision.missing == ("price",)


def test_a_rule_for_no_tags_at_all_leaves_bookings_with_unknown_tags_undecided() -> None:
    never = TagCondition(any_of=frozenset("x"), none_of=frozenset("x"))
    difference = differ(policy(), policy(rule("a", client_tags=never)))
    assert keys_of(difference) == [
        (None, 0, outcome, Outcome.UNDECIDED, ("client.tags",)) for outcome in (Outcome.AUTOMATIC, Outcome.NO_CHARGE)
    ]
    assert difference.regions[0].example.tags is None


def test_nothing_to_pay_is_a_kind_of_price() -> None:
    region = only(differ(policy(), policy(rule("free", EXTERNAL, price=Range(None, 1)))))
    assert region.example.price == Money(0, "NOK")
    assert (region.before.decision.outcome, region.after.decision.outcome) == (
        Outcome.NO_CHARGE,
        Outcome.EXTERNALLY_BILLED,
    )


def test_the_least_price_there_is_is_something() -> None:
    region = only(differ(policy(), policy(rule("a", EXTERNAL, price=Range(1, 2)))))
    assert (region.example.price, region.before.decision.outcome) == (Money(1, "NOK"), Outcome.AUTOMATIC)


def test_an_earlier_rule_for_one_of_some_tags_takes_those_bookings_alone() -> None:
    some = rule("some", EXTERNAL, client_tags=TagCondition(any_of=frozenset("xy")))
    region = only(differ(policy(some), policy(some, rule("later", MANUAL, duration=Range(None, 3_600)))))
    assert (region.before.rule, region.after.rule, region.example.tags) == (None, 1, frozenset())


def test_a_region_is_not_narrowed_to_the_price_at_which_it_was_met() -> None:
    free = rule("free", AUTOMATIC, price=Range(None, 1))
    difference = differ(policy(), policy(rule("a", AUTOMATIC, first_visit=True), free))
    # What is free is an effect of its own.
    assert [(region.lacking, region.where.price) for region in difference.regions if region.after.rule == 0] == [
        (("first_visit",), None),
        (("first_visit",), Range(0, 1)),
    ]


def test_rules_that_exclude_each_other_may_change_places() -> None:
    online, phone = rule("a", EXTERNAL, location=ONLINE), rule("b", MANUAL, location=frozenset({Place.PHONE}))
    assert differ(policy(online, phone), policy(phone, online)).nothing


def test_rules_that_overlap_may_not() -> None:
    online, first = rule("a", EXTERNAL, location=ONLINE), rule("b", MANUAL, first_visit=True)
    difference = differ(policy(online, first), policy(first, online))
    assert keys_of(difference) == [
        (0, 0, Outcome.EXTERNALLY_BILLED, Outcome.DRAFT, ()),
        (0, 0, Outcome.EXTERNALLY_BILLED, Outcome.NO_CHARGE, ()),
        (0, 0, Outcome.UNDECIDED, Outcome.DRAFT, ("location",)),
        (0, 0, Outcome.UNDECIDED, Outcome.NO_CHARGE, ("location",)),
        (0, 0, Outcome.EXTERNALLY_BILLED, Outcome.UNDECIDED, ("first_visit",)),
    ]
    assert [region.where.price for region in difference.regions] == [None, Range(0, 1), None, Range(0, 1), None]


def test_another_time_zone_or_currency_is_all_bookings() -> None:
    before, after = policy(), replace(policy(timezone="Europe/London"), currency="GBP")
    difference = differ(before, after)
    assert (difference.whole, difference.regions, difference.nothing) == (("timezone", "currency"), (), False)


def test_another_time_zone_is_nothing_where_nothing_is_billed() -> None:
    zones = ("Europe/Oslo", "Europe/London")
    assert differ(*(policy(terms=EXTERNAL, timezone=name) for name in zones)).nothing
    assert differ(*(policy(active=False, timezone=name) for name in zones)).nothing
    assert not differ(*(policy(rule("a", first_visit=True), terms=EXTERNAL, timezone=name) for name in zones)).nothing


def test_deactivation_is_all_bookings_that_were_not_billed_externally() -> None:
    active = policy(rule("a", EXTERNAL, location=ONLINE))
    difference = differ(active, replace(active, active=False))
    assert difference.whole == ("payments",)
    # The rule bills elsewhere anyway, but for bookings of which nobody knows where they are.
    assert keys_of(difference) == [
        (None, None, Outcome.AUTOMATIC, Outcome.EXTERNALLY_BILLED, ()),
        (None, None, Outcome.NO_CHARGE, Outcome.EXTERNALLY_BILLED, ()),
        (0, None, Outcome.UNDECIDED, Outcome.EXTERNALLY_BILLED, ("location",)),
        (None, None, Outcome.UNDECIDED, Outcome.EXTERNALLY_BILLED, ("price",)),
        (None, None, Outcome.UNDECIDED, Outcome.EXTERNALLY_BILLED, ("client.phone", "client.email")),
    ]
    assert differ(replace(active, active=False), active).whole == ("payments",)


def test_deactivation_of_a_clinic_that_bills_nothing_is_nothing() -> None:
    assert differ(policy(terms=EXTERNAL), policy(active=False)).nothing


def test_regions_are_capped_and_counted() -> None:
    names = [f"pr-{number}" for number in range(9)]
    before = policy(*(rule(name, MANUAL, practitioner=frozenset({name})) for name in names))
    after = policy(*(rule(name, EXTERNAL, practitioner=frozenset({name})) for name in names))
    difference = differ(before, after, most=4)
    # Each with a price and without.
    assert (difference.found, rules_of(difference)) == (18, [(0, 0), (0, 0), (1, 1), (1, 1)])
    assert [region.example.id for region in difference.regions] == [f"example-{n}" for n in range(1, 5)]
    assert not differ(before, after, most=0).nothing


def test_a_time_that_clocks_skip_is_left_open() -> None:
    difference = differ(policy(), policy(rule("a", starts_on=SPRING_DAY, start_time=TimeRange(120, 180))))
    assert (difference.found, difference.unsettled, difference.unsettled_found) == (0, (Unsettled(None, 0),), 1)
    assert not difference.nothing


def test_of_a_time_that_clocks_skip_in_part_the_rest_is_the_example() -> None:
    region = only(differ(policy(), policy(rule("a", starts_on=SPRING_DAY, start_time=TimeRange(120, 190)))))
    assert region.example.starts_at == at("2027-03-28T03:00+02:00")


def test_beyond_the_bound_nothing_is_claimed() -> None:
    rules = [rule(f"r-{n}", client_tags=TagCondition(any_of=frozenset({f"t-{n}"}))) for n in range(300)]
    difference = differ(policy(), policy(*rules), most=3)
    assert (difference.found, difference.unsettled_found, len(difference.unsettled)) == (2, 300, 3)
    # Where tags are unknown, nothing has to be known of them.
    assert {region.lacking for region in difference.regions} == {("client.tags",)}


AUTOMATIC_DECISION, DRAFT_DECISION, EXTERNAL_DECISION = (
    decide(policy(terms=terms), booking(), at("2026-11-24T09:00Z")) for terms in (AUTOMATIC, MANUAL, EXTERNAL)
)


def test_only_settings_that_are_used_count() -> None:
    automatic = AUTOMATIC._replace(manual=Manual(default_method=PaymentMethod.CASH))
    card = AUTOMATIC._replace(manual=Manual(default_method=PaymentMethod.CARD_TERMINAL))
    assert differ(policy(terms=automatic), policy(terms=card)).nothing
    later = MANUAL._replace(notification=MANUAL.notification._replace(offset=Duration(days=1)))
    assert differ(policy(terms=MANUAL), policy(terms=later)).nothing
    assert differ(policy(terms=EXTERNAL), policy(terms=EXTERNAL._replace(reminders=(Duration(days=7),)))).nothing
    # The link of a draft goes out on its channels, and reminders follow, outside quiet hours.
    quietly = MANUAL._replace(notification=MANUAL.notification._replace(quiet_hours=quiet("21:00", "08:00")))
    assert only(differ(policy(terms=MANUAL), policy(terms=quietly))).settings[0].path == ("notification", "quiet_hours")


def test_settings_between_outcomes() -> None:
    paths = {setting.path: setting for setting in settings_between(AUTOMATIC_DECISION, DRAFT_DECISION)}
    assert [*paths] == [("notification", "send"), ("notification", "offset"), ("manual", "default_method")]
    assert paths["manual", "default_method"] == (("manual", "default_method"), None, PaymentMethod.CASH)
    assert settings_between(AUTOMATIC_DECISION, EXTERNAL_DECISION) == ()
    assert not is_alike(AUTOMATIC_DECISION, EXTERNAL_DECISION)
    assert used_settings(Outcome.AUTOMATIC, None) == {}


def test_a_due_time_is_part_of_how_a_booking_is_treated() -> None:
    later = decide(policy(), booking(), datetime(2027, 1, 1, tzinfo=UTC))
    assert not settings_between(AUTOMATIC_DECISION, later)
    assert not is_alike(AUTOMATIC_DECISION, later)


def test_channels_count_by_their_order() -> None:
    turned = AUTOMATIC._replace(notification=AUTOMATIC.notification._replace(channels=(Channel.EMAIL, Channel.SMS)))
    assert only(differ(policy(), policy(terms=turned))).settings[0].path == ("notification", "channels")
