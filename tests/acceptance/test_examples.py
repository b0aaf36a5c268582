"""Every folder of examples/ gives what its expected.json says, through the command line."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Run

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/expected.json"))

scenarios = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def bookings(example: Path) -> list[dict[str, Any]]:
    lines = (example / "bookings.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def expected(example: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((example / "expected.json").read_text(encoding="utf-8"))
    return rows


def arguments(example: Path) -> list[str]:
    """The arguments of `simulate` with the paths as the example's README has them."""
    here = example.relative_to(ROOT).as_posix()
    return [f"{here}/clinics", "--bookings", f"{here}/bookings.jsonl"]


def test_every_folder_is_a_scenario() -> None:
    folders = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir() and path.name != "reviews")
    assert folders == EXAMPLES
    assert len(EXAMPLES) >= 12


@scenarios
def test_what_comes_of_it_is_what_is_expected(example: Path, run: Run) -> None:
    result = run("simulate", *arguments(example), "--expect", f"{example.relative_to(ROOT)}/expected.json")
    count = len(expected(example))
    # Without `--format` a comparison prints nothing but what is unmet.
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"{count} of {count} expectations met\n")


@scenarios
def test_every_booking_is_expected_with_its_outcome_and_its_reason(example: Path) -> None:
    rows = expected(example)
    known = Counter((row["id"], row["clinic"]) for row in bookings(example))
    clinic_of = {row["id"]: row["clinic"] for row in bookings(example)}
    assert Counter((row["booking_id"], row.get("clinic", clinic_of[row["booking_id"]])) for row in rows) == known
    assert set(known.values()) == {1}
    for row in rows:
        assert {"outcome", "reason"} <= set(row)


@scenarios
def test_its_story_is_told_with_the_command(example: Path) -> None:
    story = (example / "README.md").read_text(encoding="utf-8")
    assert story.startswith("# ")
    words = story.replace("\\\n", " ").split()
    command = ["payrules", "simulate", *arguments(example)]
    assert any(words[n : n + len(command)] == command for n in range(len(words)))
    for row in bookings(example):
        assert row["id"] in story


@scenarios
def test_its_clinic_files_have_no_errors(example: Path, run: Run) -> None:
    result = run("validate", f"{example.relative_to(ROOT)}/clinics")
    assert result.exit_code == 0, result.output


@scenarios
@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_it_can_be_shown_in_every_format(example: Path, form: str, run: Run) -> None:
    explain = [] if form == "csv" else ["--explain"]
    result = run("simulate", *arguments(example), "--format", form, *explain)
    assert (result.exit_code, result.stderr) == (0, "")
    shown = [row["id"] for row in bookings(example) if row["id"] in result.stdout]
    # Only a comment of a pull request, whose length is bounded, may leave some out, and says so.
    assert shown
    assert len(shown) == len(bookings(example)) or (form == "markdown" and "not shown" in result.stdout)


@scenarios
def test_the_list_of_examples_names_it(example: Path) -> None:
    assert f"]({example.name}/)" in (ROOT / "examples/README.md").read_text(encoding="utf-8")


def test_an_expectation_that_is_not_met_is_told_with_its_place(run: Run, tmp_path: Path) -> None:
    example = ROOT / "examples/tour"
    rows = expected(example)
    rows[0]["actions"][1]["due_local"] = "2026-11-30T11:06:00+01:00"
    changed = tmp_path / "expected.json"
    changed.write_text(json.dumps(rows), encoding="utf-8")
    result = run("simulate", *arguments(example), "--expect", changed)
    assert result.exit_code == 4
    assert result.stderr.splitlines() == [
        'unmet: t-01: actions[1].due_local: expected "2026-11-30T11:06:00+01:00", got "2026-11-30T11:05:00+01:00"',
        f"{len(rows) - 1} of {len(rows)} expectations met",
    ]


def test_a_decision_without_an_expectation_and_the_other_way_round_are_unmet(run: Run, tmp_path: Path) -> None:
    example = ROOT / "examples/tour"
    rows = expected(example)
    first, rows[0] = rows[0]["booking_id"], {"booking_id": "nobody"}
    changed = tmp_path / "expected.json"
    changed.write_text(json.dumps(rows), encoding="utf-8")
    result = run("simulate", *arguments(example), "--expect", changed)
    assert result.exit_code == 4
    unmet = [line for line in result.stderr.splitlines() if line.startswith("unmet: ")]
    assert [line.split(":")[1].strip() for line in unmet] == [first, "nobody"]
