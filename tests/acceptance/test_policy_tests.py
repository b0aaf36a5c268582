"""`payrules test`: what it says, how it ends, and that nothing else takes a tests file for a clinic file."""

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.acceptance.conftest import Run
from tests.builders import CLINIC, FILE, clinic_text

from payrules.adapters.resources import read_schema

ROOT = Path(__file__).parents[2]
FAULT = jsonschema_rs.validator_for(json.loads(read_schema("diagnostic.v1.schema.json")))
LINE = jsonschema_rs.validator_for(json.loads(read_schema("test-result.v1.schema.json")))
CLINICS = sorted(path.name for path in (ROOT / "clinics").glob("*.yaml") if path.suffixes == [".yaml"])
TESTS = f"clinics/{CLINIC}.tests.yaml"
HEAD = f"payrules_tests: 1\nclinic: {CLINIC}\n"
RULES = (
    "rules:\n"
    "  - id: dear\n"
    '    when: {price: {at_least: "2000.00"}}\n'
    "    set: {process: manual}\n"
    "  - id: weekend\n"
    "    when: {weekday: [sat, sun]}\n"
    "    set: {notification: {send: after_booking}}\n"
)
DEAR = '  - {name: dear, booking: {price: "2000.00"}, expect: {outcome: draft, rule: dear}}\n'
CHEAP = '  - {name: cheap, booking: {price: "1999.99"}, expect: {rule: null}}\n'
SATURDAY = '  - {name: saturday, booking: {starts_at: 2027-01-16T10:00, price: "5"}, expect: {rule: weekend}}\n'
WRONG = (
    "  - name: wrong\n"
    '    booking: {price: "2500"}\n'
    "    expect: {outcome: automatic, rule: weekend, links: [{at: 2027-01-11T11:15, channels: [sms]}]}\n"
)


def write(folder: Path, *tests: str, rules: str = RULES, given: str = "") -> None:
    """A clinic file of two rules, and its tests file; without tests there is none."""
    (folder / "clinics").mkdir(exist_ok=True)
    (folder / FILE).write_text(clinic_text(rules), encoding="utf-8")
    if tests:
        (folder / TESTS).write_text(HEAD + given + "tests:\n" + "".join(tests), encoding="utf-8")


def lines_of(output: str) -> list[dict[str, Any]]:
    """The lines of `--format json`, each held against the schema."""
    lines = [json.loads(line) for line in output.splitlines()]
    for line in lines:
        LINE.validate(line)
    return lines


def test_tests_that_pass(run: Run, folder: Path) -> None:
    write(folder, DEAR, CHEAP, SATURDAY)
    result = run("test")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        f"{TESTS}: 3 passed; 100 % covered: 2 of 2 rules, the defaults, 4 of 4 boundary sides\n"
        "3 tests of 1 clinic: all passed\n"
    )


def test_a_test_that_fails_shows_expected_and_got_side_by_side(run: Run, folder: Path) -> None:
    write(folder, DEAR, WRONG)
    result = run("test", FILE)
    assert result.exit_code == 4
    assert (
        result.stdout
        == f"""\
{TESTS}: 1 passed, 1 failed; 28 % covered: 1 of 2 rules, not the defaults, 1 of 4 boundary sides

  failed: wrong
  --> {TESTS}:5
               expected                 got
      outcome  automatic                draft
      rule     weekend                  dear
      links    2027-01-11T11:15 by sms  none
  because the rule `dear` decides ({FILE}:13)
          `process` is `manual` ({FILE}:15)
          a person checks the draft and sends the link

2 tests of 1 clinic: 1 failed
"""
    )


def test_below_the_minimum_tests_are_suggested(run: Run, folder: Path) -> None:
    write(folder, DEAR, SATURDAY)
    result = run("test", "--min-coverage", "90")
    assert result.exit_code == 4
    assert (
        result.stdout
        == f"""\
{TESTS}: 2 passed; 57 % covered: 2 of 2 rules, not the defaults, 2 of 4 boundary sides

  {FILE}:14: the rule `dear`: no test just outside `price.at_least` (2000.00)
  {FILE}:17: the rule `weekend`: no test on a day outside `weekday` (sat, sun)
  {FILE}:10: no test is left to the defaults
    - name: "dear, just outside price at_least 2000.00"
      booking: {{price: "1999.99"}}
      expect: {{outcome: automatic, rule: null}}

  These tests expect what comes out today: check that it is what you mean.

less than 90 % covered: {CLINIC} (57 %)
2 tests of 1 clinic: all passed
"""
    )
    assert run("test", "--min-coverage", "57").exit_code == 0


