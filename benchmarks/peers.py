"""What the rule engines beside payrules have in common: the facts they are given, and how conditions are written.

They only name the first rule that matches; times, channels and actions would come on top. They are optional: see
README.md of this folder.
"""

import json
from collections.abc import Callable
from typing import Any

from payrules.compiler.compile import Version
from payrules.domain.booking import Booking
from payrules.domain.matching import FACTS, facts_of, spans_of
from payrules.domain.money import Money
from payrules.domain.policy import Condition, TagCondition

Facts = dict[str, Any]
Matcher = Callable[[Facts], int | None]
"""From facts to the number of the first rule that matches, None where none does."""


def facts_for(version: Version, booking: Booking) -> Facts:
    """The facts of a booking as plain values, in the units of `facts_of`."""
    price = booking.price or _listed(version, booking)
    facts = dict(zip(FACTS, facts_of(booking, price.minor, version.policy.zone), strict=True))
    for name, value in facts.items():
        if isinstance(value, frozenset):
            facts[name] = sorted(value)
        elif isinstance(value, str):
            facts[name] = str(value)
    return facts


def parts_of(
    when: Condition,
    among: Callable[[str, str], str],
    tags: Callable[[str, TagCondition], list[str]],
    either: str,
    both: str,
    prefix: str = "",
) -> list[str]:
    """The conditions of a rule, all of which must hold, each in the words of a language.

    `among` says that a value is one of a list, `tags` writes the conditions on the client's tags; `either` and
    `both` are the words between two of them, and names of facts begin with `prefix`.
    """
    found: list[str] = []
    for name, condition in zip(FACTS, when, strict=True):
        fact = prefix + name
        if condition is None:
            continue
        if isinstance(condition, frozenset):
            found.append(among(fact, literals(condition)))
        elif isinstance(condition, TagCondition):
            found += tags(fact, condition)
        elif isinstance(condition, bool):
            found.append(f"{fact} == {json.dumps(condition)}")
        else:
            spans = [span_text(fact, span, both) for span in spans_of(name, condition)]
            found.append(f"({f' {either} '.join(spans)})" if len(spans) > 1 else spans[0])
    return found


def span_text(name: str, span: tuple[int | None, int | None], both: str) -> str:
    """A half-open span of whole numbers, `both` between its two ends."""
    low, high = span
    bounds = ([] if low is None else [f"{name} >= {low}"]) + ([] if high is None else [f"{name} < {high}"])
    return f" {both} ".join(bounds)


def literals(values: frozenset[Any]) -> str:
    """A list of texts or numbers, as all of these languages write it."""
    return json.dumps(sorted(str(value) if isinstance(value, str) else value for value in values))


def _listed(version: Version, booking: Booking) -> Money:
    price = version.policy.session_types[booking.session_type or ""].price
    assert price is not None
    return Money(price, version.policy.currency)
