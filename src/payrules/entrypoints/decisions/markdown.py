"""Decisions as Markdown for a comment on a pull request: totals first, then the bookings and the weeks."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from payrules.app.simulate import Changed, Simulated
from payrules.domain.decision import Outcome
from payrules.domain.policy import Policy
from payrules.entrypoints.decisions.attention import notices
from payrules.entrypoints.decisions.changes import differences
from payrules.entrypoints.decisions.explanation import explanation_of
from payrules.entrypoints.decisions.kept import Kept, by_clinic
from payrules.entrypoints.decisions.times import appointment_text, day_text, monday_of, week_text
from payrules.entrypoints.decisions.words import (
    MARKS,
    NOTHING,
    consequences,
    decider_text,
    events_of,
    outcome_text,
    price_text,
    version_texts,
    zone_of,
)
from payrules.entrypoints.markup import cells, code, header, inert
from payrules.entrypoints.reporters.excerpt import visible

LONGEST: Final = 65_000
"""The most bytes of a document; a comment takes 65,536 characters, and a character is at least one byte."""
MOST_NAMED: Final = 100
"""How many undecided bookings are named beside those that are shown."""

_COLUMNS: Final = ("Booking", "Appointment", "Session", "Price", "Outcome", "Decided by", "What happens")
_CHANGE_COLUMNS: Final = ("Booking", "What", "Before", "After")


class _Block(NamedTuple):
    """A booking, written: its rows, what it sends (local time, line), and its explanation.

    `result` is the side after, where a change is written.
    """

    result: Simulated
    rows: list[str]
    sends: list[tuple[datetime, str]]
    explanation: list[str]

    def size(self) -> int:
        lines = [*self.rows, *(line for _, line in self.sends), *self.explanation]
        return sum(len(line.encode()) + 1 for line in lines)


class MarkdownReporter:
    """Keeps as many bookings as a comment may hold and writes everything at the end."""

    def __init__(self, write: Callable[[str], object], *, explain: bool, limit: int | None) -> None:
        self._write = write
        self._explain = explain
        most = LONGEST if limit is None else limit
        self._kept = Kept(most, MOST_NAMED, LONGEST, self._size)

    _refused = 0

    def add(self, result: Simulated | Changed, /) -> None:
        self._kept.add(result)

    def finish(self, *, refused: int = 0) -> None:
        """Write the longest document that a comment may hold."""
        self._refused = refused
        kept: list[Simulated | Changed] = [*self._kept.simulated, *self._kept.changed]
        blocks = [self._block(result) for result in kept]
        fits, too_many = 0, len(blocks) + 1
        document = self._document(blocks, 0)
        number = len(blocks)
        while fits < number < too_many:
            # Headings depend on what is shown, so the length is only known of a whole document.
            longer = self._document(blocks, number)
            if len(longer.encode()) <= LONGEST:
                fits, document = number, longer
            else:
                too_many = number
            number = (fits + too_many) // 2
        self._write(document)

    def _document(self, kept: Sequence[_Block], number: int) -> str:
        """The document that shows so many of the bookings kept."""
        blocks = kept[:number]
        lines = ["## payrules simulate", "", f"**{self._kept.totals(self._refused)}**", ""]
        not_shown = self._kept.not_shown(len(blocks))
        if not_shown is not None:
            lines += [f"{inert(not_shown)}.", ""]
        if self._kept.compared:
            if blocks:
                lines += [*header(_CHANGE_COLUMNS), *(row for block in blocks for row in block.rows), ""]
        else:
            hidden = [*(block.result for block in kept[number:]), *self._kept.beyond]
            undecided = [result for result in hidden if result.decision.outcome is Outcome.UNDECIDED]
            lines += _notices([*(block.result for block in blocks), *undecided[:MOST_NAMED]])
            for policy, group in by_clinic(blocks, lambda block: block.result):
                lines += _clinic(policy, group)
        for block in blocks:
            lines += block.explanation
        return "\n".join(lines)

    def _size(self, result: Simulated | Changed) -> int:
        return self._block(result).size()

    def _block(self, result: Simulated | Changed) -> _Block:
        if isinstance(result, Changed):
            side = result.after
            return _Block(side, list(_change_rows(result)), [], self._explanation(side))
        zone = zone_of(result)
        booking_id = code(result.booking.id)
        sends = [
            (local, f"  - {local:%H:%M} {booking_id} {inert(event.text)}")
            for event in events_of(result)
            for local in (event.due_at.astimezone(zone),)
        ]
        return _Block(result, [_row(result)], sends, self._explanation(result))

    def _explanation(self, result: Simulated) -> list[str]:
        if not self._explain:
            return []
        lines = [
            visible(f"  {head}{text}" if text else head) for head, text in explanation_of(result.rendered(explain=True))
        ]
        longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
        fence = "`" * max(3, longest + 1)
        summary = f"<details><summary>Why: {code(result.booking.id, html=True)}</summary>"
        return [summary, "", f"{fence}text", *lines, fence, "", "</details>", ""]


def _clinic(policy: Policy, group: Sequence[_Block]) -> Iterator[str]:
    yield f"### {inert(policy.name)}"
    yield ""
    yield " · ".join([code(policy.clinic), *map(inert, version_texts(group[0].result.clinic_version))])
    yield ""
    yield from header(_COLUMNS)
    for block in group:
        yield from block.rows
    yield ""
    week, day = None, None
    for local, line in sorted((send for block in group for send in block.sends), key=lambda send: send[0]):
        if monday_of(local.date()) != week:
            if week is not None:
                yield ""
            week = monday_of(local.date())
            yield f"**{week_text(week)} · times in {inert(policy.timezone)}**"
            yield ""
        if local.date() != day:
            day = local.date()
            yield f"- {day_text(day)}"
        yield line
    if week is not None:
        yield ""


def _notices(results: Sequence[Simulated]) -> Iterator[str]:
    for notice in notices(results):
        yield f"{MARKS[notice.outcome]} **{notice.title}**"
        yield ""
        for item in notice.items:
            why = f": {inert(item.why)}" if item.why else ""
            yield f"- {code(item.clinic)} {', '.join(map(code, item.booking_ids))}{why}"
        yield ""


def _row(result: Simulated) -> str:
    booking, decision, rendered = result.booking, result.decision, result.rendered()
    return cells(
        code(booking.id),
        appointment_text(booking, zone_of(result), year=True),
        NOTHING if booking.session_type is None else code(booking.session_type),
        price_text(decision.price),
        f"{MARKS[decision.outcome]} {outcome_text(decision.outcome)}",
        inert(decider_text(decision, rendered)),
        "<br>".join(map(inert, consequences(result, rendered))),
    )


def _change_rows(change: Changed) -> Iterator[str]:
    """A row for each step; the booking stands in the first."""
    appointment = appointment_text(change.booking, zone_of(change.after), year=True)
    booking = f"{code(change.booking.id)} {code(change.booking.clinic)}<br>{appointment}"
    for label, steps in differences(change):
        for step in steps:
            what = f"{label}: {step.what}" if step.what else label
            yield cells(booking, inert(what), inert(step.before or NOTHING), inert(step.after or NOTHING))
            booking = ""
