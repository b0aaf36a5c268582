"""What simulate prints of a booking: the contract of its schema, one instant told twice, and nobody's contacts."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

import jsonschema_rs
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.properties.compiling import compiled, examples
from tests.properties.plain_reading import price_of, settings_of
from tests.strategies.bookings import CONTACTS, bookings, records
from tests.strategies.documents import Document, clinic_documents
from tests.strategies.moments import zone_of
from tests.strategies.rewriting import rewritten
from tests.strategies.writing import Writer, random_sources

from payrules.adapters.resources import read_schema
from payrules.adapters.zones import load_zone
from payrules.app.catalogue import Catalogue
from payrules.app.intake import read_booking
from payrules.app.records import Record
from payrules.app.simulate import Changed, Simulated, Simulation, compare
from payrules.domain.booking import Booking
from payrules.domain.decision import Outcome
from payrules.domain.money import MINOR_UNITS

LINE = jsonschema_rs.validator_for(json.loads(read_schema("simulation.v1.schema.json")))
BOOKING = jsonschema_rs.validator_for(json.loads(read_schema("booking.v1.schema.json")))


def simulation(document: Document, content: bytes | None = None) -> Simulation:
    """A simulation that knows one clinic."""
    catalogue = Catalogue(1, {document["clinic"]: compiled(document, content)}, frozenset(), (), {})
    return Simulation(catalogue, load_zone)


class Case:
    """A clinic, a booking there, its record, and what is printed of it."""

    def __init__(self, document: Document, content: bytes, booking: Booking, fields: dict[str, Any]) -> None:
        self.document, self.booking, self.fields = document, booking, fields
        self.content = content
        simulated = simulation(document, content).decide(Record(1, 1, fields))
        assert isinstance(simulated, Simulated), simulated
        self.simulated = simulated
        self.version = simulated.version
        self.text = json.dumps(simulated.rendered(explain=True), allow_nan=False)
        self.line: dict[str, Any] = json.loads(self.text)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A booking that is simulated."""
    document = draw(clinic_documents())
    booking = draw(bookings(document))
    assume(booking.ends_at.year <= 2999)
    content = Writer(draw(random_sources())).document(document).encode()
    return Case(document, content, booking, draw(records(document, booking)))


@examples(150)
@given(cases())
def test_a_record_is_read_as_the_booking_it_tells_of(case: Case) -> None:
    assert BOOKING.is_valid(case.fields)
    currencies = {case.document["clinic"]: case.document["currency"]}
    assert read_booking(Record(1, 1, case.fields), currencies, load_zone) == case.booking
    assert case.simulated.booking == case.booking


@examples(200)
@given(cases())
def test_a_line_keeps_its_contract_and_nobodys_contacts(case: Case) -> None:
    errors = [error.message for error in LINE.iter_errors(case.line)]
    assert errors == []
    assert not any(contact in case.text for contact in CONTACTS.values())
    assert "Zebedee" not in case.text
    decision, version = case.simulated.decision, case.version
    assert case.line["outcome"] == decision.outcome
    assert case.line["digest"] == (None if version is None else version.digest)
    assert case.line["missing"] == list(decision.missing)
    rule = decision.rule
    if rule is None or version is None:
        assert case.line["rule"] is None
    else:
        assert case.line["rule"]["id"] == case.document["rules"][rule]["id"]
        assert 1 <= case.line["rule"]["line"] <= len(case.content.decode().splitlines())
    assert all(reason and len(reason.splitlines()) == 1 for reason in case.line["reasons"])
    assert case.line["reasons"]
    if version is not None:
        check_places(case)
    assert "explain" not in case.simulated.rendered()


@examples(100)
@given(cases())
def test_the_reasons_tell_where_the_price_is_from_and_which_contact_is_missing(case: Case) -> None:
    decision, reasons = case.simulated.decision, case.line["reasons"]
    if case.version is None:
        return
    listed = [reason for reason in reasons if reason.startswith("the price comes from the price list")]
    assert len(listed) == (case.booking.price is None and decision.price is not None)
    named = [contact for reason in reasons for contact in re.findall(r"the booking has no `(\S+)`", reason)]
    if decision.outcome is Outcome.AUTOMATIC:
        who, payer = ("client", case.booking.client)
        if case.booking.payer is not None:
            who, payer = ("payer", case.booking.payer.person)
        wanted = settings_of(case.document, decision.rule).channels
        paths = {"sms": f"{who}.phone", "email": f"{who}.email"}
        assert named == [paths[channel] for channel in wanted if channel not in payer.contacts]


