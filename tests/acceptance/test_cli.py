"""The command line as a person or a script uses it: help, formats, exit codes, pipes."""

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema_rs
import pytest
from click.testing import Result
from tests.acceptance.conftest import Run
from tests.builders import CLINIC, FILE, clinic_text, record_fields

from payrules import __version__
from payrules.domain.codes import CODES
from payrules.entrypoints.cli import main
from payrules.entrypoints.exit_codes import MEANINGS, ExitCode

ROOT = Path(__file__).parents[2]


def _leaves(group: click.Group, path: str = "") -> Iterator[str]:
    """The commands that do something, such as `validate` and `drafts send`."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _leaves(command, f"{path}{name} ")
        else:
            yield path + name


COMMANDS = sorted(main.commands)
LEAVES = sorted(_leaves(main))

RULES = """\
rules:
  - id: first-visit
    when: {first_visit: true}
    set: {process: manual}
"""


@pytest.fixture(autouse=True)
def clinics(folder: Path) -> Path:
    """A folder with one clinic file, that payrules runs beside."""
    (folder / "clinics").mkdir()
    (folder / FILE).write_text(clinic_text(RULES), encoding="utf-8")
    return folder / "clinics"


def bookings(*changes: dict[str, Any], path: str = "bookings.jsonl") -> str:
    """A file of bookings, `bk-1`, `bk-2` …, each with its changes; returns its path."""
    records = [record_fields(**({"id": f"bk-{n}", "first_visit": False} | c)) for n, c in enumerate(changes, 1)]
    Path(path).write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path


def expectations(*rows: dict[str, Any]) -> str:
    Path("expected.json").write_text(json.dumps(rows), encoding="utf-8")
    return "expected.json"


def decisions(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def accepted(schema: str, row: object) -> bool:
    text = (ROOT / f"schema/{schema}.v1.schema.json").read_text(encoding="utf-8")
    return bool(jsonschema_rs.validator_for(json.loads(text)).is_valid(row))


def payrules(*args: str, **options: Any) -> "subprocess.CompletedProcess[bytes]":
    """Run payrules in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "COLUMNS"}}
    environment |= options.pop("env", {})
    command = [sys.executable, "-m", "payrules", *args]
    return subprocess.run(command, capture_output=True, check=False, timeout=120, env=environment, **options)


class TestHelp:
    def test_version(self, run: Run) -> None:
        assert run("--version").stdout == f"payrules {__version__}\n"

    def test_the_four_commands(self) -> None:
        assert {"validate", "compile", "simulate", "explain"} <= set(COMMANDS)

    @pytest.mark.parametrize("command", LEAVES)
    @pytest.mark.parametrize("option", ["-h", "--help"])
    def test_every_command_has_an_example_of_itself(self, run: Run, command: str, option: str) -> None:
        result = run(*command.split(), option)
        assert result.exit_code == 0
        _, examples = result.stdout.split("Examples:\n")
        assert all(line.strip().startswith(f"payrules {command}") for line in examples.strip().splitlines())

    @pytest.mark.parametrize("command", LEAVES)
    def test_every_option_is_explained(self, command: str) -> None:
        found: click.Command = main
        for name in command.split():
            assert isinstance(found, click.Group)
            found = found.commands[name]
        for parameter in found.params:
            if parameter.param_type_name == "option":
                assert getattr(parameter, "help", None)

    def test_the_exit_codes_are_told(self, run: Run) -> None:
        text = run("--help").stdout
        for code in ExitCode:
            assert re.search(rf"^ +{code.value} +{re.escape(MEANINGS[code][:20])}", text, re.MULTILINE)

    def test_exit_codes_are_those_of_the_design(self) -> None:
        # cli.md
        assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4, 5, 6, 7]

    @pytest.mark.parametrize(
        "args",
        [
            ["bogus"],
            ["validate", "--bogus"],
            ["validate", "--format", "xml"],
            ["compile"],
            ["compile", "clinics"],
            ["compile", "clinics/"],
            ["simulate"],
            ["simulate", "--bookings"],
            # The name does not tell the format, which is a mistake of whoever typed it.
            ["simulate", "--bookings", "bookings.txt"],
            ["simulate", "--bookings", "b.jsonl", "--expect", "e.json", "--against", "clinics"],
            ["explain", "PR999"],
            ["explain", "nonsense"],
        ],
    )
    def test_a_wrong_command_line_is_2(self, run: Run, args: list[str]) -> None:
        result = run(*args)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "Error: " in result.stderr or result.stderr.startswith("error: ")

    def test_a_mistyped_code_is_guessed(self, run: Run) -> None:
        assert "did you mean `PR204`" in run("explain", "PR0204").stderr


