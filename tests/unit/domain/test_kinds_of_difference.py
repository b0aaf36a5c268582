"""Which kinds of bookings a difference tells apart: by outcomes, by what they lack, by where their price is from."""

from tests.builders import AUTOMATIC, MANUAL, policy, rule

from payrules.domain.decision import Outcome
from payrules.domain.difference import Difference, differ
from payrules.domain.duration import Duration
from payrules.domain.money import Money
from payrules.domain.policy import Channel, Manual, PayerKind, Place, Policy, Range, TagCondition

EXTERNAL = MANUAL._replace(manual=Manual(create_draft=False))
REMINDED = AUTOMATIC._replace(reminders=(Duration(days=7),))
ONLINE = frozenset({Place.ONLINE})

Kind = tuple[int | None, int | None, Outcome, Outcome, tuple[str, ...]]


def kinds_of(difference: Difference) -> list[Kind]:
    return [
        (one.before.rule, one.after.rule, one.before.decision.outcome, one.after.decision.outcome, one.lacking)
        for one in difference.regions
    ]


def only_exact(before: Policy, after: Policy) -> list[bool]:
    return [region.exact for region in differ(before, after).regions if not region.lacking]


def test_an_effect_on_what_is_free_is_told_apart() -> None:
    difference = differ(policy(), policy(terms=EXTERNAL))
    assert kinds_of(difference) == [
        (None, None, Outcome.AUTOMATIC, Outcome.EXTERNALLY_BILLED, ()),
        (None, None, Outcome.NO_CHARGE, Outcome.EXTERNALLY_BILLED, ()),
        (None, None, Outcome.UNDECIDED, Outcome.EXTERNALLY_BILLED, ("price",)),
        (None, None, Outcome.UNDECIDED, Outcome.EXTERNALLY_BILLED, ("client.phone", "client.email")),
    ]
    assert [region.where.price for region in difference.regions] == [None, Range(0, 1), None, None]
    assert difference.regions[1].example.price == Money(0, "NOK")


def test_whoever_is_not_reached_on_a_channel_that_goes() -> None:
    mail, text = (
        AUTOMATIC._replace(notification=AUTOMATIC.notification._replace(channels=(channel,)))
        for channel in (Channel.EMAIL, Channel.SMS)
    )
    difference = differ(policy(terms=mail), policy(terms=text))
    assert kinds_of(difference) == [
        (None, None, Outcome.AUTOMATIC, Outcome.AUTOMATIC, ()),
        (None, None, Outcome.UNDECIDED, Outcome.AUTOMATIC, ("client.email",)),
        (None, None, Outcome.AUTOMATIC, Outcome.UNDECIDED, ("client.phone",)),
    ]
    assert difference.regions[1].example.client.contacts == {Channel.SMS}
    # Of a rule for others who pay, it is they who are not reached.
    insurer = frozenset({PayerKind.INSURER})
    other = differ(policy(rule("a", mail, payer=insurer)), policy(rule("a", text, payer=insurer)))
    assert [region.lacking for region in other.regions] == [(), ("payer.email",), ("payer.phone",)]


def test_a_fact_that_plays_no_part_makes_no_region() -> None:
    before = policy(rule("a", EXTERNAL, location=ONLINE), rule("b", EXTERNAL, first_visit=True))
    after = policy(rule("a", MANUAL, location=ONLINE), rule("b", EXTERNAL, first_visit=True))
    assert [key[:2] + key[4:] for key in kinds_of(differ(before, after))] == [(0, 0, ()), (0, 0, ())]


def test_a_condition_is_exact_where_no_earlier_rule_takes_some() -> None:
    phone, first = rule("a", EXTERNAL, location=frozenset({Place.PHONE})), rule("b", EXTERNAL, first_visit=True)
    online, anywhere = rule("c", MANUAL, location=ONLINE), rule("c", MANUAL, duration=Range(60, None))
    assert only_exact(policy(phone), policy(phone, online)) == [True]
    assert only_exact(policy(phone), policy(phone, anywhere)) == [False]
    assert only_exact(policy(first), policy(first, online)) == [False]
    # What takes some of it and changed is left out of the condition.
    assert only_exact(policy(), policy(first, online)) == [True, True, True]


def test_a_condition_that_cannot_be_said_is_not_exact() -> None:
    before, after = (
        policy(rule("a", terms, client_tags=TagCondition(any_of=frozenset(tags))))
        for terms, tags in ((EXTERNAL, "xy"), (MANUAL, "vw"))
    )
    exact = {(one.before.rule, one.after.rule): one.exact for one in differ(before, after).regions if not one.lacking}
    assert exact == {(0, 0): False, (0, None): True, (None, 0): True}


def test_a_price_of_the_list_is_told_beside_another_setting() -> None:
    before, after = (policy(terms=terms, prices={"a": n}) for terms, n in ((AUTOMATIC, 100), (REMINDED, 200)))
    regions = differ(before, after).regions
    assert [region.listed for region in regions] == [False, True]
    assert [len(region.settings) for region in regions] == [1, 2]
    # Where nothing is billed on one side, the price is no matter.
    bills_none = policy(terms=EXTERNAL, prices={"a": 100})
    assert [region.listed for region in differ(bills_none, after).regions if not region.lacking] == [False, False]


def test_rules_that_meet_at_prices_of_the_lists_alone_where_a_fact_is_lacking() -> None:
    dear = Range(150, None)
    later = rule("later", EXTERNAL, first_visit=False, price=dear), rule("first", EXTERNAL, first_visit=True)
    before = policy(*later, prices={"a": 100})
    after = policy(rule("cheap", EXTERNAL, price=Range(None, 150)), prices={"a": 200})
    # With a price of its own, such a booking is undecided by the rule before.
    region = next(one for one in differ(before, after).regions if one.lacking and one.before.rule == 1 and one.listed)
    assert (region.after.rule, region.after.decision.outcome, region.lacking) == (
        None,
        Outcome.AUTOMATIC,
        ("first_visit",),
    )
