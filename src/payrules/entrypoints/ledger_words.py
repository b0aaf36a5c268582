"""Held and dead actions, and bookings that wait, in words: what happened, and what to do next."""

import re

from payrules.app.stuck import Refund, StuckAction, Undecided
from payrules.domain.action import ActionState, HeldCause
from payrules.domain.decision import ActionType, Reason
from payrules.domain.money import MINOR_UNITS, format_minor
from payrules.entrypoints.reporters.excerpt import visible

HELD = {
    HeldCause.NO_ANSWER: "nobody knows whether it was done: ask the provider; release it if not; if it was, a message"
    " is told by `payrules held delivered`, anything else is dropped",
    HeldCause.TOO_LATE: "more than 24 hours late: release it to send it all the same, or drop it",
    HeldCause.CLINIC_HELD: "the clinic is on hold: `payrules release {clinic}` lets everything go",
    HeldCause.NOT_VERIFIED: "the clinic is not verified: it goes on by itself when it is",
    HeldCause.STAGE_FAILED: "what it follows failed: settle that first",
    HeldCause.NO_SHOW: "the client did not come: release it to bill, or drop it",
    HeldCause.CANCELLED_WITH_CHARGE: "cancelled, and charged: release it to bill, or drop it",
    HeldCause.NO_CONTACT: "no address that a message could go to: correct the contact, then release it, or drop it",
    HeldCause.NO_POLICY: "no terms to write on an invoice: activate the clinic's file, then release it, or drop it",
}
"""Why an action is held, and what a person can do; `held_text` names the clinic in it."""

TYPES = {
    ActionType.CREATE_INVOICE: "make the draft",
    ActionType.ISSUE_INVOICE: "issue the invoice",
    ActionType.SEND_PAYMENT_LINK: "send the payment link",
    ActionType.SEND_REMINDER: "send a reminder",
    ActionType.UPDATE_DRAFT: "change the draft",
    ActionType.DELETE_DRAFT: "delete the draft",
    ActionType.CREDIT_INVOICE: "credit the invoice",
}
"""What each type of action does."""

STOPPED = {
    HeldCause.NO_SHOW: "the client did not come: bill it by an `override`, or drop what is held",
    HeldCause.CANCELLED_WITH_CHARGE: "cancelled, and charged: bill it by an `override`, or drop what is held",
}
"""Why a booking is stopped, and what a person can do."""

_UNDECIDED = {
    Reason.MISSING_FACT: "not known, and a rule asks for it: {missing}",
    Reason.MISSING_PRICE: "no price: {missing}",
    Reason.NO_REACHABLE_CHANNEL: "no address that a message could go to: {missing}",
}
# What a provider says may quote whom it was for.
_EMAIL = re.compile(r"[^\s<>\"'=:;,]+@[^\s<>\"';,]+")
_PHONE = re.compile(r"\+?\d(?:[\s().-]{0,2}\d){6,}")


def without_addresses(text: str) -> str:
    """What a provider said, without what looks like an email address or a phone number."""
    return _PHONE.sub("[number]", _EMAIL.sub("[email]", text))


def held_text(cause: HeldCause, clinic: str) -> str:
    """Why an action of a clinic is held, and what a person can do."""
    return HELD[cause].format(clinic=clinic)


def cause_text(stuck: StuckAction) -> str:
    """Why an action waits for a person, and what to do."""
    action = stuck.action
    cause = action.cause or ""
    if action.state is ActionState.HELD and cause in HELD:
        return held_text(HeldCause(cause), stuck.clinic)
    said = visible(without_addresses(cause)) or "nothing"
    times = "once" if action.attempt == 1 else f"{action.attempt} times"
    return f"tried {times}; the provider said: {said}"


def undecided_text(undecided: Undecided) -> str:
    """What is missing."""
    return _UNDECIDED[undecided.reason].format(missing=", ".join(undecided.missing))


def amount_text(refund: Refund) -> str | None:
    """`125.00`; None where the currency is not known, and with it the decimals."""
    return None if refund.currency is None else format_minor(refund.minor, MINOR_UNITS[refund.currency])