class TestExplain:
    @pytest.mark.parametrize("code", ["PR204", "pr204", "204"])
    def test_a_page(self, run: Run, code: str) -> None:
        result = run("explain", code)
        assert result.exit_code == 0
        assert result.stdout.startswith(f"error[PR204]: {CODES['PR204'].title}\n")

    @pytest.mark.parametrize("code", CODES)
    def test_every_code_has_its_page(self, run: Run, code: str) -> None:
        result = run("explain", code)
        assert (result.exit_code, result.stderr) == (0, "")
        assert code in result.stdout.splitlines()[0]

    def test_the_list_of_all(self, run: Run) -> None:
        lines = run("explain").stdout.splitlines()
        assert [line.split()[0] for line in lines] == list(CODES)
        assert all(line.split()[1] == CODES[line.split()[0]].severity for line in lines)


WARNED = clinic_text("effective_from: 2026-01-01T00:00\n")


class TestValidate:
    def test_the_folder_clinics_is_meant_where_none_is_named(self, run: Run) -> None:
        result = run("validate")
        assert (result.exit_code, result.output) == (0, "1 clinic file: no errors\n")

    def test_a_warning_is_no_error_unless_strict(self, run: Run) -> None:
        Path(FILE).write_text(WARNED, encoding="utf-8")
        lenient, strict = run("validate"), run("validate", "--strict")
        assert (lenient.exit_code, strict.exit_code) == (0, 3)
        assert lenient.stdout.startswith("warning[PR350]: ")
        assert lenient.stdout.endswith("\n1 clinic file: 1 warning\n")
        assert strict.stdout.startswith("error[PR350]: ")
        assert strict.stdout.endswith("\n1 clinic file: 1 error\n")

    def test_text_shows_the_line_with_a_mark_and_what_to_do(self, run: Run) -> None:
        Path(FILE).write_text(clinic_text(process="autmatic"), encoding="utf-8")
        assert run("validate").stdout.splitlines() == [
            "error[PR204]: `autmatic` is not one of `automatic`, `manual`",
            f"  --> {FILE}:10:10",
            "   |",
            "10 | process: autmatic",
            "   |          ^^^^^^^^",
            "   = help: did you mean `automatic`?",
            "",
            "1 clinic file: 1 error",
        ]

    def test_json_is_one_object_a_line(self, run: Run) -> None:
        Path(FILE).write_text(clinic_text("remainders: []\n", process="autmatic"), encoding="utf-8")
        result = run("validate", "--format", "json")
        rows = decisions(result)
        assert [row["code"] for row in rows] == ["PR204", "PR201"]
        assert all(accepted("diagnostic", row) for row in rows)

    def test_json_of_a_right_file_is_empty(self, run: Run) -> None:
        assert run("validate", "--format", "json").stdout == ""

    def test_sarif_is_one_document_whatever_is_found(self, run: Run) -> None:
        document = json.loads(run("validate", "--format", "sarif").stdout)
        assert document["version"] == "2.1.0"
        assert document["runs"][0]["results"] == []
        Path(FILE).write_text(clinic_text(process="autmatic"), encoding="utf-8")
        [found] = json.loads(run("validate", "--format", "sarif").stdout)["runs"][0]["results"]
        place = found["locations"][0]["physicalLocation"]
        assert (found["ruleId"], place["artifactLocation"]["uri"]) == ("PR204", FILE)
        assert (place["region"]["startLine"], place["region"]["startColumn"]) == (10, 10)

    def test_github_is_one_annotation_a_line(self, run: Run) -> None:
        Path(FILE).write_text(clinic_text(process="autmatic"), encoding="utf-8")
        [line] = run("validate", "--format", "github").stdout.splitlines()
        assert line.startswith(f"::error file={FILE},line=10,")
        assert "PR204" in line

    def test_an_empty_folder_is_no_success(self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "empty").mkdir()
        monkeypatch.chdir(tmp_path / "empty")
        result = run("validate")
        assert result.exit_code == 3
        assert result.stdout.startswith("error[PR001]: ")
        assert "--> clinics\n" in result.stdout
        assert run("validate", ".").stdout.startswith("error[PR009]: ")


