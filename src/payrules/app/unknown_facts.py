"""What a change makes undecided where a fact is not known: of each kind of booking, tried on its example."""

from typing import Any, Final

from payrules.domain.decision import Outcome, decide
from payrules.domain.difference import Region
from payrules.domain.matching import FACT_PATHS
from payrules.domain.policy import Policy

# What a booking record may leave out, by the fact that rules ask for, and where a booking keeps it.
_OPTIONAL: Final = {
    "session_type": "session_type",
    "practitioner": "practitioner",
    "location": "location",
    "client_tags": "tags",
    "price": "price",
    "first_visit": "first_visit",
}


def undecided_without(region: Region, before: Policy, after: Policy) -> tuple[str, ...]:
    """The paths of facts without any one of which the region's example was decided before, and is not after."""
    if Outcome.UNDECIDED in (region.before.decision.outcome, region.after.decision.outcome):
        return ()
    found = []
    for fact, field in _OPTIONAL.items():
        lacking: dict[str, Any] = {field: None}
        booking = region.example._replace(**lacking)
        old, new = (decide(policy, booking, booking.booked_at).outcome for policy in (before, after))
        if old is not Outcome.UNDECIDED and new is Outcome.UNDECIDED:
            found.append(FACT_PATHS[fact])
    return tuple(found)
