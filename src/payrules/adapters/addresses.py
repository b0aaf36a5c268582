"""Where a client can be reached: phone numbers and email addresses as clients write them, brought into one form.

What cannot be reached is told without the address, so that the cause may be kept and shown.
"""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    format_number,
    is_possible_number_for_type,
    number_type,
    parse,
)

from payrules.domain.policy import Channel

_LONGEST_PHONE = 64

# A range that the tables do not know may be new: then the provider tells.
_MAY_GET_SMS = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nothing can be sent to what was given; `cause` says why in a few words, without it."""

    cause: str


def phone_of(text: str, country: str) -> str | Unreachable:
    """A phone number for SMS in E.164, such as `+4799000123`. A national number is one of `country` (ISO 3166 alpha-2).

    Landlines and other numbers that the numbering plan keeps for something else are unreachable.
    """
    try:
        number = parse(text if len(text) <= _LONGEST_PHONE else "", country)
    except NumberParseException:
        return Unreachable("not a phone number")
    if number.extension or not is_possible_number_for_type(number, PhoneNumberType.MOBILE):
        return Unreachable("not a phone number")
    if number_type(number) not in _MAY_GET_SMS:
        return Unreachable("not a mobile number")
    return format_number(number, PhoneNumberFormat.E164)


def why_unreachable(channel: Channel, address: str, country: str | None) -> str | None:
    """Why nothing can be sent to an address; None where it can. Without a country any number may be one."""
    if channel is Channel.SMS and country is None:
        return None
    found = email_of(address) if channel is Channel.EMAIL else phone_of(address, country or "")
    return found.cause if isinstance(found, Unreachable) else None


def email_of(text: str) -> str | Unreachable:
    """An email address in normal form: Unicode, its domain in small letters. Nothing is looked up in the DNS."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        return Unreachable("not an email address")