class TestCompile:
    def test_canonical_is_the_bytes_whose_sha256_is_the_digest(self, run: Run) -> None:
        canonical = run("compile", FILE, "--format", "canonical").stdout_bytes
        found = json.loads(run("compile", FILE, "--format", "json").stdout)
        assert found["digest"] == "sha256:" + hashlib.sha256(canonical).hexdigest()
        assert json.loads(canonical) == found["policy"]
        assert (found["clinic"], found["effective_from"]) == (CLINIC, None)

    def test_a_pipe_into_sha256sum_gives_the_digest(self) -> None:
        # As the help has it: the bytes of another process, with no line end added.
        canonical = payrules("compile", FILE, "--format", "canonical")
        found = payrules("compile", FILE)
        assert (canonical.returncode, found.returncode) == (0, 0)
        assert f"sha256:{hashlib.sha256(canonical.stdout).hexdigest()}" in found.stdout.decode()

    def test_text_for_a_person(self, run: Run) -> None:
        Path(FILE).write_text(clinic_text("effective_from: 2027-01-01T00:00\n"), encoding="utf-8")
        lines = run("compile", FILE).stdout.splitlines()
        assert lines[0].split() == ["clinic", CLINIC]
        assert re.fullmatch(r"digest +sha256:[0-9a-f]{64}", lines[1])
        assert lines[2].endswith("2027-01-01T00:00:00+01:00 (Europe/Oslo)")

    def test_effective_from_in_json_is_in_utc(self, run: Run) -> None:
        Path(FILE).write_text(clinic_text("effective_from: 2027-01-01T00:00\n"), encoding="utf-8")
        assert json.loads(run("compile", FILE, "--format", "json").stdout)["effective_from"] == "2026-12-31T23:00:00Z"

    def test_the_canonical_form_compiles_to_itself(self, run: Run) -> None:
        canonical = run("compile", FILE, "--format", "canonical").stdout_bytes
        Path(FILE).write_bytes(canonical)
        assert run("compile", FILE, "--format", "canonical").stdout_bytes == canonical

    @pytest.mark.parametrize("form", ["text", "json", "canonical"])
    def test_a_wrong_file_gives_diagnostics_and_nothing_else(self, run: Run, form: str) -> None:
        Path(FILE).write_text(clinic_text(process="autmatic"), encoding="utf-8")
        result = run("compile", FILE, "--format", form)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr.startswith("error[PR204]: ")

    def test_a_file_that_does_not_exist(self, run: Run) -> None:
        result = run("compile", "gone.yaml")
        assert (result.exit_code, result.stdout) == (3, "")
        assert "PR001" in result.stderr


UNDECIDED = {"first_visit": None}
BAD = {"starts_at": "2026-12-01T10:00:00"}


