"""Who has claimed what: until the lease is over nobody else takes it, and whoever has it alone writes how it ended."""

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from payrules.domain.action import ActionKey, ActionState

if TYPE_CHECKING:
    from tests.simulation.world import World


class Claim(NamedTuple):
    """An attempt of an action, and whose it is until when."""

    worker: str
    attempt: int
    lease_until: datetime


class Claims:
    """The claims of a world, as the commits show them."""

    def __init__(self) -> None:
        self._claims: dict[tuple[int, int, ActionKey], Claim] = {}

    def look(self, world: "World", actor: str) -> None:
        """Somebody has committed: what became of the claims by it."""
        names = {number: clinic for clinic, number in world.clinic_nos.items()}
        places = [(world.clinic_nos[clinic], number) for clinic, number in world.known]
        with world.raw.reading() as tx:
            stored = tx.records_by_number(places, lock=False)
        for place, row in stored.items():
            for action in row.record.actions:
                before = self._claims.get((*place, action.key))
                if action.state is ActionState.HELD:
                    # Whoever lets it go does not know any more that its provider asked to wait.
                    world.asked_for.pop((names[place[0]], place[1], action.key), None)
                if action.state is not ActionState.CLAIMED:
                    if before is not None:
                        del self._claims[*place, action.key]
                        self._ended(world, actor, before, action.key)
                elif before is None or before.attempt != action.attempt:
                    assert action.next_at is not None
                    self._claims[*place, action.key] = Claim(actor, action.attempt, action.next_at)
                    if before is not None and world.now < before.lease_until:
                        world.wrong(f"{actor} claims {action.key} of {place}, and {before} is not over")

    def _ended(self, world: "World", actor: str, claim: Claim, key: ActionKey) -> None:
        # Others than workers may end it too: what a person drops, or an event does away with.
        if actor.startswith("worker") and actor != claim.worker:
            world.wrong(f"{actor} writes how {key} ended, and {claim} is another's")
