"""Audit of a real store, after somebody has written into it: every difference is named."""

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.builders import CLINIC, COMPILER, at, clinic_text
from tests.practice import Practice

from payrules.adapters.store import SqlLedger, open_store
from payrules.adapters.zones import load_zone
from payrules.app.audit import Auditor, Engine
from payrules.app.audit_checks import Difference, Part
from payrules.app.by_hand import by_hand
from payrules.app.restamp import Restamper, RestampOutcome
from payrules.app.rows import Lane
from payrules.app.timelines import UnknownClinicError

ENGINE = Engine("1.0", "2026.1")
TEXT = clinic_text(
    'reminders: [7d]\nrules:\n  - id: dear\n    when: {price: {at_least: "5000"}}\n    set: {process: manual}\n'
)


class Store:
    """A practice whose store somebody can write into behind its back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ledger: SqlLedger = open_store(str(path))
        self.practice = Practice(self.ledger, TEXT)
        self.practice.now = at("2026-11-24T09:00Z")
        self.practice.book()

    def audit(self, engine: Engine = ENGINE, *names: str) -> list[Difference]:
        self.auditor = Auditor(self.ledger, COMPILER, load_zone, engine, self.practice.clock)
        return list(self.auditor.audit(names))

    def tamper(self, *statements: str) -> None:
        connection = sqlite3.connect(self.path)
        for statement in ("DROP TRIGGER stamps_not_updated", "DROP TRIGGER stamps_not_deleted", *statements):
            connection.execute(statement)
        connection.commit()
        connection.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path / "payrules.db")
    yield found
    found.ledger.close()


def second_version(store: Store, text: str = clinic_text(name="Other")) -> None:
    store.practice.now += timedelta(hours=1)
    store.practice.activate(text)
    store.practice.now += timedelta(hours=1)


def restamped(store: Store) -> None:
    second_version(store)
    restamper = Restamper(store.ledger, store.practice.versions, ENGINE, store.practice.clock)
    (row,) = restamper.restamp(["bk-1"], by_hand("kari", "moved"))
    assert row.outcome is RestampOutcome.RESTAMPED


def test_nothing_differs_through_a_whole_life(store: Store) -> None:
    assert store.audit() == []
    store.practice.event("rescheduled", starts_at="2026-12-02T10:00:00+01:00", ends_at="2026-12-02T10:50:00+01:00")
    restamped(store)
    assert store.audit() == []
    store.practice.dispatch("2026-12-20T12:00Z")
    store.practice.event("paid", amount={"amount": "1250.00", "currency": "NOK"}, method="card")
    store.practice.event("cancelled", by="client")
    store.practice.dispatch()
    assert store.audit() == []
    counts = store.auditor.counts
    assert (counts["clinics"], counts["policies"], counts["bookings"]) == (1, 2, 1)
    assert (counts["stamps"], counts["decisions"], counts["errors"]) == (2, 3, 0)


OTHER_FILE = "UPDATE policies SET content = CAST(replace(content, '15m', '16m') AS BLOB)"
KEY = f"{CLINIC}/bk-1/1"
FIELDS = [
    pytest.param("UPDATE decisions SET outcome = outcome + 1", Part.DECISION, "outcome", id="outcome"),
    pytest.param("UPDATE decisions SET reason = reason + 1", Part.DECISION, "reason", id="reason"),
    pytest.param("UPDATE decisions SET rule = 0", Part.DECISION, "rule", id="rule"),
    pytest.param("UPDATE decisions SET price = price + 1", Part.DECISION, "price", id="price"),
    pytest.param("""UPDATE decisions SET missing = '["price"]'""", Part.DECISION, "missing", id="missing"),
    pytest.param("UPDATE decisions SET actions = '[]'", Part.DECISION, "actions", id="actions"),
    pytest.param("UPDATE decisions SET actions = '{'", Part.DECISION, "actions", id="actions-unreadable"),
    pytest.param("UPDATE decisions SET facts = '{}'", Part.BOOKING, "", id="facts-of-both"),
    pytest.param(
        "UPDATE decisions SET facts = replace(facts, '1250.00', '6000.00')", Part.DECISION, "outcome", id="other-facts"
    ),
    pytest.param("UPDATE decisions SET not_before = not_before - 1", Part.DECISION, "not_before", id="not-before"),
    pytest.param("UPDATE decisions SET stamp = 3", Part.DECISION, "stamp", id="stamp-of-decision"),
    pytest.param("UPDATE stamps SET sequence = NULL, policy_no = NULL", Part.STAMP, "activation", id="stamp"),
    pytest.param("UPDATE stamps SET number = 2", Part.BOOKING, "", id="number-of-stamp"),
    pytest.param("UPDATE bookings SET facts = 'x'", Part.BOOKING, "", id="unreadable-booking"),
    pytest.param("DELETE FROM decisions", Part.BOOKING, "", id="no-decision"),
    pytest.param("UPDATE bookings SET invoice_state = 3", Part.BOOKING, "invoice", id="issued-by-itself"),
    pytest.param("UPDATE activations SET sequence = 2", Part.TIMELINE, "", id="sequence"),
    pytest.param(
        "UPDATE activations SET effective_at = effective_at + 7200000000", Part.STAMP, "activation", id="time"
    ),
    pytest.param(
        "UPDATE policies SET canonical = CAST(replace(canonical, 'NOK', 'SEK') AS BLOB)",
        Part.POLICY,
        "canonical",
        id="form",
    ),
    pytest.param(OTHER_FILE, Part.POLICY, "content", id="file"),
    pytest.param(OTHER_FILE, Part.POLICY, "compiled", id="meaning"),
    pytest.param("UPDATE policies SET content = 'text'", Part.POLICY, "", id="text-for-bytes"),
    pytest.param("UPDATE policies SET content = X'FF', canonical = X'FF'", Part.POLICY, "compiled", id="lost"),
    pytest.param(
        "UPDATE actions SET next_at = NULL WHERE type = 1",
        Part.ACTION,
        f"{KEY}/create_invoice/-/1",
        id="never",
    ),
    pytest.param(
        "UPDATE actions SET next_at = due_at WHERE type = 2",
        Part.ACTION,
        f"{KEY}/issue_invoice/-/1",
        id="early",
    ),
    pytest.param(
        "UPDATE actions SET state = 3, settled_at = 1, next_at = NULL WHERE type = 3",
        Part.ACTION,
        f"{KEY}/send_payment_link/sms/1",
        id="sent-before-the-issue",
    ),
]


def test_facts_of_an_earlier_decision_that_cannot_be_read_are_named(store: Store) -> None:
    restamped(store)
    store.tamper("UPDATE decisions SET facts = '{}' WHERE number = 1")
    assert (Part.DECISION, "facts") in [(d.part, d.field) for d in store.audit()]


@pytest.mark.parametrize(("statement", "part", "field"), FIELDS)
def test_what_somebody_wrote_is_named(store: Store, statement: str, part: Part, field: str) -> None:
    store.tamper(statement)
    found = [d for d in store.audit() if (d.part, d.field) == (part, field)]
    assert found, store.audit()
    assert all(d.is_error and d.clinic == CLINIC and d.expected != d.found for d in found)
    if part in (Part.DECISION, Part.STAMP, Part.ACTION):
        assert {d.booking_id for d in found} == {"bk-1"}


def test_expected_and_found_are_told(store: Store) -> None:
    store.tamper("UPDATE decisions SET price = 1")
    (difference,) = store.audit()
    assert difference == Difference(
        Part.DECISION,
        "125000 minor units of NOK",
        "1 minor units of NOK",
        "price",
        1,
        1,
        CLINIC,
        "bk-1",
    )


def test_under_another_engine_a_decision_is_only_reported(store: Store) -> None:
    store.tamper("UPDATE decisions SET price = 1")
    for engine in (Engine("2.0", "2026.1"), Engine("1.0", "2027.1")):
        (difference,) = store.audit(engine)
        assert not difference.is_error
        assert store.auditor.counts["errors"] == 0


def test_a_stamp_that_contradicts_the_timeline_is_an_error_under_every_engine(store: Store) -> None:
    store.tamper("UPDATE stamps SET sequence = NULL, policy_no = NULL")
    found = [d for d in store.audit(Engine("2.0", "2027.1")) if d.part is Part.STAMP]
    assert [(d.is_error, d.found) for d in found] == [(True, "no activation")]


@pytest.mark.parametrize(
    ("statement", "field", "found"),
    [
        ("UPDATE stamps SET stamped_by = NULL WHERE number = 2", "by", "nobody, or no reason"),
        ("UPDATE stamps SET policy_no = 1 WHERE number = 2", "activation", "activation 2, sha256:"),
        ("UPDATE stamps SET stamped_at = stamped_at - 7200000000 WHERE number = 2", "activation", "activation 2, "),
        ("UPDATE activations SET state = 'superseded' WHERE sequence = 2", "activation", "activation 2, "),
        ("UPDATE stamps SET number = 3 WHERE number = 2; UPDATE bookings SET stamp = 3", "number", "numbers 1, 3"),
        ("UPDATE bookings SET stamp = 1", "stamp", "stamp 1"),
        ("UPDATE bookings SET decision = 1", "decision", "decision 1"),
        ("UPDATE decisions SET stamp = 1 WHERE number = 2", "outcome", "draft"),
    ],
)
def test_later_stamps_are_held_against_their_record(store: Store, statement: str, field: str, found: str) -> None:
    second_version(store, clinic_text(process="manual", without=["notification"]))
    restamper = Restamper(store.ledger, store.practice.versions, ENGINE, store.practice.clock)
    assert [row.outcome for row in restamper.restamp(["bk-1"], by_hand("kari", "moved"))] == ["restamped"]
    assert store.audit() == []
    store.tamper(*statement.split(";"))
    assert any(d.field == field and d.found.startswith(found) and d.is_error for d in store.audit()), store.audit()


def test_a_decision_under_an_earlier_stamp_than_the_one_before_it(store: Store) -> None:
    restamped(store)
    store.tamper(
        "UPDATE decisions SET number = 3 WHERE number = 1",
        "UPDATE decisions SET number = 1 WHERE number = 2",
        "UPDATE decisions SET number = 2 WHERE number = 3",
    )
    assert ("stamp", "stamp 1") in [(d.field, d.found) for d in store.audit() if d.part is Part.DECISION]


def test_a_file_that_this_payrules_reads_otherwise_is_no_error(store: Store) -> None:
    # The content is what was activated, as its hash says; only what it is compiled to is another.
    store.tamper(OTHER_FILE)
    content = sqlite3.connect(store.path).execute("SELECT content FROM policies").fetchone()[0]
    connection = sqlite3.connect(store.path)
    connection.execute("UPDATE activations SET content_hash = ?", (hashlib.sha256(content).hexdigest(),))
    connection.commit()
    connection.close()
    (difference,) = store.audit()
    assert (difference.part, difference.field, difference.is_error) == (Part.POLICY, "compiled", False)
    assert store.auditor.counts["not_computed"] == 0


def test_a_claim_that_nobody_takes_over(store: Store) -> None:
    practice = store.practice
    with store.ledger.writing() as tx:
        assert tx.claim(Lane.INVOICE, practice.now, practice.now + timedelta(minutes=5), "w", 10)
    assert store.audit() == []
    practice.now += timedelta(hours=2)
    (difference,) = store.audit()
    assert difference.part is Part.ACTION
    assert difference.found == "a lease that ended 2026-11-24T09:05:00Z"


def test_one_unreadable_booking_does_not_hide_the_others(store: Store) -> None:
    practice = store.practice
    for number in range(2, 7):
        practice.book(id=f"bk-{number}")
    store.tamper(
        "UPDATE bookings SET facts = '[' WHERE booking_id = 'bk-4'",
        "UPDATE decisions SET price = 1 WHERE booking_no = (SELECT booking_no FROM bookings WHERE booking_id = 'bk-6')",
    )
    unreadable, price = store.audit()
    assert (unreadable.part, unreadable.booking_id) == (Part.BOOKING, None)
    assert unreadable.found.endswith("which cannot be read")
    assert (price.booking_id, price.field) == ("bk-6", "price")
    assert store.auditor.counts["bookings"] == 6


def test_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payrules.app.audit.PAGE", 2)
    for number in range(2, 6):
        store.practice.book(id=f"bk-{number}")
    seen: list[int] = []
    auditor = Auditor(
        store.ledger, COMPILER, load_zone, ENGINE, store.practice.clock, lambda counts: seen.append(counts["bookings"])
    )
    assert list(auditor.audit([CLINIC])) == []
    assert seen == [2, 4, 5]
    assert auditor.counts["policies"] == auditor.counts["activations"] == 1


def test_a_clinic_that_nobody_knows(store: Store) -> None:
    with pytest.raises(UnknownClinicError, match="harbour"):
        store.audit(ENGINE, CLINIC, "harbour")