class TestSimulate:
    def test_json_lines_follow_the_schema_and_the_order_of_the_file(self, run: Run) -> None:
        path = bookings({}, {"first_visit": True}, UNDECIDED, {"price": {"amount": "0", "currency": "NOK"}})
        result = run("simulate", "--bookings", path, "--format", "json")
        rows = decisions(result)
        assert [(r["booking_id"], r["outcome"], r["reason"]) for r in rows] == [
            ("bk-1", "automatic", "process_automatic"),
            ("bk-2", "draft", "process_manual"),
            ("bk-3", "undecided", "missing_fact"),
            ("bk-4", "no_charge", "price_zero"),
        ]
        assert all(accepted("simulation", row) for row in rows)
        assert (result.exit_code, result.stderr) == (0, "")

    def test_explained_json_follows_the_schema(self, run: Run) -> None:
        path = bookings({}, {"first_visit": True}, UNDECIDED)
        rows = decisions(run("simulate", "--bookings", path, "--format", "json", "--explain"))
        assert all(accepted("simulation", row) for row in rows)
        assert [[(r["id"], r["result"]) for r in row["explain"]["rules"]] for row in rows] == [
            [("first-visit", "failed")],
            [("first-visit", "matched")],
            [("first-visit", "unknown")],
        ]

    def test_explain_in_the_table_names_the_condition_that_failed(self, run: Run) -> None:
        text = run("simulate", "--bookings", bookings({}), "--explain").stdout
        assert "first-visit" in text
        assert "first_visit is false, not true" in text
        assert "first_visit is false" not in run("simulate", "--bookings", bookings({})).stdout

    def test_the_table_is_the_default_and_in_the_clinics_time(self, run: Run) -> None:
        plain = run("simulate", "--bookings", bookings({"ends_at": "2026-12-01T09:50:00Z"}))
        assert plain.stdout == run("simulate", "--bookings", "bookings.jsonl", "--format", "table").stdout
        # Ends 09:50 in UTC, 10:50 in Oslo; 15 minutes later is 11:05.
        assert "Tue 1 Dec 11:05" in " ".join(plain.stdout.split())
        assert "Europe/Oslo" in plain.stdout
        assert "\x1b" not in plain.stdout

    def test_csv_has_a_row_an_action(self, run: Run) -> None:
        path = bookings({}, UNDECIDED)
        rows = list(csv.DictReader(io.StringIO(run("simulate", "--bookings", path, "--format", "csv").stdout)))
        assert [(r["booking_id"], r["action"], r["channel"]) for r in rows] == [
            ("bk-1", "create_invoice", ""),
            ("bk-1", "issue_invoice", ""),
            ("bk-1", "send_payment_link", "sms"),
            ("bk-1", "send_payment_link", "email"),
            ("bk-2", "", ""),
        ]
        assert rows[-1]["missing"] == "first_visit"

    def test_markdown_for_a_pull_request(self, run: Run) -> None:
        text = run("simulate", "--bookings", bookings({}), "--format", "markdown").stdout
        assert "bk-1" in text
        assert re.search(r"^\|[-| :]+\|$", text, re.MULTILINE)
        assert len(text) < 65_536

    @pytest.mark.parametrize(
        "text",
        [
            "".join(json.dumps(record_fields(id=f"bk-{n}", first_visit=False)) + "\n" for n in (1, 2)),
            json.dumps([record_fields(id=f"bk-{n}", first_visit=False) for n in (1, 2)]),
        ],
        ids=["JSONL", "JSON list"],
    )
    def test_standard_input(self, run: Run, text: str) -> None:
        result = run("simulate", "--bookings", "-", "--format", "json", stdin=text)
        assert [row["booking_id"] for row in decisions(result)] == ["bk-1", "bk-2"]
        assert result.exit_code == 0

    def test_no_bookings_on_standard_input(self, run: Run) -> None:
        result = run("simulate", "--bookings", "-", stdin="")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "no bookings" in result.stderr

    def test_an_empty_folder(self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / bookings({})
        (tmp_path / "empty").mkdir()
        monkeypatch.chdir(tmp_path / "empty")
        result = run("simulate", "--bookings", path)
        assert (result.exit_code, result.stdout) == (3, "")
        assert "--> clinics" in result.stderr

    def test_one_file_in_place_of_a_folder(self, run: Run) -> None:
        assert run("simulate", FILE, "--bookings", bookings({}), "--format", "json").exit_code == 0

    def test_warnings_of_clinic_files_are_left_to_validate(self, run: Run) -> None:
        Path(FILE).write_text(WARNED, encoding="utf-8")
        assert run("simulate", "--bookings", bookings({}), "--format", "json").stderr == ""


class TestExitCodesOfSimulate:
    EXPECTED = ({"booking_id": "bk-1", "outcome": "automatic"}, {"booking_id": "bk-2", "outcome": "automatic"})

    @pytest.mark.parametrize(
        ("changes", "options", "code"),
        [
            ([{}], [], 0),
            ([UNDECIDED], [], 0),
            ([UNDECIDED], ["--fail-undecided"], 5),
            ([{}], ["--fail-undecided"], 0),
            # A draft without a price is decided.
            ([{"first_visit": True, "price": None}], ["--fail-undecided"], 0),
            ([{}, BAD], [], 7),
            ([UNDECIDED, BAD], ["--fail-undecided"], 7),
            ([{}, {}], ["--expect", "expected.json"], 0),
            ([{}, {"first_visit": True}], ["--expect", "expected.json"], 4),
            ([{}, UNDECIDED], ["--expect", "expected.json", "--fail-undecided"], 4),
            # Refused counts more than unmet.
            ([{}, BAD], ["--expect", "expected.json"], 7),
            # Undecided as expected.
            ([{}, {}, UNDECIDED], ["--expect", "expected.json"], 4),
        ],
    )
    def test_the_most_important_one_is_told(
        self, run: Run, changes: list[dict[str, Any]], options: list[str], code: int
    ) -> None:
        expectations(*self.EXPECTED)
        assert run("simulate", "--bookings", bookings(*changes), *options).exit_code == code

    def test_diagnostics_count_most(self, run: Run) -> None:
        Path("clinics/bad.yaml").write_text("", encoding="utf-8")
        expectations(*self.EXPECTED)
        path = bookings(UNDECIDED, BAD)
        result = run("simulate", "--bookings", path, "--expect", "expected.json", "--fail-undecided")
        assert result.exit_code == 3

    def test_with_format_the_decisions_are_printed_beside_the_comparison(self, run: Run) -> None:
        expectations({"booking_id": "bk-1"})
        result = run("simulate", "--bookings", bookings({}), "--expect", "expected.json", "--format", "json")
        assert [row["booking_id"] for row in decisions(result)] == ["bk-1"]
        assert result.stderr == "1 of 1 expectations met\n"

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "JSON"),
            ("[", "JSON"),
            ("{}", "list"),
            # Zero expectations where some were meant is no success.
            ("[]", "empty"),
            ("[1]", "expectation 1"),
            ('[{"outcome": "automatic"}]', "booking_id"),
            ("[" * 100_000, "JSON"),
        ],
    )
    def test_expectations_that_are_none(self, run: Run, text: str, words: str) -> None:
        Path("expected.json").write_text(text, encoding="utf-8")
        result = run("simulate", "--bookings", bookings({}), "--expect", "expected.json")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("error: expected.json: ")
        assert words in result.stderr

    def test_expectations_that_do_not_exist_or_are_not_utf8(self, run: Run) -> None:
        result = run("simulate", "--bookings", bookings({}), "--expect", "gone.json")
        assert (result.exit_code, result.stderr[:18]) == (1, "error: gone.json: ")
        Path("latin.json").write_bytes(b'[{"booking_id": "\xe6"}]')
        assert run("simulate", "--bookings", "bookings.jsonl", "--expect", "latin.json").exit_code == 1

    def test_an_expectation_with_a_clinic_is_for_that_clinic_alone(self, run: Run) -> None:
        expectations({"booking_id": "bk-1", "clinic": "harbour-physio"})
        result = run("simulate", "--bookings", bookings({}), "--expect", "expected.json")
        assert result.exit_code == 4
        assert result.stderr.count("unmet: ") == 2


