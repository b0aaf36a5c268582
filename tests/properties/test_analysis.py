"""Rules that can never match and rules that change nothing, by search and by trying every booking there can be."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from fractions import Fraction
from itertools import combinations, product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.properties import plain_reading
from tests.properties.compiling import compile_text, compiled, examples
from tests.strategies.documents import Document
from tests.strategies.rule_sets import DAYS, small_rule_sets
from tests.strategies.writing import plainly

from payrules.domain.analysis import analyse
from payrules.domain.diagnostics import Diagnostic

_CLOSED: dict[str, tuple[Any, ...]] = {
    "location": ("in_person", "online", "phone"),
    "payer": ("client", "guardian", "employer", "insurer", "public"),
    "first_visit": (False, True),
    # Whole seconds; an appointment may be shorter than one.
    "duration": tuple(timedelta(minutes=n) for n in (0, 29, 30, 59, 60, 61, 1_440)),
    "lead_time": tuple(timedelta(minutes=n) for n in (-1, 0, 29, 30, 59, 60, 61, 1_440)),
    "price": tuple(Fraction(n) for n in ("0", "0.01", "499.99", "500", "999.99", "1000", "2000")),
    "start_time": tuple(time(h, m) for h in (0, 7, 8, 12, 17, 18, 23) for m in (0, 59)),
}


def values_of(key: str, document: Document) -> list[Any]:
    """Values of a fact, at least one for every way in which the rules can tell bookings apart."""
    if key in _CLOSED:
        return list(_CLOSED[key])
    named = {value for rule in document["rules"] for value in _named(rule["when"].get(key, ()))}
    if key == "client_tags":
        return [frozenset(some) for size in range(len(named) + 1) for some in combinations(sorted(named), size)]
    return [*sorted(named), "other"]


def _named(wanted: Any) -> list[str]:
    if isinstance(wanted, dict):
        return [tag for tags in wanted.values() for tag in tags]
    return [wanted] if isinstance(wanted, str) else list(wanted)


def masks_of(document: Document) -> set[int]:
    """For every booking there can be, the rules that hold for it: the bits of a mask."""
    rules = [rule["when"] for rule in document["rules"]]
    keys = {key for when in rules for key in when}
    columns = [
        {_mask(rules, {key: value}) for value in values_of(key, document)} for key in keys - {"weekday", "starts_on"}
    ]
    if keys & {"weekday", "starts_on"}:
        columns.append({_mask(rules, {"starts_on": day, "weekday": _weekday(day)}) for day in DAYS})
    found = {(1 << len(rules)) - 1}
    for column in columns:
        found = {mask & here for mask, here in product(found, column)}
    return found


def _mask(rules: list[dict[str, Any]], facts: dict[str, Any]) -> int:
    """The rules that do not fail by these facts."""
    return sum(
        1 << number
        for number, when in enumerate(rules)
        if all(plain_reading.holds(key, when[key], fact) for key, fact in facts.items() if key in when)
    )


def _weekday(day: date) -> str:
    return plain_reading.WEEKDAYS[day.weekday()]


def winner(mask: int) -> int | None:
    return (mask & -mask).bit_length() - 1 if mask else None


def wins(masks: set[int], rule: int) -> Iterator[int]:
    """The masks of the bookings that a rule wins."""
    return (mask for mask in masks if winner(mask) == rule)


def changes_nothing(document: Document, masks: set[int], rule: int) -> bool:
    """Whether all that the rule wins would be decided under equal settings without it."""
    own = plain_reading.settings_of(document, rule)
    rest = {winner(mask & ~(1 << rule)) for mask in wins(masks, rule)}
    return all(plain_reading.settings_of(document, other) == own for other in rest)


def without(masks: set[int], rules: list[int]) -> set[int]:
    """The masks of all bookings, with some rules taken out of the file."""
    gone = sum(1 << rule for rule in rules)
    return {mask & ~gone for mask in masks}


def redundant_ones(document: Document, masks: set[int], never: list[int]) -> list[int]:
    """The rules without which nothing changes, in the file as it is and in what is left of it by then."""
    found: list[int] = []
    for rule in range(len(document["rules"])):
        left = without(masks, never + found)
        if rule not in never and all(changes_nothing(document, some, rule) for some in (masks, left)):
            found.append(rule)
    return found


def check_cover(masks: set[int], rule: int, by: tuple[int, ...]) -> None:
    """The named rules take all that the rule could match, and none of them can be spared."""

    def covered(some: tuple[int, ...]) -> bool:
        cover = sum(1 << other for other in some)
        return all(mask & cover for mask in masks if mask >> rule & 1)

    assert list(by) == sorted(set(by))
    assert all(other < rule for other in by)
    assert covered(by)
    for other in by:
        assert not covered(tuple(left for left in by if left != other))


@examples(500)
@given(small_rule_sets())
def test_the_analysis_finds_what_trying_every_booking_finds(document: Document) -> None:
    policy, masks = compiled(document).policy, masks_of(document)
    findings = analyse(policy)
    numbers = range(len(document["rules"]))
    never = [rule for rule in numbers if not any(wins(masks, rule))]
    assert (findings.unsettled, findings.unweighed) == ((), ())
    assert [coverage.rule for coverage in findings.never] == never
    for rule, by in findings.never:
        check_cover(masks, rule, by)
    assert list(findings.redundant) == redundant_ones(document, masks, never)
    # Whoever follows every warning changes nothing.
    for mask in masks:
        [left] = without({mask}, [*never, *findings.redundant])
        before, after = (plain_reading.settings_of(document, winner(some)) for some in (mask, left))
        assert before == after


@examples(200)
@given(small_rule_sets())
def test_the_compiler_warns_of_what_trying_every_booking_finds(document: Document) -> None:
    masks = masks_of(document)
    result = compile_text(plainly(document), document["clinic"], analysis=True)
    ids = [rule["id"] for rule in document["rules"]]
    never = [rule for rule in range(len(ids)) if not any(wins(masks, rule))]
    redundant = redundant_ones(document, masks, never)
    found = {_rule_of(d): d for d in result.diagnostics if d.code in ("PR351", "PR352", "PR353", "PR355")}
    assert len(found) == len([d for d in result.diagnostics if d.code != "PR354"])
    for rule in range(len(ids)):
        warning = found.get(rule)
        if any(wins(masks, rule)):
            wanted = "PR353" if rule in redundant else None
        else:
            wanted = "PR352" if any(mask >> rule & 1 for mask in masks) else "PR351"
        assert (warning.code if warning else None) == wanted
        if warning is None:
            continue
        assert f"`{ids[rule]}`" in warning.message
        by = tuple(_number_in(related.location.pointer) for related in warning.related)
        if wanted == "PR352":
            check_cover(masks, rule, by)
            assert all(f"`{ids[other]}`" in warning.message for other in by)
        else:
            assert by == ()


def _rule_of(diagnostic: Diagnostic) -> int:
    return _number_in(diagnostic.location.pointer)


def _number_in(pointer: str) -> int:
    _, rules, number, key = pointer.split("/")
    assert (rules, key) == ("rules", "id")
    return int(number)


@examples(150)
@given(small_rule_sets(), st.sampled_from(["NOK", "JPY", "KWD"]))
def test_the_findings_do_not_hang_on_names_or_on_settings_of_others(document: Document, currency: str) -> None:
    before = analyse(compiled(document).policy)
    document = document | {"name": "Another Name", "timezone": "Asia/Kathmandu", "reminders": ["365d"]}
    if not any("price" in rule["when"] for rule in document["rules"]):
        document["currency"] = currency
    after = analyse(compiled(document).policy)
    assert after.never == before.never