def test_what_is_not_covered_is_listed_whole_where_that_is_wanted(run: Run, folder: Path) -> None:
    many = "".join(
        f'  - {{id: r{n}, when: {{price: {{at_least: "{n}000", below: "{n}500"}}}}, set: {{process: manual}}}}\n'
        for n in range(1, 6)
    )
    write(folder, CHEAP, rules="rules:\n" + many)
    few, all_ = run("test", "--min-coverage", "100").stdout, run("test", "--uncovered").stdout
    assert "and 19 more: `--uncovered` lists them all" in few
    assert (few.count(f"  {FILE}:"), all_.count(f"  {FILE}:")) == (5, 24)


def test_what_no_booking_can_get_to_is_not_asked_for(run: Run, folder: Path) -> None:
    rules = RULES + '  - {id: dearer, when: {price: {at_least: "3000"}}, set: {reminders: [7d]}}\n'
    write(folder, DEAR, CHEAP, SATURDAY, rules=rules)
    result = run("test", "--uncovered", "--min-coverage", "100")
    assert result.exit_code == 0
    assert "  Not asked for, since no booking of a test gets there:\n" in result.stdout
    assert "no test is decided by the rule `dearer`" in result.stdout


def test_json_says_the_same(run: Run, folder: Path) -> None:
    write(folder, DEAR, WRONG)
    result = run("test", "--format", "json", "--min-coverage", "80")
    assert result.exit_code == 4
    dear, wrong, coverage, summary = lines_of(result.stdout)
    assert (dear["name"], dear["line"], dear["passed"], dear["mismatches"]) == ("dear", 4, True, [])
    assert (wrong["file"], wrong["passed"], wrong["decision"]["outcome"]) == (TESTS, False, "draft")
    assert wrong["mismatches"][0] == {"key": "outcome", "expected": "automatic", "got": "draft"}
    assert (coverage["percent"], coverage["asked"]) == (28, {"rule": 2, "defaults": 1, "edge": 2, "weekday": 2})
    assert coverage["gaps"][0] == {
        "kind": "edge",
        "rule": "dear",
        "condition": "price",
        "bound": "at_least",
        "side": "outside",
        "line": 14,
        "message": "the rule `dear`: no test just outside `price.at_least` (2000.00)",
        "suggestion": {"booking": {"price": "1999.99"}, "outcome": "automatic", "rule": None},
    }
    assert summary == {
        "type": "summary",
        "passed": 1,
        "failed": 1,
        "without_tests": [],
        "below_minimum": [CLINIC],
    }


def test_annotations_stand_at_the_test_and_at_what_it_does_not_cover(run: Run, folder: Path) -> None:
    write(folder, DEAR, WRONG)
    result = run("test", "--format", "github", "--min-coverage", "100")
    assert result.exit_code == 4
    *_, failure = (line for line in result.stdout.splitlines() if "PR510" in line)
    gap = next(line for line in result.stdout.splitlines() if f"{FILE},line=14" in line)
    assert failure.startswith(f"::error file={TESTS},line=5,title=PR510 a policy test is not met::`wrong`: outcome: ")
    assert "expected automatic, got draft" in failure
    assert gap.startswith(f"::error file={FILE},line=14,title=PR511 no policy test covers this::the rule `dear`")
    assert run("test", "--format", "github").stdout.count("::error") == 1


class TestWithoutTests:
    def test_zero_tests_is_an_error_that_says_what_to_do(self, run: Run, folder: Path) -> None:
        write(folder)
        result = run("test")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == (
            f"error: there are no tests: write `{TESTS}`; `payrules test --uncovered` shows tests to begin with\n"
        )

    def test_tests_to_begin_with(self, run: Run, folder: Path) -> None:
        write(folder)
        result = run("test", "--uncovered")
        assert result.exit_code == 1
        assert f"  {TESTS} may begin so:\n    payrules_tests: 1\n    clinic: {CLINIC}\n    tests:\n" in result.stdout

    def test_an_empty_folder(self, run: Run, folder: Path) -> None:
        assert run("test").exit_code == 3
        (folder / "clinics").mkdir()
        result = run("test")
        assert result.exit_code == 3
        assert "the folder holds no clinic file" in result.stderr

    def test_a_clinic_without_tests_counts_where_coverage_is_asked_for(self, run: Run, folder: Path) -> None:
        write(folder, DEAR, CHEAP, SATURDAY)
        (folder / "clinics/other.yaml").write_text(clinic_text(clinic="other"), encoding="utf-8")
        result = run("test", "--min-coverage", "100")
        assert result.exit_code == 4
        assert "without tests: other\nless than 100 % covered: other (0 %)\n" in result.stdout
        assert run("test").exit_code == 0
        assert run("test", TESTS, "--min-coverage", "100").exit_code == 0


