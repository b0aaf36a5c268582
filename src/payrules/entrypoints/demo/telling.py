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
from payrules.domain.decision import ActionType, Outcome
from payrules.domain.events import EventType
from payrules.entrypoints.decisions.times import moment_text
from payrules.entrypoints.decisions.words import outcome_text, price_text
from payrules.entrypoints.practice_words import money_text


_QUIET = frozenset({ActionType.CREATE_INVOICE, ActionType.UPDATE_DRAFT, ActionType.DELETE_DRAFT})
_NOUNS = {ActionType.SEND_PAYMENT_LINK: "link", ActionType.SEND_REMINDER: "reminder"}


class Moment(NamedTuple):
    """What happened at an instant."""

    at: datetime
    text: str


def moments_of(story: Story, *, versions: int) -> list[Moment]:
    """What is worth telling, in the order of time. `versions` counts those that the clinic has had."""
    zone = story.seen.zone
    found = [*_events(story, zone, versions), *_attempts(story)]
    return sorted(found, key=lambda moment: moment.at)


def _events(story: Story, zone: tzinfo, versions: int) -> Iterator[Moment]:
    for row in story.events:
        if row.type is EventType.BOOKED:
            yield Moment(row.received_at, _booked(story, zone, versions))
        else:
            yield Moment(row.received_at, _said(row, zone))


def _booked(story: Story, zone: tzinfo, versions: int) -> str:
    # As it was decided first; the booking may have been moved since.
    starts_at = datetime.fromisoformat(json.loads(story.decisions[0].row.facts)["starts_at"])
    under = f"version {story.stamps[0].sequence}, " if versions > 1 else ""
    reached = "" if len(story.seen.stored.record.booking.client.contacts) > 1 else ", a client without email"
    return f"booked for {moment_text(starts_at.astimezone(zone))}{reached}: {_why(story.decisions[0], under)}"


def _why(told: DecisionTold, under: str) -> str:
    decider = told.decider
    outcome = "billed elsewhere" if told.decided.outcome is Outcome.EXTERNALLY_BILLED else outcome_text(told.decided.outcome)
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
            return f"paid {price_text(money_of(body['amount']))}"
        case EventType.PRICE_CHANGED:
            return f"price set to {price_text(money_of(body['price']))}"
        case EventType.RESCHEDULED:
            starts_at = datetime.fromisoformat(body["starts_at"])
            return f"rescheduled to {moment_text(starts_at.astimezone(zone))}"
        case EventType.OVERRIDE:
            return f"made {body['process']}"
        case _:
            return kind.replace("_", " ")


def _attempts(story: Story) -> Iterator[Moment]:
    """What was tried, as far as somebody outside noticed: drafts are not told of."""
    rows = [row for row in story.attempts if row.key.type not in _QUIET]
    failed = [row for row in rows if row.answer != "delivered"]
    if failed:
        first = failed[0]
        yield Moment(first.started_at, f"{_NOUNS[first.key.type]} by {first.key.channel} fails: {first.detail}")
    delivered = [row for row in rows if row.answer == "delivered"]
    for at, together in groupby(delivered, key=lambda row: row.ended_at):
        yield Moment(at, _delivered(story.seen, list(together)))


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
