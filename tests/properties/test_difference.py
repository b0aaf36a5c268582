"""The exact difference of two policies against trying bookings: every one of a small space, and very many others."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.builders import COMPILER
from tests.properties.compiling import examples
from tests.strategies.edges import bookings_around, every_booking
from tests.strategies.editing import Document, edited
from tests.strategies.refactoring import refactored
from tests.strategies.rule_sets import small_rule_sets

from payrules.compiler.compile import Version
from payrules.domain.analysis import analyse
from payrules.domain.booking import Booking, Person
from payrules.domain.decision import Decision, Outcome, contact_path, decide
from payrules.domain.difference import Difference, Region, differ
from payrules.domain.matching import FACT_PATHS, FACTS, facts_of, holds
from payrules.domain.policy import Channel, Policy
from payrules.domain.treatment import USED, is_alike, settings_between

_ROOT = Path(__file__).parents[2]
_CLINICS = [
    path
    for pattern in ("clinics/*.yaml", "examples/*/clinics/*.yaml")
    for path in sorted(_ROOT.glob(pattern))
    if not path.name.endswith(".tests.yaml")
]
_EVERYTHING = 1_000_000
_PATHS = [*FACT_PATHS.values()]


def version_at(path: Path) -> Version | None:
    return COMPILER.compile(path.read_bytes(), f"clinics/{path.name}", analysis=False).version


def policy_of(document: Document) -> Policy | None:
    version = COMPILER.compile(json.dumps(document).encode(), f"{document['clinic']}.yaml", analysis=False).version
    return None if version is None else version.policy


Effect = tuple[int | None, int | None, Outcome, Outcome]
"""Who decides a booking before and after (None: the defaults), and to which outcomes."""


def effect(old: Decision, new: Decision) -> Effect:
    return old.rule, new.rule, old.outcome, new.outcome


def told(difference: Difference) -> set[Effect]:
    """Who decides, and to what, in each region."""
    return {effect(region.before.decision, region.after.decision) for region in difference.regions}


def told_of_lists(difference: Difference, before: Policy, after: Policy) -> set[tuple[int | None, int | None]]:
    """The changes of a list price that are told."""
    return {
        (list_price(before, region.example), list_price(after, region.example))
        for region in difference.regions
        if region.listed
    }


def check_regions(difference: Difference, before: Policy, after: Policy) -> None:
    """Every example is decided differently, by the rules and to the outcomes of its region; none is told twice."""
    assert difference.found == len(difference.regions)
    assert [bool(region.lacking) for region in difference.regions] == sorted(
        bool(region.lacking) for region in difference.regions
    )
    assert difference.lacking == sum(bool(region.lacking) for region in difference.regions)
    kinds = [
        (
            effect(one.before.decision, one.after.decision),
            one.lacking,
            tuple(list_price(policy, one.example) for policy in (before, after)) if one.listed else None,
            one.settings,
        )
        for one in difference.regions
    ]
    assert len(kinds) == len({kind[:3] for kind in kinds})
    complete = {(key, settings) for key, lacking, listed, settings in kinds if not lacking and not listed}
    assert not any((key, settings) in complete for key, lacking, _, settings in kinds if lacking)
    for region in difference.regions:
        booking = region.example
        old, new = (decide(policy, booking, booking.booked_at) for policy in (before, after))
        assert (region.before.decision, region.after.decision) == (old, new)
        assert (region.before.rule, region.after.rule) == (old.rule, new.rule)
        assert not is_alike(old, new)
        assert region.settings == settings_between(old, new)
        assert lacked(booking) == {*region.lacking} | ({"price"} if region.listed else set())
        assert holds_for(region, booking, after.zone)


def list_price(policy: Policy, booking: Booking) -> int | None:
    """What the price list says of a booking."""
    entry = policy.session_types.get(booking.session_type or "")
    return None if entry is None else entry.price


def lacked(booking: Booking) -> set[str]:
    """The paths of the facts and contacts that a booking lacks; its price where it has none of its own."""
    facts = zip(FACTS, facts_of(booking, booking.price and booking.price.minor, UTC), strict=True)
    payer, path = (booking.client, "client") if booking.payer is None else (booking.payer.person, "payer")
    contacts = {contact_path(path, channel) for channel in Channel if channel not in payer.contacts}
    return contacts | {FACT_PATHS[fact] for fact, value in facts if value is None}


def holds_for(region: Region, booking: Booking, zone: tzinfo) -> bool:
    facts = zip(FACTS, region.where, facts_of(booking, booking.price and booking.price.minor, zone), strict=True)
    return all(asked is None or holds(fact, asked, value) for fact, asked, value in facts)


def reached_or_not(bookings: Iterable[Booking], before: Policy, after: Policy) -> Iterator[Booking]:
    """The bookings, and the same with fewer contacts where that can matter: of what goes out by itself."""
    for booking in bookings:
        yield booking
        if Outcome.AUTOMATIC in (decide(policy, booking, booking.booked_at).outcome for policy in (before, after)):
            for channels in ([Channel.SMS], [Channel.EMAIL], []):
                person = Person(frozenset(channels))
                payer = None if booking.payer is None else booking.payer._replace(person=person)
                yield booking._replace(client=person, payer=payer)


def is_surely_of(region: Region, booking: Booking, after: Policy) -> bool:
    """Whether a region says of a booking with a price of its own that the two rules decide it."""
    at_all = region.exact and not region.listed and booking.price is not None
    return at_all and lacked(booking) == {*region.lacking} and holds_for(region, booking, after.zone)


def check(before: Policy, after: Policy, random: Random, number: int) -> tuple[Difference, int]:
    """That no booking of so many differs without being reported; returns how many differ, too."""
    difference = differ(before, after, most=_EVERYTHING)
    if not difference.whole or difference.regions:
        check_regions(difference, before, after)
    seen = 0
    known, unsettled = told(difference), {*difference.unsettled}
    for booking in bookings_around(before, after, random, number):
        old, new = (decide(policy, booking, booking.booked_at) for policy in (before, after))
        if not is_alike(old, new):
            seen += 1
            is_told = effect(old, new) in known or (old.rule, new.rule) in unsettled
            assert difference.whole or is_told, booking
    return difference, seen


def edits(random: Random, number: int) -> Iterator[tuple[Policy, Policy]]:
    """Policies of real clinic files before and after random edits."""
    documents = [json.loads(version.canonical) for path in _CLINICS if (version := version_at(path)) is not None]
    while number:
        document = random.choice(documents)
        before, after = policy_of(document), policy_of(edited(document, random))
        if before is not None and after is not None:
            number -= 1
            yield before, after


# 600 edits in all, in parts that may run side by side.
_MANY = [pytest.param(seed, 50, 10_000, marks=pytest.mark.torture) for seed in range(1, 13)]


@pytest.mark.parametrize(("seed", "number", "bookings"), [(0, 40, 400), *_MANY])
def test_no_edit_of_a_clinic_file_goes_unreported(seed: int, number: int, bookings: int) -> None:
    random = Random(seed)  # noqa: S311 # the same edits at every run
    found = nothing = 0
    for before, after in edits(random, number):
        difference, seen = check(before, after, random, bookings)
        assert not difference.unsettled_found
        found += bool(seen)
        nothing += difference.nothing
    # The edits are ones that show, and some that do not.
    assert found > number // 2
    assert nothing


_ELSEWHERE: dict[str, Any] = {"set": {"process": "manual", "manual": {"create_draft": False}}}
_SET: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{}, {}, _ELSEWHERE])


_ON_ONE_CHANNEL = {"notification": {"send": "after_appointment", "offset": "15m", "channels": ["email"]}}


@st.composite
def pairs_of_rule_sets(draw: st.DrawFn) -> tuple[Document, Document]:
    """Two small clinics with some rules in common, in any order."""
    documents = draw(small_rule_sets()), draw(small_rule_sets())
    rules = [*documents[0]["rules"], *documents[1]["rules"]]
    found = []
    for document in documents:
        kept = draw(st.permutations(rules))[: draw(st.integers(0, 5))]
        prices = draw(st.dictionaries(st.sampled_from("abc"), st.sampled_from([None, "0", "499", "700"]), max_size=3))
        types = {name: {"name": name} | ({} if price is None else {"price": price}) for name, price in prices.items()}
        settings: dict[str, Any] = draw(
            st.sampled_from([{}, {}, {"reminders": ["7d"]}, {"manual": {"create_draft": False}}, _ON_ONE_CHANNEL])
        )
        numbered = [rule | draw(_SET) | {"id": f"rule-{number}"} for number, rule in enumerate(kept)]
        if draw(st.integers(0, 5)) == 0:
            free = {"id": "free", "when": {"price": {"below": "0.01"}}, "set": {}} | draw(_SET)
            numbered.insert(draw(st.integers(0, len(numbered))), free)
        found.append(document | settings | {"rules": numbered} | ({"session_types": types} if types else {}))
    return found[0], found[1]


_MOST_BOOKINGS = 6_000


@examples(120)
@given(pairs_of_rule_sets())
def test_the_difference_is_what_trying_every_booking_finds(documents: tuple[Document, Document]) -> None:
    before, after = (policy_of(document) for document in documents)
    assume(before is not None and after is not None)
    assert before is not None
    assert after is not None
    number, bookings = every_booking(before, after)
    assume(number <= _MOST_BOOKINGS)
    difference = differ(before, after, most=_EVERYTHING)
    check_regions(difference, before, after)
    own = [one for one in difference.regions if not one.listed]
    regions = {(*effect(one.before.decision, one.after.decision), one.lacking): one for one in own}
    lists = told_of_lists(difference, before, after)
    seen = set()
    for booking in reached_or_not(bookings, before, after):
        old, new = (decide(policy, booking, booking.booked_at) for policy in (before, after))
        if not is_alike(old, new):
            seen.add(effect(old, new))
            if USED.keys() >= {old.outcome, new.outcome} and old.price != new.price:
                assert (list_price(before, booking), list_price(after, booking)) in lists
            region = regions.get((*effect(old, new), tuple(path for path in _PATHS if path in lacked(booking))))
            if region is not None and booking.price is not None:
                assert holds_for(region, booking, after.zone)
        for region in difference.regions:
            if is_surely_of(region, booking, after):
                assert (old.rule, new.rule) == (region.before.rule, region.after.rule)
    assert told(difference) == seen
    assert difference.nothing == (not seen)
    assert not difference.unsettled


@pytest.mark.parametrize("path", _CLINICS, ids=lambda path: path.stem)
def test_a_rewritten_file_gets_a_certificate(path: Path) -> None:
    version = version_at(path)
    assert version is not None
    document = json.loads(version.canonical)
    random = Random(path.stem)  # noqa: S311 # the same rewriting at every run
    dead = frozenset(version.policy.rules[rule].id for rule, _ in analyse(version.policy).never)
    after = policy_of(refactored(document, random, dead))
    assert after is not None
    assert differ(version.policy, after).nothing
    assert differ(after, version.policy).nothing
