"""The plain reading of a clinic file, written from the design pages: slow, and without the code it judges.

It takes the document as a person wrote it, and a booking. Nothing is compiled.
"""

from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from tests.strategies.documents import CONDITION_KEYS, Document
from tests.strategies.moments import zone_of

from payrules.domain.booking import Booking
from payrules.domain.money import MINOR_UNITS

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Offset(NamedTuple):
    """Minutes and hours are elapsed time, days are calendar days: `24h` is not `1d`."""

    elapsed: timedelta
    days: int


Facts = dict[str, Any]
"""Each key of `when` with the booking's value, None where it is unknown."""


def facts_of(booking: Booking, document: Document) -> Facts:
    """The facts that rules ask for."""
    local = booking.starts_at.astimezone(zone_of(document["timezone"]))
    return {
        "session_type": booking.session_type,
        "practitioner": booking.practitioner,
        "location": booking.location,
        "payer": "client" if booking.payer is None else booking.payer.kind,
        "client_tags": booking.tags,
        "price": price_of(booking, document),
        "duration": booking.ends_at - booking.starts_at,
        "lead_time": booking.starts_at - booking.booked_at,
        "first_visit": booking.first_visit,
        "weekday": WEEKDAYS[local.weekday()],
        "starts_on": local.date(),
        "start_time": local.replace(tzinfo=None).time(),
    }


def price_of(booking: Booking, document: Document) -> Fraction | None:
    """The booking's price, else the price list's."""
    if booking.price is not None:
        return Fraction(booking.price.minor, 10 ** MINOR_UNITS[document["currency"]])
    if booking.session_type is None:
        return None
    text = document.get("session_types", {}).get(booking.session_type, {}).get("price")
    return None if text is None else Fraction(text)


def length_of(text: str) -> timedelta:
    """A length of a condition: a day is 24 hours."""
    return int(text[:-1]) * _UNITS[text[-1]]


def offset_of(text: str) -> Offset:
    """An offset of a setting."""
    if text[-1] == "d":
        return Offset(timedelta(0), int(text[:-1]))
    return Offset(length_of(text), 0)


def holds(key: str, wanted: Any, fact: Any) -> bool | None:
    """Whether one condition holds; None where the fact is unknown."""
    if fact is None:
        return None
    match key:
        case "session_type" | "practitioner" | "location" | "payer" | "weekday":
            return fact in ([wanted] if isinstance(wanted, str) else wanted)
        case "client_tags":
            return (
                ("any" not in wanted or any(tag in fact for tag in wanted["any"]))
                and all(tag in fact for tag in wanted.get("all", ()))
                and not any(tag in fact for tag in wanted.get("none", ()))
            )
        case "price":
            return _within(fact, wanted, "at_least", "below", Fraction)
        case "duration" | "lead_time":
            return _within(fact, wanted, "at_least", "below", length_of)
        case "first_visit":
            return bool(fact == wanted)
        case "starts_on":
            return _within(fact, wanted, "from", "before", date.fromisoformat)
        case "start_time":
            start, end = clock_of(wanted["from"]), clock_of(wanted["to"])
            return bool(start <= fact < end if start < end else fact >= start or fact < end)
    raise AssertionError(key)


def clock_of(text: str) -> time:
    """A wall time."""
    return datetime.fromisoformat(f"2000-01-01T{text}").time()


def _within(fact: Any, wanted: dict[str, str], low: str, high: str, read: Any) -> bool:
    return (low not in wanted or fact >= read(wanted[low])) and (high not in wanted or fact < read(wanted[high]))


def verdict(when: dict[str, Any], facts: Facts) -> bool | None:
    """Kleene's and: false as soon as one condition is false, whatever else is unknown."""
    held = [holds(key, wanted, facts[key]) for key, wanted in when.items()]
    if False in held:
        return False
    return None if None in held else True


def first_rule(document: Document, facts: Facts) -> tuple[int | None, bool]:
    """The number of the first rule that is not false (None: the defaults), and whether it surely holds."""
    for number, rule in enumerate(document.get("rules", ())):
        found = verdict(rule["when"], facts)
        if found is not False:
            return number, found is True
    return None, True


