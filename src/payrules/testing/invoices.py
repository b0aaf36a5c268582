"""The suite for adapters that keep invoices."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, Protocol, cast

from payrules.app.ports import InvoiceAdapter, InvoiceRequest
from payrules.domain.action import ActionKey, Answer, Delivered, NoAnswer, Rejected
from payrules.domain.decision import ActionType
from payrules.testing.behaviour import Behaviour, check, check_ending, outcome_of
from payrules.testing.trouble import Provider, TroubleConformance

_NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
_CREATE, _UPDATE, _DELETE = ActionType.CREATE_INVOICE, ActionType.UPDATE_DRAFT, ActionType.DELETE_DRAFT
_ISSUE, _CREDIT = ActionType.ISSUE_INVOICE, ActionType.CREDIT_INVOICE


class Document(NamedTuple):
    """A draft (without a number), an invoice or a credit note (`credit`). `total` is in minor units, as invoiced.

    `due_on` is an invoice's alone, and what stands on it: what the answer to its issue may tell.
    """

    booking_id: str
    number: str | None
    total: int | None
    credit: bool = False
    due_on: date | None = None


class InvoiceProvider(Provider, Protocol):
    """A provider of invoices as tests need it."""

    def adapter(self) -> InvoiceAdapter:
        """An adapter that talks to this double. Give it a short timeout, or tests of hanging take as long."""

    def documents(self) -> Sequence[Document]:
        """What it holds, deleted drafts left out; an invoice that was credited is still there."""


def sample_invoice(type_: ActionType, booking_no: int = 1, occurrence: int = 1, **changes: Any) -> InvoiceRequest:
    """What is asked about the invoice of a booking; `changes` are fields of it."""
    booking_id = f"bk-{booking_no}"
    request = InvoiceRequest(
        key=ActionKey(1, type_, None, occurrence).text("nordlys", booking_id),
        type=type_,
        clinic_no=1,
        booking_no=booking_no,
        clinic="nordlys",
        booking_id=booking_id,
        ordinal=1,
        total=125_000,
        currency="NOK",
        due_in_days=14,
        vat_rate="25",
        number_prefix="NP-",
        timezone="Europe/Oslo",
        now=_NOW,
        payer_name="Kari Prøve",
    )
    return request._replace(**changes)


class InvoiceConformance(TroubleConformance[InvoiceProvider]):
    """Subclass it in a test module, say how to make the provider's double, and pytest does the rest.

    A test that the double cannot be used for is skipped.
    """

    def request(self, type_: ActionType, booking_no: int = 1, occurrence: int = 1, **changes: Any) -> InvoiceRequest:
        """What the adapter is asked. Override it where the double needs other values."""
        return sample_invoice(type_, booking_no, occurrence, **changes)

    def call_of(self, provider: InvoiceProvider) -> Callable[[], Answer | NoAnswer]:
        """Ask for a draft."""
        adapter = provider.adapter()
        return lambda: _ask(adapter, self.request(_CREATE))

    def effects(self, provider: InvoiceProvider) -> int:
        """How many documents there are."""
        return len(provider.documents())

    # ---- what goes well

    def test_draft_follows_changes_and_has_no_number(self) -> None:
        with self.provider() as provider:
            self._do(provider, _CREATE)
            self._do(provider, _UPDATE, total=98_000)
            documents = provider.documents()
            check(documents == [Document("bk-1", None, 98_000)], f"one draft without a number: not {documents}")

    def test_deleted_draft_is_gone(self) -> None:
        with self.provider() as provider:
            self._do(provider, _CREATE)
            self._do(provider, _DELETE)
            check(not provider.documents(), "the draft is still there")

    def test_issued_invoice_has_the_number_of_its_receipt(self) -> None:
        with self.provider() as provider:
            self._do(provider, _CREATE)
            number = self._do(provider, _ISSUE).receipt
            documents = _without_days(provider)
            check(documents == [Document("bk-1", number, 125_000)], f"one invoice {number}: not {documents}")

    def test_answer_tells_what_stands_on_the_invoice(self) -> None:
        """What the answer leaves out, messages leave out; what it tells, clients read."""
        with self.provider() as provider:
            adapter = provider.adapter()
            self._do(provider, _CREATE)
            answers = [self._do(provider, _ISSUE, adapter=adapter)]
            if adapter.limits.key_honoured_for:
                # A price that changed meanwhile, and another day: what was issued stays as it was.
                later: dict[str, Any] = {"total": 98_000, "due_in_days": 30, "now": _NOW + timedelta(hours=20)}
                answers.append(self._do(provider, _ISSUE, adapter=adapter, **later))
            (document,) = provider.documents()
            for answer in answers:
                check(answer.total in (None, document.total), f"{document.total} is invoiced: not {answer.total}")
                check(answer.due_on in (None, document.due_on), f"due on {document.due_on}: not {answer.due_on}")

    def test_numbers_are_given_once(self) -> None:
        with self.provider() as provider:
            for booking_no in (1, 2, 3):
                self._do(provider, _CREATE, booking_no)
            numbers = {self._do(provider, _ISSUE, booking_no).receipt for booking_no in (3, 1, 2)}
            check(len(numbers) == 3, f"every invoice has a number of its own: not {sorted(numbers)}")

    def test_credit_note_takes_back_the_whole(self) -> None:
        with self.provider() as provider:
            self._do(provider, _CREATE)
            number = self._do(provider, _ISSUE).receipt
            credit = self._do(provider, _CREDIT).receipt
            held = sorted(_without_days(provider), key=lambda document: document.credit)
            wanted = [Document("bk-1", number, 125_000), Document("bk-1", credit, 125_000, credit=True)]
            check(held == wanted, f"an invoice and its credit note: not {held}")
            check(credit != number, "a credit note has a number of its own")

    def test_currency_without_minor_units_is_not_multiplied(self) -> None:
        with self.provider() as provider:
            self._do(provider, _CREATE, total=1250, currency="JPY")
            self._do(provider, _ISSUE, total=1250, currency="JPY")
            (document,) = provider.documents()
            check(document.total == 1250, f"1250 yen are 1250: not {document.total}")

    def test_key_is_honoured_as_declared(self) -> None:
        with self.provider() as provider:
            adapter = provider.adapter()
            if not adapter.limits.key_honoured_for:
                return
            for type_ in (_CREATE, _ISSUE, _CREDIT):
                first, again = (self._do(provider, type_, adapter=a) for a in (adapter, provider.adapter()))
                check(first.receipt == again.receipt, f"{type_}: `{first.receipt}`, then `{again.receipt}`")
            count = len(provider.documents())
            check(count == 2, f"an invoice and its credit note, though all was asked for twice: not {count} documents")

    # ---- what does not

    def test_what_cannot_be_is_rejected(self) -> None:
        with self.provider() as provider:
            adapter = provider.adapter()
            for type_ in (_ISSUE, _CREDIT):
                answer = _ask(adapter, self.request(type_))
                check(isinstance(answer, Rejected), f"{type_} without a draft: Rejected, not {answer}")
            check(not provider.documents(), "what was rejected is there")

    def _do(
        self,
        provider: InvoiceProvider,
        type_: ActionType,
        booking_no: int = 1,
        *,
        adapter: InvoiceAdapter | None = None,
        **changes: Any,
    ) -> Delivered:
        answer = _ask(adapter or provider.adapter(), self.request(type_, booking_no, **changes))
        check_ending(provider, Behaviour.WORKS, answer)
        return cast(Delivered, answer)


def _ask(adapter: InvoiceAdapter, request: InvoiceRequest) -> Answer | NoAnswer:
    secrets = () if request.payer_name is None else (request.payer_name,)
    return outcome_of(lambda: adapter.carry_out(request), adapter.limits, secrets)


def _without_days(provider: InvoiceProvider) -> list[Document]:
    return [document._replace(due_on=None) for document in provider.documents()]
