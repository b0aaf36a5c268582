"""`payrules process`: a file of events into a store, told to people and to machines."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result
from tests.builders import version_of
from tests.processing import IN_FORCE_AT, NOW
from tests.shapes import read_lines

from payrules.adapters.store import open_store
from payrules.app.rows import ActivationRow, PolicyRow
from payrules.domain.timeline import Activation
from payrules.entrypoints.processing_commands import process

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/events"
EVENTS = EXAMPLE / "events.jsonl"
CLINIC = "sandviken-fysio"

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `payrules process` on a store in which the example's clinic is in force."""
    monkeypatch.setattr("payrules.bootstrap.now", lambda: NOW)
    store, content = tmp_path / "payrules.db", (EXAMPLE / f"clinics/{CLINIC}.yaml").read_text("utf-8")
    version = version_of(content, f"clinics/{CLINIC}.yaml")
    with closing(open_store(str(store))) as ledger, ledger.writing() as tx:
        clinic = tx.add_clinic(CLINIC)
        tx.add_policy(PolicyRow(version.digest, version.canonical, f"clinics/{CLINIC}.yaml", content.encode()))
        activation = Activation(1, version.digest, IN_FORCE_AT, IN_FORCE_AT)
        tx.add_activation(clinic.clinic_no, ActivationRow(activation, "test"))

    def invoke(*args: str | Path, stdin: bytes | None = None) -> Result:
        options = ["--store", str(store), *map(str, args)]
        return CliRunner().invoke(process, options, input=stdin, catch_exceptions=False)

    return invoke


def lines(result: Result) -> list[dict[str, Any]]:
    return read_lines(result.stdout, "process")


def test_the_example_goes_as_its_story_tells(run: Run) -> None:
    result = run(EVENTS)
    assert result.exit_code == 7
    assert result.stdout.splitlines() == [
        "11 events: 3 new, 6 applied, 1 repeated, 1 refused",
        "decisions: 7 automatic",
    ]
    assert result.stderr == f"{EVENTS}:11: refused record 11 (ev-1): no invoice is issued that could be credited\n"
    assert result.stdout.splitlines()[0] in (EXAMPLE / "README.md").read_text("utf-8")


def test_the_same_file_again_changes_nothing(run: Run) -> None:
    run(EVENTS)
    again = run(EVENTS, "--batch", "2")
    assert again.exit_code == 7
    assert again.stdout.splitlines() == ["11 events: 10 repeated, 1 refused"]


def test_machines_are_told_one_object_a_line(run: Run) -> None:
    *told, summary = lines(run("-", "--format", "json", stdin=EVENTS.read_bytes() + b'{"type": "paid"}\n'))
    assert [(one["record"], one["fate"], one["booking_id"]) for one in told] == [
        (11, "refused", "ev-1"),
        (12, "refused", None),
    ]
    assert told[1]["faults"][0] == {
        "field": "event_id",
        "problem": "is missing",
        "help": "`paid` needs `type`, `event_id`, `occurred_at`, `clinic`, `booking_id`, `amount`",
    }
    assert (summary["kind"], summary["records"], summary["new"], summary["refused"]) == ("summary", 12, 3, 2)
    assert summary["outcomes"] == {"automatic": 7}


def test_what_waits_for_its_booking_is_named(run: Run) -> None:
    early = EVENTS.read_bytes().splitlines(keepends=True)[3]
    result = run("-", stdin=early)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "-:1: `updated` of ev-3 came early: it waits for its booking",
        "1 event: 1 early",
    ]


def test_no_events_are_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").touch()
    (tmp_path / "intake").mkdir()
    (tmp_path / "intake/none.jsonl").touch()
    for args in ([tmp_path / "none.jsonl"], ["--folder", tmp_path / "intake"]):
        result = run(*args)
        assert result.exit_code == 1
        assert result.stderr.endswith("holds no events\n")


def test_a_folder_in_which_nothing_waits_is_no_error(run: Run, tmp_path: Path) -> None:
    result = run("--folder", tmp_path)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{tmp_path}: nothing waits there\n", "")
    result = run("--folder", tmp_path, "--format", "json")
    assert (result.exit_code, json.loads(result.stdout)["records"]) == (0, 0)


def test_a_folder_that_is_not_there_is_not_made(run: Run, tmp_path: Path) -> None:
    result = run("--folder", tmp_path / "intke")
    assert (result.exit_code, result.stderr) == (1, f"error: {tmp_path / 'intke'}: there is no such folder\n")
    assert not (tmp_path / "intke").exists()


def test_a_folder_is_taken_in(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "intake"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(EVENTS.read_bytes())
    result = run("--folder", folder)
    assert result.exit_code == 7
    assert result.stdout.splitlines()[0] == "a.jsonl: 11 events: 3 new, 6 applied, 1 repeated, 1 refused"
    assert (folder / "refused/a.jsonl").is_file()


@pytest.mark.parametrize("args", [[], ["events.jsonl", "--folder", "intake"]])
def test_a_file_or_a_folder_is_named(run: Run, args: list[str]) -> None:
    assert run(*args).exit_code == 2


def test_a_file_that_is_not_there_is_one_line(run: Run, tmp_path: Path) -> None:
    result = run(tmp_path / "missing.jsonl")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_nothing_said_tells_a_contact(run: Run, tmp_path: Path) -> None:
    result = run(EVENTS)
    for secret in ("mail.example", "+47", "Client 1"):
        assert secret not in result.output


def test_the_events_of_the_example_follow_the_schema() -> None:
    schemas = [json.loads(path.read_bytes()) for path in (ROOT / "schema").glob("*.json")]
    event = next(schema for schema in schemas if schema["title"].startswith("booking event"))
    registry = jsonschema_rs.Registry([(schema["$id"], schema) for schema in schemas])
    validator = jsonschema_rs.validator_for(event, registry=registry)
    for line in EVENTS.read_text("utf-8").splitlines():
        assert validator.is_valid(json.loads(line))
