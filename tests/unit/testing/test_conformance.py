"""The suites for adapters: the built-in ones pass, and each flaw is found by the test that is there for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import sleep

import pytest

from payrules.adapters.memory import MemoryInvoices
from payrules.app.ports import InvoiceRequest, Limits, MessageRequest
from payrules.domain.action import Answer, Delivered, Rejected, RetryLater
from payrules.domain.decision import ActionType
from payrules.testing import (
    Arrived,
    Behaviour,
    Document,
    InvoiceConformance,
    InvoiceProvider,
    MessageConformance,
    MessageProvider,
)

WAIT = timedelta(seconds=9)


class Plain:
    """An adapter that does everything right, over a provider that is a list."""

    name = "plain"
    limits = Limits(concurrency=2, key_honoured_for=60, timeout=0.1)

    def __init__(self) -> None:
        self.how = Behaviour.WORKS
        self.taken: dict[str, Arrived] = {}

    def send(self, message: MessageRequest) -> Answer:
        match self.how:
            case Behaviour.REJECTS:
                return Rejected("refused")
            case Behaviour.LIMITS_RATE:
                return RetryLater("too many", WAIT)
            case Behaviour.DENIES | Behaviour.AWAY:
                return RetryLater("not now")
        self.take(message)
        if self.how is not Behaviour.WORKS:
            raise ConnectionError
        return Delivered("m-1")

    def take(self, message: MessageRequest) -> None:
        self.taken.setdefault(message.key, Arrived((message.to,), message.text))


class Double:
    """The provider's double of these adapters."""

    can = frozenset(Behaviour)
    delay: timedelta | None = WAIT

    def __init__(self, adapter: Plain) -> None:
        self._adapter = adapter

    def adapter(self) -> Plain:
        return self._adapter

    def behave(self, how: Behaviour) -> None:
        self._adapter.how = how

    def arrived(self) -> list[Arrived]:
        return list(self._adapter.taken.values())


class TestPlain(MessageConformance):
    adapter: Callable[[], Plain] = Plain

    @contextmanager
    def provider(self) -> Iterator[MessageProvider]:
        yield Double(self.adapter())


class Overstating(Plain):
    def take(self, message: MessageRequest) -> None:
        self.taken[f"{message.key} {len(self.taken)}"] = Arrived((message.to,), message.text)


class Cutting(Plain):
    def take(self, message: MessageRequest) -> None:
        self.taken[message.key] = Arrived((message.to,), message.text[:160])


class Mangling(Plain):
    def take(self, message: MessageRequest) -> None:
        self.taken[message.key] = Arrived((message.to,), message.text.encode("latin-1", "replace").decode("latin-1"))


class Trusting(Plain):
    def send(self, message: MessageRequest) -> Answer:
        known = self.how in (Behaviour.GARBLES, Behaviour.FAILS_AFTER, Behaviour.DROPS)
        return Delivered("m-1") if known else super().send(message)


class Hasty(Plain):
    def send(self, message: MessageRequest) -> Answer:
        answer = super().send(message)
        return Rejected("refused") if isinstance(answer, RetryLater) else answer


class Forgetful(Plain):
    def send(self, message: MessageRequest) -> Answer:
        answer = super().send(message)
        return RetryLater(answer.cause) if isinstance(answer, RetryLater) else answer


class Talkative(Plain):
    def send(self, message: MessageRequest) -> Answer:
        answer = super().send(message)
        return Rejected(f"no such number {message.to}") if isinstance(answer, Rejected) else answer


class Patient(Plain):
    def send(self, message: MessageRequest) -> Answer:
        if self.how is Behaviour.HANGS:
            sleep(self.limits.timeout + 2.1)
        return super().send(message)


class Gullible(Plain):
    def take(self, message: MessageRequest) -> None:
        everybody = (message.to, "other@client.example") if "Bcc:" in (message.name or "") else (message.to,)
        self.taken[message.key] = Arrived(everybody, message.text)


class Endless(Plain):
    limits = Limits(timeout=600)


class Nameless(Plain):
    def send(self, message: MessageRequest) -> Answer:
        super().send(message)
        return Delivered("")


