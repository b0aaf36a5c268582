"""Edits of clinic files as people make them, and mistakes of theirs: an edge off by one, two rules swapped.

A document here is the canonical form of a clinic file: every value that may be a list is one.
"""

from collections.abc import Callable
from copy import deepcopy
from datetime import date, timedelta
from random import Random
from typing import Any

from payrules.domain.policy import WEEKDAYS, PayerKind, PaymentMethod, Place

Document = dict[str, Any]

_NAMED: dict[str, tuple[str, ...]] = {
    "session_type": (),
    "practitioner": ("pr-1", "pr-2"),
    "location": tuple(Place),
    "payer": tuple(PayerKind),
    "weekday": WEEKDAYS,
}
_LENGTHS = ("0m", "15m", "30m", "45m", "1h", "90m", "12h", "1d", "2d", "7d", "14d")
_CLOCKS = ("00:00", "06:00", "08:00", "12:00", "16:00", "18:00", "21:00", "23:59")
_AMOUNTS = ("0", "1", "300", "500", "1000", "1500")
_DAYS = tuple(f"2027-{month:02d}-{day:02d}" for month in (1, 3, 6, 10, 12) for day in (1, 28))
_TAGS = ("student", "member", "staff")
_RANGES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "price": ("at_least", "below", _AMOUNTS),
    "duration": ("at_least", "below", _LENGTHS),
    "lead_time": ("at_least", "below", _LENGTHS),
    "starts_on": ("from", "before", _DAYS),
    "start_time": ("from", "to", _CLOCKS),
}
_FACTS = (*_NAMED, *_RANGES, "client_tags", "first_visit")


def edited(document: Document, random: Random) -> Document:
    """The document with one edit, now and then two or three; it may be one that the compiler refuses."""
    document = deepcopy(document)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        edits = _OF_RULES if document.get("rules") and random.random() < 0.75 else _OF_THE_FILE
        random.choice(edits)(document, random)
    return document


def _wanted(document: Document, fact: str, random: Random) -> Any:
    if fact == "first_visit":
        return random.random() < 0.5
    if fact == "client_tags":
        known = [
            tag
            for rule in document.get("rules", ())
            for tags in rule["when"].get("client_tags", {}).values()
            for tag in tags
        ]
        groups = random.sample(("any", "all", "none"), random.choice((1, 1, 2)))
        return {group: random.sample(sorted({*_TAGS, *known}), random.choice((1, 1, 2))) for group in groups}
    if fact in _NAMED:
        known = [name for rule in document.get("rules", ()) for name in rule["when"].get(fact, ())]
        names = sorted({*_NAMED[fact], *known, *(document.get("session_types", ()) if fact == "session_type" else ())})
        names = names or ["type-1", "type-2"]
        return random.sample(names, random.randint(1, min(3, len(names))))
    low, high, values = _RANGES[fact]
    first, last = sorted(random.sample(range(len(values)), 2))
    ends = {low: values[first], high: values[last]}
    if fact == "start_time":
        return ends if random.random() < 0.7 else {low: values[last], high: values[first]}
    return ends if random.random() < 0.5 else dict([random.choice([*ends.items()])])


def _set(document: Document, random: Random) -> dict[str, Any]:
    return random.choice(
        (
            {},
            {"process": "manual"},
            {"process": "manual", "manual": {"create_draft": False}},
            {"process": "automatic", "notification": {"send": "after_booking"}},
            {"notification": {"send": "before_appointment", "offset": "1d"}},
            {"notification": {"channels": ["email"]}},
            {"notification": {"quiet_hours": "none"}},
            {"reminders": random.choice((["7d"], []))},
            {"manual": {"default_method": random.choice([*PaymentMethod]).value}},
            {"invoice": {"due_in": random.choice(("7d", "14d", "30d"))}},
            {"invoice": {"vat_rate": "25"}},
        )
    )


def _rule(document: Document, random: Random) -> dict[str, Any]:
    facts = random.sample(_FACTS, random.choice((1, 2, 2, 3)))
    when = {fact: _wanted(document, fact, random) for fact in facts}
    return {"id": f"new-{random.randrange(10**9)}", "when": when, "set": _set(document, random)}


def _any_rule(document: Document, random: Random) -> dict[str, Any]:
    rule: dict[str, Any] = random.choice(document["rules"])
    return rule


