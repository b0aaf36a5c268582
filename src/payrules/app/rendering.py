"""Rendering a decision for people and machines: local times, amounts, and a line of the file for every answer.

Rendering costs more than deciding, so sentences that depend only on the version and the rule are made once.
"""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any

from payrules.app.explaining import Explainer, clock
from payrules.app.provenance import Provenance
from payrules.compiler.compile import Version
from payrules.domain.booking import Booking, Person
from payrules.domain.decision import (
    ActionSpec,
    ActionType,
    Decision,
    Outcome,
    Reason,
    Shift,
    contact_path,
)
from payrules.domain.money import MINOR_UNITS, Money, format_minor, vat_included
from payrules.domain.policy import Channel, Delivery, Send, Terms
from payrules.domain.schedule import steady_offset, wall_time
from payrules.domain.treatment import USED

_WHEN = {
    Send.AFTER_BOOKING: ("right after booking", "after booking"),
    Send.BEFORE_APPOINTMENT: ("at the start of the appointment", "before the appointment"),
    Send.AFTER_APPOINTMENT: ("right after the appointment", "after the appointment"),
}


# In Python 3.11 naming a member of an enum is a call; this one is named for every action.
_ISSUE_INVOICE = ActionType.ISSUE_INVOICE
# Writing a time without a zone takes half as long as writing one with it.
_EPOCH, _PLAIN_EPOCH = datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1)  # noqa: DTZ001 - see above


def instant_text(instant: datetime) -> str:
    """An aware UTC instant as ISO 8601 with `Z`, in whole seconds."""
    return (_PLAIN_EPOCH + (instant - _EPOCH)).isoformat("T", "seconds") + "Z"


def local_text(instant: datetime, zone: tzinfo) -> str:
    """An aware UTC instant as ISO 8601 with the offset that a zone has at it, in whole seconds."""
    steady = steady_offset(instant.toordinal(), zone)
    if steady is None:
        return instant.astimezone(zone).isoformat("T", "seconds")
    return (_PLAIN_EPOCH + (instant - _EPOCH + steady)).isoformat("T", "seconds") + _offset_text(steady)


@cache
def _offset_text(offset: timedelta) -> str:
    return datetime(2000, 1, 1, tzinfo=timezone(offset)).isoformat()[19:]


def outside_rendering(booking: Booking, decision: Decision, effective_at: datetime) -> dict[str, Any]:
    """A decision without a version: the booking was made before `effective_at`, when the first took effect."""
    booked, effective = instant_text(booking.booked_at), instant_text(effective_at)
    reasons = [f"booked at {booked}, before the clinic's first settings took effect at {effective}"]
    return _frame(booking, decision, None, reasons)


