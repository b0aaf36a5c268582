"""Reading a tests file: text → document → schema → checks → tests, with the diagnostics of a clinic file.

A test's booking is written in short form: wall times of the clinic, and only the facts that matter.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo
from itertools import chain, islice
from typing import Any, NamedTuple

from payrules.compiler.checks import Finding, instants_of
from payrules.compiler.compile import MOST_SHOWN, Version
from payrules.compiler.document import read_document
from payrules.compiler.findings import diagnose, did_you_mean, stem_of
from payrules.compiler.positions import Path, Positions
from payrules.compiler.schema import FileSchema
from payrules.domain.booking import Booking, Payer, Person
from payrules.domain.diagnostics import Diagnostic, Related, has_errors, position_key
from payrules.domain.duration import Duration, parse_seconds
from payrules.domain.money import MINOR_UNITS, Money, to_minor
from payrules.domain.policy import Channel, PayerKind, Place
from payrules.domain.schedule import shift

TESTS_SUFFIX = ".tests.yaml"
"""How the name of a tests file ends; before it stands the clinic."""
DEFAULTS = "defaults"
"""What a test may expect as `rule` where no rule is to decide."""

_STARTS_AT, _DURATION = "2027-01-11T10:00", "60m"
BOOKED_BEFORE = timedelta(days=7)
"""How long before its start an appointment was booked where no test says so, the time of day kept."""

_MOST_HINTS = 10
"""Of how many unknown session types the one that was meant is searched for; each search takes a while."""

LoadZone = Callable[[str], tzinfo | None]
Short = dict[str, Any]
"""A booking in short form, as the schema has accepted it."""


class PolicyTest(NamedTuple):
    """A test: its name and the line it begins on, the booking, and the parts of the decision that are expected.

    `expect` is as it was written, `rule: defaults` being None.
    """

    name: str
    line: int
    booking: Booking
    expect: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PolicyTests:
    """The tests of one file; `given` is the short form that all its bookings start from."""

    file: str
    version: Version
    given: Short
    tests: tuple[PolicyTest, ...]


def clinic_file_of(file: str) -> str:
    """The path of the clinic file that a tests file is for."""
    return file.removesuffix(TESTS_SUFFIX) + ".yaml"


def path_of_tests(file: str) -> str:
    """The path of the tests file of a clinic file."""
    return file.removesuffix(".yaml") + TESTS_SUFFIX


def read_policy_tests(
    content: bytes, file: str, schema: FileSchema, version: Version | None, load_zone: LoadZone
) -> tuple[PolicyTests | None, tuple[Diagnostic, ...]]:
    """The tests of a file, or None with the errors that were found. Never raises, whatever the bytes.

    `version` is that of the clinic file beside it; with None only the form is looked at.
    """
    document, found = read_document(content, file)
    if document is None:
        clinic = stem_of(clinic_file_of(file))
        help = f"write `payrules_tests: 1`, `clinic: {clinic}` and `tests` with a test, or remove the file"
        return None, tuple(replace(fault, help=help) if fault.code == "PR002" else fault for fault in found)
    positions = Positions(content, file)
    if not schema.accepts(document):
        found += schema.explain(document, positions)
    elif version is not None:
        subject = _Subject(document, file, version, load_zone)
        # Warnings last, so that however many there are, none stands in an error's place.
        findings = islice(chain(_check(subject), _check_session_types(subject)), MOST_SHOWN - len(found))
        found += [_diagnostic(finding, positions) for finding in findings]
    found = sorted(found, key=position_key)[:MOST_SHOWN]
    if version is None or has_errors(found):
        return None, tuple(found)
    given = document.get("given", {})
    tests = []
    for number, written in enumerate(document["tests"]):
        short = {**given, **written.get("booking", {})}
        expect = dict(written["expect"])
        if "rule" in expect:
            expect["rule"] = _rule(expect["rule"], version)
        line = positions.line(("tests", number, "name"))
        tests.append(
            PolicyTest(written["name"], line, booking_of(short, f"test-{number + 1}", version, load_zone), expect)
        )
    return PolicyTests(file, version, given, tuple(tests)), tuple(found)


def booking_of(short: Short, booking_id: str, version: Version, load_zone: LoadZone) -> Booking:
    """The booking that a short form stands for. The schema and the checks have found nothing wrong with it."""
    policy = version.policy
    starts_at = instants_of(short.get("starts_at", _STARTS_AT), policy.zone)[0]
    duration = timedelta(seconds=parse_seconds(short.get("duration", _DURATION)))
    if "booked_at" in short:
        booked_at = instants_of(short["booked_at"], policy.zone)[0]
    else:
        booked_at = shift(starts_at, Duration(days=BOOKED_BEFORE.days), policy.zone, back=True)
    timezone, price, tags, location = (short.get(key) for key in ("timezone", "price", "client_tags", "location"))
    contacts = frozenset(Channel(name) for name in short.get("contacts", ("sms", "email")))
    person = Person(contacts, None if timezone is None else load_zone(timezone))
    kind = PayerKind(short.get("payer", "client"))
    minor = None if price is None else to_minor(price, MINOR_UNITS[policy.currency])
    return Booking(
        booking_id,
        policy.clinic,
        starts_at,
        starts_at + duration,
        booked_at,
        # Whoever else pays takes the client's place wholly.
        person if kind is PayerKind.CLIENT else Person(),
        None if tags is None else frozenset(tags),
        short.get("practitioner"),
        short.get("session_type"),
        None if minor is None else Money(minor, policy.currency),
        None if location is None else Place(location),
        None if kind is PayerKind.CLIENT else Payer(kind, person),
        short.get("first_visit"),
    )


def _rule(written: str | None, version: Version) -> str | None:
    """The id of the expected rule; None for the defaults, by that word too unless a rule has it for its id."""
    if written == DEFAULTS and not any(rule.id == DEFAULTS for rule in version.policy.rules):
        return None
    return written


def _diagnostic(finding: Finding, positions: Positions) -> Diagnostic:
    related = (Related(positions.value(path), remark) for path, remark in finding.related)
    return diagnose(finding.code, positions.value(finding.path), finding.message, finding.help, related)


class _Subject(NamedTuple):
    document: dict[str, Any]
    file: str
    version: Version
    load_zone: LoadZone


def _check(subject: _Subject) -> Iterator[Finding]:
    yield from _check_names(subject)
    document = subject.document
    yield from _check_booking(document.get("given", {}), ("given",), subject)
    for number, test in enumerate(document["tests"]):
        yield from _check_booking(test.get("booking", {}), ("tests", number, "booking"), subject)
        yield from _check_expected(test["expect"], ("tests", number, "expect"), subject)


def _check_names(subject: _Subject) -> Iterator[Finding]:
    clinic, stem = subject.document["clinic"], subject.version.policy.clinic
    if clinic != stem:
        help = f"write `clinic: {stem}`, or name the file `{clinic}{TESTS_SUFFIX}`"
        yield Finding("PR502", ("clinic",), f"the clinic `{clinic}` stands in the tests file of `{stem}`", help)
    first: dict[str, int] = {}
    for number, test in enumerate(subject.document["tests"]):
        earlier = first.setdefault(test["name"], number)
        if earlier != number:
            related = ((("tests", earlier, "name"), "first used here"),)
            message = f"the name `{test['name']}` is used twice"
            yield Finding("PR503", ("tests", number, "name"), message, "say what this test shows", related)


def _check_booking(short: Short, path: Path, subject: _Subject) -> Iterator[Finding]:
    for key in ("starts_at", "booked_at"):
        if key in short:
            yield from _check_time(short[key], (*path, key), subject, given=True)
    yield from _check_amounts(short, ("price",), path, subject)
    timezone = short.get("timezone")
    if timezone is not None and subject.load_zone(timezone) is None:
        help = "write an IANA name such as `Europe/Oslo`"
        yield Finding("PR302", (*path, "timezone"), f"unknown time zone `{timezone}`", help)


def _check_session_types(subject: _Subject) -> Iterator[Finding]:
    """PR506: the session types of bookings are in the price list, where there is one."""
    document, known = subject.document, subject.version.policy.session_types
    if not known:
        return
    tests = ((("tests", number, "booking"), test.get("booking", {})) for number, test in enumerate(document["tests"]))
    helps: dict[str, str] = {}
    for path, short in chain([(("given",), document.get("given", {}))], tests):
        name = short.get("session_type")
        if name is None or name in known:
            continue
        if name not in helps:
            guess = did_you_mean(name, known) if len(helps) < _MOST_HINTS else ""
            helps[name] = guess or "add it to `session_types` of the clinic file, or correct the test"
        message = f"`{name}` is not in `session_types` of the clinic file"
        yield Finding("PR506", (*path, "session_type"), message, helps[name])


def _check_expected(expect: dict[str, Any], path: Path, subject: _Subject) -> Iterator[Finding]:
    rule = expect.get("rule")
    ids = [rule.id for rule in subject.version.policy.rules]
    if rule is not None and rule not in (*ids, DEFAULTS):
        help = did_you_mean(rule, ids) or "write the `id` of a rule, or `null` where the defaults decide"
        message = f"the clinic has no rule `{rule}`"
        yield Finding("PR504", (*path, "rule"), message, help)
    for key in ("links", "reminders"):
        for number, message_ in enumerate(expect.get(key, ())):
            yield from _check_time(message_["at"], (*path, key, number, "at"), subject, given=False)
    yield from _check_amounts(expect, ("price",), path, subject)
    invoice = expect.get("invoice", {})
    yield from _check_amounts(invoice, ("vat",), (*path, "invoice"), subject)
    for key in ("issued_on", "payable_by"):
        if invoice.get(key) is not None:
            yield from _check_time(f"{invoice[key]}T12:00", (*path, "invoice", key), subject, given=False)


def _check_time(written: str, path: Path, subject: _Subject, *, given: bool) -> Iterator[Finding]:
    """PR312, PR505: a time is in the calendar, and one of a booking is one instant."""
    policy = subject.version.policy
    try:
        instants = instants_of(written, policy.zone)
    except (ValueError, OverflowError):
        text = written.removesuffix("T12:00") if path[-1] in ("issued_on", "payable_by") else written
        yield Finding(
            "PR312", path, f"`{text}` is not in the calendar", "check the month, the day, the hour and the offset"
        )
        return
    if given and len(instants) != 1:
        message = f"the time `{written}` {'exists twice' if instants else 'does not exist'} in {policy.timezone}"
        offsets = " or ".join(f"`{written}{instant.astimezone(policy.zone).isoformat()[-6:]}`" for instant in instants)
        help = f"write {offsets}" if instants else "clocks go forward over it; write another time"
        yield Finding("PR505", path, message, help)


def _check_amounts(written: dict[str, Any], keys: tuple[str, ...], path: Path, subject: _Subject) -> Iterator[Finding]:
    currency = subject.version.policy.currency
    digits = MINOR_UNITS[currency]
    for key in keys:
        amount = written.get(key)
        if amount is not None and to_minor(amount, digits) is None:
            most = f"{digits} decimals" if digits else "no decimals"
            yield Finding(
                "PR304", (*path, key), f"`{amount}` has more decimals than {currency} has", f"{currency} has {most}"
            )