def _change_condition(document: Document, random: Random) -> None:
    when = _any_rule(document, random)["when"]
    fact = random.choice([*when])
    when[fact] = _wanted(document, fact, random)


def _add_condition(document: Document, random: Random) -> None:
    when, fact = _any_rule(document, random)["when"], random.choice(_FACTS)
    when[fact] = _wanted(document, fact, random)


def _drop_condition(document: Document, random: Random) -> None:
    when = _any_rule(document, random)["when"]
    if len(when) > 1:
        del when[random.choice([*when])]


def _move_an_edge(document: Document, random: Random) -> None:
    """By the smallest step there is."""
    found = [
        (fact, rule["when"][fact], bound)
        for rule in document["rules"]
        for fact in rule["when"]
        if fact in _RANGES
        for bound in rule["when"][fact]
    ]
    if not found:
        _change_condition(document, random)
        return
    fact, ends, bound = random.choice(found)
    step, written = random.choice((-1, 1)), ends[bound]
    if fact == "price":
        ends[bound] = str(max(0, int(float(written)) + step))
    elif fact == "starts_on":
        ends[bound] = (date.fromisoformat(written) + timedelta(days=step)).isoformat()
    elif fact == "start_time":
        minute = (int(written[:2]) * 60 + int(written[3:]) + step) % 1_440
        ends[bound] = f"{minute // 60:02d}:{minute % 60:02d}"
    else:
        unit = {"m": 1, "h": 60, "d": 1_440}[written[-1]]
        ends[bound] = f"{max(0, int(written[:-1]) * unit + step)}m"


def _change_names(document: Document, random: Random) -> None:
    """A name more in a list, or one less."""
    found = [(rule["when"], fact) for rule in document["rules"] for fact in rule["when"] if fact in _NAMED]
    if not found:
        _change_condition(document, random)
        return
    when, fact = random.choice(found)
    if len(when[fact]) > 1 and random.random() < 0.5:
        when[fact] = random.sample(when[fact], len(when[fact]) - 1)
    else:
        when[fact] = sorted({*when[fact], *_wanted(document, fact, random)})


def _change_set(document: Document, random: Random) -> None:
    _any_rule(document, random)["set"] = _set(document, random)


def _swap(document: Document, random: Random) -> None:
    rules = document["rules"]
    a, b = random.randrange(len(rules)), random.randrange(len(rules))
    rules[a], rules[b] = rules[b], rules[a]


def _move(document: Document, random: Random) -> None:
    rules = document["rules"]
    rules.insert(random.randrange(len(rules)), rules.pop(random.randrange(len(rules))))


def _remove(document: Document, random: Random) -> None:
    document["rules"].pop(random.randrange(len(document["rules"])))


def _add(document: Document, random: Random) -> None:
    rules = document.setdefault("rules", [])
    rules.insert(random.randint(0, len(rules)), _rule(document, random))


def _change_defaults(document: Document, random: Random) -> None:
    for key, value in _set(document, random).items():
        document[key] = {**document.get(key, {}), **value} if isinstance(value, dict) else value


def _change_prices(document: Document, random: Random) -> None:
    types = document.setdefault("session_types", {})
    names = [*types]
    match random.randrange(4) if names else 0:
        case 0:
            types[random.choice(("type-1", "type-2"))] = {"name": "New", "price": random.choice(_AMOUNTS)}
        case 1:
            entry = types[random.choice(names)]
            if "price" in entry:
                entry["price"] = str(max(0, int(float(entry["price"])) + random.choice((-1, 1, 100))))
        case 2:
            types[random.choice(names)].pop("price", None)
        case _:
            for entry in types.values():
                if "price" in entry:
                    entry["price"] = str(int(float(entry["price"])) + 50)


def _stop_or_start(document: Document, random: Random) -> None:
    document["payments"] = "inactive" if document["payments"] == "active" else "active"


_Edit = Callable[[Document, Random], None]
_OF_RULES: tuple[_Edit, ...] = (
    _change_condition,
    _add_condition,
    _drop_condition,
    _move_an_edge,
    _move_an_edge,
    _change_names,
    _change_names,
    _change_set,
    _swap,
    _move,
    _remove,
    _add,
)
_OF_THE_FILE: tuple[_Edit, ...] = (
    _add,
    _change_defaults,
    _change_defaults,
    _change_defaults,
    _change_prices,
    _change_prices,
    _change_prices,
    _stop_or_start,
)
