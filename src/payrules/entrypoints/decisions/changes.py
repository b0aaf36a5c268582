"""What is different between two decisions for one booking, in words."""

from datetime import date, datetime
from typing import Any, Final, NamedTuple

from payrules.app.simulate import Changed, Simulated
from payrules.entrypoints.decisions.settings import setting_changes
from payrules.entrypoints.decisions.times import date_text, moment_text, time_text
from payrules.entrypoints.decisions.words import (
    MARKS,
    NOT_DECIDED,
    NOTHING,
    decider_text,
    events_of,
    method_text,
    outcome_text,
    price_text,
    reason_text,
    zone_of,
)

_DECIDER: Final = "decided by"
_OF_THE_INVOICE: Final = ("manual payment", "to pay by", "VAT", "number prefix")


class Step(NamedTuple):
    """One thing before and after; None where it is on one side only. `what` says what is sent then."""

    before: str | None
    after: str | None
    what: str = ""


class Difference(NamedTuple):
    """What changes under one label. A fact is one step with both sides; sends are any number of steps."""

    label: str
    steps: list[Step]


def differences(change: Changed) -> list[Difference]:
    """What changes for the booking, the outcome first. Never empty where something changed."""
    before, after = change.before, change.after
    found = []
    old, new = _facts(before), _facts(after)
    for label in dict.fromkeys([*old, *new]):
        # What comes or goes with the whole invoice is told by the outcome already.
        if label in _OF_THE_INVOICE and not (label in old and label in new):
            continue
        step = Step(old.get(label, NOTHING), new.get(label, NOTHING))
        if step.before != step.after:
            found.append(Difference(label, [step]))
    if steps := _sends(before, after, change.booking.starts_at.date()):
        found.append(Difference("sends", steps))
    if before is not None and not {difference.label for difference in found} - {_DECIDER}:
        found += _unseen(before, after)
    return found


def _unseen(before: Simulated, after: Simulated) -> list[Difference]:
    """What differs and shows in nothing that is done for this booking, so that a change never looks like none."""
    steps = {label: Step(old, new) for label, old, new in setting_changes(before.decision, after.decision)}
    policies = before.clinic_version.policy, after.clinic_version.policy
    for key in ("timezone", "currency"):
        old, new = (getattr(policy, key) for policy in policies)
        if old != new:
            steps[key] = Step(old, new)
    return [Difference(label, [step]) for label, step in steps.items()]


def _outcome(result: Simulated) -> str:
    outcome = result.decision.outcome
    why = reason_text(result)
    return f"{MARKS[outcome]} {outcome_text(outcome)}" + (f" ({why})" if why else "")


def _facts(result: Simulated | None) -> dict[str, str]:
    """Label and text of everything but the sends."""
    if result is None:
        return {"outcome": NOT_DECIDED}
    rendered = result.rendered()
    found = {
        "outcome": _outcome(result),
        # Without its line: a rule that only moves in the file is the same rule.
        _DECIDER: decider_text(result.decision, rendered, line=False),
        "price": price_text(result.decision.price),
    }
    if rendered["default_method"] is not None:
        found["manual payment"] = method_text(rendered["default_method"])
    invoice: dict[str, Any] | None = rendered["invoice"]
    if invoice is not None:
        if invoice["payable_by"] is not None:
            payable_by = date.fromisoformat(invoice["payable_by"])
            found["to pay by"] = date_text(payable_by, result.booking.starts_at.date())
        vat = invoice["vat"]
        found["VAT"] = f"{invoice['vat_rate']} %" + (f" ({vat['amount']} {vat['currency']})" if vat else "")
        found["number prefix"] = invoice["number_prefix"] or NOTHING
    return found


def _sends(before: Simulated | None, after: Simulated | None, near: date) -> list[Step]:
    """What goes out at another time, no longer, or newly; years other than that of `near` are named."""
    gone, come = _moments(before), _moments(after)
    same = [send for send in gone if send in come]
    gone, come = ([send for send in sends if send not in same] for sends in (gone, come))
    steps = []
    for what, old in gone:
        moved = next((send for send in come if send[0] == what), None)
        if moved is None:
            steps.append(Step(moment_text(old, near), None, what))
        else:
            come.remove(moved)
            new = moved[1]
            later = time_text(new) if new.date() == old.date() else moment_text(new, near)
            steps.append(Step(moment_text(old, near), later, what))
    return steps + [Step(None, moment_text(new, near), what) for what, new in come]


def _moments(result: Simulated | None) -> list[tuple[str, datetime]]:
    """What goes out and when, in the clinic's time."""
    if result is None:
        return []
    return [(event.text, event.due_at.astimezone(zone_of(result))) for event in events_of(result)]
