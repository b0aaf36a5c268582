"""Checks beyond the schema: on both sides of every edge. Codes and places of the wrong side: tests/cases."""

from datetime import datetime

import pytest
from tests.builders import FILE, NOW, at, clinic_text, compile_text, zone

from payrules.compiler.checks import instants_of
from payrules.domain.diagnostics import Diagnostic, Severity


def found(text: str, file: str = FILE, now: datetime | None = NOW) -> list[Diagnostic]:
    """The findings, without what the analysis says of the rules."""
    return list(compile_text(text, file, now=now, analysis=False).diagnostics)


def codes(text: str, file: str = FILE) -> list[str]:
    return [d.code for d in found(text, file)]


def only(text: str, file: str = FILE) -> Diagnostic:
    [diagnostic] = found(text, file)
    return diagnostic


def rule(when: str = "weekday: sat", sets: str = "process: manual", name: str = "r") -> str:
    return f"  - {{id: {name}, when: {{{when}}}, set: {{{sets}}}}}\n"


def ruled(when: str = "weekday: sat", sets: str = "process: manual") -> str:
    return clinic_text("rules:\n" + rule(when, sets))


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("fjord-fysio.yaml", []),
        ("/srv/clinics/fjord-fysio.yaml", []),
        ("clinics\\fjord-fysio.yaml", []),
        ("fjord-fysio/clinic.yaml", ["PR301"]),
        ("fjord-fysio.yaml/other.yaml", ["PR301"]),
        ("Fjord-Fysio.yaml", ["PR301"]),
        ("fjord-fysio", []),
    ],
)
def test_the_clinic_is_named_like_its_file(file: str, expected: list[str]) -> None:
    assert codes(clinic_text(), file) == expected


def test_both_ways_out_of_a_wrong_file_name_are_told() -> None:
    diagnostic = only(clinic_text(), "clinics/fjord.yaml")
    assert "`fjord-fysio`" in diagnostic.message
    assert "`fjord-fysio.yaml`" in diagnostic.help
    assert "`fjord`" in diagnostic.help


@pytest.mark.parametrize(
    ("key", "value", "code", "help"),
    [
        ("timezone", "Europe/Olso", "PR302", "did you mean `Europe/Oslo`?"),
        ("timezone", "europe/oslo", "PR302", "did you mean `Europe/Oslo`?"),
        ("timezone", "Middle/Earth", "PR302", "IANA"),
        ("currency", "NKO", "PR303", "did you mean `NOK`?"),
        ("currency", "QQQ", "PR303", "ISO 4217"),
        ("currency", "XXX", "PR303", ""),
        ("country", "UK", "PR311", "did you mean `GB`?"),
        ("country", "ZZ", "PR311", "ISO 3166"),
        ("country", "EU", "PR311", ""),
    ],
)
def test_names_that_do_not_exist(key: str, value: str, code: str, help: str) -> None:
    diagnostic = only(clinic_text(**{key: value}))
    assert diagnostic.code == code
    assert f"`{value}`" in diagnostic.message
    assert help in diagnostic.help


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timezone", "America/Argentina/Buenos_Aires"),
        ("timezone", "America/New_York"),
        ("timezone", "Etc/GMT+5"),
        ("timezone", "UTC"),
        # Old names of zones stay good.
        ("timezone", "Asia/Calcutta"),
        ("currency", "ISK"),
        ("country", "GB"),
        ("country", "SJ"),
    ],
)
def test_names_that_exist(key: str, value: str) -> None:
    assert codes(clinic_text(**{key: value})) == []


@pytest.mark.parametrize(
    ("currency", "amount", "most"),
    [
        ("NOK", "500.00", None),
        ("NOK", "500", None),
        ("NOK", "500.5", None),
        ("NOK", "500.005", "2 decimals"),
        # A zero at the end says nothing, but is no decimal that the currency has.
        ("JPY", "5000", None),
        ("JPY", "5000.5", "no decimals"),
        ("KWD", "1.005", None),
        ("KWD", "1.0005", "3 decimals"),
    ],
)
def test_no_amount_has_more_decimals_than_its_currency(currency: str, amount: str, most: str | None) -> None:
    text = clinic_text(
        f"session_types: {{a: {{name: A, price: '{amount}'}}}}\n" + "rules:\n" + rule(f"price: {{below: '{amount}'}}"),
        currency=currency,
    )
    diagnostics = [d for d in found(text) if d.severity is Severity.ERROR]
    assert [d.code for d in diagnostics] == ([] if most is None else ["PR304", "PR304"])
    assert all(d.help == f"{currency} has {most}" for d in diagnostics)


