"""What the tables themselves refuse, whoever writes: the last line of defence behind the code."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from payrules.adapters.store import SqlLedger, open_store
from payrules.app.ports import ConflictError, LedgerError

ACTION = {
    "clinic_no": 1,
    "booking_no": 1,
    "ordinal": 1,
    "type": 3,
    "channel": 1,
    "occurrence": 1,
    "lane": 2,
    "due_at": 0,
    "state": 1,
}
INVOICE = {"clinic_no": 1, "booking_no": 1, "ordinal": 1, "kind": 1, "state": 1, "currency": "NOK"}
ISSUED = {"state": 2, "total": 100, "vat": 20, "number": 1, "number_text": "F1", "issued_on": "2026-12-01"}
ACTIVATION = {"clinic_no": 1, "state": "recorded", "effective_at": 5, "recorded_at": 5, "actor": "test"}
STAMP = {"clinic_no": 1, "booking_no": 1, "engine_no": 1, "stamped_at": 5}


@pytest.fixture
def ledger(store_url: str) -> Iterator[SqlLedger]:
    """A store with one clinic, one activation and one stamp."""
    opened = open_store(store_url)
    with opened.writing() as tx:
        tx.add_clinic("fjord-fysio")
    write(opened, "activations", **ACTIVATION, sequence=1)
    write(opened, "stamps", **STAMP, number=1, sequence=1)
    yield opened
    opened.close()


def run(ledger: SqlLedger, statement: str, **values: Any) -> int:
    with ledger.writing_session() as session:
        return session.change(text(statement), values)


def write(ledger: SqlLedger, table: str, **values: Any) -> None:
    columns = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    run(ledger, f"INSERT INTO {table} ({columns}) VALUES ({places})", **values)  # noqa: S608  # names of this module


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stamps SET stamped_at = 6",
        "UPDATE stamps SET sequence = NULL, policy_no = NULL WHERE number = 1",
        "DELETE FROM stamps",
    ],
)
def test_a_stamp_is_written_once(ledger: SqlLedger, statement: str) -> None:
    with pytest.raises(LedgerError, match="a stamp is written once"):
        run(ledger, statement)


@pytest.mark.parametrize("statement", ["UPDATE deeds SET actor = 'nobody'", "DELETE FROM deeds"])
def test_what_a_person_did_stays(ledger: SqlLedger, statement: str) -> None:
    said = {"verb": "released", "actor": "kari", "reason": "she asked", "done_at": 5}
    key = {name: ACTION[name] for name in ("clinic_no", "booking_no", "ordinal", "type", "channel", "occurrence")}
    write(ledger, "deeds", **key, **said, number=1)
    with pytest.raises(LedgerError, match="what a person did stays"):
        run(ledger, statement)


def test_a_stamp_rests_on_an_activation_of_its_clinic(ledger: SqlLedger) -> None:
    for elsewhere in ({"sequence": 2}, {"sequence": 1, "clinic_no": 2}):
        with pytest.raises(LedgerError, match="a stamp rests on an activation of its clinic"):
            write(ledger, "stamps", **STAMP | elsewhere, number=2)
    write(ledger, "stamps", **STAMP, number=2, sequence=None)
    with pytest.raises(LedgerError, match="stamps_activation"):
        write(ledger, "stamps", **STAMP, number=3, sequence=None, policy_no=1)


def test_an_activation_stays(ledger: SqlLedger) -> None:
    with pytest.raises(LedgerError, match="an activation is never deleted"):
        run(ledger, "DELETE FROM activations")


def test_one_activation_counts_at_an_instant(ledger: SqlLedger) -> None:
    with pytest.raises(ConflictError):
        write(ledger, "activations", **ACTIVATION, sequence=2)
    write(ledger, "activations", **ACTIVATION | {"state": "superseded"}, sequence=2)
    with pytest.raises(LedgerError, match="activations_effective"):
        write(ledger, "activations", **ACTIVATION | {"effective_at": None}, sequence=3)
    with pytest.raises(LedgerError, match="activations_state"):
        write(ledger, "activations", **ACTIVATION | {"state": "thought of"}, sequence=3)


@pytest.mark.parametrize(
    "state",
    [
        {"next_at": None},
        {"next_at": 5},
        {"state": 2, "next_at": 5, "attempt": 1},
        {"state": 2, "next_at": 5, "attempt": 1, "stopping": True},
        {"state": 6, "cause": "no_show"},
    ],
)
def test_legal_states_of_an_action(ledger: SqlLedger, state: dict[str, Any]) -> None:
    write(ledger, "actions", **ACTION | state)


@pytest.mark.parametrize(
    ("state", "constraint"),
    [
        ({"state": 0}, "actions_state"),
        ({"state": 8}, "actions_state"),
        ({"state": 3, "next_at": 5}, "actions_next_at"),
        ({"state": 6, "next_at": 5}, "actions_next_at"),
        ({"state": 2, "next_at": None, "attempt": 1}, "actions_lease"),
        ({"state": 2, "next_at": 5, "attempt": 0}, "actions_lease"),
        ({"state": 1, "stopping": True}, "actions_stopping"),
        ({"attempt": -1}, "actions_counts"),
        ({"ordinal": 0}, "actions_counts"),
        ({"occurrence": 0}, "actions_counts"),
        ({"type": 8}, "actions_key"),
        ({"channel": 3}, "actions_key"),
        ({"lane": 0}, "actions_key"),
    ],
)
def test_illegal_states_of_an_action(ledger: SqlLedger, state: dict[str, Any], constraint: str) -> None:
    with pytest.raises(LedgerError, match=constraint):
        write(ledger, "actions", **ACTION | state)


def test_one_action_of_a_key(ledger: SqlLedger) -> None:
    write(ledger, "actions", **ACTION)
    with pytest.raises(ConflictError):
        write(ledger, "actions", **ACTION | {"due_at": 9})
    write(ledger, "actions", **ACTION | {"occurrence": 2})


@pytest.mark.parametrize(
    ("row", "constraint"),
    [
        (INVOICE | {"number": 1}, "invoices_"),
        (INVOICE | ISSUED | {"number": None}, "invoices_"),
        (INVOICE | ISSUED | {"issued_on": None}, "invoices_issued_on"),
        (INVOICE | ISSUED | {"vat": None}, "invoices_issued"),
        (INVOICE | {"kind": 2}, "invoices_credit_note"),
        (INVOICE | {"kind": 3}, "invoices_"),
        (INVOICE | {"state": 5}, "invoices_"),
    ],
)
def test_an_invoice_has_a_number_exactly_when_it_was_issued(
    ledger: SqlLedger, row: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(LedgerError, match=constraint):
        write(ledger, "invoices", **row)


def test_a_number_is_given_once_in_a_clinic(ledger: SqlLedger) -> None:
    write(ledger, "invoices", **INVOICE | ISSUED)
    with pytest.raises(ConflictError):
        write(ledger, "invoices", **INVOICE | ISSUED | {"booking_no": 2})
    write(ledger, "invoices", **INVOICE | ISSUED | {"clinic_no": 2})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoices SET total = 1",
        "UPDATE invoices SET number = 2",
        "UPDATE invoices SET issued_on = '2026-12-02'",
        "DELETE FROM invoices",
    ],
)
def test_an_issued_invoice_never_changes(ledger: SqlLedger, statement: str) -> None:
    write(ledger, "invoices", **INVOICE | ISSUED)
    with pytest.raises(LedgerError, match="an issued invoice never changes"):
        run(ledger, statement)
    assert run(ledger, "UPDATE invoices SET state = 3") == 1
