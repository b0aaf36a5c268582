"""What a difference of two policies tells: regions of bookings, each with an example."""

from typing import NamedTuple

from payrules.domain.booking import Booking
from payrules.domain.decision import Decision
from payrules.domain.policy import Condition
from payrules.domain.treatment import Setting


class Side(NamedTuple):
    """One side of a difference.

    `rule` is the number of the rule in that policy that decides, or that cannot be settled; None for the defaults.
    `decision` is that of the region's example.
    """

    rule: int | None
    decision: Decision


class Region(NamedTuple):
    """The bookings that one rule (or the defaults) decided before and one decides after, where they differ.

    `lacking` has the paths of the facts that all of them lack: none where some are complete, the price where they have
    none of their own. `where` holds for all that lack just these, of the session types that it names: the conditions of
    both rules in one, without what changed rules before them take. It is not the whole truth: unchanged rules take
    some, too. `settings` are those in which the example differs: none where it is not billed on one side. `example` is
    a booking of the region that has all other facts.
    """

    where: Condition
    lacking: tuple[str, ...]
    before: Side
    after: Side
    settings: tuple[Setting, ...]
    example: Booking


class Unsettled(NamedTuple):
    """Two rules (None: the defaults) of which it was too hard to say whether a booking goes from one to the other."""

    before: int | None
    after: int | None


class Difference(NamedTuple):
    """What differs between two policies.

    `whole` names keys whose change alone treats all bookings differently: `timezone` and `currency`, of which no
    regions are told, and `payments`. `regions` come in the order of the rules after, then before, the first `most`
    of `found`; so do the `unsettled`, the first `most` of `unsettled_found`.
    """

    whole: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    found: int = 0
    unsettled: tuple[Unsettled, ...] = ()
    unsettled_found: int = 0

    @property
    def nothing(self) -> bool:
        """Whether it is proved that no booking is treated differently."""
        return not self.whole and not self.found and not self.unsettled_found
