"""What is written down of a simulation: who is at work, what was done and told, and how much goes wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from tests.simulation.plan import Input
from tests.simulation.providers import Request

from payrules.app.rows import EventRow, Lane
from payrules.domain.action import ActionKey, Answer

Identity = tuple[str, int, ActionKey]
"""An action, whatever the booking is called at the moment."""


@dataclass
class Step:
    """A process at work."""

    actor: str
    moment: int
    at: datetime
    inputs: tuple[Input, ...] = ()
    lane: Lane | None = None
    """What a worker works."""
    behind: timedelta = timedelta()
    """How far his clock is behind: that of a machine that stood still until it is set right."""


@dataclass
class Effect:
    """What a provider did."""

    at: datetime
    moment: int
    request: Request
    answer: Answer


class Wait(NamedTuple):
    """In an attempt a provider has asked not to be asked again until then.

    `releases` is how often a person had let it go.
    """

    until: datetime
    attempt: int
    releases: int


@dataclass
class Seen:
    """An event as the ledger has it: what was told, and what became of it."""

    told: Input
    row: EventRow


@dataclass(frozen=True)
class Odds:
    """How much goes wrong in this world. `only` is the one point at which a process dies, of all that are passed.

    `depth` says how many may be interrupted in the middle of what they do: with 2, who comes in between is, too.
    With `freezing` a worker who loses his lease while he is interrupted may not see it by his clock.
    """

    crash: float = 0.0
    fault: float = 0.0
    between: float = 0.0
    depth: int = 1
    freezing: bool = False
    conflict: float = 0.0
    only: int | None = None


def turn(
    one: tuple[EventRow, Input], applied: list[tuple[EventRow, Input]], places: dict[str, int]
) -> tuple[object, ...]:
    """In the order in which they were told; what waited for its booking comes after that, the oldest first."""
    row, told = one
    place = places.get(told.event_id, -1)
    if told.kind != "booked":
        for other, booked in applied:
            former = booked.fields.get("replaces") if other.event_no == other.booking_no else None
            its = booked.kind == "booked" and told.booking_id in (booked.booking_id, former)
            if its and place < places[booked.event_id]:
                return places[booked.event_id], 1, row.occurred_at, row.event_no
    return place, 0, row.occurred_at, row.event_no