def test_amounts_of_an_unknown_currency_are_left_alone() -> None:
    assert codes(clinic_text("session_types: {a: {name: A, price: '1.005'}}\n", currency="QQQ")) == ["PR303"]


def test_a_rule_id_that_is_used_again_is_shown_with_the_first() -> None:
    diagnostics = found(clinic_text("rules:\n" + rule() + rule(name="s") + rule() + rule()))
    assert [(d.code, d.location.line) for d in diagnostics] == [("PR305", 15), ("PR305", 16)]
    assert [[r.location.line for r in d.related] for d in diagnostics] == [[13], [13]]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("price: {at_least: '10', below: '10.01'}", []),
        ("price: {at_least: '10', below: '10.00'}", ["PR306"]),
        ("price: {at_least: '10', below: '9'}", ["PR306"]),
        # Compared as numbers, not as text.
        ("price: {at_least: '9', below: '10'}", []),
        ("price: {at_least: '9.9', below: '9.10'}", ["PR306"]),
        ("duration: {at_least: 59m, below: 1h}", []),
        ("duration: {at_least: 60m, below: 1h}", ["PR306"]),
        ("duration: {at_least: 9m, below: 10m}", []),
        ("lead_time: {at_least: 23h, below: 1d}", []),
        ("lead_time: {at_least: 24h, below: 1d}", ["PR306"]),
        ("starts_on: {from: 2027-07-01, before: 2027-07-02}", []),
        ("starts_on: {from: 2027-07-01, before: 2027-07-01}", ["PR306"]),
        ("starts_on: {from: 2027-07-02, before: 2027-07-01}", ["PR306"]),
        ("start_time: {from: '18:00', to: '18:01'}", []),
        # Over midnight.
        ("start_time: {from: '18:01', to: '18:00'}", []),
        ("start_time: {from: '18:00', to: '18:00'}", ["PR306"]),
        ("start_time: {from: '00:00', to: '00:00'}", ["PR306"]),
        ("price: {at_least: '0'}", []),
    ],
)
def test_every_range_holds_something(when: str, expected: list[str]) -> None:
    assert codes(ruled(when)) == expected


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("price: {at_least: '10', below: '9'}", "no price is both `at_least: 10` and `below: 9`"),
        ("lead_time: {at_least: 2d, below: 1d}", "no lead time is both `at_least: 2d` and `below: 1d`"),
        (
            "starts_on: {from: 2027-07-02, before: 2027-07-01}",
            "no day is both `from: 2027-07-02` and `before: 2027-07-01`",
        ),
        ("start_time: {from: '18:00', to: '18:00'}", "the start time from `18:00` to `18:00` holds no time"),
    ],
)
def test_an_empty_range_is_told_in_words(when: str, message: str) -> None:
    assert only(ruled(when)).message == message


