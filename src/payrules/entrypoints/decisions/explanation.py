"""The explanation of a decision as indented lines: reasons, settings with their sources, and every rule."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_LONGEST_NAME: Final = 32


class Line(NamedTuple):
    """A line of an explanation: `head` stands before `text`, padded so that the texts of a section align.

    A title of a section has no text.
    """

    head: str
    text: str


def explanation_of(rendered: Mapping[str, Any]) -> Iterator[Line]:
    """Why, and why not for every other rule. `rendered` is a decision rendered with `explain`."""
    yield Line("why", "")
    for reason in rendered["reasons"]:
        yield Line("- ", reason)
    settings, rules = rendered["explain"]["settings"], rendered["explain"]["rules"]
    if settings:
        yield Line("settings", "")
        names, values = _width(settings, "setting"), _width(settings, "value")
        for setting in settings:
            yield Line(f"{setting['setting']:<{names}}  ", f"{setting['value']:<{values}}  {_source(setting)}")
    if rules:
        yield Line("rules", "")
        ids = _width(rules, "id")
        for rule in rules:
            yield Line(f"{rule['id']:<{ids}}  ", rule_text(rule))


def rule_text(rule: Mapping[str, Any]) -> str:
    """What became of one rule."""
    line = f"line {rule['line']}"
    match rule["result"]:
        case "matched":
            return f"matches and decides ({line})"
        case "later":
            return f"would match too, but something before it has decided ({line})"
        case "unknown":
            return f"cannot be settled: {rule['condition']} is not known, it wants {rule['wanted']} ({line})"
    return f"no: {rule['condition']} is {rule['actual']}, not {rule['wanted']} ({line})"


def _source(setting: Mapping[str, Any]) -> str:
    return "default" if setting["line"] is None else f"{setting['source']}, line {setting['line']}"


def _width(rows: list[dict[str, Any]], name: str) -> int:
    return min(_LONGEST_NAME, max(len(row[name]) for row in rows))
