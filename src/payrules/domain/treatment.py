"""How a booking is treated: what of a decision counts when two of them are compared.

Two decisions treat a booking alike when their outcomes are the same and, where it is billed, the settings that are
used for that outcome, the amount and the due times. Who decided and why does not count.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from payrules.domain.decision import Decision, Outcome
from payrules.domain.policy import Terms

SettingPath = tuple[str, ...]
"""Where a setting stands in a clinic file: `("notification", "offset")`; `("price",)` is the amount."""


class Setting(NamedTuple):
    """A used setting that differs, with its values in `Terms`; None where that side does not use it.

    Of `quiet_hours` None also says that there are none. For `("price",)` the values are `Money`, None where no
    price is known.
    """

    path: SettingPath
    before: object
    after: object


PRICE: Final[SettingPath] = ("price",)

_DRAFT: Final[Mapping[SettingPath, Callable[[Terms], object]]] = {
    ("notification", "channels"): lambda terms: terms.notification.channels,
    ("notification", "delivery"): lambda terms: terms.notification.delivery,
    ("notification", "quiet_hours"): lambda terms: terms.notification.quiet_hours,
    ("reminders",): lambda terms: terms.reminders,
    ("manual", "default_method"): lambda terms: terms.manual.default_method,
    ("invoice", "due_in"): lambda terms: terms.invoice.due_in,
    ("invoice", "vat_rate"): lambda terms: terms.invoice.vat_rate,
    ("invoice", "number_prefix"): lambda terms: terms.invoice.number_prefix,
}
_AUTOMATIC: Final[Mapping[SettingPath, Callable[[Terms], object]]] = {
    ("notification", "send"): lambda terms: terms.notification.send,
    ("notification", "offset"): lambda terms: terms.notification.offset,
    **{path: read for path, read in _DRAFT.items() if path != ("manual", "default_method")},
}
USED: Final[Mapping[Outcome, Mapping[SettingPath, Callable[[Terms], object]]]] = {
    Outcome.AUTOMATIC: _AUTOMATIC,
    Outcome.DRAFT: _DRAFT,
}
"""The settings that are used for an outcome, in the order of the reference, each with how it is read; none for others.

Whoever sends the link of a draft, it goes out on the channels of the terms, and their reminders follow it, outside
quiet hours; only the time is a person's.
"""


def used_settings(outcome: Outcome, terms: Terms | None) -> dict[SettingPath, object]:
    """The settings of the terms that are used for the outcome, in the order of the reference."""
    return {} if terms is None else {path: read(terms) for path, read in USED.get(outcome, {}).items()}


def settings_between(before: Decision, after: Decision) -> tuple[Setting, ...]:
    """The used settings in which two decisions differ, the price last; none where one of them bills nothing."""
    if before.outcome not in USED or after.outcome not in USED:
        return ()
    old, new = (used_settings(decision.outcome, decision.terms) for decision in (before, after))
    paths = sorted({**old, **new}, key=_ORDER.index)
    found = [Setting(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)]
    if before.price != after.price:
        found.append(Setting(PRICE, before.price, after.price))
    return tuple(found)


def is_alike(before: Decision, after: Decision) -> bool:
    """Whether two decisions of a booking treat it alike."""
    return before.outcome is after.outcome and before.actions == after.actions and not settings_between(before, after)


_ORDER = [*_AUTOMATIC]
_ORDER.insert(_ORDER.index(("invoice", "due_in")), ("manual", "default_method"))