@pytest.mark.parametrize(
    ("written", "timezone", "expected"),
    [
        # The nights of the year in Oslo: 28 March and 31 October 2027.
        ("2027-03-28T01:59", "Europe/Oslo", []),
        ("2027-03-28T02:00", "Europe/Oslo", ["PR307"]),
        ("2027-03-28T02:59:59", "Europe/Oslo", ["PR307"]),
        ("2027-03-28T03:00", "Europe/Oslo", []),
        ("2027-03-28T02:30+01:00", "Europe/Oslo", []),
        ("2027-10-31T01:59", "Europe/Oslo", []),
        ("2027-10-31T02:00", "Europe/Oslo", ["PR308"]),
        ("2027-10-31T02:59:59", "Europe/Oslo", ["PR308"]),
        ("2027-10-31T03:00", "Europe/Oslo", []),
        ("2027-10-31T02:30+01:00", "Europe/Oslo", []),
        ("2027-10-31T00:30Z", "Europe/Oslo", []),
        ("2027-03-14T02:30", "America/New_York", ["PR307"]),
        ("2027-11-07T01:30", "America/New_York", ["PR308"]),
        # Half an hour, at Lord Howe.
        ("2027-10-03T02:15", "Australia/Lord_Howe", ["PR307"]),
        ("2027-10-03T02:30", "Australia/Lord_Howe", []),
        ("2027-04-04T01:29", "Australia/Lord_Howe", []),
        ("2027-04-04T01:30", "Australia/Lord_Howe", ["PR308"]),
        # Other nights.
        ("2027-12-01T02:30", "Europe/Oslo", []),
        # The calendar.
        ("2028-02-29T00:00", "Europe/Oslo", []),
        ("2027-02-29T00:00", "Europe/Oslo", ["PR312"]),
        ("2027-04-31T00:00Z", "Europe/Oslo", ["PR312"]),
        # The ends of what the form allows.
        ("2999-12-31T23:59:59-14:59", "Europe/Oslo", []),
    ],
)
def test_effective_from_is_one_instant(written: str, timezone: str, expected: list[str]) -> None:
    assert codes(clinic_text(f"effective_from: {written}\n", timezone=timezone)) == expected


def test_a_time_that_exists_twice_is_told_with_both_offsets() -> None:
    diagnostic = only(clinic_text("effective_from: 2027-10-31T02:30\n"))
    assert "`+02:00`, `+01:00`" in diagnostic.help
    assert "Europe/Oslo" in diagnostic.message


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        # Now is 2026-11-22T12:00Z, 13:00 in Oslo.
        ("2026-11-22T13:00", []),
        ("2026-11-22T12:59:59", ["PR350"]),
        ("2026-11-22T12:00Z", []),
        ("2026-11-22T11:59:59Z", ["PR350"]),
        ("2026-11-22T12:59:59+01:00", ["PR350"]),
        ("2000-01-01T00:00", ["PR350"]),
    ],
)
def test_a_past_effective_from_is_a_warning(written: str, expected: list[str]) -> None:
    compiled = compile_text(clinic_text(f"effective_from: {written}\n"))
    assert [d.code for d in compiled.diagnostics] == expected
    assert compiled.version is not None


def test_nothing_is_past_where_nobody_tells_the_time() -> None:
    assert found(clinic_text("effective_from: 2000-01-01T00:00\n"), now=None) == []


@pytest.mark.parametrize(
    ("written", "instants"),
    [
        ("2027-01-01T00:00", ["2026-12-31T23:00Z"]),
        ("2027-07-01T00:00:30", ["2027-06-30T22:00:30Z"]),
        ("2027-01-01T00:00-05:00", ["2027-01-01T05:00Z"]),
        ("2027-01-01T00:00Z", ["2027-01-01T00:00Z"]),
        ("2027-03-28T02:30", []),
        ("2027-10-31T02:30", ["2027-10-31T00:30Z", "2027-10-31T01:30Z"]),
    ],
)
def test_instants_that_a_wall_time_in_oslo_can_mean(written: str, instants: list[str]) -> None:
    assert instants_of(written, zone()) == [at(text) for text in instants]


@pytest.mark.parametrize("when", ["starts_on: {from: 2027-02-29}", "starts_on: {before: 2027-11-31}"])
def test_dates_of_rules_are_in_the_calendar(when: str) -> None:
    assert codes(ruled(when)) == ["PR312"]


def test_both_dates_of_a_range_are_looked_at() -> None:
    assert codes(ruled("starts_on: {from: 2027-02-29, before: 2027-04-31}")) == ["PR312", "PR312"]
    assert codes(ruled("starts_on: {from: 2028-02-29, before: 2028-03-01}")) == []


@pytest.mark.parametrize(
    ("from_", "to", "expected"),
    [("21:00", "21:00", ["PR309"]), ("00:00", "00:00", ["PR309"]), ("21:00", "20:59", []), ("00:00", "23:59", [])],
)
def test_quiet_hours_end(from_: str, to: str, expected: list[str]) -> None:
    quiet = f"{{send: after_booking, quiet_hours: {{from: '{from_}', to: '{to}'}}}}"
    assert codes(clinic_text(notification=quiet)) == expected
    assert codes(ruled(sets=f"notification: {quiet}")) == expected


