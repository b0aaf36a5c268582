"""What the ledger knows of one booking: facts, stamp, decision, invoice and actions, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from payrules.domain.action import Action
from payrules.domain.booking import Booking
from payrules.domain.decision import Outcome, Reason
from payrules.domain.events import EventType, OverrideProcess
from payrules.domain.money import Money


class BookingState(StrEnum):
    """Where the billing of a booking is."""

    UNDECIDED = "undecided"
    EXTERNALLY_BILLED = "externally_billed"
    NO_CHARGE = "no_charge"
    SCHEDULED = "scheduled"
    """Automatic: the draft is made or being made, the link goes out at its time."""
    DRAFT = "draft"
    """A person checks the draft and sends the link."""
    STOPPED = "stopped"
    """The client did not come, or cancelled what is charged: a person bills or drops."""
    ISSUED = "issued"
    PAID = "paid"
    CANCELLED = "cancelled"


class InvoiceState(StrEnum):
    """What the provider of invoices was asked for and has done, for the current ordinal."""

    NONE = "none"
    DRAFTED = "drafted"
    ISSUED = "issued"
    CREDITED = "credited"
    DELETED = "deleted"


class Stamp(NamedTuple):
    """The policy version a booking was booked under. Written once; a second one only by `restamp`.

    `number` counts a booking's stamps from 1. `sequence` and `digest` are the activation's, both None where none was
    in force at `booked_at`; `digest` alone is None where the clinic's verification was withdrawn then.
    `engine` and `tzdata` are the versions of payrules and of the time zones that decided. `by` and `reason` are a
    person's, of a second stamp.
    """

    number: int
    sequence: int | None
    digest: str | None
    engine: str
    tzdata: str
    stamped_at: datetime
    by: str | None = None
    reason: str | None = None


class Decided(NamedTuple):
    """A decision as it is recorded: what followed, without what the policy still tells.

    `number` counts a booking's decisions from 1; `not_before` is the instant it was asked with.
    """

    number: int
    outcome: Outcome
    reason: Reason
    rule: int | None
    price: Money | None
    missing: tuple[str, ...]
    not_before: datetime


class ByPerson(NamedTuple):
    """What persons decided about one booking; it survives every new decision.

    `price` was set on the draft, `send_at` is the absolute time of `drafts send --at`.
    """

    override: OverrideProcess | None = None
    override_by: str = ""
    override_reason: str = ""
    price: Money | None = None
    send_at: datetime | None = None


NOBODY = ByPerson()
"""No person decided anything."""


class InvoiceFacts(NamedTuple):
    """The booking's current invoice. Amounts are in minor units of the clinic's currency.

    `ordinal` counts the booking's invoices from 1. `total` is frozen at issue, None before. `paid` is what came in
    less what went back, over all ordinals. `number`, `link` and `due_on` are the provider's.
    """

    ordinal: int = 1
    state: InvoiceState = InvoiceState.NONE
    total: int | None = None
    paid: int = 0
    number: str | None = None
    link: str | None = None
    due_on: date | None = None


NO_INVOICE = InvoiceFacts()
"""Nothing was invoiced yet."""

_NEVER: Mapping[EventType, datetime] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class BookingRecord:
    """One booking in the ledger. `lifecycle.advance` makes the next one from it; nothing changes it in place.

    `applied` holds, by kind of event, the `occurred_at` of the latest one applied: an older one is stale.
    `actions` are all actions of all its invoices, in the order of their keys.
    """

    booking: Booking
    stamp: Stamp
    state: BookingState
    decided: Decided
    invoice: InvoiceFacts = NO_INVOICE
    by_person: ByPerson = NOBODY
    actions: tuple[Action, ...] = ()
    # Before Python 3.12 a proxy has no hash, and a dataclass takes it for a default that may change.
    applied: Mapping[EventType, datetime] = field(default_factory=lambda: _NEVER)
