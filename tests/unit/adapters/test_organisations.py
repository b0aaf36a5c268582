"""Organisation numbers: checked where the country has a rule, and written in one way."""

import pytest

from payrules.adapters.organisations import _CHECKERS, organisation_number
from payrules.app.rows import LegalForm

COMPANY, SOLE = LegalForm.COMPANY, LegalForm.SOLE_PROPRIETORSHIP


@pytest.mark.parametrize(
    ("country", "form", "written", "number"),
    [
        ("NO", COMPANY, "123 456 785", "123456785"),
        ("NO", SOLE, "123456785", "123456785"),
        ("SE", COMPANY, "555555-5555", "5555555555"),
        ("SE", SOLE, "121212-1212", "1212121212"),
        ("FI", COMPANY, "1234567-1", "12345671"),
        ("FR", COMPANY, "123 456 782", "123456782"),
        ("JP", COMPANY, "7000012050002", "7000012050002"),
    ],
)
def test_a_right_number_is_written_in_one_way(country: str, form: LegalForm, written: str, number: str) -> None:
    assert organisation_number(country, form, written) == number


@pytest.mark.parametrize(
    ("country", "form", "written"),
    [
        ("NO", COMPANY, "123456784"),
        ("NO", COMPANY, "12345678"),
        ("NO", COMPANY, "NO 123 456 785 MVA"),
        ("SE", COMPANY, "555555-5554"),
        ("DK", COMPANY, "1234"),
        ("US", COMPANY, "twelve"),
        ("IT", SOLE, "ABC"),
    ],
)
def test_a_wrong_number_is_none(country: str, form: LegalForm, written: str) -> None:
    assert organisation_number(country, form, written) is None


@pytest.mark.parametrize(
    ("country", "form", "written"),
    [("GB", COMPANY, "SC 123456"), ("XX", COMPANY, "any"), ("JP", SOLE, "any"), ("", SOLE, "1")],
)
def test_where_no_rule_is_known_it_is_taken_as_written(country: str, form: LegalForm, written: str) -> None:
    assert organisation_number(country, form, written) == written


@pytest.mark.parametrize("form", LegalForm)
@pytest.mark.parametrize("country", sorted(_CHECKERS.keys() - {"JP"}))
def test_every_checker_is_there(country: str, form: LegalForm) -> None:
    assert organisation_number(country, form, "not a number") is None
