"""Amounts go in and out unchanged, and VAT is exact."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from tests.properties.compiling import examples

from payrules.domain.money import MINOR_UNITS, Decimals, Money, format_minor, parse_decimal, to_minor, vat_included

CURRENCIES = st.sampled_from(sorted(MINOR_UNITS))
MINOR = st.integers(0, 10**13) | st.integers(0, 2_000)


@examples(300)
@given(MINOR, CURRENCIES)
def test_an_amount_is_read_as_it_was_written(minor: int, currency: str) -> None:
    digits = MINOR_UNITS[currency]
    text = Money(minor, currency).amount
    assert Fraction(text) == Fraction(minor, 10**digits)
    assert len(text.partition(".")[2]) == digits
    assert ("." in text) == (digits > 0)
    assert to_minor(text, digits) == minor


@examples(300)
@given(st.from_regex(r"(0|[1-9][0-9]{0,9})(\.[0-9]{1,4})?", fullmatch=True), st.integers(0, 4))
def test_a_decimal_is_in_lowest_form_and_fits_or_not(text: str, digits: int) -> None:
    decimal = parse_decimal(text)
    assert decimal is not None
    value = Fraction(text)
    assert Fraction(decimal.units, 10**decimal.scale) == value == Fraction(str(decimal))
    assert decimal.scale == 0 or decimal.units % 10
    assert parse_decimal(str(decimal)) == decimal
    fits = len(text.partition(".")[2]) <= digits
    assert to_minor(text, digits) == (value * 10**digits if fits else None)


@examples(300)
@given(st.text("0123456789.-+eE_ ٣\n,", max_size=6) | st.text(max_size=4))
def test_only_plain_decimals_are_read(text: str) -> None:
    whole, point, fraction = text.partition(".")
    plain = all(part.isascii() and part.isdigit() for part in ([whole, fraction] if point else [whole]))
    plain = plain and (whole == "0" or not whole.startswith("0"))
    assert (parse_decimal(text) is not None) == plain


@examples(500)
@given(MINOR, st.integers(0, 10_000))
def test_vat_is_the_exact_share_rounded_half_up(total: int, hundredths: int) -> None:
    percent = Fraction(hundredths, 100)
    rate = parse_decimal(format_minor(hundredths, 2))
    assert rate is not None
    exact = total * percent / (100 + percent)
    # Half up: the whole number below, unless at least a half is left.
    wanted = int(exact) + (1 if exact - int(exact) >= Fraction(1, 2) else 0)
    assert vat_included(total, rate) == wanted
    assert 0 <= wanted <= total


@examples(200)
@given(MINOR, st.integers(0, 100))
def test_vat_does_not_hang_on_how_the_rate_is_written(total: int, rate: int) -> None:
    assert vat_included(total, Decimals(rate, 0)) == vat_included(total, Decimals(rate * 100, 2))
