"""From a claimed action to what its adapter is asked: read when the call is near, so that it is true."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from payrules.app.in_force import InForce, InForceCache
from payrules.app.ports import InvoiceRequest, Limits, MessageRequest, Transaction
from payrules.app.rows import Claimed, Contact, Party, StoredRecord
from payrules.app.versions import Versions
from payrules.domain.action import SENDS, Action, ActionKey, ActionState, HeldCause, NoAnswer, Rejected
from payrules.domain.decision import Uncovered
from payrules.domain.lifecycle import amount_of, due_outside_quiet_hours, terms_of
from payrules.domain.policy import Channel, Policy
from payrules.domain.record import BookingRecord, Stamp
from payrules.domain.settling import NotStarted, NotYet, is_too_late

Request = InvoiceRequest | MessageRequest
"""What an adapter is asked."""


Write = Callable[[Policy, MessageRequest], MessageRequest | Rejected]
"""Writes a message to an address as its provider wants it, or says why nothing reaches it."""


def _as_it_is(_: Policy, message: MessageRequest) -> MessageRequest:
    return message


class Prepared(NamedTuple):
    """What a claimed action comes to: a request, or why it may not start. `clinic` is its clinic's name."""

    clinic: str
    what: Request | NotStarted | NotYet | NoAnswer | Rejected


class Requests:
    """Makes requests from what the ledger has committed."""

    def __init__(self, versions: Versions, write: Write = _as_it_is) -> None:
        self._versions = versions
        self._write = write

    def cover(self, tx: Transaction, stamp: Stamp) -> Policy | Uncovered:
        """The policy a booking was stamped with, or why none covers it."""
        if stamp.digest is not None:
            return self._policy(tx, stamp.digest)
        return Uncovered.under(stamp.sequence)

    def prepare(
        self, tx: Transaction, claimed: Sequence[Claimed], cache: InForceCache, now: datetime, limits: Limits
    ) -> list[Prepared]:
        """For each claimed action its request, or why it is not to be started, in order."""
        stored = tx.records_by_number({(c.clinic_no, c.booking_no) for c in claimed}, lock=False)
        contacts = tx.contacts({key for s in stored.values() if (key := _told_in(s)) is not None})
        rows = tx.clinics({s.record.booking.clinic for s in stored.values()})
        in_force = {name: self._now_in_force(tx, clinic, now) for name, clinic in cache.of(tx, rows).items()}
        prepared = []
        for one in claimed:
            found = stored[one.clinic_no, one.booking_no]
            clinic = found.record.booking.clinic
            prepared.append(Prepared(clinic, self._what(tx, one, found, contacts, in_force[clinic], now, limits)))
        return prepared

    def honoured(self, record: BookingRecord, key: ActionKey, at: datetime, limits: Limits) -> bool:
        """Whether the provider still knows the idempotency key of the first attempt at an instant."""
        action = _find(record, key)
        if action is None or action.tried_at is None:
            return False
        return (at - action.tried_at).total_seconds() < limits.key_honoured_for

    def _policy(self, tx: Transaction, digest: str) -> Policy:
        return self._versions.find(tx, (digest,))[digest].policy

    def _may_repeat(self, record: BookingRecord, claimed: Claimed, action: Action, limits: Limits) -> bool:
        """Whether what may have happened may be asked for again: a person let it go, or the provider knows the key."""
        if not claimed.expired and action.cause != HeldCause.NO_ANSWER:
            return True
        # The call may start at any time of the lease.
        return self.honoured(record, claimed.key, claimed.lease_until, limits)

    def _now_in_force(self, tx: Transaction, clinic: InForce, now: datetime) -> Policy | None:
        """What a clinic has in force now: an invoice names its clinic as it is at issue."""
        activation = clinic.timeline.in_force(now)
        return None if activation is None or activation.digest is None else self._policy(tx, activation.digest)

    def _what(
        self,
        tx: Transaction,
        claimed: Claimed,
        stored: StoredRecord,
        contacts: Mapping[tuple[int, int, Party], Contact],
        in_force: Policy | None,
        now: datetime,
        limits: Limits,
    ) -> Request | NotStarted | NotYet | NoAnswer | Rejected:
        record, key = stored.record, claimed.key
        action = _find(record, key)
        if action is None or action.state is not ActionState.CLAIMED or action.attempt != claimed.attempt:
            return NotStarted.STOPPED
        if claimed.unsure and (action.stopping or not self._may_repeat(record, claimed, action, limits)):
            return NoAnswer("no answer before")
        if action.stopping:
            return NotStarted.STOPPED
        if is_too_late(action, now):
            return NotStarted.TOO_LATE
        cover = self.cover(tx, record.stamp)
        if key.type in SENDS and not action.by_hand:
            allowed_at = due_outside_quiet_hours(key, now, record, cover).due_at
            if allowed_at > now:
                return NotYet(allowed_at)
        # A person may have a booking billed that no version covers: then what is in force now tells the terms.
        policy = in_force if isinstance(cover, Uncovered) else cover
        if policy is None:
            return NotStarted.NO_POLICY
        told_in = _told_in(stored)
        contact = Contact() if told_in is None else contacts.get((*told_in, _party(record)), Contact())
        if key.channel is None:
            request = _invoice(policy, in_force or policy, stored, key, contact.name, now)
            return request._replace(payer_contact=None if told_in is None else (told_in[1], _party(record)))
        to = contact.phone if key.channel is Channel.SMS else contact.email
        if not to:
            return NotStarted.NO_CONTACT
        return self._write(policy, _message(policy, stored, key, contact.name, to, now))


