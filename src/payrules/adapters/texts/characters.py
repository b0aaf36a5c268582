"""Which characters a message may have, and which of them a plain SMS has."""

import re
from unicodedata import normalize

# Control characters, halves of a pair, those that turn the direction of writing, and what is no character. Line
# breaks are kept where a text has lines.
_UNWANTED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufdd0-\ufdef\ufffe\uffff]"
)
# Quotation marks, dashes and the ellipsis.
_PLAIN = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014", "''\"\"--", "") | {0x2026: "..."}
_SPACES = re.compile(r"[^\S\n]+")

GSM_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)
"""The characters of GSM 03.38 and its extension: an SMS of these alone has 160, any other 70."""


def clean(text: str) -> str:
    """A text without control characters; its line breaks stay."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """A text that fits in a header: on one line, with single spaces."""
    return " ".join(clean(" ".join(text.split())).split())


def first_line(text: str) -> str:
    """The first line of a name or an address that says something."""
    return next((line for part in text.splitlines() if (line := one_line(part))), "")


def shortened(text: str, most: int) -> str:
    """A text of at most `most` characters, cut at a space where there is one."""
    if len(text) <= most:
        return text
    cut = text[: most - 3]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut else cut}..."


def for_sms(text: str) -> str:
    """A text for an SMS: the signs of typography, each of which would halve its length, are plain ones."""
    return _SPACES.sub(" ", normalize("NFC", text).translate(_PLAIN))
