"""What the lifecycle answers: the record that follows, or a refusal by name."""

from enum import StrEnum
from typing import NamedTuple

from payrules.domain.decision import Decision
from payrules.domain.record import BookingRecord


class Refusal(StrEnum):
    """Why an event or a command changes nothing: a closed list, stable for machines."""

    ALREADY_BOOKED = "already_booked"
    BOOKING_CANCELLED = "booking_cancelled"
    ALREADY_CANCELLED = "already_cancelled"
    CREDIT_FIRST = "credit_first"
    NOT_ISSUED = "not_issued"
    ALREADY_ISSUED = "already_issued"
    WRONG_CURRENCY = "wrong_currency"
    FIXED_FACT = "fixed_fact"
    ENDS_BEFORE_START = "ends_before_start"
    UNKNOWN_ACTION = "unknown_action"
    ALREADY_SETTLED = "already_settled"
    ACTION_CLAIMED = "action_claimed"
    NOT_HELD = "not_held"
    NOT_DEAD = "not_dead"
    STAGE_FAILED = "stage_failed"
    NOT_WANTED = "not_wanted"
    NO_DRAFT = "no_draft"
    NO_PRICE = "no_price"
    NO_CONTACT = "no_contact"
    ALREADY_SENT = "already_sent"
    DRAFT_DROPPED = "draft_dropped"
    NO_LINK = "no_link"
    ALREADY_PAID = "already_paid"
    LINK_ON_ITS_WAY = "link_on_its_way"
    NO_MESSAGE = "no_message"
    NEVER_TRIED = "never_tried"


SENTENCES: dict[Refusal, str] = {
    Refusal.ALREADY_BOOKED: "the booking is known already, and nothing says that it replaces another",
    Refusal.BOOKING_CANCELLED: "the booking is cancelled",
    Refusal.ALREADY_CANCELLED: "the booking is cancelled already",
    Refusal.CREDIT_FIRST: "the invoice is issued or paid: credit it first",
    Refusal.NOT_ISSUED: "no invoice is issued that could be credited",
    Refusal.ALREADY_ISSUED: "an invoice was issued under the stamp, which stays",
    Refusal.WRONG_CURRENCY: "the amount is not in the clinic's currency",
    Refusal.FIXED_FACT: "id, clinic, booked_at and price are no facts that an update may change",
    Refusal.ENDS_BEFORE_START: "the appointment would end before it starts",
    Refusal.UNKNOWN_ACTION: "the booking has no such action",
    Refusal.ALREADY_SETTLED: "the action has come to its end already",
    Refusal.ACTION_CLAIMED: "an action of the booking is being carried out: try again when it is over",
    Refusal.NOT_HELD: "the action is not held",
    Refusal.NOT_DEAD: "the action is not dead",
    Refusal.STAGE_FAILED: "what comes before it has failed: settle that first",
    Refusal.NOT_WANTED: "the booking wants no such action any more: drop it",
    Refusal.NO_DRAFT: "there is no draft that a person could change or send",
    Refusal.NO_PRICE: "the draft has no price",
    Refusal.NO_CONTACT: "no phone number or email address reaches the payer",
    Refusal.ALREADY_SENT: "the draft is sent already",
    Refusal.DRAFT_DROPPED: "a person dropped the draft or its invoice: an override asks for it again",
    Refusal.NO_LINK: "no invoice is issued whose link could be sent again",
    Refusal.ALREADY_PAID: "the invoice is paid",
    Refusal.LINK_ON_ITS_WAY: "a link is on its way already",
    Refusal.NO_MESSAGE: "only of a message can a person say that it arrived: of an invoice its provider tells more",
    Refusal.NEVER_TRIED: "no attempt to send it ended without an answer, so it did not arrive: release it or drop it",
}
"""Each refusal in words."""


class Refused(NamedTuple):
    """A refusal with its code for machines and its sentence for people."""

    code: Refusal
    sentence: str


class Note(StrEnum):
    """What a person should know of a change that was made: a closed list."""

    CANCELLED_AFTER_SENDING = "cancelled after sending"
    CANCELLED_AFTER_ISSUING = "issued while it was withdrawn: it is credited"
    PAID_BEFORE_SENDING = "sent although paid: the message was on its way"
    REFUND_HELD = "more came in than is owed: held until it is refunded"
    REFUNDED_TOO_MUCH = "more went back than came in"
    NO_LONGER_PAID = "no longer paid in full: no reminder is sent by itself"
    TIME_KEPT = "the time set by a person stays"
    FROZEN = "the invoice is issued: its amount and times stay"
    PRICE_CHANGED_WHILE_ISSUED = "the price changed while it was issued: credit it to bill the new one"
    ISSUED_WHILE_STOPPED = "issued while it was taken back: its messages wait for a person"
    NOBODY_REACHED = "no message reached the payer: held for a person"
    MAY_ARRIVE_TWICE = "nobody knows whether the link before arrived: the payer may get it twice"


class Advanced(NamedTuple):
    """What becomes of a record. With a refusal, or when stale, `record` is the one that was given.

    `decision` is the new decision, of number `record.decided.number`, where the event made one.
    """

    record: BookingRecord
    refusal: Refused | None = None
    decision: Decision | None = None
    stale: bool = False
    notes: tuple[str, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether the booking was decided again."""
        return self.decision is not None


def refused(record: BookingRecord, code: Refusal) -> Advanced:
    """Nothing changes, for a reason."""
    return Advanced(record, Refused(code, SENTENCES[code]))
