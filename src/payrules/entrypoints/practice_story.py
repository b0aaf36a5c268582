"""The story of one booking for people: how it stands, what happened and who did it, and every action."""

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import click

from payrules.app.booking_story import DecisionTold, Story, person_of
from payrules.app.bookings import Seen
from payrules.app.event_intake import read_body
from payrules.app.facts import money_of
from payrules.app.rows import AttemptRow, EventRow, EventState
from payrules.app.stuck import Verb
from payrules.domain.action import Action, ActionState
from payrules.domain.events import EventType
from payrules.domain.record import Stamp
from payrules.entrypoints.activation_words import Local, short_digest
from payrules.entrypoints.decisions.times import appointment_text
from payrules.entrypoints.decisions.words import method_text, outcome_text, price_text
from payrules.entrypoints.ledger_words import without_addresses
from payrules.entrypoints.practice_pages import print_table
from payrules.entrypoints.practice_words import action_text, cause_text, local_of, standing, state_text
from payrules.entrypoints.reporters.excerpt import visible
from payrules.entrypoints.terminal import in_colour

_LATE = timedelta(minutes=1)
_ANSWERS = {"retry_later": "to be tried again", "no_answer": "no answer"}
_DEEDS: dict[str, str] = {Verb.FIND_DELIVERED: "found to be delivered"}

_Moment = tuple[datetime, int, str]


def print_story(story: Story, now: datetime) -> None:
    """The page of `bookings show`."""
    seen, local = story.seen, local_of(story.seen)
    booking = seen.stored.record.booking
    state = state_text(seen.stored.record.state)
    click.secho(f"{seen.clinic}/{visible(seen.booking_id)}: {state}", bold=in_colour(sys.stdout))
    click.echo(f"  {appointment_text(booking, seen.zone, year=True)}, times in {local.name}")
    for text in _who(story):
        click.echo(f"  {text}")
    for text in standing(seen, now):
        click.echo(f"  {text}")
    click.echo()
    moments = [*_events(story, local), *_stamps(story), *_decisions(story), *_attempts(story), *_deeds(story)]
    # What is recorded in one transaction stands in the order in which it follows.
    print_table(("When", "What"), [(local.text(at), text) for at, _, text in sorted(moments, key=_order)])
    actions = seen.stored.record.actions
    if actions:
        click.echo()
        cells = [_action_cells(action, local, seen.clinic) for action in actions]
        print_table(("Action", "Due", "State", "Why, or receipt"), cells)


def _order(moment: _Moment) -> tuple[datetime, int]:
    return moment[0], moment[1]


def _who(story: Story) -> Iterator[str]:
    booking = story.seen.stored.record.booking
    people = {"client": booking.client, "payer": None if booking.payer is None else booking.payer.person}
    for role, person in people.items():
        if person is None:
            continue
        reached = " and ".join(sorted(person.contacts)) or "nothing"
        yield f"{role}: reached by {reached}"
    for party, contact in story.contacts.items():
        yield f"{party.name.lower()}: {visible(', '.join(filter(None, contact)))}"


# ---- events


def _events(story: Story, local: Local) -> Iterator[_Moment]:
    for row in story.events:
        yield row.received_at, 0, _event_text(story.seen, row, local)


def _event_text(seen: Seen, row: EventRow, local: Local) -> str:
    body = read_body(row.body)
    said = _what(row.type, body, local)
    if row.received_at - row.occurred_at > _LATE:
        said += f", on {local.text(row.occurred_at)}"
    who = person_of(row) or body.get("by")
    if who:
        said += f", by {visible(str(who))}"
    if reason := body.get("reason"):
        said += f": {visible(str(reason))}"
    if row.booking_id != seen.booking_id:
        said += f" (as {visible(row.booking_id)})"
    if row.state is not EventState.APPLIED:
        said = f"{row.state}: {said}" + (f" ({visible(row.reason).replace('_', ' ')})" if row.reason else "")
    return said


