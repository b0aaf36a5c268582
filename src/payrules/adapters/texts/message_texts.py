"""Texts of messages: chosen by language and filled in for one client."""

import re
from typing import NamedTuple

from babel import Locale

from payrules.adapters.texts.built_in_texts import built_in
from payrules.adapters.texts.characters import clean, first_line, for_sms, one_line, shortened
from payrules.adapters.texts.pages import Page, html_of
from payrules.adapters.texts.wording import amount_words, day_words, locale_for, time_words
from payrules.app.ports import MessageRequest
from payrules.compiler.templates import render
from payrules.domain.decision import ActionType
from payrules.domain.languages import BUILT_IN, languages_for
from payrules.domain.policy import Channel, MessageKind, Policy, TextKey, TextPart

_LONGEST_NAME = 100
# A clinic may have a name of 200 characters, and an SMS has 160.
_LONGEST_SENDER = 40
_TRAILING = re.compile(r"[ \t]+(?=\n)")
_GAPS = re.compile(r"\n{3,}")


class _Chosen(NamedTuple):
    """The templates of a message, in the language of its body; `button` is empty where the language has no words."""

    templates: dict[TextPart, str]
    language: str
    button: str


class MessageTexts:
    """The texts of a clinic's messages: its own where the policy has them, else those that come with payrules."""

    def render(self, policy: Policy, message: MessageRequest) -> MessageRequest:
        """The message with its text, and for an email its subject and HTML. Never raises on what a client is called.

        A message of an invoice without a link must not come here: its text would have nothing where the link belongs.
        """
        kind = MessageKind.REMINDER if message.type is ActionType.SEND_REMINDER else MessageKind.PAYMENT_LINK
        sms = message.channel is Channel.SMS
        chosen = _choose(policy, message.language, kind, (TextPart.SMS,) if sms else (TextPart.SUBJECT, TextPart.EMAIL))
        values = _values(policy, message, locale_for(chosen.language, policy.country), sms=sms)
        rendered = {part: _tidy(render(template, values)) for part, template in chosen.templates.items()}
        if sms:
            return message._replace(text=for_sms(rendered[TextPart.SMS]), subject="", html="")
        subject, text = one_line(rendered[TextPart.SUBJECT]), rendered[TextPart.EMAIL]
        page = Page(chosen.language, one_line(message.clinic_name), subject, text, str(values["link"]), chosen.button)
        return message._replace(subject=subject, text=text, html=html_of(page))


def _choose(policy: Policy, language: str, kind: MessageKind, parts: tuple[TextPart, ...]) -> _Chosen:
    """The texts in the payer's language; where it has none, in the clinic's; where that has none, in English."""
    for wanted in (language, policy.language, "en"):
        chosen = _in_language(policy, wanted, kind, parts)
        if chosen is not None:
            return chosen
    raise AssertionError("English is built in")


def _in_language(policy: Policy, wanted: str, kind: MessageKind, parts: tuple[TextPart, ...]) -> _Chosen | None:
    """All parts of a message for readers of one language; None where one is missing."""
    templates: dict[TextPart, str] = {}
    written_in = button = ""
    for part in parts:
        for language in languages_for(wanted):
            own = policy.messages.get(TextKey(language, kind, part))
            if own is None and language in BUILT_IN:
                own = built_in(language).templates[kind, part]
            if own is not None:
                templates[part], written_in = own, language
                break
        else:
            return None
    # A wider language is written as its reader's country writes it.
    base = wanted.partition("-")[0]
    for language in languages_for(written_in):
        if language in BUILT_IN:
            button = built_in(language).button
    return _Chosen(templates, wanted if written_in == base else written_in, button)


def _values(policy: Policy, message: MessageRequest, locale: Locale, *, sms: bool) -> dict[str, object]:
    """All variables that a text can name; a missing one is an empty text."""
    clinic_name = one_line(message.clinic_name)
    return {
        "clinic_name": shortened(clinic_name, _LONGEST_SENDER) if sms else clinic_name,
        "name": shortened(first_line(message.name or ""), _LONGEST_NAME),
        "amount": amount_words(message.amount, message.currency, locale, sms=sms),
        "due_on": "" if message.due_on is None else day_words(message.due_on, locale, sms=sms),
        "invoice_number": one_line(message.invoice_number or ""),
        "starts_at": time_words(message.starts_at.astimezone(policy.zone), locale, sms=sms),
        "link": one_line(message.link or ""),
        "reminder": message.occurrence if message.type is ActionType.SEND_REMINDER else 0,
    }


def _tidy(text: str) -> str:
    """A text without control characters, and without the empty lines that a part left out has left behind."""
    return _GAPS.sub("\n\n", _TRAILING.sub("", clean(text))).strip()
