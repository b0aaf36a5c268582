"""The same for the real adapters: what one of them could do wrong must be noticed within some hundred seeds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from tests.simulation.case import Case
from tests.simulation.outside import Real
from tests.simulation.playing import NewDisk, noticed

from payrules.adapters.invoices import embedded, files
from payrules.adapters.invoices.embedded import EmbeddedInvoices
from payrules.adapters.invoices.files import InvoiceFiles
from payrules.adapters.messages import http_gateway, mail, smtp, twilio_sms
from payrules.adapters.messages.faults import UnansweredError, UnclearAnswerError
from payrules.adapters.messages.http_gateway import GatewayMessages
from payrules.adapters.messages.smtp import SmtpMessages
from payrules.adapters.store.session import Session
from payrules.app.ports import Limits
from payrules.domain.action import Delivered, Rejected, RetryLater


def key_is_not_looked_up(patch: pytest.MonkeyPatch) -> None:
    """The embedded adapter does what it is asked, as if for the first time."""
    patch.setattr(Session, "insert", lambda *_: None)


def new_number_for_the_same_key(patch: pytest.MonkeyPatch) -> None:
    """Asked again with a key, the embedded adapter takes another number, though the store keeps the first."""
    taken: set[str] = set()

    def with_issued(self: Any, session: Any, request: Any, receipt: str) -> Delivered:
        if request.type == "issue_invoice" and request.key in taken:
            embedded._locked_counter(session, request).give(session, request)
        taken.add(request.key)
        return issued(self, session, request, receipt)

    issued = EmbeddedInvoices._with_issued
    patch.setattr(EmbeddedInvoices, "_with_issued", with_issued)


def number_before_its_invoice(patch: pytest.MonkeyPatch) -> None:
    """The counter is written in a transaction of its own, so that a death in between leaves a gap."""
    carry_out = EmbeddedInvoices.carry_out

    def counted_first(self: Any, request: Any) -> Any:
        if request.type == "issue_invoice":
            with self._ledger.writing_session() as session:
                embedded._locked_counter(session, request).give(session, request)
        return carry_out(self, request)

    patch.setattr(EmbeddedInvoices, "carry_out", counted_first)


def date_goes_back(patch: pytest.MonkeyPatch) -> None:
    """Every other invoice is dated the day before."""
    locked = embedded._locked_counter

    def counter(session: Any, request: Any) -> Any:
        found = locked(session, request)
        return found._replace(on=found.on - timedelta(days=found.last % 2 * 30))

    patch.setattr(embedded, "_locked_counter", counter)


def files_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A key that was answered before does not get its files any more."""
    patch.setattr(InvoiceFiles, "_write_documents", lambda *_: None)


def files_are_written_first(patch: pytest.MonkeyPatch) -> None:
    """What the file says is what was there before."""

    def carry_out(self: Any, request: Any) -> Any:
        if request.type != "create_invoice":
            self._write_rows(request)
        answer = self._invoices.carry_out(request)
        if isinstance(answer, Delivered):
            if request.type in files._ISSUING:
                self._write_documents(request)
            if request.type == "create_invoice":
                self._write_rows(request)
        return answer

    patch.setattr(InvoiceFiles, "carry_out", carry_out)


def smtp_repeats_unknown_answers(patch: pytest.MonkeyPatch) -> None:
    """What got no answer is handed over again, as if nothing had been."""
    hand_over = smtp._hand_over

    def handed_over(*arguments: Any) -> Any:
        try:
            return hand_over(*arguments)
        except (UnansweredError, UnclearAnswerError):
            return RetryLater("no connection")

    patch.setattr(smtp, "_hand_over", handed_over)


def smtp_takes_silence_for_a_refusal(patch: pytest.MonkeyPatch) -> None:
    """What got no answer is taken for refused."""
    hand_over = smtp._hand_over

    def handed_over(*arguments: Any) -> Any:
        try:
            return hand_over(*arguments)
        except UnansweredError:
            return Rejected("no answer")

    patch.setattr(smtp, "_hand_over", handed_over)


def another_message_id_each_time(patch: pytest.MonkeyPatch) -> None:
    """A reader cannot know a message that came twice."""
    made = mail.message_id
    patch.setattr(mail, "message_id", lambda message, sender: f"<{message.now.timestamp()}.{made(message, sender)[1:]}")


def smtp_promises_keys(patch: pytest.MonkeyPatch) -> None:
    """SMTP is said to honour keys for a day."""
    init = SmtpMessages.__init__

    def promising(self: Any, *arguments: Any) -> None:
        init(self, *arguments)
        self.limits = Limits(key_honoured_for=86_400, timeout=self.limits.timeout)

    patch.setattr(SmtpMessages, "__init__", promising)


def retry_after_is_ignored(patch: pytest.MonkeyPatch) -> None:
    """How long a provider asks to wait is not read."""
    for module in (http_gateway, twilio_sms):
        patch.setattr(module, "wait_of", lambda _: None)


def errors_are_tried_again(patch: pytest.MonkeyPatch) -> None:
    """A gateway that answers 5xx, or nothing clear, is taken to have done nothing."""
    answered = GatewayMessages._answered

    def told(self: Any, answer: Any, key: str) -> Any:
        try:
            return answered(self, answer, key)
        except UnclearAnswerError:
            return RetryLater("error")

    patch.setattr(GatewayMessages, "_answered", told)


def no_key_is_sent(patch: pytest.MonkeyPatch) -> None:
    """The gateway gets another key each time."""
    send = GatewayMessages.send
    count = iter(range(10**9))
    patch.setattr(GatewayMessages, "send", lambda self, m: send(self, m._replace(key=f"{m.key}#{next(count)}")))


class Wound(NamedTuple):
    """What is wrong, and with which adapters in which seeds it must be noticed."""

    plant: Callable[[pytest.MonkeyPatch], None]
    real: Real
    seeds: range = range(60)


WOUNDS = (
    Wound(key_is_not_looked_up, Real.EMBEDDED),
    Wound(new_number_for_the_same_key, Real.EMBEDDED),
    Wound(number_before_its_invoice, Real.EMBEDDED),
    Wound(date_goes_back, Real.EMBEDDED),
    Wound(files_are_forgotten, Real.FILES),
    Wound(files_are_written_first, Real.FILES),
    Wound(smtp_repeats_unknown_answers, Real.MESSAGES, range(200)),
    Wound(smtp_takes_silence_for_a_refusal, Real.MESSAGES, range(300)),
    Wound(another_message_id_each_time, Real.MESSAGES),
    Wound(smtp_promises_keys, Real.MESSAGES),
    Wound(retry_after_is_ignored, Real.MESSAGES, range(300)),
    Wound(errors_are_tried_again, Real.MESSAGES, range(450, 750)),
    Wound(no_key_is_sent, Real.MESSAGES),
)


@pytest.mark.parametrize("wound", WOUNDS, ids=lambda wound: wound.plant.__name__)
def test_wound_is_noticed(wound: Wound, monkeypatch: pytest.MonkeyPatch, disk: NewDisk) -> None:
    wound.plant(monkeypatch)
    assert any(noticed(Case(seed, real=wound.real), disk) for seed in wound.seeds)
