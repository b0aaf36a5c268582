"""The rows of the ledger: what it keeps, as plain values.

Every instant is an aware UTC `datetime`; a ledger keeps microseconds. Numbers (`clinic_no`, `booking_no`,
`event_no`) are the ledger's own narrow keys.
"""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from payrules.domain.action import ActionKey
from payrules.domain.events import EventType
from payrules.domain.policy import Channel
from payrules.domain.record import BookingRecord, Decided, Stamp
from payrules.domain.timeline import Activation

# ---- clinics, timelines, files


class ClinicRow(NamedTuple):
    """`version` is raised with every change of the timeline, of the verification or of the holds, so that whoever
    keeps any of them in memory sees that it is old.
    """

    clinic_no: int
    clinic: str
    version: int


class ActivationRow(NamedTuple):
    """An activation with where it came from: `actor`, the file's path, its revision (git commit) and content hash
    (SHA-256, hex), each None where there is none.
    """

    activation: Activation
    actor: str
    source: str | None = None
    revision: str | None = None
    content_hash: str | None = None


class PolicyRow(NamedTuple):
    """A policy version by its digest: the canonical text, and the lines of the file it was first compiled from.

    `content` is that file, so that every decision can be explained by its line for ever.
    """

    digest: str
    canonical: bytes
    source: str
    content: bytes


class LegalForm(StrEnum):
    """What a verified clinic is."""

    COMPANY = "company"
    SOLE_PROPRIETORSHIP = "sole_proprietorship"


class VerificationRow(NamedTuple):
    """What the payment side says of a clinic; the latest row holds. `verified` False is a withdrawal."""

    number: int
    verified: bool
    legal_form: LegalForm | None
    legal_name: str | None
    organisation_number: str | None
    recorded_at: datetime
    actor: str


class FileRow(NamedTuple):
    """What the daemon last saw of one clinic file, by path. `diagnostics` is the JSON of `validate --format json`.

    `activated_hash` and `rejected_hash` are the content hashes last activated and last rejected; `problem` is None
    while the last look was fine, else a closed word: `rejected`, `empty`, `missing`, `twice`.
    """

    path: str
    clinic: str | None
    seen_at: datetime
    activated_hash: str | None = None
    rejected_hash: str | None = None
    problem: str | None = None
    diagnostics: tuple[str, ...] = ()


class HoldRow(NamedTuple):
    """A clinic's open actions are stopped, all or those of one activation.

    What came of its release is None while it holds.
    """

    number: int
    sequence: int | None
    reason: str
    actor: str
    held_at: datetime
    released_at: datetime | None = None
    released_by: str | None = None
    release_reason: str | None = None


# ---- events and bookings


class EventState(StrEnum):
    """What became of an event. `EARLY` waits for its booking."""

    APPLIED = "applied"
    STALE = "stale"
    EARLY = "early"
    REFUSED = "refused"


class EventRow(NamedTuple):
    """An event as it was received. `fingerprint` is the SHA-256 of its content: the same id with another is refused.

    `body` is its content as JSON without names and addresses (those are in contacts under `event_no`); None for
    `booked`, whose facts the booking keeps. `booking_no` is None while the booking is unknown. `reason` says why it
    was refused or is stale.
    """

    event_no: int
    event_id: str
    type: EventType
    booking_id: str
    booking_no: int | None
    occurred_at: datetime
    received_at: datetime
    state: EventState
    fingerprint: bytes
    body: str | None = None
    reason: str | None = None


class Party(IntEnum):
    """Whose contacts they are."""

    CLIENT = 1
    PAYER = 2


class Contact(NamedTuple):
    """How a person is reached. The only place of a ledger that holds names and addresses; it can be erased."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


class ContactRow(NamedTuple):
    """A contact, under the event that told it."""

    event_no: int
    party: Party
    contact: Contact


class StoredRecord(NamedTuple):
    """A booking of the ledger. `facts` is the JSON that `app.facts` reads and writes; contacts are kept apart, under
    the event `client_event` or `payer_event` that told them last (None: never told). `first_id` is the id it had first,
    None where it has it still.
    """

    clinic_no: int
    booking_no: int
    record: BookingRecord
    facts: str
    client_event: int | None
    payer_event: int | None
    first_id: str | None = None

    @property
    def key_id(self) -> str:
        """The id that idempotency keys name: the one the booking had first, whatever it is called since."""
        return self.first_id or self.record.booking.id


class DecisionRow(NamedTuple):
    """A recorded decision with the facts it rests on (JSON) and the actions it wanted (JSON), for `audit`."""

    booking_no: int
    number: int
    stamp: int
    decided_at: datetime
    facts: str
    actions: str


class Past(NamedTuple):
    """All stamps and decisions of a booking, the first ones first; each decision's row with what followed."""

    stamps: tuple[Stamp, ...]
    decisions: tuple[tuple[DecisionRow, Decided], ...]


# ---- dispatch


class Lane(IntEnum):
    """Which adapter carries an action out: each lane is claimed by itself, so that none waits for another."""

    INVOICE = 1
    SMS = 2
    EMAIL = 3


def lane_of(key: ActionKey) -> Lane:
    """The lane of an action."""
    if key.channel is None:
        return Lane.INVOICE
    return Lane.SMS if key.channel is Channel.SMS else Lane.EMAIL


class Claimed(NamedTuple):
    """An action this worker holds until its lease ends. `attempt` counts the one that begins now.

    `unsure` is true where nobody knows what an earlier attempt did; `expired` where it was the last one, and it did not
    end before its lease.
    """

    clinic_no: int
    booking_no: int
    key: ActionKey
    attempt: int
    lease_until: datetime
    expired: bool = False
    unsure: bool = False


class AttemptRow(NamedTuple):
    """One attempt of an action, when it is over. `answer`: delivered, retry_later, rejected, no_answer."""

    clinic_no: int
    booking_no: int
    key: ActionKey
    attempt: int
    started_at: datetime
    ended_at: datetime
    answer: str
    detail: str
    worker: str


class DeedRow(NamedTuple):
    """What a person did about one action, by whom and why; `verb` is an `app.stuck.Verb`. Kept for ever."""

    number: int
    key: ActionKey
    verb: str
    actor: str
    reason: str
    done_at: datetime


class NewBooking(NamedTuple):
    """Everything that is written for a booking that is seen for the first time."""

    stored: StoredRecord
    decision: DecisionRow
    contacts: tuple[ContactRow, ...]


class Change(NamedTuple):
    """A booking before and after; `decision` where it was decided again. Actions are written where they differ,
    fenced by the state and attempt they had before.
    """

    before: StoredRecord
    after: StoredRecord
    decision: DecisionRow | None = None
    contacts: tuple[ContactRow, ...] = ()