class Settings(NamedTuple):
    """What holds for a booking, from the file and the rule that decides."""

    process: str
    send: str | None
    offset: Offset
    channels: tuple[str, ...]
    delivery: str
    quiet_hours: tuple[int, int, frozenset[str]] | None
    reminders: tuple[Offset, ...]
    create_draft: bool
    default_method: str
    due_in: int
    vat_rate: Fraction
    number_prefix: str


def settings_of(document: Document, rule: int | None) -> Settings:
    """The clinic's settings, with `set` of a rule laid over them."""
    changes: dict[str, Any] = {} if rule is None else document["rules"][rule]["set"]
    groups = ("notification", "manual", "invoice")
    notification, manual, invoice = (document.get(group, {}) | changes.get(group, {}) for group in groups)
    changed = changes.get("notification", {})
    if "send" in changed and "offset" not in changed:
        notification["offset"] = "0m"
    quiet = notification.get("quiet_hours", "none")
    reminders: list[str] = changes["reminders"] if "reminders" in changes else document.get("reminders", [])
    return Settings(
        changes["process"] if "process" in changes else document["process"],
        notification.get("send"),
        offset_of(notification.get("offset", "0m")),
        tuple(notification.get("channels", ("sms", "email"))),
        notification.get("delivery", "all"),
        None if quiet == "none" else _quiet_hours(quiet),
        tuple(sorted(map(offset_of, reminders), key=lambda offset: offset.elapsed + timedelta(days=offset.days))),
        manual.get("create_draft", True),
        manual.get("default_method", "cash"),
        int(invoice.get("due_in", "14d")[:-1]),
        Fraction(invoice.get("vat_rate", "0")),
        invoice.get("number_prefix", ""),
    )


def _quiet_hours(written: dict[str, Any]) -> tuple[int, int, frozenset[str]]:
    start, end = (clock_of(written[key]) for key in ("from", "to"))
    channels = frozenset(written.get("channels", ("sms", "email")))
    return start.hour * 60 + start.minute, end.hour * 60 + end.minute, channels


def meaning_of(document: Document) -> Any:
    """What a digest stands for: two documents of one meaning must share it, two of different ones must not.

    A rule means what it says: one that repeats the clinic's setting is not the rule that is silent.
    """
    return (
        [document[key] for key in ("payrules", "clinic", "name", "country", "language", "timezone", "currency")],
        (document["contact"]["email"], document["payments"]),
        settings_of(document, None),
        {name: (entry["name"], _maybe(Fraction, entry.get("price"))) for name, entry in _listed(document)},
        "session_types" in document,
        [
            (rule["id"], rule.get("why"), _meaning_of_when(rule["when"]), _meaning_of_set(rule["set"]))
            for rule in document.get("rules", ())
        ],
    )


def _listed(document: Document) -> Any:
    return document.get("session_types", {}).items()


def _maybe(read: Any, value: Any) -> Any:
    return None if value is None else read(value)


def _meaning_of_when(when: dict[str, Any]) -> Any:
    read: dict[str, Any] = dict.fromkeys(CONDITION_KEYS[:4], lambda v: frozenset([v] if isinstance(v, str) else v))
    read["weekday"] = read["payer"]
    read["client_tags"] = lambda groups: {group: frozenset(tags) for group, tags in groups.items()}
    read["price"] = lambda ends: {end: Fraction(amount) for end, amount in ends.items()}
    read["duration"] = read["lead_time"] = lambda ends: {end: length_of(text) for end, text in ends.items()}
    return {key: read.get(key, lambda value: value)(wanted) for key, wanted in when.items()}


def _meaning_of_set(changes: dict[str, Any]) -> Any:
    found: dict[Any, Any] = {}
    for group, settings in changes.items():
        if group == "reminders":
            found[group] = frozenset(map(offset_of, settings))
        elif group == "process":
            found[group] = settings
        else:
            found |= {(group, key): _meaning_of_setting(key, value) for key, value in settings.items()}
    if ("notification", "send") in found:
        found.setdefault(("notification", "offset"), offset_of("0m"))
    return found


def _meaning_of_setting(key: str, value: Any) -> Any:
    match key:
        case "offset" | "due_in":
            return offset_of(value)
        case "vat_rate":
            return Fraction(value)
        case "quiet_hours" if value != "none":
            return _quiet_hours(value)
        case _:
            return value
