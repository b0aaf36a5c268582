"""Why, and why not: the settings behind a decision, and for each rule what became of it."""

import json
from datetime import date
from typing import Any

from payrules.app.provenance import SETTINGS, Provenance
from payrules.compiler.compile import Version
from payrules.domain.booking import Booking
from payrules.domain.decision import Decision
from payrules.domain.duration import format_seconds
from payrules.domain.matching import FACTS, Facts, facts_of, holds
from payrules.domain.money import Money
from payrules.domain.policy import WEEKDAYS, Notification, Terms


def setting_texts(terms: Terms) -> tuple[str, ...]:
    """The values of the settings as a clinic file writes them, in the order of `SETTINGS`."""
    notification: Notification = terms.notification
    quiet = notification.quiet_hours
    quiet_text = "none"
    if quiet is not None:
        quiet_text = f"{clock(quiet.from_minute)}-{clock(quiet.to_minute)} ({', '.join(sorted(quiet.channels))})"
    return (
        terms.process,
        notification.send or "none",
        str(notification.offset),
        ", ".join(notification.channels),
        notification.delivery,
        quiet_text,
        ", ".join(map(str, terms.reminders)) or "none",
        "true" if terms.manual.create_draft else "false",
        terms.manual.default_method,
        str(terms.invoice.due_in),
        str(terms.invoice.vat_rate),
        terms.invoice.number_prefix or "none",
    )


def clock(minute: int) -> str:
    """Minutes after midnight as `HH:MM`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _settings(provenance: Provenance, decision: Decision) -> list[dict[str, Any]]:
    if decision.terms is None:
        return []
    found = []
    for setting, value in zip(SETTINGS, setting_texts(decision.terms), strict=True):
        source = provenance.source(decision.rule, setting)
        name = ".".join(str(part) for part in setting)
        found.append({"setting": name, "value": value, "source": source.name, "line": source.line})
    return found


class Explainer:
    """Explains the decisions of one version."""

    def __init__(self, version: Version, provenance: Provenance) -> None:
        self._version = version
        self._provenance = provenance
        self._written = [rule["when"] for rule in json.loads(version.canonical).get("rules", ())]
        self._names = [self._in_order(number) for number in range(len(self._written))]

    def explain(self, booking: Booking, decision: Decision) -> dict[str, Any]:
        """The `explain` of a rendered decision: `settings` with their sources, `rules` with what became of them."""
        return {
            "settings": _settings(self._provenance, decision),
            "rules": self._rules(booking, decision),
        }

    def _rules(self, booking: Booking, decision: Decision) -> list[dict[str, Any]]:
        """For every rule, in order: matched, failed or unknown with the first condition at fault, or later."""
        policy = self._version.policy
        facts = facts_of(booking, None if decision.price is None else decision.price.minor, policy.zone)
        decided = not policy.active
        explained = []
        for number in range(len(policy.rules)):
            explained.append(self._explain_rule(number, facts, decided=decided))
            decided = decided or number == decision.rule
        return explained

    def _explain_rule(self, number: int, facts: Facts, *, decided: bool) -> dict[str, Any]:
        rule = self._version.policy.rules[number]
        entry = {"id": rule.id, "line": self._provenance.rule_line(number)}
        unknown = None
        for name in self._names[number]:
            position = FACTS.index(name)
            held = holds(name, rule.when[position], facts[position])
            if held is False:
                return entry | self._condition("failed", number, name, facts[position])
            if held is None and unknown is None:
                unknown = name
        if unknown is not None:
            return entry | self._condition("unknown", number, unknown, None)
        return entry | {"result": "later" if decided else "matched", "condition": None, "wanted": None, "actual": None}

    def _in_order(self, number: int) -> list[str]:
        """The names of a rule's conditions in the order in which they are written."""
        positions = self._version.positions
        return sorted(self._written[number], key=lambda name: positions.key(("rules", number, "when", name))[1:3])

    def _condition(self, result: str, number: int, name: str, fact: Any) -> dict[str, Any]:
        return {
            "result": result,
            "condition": name,
            "wanted": _wanted(self._written[number][name]),
            "actual": None if fact is None else self._actual(name, fact),
        }

    def _actual(self, name: str, fact: Any) -> str:
        match name:
            case "client_tags":
                return ", ".join(sorted(fact)) or "no tags"
            case "price":
                money = Money(fact, self._version.policy.currency)
                return f"{money.amount} {money.currency}"
            case "duration" | "lead_time":
                return f"-{_length(-fact)}" if fact < 0 else _length(fact)
            case "weekday":
                return WEEKDAYS[fact]
            case "starts_on":
                return date.fromordinal(fact).isoformat()
            case "start_time":
                return clock(fact)
            case "first_visit":
                return "true" if fact else "false"
            case _:
                return str(fact)


def _length(seconds: int) -> str:
    """A length of time to the second; a lead time may be one of a few seconds."""
    minutes, rest = divmod(seconds, 60)
    if not rest:
        return format_seconds(seconds)
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"


def _wanted(written: Any) -> str:
    if isinstance(written, dict):
        parts = sorted(written.items(), key=lambda part: _PARTS.index(part[0]))
        return ", ".join(f"{key} {(' and ' if key == 'all' else ' or ').join(_listed(value))}" for key, value in parts)
    return " or ".join(_listed(written))


# The parts of conditions, in the order in which they are read.
_PARTS = ("at_least", "below", "from", "before", "to", "any", "all", "none")


def _listed(written: Any) -> list[str]:
    if isinstance(written, list):
        return written
    return [str(written).lower() if isinstance(written, bool) else str(written)]