class TestAgainst:
    @pytest.fixture(autouse=True)
    def main_checkout(self) -> None:
        Path("main/clinics").mkdir(parents=True)
        before = clinic_text(RULES, notification="{send: after_appointment, offset: 30m}")
        Path("main", FILE).write_text(before, encoding="utf-8")

    def test_only_what_changes_is_shown(self, run: Run) -> None:
        path = bookings({}, {"first_visit": True})
        result = run("simulate", "--bookings", path, "--against", "main/clinics")
        assert result.exit_code == 0
        assert "bk-1" in result.stdout
        assert "bk-2" not in result.stdout
        assert "1 of 2 bookings change" in result.stdout
        assert "11:20 → 11:05" in result.stdout

    def test_json_has_both_sides(self, run: Run) -> None:
        path = bookings({}, {"first_visit": True})
        [row] = decisions(run("simulate", "--bookings", path, "--against", "main/clinics", "--format", "json"))
        assert accepted("simulation", row)
        assert (row["booking_id"], row["changed"]) == ("bk-1", ["settings", "actions"])
        due = [[a["due_local"] for a in row[side]["actions"]][1] for side in ("before", "after")]
        assert due == ["2026-12-01T11:20:00+01:00", "2026-12-01T11:05:00+01:00"]

    def test_the_same_files_change_nothing(self, run: Run) -> None:
        result = run("simulate", "--bookings", bookings({}), "--against", "clinics")
        assert (result.exit_code, result.stdout[:14]) == (0, "0 of 1 booking")
        assert run("simulate", "--bookings", "bookings.jsonl", "--against", "clinics", "--format", "json").stdout == ""

    def test_a_clinic_that_is_new(self, run: Run) -> None:
        Path("main", FILE).rename("main/clinics/harbour-physio.yaml")
        text = clinic_text(clinic="harbour-physio")
        Path("main/clinics/harbour-physio.yaml").write_text(text, encoding="utf-8")
        [row] = decisions(run("simulate", "--bookings", bookings({}), "--against", "main/clinics", "--format", "json"))
        assert (row["before"], row["after"]["outcome"]) == (None, "automatic")

    def test_a_path_that_does_not_exist_is_no_silent_nothing(self, run: Run) -> None:
        result = run("simulate", "--bookings", bookings({}), "--against", "gone")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "there is no path `gone`, and " in result.stderr

    @pytest.mark.parametrize("form", ["table", "csv", "markdown"])
    def test_every_format_compares(self, run: Run, form: str) -> None:
        result = run("simulate", "--bookings", bookings({}), "--against", "main/clinics", "--format", form)
        assert result.exit_code == 0
        assert "bk-1" in result.stdout

    def test_fail_undecided_looks_at_what_will_be(self, run: Run) -> None:
        path = bookings(UNDECIDED)
        assert run("simulate", "--bookings", path, "--against", "main/clinics", "--fail-undecided").exit_code == 5