@pytest.mark.parametrize(
    ("reminders", "expected"),
    [
        ("[]", []),
        ("[1d, 7d]", []),
        ("[1d, 24h]", ["PR313"]),
        ("[60m, 1h]", ["PR313"]),
        ("[1440m, 1d, 24h]", ["PR313", "PR313"]),
        ("[23h, 1d, 25h]", []),
    ],
)
def test_no_two_reminders_at_one_time(reminders: str, expected: list[str]) -> None:
    assert codes(clinic_text(f"reminders: {reminders}\n")) == expected
    assert codes(ruled(sets=f"reminders: {reminders}")) == expected


PRICES = "session_types: {a: {name: A, price: '500.00'}, b: {name: B, price: '900.00'}, c: {name: C}}\n"


def priced(when: str, prices: str = PRICES) -> str:
    return clinic_text(prices + "rules:\n" + rule(when))


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("session_type: a", []),
        ("session_type: d", ["PR310"]),
        ("session_type: [a, d, e]", ["PR310", "PR310"]),
        ("session_type: A", ["PR310"]),
    ],
)
def test_rules_ask_for_session_types_of_the_price_list(when: str, expected: list[str]) -> None:
    assert codes(priced(when)) == expected


def test_without_a_price_list_every_session_type_may_be_asked_for() -> None:
    assert codes(ruled("session_type: anything")) == []


def test_a_misspelt_session_type_is_guessed() -> None:
    assert (
        only(priced("session_type: couple", "session_types: {couples: {name: C}}\n")).help == "did you mean `couples`?"
    )


ALL_PRICED = "session_types: {a: {name: A, price: '500.00'}, b: {name: B, price: '900.00'}}\n"


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("price: {at_least: '900'}", []),
        ("price: {at_least: '900.01'}", ["PR354"]),
        ("price: {below: '500.01'}", []),
        ("price: {below: '500'}", ["PR354"]),
        ("price: {at_least: '500.01', below: '900'}", ["PR354"]),
        ("session_type: a, price: {at_least: '900'}", ["PR354"]),
        ("session_type: [a, b], price: {at_least: '900'}", []),
    ],
)
def test_a_range_that_no_listed_price_meets_is_a_warning(when: str, expected: list[str]) -> None:
    compiled = compile_text(priced(when, ALL_PRICED), analysis=False)
    assert [d.code for d in compiled.diagnostics] == expected
    assert compiled.version is not None


def test_a_session_type_without_a_price_may_have_any() -> None:
    assert codes(priced("price: {at_least: '5000'}")) == []
    assert codes(priced("session_type: c, price: {at_least: '5000'}")) == []


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ("process: automatic", ["PR314"]),
        ("process: automatic, notification: {channels: [sms]}", ["PR314"]),
        ("process: automatic, notification: {send: after_booking}", []),
        ("notification: {channels: [sms]}", []),
        ("process: manual", []),
    ],
)
def test_a_rule_that_makes_bookings_automatic_says_when_the_link_is_sent(sets: str, expected: list[str]) -> None:
    text = clinic_text("rules:\n" + rule(sets=sets), process="manual", without=["notification"])
    assert codes(text) == expected


def test_a_manual_clinic_may_say_when_for_all_its_rules() -> None:
    assert codes(clinic_text("rules:\n" + rule(sets="process: automatic"), process="manual")) == []


def test_all_checks_run_whatever_the_others_find() -> None:
    text = clinic_text(
        "effective_from: 2027-02-29T00:00\nreminders: [1d, 24h]\n"
        "rules:\n" + rule("price: {at_least: '2', below: '1'}") + rule(),
        country="UK",
        timezone="Europe/Olso",
        currency="NKO",
    )
    assert codes(text, "clinics/other.yaml") == [
        "PR301",
        "PR311",
        "PR302",
        "PR303",
        "PR312",
        "PR313",
        "PR306",
        "PR305",
    ]
