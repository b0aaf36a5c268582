"""One booking of the demo in few words, from what the ledger knows: what happened when, and why."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Any, NamedTuple

from payrules.app.booking_story import DecisionTold, Story, person_of
from payrules.app.bookings import Seen
from payrules.app.event_intake import read_body
from payrules.app.facts import money_of
from payrules.app.rows import AttemptRow, EventRow
from payrules.domain.action import ActionState, Stage
from payrules.domain.decision import ActionType, Outcome
from payrules.domain.events import EventType
from payrules.entrypoints.decisions.words import outcome_text, price_text
from payrules.entrypoints.practice_words import money_text

_QUIET = frozenset({ActionType.CREATE_INVOICE, ActionType.UPDATE_DRAFT, ActionType.DELETE_DRAFT})
_NOUNS = {ActionType.SEND_PAYMENT_LINK: "link", ActionType.SEND_REMINDER: "reminder"}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_PAID = "paid"
# What a payment may share a line with.
_SENT = ("invoice", "link", "sent")


class Moment(NamedTuple):
    """What happened at an instant."""

    at: datetime
    text: str


def time_of(at: datetime, zone: tzinfo, width: int = 1) -> str:
    """`Thu 5 11:12`: the page is about one month. `width` is that of the day."""
    local = at.astimezone(zone)
    return f"{_DAYS[local.weekday()]} {local.day:>{width}} {local:%H:%M}"


def moments_of(story: Story, *, versions: int, width: int) -> list[Moment]:
    """What is worth telling, in the order of time. `versions` counts those that the clinic has had.

    What follows at once, and the payment of a link, share a line where it has room for both.
    """
    zone = story.seen.zone
    lines: list[Moment] = []
    for moment in sorted([*_events(story, zone, versions), *_attempts(story)], key=lambda moment: moment.at):
        last = lines[-1] if lines else None
        joined = None
        if last is not None and last.at == moment.at:
            joined = f"{last.text}{'; ' if last.text.startswith(_SENT[0]) else ': '}{moment.text}"
        elif last is not None and moment.text == _PAID and last.text.startswith(_SENT):
            joined = f"{last.text}; {moment.text} {time_of(moment.at, zone)}"
        if last is not None and joined is not None and len(joined) <= width:
            lines[-1] = last._replace(text=joined)
        else:
            lines.append(moment)
    return lines


def _events(story: Story, zone: tzinfo, versions: int) -> Iterator[Moment]:
    for row in story.events:
        if row.type is EventType.BOOKED:
            yield Moment(row.received_at, _booked(story, zone, versions))
        else:
            ended = ": no more reminders" if row.type is EventType.PAID and _was_reminded(story) else ""
            yield Moment(row.received_at, _said(row, zone) + ended)


def _was_reminded(story: Story) -> bool:
    """Whether a reminder went out, and another one never will."""
    states = {action.state for action in story.seen.stored.record.actions if action.stage is Stage.REMIND}
    return {ActionState.DELIVERED, ActionState.CANCELLED} <= states


def _booked(story: Story, zone: tzinfo, versions: int) -> str:
    # As it was decided first; the booking may have been moved since.
    starts_at = datetime.fromisoformat(json.loads(story.decisions[0].row.facts)["starts_at"])
    under = f"version {story.stamps[0].sequence}, " if versions > 1 else ""
    reached = "" if len(story.seen.stored.record.booking.client.contacts) > 1 else ", no email"
    return f"booked for {time_of(starts_at, zone)}{reached}: {_why(story.decisions[0], under)}"


def _why(told: DecisionTold, under: str) -> str:
    decider = told.decider
    outcome = (
        "billed elsewhere" if told.decided.outcome is Outcome.EXTERNALLY_BILLED else outcome_text(told.decided.outcome)
    )
    if decider is None:
        return outcome
    by = "the defaults" if decider.rule is None else f"rule {decider.rule}"
    return f"{outcome} by {by} ({under}line {decider.line})"


def _said(row: EventRow, zone: tzinfo) -> str:
    body = read_body(row.body)
    by = person_of(row) or body.get("by")
    said = _words(row.type, body, zone)
    return f"{said} by {by}" if by and row.type is not EventType.PAID else said


def _words(kind: EventType, body: dict[str, Any], zone: tzinfo) -> str:
    match kind:
        case EventType.PAID:
            return _PAID
        case EventType.PRICE_CHANGED:
            return f"price set to {price_text(money_of(body['price']))}"
        case EventType.RESCHEDULED:
            starts_at = datetime.fromisoformat(body["starts_at"])
            return f"rescheduled to {time_of(starts_at, zone)}"
        case EventType.OVERRIDE:
            return f"made {body['process']}"
        case EventType.DRAFT_SENT:
            return "sent"
        case _:
            return kind.replace("_", " ")


def _attempts(story: Story) -> Iterator[Moment]:
    """What was tried, as far as somebody outside noticed: drafts are not told of."""
    rows = [row for row in story.attempts if row.key.type not in _QUIET]
    delivered = [row for row in rows if row.answer == "delivered"]
    for at, together in groupby(delivered, key=lambda row: row.ended_at):
        yield Moment(at, _delivered(story.seen, list(together)))
    # One that fails is tried again by itself: the first time is told, and at which one it came through.
    for row in rows:
        if row.answer != "delivered" and row.attempt == 1:
            yield Moment(row.ended_at, f"{_NOUNS[row.key.type]} by {row.key.channel}: {row.detail}")


def _delivered(seen: Seen, rows: Sequence[AttemptRow]) -> str:
    said = []
    for kind, group in groupby(rows, key=lambda row: row.key.type):
        attempts = list(group)
        if kind is ActionType.ISSUE_INVOICE:
            amount = money_text(seen.stored.record.invoice.total, seen.currency)
            said.append(f"invoice {attempts[0].detail} over {amount}")
        elif kind is ActionType.CREDIT_INVOICE:
            said.append(f"credit note {attempts[0].detail}")
        else:
            number = f" {attempts[0].key.occurrence}" if kind is ActionType.SEND_REMINDER else ""
            channels = " and ".join(str(row.key.channel) for row in attempts)
            tries = f", at attempt {attempts[0].attempt}" if attempts[0].attempt > 1 else ""
            said.append(f"{_NOUNS[kind]}{number} by {channels}{tries}")
    return ", ".join(said)
