"""From the canonical form to the policy. Nothing here can fail: schema and checks have accepted the form."""

from datetime import date, tzinfo
from typing import Any

from payrules.domain.duration import ZERO, parse_duration, parse_seconds
from payrules.domain.money import MINOR_UNITS, parse_decimal, to_minor
from payrules.domain.policy import (
    WEEKDAYS,
    Channel,
    Condition,
    DateRange,
    Delivery,
    InvoiceTerms,
    Manual,
    MessageKind,
    Notification,
    PayerKind,
    PaymentMethod,
    Place,
    Policy,
    Process,
    QuietHours,
    Range,
    Rule,
    Send,
    SessionType,
    TagCondition,
    Terms,
    TextKey,
    TextPart,
    TimeRange,
)

_CHANNELS = {channel.value: channel for channel in Channel}
_PLACES = {place.value: place for place in Place}
_PAYERS = {kind.value: kind for kind in PayerKind}
_DAYS = {name: number for number, name in enumerate(WEEKDAYS)}


def lower(form: dict[str, Any], zone: tzinfo) -> Policy:
    """The policy that a canonical form means. `zone` is the time zone the form names."""
    terms = _terms(form, Terms(Process(form["process"])))
    digits = MINOR_UNITS[form["currency"]]
    return Policy(
        clinic=form["clinic"],
        name=form["name"],
        country=form["country"],
        language=form["language"],
        contact=form["contact"]["email"],
        timezone=form["timezone"],
        currency=form["currency"],
        active=form["payments"] == "active",
        terms=terms,
        session_types={
            name: SessionType(entry["name"], _minor(entry["price"], digits) if "price" in entry else None)
            for name, entry in form.get("session_types", {}).items()
        },
        rules=tuple(
            Rule(rule["id"], _condition(rule["when"], digits), _terms(rule["set"], terms), rule.get("why", ""))
            for rule in form.get("rules", ())
        ),
        zone=zone,
        messages={
            TextKey(language, MessageKind(kind), TextPart(part)): template
            for language, kinds in form.get("messages", {}).items()
            for kind, parts in kinds.items()
            for part, template in parts.items()
        },
    )


def _terms(changes: dict[str, Any], base: Terms) -> Terms:
    """The terms with changes laid over: groups merge by key, anything deeper is replaced whole."""
    if not changes:
        return base
    process, notification, reminders, manual, invoice = base
    if "process" in changes:
        process = Process(changes["process"])
    if "notification" in changes:
        notification = _notification(changes["notification"], notification)
    if "reminders" in changes:
        reminders = tuple(parse_duration(text) for text in changes["reminders"])
    if "manual" in changes:
        manual = _manual(changes["manual"], manual)
    if "invoice" in changes:
        invoice = _invoice(changes["invoice"], invoice)
    return Terms(process, notification, reminders, manual, invoice)


def _notification(changes: dict[str, Any], base: Notification) -> Notification:
    send, offset, channels, delivery, quiet_hours = base
    if "send" in changes:
        # What the offset counts from has changed, so the old offset means nothing any more.
        send, offset = Send(changes["send"]), ZERO
    if "offset" in changes:
        offset = parse_duration(changes["offset"])
    if "channels" in changes:
        channels = tuple(_CHANNELS[name] for name in changes["channels"])
    if "delivery" in changes:
        delivery = Delivery(changes["delivery"])
    if "quiet_hours" in changes:
        quiet_hours = _quiet_hours(changes["quiet_hours"])
    return Notification(send, offset, channels, delivery, quiet_hours)


def _quiet_hours(written: dict[str, Any] | str) -> QuietHours | None:
    if isinstance(written, str):
        return None
    channels = frozenset(_CHANNELS[name] for name in written.get("channels", _CHANNELS))
    return QuietHours(_minute(written["from"]), _minute(written["to"]), channels)


def _manual(changes: dict[str, Any], base: Manual) -> Manual:
    return Manual(
        changes.get("create_draft", base.create_draft),
        PaymentMethod(changes.get("default_method", base.default_method)),
    )


def _invoice(changes: dict[str, Any], base: InvoiceTerms) -> InvoiceTerms:
    rate = parse_decimal(changes["vat_rate"]) if "vat_rate" in changes else None
    return InvoiceTerms(
        parse_duration(changes["due_in"]) if "due_in" in changes else base.due_in,
        base.vat_rate if rate is None else rate,
        changes.get("number_prefix", base.number_prefix),
    )


def _condition(when: dict[str, Any], digits: int) -> Condition:
    """A rule's conditions; amounts in minor units, lengths in seconds, wall times in minutes."""
    values: dict[str, Any] = {}
    for key, written in when.items():
        match key:
            case "session_type" | "practitioner":
                values[key] = frozenset(written)
            case "location":
                values[key] = frozenset(_PLACES[name] for name in written)
            case "payer":
                values[key] = frozenset(_PAYERS[name] for name in written)
            case "client_tags":
                values[key] = TagCondition(
                    frozenset(written.get("any", ())),
                    frozenset(written.get("all", ())),
                    frozenset(written.get("none", ())),
                )
            case "price":
                values[key] = Range(*(_bound(written, bound, lambda text: _minor(text, digits)) for bound in _BOUNDS))
            case "duration" | "lead_time":
                values[key] = Range(*(_bound(written, bound, parse_seconds) for bound in _BOUNDS))
            case "weekday":
                values[key] = frozenset(_DAYS[name] for name in written)
            case "starts_on":
                values[key] = DateRange(*(_bound(written, bound, date.fromisoformat) for bound in ("from", "before")))
            case "start_time":
                values[key] = TimeRange(_minute(written["from"]), _minute(written["to"]))
            case _:
                values[key] = written
    return Condition(**values)


_BOUNDS = ("at_least", "below")


def _bound(written: dict[str, str], bound: str, read: Any) -> Any:
    return read(written[bound]) if bound in written else None


def _minor(text: str, digits: int) -> int:
    minor = to_minor(text, digits)
    if minor is None:
        raise AssertionError(f"the checks let `{text}` through")
    return minor


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])
