"""The settings in which two decisions differ, in words."""

from typing import Final, NamedTuple

from payrules.app.explaining import clock
from payrules.domain.decision import Decision
from payrules.domain.duration import Duration
from payrules.domain.money import Money
from payrules.domain.policy import QuietHours, Send
from payrules.domain.treatment import settings_between
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


class Change(NamedTuple):
    """A setting before and after, in words."""

    label: str
    before: str
    after: str


def setting_changes(before: Decision, after: Decision) -> tuple[Change, ...]:
    """The used settings that differ. Who sends the link is told by the outcome already."""
    found: dict[str, Change] = {}
    for path, old, new in settings_between(before, after):
        label = _LABELS[path]
        if label != "link":
            found[label] = Change(label, value_text(old), value_text(new))
        elif before.outcome is after.outcome:
            found[label] = Change(label, _when(before), _when(after))
    return tuple(found.values())


def _when(decision: Decision) -> str:
    """When the payment link goes out: `15m after the appointment`."""
    if decision.terms is None:
        raise AssertionError("what is sent is sent under terms")
    notification = decision.terms.notification
    at_once, counted = _COUNTED[notification.send or Send.AFTER_APPOINTMENT]
    return at_once if notification.offset.is_zero else f"{notification.offset} {counted}"


def value_text(value: object) -> str:
    """A value of `Terms` as a person writes it."""
    match value:
        case None | "" | ():
            return "none"
        case Money():
            return price_text(value)
        case QuietHours(from_minute, to_minute, channels):
            return f"{clock(from_minute)}–{clock(to_minute)} ({', '.join(sorted(channels))})"
        case Duration():
            return str(value)
        case tuple() if not hasattr(value, "_fields"):
            return ", ".join(map(str, value))
    return method_text(str(value))
