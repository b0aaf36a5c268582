"""An email's headers say what they should and nothing else, whatever the names."""

import email
import email.policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from payrules.adapters.addresses import Unreachable
from payrules.adapters.messages.mail import Mailbox, bytes_of, mail_of, mailbox_of, one_line
from payrules.domain.policy import Channel
from payrules.testing import sample_message

MESSAGE = sample_message(Channel.EMAIL)
TO, SENDER = Mailbox("kari@client.example", False), Mailbox("post@clinic.example", False)
HEADERS = ["Message-ID", "Date", "From", "To", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type"]


def read(message: bytes) -> EmailMessage:
    assert message.endswith(b"\r\n.\r\n")
    found = email.message_from_bytes(message.removesuffix(b".\r\n"), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


@settings(max_examples=50)
@given(name=st.text(max_size=150), clinic=st.text(max_size=150), subject=st.text(max_size=150))
@example(name="Kari\r\nBcc: other@client.example\r\n\r\nGone", clinic="\nX: y", subject="\rX: y")
@example(name='", other@client.example, "', clinic="<other@client.example>", subject="=?utf-8?q?=0ABcc=3A?=")
@example(name="\ud800", clinic="日" * 99, subject="\x00\x85\u2028")
def test_headers_hold_whatever_text_and_no_more(name: str, clinic: str, subject: str) -> None:
    message = MESSAGE._replace(name=name, clinic_name=clinic, subject=subject)
    found = read(bytes_of(mail_of(message, TO, SENDER, None), international=False))
    assert found.keys() == HEADERS
    assert [address.addr_spec for address in found["To"].addresses] == ["kari@client.example"]
    assert [address.addr_spec for address in found["From"].addresses] == ["post@clinic.example"]
    assert len(list(found.iter_parts())) == 2


@settings(max_examples=50)
@given(st.text(alphabet=st.characters(categories=["L", "N", "P"]), min_size=1, max_size=60))
@example("Łucja Ørsted, dr. «日本»")
def test_name_reads_as_it_was(name: str) -> None:
    content = bytes_of(mail_of(MESSAGE._replace(name=name), TO, SENDER, None), international=False)
    # The newer reader of the library puts spaces between encoded words.
    header = email.message_from_bytes(content, policy=email.policy.compat32)["To"]
    shown, address = parseaddr(header)
    assert (str(make_header(decode_header(shown))), address) == (one_line(name), "kari@client.example")


@settings(max_examples=50)
@given(st.text(max_size=300))
@example("\ud800")
@example(".\r\n.\r\nQUIT")
def test_text_is_seven_bit_and_never_ends_the_message_early(text: str) -> None:
    content = bytes_of(mail_of(MESSAGE._replace(text=text, html=""), TO, SENDER, None), international=False)
    assert content.isascii()
    assert content.count(b"\r\n.\r\n") == 1
    assert max(map(len, content.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\n b\t c\x00", "a b c"),
        ("a\u2028b\x85c", "a b c"),
        ("x" * 500, "x" * 200),
        ("=?utf-8?q?a?=", "= ?utf-8?q?a?="),
        ("  ", ""),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_mailbox() -> None:
    assert mailbox_of("kari@BLÅBÆR.example") == Mailbox("kari@xn--blbr-roah.example", False)
    assert mailbox_of("kåre@client.example") == Mailbox("kåre@client.example", True)
    assert mailbox_of("nobody") == Unreachable("not an email address")
