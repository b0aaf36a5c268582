"""Amounts: whole minor units inside, decimal strings at the edges."""

import pytest

from payrules.domain.money import MINOR_UNITS, Decimals, Money, format_minor, parse_decimal, to_minor, vat_included


@pytest.mark.parametrize(
    ("text", "units", "scale"),
    [
        ("0", 0, 0),
        ("0.00", 0, 0),
        ("12", 12, 0),
        ("12.5", 125, 1),
        ("12.50", 125, 1),
        ("12.05", 1205, 2),
        ("0.001", 1, 3),
        ("100", 100, 0),
        ("9999999999.9999", 99_999_999_999_999, 4),
    ],
)
def test_decimal_is_read_in_lowest_form(text: str, units: int, scale: int) -> None:
    assert parse_decimal(text) == Decimals(units, scale)


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "01", ".5", "5.", "1,5", "1 000", "1_000", "1e3", "NaN", "Infinity", "0x10", "١٢", "12\n", " 12"],
)
def test_what_is_no_plain_decimal_is_not_read(text: str) -> None:
    assert parse_decimal(text) is None


@pytest.mark.parametrize(("text", "lowest"), [("12.50", "12.5"), ("12.00", "12"), ("0.0", "0"), ("0.10", "0.1")])
def test_decimal_is_written_in_lowest_form(text: str, lowest: str) -> None:
    assert str(parse_decimal(text)) == lowest


@pytest.mark.parametrize(
    ("text", "digits", "minor"),
    [
        ("1250.00", 2, 125_000),
        ("1250", 2, 125_000),
        ("0.5", 2, 50),
        ("0.005", 2, None),
        ("5000", 0, 5_000),
        # Zeros count: a thousands separator must not become a decimal point.
        ("5000.00", 0, None),
        ("2.100", 2, None),
        ("1,250", 2, None),
        ("5000.5", 0, None),
        ("1.005", 3, 1_005),
        ("1.0005", 3, None),
    ],
)
def test_amount_in_minor_units_of_its_currency(text: str, digits: int, minor: int | None) -> None:
    assert to_minor(text, digits) == minor


@pytest.mark.parametrize(
    ("minor", "digits", "text"),
    [(125_000, 2, "1250.00"), (5, 2, "0.05"), (0, 2, "0.00"), (5_000, 0, "5000"), (1, 3, "0.001"), (0, 0, "0")],
)
def test_minor_units_are_written_with_all_decimals(minor: int, digits: int, text: str) -> None:
    assert format_minor(minor, digits) == text


@pytest.mark.parametrize(
    ("money", "amount"),
    [(Money(125_000, "NOK"), "1250.00"), (Money(5_000, "JPY"), "5000"), (Money(12_500, "BHD"), "12.500")],
)
def test_amount_has_the_decimals_of_its_currency(money: Money, amount: str) -> None:
    assert money.amount == amount


@pytest.mark.parametrize(
    ("total", "rate", "vat"),
    [
        # 1250.00 × 25 / 125
        (125_000, "25", 25_000),
        # Without VAT nothing of the total is VAT.
        (125_000, "0", 0),
        (0, "25", 0),
        # 1000 × 6 / 106 = 56.6…
        (1_000, "6", 57),
        # 1000 × 8.1 / 108.1 = 74.9…
        (1_000, "8.1", 75),
        # 999 × 12.5 / 112.5 = 111 exactly: no float could be trusted to see it.
        (999, "12.5", 111),
        # 20 % is a sixth of the total: 3 / 6, 9 / 6 and 15 / 6 end in a half, which goes up, the even 2.5 too.
        (3, "20", 1),
        (9, "20", 2),
        (15, "20", 3),
        # 2 / 6 = 0.33
        (2, "20", 0),
        # Half of it, half up.
        (1, "100", 1),
        (3, "100", 2),
        # More than a float holds exactly: 99 999 999 999 999 × 25 / 125 = 19 999 999 999 999.8
        (99_999_999_999_999, "25", 20_000_000_000_000),
    ],
)
def test_vat_inside_a_total_is_rounded_half_up(total: int, rate: str, vat: int) -> None:
    percent = parse_decimal(rate)
    assert percent is not None
    assert vat_included(total, percent) == vat


@pytest.mark.parametrize(
    ("currency", "digits"),
    # ISO 4217, list one. ISK and UGX lost their decimals, KWD has three.
    [("NOK", 2), ("SEK", 2), ("GBP", 2), ("USD", 2), ("JPY", 0), ("ISK", 0), ("UGX", 0), ("KWD", 3), ("TND", 3)],
)
def test_currencies_have_their_minor_units(currency: str, digits: int) -> None:
    assert MINOR_UNITS[currency] == digits


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "CHE", "UYI", "NKR", "HRK", "BGN"])
def test_what_nobody_is_invoiced_in_is_no_currency(code: str) -> None:
    assert code not in MINOR_UNITS