def _invoice(
    policy: Policy, in_force: Policy, stored: StoredRecord, key: ActionKey, payer_name: str | None, now: datetime
) -> InvoiceRequest:
    record = stored.record
    written = (terms_of(record, policy) or policy.terms).invoice
    # Only a prefix of the clinic as a whole can have changed since: a rule's own is the stamp's.
    prefix = in_force.terms.invoice.number_prefix
    if written.number_prefix != policy.terms.invoice.number_prefix:
        prefix = written.number_prefix
    session_type = policy.session_types.get(record.booking.session_type or "")
    return InvoiceRequest(
        key.text(record.booking.clinic, stored.key_id),
        key.type,
        stored.clinic_no,
        stored.booking_no,
        record.booking.clinic,
        record.booking.id,
        key.ordinal,
        _total(record),
        policy.currency,
        written.due_in.days,
        str(written.vat_rate),
        prefix,
        policy.timezone,
        now,
        payer_name,
        in_force.name,
        in_force.language,
        in_force.country,
        None if session_type is None else session_type.name,
        record.booking.starts_at,
    )


def _message(
    policy: Policy, stored: StoredRecord, key: ActionKey, name: str | None, to: str, now: datetime
) -> MessageRequest:
    record = stored.record
    payer: dict[str, Any] = json.loads(stored.facts).get("payer") or {}
    return MessageRequest(
        key.text(record.booking.clinic, stored.key_id),
        key.type,
        key.channel or Channel.EMAIL,
        record.booking.clinic,
        policy.name,
        record.booking.id,
        key.ordinal,
        key.occurrence,
        to,
        name,
        payer.get("language") or policy.language,
        policy.timezone,
        max((_total(record) or 0) - record.invoice.paid, 0),
        policy.currency,
        record.invoice.number,
        record.booking.starts_at,
        now,
        link=record.invoice.link,
        due_on=record.invoice.due_on,
        country=policy.country,
        reply_to=policy.contact,
    )


def _total(record: BookingRecord) -> int | None:
    """What the invoice is for: frozen at issue, before that a person's price or the decision's."""
    if record.invoice.total is not None:
        return record.invoice.total
    amount = amount_of(record)
    return None if amount is None else amount.minor


def _find(record: BookingRecord, key: ActionKey) -> Action | None:
    return next((action for action in record.actions if action.key == key), None)


def _party(record: BookingRecord) -> Party:
    return Party.CLIENT if record.booking.payer is None else Party.PAYER


def _told_in(stored: StoredRecord) -> tuple[int, int] | None:
    """The clinic and the event that told the payer's contacts."""
    event_no = stored.client_event if stored.record.booking.payer is None else stored.payer_event
    return None if event_no is None else (stored.clinic_no, event_no)
