"""Hints for values that are nearly right, and silence where a guess would be nonsense."""

import pytest
from tests.builders import clinic_text, compile_text

from payrules.compiler.currencies import currency_hint
from payrules.compiler.findings import did_you_mean
from payrules.compiler.hints import as_quiet_hours, as_weekdays, with_a_dot
from payrules.domain.money import MINOR_UNITS

AMOUNT = r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,4})?$"


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("mon-fri", "mon, tue, wed, thu, fri"),
        ("Mon - Wed", "mon, tue, wed"),
        ("monday to wednesday", "mon, tue, wed"),
        ("sat–mon", "sat, sun, mon"),
        ("sun-sun", "sun"),
    ],
)
def test_a_span_of_weekdays(written: str, days: str) -> None:
    assert as_weekdays(written) == f"name every day: `[{days}]`"


@pytest.mark.parametrize("written", ["", "mon", "mon-", "mon-fry", "a-b", "mon-tue-wed", "weekdays"])
def test_no_span_of_weekdays(written: str) -> None:
    assert as_weekdays(written) == ""


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("21:00-08:00", 'write a mapping: `{from: "21:00", to: "08:00"}`'),
        ("21.30 - 8.00", 'write a mapping: `{from: "21:30", to: "08:00"}`'),
        ("9:00 to 17:00", 'write a mapping: `{from: "09:00", to: "17:00"}`'),
        ("at night", 'write `none`, or a mapping such as `{from: "21:00", to: "08:00"}`'),
        ("21:00", 'write `none`, or a mapping such as `{from: "21:00", to: "08:00"}`'),
    ],
)
def test_quiet_hours_as_text(written: str, help: str) -> None:
    assert as_quiet_hours(written) == help


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("1250,00", 'write a dot before the decimals: `"1250.00"`'),
        ("1250.00", ""),
        ("1.250,00", ""),
        ("12,50 kr", ""),
        (",", ""),
    ],
)
def test_a_comma_before_decimals(written: str, help: str) -> None:
    assert with_a_dot(written, AMOUNT) == help


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("HRK", "it is `EUR` since 2023"),
        ("DEM", "it is `EUR` since 2002"),
        ("NOR", "did you mean `NOK`?"),
        ("NKO", "did you mean `NOK`?"),
        ("SEC", "did you mean `SEK`?"),
        ("GBR", "did you mean `GBP`?"),
        ("XXX", "write an ISO 4217 code such as `NOK`"),
    ],
)
def test_an_unknown_currency(written: str, help: str) -> None:
    assert currency_hint(written, MINOR_UNITS) == help


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("after", "did you mean `after_booking` or `after_appointment`?"),
        ("after_apointment", "did you mean `after_appointment`?"),
        ("AFTER_BOOKING", "did you mean `after_booking`?"),
        ("whenever", ""),
        ("", ""),
        ("after_booking" * 10, ""),
    ],
)
def test_words_that_may_be_meant(written: str, help: str) -> None:
    assert did_you_mean(written, ("after_booking", "before_appointment", "after_appointment")) == help


def test_of_very_many_words_only_the_first_are_compared() -> None:
    many = [f"word-{number:05}" for number in range(5_000)]
    assert did_you_mean("word-00007", many) == "did you mean `word-00007`?"
    assert did_you_mean("behind", [*many, "behind-all"]) == ""


def test_only_the_first_faults_of_a_kind_have_a_guess() -> None:
    asked = ", ".join(f"couples-{number}" for number in range(30))
    rule = f"rules:\n  - {{id: a, when: {{session_type: [{asked}]}}, set: {{}}}}\n"
    found = compile_text(clinic_text("session_types: {couples-90: {name: Couples}}\n" + rule)).diagnostics
    assert [d.code for d in found] == ["PR310"] * 30
    guesses = [d.help == "did you mean `couples-90`?" for d in found]
    assert guesses == [True] * 10 + [False] * 20
