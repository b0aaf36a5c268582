"""Reading tests files: the short form of a booking, and what is wrong, where."""

from datetime import timedelta
from typing import Any

import pytest
from tests.builders import at, clinic_text, version_of, zone

from payrules.adapters.resources import read_schema
from payrules.adapters.zones import load_zone
from payrules.compiler.policy_tests import PolicyTests, booking_of, clinic_file_of, path_of_tests, read_policy_tests
from payrules.compiler.schema import FileSchema
from payrules.domain.booking import Booking, Payer, Person
from payrules.domain.diagnostics import Diagnostic
from payrules.domain.money import Money
from payrules.domain.policy import Channel, PayerKind, Place

SCHEMA = FileSchema(read_schema("tests.v1.schema.json"))
RULES = 'rules: [{id: dear, when: {price: {at_least: "2000.00"}}, set: {process: manual}}]\n'
VERSION = version_of(clinic_text(RULES))
FILE = "clinics/fjord-fysio.tests.yaml"
HEAD = "payrules_tests: 1\nclinic: fjord-fysio\n"
BOTH = frozenset(Channel)


def read(text: str) -> tuple[PolicyTests | None, tuple[Diagnostic, ...]]:
    return read_policy_tests(text.encode(), FILE, SCHEMA, VERSION, load_zone)


def right(text: str) -> PolicyTests:
    tests, diagnostics = read(text)
    assert diagnostics == ()
    assert tests is not None
    return tests


def booked(**short: Any) -> Booking:
    return booking_of(short, "b", VERSION, load_zone)


def test_a_booking_of_which_nothing_is_said() -> None:
    assert booked() == Booking(
        "b",
        "fjord-fysio",
        at("2027-01-11T10:00+01:00"),
        at("2027-01-11T11:00+01:00"),
        at("2027-01-04T10:00+01:00"),
        Person(BOTH),
    )


def test_a_booking_of_which_everything_is_said() -> None:
    short = {
        "starts_at": "2026-12-14T10:00",
        "duration": "50m",
        "booked_at": "2026-12-01T09:00:30Z",
        "session_type": "individual-50",
        "practitioner": "practitioner-1",
        "location": "online",
        "payer": "insurer",
        "client_tags": ["student", "staff"],
        "price": "1999.99",
        "first_visit": True,
        "contacts": ["email"],
        "timezone": "America/New_York",
    }
    assert booked(**short) == Booking(
        "b",
        "fjord-fysio",
        at("2026-12-14T10:00+01:00"),
        at("2026-12-14T10:50+01:00"),
        at("2026-12-01T09:00:30Z"),
        Person(),
        frozenset({"student", "staff"}),
        "practitioner-1",
        "individual-50",
        Money(199_999, "NOK"),
        Place.ONLINE,
        Payer(PayerKind.INSURER, Person(frozenset({Channel.EMAIL}), zone("America/New_York"))),
        True,
    )


def test_contacts_are_those_of_whoever_pays() -> None:
    assert booked(contacts=[]).client == Person()
    assert booked(contacts=["sms"], payer="client").client == Person(frozenset({Channel.SMS}))
    assert booked(payer="guardian").client == Person()


def test_null_is_unknown_and_an_empty_list_is_none() -> None:
    facts = ("session_type", "practitioner", "location", "client_tags", "price", "first_visit", "timezone")
    assert booked(**dict.fromkeys(facts)) == booked()
    assert booked(client_tags=[]).tags == frozenset()


def test_it_was_booked_at_the_same_time_of_day_a_week_before_also_over_a_change_of_clocks() -> None:
    one = booked(starts_at="2026-10-26T10:00")
    assert one.starts_at - one.booked_at == timedelta(days=7, hours=1)


def test_a_length_in_days_is_so_many_hours() -> None:
    assert booked(starts_at="2026-10-24T10:00", duration="1d").ends_at == at("2026-10-25T09:00+01:00")