@pytest.mark.parametrize(
    ("flawed", "test"),
    [
        (Overstating, MessageConformance.test_key_is_honoured_as_declared),
        (Cutting, MessageConformance.test_long_text_arrives_whole_or_is_rejected),
        (Mangling, MessageConformance.test_signs_of_all_languages_arrive),
        (Trusting, MessageConformance.test_answer_that_makes_no_sense_is_none),
        (Trusting, MessageConformance.test_failure_after_the_effect_is_no_answer),
        (Trusting, MessageConformance.test_connection_that_breaks_before_the_answer_is_no_answer),
        (Hasty, MessageConformance.test_refused_credentials_are_no_clients_fault),
        (Hasty, MessageConformance.test_provider_that_is_away_loses_nothing),
        (Forgetful, MessageConformance.test_rate_limit_is_a_retry_after_the_delay_asked_for),
        (Talkative, MessageConformance.test_rejection_is_told),
        (Patient, MessageConformance.test_provider_that_hangs_is_given_up_in_time),
        (Gullible, MessageConformance.test_name_adds_neither_recipients_nor_headers),
        (Endless, MessageConformance.test_limits_can_be_kept),
        (Nameless, MessageConformance.test_message_arrives_once_and_whole),
    ],
)
def test_flaw_is_found(flawed: Callable[[], Plain], test: Callable[[MessageConformance], None]) -> None:
    suite = TestPlain()
    suite.adapter = flawed
    with pytest.raises(AssertionError):
        test(suite)


# ---- invoices


class InvoiceDouble:
    """The invoices in memory: nothing can go wrong with them."""

    can = frozenset({Behaviour.WORKS})
    delay: timedelta | None = None

    def __init__(self, adapter: MemoryInvoices) -> None:
        self._adapter = adapter

    def adapter(self) -> MemoryInvoices:
        return self._adapter

    def behave(self, how: Behaviour) -> None:
        assert how in self.can

    def documents(self) -> list[Document]:
        found = []
        for invoice in self._adapter.invoices():
            if invoice.status != "deleted":
                found.append(Document(invoice.booking_id, invoice.number, invoice.total, due_on=invoice.due_on))
            if invoice.credit_number is not None:
                found.append(Document(invoice.booking_id, invoice.credit_number, invoice.total, credit=True))
        return found


class TestMemoryInvoices(InvoiceConformance):
    adapter: Callable[[], MemoryInvoices] = MemoryInvoices

    @contextmanager
    def provider(self) -> Iterator[InvoiceProvider]:
        yield InvoiceDouble(self.adapter())


class NumberedTwice(MemoryInvoices):
    def carry_out(self, request: InvoiceRequest) -> Answer:
        return super().carry_out(request._replace(clinic_no=request.booking_no, clinic=f"c-{request.booking_no}"))


class Stuck(MemoryInvoices):
    def carry_out(self, request: InvoiceRequest) -> Answer:
        return Delivered("draft") if request.type is ActionType.UPDATE_DRAFT else super().carry_out(request)


class Multiplying(MemoryInvoices):
    def carry_out(self, request: InvoiceRequest) -> Answer:
        return super().carry_out(request._replace(total=(request.total or 0) * 100))


class DueLater(MemoryInvoices):
    """Works out anew when what was issued is due."""

    def carry_out(self, request: InvoiceRequest) -> Answer:
        answer = super().carry_out(request)
        due_on = (request.now + timedelta(days=request.due_in_days)).date()
        return answer._replace(due_on=due_on) if isinstance(answer, Delivered) else answer


class Repricing(MemoryInvoices):
    """Says what it was asked for, whatever it issued before."""

    def carry_out(self, request: InvoiceRequest) -> Answer:
        answer = super().carry_out(request)
        return answer._replace(total=request.total) if isinstance(answer, Delivered) else answer


class Lenient(MemoryInvoices):
    def carry_out(self, request: InvoiceRequest) -> Answer:
        answer = super().carry_out(request)
        return Delivered("draft") if isinstance(answer, Rejected) else answer


@pytest.mark.parametrize(
    ("flawed", "test"),
    [
        (NumberedTwice, InvoiceConformance.test_numbers_are_given_once),
        (Stuck, InvoiceConformance.test_draft_follows_changes_and_has_no_number),
        (Multiplying, InvoiceConformance.test_currency_without_minor_units_is_not_multiplied),
        (DueLater, InvoiceConformance.test_answer_tells_what_stands_on_the_invoice),
        (Repricing, InvoiceConformance.test_answer_tells_what_stands_on_the_invoice),
        (Lenient, InvoiceConformance.test_what_cannot_be_is_rejected),
    ],
)
def test_flaw_of_invoices_is_found(
    flawed: Callable[[], MemoryInvoices], test: Callable[[InvoiceConformance], None]
) -> None:
    suite = TestMemoryInvoices()
    suite.adapter = flawed
    with pytest.raises(AssertionError):
        test(suite)
