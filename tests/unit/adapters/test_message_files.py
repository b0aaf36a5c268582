"""Messages as files: once for a key, readable for their owner alone, whole after a crash."""

import email
import email.policy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from payrules.adapters.messages.files import EmailFiles, SmsFiles
from payrules.app.ports import MessageRequest
from payrules.domain.action import ActionKey, Delivered, Rejected
from payrules.domain.decision import ActionType
from payrules.domain.policy import Channel

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def message(channel: Channel = Channel.EMAIL, occurrence: int = 1, **changes: Any) -> MessageRequest:
    type_ = ActionType.SEND_PAYMENT_LINK
    return MessageRequest(
        ActionKey(1, type_, channel, occurrence).text("nordlys", "bk-1:7"),
        type_,
        channel,
        "nordlys",
        "Nordlys AS",
        "bk-1:7",
        1,
        occurrence,
        "kari@example.org" if channel is Channel.EMAIL else "+47 990 00 123",
        "Kari Prøve",
        "nb",
        "Europe/Oslo",
        125_000,
        "NOK",
        "NP-12",
        NOW + timedelta(days=3),
        NOW,
        subject="Faktura NP-12 fra Nordlys AS",
        text="Hei Kari Prøve,\nher er lenken.\n",
        html="<p>Hei Kari Prøve</p>",
        reply_to="post@nordlys.example",
    )._replace(**changes)


def send(folder: Path, mail: MessageRequest) -> Delivered:
    answer = EmailFiles(folder).send(mail)
    assert isinstance(answer, Delivered)
    return answer


def read(path: Path) -> email.message.EmailMessage:
    found = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(found, email.message.EmailMessage)
    return found


def test_an_email_is_a_file_named_by_its_key(tmp_path: Path) -> None:
    answer = send(tmp_path, message())
    assert answer == Delivered("email/nordlys_bk-1=7_1_send_payment_link_email_1.eml")
    found = read(tmp_path / answer.receipt)
    assert found["To"] == "Kari Prøve <kari@example.org>"
    assert found["Reply-To"] == "post@nordlys.example"
    assert found["Subject"] == "Faktura NP-12 fra Nordlys AS"
    plain, page = found.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == "Hei Kari Prøve,\nher er lenken.\n"
    assert page.get_content_type() == "text/html"
    assert (tmp_path / answer.receipt).stat().st_mode & 0o077 == 0


def test_the_same_key_is_written_once(tmp_path: Path) -> None:
    first = send(tmp_path, message())
    written = (tmp_path / first.receipt).read_bytes()
    assert send(tmp_path, message(name="Somebody Else")) == first
    assert (tmp_path / first.receipt).read_bytes() == written
    assert len(list((tmp_path / "email").iterdir())) == 1


def test_a_message_id_is_the_keys_own(tmp_path: Path) -> None:
    one, two = (read(tmp_path / send(tmp_path, message(occurrence=n)).receipt) for n in (1, 2))
    assert one["Message-ID"] != two["Message-ID"]


def test_a_name_cannot_begin_a_header(tmp_path: Path) -> None:
    hostile = message(subject="Nordlys\r\nBcc: all@example.org", name="Kari\r\nBcc: all@example.org")
    found = read(tmp_path / send(tmp_path, hostile).receipt)
    assert found["Bcc"] is None
    assert found["Subject"] == "Nordlys Bcc: all@example.org"


def test_an_address_that_is_none_is_rejected_and_not_repeated(tmp_path: Path) -> None:
    answer = EmailFiles(tmp_path).send(message(to="kari@example.org\nBcc: all@example.org"))
    assert answer == Rejected("not an email address")
    assert list((tmp_path / "email").iterdir()) == []


def test_an_sms_is_a_line_of_its_day(tmp_path: Path) -> None:
    assert SmsFiles(tmp_path).send(message(Channel.SMS)) == Delivered("sms/2026-12-01.jsonl")
    (line,) = (tmp_path / "sms/2026-12-01.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "key": "nordlys/bk-1:7/1/send_payment_link/sms/1",
        "to": "+47 990 00 123",
        "text": "Hei Kari Prøve,\nher er lenken.\n",
        "at": "2026-12-01T09:00:00+00:00",
    }


def test_an_sms_is_sent_once_by_whichever_process_and_over_midnight(tmp_path: Path) -> None:
    SmsFiles(tmp_path).send(message(Channel.SMS))
    SmsFiles(tmp_path).send(message(Channel.SMS, now=NOW + timedelta(hours=20)))
    lines = [line for path in (tmp_path / "sms").glob("*.jsonl") for line in path.read_text().splitlines()]
    assert len(lines) == 1


def test_half_a_line_of_a_crash_hides_no_later_one(tmp_path: Path) -> None:
    adapter = SmsFiles(tmp_path)
    adapter.send(message(Channel.SMS))
    path = tmp_path / "sms/2026-12-01.jsonl"
    with path.open("ab") as file:
        file.write(b'{"key": "nordlys/bk-2/1/send_pay')
    adapter.send(message(Channel.SMS, occurrence=2))
    adapter.send(message(Channel.SMS, occurrence=2))
    lines = path.read_bytes().splitlines()
    assert len(lines) == 3
    assert json.loads(lines[2])["key"].endswith("/sms/2")
