"""What a person types: facts, amounts and times, read or refused in words."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import at, zone

from payrules.app.practice_facts import SETTABLE, PracticeError, change_of_facts, read_amount, read_facts, read_time
from payrules.app.rows import Contact
from payrules.domain.money import Money

OSLO = zone()


def test_facts_are_read_by_their_paths() -> None:
    assert read_facts(["session_type=individual-50", "client.tags=a; b;", "first_visit=FALSE", "location="]) == {
        "session_type": "individual-50",
        "client.tags": ["a", "b"],
        "first_visit": False,
        "location": None,
    }
    assert read_facts(["client.tags=[]", "client.name=A=B"]) == {"client.tags": [], "client.name": "A=B"}


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["Kari Quist"], "fact number 1 has no `=`: write FACT=VALUE, such as `client.email=`…"),
        (["location=x", "location=y"], "`location` stands twice: keep one of the two"),
        (["price=1250"], "a price is set on the draft: `payrules drafts price BOOKING AMOUNT`"),
        (["price.amount=1250"], "a price is set on the draft: `payrules drafts price BOOKING AMOUNT`"),
        (["booked_at=2026-12-01T10:00Z"], "`booked_at` is fixed when the booking is made"),
        (["client.emial=x"], "`client.emial` is not a fact of a booking; did you mean `client.email`?"),
        (["sesion_type=x"], "`sesion_type` is not a fact of a booking; did you mean `session_type`?"),
        (["quist=x"], f"fact number 1 is not a fact of a booking; known here: {', '.join(f'`{p}`' for p in SETTABLE)}"),
        (["payer=x"], f"`payer` has parts: {', '.join(f'`{p}`' for p in SETTABLE if p.startswith('payer.'))}"),
        (["payer=", "payer.kind=employer"], "`payer=` takes the payer away: set nothing of them with it"),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_to_do(texts: list[str], said: str) -> None:
    with pytest.raises(PracticeError) as raised:
        read_facts(texts)
    assert str(raised.value) == said


def test_a_payer_is_told_as_a_whole() -> None:
    facts = {"payer.phone": "+47 990 00 003", "client.email": None, "location": "online"}
    payer = {"kind": "guardian", "name": True, "email": True, "language": "nb"}
    assert change_of_facts(facts, payer, Contact("G", "g@payer.example")) == {
        "payer": {
            "kind": "guardian",
            "language": "nb",
            "name": "G",
            "email": "g@payer.example",
            "phone": "+47 990 00 003",
        },
        "client": {"email": None},
        "location": "online",
    }
    # What was erased is not told again.
    assert change_of_facts({"payer.phone": "1"}, payer, Contact())["payer"] == {
        "kind": "guardian",
        "language": "nb",
        "phone": "1",
    }


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1250", "NOK", 125_000),
        (" 1250.5", "NOK", 125_050),
        ("0", "NOK", 0),
        ("9000", "JPY", 9_000),
        ("1.234", "KWD", 1_234),
    ],
)
def test_an_amount_is_in_the_clinics_currency(text: str, currency: str, minor: int) -> None:
    assert read_amount(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("text", "currency", "said"),
    [
        ("1250,50", "NOK", "an amount has a decimal point and no comma: write it as 1250 or 1250.50"),
        ("1,250.50", "NOK", "an amount has a decimal point and no comma: write it as 1250 or 1250.50"),
        ("1250.505", "NOK", "NOK has 2 decimals: write the amount with as many at the most"),
        ("1250.50", "JPY", "JPY has no decimals: write the amount with as many at the most"),
        ("1250 kr", "NOK", "this is not an amount: write digits, and a point before the decimals, such as 1250.50"),
        ("-5", "NOK", "this is not an amount: write digits, and a point before the decimals, such as 1250.50"),
        ("01", "NOK", "this is not an amount: write digits, and a point before the decimals, such as 1250.50"),
        ("9" * 11, "NOK", "this amount is larger than any invoice may be"),
        ("5", None, "the clinic's currency is not known: no version of it is in force"),
    ],
)
def test_what_is_no_amount_is_refused_with_what_to_write(text: str, currency: str | None, said: str) -> None:
    with pytest.raises(PracticeError) as raised:
        read_amount(text, currency)
    assert str(raised.value) == said


@given(st.integers(0, 10**10 - 1), st.sampled_from(["NOK", "JPY", "KWD"]))
def test_every_amount_that_is_shown_can_be_typed(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert read_amount(money.amount, currency) == money


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01T10:00", "2026-12-01T09:00Z"),
        ("2026-07-01 10:00:30", "2026-07-01T08:00:30Z"),
        ("2026-12-01T10:00Z", "2026-12-01T10:00Z"),
        ("2026-12-01T10:00-05:00", "2026-12-01T15:00Z"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30Z"),
    ],
)
def test_a_time_is_the_clinics_unless_it_has_an_offset(text: str, expected: str) -> None:
    assert read_time(text, OSLO) == at(expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tomorrow", "this is not a time: write it as 2026-12-01T10:00"),
        ("10:00", "this is not a time"),
        ("2026-02-30T10:00", "this is not a time"),
        ("2026-03-29T02:30", "this time does not exist on that day; write it with its offset"),
        ("2026-10-25T02:30", "this time comes twice in that night; write it with its offset"),
    ],
)
def test_what_is_no_time_is_refused(text: str, said: str) -> None:
    with pytest.raises(PracticeError, match=said):
        read_time(text, OSLO)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31)).map(lambda t: t.replace(second=0, microsecond=0)))  # noqa: DTZ001  # local
def test_a_time_that_is_read_is_the_one_the_clinic_sees(local: datetime) -> None:
    try:
        instant = read_time(local.isoformat(timespec="minutes"), OSLO)
    except PracticeError:
        around = {local.replace(tzinfo=OSLO, fold=fold).utcoffset() for fold in (0, 1)}
        assert len(around) == 2
        return
    assert instant.astimezone(OSLO).replace(tzinfo=None) == local
