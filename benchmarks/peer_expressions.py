"""Languages of expressions: all rules become one expression, whose value is the number of the first that holds."""

import json
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from benchmarks.peers import Facts, Matcher, literals, parts_of
from payrules.compiler.compile import Version
from payrules.domain.policy import Condition, TagCondition


def cel_matcher(version: Version) -> Matcher | None:
    """The common expression language in Rust, fed from a dict."""
    if find_spec("cel") is None:
        return None
    expression = _choices(version, lambda when: " && ".join(parts_of(when, _among, _cel_tags, "||", "&&")))
    return _numbered(version, import_module("cel").compile(expression).execute)


def rule_engine_matcher(version: Version) -> Matcher | None:
    """The package rule-engine, plain Python, fed from a dict."""
    if find_spec("rule_engine") is None:
        return None
    expression = _choices(version, lambda when: " and ".join(parts_of(when, _among, _python_tags, "or", "and")))
    return _numbered(version, import_module("rule_engine").Rule(expression).evaluate)


def _choices(version: Version, text: Callable[[Condition], str]) -> str:
    rules = version.policy.rules
    return "".join(f"({text(rule.when)}) ? {number} : (" for number, rule in enumerate(rules)) + (
        f"{len(rules)}{')' * len(rules)}"
    )


def _numbered(version: Version, execute: Callable[[Facts], Any]) -> Matcher:
    count = len(version.policy.rules)

    def match(facts: Facts) -> int | None:
        number = execute(facts)
        return None if number == count else int(number)

    return match


def _among(name: str, values: str) -> str:
    return f"{name} in {values}"


def _cel_tags(name: str, condition: TagCondition) -> list[str]:
    some = [f"{name}.exists(tag, tag in {literals(condition.any_of)})"] if condition.any_of else []
    every = [f"{json.dumps(tag)} in {name}" for tag in sorted(condition.all_of)]
    none = [f"!({json.dumps(tag)} in {name})" for tag in sorted(condition.none_of)]
    return some + every + none


def _python_tags(name: str, condition: TagCondition) -> list[str]:
    some = [f"({' or '.join(f'{json.dumps(tag)} in {name}' for tag in sorted(condition.any_of))})"]
    every = [f"{json.dumps(tag)} in {name}" for tag in sorted(condition.all_of)]
    none = [f"not ({json.dumps(tag)} in {name})" for tag in sorted(condition.none_of)]
    return (some if condition.any_of else []) + every + none
