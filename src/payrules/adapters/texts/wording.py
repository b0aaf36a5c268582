"""Amounts, dates and times as a language writes them, in the clinic's zone."""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.languages import get_official_languages
from babel.numbers import format_currency

from payrules.adapters.texts.characters import GSM_ALPHABET, for_sms
from payrules.domain.money import MINOR_UNITS

_NO_BREAK = "\xa0"
# A code and its number touch in Babel where the language's own rules ask for a space (CLDR's currencySpacing).
_TOUCHING = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_DECIMALS = re.compile(r"(?<=0)\.0+")
_AT = {"en": " at ", "nb": " kl. ", "nn": " kl. ", "no": " kl. ", "sv": " kl. "}


@lru_cache(maxsize=512)
def locale_for(language: str, country: str) -> Locale:
    """How readers of a language write in a country; English where the language is not known.

    The country counts where the language is spoken there: dates for Americans differ from those for the English.
    """
    base, _, region = language.partition("-")
    if not region and base in get_official_languages(country, de_facto=True):
        region = country
    for tag in (f"{base}_{region}", base) if region else (base,):
        try:
            found = Locale.parse(tag)
        except (UnknownLocaleError, ValueError):
            continue
        # English by itself would be American.
        return found if region or base != "en" else Locale("en", "GB")
    return Locale("en", "GB")


def amount_words(minor: int, currency: str, locale: Locale, *, sms: bool) -> str:
    """An amount in minor units, with all of the currency's decimals: `1 250,00 kr`, `NOK 1,250.00`, `¥1,250`.

    In an SMS a sign that a plain SMS does not have gives way to the currency's code.
    """
    number = Decimal(minor).scaleb(-MINOR_UNITS[currency])
    words = _format(number, currency, locale, "¤")
    return _format(number, currency, locale, "¤¤") if sms and not GSM_ALPHABET.issuperset(for_sms(words)) else words


def _format(number: Decimal, currency: str, locale: Locale, sign: str) -> str:
    # The number of decimals is ISO 4217's, as everywhere here: CLDR leaves out those that nobody has coins for.
    digits = MINOR_UNITS[currency]
    standard = str(locale.currency_formats["standard"].pattern).replace("¤", sign)
    pattern = _DECIMALS.sub("." + "0" * digits if digits else "", standard)
    return _TOUCHING.sub(_NO_BREAK, format_currency(number, currency, pattern, locale=locale, currency_digits=False))


def day_words(on: date, locale: Locale, *, sms: bool) -> str:
    """A date: `17. desember 2026`, in an SMS `17. desember`."""
    return str(format_skeleton("MMMMd", on, locale=locale)) if sms else str(format_date(on, "long", locale=locale))


def time_words(at: datetime, locale: Locale, *, sms: bool) -> str:
    """A time in the clinic's zone: `torsdag 3. desember 2026 kl. 14:05`; in an SMS the day alone."""
    if sms:
        return day_words(at.date(), locale, sms=True)
    between = _AT.get(locale.language, ", ")
    return f"{format_date(at, 'full', locale=locale)}{between}{format_time(at, 'short', locale=locale)}"
