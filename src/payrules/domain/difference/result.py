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
    """The bookings that one rule (or the defaults) decided before and one decides after, to one effect.

    The effect is the outcome on either side, and one that is another or a setting that is. `lacking` has the paths of
    what all of them lack: one fact, or contacts of whoever pays; nothing where some are complete. Where they are
    `listed`, they have no price of their own, and the price lists differ on theirs.

    `where` holds for all that lack just these: the conditions of both rules in one, without what changed rules before
    them take. It is `exact` where the two rules decide all for which it holds; else other rules that stand before them
    take some. A price of nothing makes an effect of its own, and is left to that.

    `settings` are those in which the example differs: none where it is not billed on one side. `example` is a booking
    of the region that has all other facts.
    """

    where: Condition
    exact: bool
    lacking: tuple[str, ...]
    listed: bool
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
    regions are told, and `payments`. `regions` are the first `most` of `found`: those that lack nothing first, in the
    order of the rules after, then before. The `unsettled` are the first `most` of `unsettled_found` pairs, in that
    order, too; of some, other regions may be told. `lacking` is how many of those found lack something.
    """

    whole: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    found: int = 0
    lacking: int = 0
    unsettled: tuple[Unsettled, ...] = ()
    unsettled_found: int = 0

    @property
    def nothing(self) -> bool:
        """Whether it is proved that no booking is treated differently."""
        return not self.whole and not self.found and not self.unsettled_found
