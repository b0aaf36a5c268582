"""What differs where two policies treat a booking differently: the one answer of `simulate --against` and `plan`."""

from typing import Final

from payrules.domain.decision import ActionSpec, Decision
from payrules.domain.policy import Policy
from payrules.domain.treatment import PRICE, USED, settings_between

COMPARED: Final = ("outcome", "settings", "price", "actions", "timezone", "currency")
"""What a comparison may name. Who decided, the reason and what is missing follow from the rest or change nothing."""


def differences(before: Policy, old: Decision, after: Policy, new: Decision) -> tuple[str, ...]:
    """In what two decisions of one booking treat it differently, in the order of `COMPARED`; none where they do not.

    `settings` are those that are used for the outcome, `actions` their due times. Of a booking that both bill, another
    time zone or currency of the clinic is a difference by itself.
    """
    settings = {setting.path for setting in settings_between(old, new)}
    billed = old.outcome in USED and new.outcome in USED
    found = {
        "outcome": old.outcome is not new.outcome,
        "settings": bool(settings - {PRICE}),
        "price": PRICE in settings,
        "actions": _times(old.actions) != _times(new.actions),
        "timezone": billed and before.timezone != after.timezone,
        "currency": billed and before.currency != after.currency,
    }
    return tuple(name for name in COMPARED if found[name])


def _times(actions: tuple[ActionSpec, ...]) -> list[tuple[object, ...]]:
    return [(action.type, action.channel, action.due_at, action.occurrence) for action in actions]
