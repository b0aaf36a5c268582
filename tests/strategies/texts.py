"""Texts, amounts and lengths as people write them into clinic files, the awkward ones included."""

import re
from functools import cache

from hypothesis import strategies as st

AWKWARD = (
    "NO",
    "no",
    "on",
    "y",
    "null",
    "~",
    "true",
    "False",
    "1",
    "1.0",
    "-1",
    "+1",
    ".5",
    "1e3",
    "010",
    "08",
    "0x1F",
    "0o17",
    "1_000",
    ".inf",
    ".nan",
    "22:00",
    "2026-03-01",
    "<<",
    "=",
    "-",
    "- a",
    "-a",
    "?",
    "? a",
    ":",
    ": a",
    "a:",
    "a: b",
    "a:b",
    "#a",
    "a #b",
    "a#b",
    "'",
    '"',
    "it's",
    'the "small" room',
    "{a}",
    "[a]",
    "a, b",
    "&a",
    "*a",
    "!a",
    "%a",
    "@a",
    "`a`",
    "|",
    ">-",
    "\\",
    "C:\\new",
    "---",
    "...",
    "a  b",
    "Ångström & Løvås",
    "日本語",
    "🧠",
    "a~1/b",
    "e\u0301",
)
"""Texts that YAML 1.1 or a careless writer takes for something else."""

# What the schema says of a text: it can be printed, and has no blank at either end.
_BLANK = r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\ufffe\uffff"
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff"
_TEXT = re.compile(f"[^{_BLANK}]([^{_CONTROL}]*[^{_BLANK}])?")


@cache
def texts(longest: int = 6) -> st.SearchStrategy[str]:
    """Texts that the schema accepts for names and ids."""
    anything = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=longest)
    return st.sampled_from(AWKWARD) | anything.filter(_TEXT.fullmatch)


def amount_text(minor: int, digits: int) -> str:
    """An amount in minor units as a decimal string in lowest form."""
    whole, rest = divmod(minor, 10**digits)
    fraction = str(rest).rjust(digits, "0").rstrip("0") if digits else ""
    return f"{whole}.{fraction}" if fraction else str(whole)


@cache
def amounts(digits: int) -> st.SearchStrategy[str]:
    """Prices and limits of prices in a currency with so many decimals; few, so that they meet."""
    unit = 10**digits
    minor = st.sampled_from([0, 1, unit // 2, unit, 499 * unit + 1, 500 * unit, 1000 * unit, 2000 * unit])
    return (minor | st.integers(0, 9_999_999_999 * unit)).map(lambda amount: amount_text(amount, digits))


@cache
def durations(least: int = 0) -> st.SearchStrategy[str]:
    """Offsets of minutes, hours and days."""
    number = st.sampled_from([1, 2, 15, 24, 60, 90, 1440]) | st.integers(least, 45) | st.integers(least, 9_999)
    return st.builds(lambda n, unit: f"{n}{unit}", number, st.sampled_from("mhd"))


LENGTHS = ("0m", "1m", "30m", "45m", "60m", "90m", "1h", "2h", "24h", "1440m", "1d", "2d", "7d")
"""Limits of durations and lead times; some say the same."""

SECONDS = {"m": 60, "h": 3_600, "d": 86_400}


def seconds_of(text: str) -> int:
    """A length in seconds, a day taken as 24 hours."""
    return int(text[:-1]) * SECONDS[text[-1]]


def clock_text(minute: int) -> str:
    """Minutes after midnight as a file writes them."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


@cache
def minutes() -> st.SearchStrategy[int]:
    """Wall times in minutes after midnight, many of them where clocks change."""
    return st.sampled_from([0, 1, 60, 90, 120, 150, 179, 180, 480, 1080, 1260, 1380, 1439]) | st.integers(0, 1_439)