class TestFaults:
    def test_a_fault_in_the_tests_file_is_shown_where_it_is(self, run: Run, folder: Path) -> None:
        write(folder, DEAR, "  - {name: odd, expect: {rule: deer}}\n")
        result = run("test")
        assert result.exit_code == 3
        assert result.stderr.startswith(f"error[PR504]: the clinic has no rule `deer`\n --> {TESTS}:5:32\n")
        assert "did you mean `dear`?" in result.stderr
        github = run("test", "--format", "github")
        assert github.stdout.startswith(f"::error file={TESTS},line=5,col=32,")

    def test_json_has_faults_as_validate_writes_them(self, run: Run, folder: Path) -> None:
        write(folder, DEAR, "  - {name: odd, expect: {rule: deer}}\n")
        (folder / "clinics/other.yaml").write_text(clinic_text("rules: 1\n", clinic="other"), encoding="utf-8")
        result = run("test", "--format", "json")
        assert result.exit_code == 3
        assert "PR" not in result.stderr
        lines = lines_of(result.stdout)
        assert [line["type"] for line in lines] == ["diagnostic", "diagnostic"]
        for line in lines:
            FAULT.validate(line["diagnostic"])
        assert [line["diagnostic"]["code"] for line in lines] == ["PR504", "PR203"]

    def test_a_warning_of_a_tests_file_is_shown_and_fails_nothing(self, run: Run, folder: Path) -> None:
        prices = 'session_types: {individual-50: {name: Individual therapy, price: "1250.00"}}\n'
        write(folder, DEAR, rules=prices + RULES, given="given: {session_type: individal-50}\n")
        text, github, lines = (run("test", "--format", form) for form in ("text", "github", "json"))
        assert (text.exit_code, github.exit_code, lines.exit_code) == (0, 0, 0)
        assert text.stderr.startswith("warning[PR506]: `individal-50` is not in `session_types` of the clinic file\n")
        assert "1 passed" in text.stdout
        assert github.stdout.startswith(f"::warning file={TESTS},line=3,col=23,")
        assert "did you mean `individual-50`?" in github.stdout
        assert [line["type"] for line in lines_of(lines.stdout)] == ["diagnostic", "test", "coverage", "summary"]

    def test_the_tests_of_other_clinics_run_all_the_same(self, run: Run, folder: Path) -> None:
        write(folder, DEAR)
        (folder / "clinics/other.yaml").write_text("payrules: 1\n", encoding="utf-8")
        (folder / "clinics/other.tests.yaml").write_text("payrules_tests: 1\n", encoding="utf-8")
        result = run("test")
        assert result.exit_code == 3
        assert f"{TESTS}: 1 passed" in result.stdout
        assert {"PR202"} == {line[6:11] for line in result.stderr.splitlines() if line.startswith("error[")}

    def test_tests_of_no_clinic(self, run: Run, folder: Path) -> None:
        write(folder, DEAR)
        (folder / "clinics/fjord.tests.yaml").write_text(HEAD + "tests:\n" + DEAR, encoding="utf-8")
        result = run("test")
        assert result.exit_code == 3
        assert "error[PR501]: there is no `clinics/fjord.yaml`\n --> clinics/fjord.tests.yaml\n" in result.stderr
        alone = run("test", "clinics/fjord.tests.yaml")
        assert (alone.exit_code, alone.stderr) == (3, result.stderr)
        assert f"{TESTS}: 1 passed" in run("test", "clinics/fjord.tests.yaml", FILE).stdout

    def test_a_link_out_of_the_folder_is_told_once(self, run: Run, folder: Path) -> None:
        write(folder, DEAR)
        (folder / "clinics/away").symlink_to("/")
        assert run("test", "clinics").stderr.count("PR008") == 1

    def test_what_is_not_there(self, run: Run, folder: Path) -> None:
        write(folder)
        for path in ("clinics/none.yaml", "clinics/none.tests.yaml"):
            assert run("test", path).exit_code == 3
        assert run("test", TESTS).exit_code == 3


