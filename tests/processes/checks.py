"""What must be true at the end, whatever was killed: looked up row by row and file by file, apart from the product."""

import json
from datetime import datetime
from email import message_from_bytes
from email.policy import SMTP

from tests.processes.place import CLINICS, Place

from payrules.adapters.invoices.embedded import EmbeddedInvoices, Status
from payrules.adapters.store import SqlLedger
from payrules.app.rows import EventState, StoredRecord
from payrules.domain.action import ActionState
from payrules.domain.policy import Channel
from payrules.domain.timeline import ActivationState


def check(place: Place) -> None:
    """Nothing is lost and nothing was done twice."""
    with place.ledger() as ledger:
        bookings = _events(place, ledger)
        _stamps(ledger, bookings)
        _effects(place, bookings)
        _invoices(ledger, bookings)
    place.run("audit", installed=True)


def _events(place: Place, ledger: SqlLedger) -> list[StoredRecord]:
    """Every event that was given in is there and was applied; the bookings they are about."""
    with ledger.reading() as tx:
        clinics = {name: row.clinic_no for name, row in tx.clinics(CLINICS).items()}
        rows = tx.events([(clinics[clinic], event_id) for clinic, event_id in place.ids])
        ids = {(clinics[clinic], booking_id) for (clinic, _), booking_id in place.ids.items()}
        records = tx.records(ids, lock=False)
        numbers = set(tx.booking_numbers(limit=1_000_000))
    assert len(rows) == len(place.ids)
    assert {row.state for row in rows.values()} == {EventState.APPLIED}
    assert records.keys() == ids
    assert numbers == {(stored.clinic_no, stored.booking_no) for stored in records.values()}
    assert ledger.counts()["events"] == len(place.ids)
    return list(records.values())


def _stamps(ledger: SqlLedger, bookings: list[StoredRecord]) -> None:
    """Each booking has one stamp: the last version that took effect not later than it was booked."""
    with ledger.reading() as tx:
        timelines = tx.timelines({stored.clinic_no for stored in bookings})
        stamps = [tx.stamps_of(stored.clinic_no, stored.booking_no) for stored in bookings]
    for stored, (stamp,) in zip(bookings, stamps, strict=True):
        effective = [
            (row.activation.effective_at, row.activation.sequence, row.activation.digest)
            for row in timelines[stored.clinic_no]
            if row.activation.state is ActivationState.RECORDED
            and row.activation.effective_at is not None
            and row.activation.effective_at <= stored.record.booking.booked_at
        ]
        assert (stamp.sequence, stamp.digest) == max(effective)[1:]
    for rows in timelines.values():
        for row in rows:
            assert row.activation.effective_at is None or row.activation.effective_at >= row.activation.recorded_at


def _effects(place: Place, bookings: list[StoredRecord]) -> None:
    """Every action has come to its end, and what was sent is what was delivered, once a key."""
    done: dict[Channel, dict[str, datetime]] = {channel: {} for channel in Channel}
    for stored in bookings:
        for action in stored.record.actions:
            key = action.key.text(stored.record.booking.clinic, stored.record.booking.id)
            assert action.state in (ActionState.DELIVERED, ActionState.CANCELLED), (key, action)
            if action.key.channel is not None and action.state is ActionState.DELIVERED:
                done[action.key.channel][key] = action.due_at
    assert done[Channel.EMAIL]
    for channel, sent in ((Channel.EMAIL, _emails(place)), (Channel.SMS, _sms(place))):
        assert len({key for key, _ in sent}) == len(sent)
        assert {key for key, _ in sent} == done[channel].keys()
        # The header of an email has whole seconds.
        assert not [key for key, at in sent if at < done[channel][key].replace(microsecond=0)]


def _emails(place: Place) -> list[tuple[str, datetime]]:
    emails = [message_from_bytes(path.read_bytes(), policy=SMTP) for path in place.out.glob("email/*.eml")]
    # A long key is folded over two lines.
    return [("".join(email["X-Payrules-Key"].split()), email["Date"].datetime) for email in emails]


def _sms(place: Place) -> list[tuple[str, datetime]]:
    lines = [line for path in place.out.glob("sms/*.jsonl") for line in path.read_text("utf-8").splitlines() if line]
    messages = [json.loads(line) for line in lines]
    return [(message["key"], datetime.fromisoformat(message["at"])) for message in messages]


def _invoices(ledger: SqlLedger, bookings: list[StoredRecord]) -> None:
    """The numbers of each clinic are 1, 2, 3 and so on, one an invoice that was issued, and their dates go forward."""
    for clinic_no in {stored.clinic_no for stored in bookings}:
        invoices = EmbeddedInvoices(ledger).invoices(clinic_no)
        numbered = sorted((one.number, one.issued_on) for one in invoices if one.number is not None)
        assert [number for number, _ in numbered] == list(range(1, len(numbered) + 1))
        assert [on for _, on in numbered] == sorted(on for _, on in numbered if on is not None)
        issued = {one.booking_no for one in invoices if one.status in (Status.ISSUED, Status.CREDITED)}
        told = [stored for stored in bookings if stored.clinic_no == clinic_no]
        assert issued == {stored.booking_no for stored in told if stored.record.invoice.number is not None}