def test_a_test_names_what_differs_from_what_is_given() -> None:
    text = HEAD + (
        'given: {first_visit: false, price: "2000.00", client_tags: [a]}\n'
        "tests:\n"
        "  - name: as given\n"
        "    expect: {rule: dear}\n"
        "  - {name: otherwise, booking: {first_visit: null, price: null}, expect: {rule: null}}\n"
    )
    first, second = right(text).tests
    assert (first.name, first.line, first.expect) == ("as given", 5, {"rule": "dear"})
    assert (first.booking.first_visit, first.booking.price) == (False, Money(200_000, "NOK"))
    assert (second.booking.first_visit, second.booking.price, second.line) == (None, None, 7)
    assert first.booking.tags == second.booking.tags == frozenset({"a"})


def test_defaults_is_a_word_for_no_rule_unless_a_rule_has_it_for_its_id() -> None:
    text = HEAD + "tests: [{name: a, expect: {rule: defaults}}]\n"
    assert right(text).tests[0].expect == {"rule": None}
    version = version_of(clinic_text(RULES.replace("dear", "defaults")))
    tests, _ = read_policy_tests(text.encode(), FILE, SCHEMA, version, load_zone)
    assert tests is not None
    assert tests.tests[0].expect == {"rule": "defaults"}


def test_files_stand_beside_each_other() -> None:
    assert clinic_file_of("clinics/a.tests.yaml") == "clinics/a.yaml"
    assert path_of_tests("clinics/a.yaml") == "clinics/a.tests.yaml"


ONE = "tests: [{name: a, expect: {outcome: draft}}]\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [("PR002", 0, 0)]),
        (HEAD + "tests: [", [("PR101", 3, 9)]),
        (HEAD, [("PR202", 1, 1)]),
        ("payrules_tests: 2\nclinic: fjord-fysio\n" + ONE, [("PR208", 1, 17)]),
        (HEAD + "tests: []\n", [("PR206", 3, 8)]),
        (HEAD + "test: 1\n" + ONE, [("PR201", 3, 1)]),
        (HEAD + "tests: [{name: a, expect: {outcome: drat}}]\n", [("PR204", 3, 37)]),
        (HEAD + "tests: [{name: a, expect: {}}]\n", [("PR206", 3, 27)]),
        (HEAD + "given: {price: 2000.00}\n" + ONE, [("PR203", 3, 16)]),
        (HEAD + "given: {starts_at: 10:00}\n" + ONE, [("PR205", 3, 20)]),
        (HEAD + "given: {location: here}\n" + ONE, [("PR204", 3, 19)]),
        (HEAD + "given: {location: 5}\n" + ONE, [("PR203", 3, 19)]),
        (HEAD + 'given: {price: "1.999"}\n' + ONE, [("PR304", 3, 16)]),
        (HEAD + "given: {timezone: Europe/Olso}\n" + ONE, [("PR302", 3, 19)]),
        (HEAD + "given: {starts_at: 2026-02-30T10:00}\n" + ONE, [("PR312", 3, 20)]),
        (HEAD + "given: {starts_at: 2026-03-29T02:30}\n" + ONE, [("PR505", 3, 20)]),
        (HEAD + "given: {booked_at: 2026-10-25T02:30}\n" + ONE, [("PR505", 3, 20)]),
        ("payrules_tests: 1\nclinic: fjord\n" + ONE, [("PR502", 2, 9)]),
        (
            HEAD + "tests:\n  - {name: a, expect: {rule: null}}\n  - {name: a, expect: {rule: deer}}\n",
            [("PR503", 5, 12), ("PR504", 5, 30)],
        ),
        (HEAD + "tests: [{name: a, expect: {links: [{at: 2026-02-30T10:00}]}}]\n", [("PR312", 3, 41)]),
        (HEAD + "tests: [{name: a, expect: {invoice: {payable_by: 2026-02-30}}}]\n", [("PR312", 3, 50)]),
        (
            HEAD + 'tests: [{name: a, expect: {price: "1.005", invoice: {vat: "1.005"}}}]\n',
            [("PR304", 3, 35), ("PR304", 3, 59)],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, found: list[tuple[str, int, int]]) -> None:
    tests, diagnostics = read(text)
    assert tests is None
    assert [(d.code, d.location.line, d.location.column) for d in diagnostics] == found
    assert {d.location.file for d in diagnostics} == {FILE}
    assert all(d.help and d.help.count("`") % 2 == 0 and "None" not in d.help for d in diagnostics)


