"""The practice's day: what a person does about a booking, each an event of its own that names them.

An event is checked, recorded and applied as those of the booking system are, in one transaction. Its id is the
caller's: the same id again changes nothing more.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from payrules.app.bookings import Bookings, Seen
from payrules.app.by_hand import plain_line
from payrules.app.event_intake import PERSON, Arrived, read_event
from payrules.app.event_shape import EVENT_ID
from payrules.app.facts import canonical
from payrules.app.fates import Fate
from payrules.app.intake import Zones
from payrules.app.ports import Ledger, Transaction
from payrules.app.practice_facts import (
    CONTACTS,
    PracticeError,
    change_of_facts,
    note_of_client,
    read_amount,
    read_facts,
    read_time,
)
from payrules.app.process import Processor
from payrules.app.records import Record, Refusal
from payrules.app.rows import Contact, EventState, Party
from payrules.domain.events import EventType, OverrideProcess
from payrules.domain.money import Money
from payrules.domain.policy import Channel, PaymentMethod

_OWN = frozenset({EventType.DRAFT_SENT, EventType.LINK_RESENT})


class Asked(NamedTuple):
    """Who asks something about which booking. `event_id` names the asking: told twice, it is done once."""

    booking_id: str
    actor: str
    event_id: str
    clinic: str | None = None


class Done(NamedTuple):
    """What became of it: applied, repeated, refused or stale, and the booking before and after.

    A refusal has its `code` (a `Refusal`, or none) and its sentence; `notes` are what else a person should know.
    """

    fate: Fate
    before: Seen
    after: Seen
    code: str | None = None
    sentence: str | None = None
    notes: tuple[str, ...] = ()


Unreachable = Callable[[Channel, str, str | None], str | None]
"""Why nothing can be sent to an address on a channel, in the clinic's country (None: not known); None where it can."""

_Make = Callable[[Transaction, Seen], tuple[EventType, dict[str, Any]]]


