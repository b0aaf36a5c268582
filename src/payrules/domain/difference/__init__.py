"""The exact difference of two policies: which bookings, complete or not, are treated differently.

The search for them is that of the analysis (`payrules.domain.boxes`), over the rules of both policies at once. How
the facts that a booking may lack come in, and why nothing is overlooked, tells docs/explanation/difference.md.
"""

from payrules.domain.difference.differing import SINCE, differ
from payrules.domain.difference.result import Difference, Region, Side, Unsettled
from payrules.domain.treatment import Setting

__all__ = ["SINCE", "Difference", "Region", "Setting", "Side", "Unsettled", "differ"]
