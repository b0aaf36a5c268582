"""The explanation of a decision as indented lines: reasons, settings with their sources, and every rule."""

from collections.abc import Iterator, Mapping
from typing import Any


def explanation_of(rendered: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Indent (0 a heading, 1 a line under it) and text. `rendered` is a decision rendered with `explain`."""
    yield 0, "why"
    for reason in rendered["reasons"]:
        yield 1, reason
    settings, rules = rendered["explain"]["settings"], rendered["explain"]["rules"]
    if settings:
        yield 0, "settings"
        names = max(len(setting["setting"]) for setting in settings)
        values = min(24, max(len(setting["value"]) for setting in settings))
        for setting in settings:
            yield 1, f"{setting['setting']:<{names}}  {setting['value']:<{values}}  {_source(setting)}"
    if rules:
        yield 0, "rules"
        ids = min(32, max(len(rule["id"]) for rule in rules))
        for rule in rules:
            yield 1, f"{rule['id']:<{ids}}  {rule_text(rule)}"


def rule_text(rule: Mapping[str, Any]) -> str:
    """What became of one rule."""
    line = f"line {rule['line']}"
    match rule["result"]:
        case "matched":
            return f"matches and decides ({line})"
        case "later":
            return f"would match too, but an earlier one has decided ({line})"
        case "unknown":
            return f"cannot be settled: {rule['condition']} is not known, asked for is {rule['wanted']} ({line})"
    return f"no: {rule['condition']} is {rule['actual']}, asked for is {rule['wanted']} ({line})"


def _source(setting: Mapping[str, Any]) -> str:
    return "default" if setting["line"] is None else f"{setting['source']}, line {setting['line']}"