class TestOnlyWhatChanged:
    def git(self, *arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)  # noqa: S607  # as a person does

    def test_since_a_revision(self, run: Run, folder: Path) -> None:
        write(folder, SATURDAY)
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-qm", "first")
        arguments = ("test", "--changed", "HEAD", "--min-coverage", "100")
        nothing = run(*arguments)
        assert (nothing.exit_code, nothing.stderr) == (0, "")
        assert "1 passed; nothing to cover\n" in nothing.stdout
        write(folder, rules=RULES.replace("2000.00", "2100.00"))
        result = run(*arguments)
        assert result.exit_code == 4
        assert "0 % covered: 0 of 1 rule, 0 of 2 boundary sides\n" in result.stdout
        assert run("test", "--changed", "nowhere").exit_code == 1

    def test_from_a_folder(self, run: Run, folder: Path) -> None:
        write(folder, SATURDAY)
        (folder / "clinics").rename(folder / "before")
        write(folder, DEAR, CHEAP, rules=RULES.replace("[sat, sun]", "[sat]"))
        result = run("test", "--changed", "before", "--min-coverage", "100", "--format", "json")
        assert [line["asked"] for line in lines_of(result.stdout) if line["type"] == "coverage"] == [
            {"rule": 1, "defaults": 0, "edge": 0, "weekday": 2}
        ]


class TestNoClinicFile:
    def test_a_folder_is_read_without_its_tests(self, run: Run, folder: Path) -> None:
        write(folder, DEAR)
        (folder / "bookings.jsonl").write_text("", encoding="utf-8")
        assert run("validate").stdout == "1 clinic file: no errors\n"
        assert run("validate", FILE, TESTS).stdout == "1 clinic file: no errors\n"
        assert run("activate", "--actor", "a").exit_code == 0
        assert "tests" not in run("status").stdout
        assert run("simulate", "--bookings", "bookings.jsonl").exit_code == 1

    @pytest.mark.parametrize("command", [["validate"], ["compile"]])
    def test_named_alone_it_is_told_what_it_is(self, run: Run, folder: Path, command: list[str]) -> None:
        write(folder, DEAR)
        result = run(*command, TESTS)
        assert result.exit_code == 3
        assert "error[PR014]: " in result.output
        assert f"`{CLINIC}.tests.yaml` is a tests file, not a clinic file" in result.output
        assert f"`payrules test {TESTS}` runs it" in result.output

    def test_a_folder_of_tests_alone_holds_no_clinic_file(self, run: Run, folder: Path) -> None:
        write(folder, DEAR)
        (folder / FILE).unlink()
        stdout = run("validate").stdout
        assert "PR009" in stdout
        assert stdout.endswith("\nno clinic file: 1 error\n")
        assert run("validate", "nowhere").stdout.endswith("\nno clinic file: 1 error\n")


class TestSamples:
    def test_those_of_the_repository_pass(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(ROOT)
        result = run("test", "clinics")
        assert (result.exit_code, result.stderr) == (0, "")
        covered = run("test", *sorted(map(str, Path("clinics").glob("*.tests.yaml"))), "--min-coverage", "100")
        assert covered.exit_code == 0

    def test_editors_are_told_the_schema(self) -> None:
        for path in (ROOT / "clinics").glob("*.tests.yaml"):
            first = path.read_text(encoding="utf-8").splitlines()[0]
            assert first == "# yaml-language-server: $schema=../schema/tests.v1.schema.json"

    @pytest.mark.parametrize("name", CLINICS)
    def test_what_is_suggested_covers_everything(self, name: str, run: Run, folder: Path) -> None:
        (folder / name).write_bytes((ROOT / "clinics" / name).read_bytes())
        shown = [line[4:] for line in run("test", name, "--uncovered").stdout.splitlines() if line.startswith("    ")]
        begin, tests = shown[:3], [f"  {line}" for line in shown[3:]]
        (folder / name.replace(".yaml", ".tests.yaml")).write_text("\n".join([*begin, *tests]), encoding="utf-8")
        result = run("test", name, "--min-coverage", "100")
        assert (result.exit_code, result.stderr) == (0, ""), result.stdout
