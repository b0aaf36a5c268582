"""What becomes of bookings that are treated differently; regions of one effect are told together."""

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
    found: dict[tuple[Outcome, Outcome, tuple[Change, ...]], Effect] = {}
    for number, region in enumerate(difference.regions, 1):
        if region.lacking:
            continue
        old, new = region.before.decision, region.after.decision
        key = old.outcome, new.outcome, setting_changes(old, new)
        found.setdefault(key, Effect(*key, [])).regions.append((number, region))
    return list(found.values())
