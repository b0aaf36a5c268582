"""What `payrules simulate` says of its input and its options, where something is odd."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Run
from tests.builders import FILE, clinic_text, record_fields


@pytest.fixture(autouse=True)
def clinics(folder: Path) -> Path:
    """A folder with one clinic file, that payrules runs beside."""
    (folder / "clinics").mkdir()
    (folder / FILE).write_text(clinic_text(), encoding="utf-8")
    return folder / "clinics"


def bookings(*records: dict[str, Any]) -> str:
    Path("bookings.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return "bookings.jsonl"


def test_a_booking_that_stands_twice_is_refused_the_second_time(run: Run) -> None:
    path = bookings(*(record_fields(id=id_) for id_ in ("bk-1", "bk-2", "bk-1")))
    result = run("simulate", "--bookings", path, "--format", "json")
    assert result.exit_code == 7
    assert [json.loads(line)["booking_id"] for line in result.stdout.splitlines()] == ["bk-1", "bk-2"]
    expected = "refused record 3 (bk-1): `id`: record 1 has the same id; keep the record that is right"
    assert result.stderr.splitlines() == [f"bookings.jsonl:3: {expected}"]


def test_csv_has_no_room_for_an_explanation_and_says_so(run: Run) -> None:
    result = run("simulate", "--bookings", bookings(record_fields()), "--format", "csv", "--explain")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--explain does not go with --format csv; use --format json" in result.stderr


def test_no_expectation_steers_the_terminal(run: Run) -> None:
    odd = [
        {"booking_id": "bk-1", "outcome": "\x1b[2J", "a\u202eb": 1},
        {"booking_id": "\x1b[31m", "outcome": "draft"},
    ]
    Path("expected.json").write_text(json.dumps(odd), encoding="utf-8")
    result = run("simulate", "--bookings", bookings(record_fields()), "--expect", "expected.json")
    assert result.exit_code == 4
    assert not {"\x1b", "\u202e"} & set(result.output)
    assert "bk-1: a<U+202E>b: expected 1, but there is no such key" in result.stderr


@pytest.mark.parametrize("command", [["validate"], ["simulate", "--bookings", "bookings.jsonl"]])
def test_without_a_folder_of_clinics_it_says_what_to_do(run: Run, command: list[str], clinics: Path) -> None:
    clinics.rename("elsewhere")
    bookings(record_fields())
    result = run(*command)
    assert result.exit_code == 3
    assert "--> clinics" in result.output
    assert "`payrules validate PATH`; without PATH it is the folder `clinics`" in result.output


def test_of_a_record_with_hundreds_of_faults_the_first_are_told(run: Run) -> None:
    path = bookings(record_fields(**{f"clinic{number}": 1 for number in range(500)}))
    result = run("simulate", "--bookings", path)
    lines = result.stderr.splitlines()
    assert len(lines) == 21
    assert lines[-1] == "bookings.jsonl:1: refused record 1 (bk-1): and 480 more faults; correct these first"
