"""The settings in which two decisions differ, in words."""

from typing import Final, NamedTuple

from payrules.app.explaining import clock
from payrules.domain.decision import Decision
from payrules.domain.duration import Duration
from payrules.domain.money import Money
from payrules.domain.policy import Delivery, QuietHours, Send
from payrules.domain.treatment import PRICE, SettingPath, settings_between, used_settings
from payrules.entrypoints.decisions.words import method_text, price_text

_COUNTED: Final = {
    Send.AFTER_BOOKING: ("right after booking", "after booking"),
    Send.BEFORE_APPOINTMENT: ("at the start", "before the start"),
    Send.AFTER_APPOINTMENT: ("right after the appointment", "after the appointment"),
}
_LABELS: Final = {
    ("notification", "send"): "link",
    ("notification", "offset"): "link",
    ("notification", "channels"): "channels",
    ("notification", "delivery"): "delivery",
    ("notification", "quiet_hours"): "quiet hours",
    ("reminders",): "reminders",
    ("manual", "default_method"): "manual payment",
    ("invoice", "due_in"): "to pay within",
    ("invoice", "vat_rate"): "VAT",
    ("invoice", "number_prefix"): "number prefix",
    ("price",): "price",
}
_BEGINNINGS: Final = {"link": "the link goes out", "manual payment": "manual payment starts with"}
"""What an automatic booking or a draft has and the other has not."""
_DELIVERIES: Final = {Delivery.ALL: "on every channel", Delivery.FIRST_AVAILABLE: "on the first that reaches the payer"}


class Change(NamedTuple):
    """A setting before and after, in words; `before` is None where only the outcome after uses it."""

    label: str
    before: str | None
    after: str


def setting_changes(before: Decision, after: Decision) -> tuple[Change, ...]:
    """The used settings that differ. What only the outcome before uses goes with it, and is not told."""
    used = used_settings(after.outcome, after.terms)
    known = used_settings(before.outcome, before.terms)
    found: dict[str, Change] = {}
    for path, old, new in settings_between(before, after):
        label = _LABELS[path]
        if path != PRICE and path not in used:
            continue
        if label == "link":
            found[label] = Change(label, _when(before) if path in known else None, _when(after))
        else:
            told = _text_of(path, old) if path == PRICE or path in known else None
            found[label] = Change(label, told, _text_of(path, new))
    return tuple(found.values())


def change_text(change: Change) -> str:
    """`channels sms, email → email`; what is used from now on alone: `the link goes out right after booking`."""
    label, before, after = change
    return f"{_BEGINNINGS[label]} {after}" if before is None else f"{label} {before} → {after}"


def _when(decision: Decision) -> str:
    """When the payment link goes out: `15m after the appointment`."""
    if decision.terms is None:
        raise AssertionError("what is sent is sent under terms")
    notification = decision.terms.notification
    at_once, counted = _COUNTED[notification.send or Send.AFTER_APPOINTMENT]
    return at_once if notification.offset.is_zero else f"{notification.offset} {counted}"


def _text_of(path: SettingPath, value: object) -> str:
    if path == ("invoice", "vat_rate"):
        return f"{value} %"
    return value_text(value)


def value_text(value: object) -> str:
    """A value of `Terms` as a person writes it."""
    match value:
        case None | "" | ():
            return "none"
        case Money():
            return price_text(value)
        case Delivery():
            return _DELIVERIES[value]
        case QuietHours(from_minute, to_minute, channels):
            return f"{clock(from_minute)}–{clock(to_minute)} ({', '.join(sorted(channels))})"
        case Duration():
            return str(value)
        case tuple() if not hasattr(value, "_fields"):
            return ", ".join(map(str, value))
    return method_text(str(value))
