"""Rule sets over few values, so that rules overlap, cover each other and shut themselves out, by chance and often."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from tests.strategies.documents import Document

_FIRST = date(2027, 6, 14)
DAYS = tuple(_FIRST + timedelta(days=n) for n in range(-8, 19))
"""Days before, between and after all days that the rules name, with every weekday on either side."""

_AMOUNTS = ("0", "500", "1000")
_LENGTHS = ("0m", "30m", "60m", "1h", "1d")
_CLOCKS = ("00:00", "08:00", "18:00")
_NAMED_DAYS = tuple((_FIRST + timedelta(days=n)).isoformat() for n in (0, 1, 3, 7, 10))
_VALUES: dict[str, tuple[str, ...]] = {
    "session_type": ("a", "b"),
    "practitioner": ("a", "b", "c"),
    "location": ("in_person", "online", "phone"),
    "payer": ("client", "guardian", "employer", "insurer", "public"),
    "weekday": ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
}
_KEYS = (*_VALUES, "client_tags", "price", "duration", "lead_time", "first_visit", "starts_on", "start_time")
_SETS: tuple[dict[str, Any], ...] = ({}, {"process": "manual"}, {"process": "automatic"}, {"reminders": ["7d"]})


def _range(draw: st.DrawFn, values: tuple[str, ...], low: str, high: str) -> dict[str, str]:
    """A range between two of the values, or open at one end; equal ends are left to the caller's values."""
    first, last = sorted(draw(st.lists(st.sampled_from(range(len(values))), min_size=2, max_size=2, unique=True)))
    ends = {low: values[first], high: values[last]}
    kept = draw(st.sampled_from([(low, high), (low,), (high,)]))
    return {name: ends[name] for name in kept}


def _wanted(draw: st.DrawFn, key: str) -> Any:
    if key in _VALUES:
        values = _VALUES[key]
        if draw(st.integers(0, 3)) == 0:
            # All but one, so that two rules together cover the lot.
            left_out = draw(st.sampled_from(values))
            return [value for value in values if value != left_out]
        return draw(st.lists(st.sampled_from(values), min_size=1, max_size=len(values), unique=True))
    match key:
        case "client_tags":
            tags = st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=3, unique=True)
            return draw(st.fixed_dictionaries({}, optional={"any": tags, "all": tags, "none": tags}).filter(bool))
        case "price":
            return _range(draw, _AMOUNTS, "at_least", "below")
        case "duration" | "lead_time":
            found = _range(draw, _LENGTHS, "at_least", "below")
            # 60m and 1h are one length, and no range of it holds anything.
            return {"below": "1h"} if found == {"at_least": "60m", "below": "1h"} else found
        case "first_visit":
            return draw(st.booleans())
        case "starts_on":
            return _range(draw, _NAMED_DAYS, "from", "before")
        case _:
            pair = draw(st.lists(st.sampled_from(_CLOCKS), min_size=2, max_size=2, unique=True))
            return {"from": pair[0], "to": pair[1]}


@st.composite
def small_rule_sets(draw: st.DrawFn) -> Document:
    """A clinic whose rules ask for a fact or two, or for days; they say little, and little that is new."""
    keys = draw(st.lists(st.sampled_from(_KEYS), min_size=1, max_size=3, unique=True))
    if draw(st.integers(0, 4)) == 0:
        keys = ["weekday", "starts_on"]
    rules = []
    for number in range(draw(st.integers(1, 6))):
        asked = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=len(keys), unique=True))
        when = {key: _wanted(draw, key) for key in asked}
        rules.append({"id": f"rule-{number}", "when": when, "set": draw(st.sampled_from(_SETS))})
    return {
        "payrules": 1,
        "clinic": "nordlys",
        "name": "Nordlys",
        "country": "NO",
        "language": "nb",
        "contact": {"email": "post@nordlys.example"},
        "timezone": "Europe/Oslo",
        "currency": "NOK",
        "payments": "active",
        "process": draw(st.sampled_from(["automatic", "manual"])),
        "notification": {"send": "after_appointment"},
        "rules": rules,
    }
