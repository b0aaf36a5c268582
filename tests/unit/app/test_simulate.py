"""Simulate: each record under the version in force when it was booked, and two sets of files side by side."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.builders import COMPILER, catalogue_of, clinic_text, record_fields

from payrules.adapters.zones import load_zone
from payrules.app.catalogue import ClinicFile, compile_files
from payrules.app.records import Fault, Record, Refusal
from payrules.app.simulate import Changed, Simulated, Simulation, compare
from payrules.domain.decision import Outcome, Reason

PLAIN = clinic_text()
OTHER = clinic_text(clinic="harbour-physio", currency="GBP", country="GB", timezone="Europe/London", process="manual")


def simulation(*texts: str) -> Simulation:
    return Simulation(catalogue_of(*texts), load_zone)


def record(number: int = 1, **changes: Any) -> Record:
    return Record(number, number + 10, record_fields(**changes))


def refused(found: object) -> Refusal:
    assert isinstance(found, Refusal)
    return found


def decided(found: object) -> Simulated:
    assert isinstance(found, Simulated)
    return found


@pytest.mark.parametrize(
    ("booked_at", "reason"),
    [
        # In force from noon in Oslo, 11:00 in UTC: a second before, at and after it.
        ("2026-11-30T10:59:59Z", Reason.BOOKED_BEFORE_ACTIVATION),
        ("2026-11-30T10:59:59.999999Z", Reason.BOOKED_BEFORE_ACTIVATION),
        ("2026-11-30T11:00:00Z", Reason.PROCESS_AUTOMATIC),
        ("2026-11-30T12:00:00+01:00", Reason.PROCESS_AUTOMATIC),
        ("2026-11-30T06:00:01-05:00", Reason.PROCESS_AUTOMATIC),
    ],
)
def test_a_file_counts_from_its_effective_from_on(booked_at: str, reason: Reason) -> None:
    found = decided(simulation(clinic_text("effective_from: 2026-11-30T12:00\n")).decide(record(booked_at=booked_at)))
    assert found.decision.reason is reason
    assert (found.version is None) is (reason is Reason.BOOKED_BEFORE_ACTIVATION)


def test_a_file_without_effective_from_counts_always() -> None:
    found = decided(simulation(PLAIN).decide(record(booked_at="2000-01-01T00:00:00Z")))
    assert found.decision.reason is Reason.PROCESS_AUTOMATIC


def test_the_time_of_the_appointment_does_not_select_the_version() -> None:
    # Booked before and held after the file takes effect.
    found = decided(simulation(clinic_text("effective_from: 2026-11-30T00:00\n")).decide(record()))
    assert found.decision.reason is Reason.BOOKED_BEFORE_ACTIVATION
    assert found.clinic_version.policy.clinic == "fjord-fysio"


def test_each_booking_is_decided_by_its_own_clinics_file() -> None:
    both = simulation(PLAIN, OTHER)
    pounds = {"amount": "60", "currency": "GBP"}
    assert decided(both.decide(record())).decision.outcome is Outcome.AUTOMATIC
    found = decided(both.decide(record(clinic="harbour-physio", price=pounds)))
    assert found.decision.outcome is Outcome.DRAFT
    assert found.version is not None
    assert found.version.policy.clinic == "harbour-physio"


def test_one_bad_record_stops_no_other() -> None:
    broken = Refusal(2, 12, (Fault("", "is not JSON"),))
    records: list[Record | Refusal] = [
        record(1),
        broken,
        record(3, clinic="nowhere"),
        record(4, starts_at="2026-12-01T10:00:00"),
        record(5, price={"amount": "1", "currency": "SEK"}),
        record(6, ends_at="2026-12-01T09:00:00+01:00"),
        record(7),
    ]
    found = list(simulation(PLAIN).run(records))
    assert [type(item) for item in found] == [Simulated, *[Refusal] * 5, Simulated]
    assert found[1] is broken
    assert [(r.number, r.line, [f.field for f in r.faults]) for r in map(refused, found[2:6])] == [
        (3, 13, ["clinic"]),
        (4, 14, ["starts_at"]),
        (5, 15, ["price.currency"]),
        (6, 16, ["ends_at"]),
    ]


def test_records_are_taken_one_by_one() -> None:
    def endless() -> Iterator[Record]:
        number = 0
        while True:
            number += 1
            yield record(number, id=f"bk-{number}")

    found = simulation(PLAIN).run(endless())
    assert [decided(next(found)).booking.id for _ in range(3)] == ["bk-1", "bk-2", "bk-3"]


def test_a_booking_of_a_broken_file_is_refused_with_that_reason() -> None:
    both = simulation(clinic_text(country="Norge"), OTHER)
    found = refused(both.decide(record()))
    assert [(f.field, f.problem) for f in found.faults] == [
        ("clinic", "the file of the clinic `fjord-fysio` has errors")
    ]
    assert (found.number, found.booking_id) == (1, "bk-1")


def test_a_clinic_with_two_files_has_none_that_holds() -> None:
    files = [ClinicFile(f"{folder}/fjord-fysio.yaml", PLAIN.encode()) for folder in ("a", "b")]
    catalogue = compile_files(files, COMPILER)
    assert [(d.code, d.location.file) for d in catalogue.diagnostics] == [("PR012", "b/fjord-fysio.yaml")]
    assert [r.location.file for r in catalogue.diagnostics[0].related] == ["a/fjord-fysio.yaml"]
    assert refused(Simulation(catalogue, load_zone).decide(record())).faults[0].field == "clinic"


def test_a_missing_clinic_is_refused_too() -> None:
    found = refused(simulation(PLAIN).decide(Record(1, 1, {"id": "bk-1"})))
    assert "clinic" in {f.field for f in found.faults}
    # A clinic that is no text looks up nothing.
    assert refused(simulation(PLAIN).decide(record(clinic=["fjord-fysio"]))).faults[0].field == "clinic"


def changes(before: str, after: str, **fields: Any) -> Changed:
    [found] = compare(simulation(before), simulation(after), [record(**fields)])
    assert isinstance(found, Changed)
    return found


@pytest.mark.parametrize(
    ("after", "changed"),
    [
        # Another digest that changes nothing for this booking is no change.
        (clinic_text(name="Fjord"), ()),
        (clinic_text("rules: [{id: r, when: {weekday: sat}, set: {process: manual}}]\n"), ()),
        # Who decided is not what follows.
        (clinic_text("rules: [{id: r, when: {weekday: tue}, set: {}}]\n"), ()),
        (clinic_text("invoice: {due_in: 30d}\n"), ("settings",)),
        (clinic_text("reminders: [7d]\n"), ("settings", "actions")),
        (clinic_text(notification="{send: after_appointment, offset: 20m}"), ("settings", "actions")),
        # The booking goes out as before: another setting that is used counts all the same.
        (
            clinic_text(
                notification='{send: after_appointment, offset: 15m, quiet_hours: {from: "03:00", to: "04:00"}}'
            ),
            ("settings",),
        ),
        # Settings that an automatic booking does not use.
        (clinic_text("manual: {create_draft: false}\n"), ()),
        (clinic_text(notification="{send: after_appointment, offset: 15m}"), ()),
        (clinic_text(payments="inactive"), ("outcome", "actions")),
        (clinic_text(process="manual"), ("outcome", "settings", "actions")),
        (clinic_text("rules: [{id: r, when: {first_visit: true}, set: {}}]\n"), ("outcome", "actions")),
        # Oslo's time is Stockholm's.
        (clinic_text(timezone="Europe/Stockholm"), ("timezone",)),
        # Until then the old file holds.
        (clinic_text("effective_from: 2026-12-01T00:00\n"), ()),
    ],
)
def test_a_comparison_names_what_differs(after: str, changed: tuple[str, ...]) -> None:
    found = changes(PLAIN, after)
    assert found.changed == changed
    assert found.before is not None
    assert found.after is not None


def test_a_price_of_the_price_list_that_changed() -> None:
    before, after = (clinic_text(f"session_types: {{a: {{name: A, price: '{price}'}}}}\n") for price in (500, 600))
    assert changes(before, after, session_type="a", price=None).changed == ("price",)
    # A booking with a price of its own does not notice.
    assert changes(before, after, session_type="a").changed == ()


def test_a_clinic_that_only_the_new_files_have_is_a_change() -> None:
    [found] = compare(simulation(OTHER), simulation(PLAIN), [record()])
    assert isinstance(found, Changed)
    assert (found.before, found.changed) == (None, ("outcome",))


def test_what_the_new_files_refuse_is_refused_with_its_reason() -> None:
    # A clinic without a file is no decision: nothing may look as if it had been settled.
    [found] = compare(simulation(PLAIN), simulation(OTHER), [record()])
    assert [fault.field for fault in refused(found).faults] == ["clinic"]


def test_what_both_sides_refuse_is_refused_once() -> None:
    broken = Refusal(2, 2, (Fault("", "is not JSON"),))
    found = list(compare(simulation(PLAIN), simulation(PLAIN), [record(1, clinic="nowhere"), broken, record(3)]))
    assert [type(item) for item in found] == [Refusal, Refusal, Changed]
    assert [refused(item).number for item in found[:2]] == [1, 2]
