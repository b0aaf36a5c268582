"""What is different between two decisions for one booking, in words."""

from datetime import date
from typing import Any, NamedTuple

from payrules.app.simulate import Changed, Simulated
from payrules.domain.decision import ActionType
from payrules.entrypoints.decisions.times import date_text, moment_text
from payrules.entrypoints.decisions.words import (
    MARKS,
    decider_text,
    events_of,
    method_text,
    outcome_text,
    price_text,
    reason_text,
    zone_of,
)

NOTHING = "–"


class Difference(NamedTuple):
    """One thing that changes. The lists hold lines; both are needed to see what goes and what comes."""

    label: str
    before: list[str]
    after: list[str]


def differences(change: Changed) -> list[Difference]:
    """What changes for the booking, the outcome first. Never empty where something changed."""
    before, after = _Side(change.before), _Side(change.after)
    found = [
        Difference(label, [old], [new])
        for (label, old), (_, new) in zip(before.facts(), after.facts(), strict=True)
        if old != new
    ]
    old_sends, new_sends = before.sends(), after.sends()
    gone = [send for send in old_sends if send not in new_sends]
    come = [send for send in new_sends if send not in old_sends]
    if gone or come:
        found.append(Difference("sends", gone, come))
    if not found:
        # A change of something that no line above shows must not look like none.
        found.append(Difference(", ".join(change.changed), ["differs"], ["see --format json"]))
    return found


class _Side:
    """A decision as lines, or the lack of one."""

    def __init__(self, result: Simulated | None) -> None:
        self._result = result
        self._rendered: dict[str, Any] = {} if result is None else result.rendered()

    def facts(self) -> list[tuple[str, str]]:
        """Label and text of everything but the sends."""
        invoice: dict[str, Any] = self._rendered.get("invoice") or {}
        payable_by = invoice.get("payable_by")
        vat = invoice.get("vat")
        vat_text = f" ({vat['amount']} {vat['currency']})" if vat else ""
        return [
            ("outcome", self._outcome()),
            ("decided by", self._decider()),
            ("price", NOTHING if self._result is None else price_text(self._result.decision.price)),
            ("draft", self._draft()),
            ("manual payment", method_text(self._rendered.get("default_method") or NOTHING)),
            ("to pay by", date_text(date.fromisoformat(payable_by), date.min) if payable_by else NOTHING),
            ("VAT", f"{invoice['vat_rate']} %{vat_text}" if invoice else NOTHING),
            ("number prefix", invoice.get("number_prefix") or NOTHING),
        ]

    def sends(self) -> list[str]:
        """What goes out, one line an event."""
        if self._result is None:
            return []
        zone = zone_of(self._result)
        near = self._result.booking.starts_at.astimezone(zone).date()
        return [
            f"{moment_text(event.due_at.astimezone(zone), near)} {event.text}" for event in events_of(self._result)
        ]

    def _outcome(self) -> str:
        if self._result is None:
            return "not decided"
        outcome = self._result.decision.outcome
        why = reason_text(self._result)
        return f"{MARKS[outcome]} {outcome_text(outcome)}" + (f" ({why})" if why else "")

    def _decider(self) -> str:
        """Without its line: a rule that only moves in the file is the same rule."""
        if self._result is None:
            return NOTHING
        return decider_text(self._result.decision, self._rendered, line=False)

    def _draft(self) -> str:
        """When the invoice is drafted, which is the same for both sides as long as both draft one."""
        if self._result is None:
            return NOTHING
        zone = zone_of(self._result)
        for action in self._result.decision.actions:
            if action.type is ActionType.CREATE_INVOICE:
                return moment_text(action.due_at.astimezone(zone), self._result.booking.starts_at.astimezone(zone))
        return NOTHING
