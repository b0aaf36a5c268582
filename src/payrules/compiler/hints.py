"""Hints for values that are nearly right: what their author probably meant, in the form that the format takes."""

import re

from payrules.domain.policy import WEEKDAYS

_TWO_WORDS = re.compile(r"(\w+) *(?:-|–|\.\.|to|bis) *(\w+)")
_TWO_TIMES = re.compile(r"([0-9]{1,2})[:.]([0-9]{2}) *(?:-|–|to) *([0-9]{1,2})[:.]([0-9]{2})")
_A_MAPPING = '{from: "21:00", to: "08:00"}'


def as_weekdays(written: str) -> str:
    """Help for two weekdays with a hyphen or so between them, such as `mon-fri`; empty for anything else."""
    found = _TWO_WORDS.fullmatch(written.lower())
    ends = [text[:3] for text in found.groups()] if found else []
    if not ends or not set(ends) <= set(WEEKDAYS):
        return ""
    first, last = (WEEKDAYS.index(end) for end in ends)
    days = WEEKDAYS[first : last + 1] if first <= last else WEEKDAYS[first:] + WEEKDAYS[: last + 1]
    return f"name every day: `[{', '.join(days)}]`"


def as_quiet_hours(written: str) -> str:
    """Help for quiet hours that are neither `none` nor a mapping: the mapping, with the times that are written."""
    found = _TWO_TIMES.fullmatch(written)
    if found is None:
        return f"write `none`, or a mapping such as `{_A_MAPPING}`"
    hour, minute, until_hour, until_minute = found.groups()
    return f'write a mapping: `{{from: "{hour:0>2}:{minute}", to: "{until_hour:0>2}:{until_minute}"}}`'


def with_a_dot(written: str, pattern: str) -> str:
    """Help for a number that a dot in place of its comma would make right; empty for anything else."""
    dotted = written.replace(",", ".")
    return f'write a dot before the decimals: `"{dotted}"`' if dotted != written and re.search(pattern, dotted) else ""


def not_negative(written: str, pattern: str, name: str) -> str:
    """Help for a number or length below zero, which the pattern of `name` takes without its sign; else empty.

    A pattern that takes a letter before it is one of texts.
    """
    number = written.removeprefix("-")
    found = number != written and re.search(pattern, number) and not re.search(pattern, f"x{number}")
    return f"{name} is never negative" if found else ""
