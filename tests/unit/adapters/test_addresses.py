"""Phone numbers and email addresses as clients write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payrules.adapters.addresses import Unreachable, email_of, phone_of, why_unreachable
from payrules.domain.policy import Channel


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("990 00 123", "NO", "+4799000123"),
        ("+47 990 00 123", "SE", "+4799000123"),
        ("0047 990 00 123", "NO", "+4799000123"),
        ("070-174 06 05", "SE", "+46701740605"),
        ("(202) 555-0143", "US", "+12025550143"),
        ("tel:+12025550143", "NO", "+12025550143"),
        # A range that no table knows may be new.
        ("07700 900123", "GB", "+447700900123"),
    ],
)
def test_mobile_number_in_one_form(text: str, country: str, number: str) -> None:
    assert phone_of(text, country) == number


@pytest.mark.parametrize(
    ("text", "country", "cause"),
    [
        ("22 00 00 00", "NO", "not a mobile number"),
        ("800 00 000", "NO", "not a mobile number"),
        ("820 00 123", "NO", "not a mobile number"),
        ("112", "NO", "not a phone number"),
        ("990 00", "NO", "not a phone number"),
        ("990 00 123 ext. 5", "NO", "not a phone number"),
        ("call me", "NO", "not a phone number"),
        ("", "NO", "not a phone number"),
        ("9" * 100_000, "NO", "not a phone number"),
    ],
)
def test_what_gets_no_sms(text: str, country: str, cause: str) -> None:
    assert phone_of(text, country) == Unreachable(cause)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" kari@client.example ", "kari@client.example"),
        ("Kari@CLIENT.example", "Kari@client.example"),
        ("kåre@blåbær.example", "kåre@blåbær.example"),
    ],
)
def test_email_address_in_one_form(text: str, address: str) -> None:
    assert email_of(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "kari", "kari@", "@client.example", "kari@client", "Kari <kari@client.example>", "a@client.example\nBcc: b"],
)
def test_what_gets_no_email(text: str) -> None:
    assert email_of(text) == Unreachable("not an email address")


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_none_and_causes_repeat_nothing(text: str) -> None:
    for found in (phone_of(text, "NO"), email_of(text)):
        if isinstance(found, Unreachable):
            assert found.cause in {"not a phone number", "not a mobile number", "not an email address"}
        else:
            assert found.isprintable()
            assert " " not in found


@pytest.mark.parametrize(
    ("channel", "address", "country", "why"),
    [
        (Channel.SMS, "990 00 123", "NO", None),
        (Channel.SMS, "22 00 00 00", "NO", "not a mobile number"),
        (Channel.SMS, "reception", "NO", "not a phone number"),
        # Nobody knows whose national number it is.
        (Channel.SMS, "22 00 00 00", None, None),
        (Channel.EMAIL, "kari@client.example", None, None),
        (Channel.EMAIL, "kari", None, "not an email address"),
    ],
)
def test_why_nothing_can_be_sent(channel: Channel, address: str, country: str | None, why: str | None) -> None:
    assert why_unreachable(channel, address, country) == why