class TestTerminal:
    def terminal(self, *args: str, **environment: str) -> tuple[int, str]:
        """Run payrules on a pseudo-terminal of 100 columns: its exit code, and what the terminal was told."""
        import fcntl
        import pty
        import struct
        import termios

        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "COLUMNS", "FORCE_COLOR"}}
        process = subprocess.Popen(
            [sys.executable, "-m", "payrules", *args],
            stdout=child,
            stderr=child,
            stdin=subprocess.DEVNULL,
            env=kept | {"TERM": "xterm-256color"} | environment,
        )
        os.close(child)
        told = b""
        while True:
            try:
                more = os.read(parent, 65_536)
            except OSError:
                # What a pseudo-terminal says where others would say that nothing more comes.
                break
            if not more:
                break
            told += more
        os.close(parent)
        return process.wait(60), told.decode()

    def test_colours_on_a_terminal_unless_no_color_is_set(self) -> None:
        Path(FILE).write_text(clinic_text(process="autmatic"), encoding="utf-8")
        code, coloured = self.terminal("validate")
        assert code == 3
        assert "\x1b[" in coloured
        code, plain = self.terminal("validate", NO_COLOR="1")
        assert code == 3
        assert "\x1b[" not in plain
        assert "error[PR204]" in plain

    def test_no_color_holds_for_the_table(self) -> None:
        path = bookings({}, UNDECIDED)
        assert "\x1b[" in self.terminal("simulate", "--bookings", path)[1]
        # What progress moves the cursor with is no colour.
        assert not re.search(r"\x1b\[[0-9;]*m", self.terminal("simulate", "--bookings", path, NO_COLOR="1")[1])

    def test_no_line_of_the_table_is_wider_than_the_terminal(self) -> None:
        _, told = self.terminal("simulate", "--bookings", bookings({}, UNDECIDED), "--explain", NO_COLOR="1")
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", told)
        # Progress writes over its own line again and again.
        assert max(map(len, re.split(r"[\r\n]+", plain))) <= 100

    def test_nothing_but_text_goes_into_a_pipe(self) -> None:
        found = payrules("simulate", "--bookings", bookings({}))
        assert (found.returncode, found.stderr) == (0, b"")
        assert b"\x1b" not in found.stdout


