"""What becomes of bookings that are treated differently; regions of one effect are told together."""

from itertools import count
from typing import NamedTuple

from payrules.domain.decision import Outcome
from payrules.domain.difference import Difference, Region
from payrules.entrypoints.decisions.settings import Change, setting_changes


class Effect(NamedTuple):
    """Outcomes and the settings that differ, with the regions of bookings for which they do so, numbered from 1."""

    before: Outcome
    after: Outcome
    changes: tuple[Change, ...]
    regions: list[tuple[int, Region]]


def effects_of(difference: Difference) -> list[Effect]:
    """The effects on bookings that lack nothing, in the order of their first region."""
    found: dict[tuple[Outcome, Outcome, tuple[Change, ...]], list[Region]] = {}
    for region in difference.regions:
        if not region.lacking:
            old, new = region.before.decision, region.after.decision
            found.setdefault((old.outcome, new.outcome, setting_changes(old, new)), []).append(region)
    numbers = count(1)
    return [Effect(*key, [(next(numbers), region) for region in regions]) for key, regions in found.items()]


def in_order(difference: Difference) -> list[Region]:
    """The regions as their effects number them, the examples too; behind them those that lack something."""
    regions = [region for effect in effects_of(difference) for _, region in effect.regions]
    regions += [region for region in difference.regions if region.lacking]
    return [one._replace(example=one.example._replace(id=f"example-{n}")) for n, one in enumerate(regions, 1)]
