"""What messages say, word for word, and in which language."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.builders import COMPILER, policy

from payrules.adapters.texts import MessageTexts
from payrules.adapters.texts.built_in_texts import built_in
from payrules.adapters.texts.characters import GSM_ALPHABET, first_line, shortened
from payrules.app.ports import MessageRequest, Texts
from payrules.compiler.templates import faults_of
from payrules.domain.decision import ActionType
from payrules.domain.languages import BUILT_IN
from payrules.domain.policy import Channel, MessageKind, Policy, TextKey, TextPart

ROOT = Path(__file__).parents[3]
TEXTS: Texts = MessageTexts()
POLICY = replace(policy(), name="Nordlys Psykologi AS", language="nb", country="NO")
LINK = "https://pay.clinic.example/" + "k" * 43
SHORT = "https://pay.example/abc"

MESSAGE = MessageRequest(
    key="k",
    type=ActionType.SEND_PAYMENT_LINK,
    channel=Channel.EMAIL,
    clinic="nordlys-psykologi",
    clinic_name="Nordlys Psykologi AS",
    booking_id="b-1",
    ordinal=1,
    occurrence=1,
    to="client@mail.example",
    name="Kari Nordmann",
    language="nb",
    timezone="Europe/Oslo",
    amount=125000,
    currency="NOK",
    invoice_number="NP-17",
    starts_at=datetime(2026, 12, 3, 13, 5, tzinfo=UTC),
    now=datetime(2026, 12, 3, 14, tzinfo=UTC),
    link=SHORT,
    due_on=date(2026, 12, 17),
)


def rendered(policy_: Policy = POLICY, **changes: Any) -> MessageRequest:
    return TEXTS.render(policy_, MESSAGE._replace(**changes))


def sms(policy_: Policy = POLICY, **changes: Any) -> str:
    return rendered(policy_, channel=Channel.SMS, **changes).text


def with_texts(texts: Mapping[tuple[str, str, str], str], **changes: Any) -> Policy:
    """The policy with texts of its own, by language, kind and part."""
    own = {TextKey(lang, MessageKind(kind), TextPart(part)): text for (lang, kind, part), text in texts.items()}
    return replace(POLICY, messages=own, **changes)


class Reader(HTMLParser):
    """The text of a page, its tags and where it leads; fails on tags that are not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("br", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


EMAILS = {
    ("nb", ActionType.SEND_PAYMENT_LINK, 1): (
        "Faktura NP-17 fra Nordlys Psykologi AS",
        f"""\
Hei Kari Nordmann,

Her er faktura NP-17 for timen din hos Nordlys Psykologi AS.

Time: torsdag 3. desember 2026 kl. 14:05
Å betale: 1\xa0250,00\xa0kr
Betalingsfrist: 17. desember 2026

Du kan betale her:

{SHORT}

Vennlig hilsen
Nordlys Psykologi AS""",
    ),
    ("nb", ActionType.SEND_REMINDER, 1): (
        "Påminnelse: faktura NP-17 fra Nordlys Psykologi AS",
        f"""\
Hei Kari Nordmann,

Vi har foreløpig ikke mottatt betaling for faktura NP-17 for timen din hos Nordlys Psykologi AS.

Time: torsdag 3. desember 2026 kl. 14:05
Å betale: 1\xa0250,00\xa0kr
Betalingsfrist: 17. desember 2026

Kanskje har du bare glemt det? Du kan betale her:

{SHORT}

Har du betalt i mellomtiden, kan du se bort fra denne meldingen.

Vennlig hilsen
Nordlys Psykologi AS""",
    ),
    ("nb", ActionType.SEND_REMINDER, 2): (
        "Ny påminnelse: faktura NP-17 fra Nordlys Psykologi AS",
        f"""\
Hei Kari Nordmann,

Vi har fortsatt ikke mottatt betaling for faktura NP-17 for timen din hos Nordlys Psykologi AS.

Time: torsdag 3. desember 2026 kl. 14:05
Å betale: 1\xa0250,00\xa0kr
Betalingsfrist: 17. desember 2026

Vi ber deg betale så snart du kan. Ta gjerne kontakt med oss hvis noe er uklart. Du kan betale her:

{SHORT}

Har du betalt i mellomtiden, kan du se bort fra denne meldingen.

Vennlig hilsen
Nordlys Psykologi AS""",
    ),
    ("sv", ActionType.SEND_PAYMENT_LINK, 1): (
        "Faktura NP-17 från Nordlys Psykologi AS",
        f"""\
Hej Kari Nordmann!

Här är faktura NP-17 för ditt besök hos Nordlys Psykologi AS.

Besök: torsdag 3 december 2026 kl. 14:05
Att betala: 1\xa0250,00\xa0Nkr
Förfallodatum: 17 december 2026

Du kan betala här:

{SHORT}

Med vänlig hälsning
Nordlys Psykologi AS""",
    ),
    ("sv", ActionType.SEND_REMINDER, 1): (
        "Påminnelse: faktura NP-17 från Nordlys Psykologi AS",
        f"""\
Hej Kari Nordmann!

Vi har ännu inte fått betalt för faktura NP-17 för ditt besök hos Nordlys Psykologi AS.

Besök: torsdag 3 december 2026 kl. 14:05
Att betala: 1\xa0250,00\xa0Nkr
Förfallodatum: 17 december 2026

Kanske har det bara glömts bort? Du kan betala här:

{SHORT}

Om du redan har betalat kan du bortse från det här meddelandet.

Med vänlig hälsning
Nordlys Psykologi AS""",
    ),
    ("en", ActionType.SEND_PAYMENT_LINK, 1): (
        "Invoice NP-17 from Nordlys Psykologi AS",
        f"""\
Hello Kari Nordmann,

Here is invoice NP-17 for your visit to Nordlys Psykologi AS.

Visit: Thursday, 3 December 2026 at 14:05
To pay: NOK\xa01,250.00
Due date: 17 December 2026

You can pay here:

{SHORT}

Kind regards
Nordlys Psykologi AS""",
    ),
    ("en", ActionType.SEND_REMINDER, 3): (
        "New reminder: invoice NP-17 from Nordlys Psykologi AS",
        f"""\
Hello Kari Nordmann,

We have still not received the payment for invoice NP-17 for your visit to Nordlys Psykologi AS.

Visit: Thursday, 3 December 2026 at 14:05
To pay: NOK\xa01,250.00
Due date: 17 December 2026

Please pay as soon as you can. If anything is unclear, do get in touch with us. You can pay here:

{SHORT}

If you have paid in the meantime, please disregard this message.

Kind regards
Nordlys Psykologi AS""",
    ),
}


@pytest.mark.parametrize(("language", "type_", "occurrence"), EMAILS)
def test_emails_word_for_word(language: str, type_: ActionType, occurrence: int) -> None:
    message = rendered(language=language, type=type_, occurrence=occurrence)
    assert (message.subject, message.text) == EMAILS[language, type_, occurrence]
    # The page says the same, but for the button.
    words = "".join(Reader(message.html).words)
    assert all(line in words for line in message.text.splitlines())


@pytest.mark.parametrize(
    ("language", "type_", "occurrence", "text"),
    [
        ("nb", "link", 1, "1 250,00 kr for timen 3. desember. Betal innen 17. desember"),
        ("nb", "reminder", 1, "Påminnelse om 1 250,00 kr for timen 3. desember"),
        ("nb", "reminder", 2, "Ny påminnelse om 1 250,00 kr for timen 3. desember"),
        ("sv", "link", 1, "1 250,00 Nkr för besöket 3 december. Betala senast 17 december"),
        ("sv", "reminder", 1, "Påminnelse om 1 250,00 Nkr för besöket 3 december"),
        ("sv", "reminder", 5, "Ny påminnelse om 1 250,00 Nkr för besöket 3 december"),
        ("en", "link", 1, "NOK 1,250.00 for your visit on 3 December, due 17 December"),
        ("en", "reminder", 1, "reminder of NOK 1,250.00 for your visit on 3 December"),
        ("en", "reminder", 2, "new reminder of NOK 1,250.00 for your visit on 3 December"),
    ],
)
def test_sms_word_for_word(language: str, type_: str, occurrence: int, text: str) -> None:
    type_of = ActionType.SEND_REMINDER if type_ == "reminder" else ActionType.SEND_PAYMENT_LINK
    message = rendered(channel=Channel.SMS, language=language, type=type_of, occurrence=occurrence, link=LINK)
    assert message.text == f"Nordlys Psykologi AS: {text}: {LINK}"
    assert (message.subject, message.html) == ("", "")
    assert len(message.text) <= 160
    assert GSM_ALPHABET.issuperset(message.text)


@pytest.mark.parametrize("language", BUILT_IN)
def test_an_sms_is_one_in_the_longest_months_too(language: str) -> None:
    autumn = datetime(2026, 9, 28, 13, 5, tzinfo=UTC)
    for type_ in (ActionType.SEND_PAYMENT_LINK, ActionType.SEND_REMINDER):
        text = sms(
            language=language,
            type=type_,
            occurrence=2,
            starts_at=autumn,
            due_on=date(2026, 9, 30),
            link=LINK,
            amount=999999,
        )
        assert len(text) <= 160
        assert GSM_ALPHABET.issuperset(text)


@pytest.mark.parametrize("language", BUILT_IN)
@pytest.mark.parametrize("kind", MessageKind)
@pytest.mark.parametrize("part", TextPart)
def test_built_in_texts_pass_the_checks_of_a_clinics_own(language: str, kind: MessageKind, part: TextPart) -> None:
    template = built_in(language).templates[kind, part]
    found = faults_of(template, is_reminder=kind is MessageKind.REMINDER, needs_link=part is not TextPart.SUBJECT)
    assert found == []


@pytest.mark.parametrize(
    ("language", "greeting"),
    [("nb", "Hei,\n\nHer er fakturaen for"), ("sv", "Hej!\n\nHär är fakturan för"), ("en", "Hello,")],
)
def test_what_is_not_known_is_left_out(language: str, greeting: str) -> None:
    message = rendered(language=language, name=None, invoice_number=None, due_on=None)
    assert message.text.startswith(greeting)
    assert "None" not in message.text + message.subject + message.html
    assert "  " not in message.text + message.subject
    assert "2026\n" in message.text or "14:05\n" in message.text
    assert rendered(language=language, name=" \n").text == rendered(language=language, name=None).text


@pytest.mark.parametrize(
    ("language", "of_clinic", "begins"),
    [
        ("sv", "nb", "Hej"),
        ("nn", "sv", "Hei"),
        ("no", "sv", "Hei"),
        ("nb-NO", "sv", "Hei"),
        ("en-GB", "nb", "Hello"),
        ("pl", "nn", "Hei"),
        ("pl", "fr", "Hello"),
        ("pl", "sv", "Hej"),
        ("", "", "Hello"),
    ],
)
def test_languages_without_texts(language: str, of_clinic: str, begins: str) -> None:
    message = rendered(replace(POLICY, language=of_clinic), language=language)
    assert message.text.startswith(f"{begins} Kari")
    tag = {"Hei": "nb", "Hej": "sv", "Hello": "en"}[begins]
    assert f'<html lang="{tag}' in message.html


def test_a_clinics_own_text_comes_first_and_the_others_stay() -> None:
    own = with_texts({("nb", "payment_link", "sms"): "Hei{% if name %} {{ name }}{% endif %}: {{ link }}"})
    assert sms(own) == f"Hei Kari Nordmann: {SHORT}"
    assert sms(own, name=None) == f"Hei: {SHORT}"
    assert sms(own, language="nn") == f"Hei Kari Nordmann: {SHORT}"
    assert sms(own, language="sv").startswith("Nordlys Psykologi AS: 1 250,00 Nkr")
    assert sms(own, type=ActionType.SEND_REMINDER).startswith("Nordlys Psykologi AS: Påminnelse")
    assert rendered(own) == rendered()


def test_another_language_needs_both_texts_of_an_email() -> None:
    subject, email = ("fr", "payment_link", "subject"), ("fr", "payment_link", "email")
    half = with_texts({email: "Bonjour : {{ link }}"}, language="fr")
    assert rendered(half, language="fr").subject == "Invoice NP-17 from Nordlys Psykologi AS"
    whole = with_texts({email: "Bonjour {{ amount }} : {{ link }}", subject: "Facture"}, language="fr", country="FR")
    message = rendered(whole, language="fr-CH", currency="EUR")
    assert (message.subject, message.text) == ("Facture", f"Bonjour 1\u202f250,00\xa0€ : {SHORT}")
    assert '<html lang="fr-CH">' in message.html
    # Without words for a button the link stands where the text has it.
    assert Reader(message.html).addresses == [SHORT]


def test_reminders_are_counted() -> None:
    own = with_texts(
        {("nb", "reminder", "sms"): "{% if reminder > 2 %}siste{% else %}{{ reminder }}{% endif %} {{ link }}"}
    )
    said = [sms(own, type=ActionType.SEND_REMINDER, occurrence=n).split()[0] for n in (1, 2, 3, 40)]
    assert said == ["1", "2", "siste", "siste"]


@pytest.mark.parametrize(
    ("language", "country", "minor", "currency", "in_email", "in_sms"),
    [
        ("en", "JP", 12500, "JPY", "JP¥12,500", "JP¥12,500"),
        ("en", "US", 12000, "USD", "$120.00", "$120.00"),
        ("en", "GB", 12050, "GBP", "£120.50", "£120.50"),
        ("en", "KW", 12500, "KWD", "KWD\xa012.500", "KWD 12.500"),
        ("en", "IQ", 1250, "IQD", "IQD\xa01.250", "IQD 1.250"),
        ("en", "KR", 50000, "KRW", "₩50,000", "KRW 50,000"),
        ("nb", "NO", 5, "NOK", "0,05\xa0kr", "0,05 kr"),
        ("nb", "NO", 123456789, "NOK", "1\xa0234\xa0567,89\xa0kr", "1 234 567,89 kr"),
        ("nb", "NO", 12500, "JPY", "12\xa0500\xa0JPY", "12 500 JPY"),
        ("sv", "SE", 59550, "SEK", "595,50\xa0kr", "595,50 kr"),
        ("sv", "FI", 6950, "EUR", "69,50\xa0€", "69,50 €"),
    ],
)
def test_amounts(language: str, country: str, minor: int, currency: str, in_email: str, in_sms: str) -> None:
    clinic = replace(POLICY, country=country)
    changes = {"language": language, "amount": minor, "currency": currency}
    assert f": {in_email}\n" in rendered(clinic, **changes).text
    assert f": {in_sms} f" in sms(clinic, **changes)


def test_times_are_the_clinics_and_americans_read_them_their_way() -> None:
    american = replace(POLICY, country="US", zone=policy(timezone="America/New_York").zone)
    text = rendered(american, language="en").text
    assert "Visit: Thursday, December 3, 2026 at 8:05\u202fAM\n" in text
    assert "Due date: December 17, 2026\n" in text
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert "Time: fredag 1. januar 2027 kl. 00:30\n" in rendered(starts_at=late).text


def test_a_header_stays_one_line() -> None:
    evil = "Nordlys\r\nBcc: all@mail.example\x00\u2028x"
    message = rendered(clinic_name=evil, name=evil, invoice_number="1\n2")
    assert message.subject == "Faktura 1 2 fra Nordlys Bcc: all@mail.example x"
    assert message.text.startswith("Hei Nordlys,\n\nHer er faktura 1 2 for timen din hos Nordlys Bcc:")
    assert "\x00" not in message.text + message.html


def test_what_looks_like_html_or_a_template_is_shown_as_it_is() -> None:
    name = "<script>alert('x')</script> & {{ link }} {% if %}"
    message = rendered(name=name, clinic_name="A & B <b>")
    assert message.text.startswith(f"Hei {name},")
    page = Reader(message.html)
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert f"Hei {name}," in "".join(page.words)


def test_a_page_loads_nothing_and_leads_only_to_the_payment() -> None:
    page = Reader(rendered().html)
    assert page.addresses == [SHORT, SHORT]
    assert set(page.tags) == {"html", "head", "meta", "title", "body", "div", "p", "a", "br"}
    assert "url(" not in rendered().html
    assert "Betal nå" in page.words
    assert Reader(rendered(link="javascript:alert(1)").html).addresses == []


def test_long_names_of_clinics_are_cut_in_an_sms() -> None:
    name = "Senter for fysikalsk medisin og rehabilitering i Bergen"
    assert sms(clinic_name=name).startswith("Senter for fysikalsk medisin og...: ")
    assert sms(clinic_name="x" * 200).startswith("x" * 37 + "...: ")
    assert name in rendered(clinic_name=name).subject
    assert shortened("abc", 3) == "abc"


@pytest.mark.parametrize(
    ("text", "line"),
    [("Kari\nStorgata 1", "Kari"), ("\n \n Kari  N ", "Kari N"), ("", ""), ("\u202eKari", "Kari"), ("\x07", "")],
)
def test_first_line(text: str, line: str) -> None:
    assert first_line(text) == line


def test_typographic_signs_of_a_clinics_text_do_not_halve_an_sms() -> None:
    own = with_texts({("nb", "payment_link", "sms"): "“Hei” – klinikken’s\xa0lenke…\n{{ link }}"})
    assert sms(own) == f'"Hei" - klinikken\'s lenke...\n{SHORT}'


def test_the_example_says_what_is_sent() -> None:
    folder = ROOT / "examples/message-texts"
    [file] = (folder / "clinics").glob("*.yaml")
    version = COMPILER.compile(file.read_bytes(), file.name).version
    assert version is not None
    story = (folder / "README.md").read_text(encoding="utf-8")
    clinic = version.policy
    for line in (folder / "bookings.jsonl").read_text(encoding="utf-8").splitlines():
        booking = json.loads(line)
        person = booking.get("payer", booking["client"])
        changes = {
            "clinic_name": clinic.name,
            "name": person.get("name"),
            "language": person.get("language", clinic.language),
            "amount": int(booking["price"]["amount"].replace(".", "")),
        }
        assert f"| {sms(clinic, **changes)} |" in story
    subjects = [
        rendered(clinic, clinic_name=clinic.name, type=ActionType.SEND_REMINDER, occurrence=n).subject for n in (1, 2)
    ]
    assert all(f"*{subject}*" in " ".join(story.split()) for subject in subjects)
