"""The suite for adapters that send messages."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from payrules.app.ports import MessageAdapter, MessageRequest
from payrules.domain.action import ActionKey, Answer, Delivered, NoAnswer, Rejected
from payrules.domain.decision import ActionType
from payrules.domain.policy import Channel
from payrules.testing.behaviour import NOTHING_DONE, UNKNOWN, Behaviour, check, check_ending, outcome_of
from payrules.testing.trouble import Provider, TroubleConformance

_NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
_SIGNS = "Blåbærsyltetøy, så klart: ñ ß € 日本語 👩‍⚕️ "
_ADDRESSES = {Channel.EMAIL: "kari@client.example", Channel.SMS: "+4799000123"}


class Arrived(NamedTuple):
    """A message that a provider took: to whom (everybody it would reach), and its text without markup."""

    to: tuple[str, ...]
    text: str


class MessageProvider(Provider, Protocol):
    """A provider of messages as tests need it."""

    def adapter(self) -> MessageAdapter:
        """An adapter that talks to this double. Give it a short timeout, or tests of hanging take as long."""

    def arrived(self) -> Sequence[Arrived]:
        """What was really sent up to now, in the order it came."""


def sample_message(channel: Channel, occurrence: int = 1, **changes: Any) -> MessageRequest:
    """A message to a client that does not exist; `changes` are fields of it."""
    type_ = ActionType.SEND_PAYMENT_LINK
    link = "https://pay.clinic.example/Zk3p0qfV5xw"
    text = f"Nordlys: invoice NP-12, NOK 1250.00. {link}"
    message = MessageRequest(
        key=ActionKey(1, type_, channel, occurrence).text("nordlys", "bk-1:7"),
        type=type_,
        channel=channel,
        clinic="nordlys",
        clinic_name="Nordlys Psykologi",
        booking_id="bk-1:7",
        ordinal=1,
        occurrence=occurrence,
        to=_ADDRESSES[channel],
        name="Kari Prøve",
        language="nb",
        timezone="Europe/Oslo",
        amount=125_000,
        currency="NOK",
        invoice_number="NP-12",
        starts_at=_NOW + timedelta(days=3),
        now=_NOW,
        link=link,
        subject="Invoice NP-12 from Nordlys Psykologi" if channel is Channel.EMAIL else "",
        text=text,
        html=f"<p>{text}</p>" if channel is Channel.EMAIL else "",
    )
    return message._replace(**changes)


class MessageConformance(TroubleConformance[MessageProvider]):
    """Subclass it in a test module, say how to make the provider's double, and pytest does the rest.

    A test that the double cannot be used for is skipped.
    """

    channel = Channel.SMS

    def message(self, occurrence: int = 1, **changes: Any) -> MessageRequest:
        """What the adapter is asked to send. Override it where the double needs another address."""
        return sample_message(self.channel, occurrence, **changes)

    def call_of(self, provider: MessageProvider) -> Callable[[], Answer | NoAnswer]:
        """Send one message."""
        adapter = provider.adapter()
        return lambda: _send(provider, self.message(), adapter)

    def effects(self, provider: MessageProvider) -> int:
        """How many messages went out."""
        return len(provider.arrived())

    # ---- what goes well

    def test_message_arrives_once_and_whole(self) -> None:
        with self.provider() as provider:
            message = self.message()
            answer = _send(provider, message)
            check_ending(provider, Behaviour.WORKS, answer)
            check(isinstance(answer, Delivered) and bool(answer.receipt), "a delivered message has a receipt")
            _check_arrived(provider, message)

    def test_signs_of_all_languages_arrive(self) -> None:
        with self.provider() as provider:
            message = self.message(text=_SIGNS + (self.message().link or ""), html="", name="Łucja Ørsted-日本")
            check_ending(provider, Behaviour.WORKS, _send(provider, message))
            _check_arrived(provider, message)

    def test_long_text_arrives_whole_or_is_rejected(self) -> None:
        """Never cut: the link may be at its end."""
        with self.provider() as provider:
            message = self.message(text="All of it is needed. " * 400 + (self.message().link or ""), html="")
            answer = _send(provider, message)
            if isinstance(answer, Rejected):
                check(not provider.arrived(), "a message that was rejected went out")
            else:
                check_ending(provider, Behaviour.WORKS, answer)
                _check_arrived(provider, message)

    def test_name_adds_neither_recipients_nor_headers(self) -> None:
        with self.provider() as provider:
            evil = "Kari\r\nBcc: other@client.example\r\n\r\nGone <b>"
            message = self.message(name=evil, clinic_name=evil, subject=evil)
            check_ending(provider, Behaviour.WORKS, _send(provider, message))
            _check_arrived(provider, message)

    def test_key_is_honoured_as_declared(self) -> None:
        """An adapter that declares 0 promises nothing: then the dispatcher never sends twice."""
        with self.provider() as provider:
            adapter, message = provider.adapter(), self.message()
            answers = [_send(provider, message, adapter) for _ in range(2)]
            if adapter.limits.key_honoured_for:
                check(isinstance(answers[1], Delivered), f"a message that was sent is still sent: not {answers[1]}")
                check(len(provider.arrived()) == 1, "the key is not honoured: declare key_honoured_for = 0")

    def test_key_is_honoured_by_another_process(self) -> None:
        with self.provider() as provider:
            for adapter in (provider.adapter(), provider.adapter()):
                answer = _send(provider, self.message(), adapter)
                if not adapter.limits.key_honoured_for:
                    return
                check(isinstance(answer, Delivered), f"a message that was sent is still sent: not {answer}")
            check(len(provider.arrived()) == 1, "only this process knows the key: declare key_honoured_for = 0")

    def test_other_key_is_another_message(self) -> None:
        with self.provider() as provider:
            adapter = provider.adapter()
            for occurrence in (1, 2):
                check_ending(provider, Behaviour.WORKS, _send(provider, self.message(occurrence), adapter))
            check(len(provider.arrived()) == 2, "two messages of the same content were taken for one")

    def test_calls_at_once_do_not_mix(self) -> None:
        with self.provider() as provider:
            adapter = provider.adapter()
            count = 3 * adapter.limits.concurrency
            messages = [self.message(number, text=f"Text {number}.", html="") for number in range(1, count + 1)]
            with ThreadPoolExecutor(adapter.limits.concurrency) as pool:
                answers = list(pool.map(lambda message: _send(provider, message, adapter), messages))
            check(all(isinstance(a, Delivered) for a in answers), f"not all were delivered: {answers}")
            texts = sorted(arrived.text.strip() for arrived in provider.arrived())
            check(texts == sorted(message.text for message in messages), f"not every text arrived once: {texts}")

    # ---- what does not

    def test_adapter_works_again_after_the_trouble(self) -> None:
        with self.provider() as provider:
            adapter = provider.adapter()
            tried = [how for how in (*NOTHING_DONE, *UNKNOWN) if how in provider.can and how is not Behaviour.HANGS]
            for occurrence, how in enumerate(tried, 1):
                provider.behave(how)
                _send(provider, self.message(occurrence), adapter)
            provider.behave(Behaviour.WORKS)
            before = len(provider.arrived())
            check_ending(provider, Behaviour.WORKS, _send(provider, self.message(100), adapter))
            check(len(provider.arrived()) == before + 1, "after trouble one call sent not one message")


def _send(
    provider: MessageProvider, message: MessageRequest, adapter: MessageAdapter | None = None
) -> Answer | NoAnswer:
    used = adapter or provider.adapter()
    secrets = tuple(secret for secret in (message.to, message.to.lstrip("+"), message.name) if secret)
    return outcome_of(lambda: used.send(message), used.limits, secrets)


def _check_arrived(provider: MessageProvider, message: MessageRequest) -> None:
    arrived = provider.arrived()
    check(len(arrived) == 1, f"one message was sent, and {len(arrived)} arrived")
    check(arrived[0].to == (message.to,), "the message went to others than the one client")
    check(arrived[0].text.strip() == message.text.strip(), "the text did not arrive as it was")