class TestPipes:
    def test_a_reader_that_leaves_early_is_no_failure_worth_a_traceback(self) -> None:
        # Far more than a pipe holds.
        path = bookings(*[{}] * 3_000)
        command = [sys.executable, "-m", "payrules", "simulate", "--bookings", path, "--format", "json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline().startswith(b'{"booking_id":')
            process.stdout.close()
            said = process.stderr.read()
            assert process.wait(60) != 0
        assert said == b""

    @pytest.mark.parametrize("form", ["json", "csv", "markdown", "table"])
    def test_decisions_in_a_pipe_are_utf8_whatever_the_locale(self, form: str) -> None:
        Path(FILE).write_text(clinic_text(RULES, name="Ærlig 診療所"), encoding="utf-8")
        environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        found = payrules("simulate", "--bookings", bookings({}), "--format", form, env=environment)
        assert (found.returncode, found.stderr) == (0, b"")
        assert "bk-1" in found.stdout.decode()

    @pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
    @pytest.mark.parametrize("command", ["validate", "compile", "simulate", "explain"])
    def test_no_encoding_of_the_output_brings_it_down(self, command: str, encoding: str) -> None:
        Path(FILE).write_text(clinic_text(RULES, name="Ærlig 診療所"), encoding="utf-8")
        Path("clinics/næste.yaml").write_text("navn: 診療所\n", encoding="utf-8")
        args = {
            "validate": ["validate"],
            "compile": ["compile", FILE],
            "simulate": ["simulate", "--bookings", bookings({})],
            "explain": ["explain"],
        }[command]
        found = payrules(*args, env={"PYTHONIOENCODING": encoding})
        assert b"Traceback" not in found.stderr
        assert found.returncode == (3 if command in {"validate", "simulate"} else 0)

    @pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
    def test_a_file_name_that_is_no_text(self, form: str) -> None:
        Path("clinics/\udcff.yaml").write_text("", encoding="utf-8")
        found = payrules("validate", "--format", form)
        assert (found.returncode, found.stderr) == (3, b"")
        assert b"PR002" in found.stdout

    def test_a_full_disk_is_told_in_one_line(self) -> None:
        if not Path("/dev/full").exists():
            pytest.skip("there is no /dev/full here")
        with Path("/dev/full").open("wb") as full:
            command = [sys.executable, "-m", "payrules", "simulate", "--bookings", bookings({}), "--format", "json"]
            found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
        assert found.returncode == 1
        assert b"Traceback" not in found.stderr
        assert found.stderr.count(b"\n") == 1

    def test_the_same_input_gives_the_same_bytes_in_any_process(self) -> None:
        path = bookings({}, {"client": {"id": "c", "tags": ["b", "a", "c"], "email": "a@client.example"}}, UNDECIDED)
        args = ("simulate", "--bookings", path, "--format", "json", "--explain")
        first, second = (payrules(*args, env={"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2"))
        assert first == second
        assert first
