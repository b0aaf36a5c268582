"""Rewriting rules so that no booking is treated differently, however much of the text changes.

A document here is the canonical form of a clinic file, as in `editing`.
"""

from copy import deepcopy
from random import Random
from typing import Any

from tests.strategies.editing import Document

_NAMES = ("session_type", "practitioner", "location", "payer", "weekday")


def refactored(document: Document, random: Random, dead: frozenset[str] = frozenset()) -> Document:
    """The document with rules split in two, doubled, and moved past those they never meet; those `dead` are removed."""
    document = deepcopy(document)
    rules = [part for rule in document.get("rules", ()) if rule["id"] not in dead for part in _split(rule, random)]
    for _ in range(4 * len(rules)):
        place = random.randrange(len(rules) - 1) if len(rules) > 1 else 0
        if len(rules) > 1 and _exclude(rules[place]["when"], rules[place + 1]["when"]):
            rules[place], rules[place + 1] = rules[place + 1], rules[place]
    if rules:
        # What an earlier rule takes already is of no effect.
        rules.append(random.choice(rules) | {"id": "in-vain", "set": {"process": "manual"}})
    for number, rule in enumerate(rules):
        rule["id"] = f"renamed-{number}"
        rule.pop("why", None)
    return document | {"rules": rules}


def _split(rule: dict[str, Any], random: Random) -> list[dict[str, Any]]:
    """Two rules for one: each has a part of the names of one fact."""
    splittable = [fact for fact in _NAMES if len(rule["when"].get(fact, ())) > 1]
    if not splittable or random.random() < 0.3:
        return [rule]
    fact = random.choice(splittable)
    names = rule["when"][fact]
    first = random.sample(names, random.randint(1, len(names) - 1))
    parts = first, [name for name in names if name not in first]
    return [deepcopy(rule) | {"when": rule["when"] | {fact: part}} for part in parts]


def _exclude(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether a fact that both ask for keeps them apart."""
    if any(not {*one[fact]} & {*other[fact]} for fact in _NAMES if fact in one and fact in other):
        return True
    return "first_visit" in one and "first_visit" in other and one["first_visit"] != other["first_visit"]
