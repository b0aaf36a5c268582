"""Decisions for a person at a terminal: the bookings of each clinic, what is to be looked at, and the weeks.

Every line is laid out here and only coloured by rich, so that a pipe gets the same lines without colour, and
nothing in a booking can be taken for markup.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from rich.text import Text

from payrules.app.simulate import Changed, Simulated
from payrules.domain.decision import Outcome
from payrules.domain.policy import Policy
from payrules.entrypoints.decisions.attention import notices
from payrules.entrypoints.decisions.changes import differences
from payrules.entrypoints.decisions.explanation import explanation_of
from payrules.entrypoints.decisions.kept import Kept, by_clinic
from payrules.entrypoints.decisions.page import Page, aligned
from payrules.entrypoints.decisions.times import (
    appointment_text,
    date_text,
    day_text,
    monday_of,
    moment_text,
    week_text,
)
from payrules.entrypoints.decisions.words import (
    MARKS,
    consequences,
    counted,
    decider_text,
    events_of,
    outcome_text,
    price_text,
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
_LONGEST_CELL: Final = 24
_HEADER: Final = ("Booking", "Appointment", "Session", "Price", "Outcome", "Decided by")
_PRICE: Final = 3


class TableReporter:
    """Keeps some bookings and writes everything at the end."""

    def __init__(
        self, write: Callable[[str], object], *, explain: bool, colour: bool, width: int, limit: int | None
    ) -> None:
        self._page = Page(write, colour=colour, width=width)
        self._explain = explain
        self._kept = Kept(MOST_SHOWN if limit is None else limit)

    def add(self, result: Simulated | Changed, /) -> None:
        self._kept.add(result)

    def finish(self) -> None:
        """Write the whole page."""
        kept, page = self._kept, self._page
        if kept.compared:
            for change in kept.changed:
                self._change(change)
        else:
            for policy, group in by_clinic(kept.simulated):
                self._heading(policy, group[0])
                self._bookings(group)
                self._weeks(group, policy)
            self._notices()
        not_shown = kept.not_shown(len(kept.changed) + len(kept.simulated))
        if not_shown is not None:
            page.say(Text(not_shown, "bold"))
        page.say(Text(kept.totals(), "bold"))

    def _heading(self, policy: Policy, first: Simulated) -> None:
        version = first.clinic_version
        said = [visible(policy.clinic), policy.timezone, version.digest[: len("sha256:") + 12]]
        if version.effective_from is not None:
            effective = version.effective_from.astimezone(policy.zone)
            said.append(f"in force from {moment_text(effective, date.min)}")
        self._page.say(Text(visible(policy.name), "bold") + Text(f" · {' · '.join(said)}", "not bold"))
        self._page.rule()

    def _bookings(self, group: Sequence[Simulated]) -> None:
        years = {result.booking.starts_at.astimezone(zone_of(result)).year for result in group}
        rendered = [result.rendered(explain=self._explain) for result in group]
        header = list(_HEADER)
        if len(years) == 1:
            header[1] += f" {years.pop()}"
        rows = [
            [
                Text(visible(result.booking.id), "bold"),
                Text(appointment_text(result.booking, zone_of(result), year=bool(years))),
                Text(visible(result.booking.session_type or "–")),
                Text(price_text(result.decision.price)),
                _outcome(result.decision.outcome),
                Text(decider_text(result.decision, answer)),
            ]
            for result, answer in zip(group, rendered, strict=True)
        ]
        lines = aligned([[Text(cell, "dim") for cell in header], *rows], self._page.width - 2, _LONGEST_CELL, _PRICE)
        self._page.line(Text("  ") + next(lines))
        for result, answer, line in zip(group, rendered, lines, strict=True):
            self._page.line(Text("  ") + line)
            self._page.hang(Text("      "), Text(" · ".join(consequences(result, answer))))
            if self._explain:
                for indent, text in explanation_of(answer):
                    self._page.hang(Text(" " * (6 + 2 * indent)), Text(visible(text), "dim" if indent else ""))
                self._page.gap()
        self._page.gap()

    def _weeks(self, group: Sequence[Simulated], policy: Policy) -> None:
        """What goes out, by week and day."""
        events = sorted(
            ((event.due_at, result.booking.id, event) for result in group for event in events_of(result)),
            key=lambda found: found[0],
        )
        wide = min(max((len(visible(booking_id)) for _, booking_id, _ in events), default=0), _LONGEST_CELL)
        week, day = None, None
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
            for item in notice.items:
                clinic = f"{visible(item.clinic)}  " if several else ""
                prefix = Text.assemble("    ", clinic, (visible(", ".join(item.booking_ids)), "bold"), "  ")
                self._page.hang(prefix, Text(item.why))
            self._page.gap()

    def _change(self, change: Changed) -> None:
        side = change.after or change.before
        if side is None:
            return
        booking, page = change.booking, self._page
        said = [visible(booking.clinic), appointment_text(booking, zone_of(side), year=True)]
        if booking.session_type is not None:
            said.append(visible(booking.session_type))
        page.say(Text(visible(booking.id), "bold") + Text(f" · {' · '.join(said)}", "not bold"))
        found = differences(change)
        wide = max(len(difference.label) for difference in found)
        for difference in found:
            prefix = f"  {difference.label:<{wide}}  "
            if difference.label != "sends":
                text = Text.assemble(difference.before[0], (" → ", "bold"), difference.after[0])
                page.hang(Text(prefix), text)
                continue
            signed = [("− ", "red", line) for line in difference.before]
            signed += [("+ ", "green", line) for line in difference.after]
            for sign, style, line in signed:
                page.hang(Text.assemble(prefix, (sign, style)), Text(line, style))
                prefix = " " * len(prefix)
        if self._explain:
            for indent, text in explanation_of(side.rendered(explain=True)):
                page.hang(Text(" " * (2 + 2 * indent)), Text(visible(text), "dim" if indent else ""))
        page.gap()


def _outcome(outcome: Outcome) -> Text:
    return Text(f"{MARKS[outcome]} {outcome_text(outcome)}", STYLES[outcome])
