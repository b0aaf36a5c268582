"""The policy: the compiled, immutable meaning of a clinic file.

Everything here is a value. A policy knows no file, no line and no time of activation: where a setting was
written is kept by the compiler beside the policy, so that two files of the same meaning are equal.
"""

from dataclasses import dataclass, field
from datetime import date, tzinfo
from enum import StrEnum
from typing import Any, NamedTuple

from payrules.domain.duration import ZERO, Duration
from payrules.domain.money import Decimals


class Word(StrEnum):
    """A closed set of words, hashed as the text they are: enums hash in Python, and deciding hashes much."""

    __hash__ = str.__hash__


class Process(Word):
    """Who sends the payment link: payrules at the set time, or a person."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class Send(Word):
    """What the time of the payment link counts from."""

    AFTER_BOOKING = "after_booking"
    BEFORE_APPOINTMENT = "before_appointment"
    AFTER_APPOINTMENT = "after_appointment"


class Channel(Word):
    """How a message reaches the payer."""

    SMS = "sms"
    EMAIL = "email"


class Delivery(Word):
    """Whether a message goes out on every channel or on the first that reaches the payer."""

    ALL = "all"
    FIRST_AVAILABLE = "first_available"


class PaymentMethod(Word):
    """What the dialog for a manual payment starts with."""

    CASH = "cash"
    CARD_TERMINAL = "card_terminal"
    BANK_TRANSFER = "bank_transfer"
    MOBILE_PAYMENT = "mobile_payment"
    GIFT_CARD = "gift_card"
    OTHER = "other"


class Place(Word):
    """Where the appointment is held: the closed values of the fact `location`."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    PHONE = "phone"


class PayerKind(Word):
    """Who pays: the closed values of the fact `payer.kind`."""

    CLIENT = "client"
    GUARDIAN = "guardian"
    EMPLOYER = "employer"
    INSURER = "insurer"
    PUBLIC = "public"


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Names of the weekdays; the index is `date.weekday()`."""


class MessageKind(Word):
    """What a message is about."""

    PAYMENT_LINK = "payment_link"
    REMINDER = "reminder"


class TextPart(Word):
    """The texts a message is made of: an SMS of one, an email of a subject and a body."""

    SMS = "sms"
    SUBJECT = "subject"
    EMAIL = "email"


class TextKey(NamedTuple):
    """Which text of a clinic this is. `language` is a code such as `nb` or `en-GB`."""

    language: str
    kind: MessageKind
    part: TextPart


class QuietHours(NamedTuple):
    """No message on `channels` between two wall times; minutes after midnight, may wrap it."""

    from_minute: int
    to_minute: int
    channels: frozenset[Channel]

    def hold(self, minute: float) -> bool:
        """Whether a wall time, in minutes after midnight, lies inside (half-open)."""
        if self.from_minute < self.to_minute:
            return self.from_minute <= minute < self.to_minute
        return minute >= self.from_minute or minute < self.to_minute


class Notification(NamedTuple):
    """When and how the client gets the payment link. `send` is None where nothing says when."""

    send: Send | None = None
    offset: Duration = ZERO
    channels: tuple[Channel, ...] = (Channel.SMS, Channel.EMAIL)
    delivery: Delivery = Delivery.ALL
    quiet_hours: QuietHours | None = None


class Manual(NamedTuple):
    """What holds for a booking whose process is manual."""

    create_draft: bool = True
    default_method: PaymentMethod = PaymentMethod.CASH


class InvoiceTerms(NamedTuple):
    """What is written on an invoice. `vat_rate` is in percent, `due_in` whole days from the day of issue."""

    due_in: Duration = Duration(days=14)
    vat_rate: Decimals = Decimals(0, 0)
    number_prefix: str = ""


class Terms(NamedTuple):
    """Everything a booking is decided under: the clinic's defaults, or those changed by a rule."""

    process: Process
    notification: Notification = Notification()
    reminders: tuple[Duration, ...] = ()
    manual: Manual = Manual()
    invoice: InvoiceTerms = InvoiceTerms()


class Range(NamedTuple):
    """A half-open range of whole numbers; None is open. The unit is the condition's."""

    at_least: int | None = None
    below: int | None = None

    def holds(self, value: int) -> bool:
        """Whether `at_least <= value < below`."""
        return (self.at_least is None or value >= self.at_least) and (self.below is None or value < self.below)


class DateRange(NamedTuple):
    """A half-open range of dates in clinic time; None is open."""

    from_on: date | None = None
    before_on: date | None = None


class TimeRange(NamedTuple):
    """A half-open range of wall times in minutes after midnight; may wrap midnight."""

    from_minute: int
    to_minute: int


class TagCondition(NamedTuple):
    """Tags of the client: the groups that are given are combined by and. An empty group is not given."""

    any_of: frozenset[str] = frozenset()
    all_of: frozenset[str] = frozenset()
    none_of: frozenset[str] = frozenset()


class Condition(NamedTuple):
    """`when` of a rule: every field that is not None must hold. Fields stand in the order of the reference.

    `price` is in minor units of the clinic's currency, `duration` and `lead_time` in seconds.
    """

    session_type: frozenset[str] | None = None
    practitioner: frozenset[str] | None = None
    location: frozenset[Place] | None = None
    payer: frozenset[PayerKind] | None = None
    client_tags: TagCondition | None = None
    price: Range | None = None
    duration: Range | None = None
    lead_time: Range | None = None
    first_visit: bool | None = None
    weekday: frozenset[int] | None = None
    starts_on: DateRange | None = None
    start_time: TimeRange | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """An exception: where `when` holds, bookings are decided under `terms`.

    `terms` are the clinic's defaults with the rule's `set` laid over them.
    """

    id: str
    when: Condition
    terms: Terms
    why: str = ""


@dataclass(frozen=True, slots=True)
class SessionType:
    """An entry of the price list; `price` is in minor units, None where the list gives none."""

    name: str
    price: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The immutable meaning of a clinic file.

    Equal digests mean equal policies. Equal policies have equal digests but for one thing: a rule whose `set`
    repeats what the clinic has anyway differs in its canonical form from one that leaves it out.

    `zone` is the time zone named by `timezone`, given by whoever compiled the policy.
    """

    clinic: str
    name: str
    country: str
    language: str
    contact: str
    timezone: str
    currency: str
    active: bool
    terms: Terms
    session_types: dict[str, SessionType] = field(hash=False)
    rules: tuple[Rule, ...]
    zone: tzinfo = field(compare=False, repr=False)
    # Texts of the clinic's own, as templates; where there is none, payrules has its own.
    messages: dict[TextKey, str] = field(hash=False, default_factory=dict)
    # Filled by matching.matcher_of at the first decision: most policies of a large set are never asked for one.
    matchers: list[Any] = field(init=False, default_factory=list, compare=False, repr=False)