class Renderer:
    """Renders the decisions of one version of a clinic file."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._provenance = Provenance(version)
        self._zone = version.policy.zone
        self._explainer: Explainer | None = None
        self._quiet: dict[int | None, str] = {}
        self._openings: dict[tuple[int | None, Reason, tuple[str, ...]], tuple[str, ...]] = {}

    def render(self, booking: Booking, decision: Decision) -> dict[str, Any]:
        """The decision as one line of `simulate --format json` (schema/simulation.v1.schema.json)."""
        opening = self._openings.get((decision.rule, decision.reason, decision.missing))
        if opening is None:
            opening = self._openings[decision.rule, decision.reason, decision.missing] = tuple(self._opening(decision))
        rendered = _frame(booking, decision, self._version.digest, [*opening, *self._particulars(booking, decision)])
        rendered["rule"] = self._rule(decision.rule)
        rendered["actions"] = self._actions(decision.actions)
        if decision.terms is not None:
            if decision.outcome is Outcome.DRAFT:
                rendered["default_method"] = decision.terms.manual.default_method
            if decision.outcome in USED:
                rendered["invoice"] = self._invoice(decision, decision.terms)
        return rendered

    def explain(self, booking: Booking, decision: Decision) -> dict[str, Any]:
        """Why, and why not for every other rule."""
        if self._explainer is None:
            self._explainer = Explainer(self._version, self._provenance)
        return self._explainer.explain(booking, decision)

    def _rule(self, rule: int | None) -> dict[str, Any] | None:
        if rule is None:
            return None
        positions = self._version.positions
        return {
            "id": self._version.policy.rules[rule].id,
            "file": positions.file,
            "line": self._provenance.rule_line(rule),
        }

    def _actions(self, actions: tuple[ActionSpec, ...]) -> list[dict[str, Any]]:
        # Channels share their times, the actions stand in order of them, and their texts are most of the work.
        rendered = []
        last: datetime | None = None
        utc = local = ""
        for type_, channel, due_at, shifted_by, _ in actions:
            if due_at != last:
                last, utc, local = due_at, instant_text(due_at), local_text(due_at, self._zone)
            rendered.append(
                {
                    "type": type_,
                    "channel": channel,
                    "due_at": utc,
                    "due_local": local,
                    "shifted_by": shifted_by,
                }
            )
        return rendered

    def _invoice(self, decision: Decision, terms: Terms) -> dict[str, Any]:
        issued_on = payable_by = vat = None
        for action in decision.actions:
            if action.type is _ISSUE_INVOICE:
                day = wall_time(action.due_at, self._zone).date()
                issued_on = day.isoformat()
                payable_by = (day + timedelta(days=terms.invoice.due_in.days)).isoformat()
                break
        rate = terms.invoice.vat_rate
        if decision.price is not None:
            vat = _money(Money(vat_included(decision.price.minor, rate), decision.price.currency))
        return {
            "issued_on": issued_on,
            "payable_by": payable_by,
            "vat_rate": str(rate),
            "vat": vat,
            "number_prefix": terms.invoice.number_prefix,
        }

    def _opening(self, decision: Decision) -> list[str]:
        """Who decided and what, which is the same for every booking that a rule decides so."""
        file, rule = self._version.positions.file, decision.rule
        if decision.reason is Reason.PAYMENTS_INACTIVE:
            return [f"`payments` is `inactive` ({self._provenance.text(None, ('payments',))})"]
        if decision.reason is Reason.MISSING_FACT and rule is not None:
            name = self._version.policy.rules[rule].id
            line = self._provenance.rule_line(rule)
            return [f"the rule `{name}` ({file}:{line}) cannot be settled without {_listed(decision.missing)}"]
        if rule is None:
            decider = "no rule matches, so the clinic's defaults decide"
        else:
            line = self._provenance.rule_line(rule)
            decider = f"the rule `{self._version.policy.rules[rule].id}` decides ({file}:{line})"
        return [decider, *self._outcome(decision)]

    def _outcome(self, decision: Decision) -> list[str]:
        rule, terms = decision.rule, decision.terms
        if terms is None:
            return []
        process = f"`process` is `{terms.process}` ({self._provenance.text(rule, ('process',))})"
        match decision.reason:
            case Reason.MANUAL_WITHOUT_DRAFTS:
                where = self._provenance.text(rule, ("manual", "create_draft"))
                return [process, f"`manual.create_draft` is `false`: billed elsewhere ({where})"]
            case Reason.PRICE_ZERO:
                return ["the price is zero: nothing is invoiced"]
            case Reason.PROCESS_MANUAL:
                return [process, "a person checks the draft and sends the link"]
            case Reason.MISSING_PRICE:
                return [process, "neither the booking nor the price list tells a price"]
            case Reason.NO_REACHABLE_CHANNEL:
                return [process, f"no channel reaches the payer: {_listed(terms.notification.channels)} are wanted"]
        return [process, self._timing(rule, terms), *self._reminding(rule, terms)]

    def _timing(self, rule: int | None, terms: Terms) -> str:
        notification = terms.notification
        at_once, counted = _WHEN[notification.send or Send.AFTER_APPOINTMENT]
        when = at_once if notification.offset.is_zero else f"{notification.offset} {counted}"
        which = "every" if notification.delivery is Delivery.ALL else "the first"
        channels = f"{which} channel of {_listed(notification.channels)} that reaches the payer"
        where = self._provenance.text(rule, ("notification", "send"))
        return f"the link goes out {when}, on {channels} ({where})"

    def _reminding(self, rule: int | None, terms: Terms) -> list[str]:
        if not terms.reminders:
            return []
        after = ", ".join(map(str, terms.reminders))
        return [f"reminders {after} after the link, until paid ({self._provenance.text(rule, ('reminders',))})"]

    def _particulars(self, booking: Booking, decision: Decision) -> list[str]:
        """What is particular to this booking."""
        found = []
        if decision.price is not None and booking.price is None:
            where = self._provenance.text(None, ("session_types", booking.session_type or "", "price"))
            found.append(f"the price comes from the price list ({where})")
        if decision.outcome is Outcome.DRAFT and decision.price is None:
            found.append("the draft cannot be sent before somebody gives it a price")
        if decision.outcome is Outcome.AUTOMATIC and decision.terms is not None:
            notification = decision.terms.notification
            payer, path = (booking.client, "client") if booking.payer is None else (booking.payer.person, "payer")
            if len(payer.contacts) < len(Channel):
                found += [
                    f"no {channel}: the booking has no `{contact_path(path, channel)}`"
                    for channel in notification.channels
                    if channel not in payer.contacts
                ]
            found += self._shifts(decision, decision.terms, payer)
        return found

    def _shifts(self, decision: Decision, terms: Terms, payer: Person) -> list[str]:
        found = []
        for action in decision.actions:
            if action.channel is None or action.shifted_by is None:
                continue
            what = "link" if action.type is ActionType.SEND_PAYMENT_LINK else f"reminder {action.occurrence}"
            if action.shifted_by is Shift.NOT_BEFORE:
                found.append(f"{action.channel} {what}: its time had passed when it was booked, so it is due at once")
            else:
                quiet_hours = self._quiet_hours(decision.rule, terms)
                elsewhere = payer.zone is not None and str(payer.zone) != str(self._zone)
                whose = f" in the payer's time, {payer.zone}" if elsewhere else ""
                found.append(f"{action.channel} {what}: waits for the end of the quiet hours {quiet_hours}{whose}")
        return found

    def _quiet_hours(self, rule: int | None, terms: Terms) -> str:
        known = self._quiet.get(rule)
        quiet = terms.notification.quiet_hours
        if known is None and quiet is not None:
            where = self._provenance.text(rule, ("notification", "quiet_hours"))
            known = self._quiet[rule] = f"{clock(quiet.from_minute)}-{clock(quiet.to_minute)} ({where})"
        return known or ""


def _frame(booking: Booking, decision: Decision, digest: str | None, reasons: list[str]) -> dict[str, Any]:
    return {
        "booking_id": booking.id,
        "clinic": booking.clinic,
        "digest": digest,
        "outcome": decision.outcome,
        "reason": decision.reason,
        "rule": None,
        "reasons": reasons,
        "price": None if decision.price is None else _money(decision.price),
        "invoice": None,
        "default_method": None,
        "actions": [],
        "missing": list(decision.missing),
    }


def _money(money: Money) -> dict[str, str]:
    return {"amount": format_minor(money.minor, MINOR_UNITS[money.currency]), "currency": money.currency}


def _listed(words: tuple[str, ...]) -> str:
    return " and ".join(f"`{word}`" for word in words)
