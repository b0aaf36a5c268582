"""GoRules Zen: the rules as a decision table, a line a rule and a column for each fact that rules ask for."""

import json
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from benchmarks.peers import Facts, Matcher, literals, span_text
from payrules.compiler.compile import Version
from payrules.domain.matching import FACTS, spans_of
from payrules.domain.policy import TagCondition


def zen_matcher(version: Version) -> Matcher | None:
    """The first line of the table that hits."""
    if find_spec("zen") is None:
        return None
    rules = version.policy.rules
    columns = [name for name in FACTS if any(getattr(rule.when, name) is not None for rule in rules)]
    lines = [
        {"_id": f"line-{number}", "number": str(number)}
        | {name: _cell(name, getattr(rule.when, name)) for name in columns}
        for number, rule in enumerate(rules)
    ]
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in columns],
        "outputs": [{"id": "number", "name": "number", "field": "number"}],
        "rules": lines,
    }
    nodes = [("in", "inputNode", {}), ("rules", "decisionTableNode", {"content": table}), ("out", "outputNode", {})]
    graph = {
        "nodes": [
            {"id": name, "type": kind, "name": name, "position": {"x": place, "y": 0}} | content
            for place, (name, kind, content) in enumerate(nodes)
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


def _cell(name: str, condition: Any) -> str:
    if condition is None:
        return ""
    if isinstance(condition, frozenset):
        return literals(condition)[1:-1]
    if isinstance(condition, TagCondition):
        some = [f"some($, # in {literals(condition.any_of)})"] if condition.any_of else []
        every = [f"some($, # == {json.dumps(tag)})" for tag in sorted(condition.all_of)]
        none = [f"none($, # == {json.dumps(tag)})" for tag in sorted(condition.none_of)]
        return " and ".join(some + every + none)
    if isinstance(condition, bool):
        return json.dumps(condition)
    return " or ".join(span_text("$", span, "and") for span in spans_of(name, condition))