def test_help_says_what_was_meant() -> None:
    _, [diagnostic] = read(HEAD + "tests: [{name: a, expect: {rule: deer}}]\n")
    assert (diagnostic.message, diagnostic.help) == ("the clinic has no rule `deer`", "did you mean `dear`?")
    _, [diagnostic] = read(HEAD + "given: {booked_at: 2026-10-25T02:30}\n" + ONE)
    assert diagnostic.message == "the time `2026-10-25T02:30` exists twice in Europe/Oslo"
    assert diagnostic.help == "write `2026-10-25T02:30+02:00` or `2026-10-25T02:30+01:00`"
    _, [diagnostic] = read(HEAD + "given: {location: here}\n" + ONE)
    assert diagnostic.help == "write one of `in_person`, `online`, `phone`, `null`"


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("", "write `payrules_tests: 1`, `clinic: fjord-fysio` and `tests` with a test, or remove the file"),
        (HEAD + "tests: []\n", "add one"),
        (HEAD + "given: {duration: -1h}\n" + ONE, "`duration` is never negative; write for example `50m`, `2h`"),
        (HEAD + 'given: {price: "-5"}\n' + ONE, '`price` is never negative; write for example `"2000.00"`, `null`'),
        ("payrules_tests: 1\nclinic: -f\n" + ONE, "write for example `nordlys-psykologi`, `first-visit-prepaid`"),
        (HEAD + 'given: {price: "5.x"}\n' + ONE, 'write for example `"2000.00"`, `null`'),
    ],
)
def test_help_says_what_to_write(text: str, help: str) -> None:
    _, [diagnostic] = read(text)
    assert diagnostic.help == help


def test_a_time_that_comes_twice_may_be_expected() -> None:
    right(HEAD + "tests: [{name: a, expect: {links: [{at: 2026-10-25T02:30}]}}]\n")


def test_without_a_clinic_file_only_the_form_is_looked_at() -> None:
    text = HEAD + "tests: [{name: a, expect: {rule: deer}}]\n"
    assert read_policy_tests(text.encode(), FILE, SCHEMA, None, load_zone) == (None, ())
    _, [diagnostic] = read_policy_tests(HEAD.encode(), FILE, SCHEMA, None, load_zone)
    assert diagnostic.code == "PR202"


PRICES = 'session_types: {individual-50: {name: Individual therapy, price: "1250.00"}}\n'
UNLISTED = 'given: {session_type: individal-50, price: "100.00"}\n'


def test_a_session_type_that_the_price_list_does_not_have_is_a_warning() -> None:
    version = version_of(clinic_text(PRICES))
    text = HEAD + UNLISTED + "tests: [{name: a, booking: {session_type: couples}, expect: {rule: null}}]\n"
    tests, found = read_policy_tests(text.encode(), FILE, SCHEMA, version, load_zone)
    assert tests is not None
    assert [(d.code, d.severity.value, d.location.line, d.location.column) for d in found] == [
        ("PR506", "warning", 3, 23),
        ("PR506", "warning", 4, 43),
    ]
    assert found[0].help == "did you mean `individual-50`?"
    assert found[1].help == "add it to `session_types` of the clinic file, or correct the test"


def test_without_a_price_list_any_session_type_is_right() -> None:
    right(HEAD + UNLISTED + "tests: [{name: a, booking: {session_type: null}, expect: {rule: null}}]\n")


def test_however_many_warnings_there_are_an_error_is_shown() -> None:
    text = HEAD + "tests:\n"
    text += "".join(
        f"  - {{name: t{n}, booking: {{session_type: x{n}}}, expect: {{rule: null}}}}\n" for n in range(150)
    )
    text += "  - {name: wrong, expect: {rule: deer}}\n"
    version = version_of(clinic_text(PRICES))
    tests, found = read_policy_tests(text.replace("\n", "\r\n").encode(), FILE, SCHEMA, version, load_zone)
    assert (tests, len(found)) == (None, 100)
    assert found[-1].code == "PR504"
