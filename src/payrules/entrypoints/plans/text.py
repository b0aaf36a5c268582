"""A plan for a person at a terminal: one clinic after the other, the main thing first."""

from collections.abc import Callable

from rich.text import Text

from payrules.app.planning import ClinicPlan, Kind
from payrules.app.provenance import Provenance
from payrules.domain.decision import Outcome
from payrules.entrypoints.decisions.page import Page
from payrules.entrypoints.decisions.settings import change_text
from payrules.entrypoints.decisions.table import STYLES
from payrules.entrypoints.decisions.words import MARKS, counted, outcome_text
from payrules.entrypoints.plans.conditions import asked_of, decider_text, example_text, lacking_texts, where_text
from payrules.entrypoints.plans.effects import Effect, effects_of
from payrules.entrypoints.plans.taking_effect import taking_effect
from payrules.entrypoints.plans.told import Told
from payrules.entrypoints.plans.words import (
    LACKING,
    besides_texts,
    headline,
    kinds_text,
    not_in_force_texts,
    other_text,
    remarks,
    replay_texts,
    totals,
)
from payrules.entrypoints.reporters.excerpt import visible

_KINDS = {Kind.NEW: "green", Kind.CHANGED: "yellow", Kind.REMOVED: "magenta", Kind.BROKEN: "bold red"}
_MOST_KINDS = 10
"""How many kinds of bookings of one effect are told: a reader who wants more has JSON."""
_INDENT = "  "
_BELOW = Text(" " * 7)
_BULLET = Text("    - ", "dim")
_ARROW = Text(" → ", "bold")


def print_text(told: Told, write: Callable[[str], object], *, colour: bool, width: int) -> None:
    """Write the whole plan."""
    page = Page(write, colour=colour, width=width)
    for plan in told.plan.clinics:
        _clinic(page, plan, told)
        page.gap()
    if told.refused:
        page.say(Text(f"{counted(told.refused, 'record')} refused, and not replayed"))
    for line in not_in_force_texts(told.not_in_force):
        page.say(Text(visible(line)))
    page.say(Text(visible(totals(told.plan.clinics, told.base_text)), "bold"))
    if told.base_remark is not None:
        page.say(Text(told.base_remark))


def _clinic(page: Page, plan: ClinicPlan, told: Told) -> None:
    page.hang(
        Text.assemble((visible(plan.clinic), "bold"), _INDENT, (plan.kind.value, _KINDS[plan.kind]), _INDENT),
        Text(visible(plan.file), "dim"),
    )
    certain = plan.difference is not None and plan.difference.nothing
    _say(page, headline(plan), "bold green" if certain else "bold")
    for text in (*besides_texts(plan), *taking_effect(plan, told)):
        _say(page, text)
    _difference(page, plan)
    if plan.others:
        page.gap()
        for change in plan.others:
            _say(page, other_text(change))
    replay = told.replays.get(plan.clinic)
    if replay is not None:
        page.gap()
        first, *more = replay_texts(replay, None if plan.after is None else plan.after.policy)
        _say(page, f"replay: {first}", "bold")
        for text in more:
            _say(page, f"  {text}")


def _difference(page: Page, plan: ClinicPlan) -> None:
    difference, before, after = plan.difference, plan.before, plan.after
    if difference is None or before is None or after is None:
        return
    sources = Provenance(before), Provenance(after)
    asked = asked_of((before.policy, after.policy))
    for effect in effects_of(difference):
        page.gap()
        page.hang(Text(_INDENT), _effect(effect))
        for number, region in effect.regions[:_MOST_KINDS]:
            page.hang(Text(f"{number:>5}. ", "dim"), Text(visible(where_text(region, after.policy))))
            page.hang(_BELOW, Text(visible(decider_text(region, (before, after), sources)), "dim"))
            example = visible(example_text(region.example, after.policy, asked))
            page.hang(_BELOW, Text(f"for example {example}", "dim"))
        if (left := len(effect.regions) - _MOST_KINDS) > 0:
            page.hang(_BELOW, Text(f"and {kinds_text(left)} more: `--format json` tells them", "dim"))
    page.gap()
    if lines := list(lacking_texts(difference, (before, after), sources)):
        _say(page, LACKING)
        for text, _ in lines[:_MOST_KINDS]:
            page.hang(_BULLET, Text(visible(text)))
        if left := sum(number for _, number in lines[_MOST_KINDS:]):
            page.hang(_BELOW, Text(f"and {kinds_text(left)} more", "dim"))
        page.gap()
    for text in remarks(difference, before.policy, after.policy):
        _say(page, text, "dim")


def _effect(effect: Effect) -> Text:
    """What becomes of the bookings below it."""
    said = Text.assemble(_outcome(effect.before))
    if effect.before is not effect.after:
        said.append_text(_ARROW).append_text(_outcome(effect.after))
    if come := [change_text(change) for change in effect.changes if change.before is None]:
        said.append(f" ({visible(', '.join(come))})")
    for change in effect.changes:
        if change.before is not None:
            said.append(f"; {visible(change_text(change))}")
    return said


def _outcome(outcome: Outcome) -> Text:
    return Text(f"{MARKS[outcome]} {outcome_text(outcome)}", STYLES[outcome])


def _say(page: Page, text: str, style: str = "") -> None:
    said = text.lstrip(" ")
    page.hang(Text(_INDENT + " " * (len(text) - len(said))), Text(visible(said), style))
