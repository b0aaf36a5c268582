"""Rule engines that payrules is measured beside, each given the same rules in its own words.

Both only name the first rule that matches; times, channels and actions would come on top. They are optional: see
README.md of this folder.
"""

import json
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from payrules.compiler.compile import Version
from payrules.domain.booking import Booking
from payrules.domain.matching import FACTS, facts_of, spans_of
from payrules.domain.money import Money
from payrules.domain.policy import Condition, TagCondition

Facts = dict[str, Any]
Matcher = Callable[[Facts], int | None]
"""From facts to the number of the first rule that matches, None where none does."""


def facts_for(version: Version, booking: Booking) -> Facts:
    """The facts of a booking as plain values, in the units of `facts_of`."""
    price = booking.price or _listed(version, booking)
    facts = dict(zip(FACTS, facts_of(booking, price.minor, version.policy.zone), strict=True))
    for name, value in facts.items():
        if isinstance(value, frozenset):
            facts[name] = sorted(value)
        elif isinstance(value, str):
            facts[name] = str(value)
    return facts


def cel_matcher(version: Version) -> Matcher | None:
    """One expression of the common expression language for all rules, fed from a dict."""
    if find_spec("cel") is None:
        return None
    count = len(version.policy.rules)
    ways = (f"{_cel_rule(rule.when)} ? {number} : " for number, rule in enumerate(version.policy.rules))
    execute = import_module("cel").compile("".join(ways) + str(count)).execute

    def match(facts: Facts) -> int | None:
        number: int = execute(facts)
        return None if number == count else number

    return match


def zen_matcher(version: Version) -> Matcher | None:
    """A decision table of GoRules Zen, first hit, a column for each fact that rules ask for."""
    if find_spec("zen") is None:
        return None
    rules = version.policy.rules
    columns = [name for name in FACTS if any(getattr(rule.when, name) is not None for rule in rules)]
    lines = [
        {"_id": f"line-{number}", "number": str(number)}
        | {name: _zen_cell(name, getattr(rule.when, name)) for name in columns}
        for number, rule in enumerate(rules)
    ]
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in columns],
        "outputs": [{"id": "number", "name": "number", "field": "number"}],
        "rules": lines,
    }
    graph = {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
            {
                "id": "rules",
                "type": "decisionTableNode",
                "name": "rules",
                "content": table,
                "position": {"x": 1, "y": 0},
            },
            {"id": "out", "type": "outputNode", "name": "out", "position": {"x": 2, "y": 0}},
        ],
        "edges": [
            {"id": "first", "type": "edge", "sourceId": "in", "targetId": "rules"},
            {"id": "second", "type": "edge", "sourceId": "rules", "targetId": "out"},
        ],
    }
    evaluate = import_module("zen").ZenEngine().create_decision(json.dumps(graph)).evaluate

    def match(facts: Facts) -> int | None:
        result: dict[str, Any] = evaluate(facts)["result"] or {}
        number = result.get("number")
        return None if number is None else int(number)

    return match


def _listed(version: Version, booking: Booking) -> Money:
    price = version.policy.session_types[booking.session_type or ""].price
    assert price is not None
    return Money(price, version.policy.currency)


def _cel_rule(when: Condition) -> str:
    return " && ".join(_cel(name, value) for name, value in zip(FACTS, when, strict=True) if value is not None)


def _cel(name: str, condition: Any) -> str:
    if isinstance(condition, frozenset):
        return f"{name} in {_literals(condition)}"
    if isinstance(condition, TagCondition):
        some = [f"{name}.exists(tag, tag in {_literals(condition.any_of)})"] if condition.any_of else []
        every = [f"{json.dumps(tag)} in {name}" for tag in sorted(condition.all_of)]
        none = [f"!({json.dumps(tag)} in {name})" for tag in sorted(condition.none_of)]
        return " && ".join(some + every + none)
    if isinstance(condition, bool):
        return f"{name} == {json.dumps(condition)}"
    return "(" + " || ".join(_span(name, span, "&&") for span in spans_of(name, condition)) + ")"


def _zen_cell(name: str, condition: Any) -> str:
    if condition is None:
        return ""
    if isinstance(condition, frozenset):
        return _literals(condition)[1:-1]
    if isinstance(condition, TagCondition):
        some = [f"some($, # in {_literals(condition.any_of)})"] if condition.any_of else []
        every = [f"some($, # == {json.dumps(tag)})" for tag in sorted(condition.all_of)]
        none = [f"none($, # == {json.dumps(tag)})" for tag in sorted(condition.none_of)]
        return " and ".join(some + every + none)
    if isinstance(condition, bool):
        return json.dumps(condition)
    return " or ".join(_span("$", span, "and") for span in spans_of(name, condition))


def _span(name: str, span: tuple[int | None, int | None], conjunction: str) -> str:
    low, high = span
    bounds = ([] if low is None else [f"{name} >= {low}"]) + ([] if high is None else [f"{name} < {high}"])
    return f" {conjunction} ".join(bounds)


def _literals(values: frozenset[Any]) -> str:
    return json.dumps(sorted(str(value) if isinstance(value, str) else value for value in values))
