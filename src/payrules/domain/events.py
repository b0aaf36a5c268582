"""What happens to a booking: events from the booking system, from persons, and from the outbox itself.

An event is a value. Its id, its clinic and its booking are the envelope's (`app.ports.EventRow`); here is what it
says, with the time it happened at (`occurred_at`, an aware UTC instant).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from payrules.domain.action import ActionKey
from payrules.domain.booking import Booking
from payrules.domain.money import Money
from payrules.domain.policy import Channel, PaymentMethod


class EventType(StrEnum):
    """Kinds of events; `draft_sent` and `link_resent` come from persons only, those after them from inside."""

    BOOKED = "booked"
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"
    PRICE_CHANGED = "price_changed"
    UPDATED = "updated"
    NO_SHOW = "no_show"
    OVERRIDE = "override"
    PAID = "paid"
    REFUNDED = "refunded"
    CREDITED = "credited"
    DRAFT_SENT = "draft_sent"
    LINK_RESENT = "link_resent"
    INVOICE_CREATED = "invoice_created"
    INVOICE_ISSUED = "invoice_issued"
    LINK_SENT = "link_sent"
    SEND_FAILED = "send_failed"


class OverrideProcess(StrEnum):
    """What a person decides about one booking, whatever the clinic file says."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment was booked. `replaces` is the id the same booking had before, where its system changes ids."""

    occurred_at: datetime
    booking: Booking
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """The appointment was moved."""

    occurred_at: datetime
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The appointment was cancelled; with `charge` a person decides whether it is billed all the same."""

    occurred_at: datetime
    by: str = ""
    reason: str = ""
    charge: bool = False


@dataclass(frozen=True, slots=True)
class PriceChanged:
    """The booking system has another price. `by_person` where a person set it on the draft: then it stays."""

    occurred_at: datetime
    price: Money
    by_person: bool = False


@dataclass(frozen=True, slots=True)
class Updated:
    """Facts that changed or became known: fields of `Booking` by name, never id, clinic, booked_at or price."""

    occurred_at: datetime
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class NoShow:
    """The client did not come."""

    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Override:
    """A person decides the process of one booking."""

    occurred_at: datetime
    process: OverrideProcess
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Paid:
    """Money came in, in whole or in part."""

    occurred_at: datetime
    amount: Money
    method: PaymentMethod | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refunded:
    """Money went back."""

    occurred_at: datetime
    amount: Money


@dataclass(frozen=True, slots=True)
class Credited:
    """A person credits the issued invoice; a fresh draft follows."""

    occurred_at: datetime
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DraftSent:
    """A person sends the draft, at an absolute time; None is at once."""

    occurred_at: datetime
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinkResent:
    """A person sends the payment link once more; without a channel as it went out before."""

    occurred_at: datetime
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class InvoiceCreated:
    """The draft was made, changed or deleted, as the action says."""

    occurred_at: datetime
    key: ActionKey
    receipt: str


@dataclass(frozen=True, slots=True)
class InvoiceIssued:
    """The invoice was issued, or credited, as the action says; `receipt` is its number.

    `total` is what was issued, in minor units, where the price may have changed while it was; None: today's. `link` is
    where it can be paid, `due_on` the day it is due; None where the provider does not tell.
    """

    occurred_at: datetime
    key: ActionKey
    receipt: str
    total: int | None = None
    link: str | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class LinkSent:
    """A message with the payment link, or a reminder, was delivered."""

    occurred_at: datetime
    key: ActionKey
    receipt: str


@dataclass(frozen=True, slots=True)
class SendFailed:
    """An action came to its end without its effect, or nobody knows.

    `state` is rejected, dead, held, or cancelled: claimed and then not started, because it was `stopping`.
    """

    occurred_at: datetime
    key: ActionKey
    state: str
    cause: str


Event = (
    Booked
    | Rescheduled
    | Cancelled
    | PriceChanged
    | Updated
    | NoShow
    | Override
    | Paid
    | Refunded
    | Credited
    | DraftSent
    | LinkResent
    | InvoiceCreated
    | InvoiceIssued
    | LinkSent
    | SendFailed
)
"""Everything `lifecycle.advance` understands."""
