"""Adapters that record: what was asked, what had an effect, and the faults they play."""

from datetime import timedelta
from typing import Any

import pytest
from tests.builders import at

from payrules.adapters.recording import Raise, RecordingInvoices, RecordingMessages, one_by_one
from payrules.app.ports import InvoiceRequest, Limits, MessageRequest
from payrules.domain.action import Delivered, Rejected, RetryLater
from payrules.domain.decision import ActionType
from payrules.domain.policy import Channel

NOW = at("2026-12-01T11:05:00Z")
LOST = ConnectionError("broken")


def message(key: str = "nordlys/bk-1/1/send_payment_link/sms/1", **changes: Any) -> MessageRequest:
    """A payment link by SMS."""
    asked = MessageRequest(
        key=key,
        type=ActionType.SEND_PAYMENT_LINK,
        channel=Channel.SMS,
        clinic="nordlys",
        clinic_name="Nordlys Helse",
        booking_id="bk-1",
        ordinal=1,
        occurrence=1,
        to="+47 990 00 001",
        name="Kari Eksempel",
        language="nb",
        timezone="Europe/Oslo",
        amount=125_000,
        currency="NOK",
        invoice_number="NL-1",
        starts_at=NOW,
        now=NOW,
    )
    return asked._replace(**changes)


def invoice(kind: ActionType) -> InvoiceRequest:
    """A request for an invoice."""
    where = (1, 1, "nordlys", "bk-1", 1)
    return InvoiceRequest(str(kind), kind, *where, 125_000, "NOK", 14, "25", "NL-", "Europe/Oslo", NOW)


def test_a_willing_provider_gives_receipts() -> None:
    adapter = RecordingMessages()
    assert adapter.send(message()) == Delivered("message-1")
    assert adapter.send(message("other")) == Delivered("message-2")
    assert adapter.calls == adapter.effects == [message(), message("other")]


def test_a_known_key_has_no_second_effect_until_it_is_forgotten() -> None:
    adapter = RecordingMessages(Limits(key_honoured_for=60.0))
    first = adapter.send(message())
    assert adapter.send(message(now=NOW + timedelta(seconds=59))) == first
    assert len(adapter.effects) == 1
    assert adapter.send(message(now=NOW + timedelta(seconds=60))) == Delivered("message-2")
    assert len(adapter.calls) == 3


def test_a_provider_that_honours_no_keys_does_it_again() -> None:
    adapter = RecordingMessages(Limits())
    adapter.send(message())
    adapter.send(message())
    assert len(adapter.effects) == 2


@pytest.mark.parametrize("answer", [RetryLater("quota", timedelta(seconds=5)), Rejected("not a number")])
def test_an_answer_of_the_script_has_no_effect(answer: RetryLater | Rejected) -> None:
    adapter = RecordingMessages(script=one_by_one(answer))
    assert adapter.send(message()) == answer
    assert (len(adapter.calls), adapter.effects) == (1, [])
    assert adapter.send(message()) == Delivered("message-1")


@pytest.mark.parametrize(("after_effect", "effects"), [(False, 0), (True, 1)])
def test_a_call_breaks_before_or_after_its_effect(after_effect: bool, effects: int) -> None:
    adapter = RecordingMessages(script=one_by_one(None, Raise(LOST, after_effect), None))
    adapter.send(message("other"))
    with pytest.raises(ConnectionError, match="broken"):
        adapter.send(message())
    assert len(adapter.effects) == 1 + effects

    # The key is honoured: the effect that nobody was told of is not repeated.
    assert adapter.send(message()) == Delivered("message-2")
    assert len(adapter.effects) == 2


def test_what_was_done_is_not_rejected_afterwards() -> None:
    adapter = RecordingMessages(script=one_by_one(Raise(LOST, after_effect=True), Rejected("not a number")))
    with pytest.raises(ConnectionError):
        adapter.send(message())
    assert adapter.send(message()) == Delivered("message-1")


def test_the_script_reads_the_request() -> None:
    adapter = RecordingMessages(script=lambda asked: Rejected("no") if asked.to.startswith("+46") else None)
    assert adapter.send(message("a", to="+46 70 174 0601")) == Rejected("no")
    assert adapter.send(message("b")) == Delivered("message-1")


def test_invoices_are_recorded_and_made() -> None:
    adapter = RecordingInvoices(script=one_by_one(None, Raise(LOST, after_effect=True)))
    adapter.carry_out(invoice(ActionType.CREATE_INVOICE))
    with pytest.raises(ConnectionError):
        adapter.carry_out(invoice(ActionType.ISSUE_INVOICE))
    answer = adapter.carry_out(invoice(ActionType.ISSUE_INVOICE))

    assert [asked.type for asked in adapter.effects] == [ActionType.CREATE_INVOICE, ActionType.ISSUE_INVOICE]
    assert len(adapter.calls) == 3
    (made,) = adapter.made.invoices()
    assert answer == Delivered("NL-1", total=125_000, due_on=made.due_on)


def test_what_the_invoices_refuse_is_no_effect() -> None:
    adapter = RecordingInvoices()
    assert adapter.carry_out(invoice(ActionType.ISSUE_INVOICE)) == Rejected("no_draft")
    assert adapter.effects == []
