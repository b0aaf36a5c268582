"""Whatever a client is called and whatever is due: every message can be written, and is what it says."""

from datetime import UTC, date, datetime
from unicodedata import category

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.adapters.test_texts import LINK, MESSAGE, POLICY, TEXTS, Reader

from payrules.adapters.texts.characters import GSM_ALPHABET, first_line, one_line
from payrules.app.ports import MessageRequest
from payrules.domain.decision import ActionType
from payrules.domain.money import MINOR_UNITS
from payrules.domain.policy import Channel

NAMES = st.text(max_size=250) | st.text("<>&\"'{}%#\r\n\t ab\u2028\x00\u202e\ud800", max_size=40)
MESSAGES = st.builds(
    MESSAGE._replace,
    type=st.sampled_from([ActionType.SEND_PAYMENT_LINK, ActionType.SEND_REMINDER]),
    channel=st.sampled_from(Channel),
    clinic_name=NAMES,
    name=st.none() | NAMES,
    language=st.sampled_from(["en", "en-US", "nb", "nn", "sv", "sv-FI", "ja", "ar", "xx", "zzz-ZZ", ""]),
    occurrence=st.integers(1, 50),
    amount=st.integers(0, 2**62),
    currency=st.sampled_from(sorted(MINOR_UNITS)),
    invoice_number=st.none() | NAMES,
    starts_at=st.dates(date(2000, 1, 2), date(2999, 12, 30)).map(
        lambda on: datetime(*on.timetuple()[:3], 23, 5, tzinfo=UTC)
    ),
    due_on=st.none() | st.dates(date(2000, 1, 1), date(2999, 12, 31)),
    link=st.just(LINK),
)


@given(MESSAGES)
def test_every_message_can_be_written(message: MessageRequest) -> None:
    done = TEXTS.render(POLICY, message)
    assert done._replace(text="", subject="", html="") == message
    assert LINK in done.text
    for text in (done.text, done.subject, done.html):
        text.encode()
        assert {c for c in text if category(c) == "Cc"} <= {"\n"}
    if message.channel is Channel.SMS:
        assert len(done.text.splitlines()) == 1
        assert (done.subject, done.html) == ("", "")
        return
    assert done.subject == one_line(done.subject) != ""
    page = Reader(done.html)
    assert set(page.tags) == {"html", "head", "meta", "title", "body", "div", "p", "a", "br"}
    assert set(page.addresses) == {LINK}
    name = first_line(message.name or "")
    # Longer ones are cut.
    assert len(name) > 100 or name in "".join(page.words)


@given(
    MESSAGES,
    st.text(sorted(GSM_ALPHABET - set("\n^{}\\[~]|€")), max_size=20),
    st.integers(0, 999_999),
    st.sampled_from(["en", "nb", "sv"]),
    st.dates(date(2000, 1, 1), date(2999, 12, 31)),
)
def test_an_sms_is_one_message(message: MessageRequest, clinic: str, amount: int, language: str, due_on: date) -> None:
    done = TEXTS.render(
        POLICY,
        message._replace(
            channel=Channel.SMS, clinic_name=clinic, amount=amount, currency="NOK", language=language, due_on=due_on
        ),
    )
    assert len(done.text) <= 160
    assert GSM_ALPHABET.issuperset(done.text)


@given(MESSAGES)
def test_an_sms_of_any_clinic_ends_with_the_whole_link(message: MessageRequest) -> None:
    done = TEXTS.render(POLICY, message._replace(channel=Channel.SMS))
    assert done.text.endswith(f": {LINK}")
    assert len(done.text) <= 250
