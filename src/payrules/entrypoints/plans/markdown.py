"""A plan as Markdown for a comment on a pull request: bounded, the details folded."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from payrules.app.planning import ClinicPlan
from payrules.app.provenance import Provenance
from payrules.entrypoints.decisions.settings import change_text
from payrules.entrypoints.decisions.words import MARKS, counted, outcome_text
from payrules.entrypoints.markup import cells, code, header, inert
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

LONGEST: Final = 50_000
"""The most bytes of a comment: GitHub takes 65,536 characters, and whoever posts it may add to it."""
_FOR_HEADS: Final = LONGEST // 2
_FOR_TAIL: Final = 300
_MOST_KINDS: Final = 20
"""How many kinds of bookings of one effect are told."""


class _Clinic(NamedTuple):
    """What is always told of a clinic, and what is told where there is room, each with its kinds of bookings."""

    head: str
    more: list[tuple[str, int]]


def markdown_of(told: Told) -> str:
    """The comment. What does not fit is counted at its end: first the kinds of bookings, then whole clinics."""
    clinics = [_clinic(plan, told) for plan in told.plan.clinics]
    title = f"## payrules plan\n\n**{inert(totals(told.plan.clinics, told.base_text))}**\n"
    if told.refused:
        title += f"\n{counted(told.refused, 'record')} refused, and not replayed\n"
    if told.not_in_force:
        title += "".join(f"\n- {inert(line)}" for line in not_in_force_texts(told.not_in_force)) + "\n"
    if told.base_remark is not None:
        title += f"\n{told.base_remark}\n"
    room = LONGEST - _FOR_TAIL - len(title.encode())
    shown, room = _as_many(clinics, room)
    texts, left, other = [title], 0, 0
    for clinic in shown:
        texts.append(clinic.head)
        for text, kinds in clinic.more:
            size = len(text.encode()) + 1
            if size > room:
                # Nothing smaller slips in behind it: what is told has no holes.
                room = 0
                left += kinds
                other += not kinds
                continue
            room -= size
            texts.append(text)
    return "\n".join([*texts, *_tail(len(clinics) - len(shown), left, other)])


def _as_many(clinics: list[_Clinic], room: int) -> tuple[list[_Clinic], int]:
    """As many clinics as may be told of at all, and the room that their heads leave."""
    used = 0
    for number, clinic in enumerate(clinics):
        size = len(clinic.head.encode()) + 1
        if used + size > min(_FOR_HEADS, room):
            return clinics[:number], room - used
        used += size
    return clinics, room - used


def _tail(clinics: int, kinds: int, other: int) -> Iterator[str]:
    said = [counted(clinics, "clinic file")] if clinics else []
    said += [kinds_text(kinds)] if kinds else []
    said += [counted(other, "other detail")] if other else []
    if said:
        yield f"Left out here: {', '.join(said)}. `payrules plan --format json` tells everything.\n"


def _clinic(plan: ClinicPlan, told: Told) -> _Clinic:
    head = f"### {code(plan.clinic)} · {plan.kind} · {code(plan.file)}\n\n**{inert(headline(plan))}**\n"
    head += "".join(f"\n- {inert(text)}" for text in (*besides_texts(plan), *taking_effect(plan, told)))
    head = head.rstrip("\n") + "\n"
    return _Clinic(head, [*_replay(plan, told), *_effects(plan), *_others(plan)])


def _replay(plan: ClinicPlan, told: Told) -> Iterator[tuple[str, int]]:
    replay = told.replays.get(plan.clinic)
    if replay is not None:
        first, *more = replay_texts(replay, None if plan.after is None else plan.after.policy)
        lines = "".join(f"\n- {inert(text)}" for text in more)
        yield f"**Replay:** {inert(first)}\n{lines}\n", 0


def _others(plan: ClinicPlan) -> Iterator[tuple[str, int]]:
    if plan.others:
        lines = "".join(f"- {inert(other_text(change))}\n" for change in plan.others)
        number = counted(len(plan.others), "change")
        yield f"<details><summary>Beside decisions: {number}</summary>\n\n{lines}\n</details>\n", 0


def _effects(plan: ClinicPlan) -> Iterator[tuple[str, int]]:
    """A folded text for each effect, and how many kinds of bookings it tells of."""
    difference, before, after = plan.difference, plan.before, plan.after
    if difference is None or before is None or after is None:
        return
    sources = Provenance(before), Provenance(after)
    asked = asked_of((before.policy, after.policy))
    for effect in effects_of(difference):
        shown = effect.regions[:_MOST_KINDS]
        rows = (
            cells(
                inert(where_text(region, after.policy)),
                inert(decider_text(region, (before, after), sources)),
                inert(example_text(region.example, after.policy, asked)),
            )
            for _, region in shown
        )
        more = [] if len(shown) == len(effect.regions) else [f"and {len(effect.regions) - len(shown)} more", ""]
        lines = [
            f"<details><summary>{_effect(effect)} ({kinds_text(len(effect.regions))})</summary>",
            "",
            *header(("Bookings", "Decided by", "For example")),
            *rows,
            "",
            *more,
            "</details>",
            "",
        ]
        yield "\n".join(lines), len(effect.regions)
    if said := list(lacking_texts(difference, (before, after), sources)):
        kinds = sum(number for _, number in said)
        items = (f"- {inert(text)}" for text, _ in said)
        summary = f"<details><summary>{LACKING.capitalize()} ({kinds_text(kinds)})</summary>"
        yield "\n".join([summary, "", *items, "", "</details>", ""]), kinds
    if texts := list(remarks(difference, before.policy, after.policy)):
        yield "".join(f"- {inert(text.strip())}\n" for text in texts), 0


def _effect(effect: Effect) -> str:
    before, after = (f"{MARKS[outcome]} {outcome_text(outcome)}" for outcome in (effect.before, effect.after))
    said = before if effect.before is effect.after else f"{before} → {after}"
    if come := [inert(change_text(change)) for change in effect.changes if change.before is None]:
        said += f" ({', '.join(come)})"
    return "; ".join([said, *(inert(change_text(change)) for change in effect.changes if change.before is not None)])
