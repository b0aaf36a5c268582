"""What nobody may overlook: bookings that wait for a person, and those that payrules does not bill."""

from collections.abc import Iterable
from typing import NamedTuple

from payrules.app.simulate import Simulated
from payrules.domain.decision import Outcome
from payrules.entrypoints.decisions.words import REASONS, reason_text


class Item(NamedTuple):
    """Bookings of one clinic with the same thing to be said of them; an undecided one stands alone."""

    clinic: str
    booking_ids: list[str]
    why: str


class Notice(NamedTuple):
    """Bookings of one outcome, and what that means."""

    outcome: Outcome
    title: str
    items: list[Item]


def notices(results: Iterable[Simulated]) -> list[Notice]:
    """The notices, most pressing first; those about no booking are left out."""
    undecided: list[Item] = []
    elsewhere: dict[tuple[str, str], list[str]] = {}
    unpriced: dict[str, list[str]] = {}
    for result in results:
        booking, decision = result.booking, result.decision
        if decision.outcome is Outcome.UNDECIDED:
            undecided.append(Item(booking.clinic, [booking.id], reason_text(result)))
        elif decision.outcome is Outcome.EXTERNALLY_BILLED:
            elsewhere.setdefault((booking.clinic, REASONS[decision.reason]), []).append(booking.id)
        elif decision.outcome is Outcome.DRAFT and decision.price is None:
            unpriced.setdefault(booking.clinic, []).append(booking.id)
    drafts = [Item(clinic, ids, "") for clinic, ids in unpriced.items()]
    billed = [Item(clinic, ids, why) for (clinic, why), ids in elsewhere.items()]
    found = [
        Notice(Outcome.UNDECIDED, "undecided: nothing happens until somebody supplies what is missing", undecided),
        Notice(Outcome.DRAFT, "drafts that cannot be sent before somebody gives them a price", drafts),
        Notice(Outcome.EXTERNALLY_BILLED, "externally billed: no invoice and no message from payrules", billed),
    ]
    return [notice for notice in found if notice.items]
