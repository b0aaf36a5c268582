"""What a booking costs, what was paid, and what has to go back."""

from payrules.domain.action import ActionState
from payrules.domain.decision import ActionType, Uncovered
from payrules.domain.money import Money
from payrules.domain.policy import Policy
from payrules.domain.record import BookingRecord, BookingState, InvoiceState


def amount_of(record: BookingRecord) -> Money | None:
    """What the draft is about: the price a person set, else the decision's; None while unknown."""
    return record.by_person.price or record.decided.price


def has_currency(record: BookingRecord, amount: Money, cover: Policy | Uncovered) -> bool:
    """Whether an amount is in the clinic's currency, as far as it is known."""
    if isinstance(cover, Policy):
        return amount.currency == cover.currency
    price = record.booking.price
    return price is None or amount.currency == price.currency


def is_issued(record: BookingRecord) -> bool:
    """Whether the current invoice is issued, and not credited."""
    return record.invoice.state is InvoiceState.ISSUED


def was_credited(record: BookingRecord) -> bool:
    """Whether an invoice of the booking is credited, or about to be. A person sends what follows."""
    return any(a.key.type is ActionType.CREDIT_INVOICE and a.state is not ActionState.CANCELLED for a in record.actions)


def is_reached(record: BookingRecord) -> bool:
    """Whether what came in covers the invoice. Money for a credited one does not pay a draft by itself."""
    if is_issued(record):
        total = record.invoice.total
        return total is not None and record.invoice.paid >= total
    amount = amount_of(record)
    return amount is not None and 0 < amount.minor <= record.invoice.paid and not was_credited(record)


def refund_due(record: BookingRecord) -> int:
    """What came in above what is owed, in minor units: a person refunds it.

    Nothing is known to be owed by a booking that is cancelled, free, or credited and not issued again; what an
    external bill or a missing fact leaves open is not ours to give back.
    """
    paid = record.invoice.paid
    if record.state in (BookingState.EXTERNALLY_BILLED, BookingState.UNDECIDED):
        return 0
    if record.state in (BookingState.CANCELLED, BookingState.NO_CHARGE):
        return max(paid, 0)
    if is_issued(record):
        return max(paid - (record.invoice.total or 0), 0)
    if was_credited(record):
        return max(paid, 0)
    amount = amount_of(record)
    return 0 if amount is None else max(paid - amount.minor, 0)
