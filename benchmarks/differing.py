"""The exact difference of two policies of 200 rules: ten edits, and two that have nothing in common."""

import json
from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any

from benchmarks.measuring import Row, at_best, in_turns
from benchmarks.texts import CLINIC
from payrules.bootstrap import build
from payrules.domain.difference import differ
from payrules.domain.policy import Policy

_RULES, _EDITS = 200, 10
_EDITED, _INDEPENDENT = 0.2, 2.0
# Fewer turns for what takes seconds.
_TURNS = 5

_SESSION_TYPES = [f"type-{number}" for number in range(12)]
_NAMES = {
    "session_type": _SESSION_TYPES,
    "practitioner": [f"practitioner-{number}" for number in range(25)],
    "location": ["in_person", "online", "phone"],
    "payer": ["client", "guardian", "employer", "insurer", "public"],
    "weekday": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
}
_TAGS = [f"tag-{number}" for number in range(15)]
_SPANS = {
    "price": ("at_least", "below", [f"{amount}.00" for amount in range(100, 4_000, 150)]),
    "duration": ("at_least", "below", [f"{minutes}m" for minutes in range(15, 240, 15)]),
    "lead_time": ("at_least", "below", [f"{days}d" for days in range(1, 40)]),
    "starts_on": ("from", "before", [f"2027-{month:02d}-{day:02d}" for month in range(1, 13) for day in (1, 11, 21)]),
    "start_time": ("from", "to", [f"{hour:02d}:00" for hour in range(6, 23)]),
}
_SETS: tuple[dict[str, Any], ...] = (
    {"process": "manual"},
    {"process": "manual", "manual": {"create_draft": False}},
    {"reminders": []},
    {"notification": {"send": "after_booking"}},
    {"notification": {"send": "before_appointment", "offset": "1d"}},
    {"notification": {"channels": ["email"]}},
    {"invoice": {"due_in": "30d"}},
)


def rows(repetitions: int) -> Iterator[Row]:
    """Both workloads; what they find is checked to be settled."""
    random = Random(200)  # noqa: S311 # the same tables at every run
    rules = [_rule(random, number) for number in range(_RULES)]
    before, edited = _policy(rules), _policy(_edited(random, rules))
    other = _policy([_rule(random, number) for number in range(_RULES)])
    for what, after, target in ((f"{_EDITS} edits", edited, _EDITED), ("independent tables", other, _INDEPENDENT)):
        difference = differ(before, after)
        assert difference.found
        assert not difference.unsettled_found
        [spent] = in_turns((partial(differ, before, after),), min(repetitions, _TURNS))
        workload = f"exact difference, {_RULES} × {_RULES} rules, {what}"
        yield at_best(workload, spent, "s", target, f"{difference.found:,} regions")


def _policy(rules: list[dict[str, Any]]) -> Policy:
    document = {
        "payrules": 1,
        "clinic": CLINIC,
        "name": "Nordlys Psykologi og Fysioterapi AS",
        "country": "NO",
        "language": "nb",
        "contact": {"email": "post@nordlys.example"},
        "timezone": "Europe/Oslo",
        "currency": "NOK",
        "payments": "active",
        "process": "automatic",
        "notification": {"send": "after_appointment", "offset": "15m"},
        "reminders": ["7d", "21d"],
        "session_types": {
            name: {"name": name, "price": f"{690 + 150 * n}.00"} for n, name in enumerate(_SESSION_TYPES)
        },
        "rules": rules,
    }
    compiled = build().compiler.compile(json.dumps(document).encode(), f"{CLINIC}.yaml", analysis=False)
    assert compiled.version is not None, compiled.diagnostics[:3]
    return compiled.version.policy


def _rule(random: Random, number: int) -> dict[str, Any]:
    """Two to four conditions of all kinds."""
    facts = random.sample([*_NAMES, *_SPANS, "client_tags", "first_visit"], random.choice((2, 2, 3, 4)))
    return {
        "id": f"rule-{number}",
        "when": {fact: _wanted(random, fact) for fact in facts},
        "set": random.choice(_SETS),
    }


def _wanted(random: Random, fact: str) -> Any:
    if fact == "first_visit":
        return random.random() < 0.5
    if fact == "client_tags":
        groups = random.sample(["any", "all", "none"], random.choice((1, 1, 2)))
        tags = random.sample(_TAGS, 4)
        return {group: tags[:2] if group == groups[0] else tags[2:] for group in groups}
    if fact in _NAMES:
        return random.sample(_NAMES[fact], random.randint(1, min(4, len(_NAMES[fact]) - 1)))
    low, high, values = _SPANS[fact]
    first, last = sorted(random.sample(range(len(values)), 2))
    ends = {low: values[first], high: values[last]}
    return ends if fact == "start_time" or random.random() < 0.5 else dict([random.choice([*ends.items()])])


def _edited(random: Random, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules after edits: conditions and settings changed, rules added, removed and moved."""
    rules = list(rules)
    for edit in range(_EDITS):
        place = random.randrange(len(rules))
        rule = rules[place]
        fact = random.choice([*rule["when"]])
        match edit % 5:
            case 0:
                rules[place] = rule | {"when": rule["when"] | {fact: _wanted(random, fact)}}
            case 1:
                rules[place] = rule | {"set": {"invoice": {"due_in": f"{edit}d"}}}
            case 2:
                rules.insert(place, _rule(random, _RULES + edit))
            case 3:
                del rules[place]
            case _:
                rules.insert(random.randrange(len(rules)), rules.pop(place))
    return rules
