"""What a person types in place of a booking system: facts as `client.phone=…`, amounts, times of the clinic."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from payrules.app.booking_shape import FIELD_PATHS
from payrules.app.fault_texts import nearest_field
from payrules.app.rows import Contact
from payrules.compiler.findings import listed
from payrules.domain.errors import PayrulesError
from payrules.domain.money import MINOR_UNITS, Money, to_minor
from payrules.domain.policy import Channel

_FIXED = frozenset({"id", "clinic", "booked_at"})
SETTABLE: tuple[str, ...] = tuple(p for p in FIELD_PATHS if p not in _FIXED and not p.startswith("price."))
"""The paths of the facts that a person may set."""

CONTACTS = {
    f"{person}.{field}": channel
    for person in ("client", "payer")
    for field, channel in (("phone", Channel.SMS), ("email", Channel.EMAIL))
}
"""The facts that messages go to, and by which channel."""

# Of a payer; how they are reached is kept apart.
_KEPT = frozenset({"kind", "timezone", "language"})
_TRUTH = {"true": True, "false": False, "yes": True, "no": False}
# As in booking records and clinic files.
_MOST_DIGITS = 10
_LOCAL = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII)


class PracticeError(PayrulesError):
    """What was asked for cannot be done, in words for the one who asked."""


def read_facts(texts: Sequence[str]) -> dict[str, Any]:
    """The facts of `FACT=VALUE` by path; None where VALUE is empty, which makes a fact unknown.

    `payer=` takes the payer away. Raises PracticeError; values are checked where booking records are.
    """
    facts: dict[str, Any] = {}
    for number, text in enumerate(texts, 1):
        path, equals, value = text.partition("=")
        if not equals:
            raise PracticeError(f"fact number {number} has no `=`: write FACT=VALUE, such as `client.email=`…")
        path, value = path.strip(), value.strip()
        if path in facts:
            raise PracticeError(f"`{path}` stands twice: keep one of the two")
        if path not in SETTABLE and (path, value) != ("payer", ""):
            raise PracticeError(_not_settable(path, number))
        facts[path] = _value(path, value) if value else None
    if "payer" in facts and any(path.startswith("payer.") for path in facts):
        raise PracticeError("`payer=` takes the payer away: set nothing of them with it")
    return facts


def _not_settable(path: str, number: int) -> str:
    if path in _FIXED:
        return f"`{path}` is fixed when the booking is made"
    if path == "price" or path.startswith("price."):
        return "a price is set on the draft: `payrules drafts price BOOKING AMOUNT`"
    if parts := [known for known in SETTABLE if known.startswith(f"{path}.")]:
        return f"`{path}` has parts: {listed(parts)}"
    near = nearest_field(path, SETTABLE)
    if near:
        return f"`{path}` is not a fact of a booking; {near}"
    return f"fact number {number} is not a fact of a booking; known here: {listed(SETTABLE)}"


def _value(path: str, value: str) -> Any:
    if path == "client.tags":
        return [] if value == "[]" else [tag for piece in value.split(";") if (tag := piece.strip())]
    if path != "first_visit":
        return value
    if value.lower() not in _TRUTH:
        raise PracticeError("`first_visit` is true or false")
    return _TRUTH[value.lower()]


def change_of_facts(facts: Mapping[str, Any], payer: Mapping[str, Any] | None, contact: Contact) -> dict[str, Any]:
    """The `facts` of an `updated` event. `payer` and `contact` are the payer as recorded and how they are reached: a
    payer is told as a whole.
    """
    change: dict[str, Any] = {}
    for path, value in facts.items():
        part, _, field = path.rpartition(".")
        if part == "payer" and part not in change:
            known = {key: value for key, value in (payer or {}).items() if key in _KEPT}
            change[part] = known | {key: told for key, told in contact._asdict().items() if told}
        (change.setdefault(part, {}) if part else change)[field] = value
    return change


def note_of_client(facts: Mapping[str, Any], recorded: Mapping[str, Any], booking_id: str) -> str | None:
    """What a person should know whose `facts` make the client another one: the former one's addresses go with them."""
    name = facts.get("client.id")
    is_reached = any(facts.get(path) for path in CONTACTS if path.startswith("client."))
    if is_reached or name in (None, recorded["client"]["id"]):
        return None
    return (
        "another client: how to reach the former one is no longer used;"
        f" `payrules bookings set {booking_id} client.phone=… client.email=…` says how to reach this one"
    )


def read_amount(text: str, currency: str | None) -> Money:
    """An amount such as `1250` or `1250.50` in the clinic's currency. Raises PracticeError."""
    if currency is None:
        raise PracticeError("the clinic's currency is not known: no version of it is in force")
    text = text.strip()
    minor = to_minor(text, MINOR_UNITS[currency])
    if minor is not None and len(text.partition(".")[0]) > _MOST_DIGITS:
        raise PracticeError("this amount is larger than any invoice may be")
    if minor is not None:
        return Money(minor, currency)
    if "," in text:
        raise PracticeError("an amount has a decimal point and no comma: write it as 1250 or 1250.50")
    if to_minor(text, 15) is not None:
        digits = MINOR_UNITS[currency] or "no"
        raise PracticeError(f"{currency} has {digits} decimals: write the amount with as many at the most")
    raise PracticeError("this is not an amount: write digits, and a point before the decimals, such as 1250.50")


def read_time(text: str, zone: tzinfo) -> datetime:
    """A time such as `2026-12-01T10:00`, on the clinic's clock unless it has an offset, as an aware UTC instant.

    Raises PracticeError, also for a time that the clock on the wall skips or shows twice.
    """
    example = "write it as 2026-12-01T10:00, the clinic's time"
    try:
        found = datetime.fromisoformat(text) if _LOCAL.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise PracticeError(f"this is not a time: {example}")
    if found.tzinfo is None:
        first, second = (found.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first != second:
            skipped = first.astimezone(zone).replace(tzinfo=None) != found
            what = "does not exist on that day" if skipped else "comes twice in that night"
            raise PracticeError(f"the clocks change: this time {what}; write it with its offset, such as +01:00")
        found = first
    return found.astimezone(UTC)