@examples(60)
@given(cases(), random_sources())
def test_a_file_of_the_same_meaning_changes_no_decision(case: Case, random: Random) -> None:
    start = {key: value for key, value in case.document.items() if key == "effective_from"}
    other = rewritten(case.document, random)
    other.pop("effective_from", None)
    before, after = simulation(case.document), simulation(other | start)
    (found,) = compare(before, after, [Record(1, 1, case.fields)])
    assert isinstance(found, Changed)
    assert found.changed == ()
    # Switched off, no booking is decided as it was, but for those that were billed elsewhere already.
    (found,) = compare(before, simulation(case.document | {"payments": "inactive"}), [Record(1, 1, case.fields)])
    assert isinstance(found, Changed)
    assert found.before is not None
    assert bool(found.changed) == (found.before.decision.outcome is not Outcome.EXTERNALLY_BILLED)


def check_places(case: Case) -> None:
    """A reason that names a line of the file names one that it has; who sets the process is told exactly."""
    lines = len(case.content.decode().splitlines())
    rule = case.simulated.decision.rule
    for reason in case.line["reasons"]:
        named = re.findall(r"\.yaml:(\w+)", reason)
        assert all(number.isdecimal() and 1 <= int(number) <= lines for number in named)
        if reason.startswith("`process`"):
            node = yaml.compose(case.content, Loader=yaml.BaseLoader)
            if rule is not None and "process" in case.document["rules"][rule]["set"]:
                node = below(below(node, "rules")[1].value[rule], "set")[1]
            assert named == [str(below(node, "process")[0].start_mark.line + 1)]


def below(node: Any, name: str) -> Any:
    """The nodes of a key and its value in a mapping."""
    (found,) = [entry for entry in node.value if entry[0].value == name]
    return found


@examples(150)
@given(cases())
def test_both_times_of_an_action_are_one_instant(case: Case) -> None:
    zone = zone_of(case.document["timezone"])
    for action, printed in zip(case.simulated.decision.actions, case.line["actions"], strict=True):
        due_at, due_local = (datetime.fromisoformat(printed[key]) for key in ("due_at", "due_local"))
        assert due_at == due_local == action.due_at.replace(microsecond=0)
        assert printed["due_at"].endswith("Z")
        assert due_local.utcoffset() == due_at.astimezone(zone).utcoffset()
        assert (printed["type"], printed["channel"]) == (action.type, action.channel)
        assert printed["shifted_by"] == action.shifted_by


@examples(200)
@given(cases())
def test_what_stands_on_the_invoice(case: Case) -> None:
    document, line, decision = case.document, case.line, case.simulated.decision
    price = price_of(case.booking, document)
    if case.version is not None:
        assert (None if line["price"] is None else Fraction(line["price"]["amount"])) == price
    if decision.outcome not in (Outcome.AUTOMATIC, Outcome.DRAFT):
        assert line["invoice"] is line["default_method"] is None
        return
    settings, invoice = settings_of(document, decision.rule), line["invoice"]
    assert line["default_method"] == (settings.default_method if decision.outcome is Outcome.DRAFT else None)
    assert Fraction(invoice["vat_rate"]) == settings.vat_rate
    assert invoice["number_prefix"] == settings.number_prefix
    if price is None:
        assert invoice["vat"] is None
    else:
        minor = 10 ** MINOR_UNITS[document["currency"]]
        exact = price * settings.vat_rate / (100 + settings.vat_rate)
        assert Fraction(invoice["vat"]["amount"]) * minor == (exact * minor + Fraction(1, 2)).__floor__()
        assert invoice["vat"]["currency"] == document["currency"]
    if decision.outcome is Outcome.DRAFT:
        assert invoice["issued_on"] is invoice["payable_by"] is None
        return
    issue = next(action for action in decision.actions if action.type == "issue_invoice")
    issued_on = issue.due_at.astimezone(zone_of(document["timezone"])).date()
    assert date.fromisoformat(invoice["issued_on"]) == issued_on
    assert date.fromisoformat(invoice["payable_by"]) == issued_on + timedelta(days=settings.due_in)


@examples(100)
@given(cases())
def test_a_version_holds_from_its_start_on(case: Case) -> None:
    written = case.document.get("effective_from")
    if written is None:
        assert case.version is not None
        return
    start = datetime.fromisoformat(written)
    if start.tzinfo is None:
        start = start.replace(tzinfo=zone_of(case.document["timezone"]))
    assert (case.version is not None) == (case.booking.booked_at >= start.astimezone(UTC))
    if case.version is None:
        assert case.line["reason"] == "booked_before_activation"
        assert case.line["actions"] == []
