"""A message as an email: text and HTML, in seven-bit characters, with headers that nobody can add to."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from hashlib import sha256
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email

from payrules.adapters.addresses import Unreachable
from payrules.app.ports import MessageRequest

_LONGEST_LINE = 200
_DOT_FIRST = re.compile(rb"^\.", re.MULTILINE)


class Mailbox(NamedTuple):
    """An email address as servers are told it. `international`: the server must know SMTPUTF8 for it."""

    address: str
    international: bool

    @property
    def domain(self) -> str:
        """What follows the @."""
        return self.address.rpartition("@")[2]

    def named(self, name: str) -> Address:
        """As a header has it, with a name that may be any text."""
        # Taken apart, because put together an international one would not pass.
        return Address(one_line(name), self.address.rpartition("@")[0], self.domain)


def mailbox_of(text: str) -> Mailbox | Unreachable:
    """An address, in ASCII where that can be: a domain always can."""
    try:
        found = validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return Unreachable("not an email address")
    if found.ascii_email is not None:
        return Mailbox(found.ascii_email, international=False)
    return Mailbox(f"{found.local_part}@{found.ascii_domain}", international=True)


def message_id(message: MessageRequest, sender: Mailbox) -> str:
    """The same for a key for ever, so that a reader may know a message that came twice."""
    return f"<{sha256(message.key.encode()).hexdigest()[:32]}@{sender.domain}>"


def mail_of(message: MessageRequest, to: Mailbox, sender: Mailbox, reply_to: Mailbox | None) -> EmailMessage:
    """The email, from the clinic by its name. Answers go to `reply_to`, else to the clinic."""
    mail = EmailMessage()
    mail["Message-ID"] = message_id(message, sender)
    mail["Date"] = message.now
    mail["From"] = sender.named(message.clinic_name)
    mail["To"] = to.named(message.name or "")
    answers_to = reply_to or mailbox_of(message.reply_to)
    if isinstance(answers_to, Mailbox):
        mail["Reply-To"] = answers_to.named("")
    mail["Subject"] = one_line(message.subject)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_whole(message.text), cte="quoted-printable")
    if message.html:
        mail.add_alternative(_whole(message.html), subtype="html", cte="quoted-printable")
    return mail


def bytes_of(mail: EmailMessage, *, international: bool) -> bytes:
    """The email as it goes over the wire, up to and with the dot that ends it."""
    written = mail.as_bytes(policy=SMTPUTF8 if international else SMTP)
    return _DOT_FIRST.sub(b"..", written).rstrip(b"\r\n") + b"\r\n.\r\n"


def one_line(text: str) -> str:
    """Text that cannot begin a header of its own: control characters and the like become spaces."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    # The library would decode an encoded word, with whatever line ends are in it.
    plain = " ".join(shown.split()).replace("=?", "= ?")
    return plain[:_LONGEST_LINE].rstrip()


def _whole(text: str) -> str:
    """Text that can be encoded: what is no character becomes a question mark."""
    return text.encode(errors="replace").decode()
