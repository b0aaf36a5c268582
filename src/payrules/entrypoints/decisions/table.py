"""Decisions for a person at a terminal: the bookings of each clinic, what is to be looked at, and the weeks.

Every line is laid out here and only coloured by rich, so that a pipe gets the same lines without colour, and
nothing in a booking can be taken for markup.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rich.text import Text

from payrules.app.simulate import Changed, Simulated
from payrules.domain.decision import Outcome
from payrules.domain.policy import Policy
from payrules.entrypoints.decisions.attention import notices
from payrules.entrypoints.decisions.changes import Step, differences
from payrules.entrypoints.decisions.explanation import explanation_of
from payrules.entrypoints.decisions.kept import Kept, by_clinic
from payrules.entrypoints.decisions.page import GAP, Page, aligned, total_of, widths_of
from payrules.entrypoints.decisions.times import appointment_text, day_text, monday_of, week_text
from payrules.entrypoints.decisions.words import (
    MARKS,
    NOTHING,
    consequences,
    decider_text,
    events_of,
    outcome_text,
    version_texts,
    zone_of,
)
from payrules.entrypoints.reporters.excerpt import visible

MOST_SHOWN: Final = 200

STYLES: Final = {
    Outcome.AUTOMATIC: "green",
    Outcome.DRAFT: "yellow",
    Outcome.EXTERNALLY_BILLED: "magenta",
    Outcome.NO_CHARGE: "cyan",
    Outcome.UNDECIDED: "bold red",
}
_LONGEST_ID: Final = 24
# Of each cell of a booking's line; what has a form of its own is never longer than this.
_LONGEST: Final = (_LONGEST_ID, 64, 24, 24, 24, 80)
_SHORTEST_SESSION: Final = 8
_SESSION, _PRICE, _DECIDER = 2, 3, 5
_INDENT: Final = "  "


class TableReporter:
    """Keeps some bookings and writes everything at the end."""

    def __init__(
        self, write: Callable[[str], object], *, explain: bool, colour: bool, width: int, limit: int | None
    ) -> None:
        self._page = Page(write, colour=colour, width=width)
        self._explain = explain
        most = MOST_SHOWN if limit is None else limit
        self._kept = Kept(most, most_beyond=most)

    def add(self, result: Simulated | Changed, /) -> None:
        self._kept.add(result)

    def finish(self, *, refused: int = 0) -> None:
        """Write the whole page."""
        kept = self._kept
        for change in kept.changed:
            self._change(change)
        self._clinics()
        self._notices()
        not_shown = kept.not_shown(len(kept.changed) + len(kept.simulated))
        if not_shown is not None:
            self._page.say(Text(not_shown, "bold"))
        self._page.flow(Text(), [Text(phrase, "bold") for phrase in kept.totals(refused).split(", ")], ", ")

    def _clinics(self) -> None:
        """The bookings of every clinic and their weeks; the columns are the same for all clinics."""
        groups = [
            (policy, group, _cells(policy, group))
            for policy, group in by_clinic(self._kept.simulated, lambda result: result)
        ]
        if not groups:
            return
        widths = widths_of([row for _, _, rows in groups for row in rows], _LONGEST)
        room = self._page.width - len(_INDENT)
        if total_of(widths) > room:
            # Who decided is told in the line below instead.
            del widths[_DECIDER]
        widths[_SESSION] = max(
            min(widths[_SESSION], _SHORTEST_SESSION), widths[_SESSION] + min(0, room - total_of(widths))
        )
        for policy, group, rows in groups:
            self._heading(policy, group[0])
            lines = (Text(_INDENT) + aligned(row, widths, right=_PRICE, cut=_SESSION) for row in rows)
            self._page.line(next(lines))
            for result, line in zip(group, lines, strict=True):
                self._page.line(line)
                self._below(result, widths)
            self._weeks(group, policy)

    def _heading(self, policy: Policy, first: Simulated) -> None:
        said = [policy.clinic, *version_texts(first.clinic_version)]
        self._page.flow(Text(), [Text(visible(policy.name), "bold"), *map(Text, said)])
        self._page.rule()

    def _below(self, result: Simulated, widths: Sequence[int]) -> None:
        """What happens when, under the line of the booking."""
        rendered = result.rendered(explain=self._explain)
        said = consequences(result, rendered)
        if len(widths) <= _DECIDER and rendered["rule"] is not None:
            said.insert(0, f"rule {decider_text(result.decision, rendered)}")
        indent = " " * (len(_INDENT) + widths[0] + len(GAP))
        self._page.flow(Text(indent), [Text(phrase) for phrase in said])
        if self._explain:
            self._explanation(rendered, indent)
            self._page.gap()

    def _explanation(self, rendered: Mapping[str, Any], indent: str) -> None:
        for head, text in explanation_of(rendered):
            if text:
                self._page.hang(Text(f"{indent}{_INDENT}{visible(head)}"), Text(visible(text), "dim"))
            else:
                self._page.line(Text(indent + head))

    def _weeks(self, group: Sequence[Simulated], policy: Policy) -> None:
        """What goes out, by week and day."""
        events = sorted(
            ((event.due_at, result.booking.id, event) for result in group for event in events_of(result)),
            key=lambda found: found[0],
        )
        wide = min(max((len(visible(booking_id)) for _, booking_id, _ in events), default=0), _LONGEST_ID)
        week, day = None, None
        self._page.gap()
        for due_at, booking_id, event in events:
            local = due_at.astimezone(policy.zone)
            if monday_of(local.date()) != week:
                self._page.gap()
                week = monday_of(local.date())
                self._page.say(Text(f"{week_text(week)} · times in {policy.timezone}", "bold"))
            label = "" if local.date() == day else day_text(local.date())
            day = local.date()
            prefix = Text.assemble(
                f"  {label:<10}  ", (f"{local:%H:%M}", "cyan"), "  ", (f"{visible(booking_id):<{wide}}", "bold"), "  "
            )
            self._page.hang(prefix, Text(event.text, "dim" if event.reminder else ""))
        self._page.gap(2)

    def _notices(self) -> None:
        found = notices([*self._kept.simulated, *self._kept.beyond])
        several = len({item.clinic for notice in found for item in notice.items}) > 1
        for notice in found:
            title = Text(f"{MARKS[notice.outcome]} {notice.title}", STYLES[notice.outcome])
            self._page.say(title)
            wide = min(_LONGEST_ID, max(len(item.booking_ids[0]) for item in notice.items))
            widest = max(len(item.clinic) for item in notice.items)
            for item in notice.items:
                clinic = Text(f"{_INDENT}{item.clinic:<{widest}}{GAP}" if several else _INDENT)
                ids = [Text(visible(booking_id), "bold") for booking_id in item.booking_ids]
                if notice.outcome is Outcome.UNDECIDED:
                    padding = Text(" " * (wide - ids[0].cell_len) + GAP)
                    self._page.hang(clinic + ids[0] + padding, Text(item.why))
                else:
                    ids[0] = Text(f"{item.why}: " if item.why else "") + ids[0]
                    self._page.flow(clinic, ids, ", ")
            self._page.gap()

    def _change(self, change: Changed) -> None:
        side = change.after
        booking, page = change.booking, self._page
        said = [booking.clinic, appointment_text(booking, zone_of(side), year=True)]
        if booking.session_type is not None:
            said.append(visible(booking.session_type))
        page.flow(Text(), [Text(visible(booking.id), "bold"), *map(Text, said)])
        found = differences(change)
        wide = max(len(difference.label) for difference in found)
        for label, steps in found:
            prefix = f"{_INDENT}{label:<{wide}}{GAP}"
            for step in steps:
                page.hang(Text(prefix), _step(step))
                prefix = " " * len(prefix)
        if self._explain:
            self._explanation(side.rendered(explain=True), _INDENT)
        page.gap()


def _cells(policy: Policy, group: Sequence[Simulated]) -> list[list[Text]]:
    """The header and a row for each booking."""
    years = {result.booking.starts_at.astimezone(policy.zone).year for result in group}
    several = len(years) > 1
    header = ["Booking", "Appointment" if several else f"Appointment {years.pop()}", "Session"]
    header += [policy.currency, "Outcome", "Decided by"]
    rows = [[Text(cell, "dim") for cell in header]]
    for result in group:
        booking, decision = result.booking, result.decision
        rows.append(
            [
                Text(visible(booking.id), "bold"),
                Text(appointment_text(booking, policy.zone, year=several)),
                Text(visible(booking.session_type or NOTHING)),
                Text(NOTHING if decision.price is None else decision.price.amount),
                _outcome(decision.outcome),
                Text(decider_text(decision, result.rendered())),
            ]
        )
    return rows


def _step(step: Step) -> Text:
    if step.before is None:
        return Text(f"+ {step.after}{GAP}{step.what}", "green")
    if step.after is None:
        return Text(f"− {step.before}{GAP}{step.what}", "red")
    return Text.assemble(step.before, (" → ", "bold"), step.after, f"{GAP}{step.what}" if step.what else "")


def _outcome(outcome: Outcome) -> Text:
    return Text(f"{MARKS[outcome]} {outcome_text(outcome)}", STYLES[outcome])