def _what(kind: EventType, body: dict[str, Any], local: Local) -> str:
    match kind:
        case EventType.PAID | EventType.REFUNDED:
            method = f" by {method_text(body['method'])}" if "method" in body else ""
            return f"{kind} {price_text(money_of(body['amount']))}{method}"
        case EventType.PRICE_CHANGED:
            return f"price set to {price_text(money_of(body['price']))}"
        case EventType.RESCHEDULED:
            return f"rescheduled to {local.text(datetime.fromisoformat(body['starts_at']))}"
        case EventType.UPDATED:
            return f"facts changed: {', '.join(_paths(body['facts']))}"
        case EventType.OVERRIDE:
            return f"override: {body['process']}"
        case EventType.CANCELLED:
            return "cancelled, to be charged" if body.get("charge") else "cancelled"
        case EventType.DRAFT_SENT:
            at = body.get("send_at")
            return "draft sent" + ("" if at is None else f", to go out {local.text(datetime.fromisoformat(at))}")
        case EventType.LINK_RESENT:
            return "link sent again" + (f" by {body['channel']}" if "channel" in body else "")
        case _:
            return kind.replace("_", " ")


def _paths(facts: dict[str, Any]) -> Iterator[str]:
    """The facts that were told; names and addresses are not among them, only that there are some."""
    for field, value in facts.items():
        if isinstance(value, dict) and field in ("client", "payer"):
            yield from (f"{field}.{inner}" for inner in value)
        else:
            yield field


# ---- stamps, decisions, attempts, actions


def _stamps(story: Story) -> Iterator[_Moment]:
    for stamp in story.stamps:
        yield stamp.stamped_at, 1, _stamp_text(stamp)


def _stamp_text(stamp: Stamp) -> str:
    version = "no activation" if stamp.sequence is None else f"activation {stamp.sequence}"
    if stamp.sequence is not None:
        version += ", verification withdrawn" if stamp.digest is None else f", {short_digest(stamp.digest)}"
    again = "" if stamp.by is None else f", by {visible(stamp.by)}: {visible(stamp.reason or '')}"
    return f"stamped {stamp.number}: {version}; payrules {stamp.engine}, time zones {stamp.tzdata}{again}"


def _decisions(story: Story) -> Iterator[_Moment]:
    for told in story.decisions:
        yield told.row.decided_at, 2, _decision_text(told)


def _decision_text(told: DecisionTold) -> str:
    row, decided, decider = told
    said = f"decided {row.number}: {outcome_text(decided.outcome)}"
    if decider is not None:
        place = decider.file if decider.line is None else f"{decider.file}:{decider.line}"
        said += f" by rule {decider.rule} ({place})" if decider.rule else f" by the defaults ({place})"
    if decided.price is not None:
        said += f", {price_text(decided.price)}"
    said += f", {decided.reason.replace('_', ' ')}"
    return said + (f": {', '.join(decided.missing)}" if decided.missing else "")


def _attempts(story: Story) -> Iterator[_Moment]:
    actions = {action.key: action for action in story.seen.stored.record.actions}
    for row in story.attempts:
        yield row.ended_at, 3, _attempt_text(actions[row.key], row)


def _attempt_text(action: Action, row: AttemptRow) -> str:
    answer = _ANSWERS.get(row.answer, row.answer)
    detail = visible(without_addresses(row.detail)) if row.answer != "delivered" else visible(row.detail)
    return f"{action_text(action)}: {answer}" + (f", {detail}" if detail else "") + f" (attempt {row.attempt})"


def _deeds(story: Story) -> Iterator[_Moment]:
    actions = {action.key: action for action in story.seen.stored.record.actions}
    for row in story.deeds:
        done = _DEEDS.get(row.verb, row.verb)
        text = f"{action_text(actions[row.key])}: {done} by {visible(row.actor)}: {visible(row.reason)}"
        yield row.done_at, 4, text


def _action_cells(action: Action, local: Local, clinic: str) -> tuple[str, ...]:
    text = action_text(action)
    if action.key.ordinal > 1:
        text += f", invoice {action.key.ordinal}"
    why = visible(action.receipt or "") if action.state is ActionState.DELIVERED else cause_text(action, clinic)
    return (
        text,
        local.text(action.due_at) + (" (by hand)" if action.by_hand else ""),
        action.state.value,
        why,
    )