class Practice:
    """Does what people ask for. For one thread at a time; any number may work on one ledger.

    Every method raises PracticeError for what can be seen to be wrong before it is tried, ByHandError for names and
    reasons, UnknownBookingError, AmbiguousBookingError and UnknownClinicError.
    """

    def __init__(
        self,
        ledger: Ledger,
        bookings: Bookings,
        processor: Processor,
        zones: Zones,
        clock: Callable[[], datetime],
        unreachable: Unreachable,
    ) -> None:
        self._ledger = ledger
        self._bookings = bookings
        self._processor = processor
        self._zones = zones
        self._clock = clock
        self._unreachable = unreachable

    def set_facts(self, asked: Asked, texts: Sequence[str]) -> Done:
        """Set facts, each as `FACT=VALUE`. An address that nothing can be sent to is refused."""
        facts = read_facts(texts)

        def make(tx: Transaction, seen: Seen) -> tuple[EventType, dict[str, Any]]:
            country = None if seen.policy is None else seen.policy.country
            for path, channel in CONTACTS.items():
                why = self._unreachable(channel, facts[path], country) if facts.get(path) else None
                if why is not None:
                    raise PracticeError(f"`{path}` is {why}: nothing could be sent to it")
            payer = json.loads(seen.stored.facts).get("payer")
            return EventType.UPDATED, {"facts": change_of_facts(facts, payer, _payer_of(tx, seen))}

        done = self._do(asked, make)
        note = note_of_client(facts, json.loads(done.before.stored.facts), asked.booking_id)
        return done if note is None or done.fate is not Fate.APPLIED else done._replace(notes=(*done.notes, note))

    def price(self, asked: Asked, amount: str) -> Done:
        """Set the price of the draft."""
        return self._do(asked, lambda _, seen: (EventType.PRICE_CHANGED, {"price": _told(_amount(seen, amount))}))

    def send(self, asked: Asked, at: str | None = None) -> Done:
        """Send the draft, now or at a time of the clinic's."""

        def make(tx: Transaction, seen: Seen) -> tuple[EventType, dict[str, Any]]:
            if at is None:
                return EventType.DRAFT_SENT, {}
            send_at = read_time(at, seen.zone)
            if send_at < self._clock() and not _is_applied(tx, seen, asked.event_id):
                raise PracticeError("this time is past: leave it out to send at once")
            return EventType.DRAFT_SENT, {"send_at": send_at.isoformat()}

        return self._do(asked, make)

    def resend(self, asked: Asked, channel: Channel | None = None) -> Done:
        """Send the payment link once more."""
        return self._do(
            asked, lambda _tx, _seen: (EventType.LINK_RESENT, {} if channel is None else {"channel": channel.value})
        )

    def pay(self, asked: Asked, amount: str, method: PaymentMethod | None = None) -> Done:
        """Record money that came in; without a method by the clinic's default one."""

        def make(_: Transaction, seen: Seen) -> tuple[EventType, dict[str, Any]]:
            content: dict[str, Any] = {"amount": _told(_more_than_nothing(_amount(seen, amount)))}
            used = seen.terms.manual.default_method if method is None and seen.terms is not None else method
            return EventType.PAID, content if used is None else content | {"method": used.value}

        return self._do(asked, make)

    def refund(self, asked: Asked, amount: str) -> Done:
        """Record money that went back: no more than came in."""

        def make(tx: Transaction, seen: Seen) -> tuple[EventType, dict[str, Any]]:
            money, paid = _more_than_nothing(_amount(seen, amount)), seen.stored.record.invoice.paid
            if money.minor > paid and not _is_applied(tx, seen, asked.event_id):
                came = Money(max(paid, 0), money.currency)
                raise PracticeError(f"only {came.amount} {came.currency} came in for this booking")
            return EventType.REFUNDED, {"amount": _told(money)}

        return self._do(asked, make)

    def override(self, asked: Asked, process: OverrideProcess, reason: str) -> Done:
        """Decide the process of this booking, whatever the clinic file says."""
        said = {"process": process.value, "by": _name(asked), "reason": plain_line("reason", reason)}
        return self._do(asked, lambda _tx, _seen: (EventType.OVERRIDE, said))

    def cancel(self, asked: Asked, reason: str = "", *, charge: bool = False) -> Done:
        """Cancel the appointment; with `charge` a person decides whether it is billed all the same."""
        said: dict[str, Any] = {"by": _name(asked)}
        if reason:
            said["reason"] = plain_line("reason", reason)
        if charge:
            said["charge"] = True
        return self._do(asked, lambda _tx, _seen: (EventType.CANCELLED, said))

    def credit(self, asked: Asked, reason: str) -> Done:
        """Credit the issued invoice; a fresh draft follows."""
        said = {"by": _name(asked), "reason": plain_line("reason", reason)}
        return self._do(asked, lambda _tx, _seen: (EventType.CREDITED, said))

    def _do(self, asked: Asked, make: _Make) -> Done:
        name = _name(asked)
        with self._ledger.reading() as tx:
            before = self._bookings.find(tx, asked.booking_id, asked.clinic)
            kind, content = make(tx, before)
        event = self._event(asked, before, kind, content, name)
        treated = self._processor.take(event)
        with self._ledger.reading() as tx:
            after = self._bookings.find(tx, before.booking_id, before.clinic)
        if treated.fate in (Fate.APPLIED, Fate.REPEATED):
            return Done(treated.fate, before, after, notes=treated.notes)
        if treated.fate is Fate.STALE:
            sentence = "somebody else changed the booking at this moment: look at it before you say it again"
            return Done(treated.fate, before, after, sentence=sentence)
        sentence = "; ".join(fault.problem for fault in treated.faults)
        if any(fault.field == "event_id" for fault in treated.faults):
            sentence = "this event id named something else before: take another one"
        return Done(treated.fate, before, after, treated.reason, sentence)

    def _event(self, asked: Asked, seen: Seen, kind: EventType, content: dict[str, Any], name: str) -> Arrived:
        """The event of what was asked, with who asked. Raises PracticeError with the faults of its content."""
        now, clinic, booking_id = self._clock(), seen.clinic, seen.booking_id
        envelope = {
            # Of the kinds that only persons tell, the envelope is checked as that of any other.
            "type": EventType.NO_SHOW.value if kind in _OWN else kind.value,
            "event_id": asked.event_id,
            "occurred_at": now.isoformat(),
            "clinic": clinic,
            "booking_id": booking_id,
        }
        event = read_event(Record(0, 0, envelope if kind in _OWN else envelope | content), self._zones)
        if isinstance(event, Refusal):
            raise PracticeError("; ".join(_fault_text(*fault) for fault in event.faults))
        body = (content if kind in _OWN else event.body) | {PERSON: name}
        # Without the time: who says the same again says it later.
        text = canonical([kind.value, booking_id, body, event.contacts])
        return event._replace(type=kind, body=body, fingerprint=sha256(text.encode()).digest(), occurred_at=now)


def _fault_text(field: str, problem: str, help: str) -> str:
    place = field.removeprefix("facts.")
    if place == "event_id":
        return f"the event id {problem}: {help or EVENT_ID}"
    return f"`{place}` {problem}" + (f": {help}" if help else "") if place else problem


def _name(asked: Asked) -> str:
    return plain_line("name of who does it", asked.actor)


def _amount(seen: Seen, text: str) -> Money:
    return read_amount(text, seen.currency)


def _more_than_nothing(money: Money) -> Money:
    if money.minor == 0:
        raise PracticeError("an amount of money that changes hands is more than 0")
    return money


def _told(money: Money) -> dict[str, str]:
    return {"amount": money.amount, "currency": money.currency}


def _payer_of(tx: Transaction, seen: Seen) -> Contact:
    event_no = seen.stored.payer_event
    if event_no is None:
        return Contact()
    key = (seen.stored.clinic_no, event_no)
    return tx.contacts([key]).get((*key, Party.PAYER), Contact())


def _is_applied(tx: Transaction, seen: Seen, event_id: str) -> bool:
    key = (seen.stored.clinic_no, event_id)
    row = tx.events([key]).get(key)
    return row is not None and row.state is EventState.APPLIED
