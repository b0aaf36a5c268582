"""`payrules plan` and `simulate --against`, run in real git repositories."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.acceptance.conftest import Run
from tests.builders import CLINIC, FILE, clinic_text, record_fields
from tests.repositories import Repository

from payrules.adapters.resources import read_schema

LINE = jsonschema_rs.validator_for(json.loads(read_schema("plan.v1.schema.json")))
LATER = clinic_text(notification="{send: after_appointment, offset: 30m}")
OTHER = "clinics/harbour.yaml"


@pytest.fixture
def repository(folder: Path) -> Repository:
    """A repository with one clinic file committed, in which payrules runs."""
    made = Repository.make(folder)
    made.commit({FILE: clinic_text()})
    return made


def bookings(*fields: dict[str, Any]) -> str:
    lines = [json.dumps(record_fields(id=f"bk-{n}", **one)) + "\n" for n, one in enumerate(fields, 1)]
    Path("bookings.jsonl").write_text("".join(lines), encoding="utf-8")
    return "bookings.jsonl"


def lines(run: Run, *args: str) -> list[dict[str, Any]]:
    """The objects that `plan --format json` prints, each found right by its schema."""
    result = run("plan", "--format", "json", *args)
    assert result.exit_code in (0, 3, 7), result.output
    found = [json.loads(line) for line in result.stdout.splitlines()]
    for line in found:
        LINE.validate(line)
    return found


def test_nothing_changes(run: Run, repository: Repository) -> None:
    result = run("plan", "--detailed-exitcode")
    assert result.exit_code == 0
    head = repository.git("rev-parse", "HEAD")[:10]
    nothing = f"no clinic file differs from HEAD ({head})"
    remark = "there is no origin/HEAD, so only what is not committed was compared: `--base main` names a branch"
    assert result.stdout == f"{nothing}\n{remark}\n"
    assert run("plan", "--base", "HEAD").stdout == f"{nothing}\n"
    assert run("plan", "--format", "markdown").stdout == f"## payrules plan\n\n**{nothing}**\n\n{remark}\n"
    assert lines(run) == []


def test_a_change_is_told_with_its_example(run: Run, repository: Repository) -> None:
    repository.write({FILE: LATER})
    result = run("plan", "--detailed-exitcode")
    assert result.exit_code == 6
    head = repository.git("rev-parse", "HEAD")[:10]
    assert (
        result.stdout
        == f"""\
fjord-fysio  changed  clinics/fjord-fysio.yaml
  1 kind of booking is treated differently
  takes effect at once when it is activated

  ✓ automatic; link 15m after the appointment → 30m after the appointment
    1. bookings that no rule takes
       no rule: the clinic's own settings
       for example session-type-1, 1000.00 NOK, Fri 15 Jan 2027 10:00–10:50, booked Fri 8 Jan 10:00

1 clinic file differs from HEAD ({head}): 1 treats bookings differently
"""
    )
    assert run("plan").exit_code == 0


def test_the_example_shows_the_difference_when_it_is_simulated(run: Run, repository: Repository) -> None:
    changed = clinic_text("rules: [{id: r, when: {client_tags: {any: [vip]}}, set: {process: manual}}]\n")
    repository.write({FILE: changed})
    (line,) = lines(run)
    for region in line["difference"]["regions"]:
        Path("example.json").write_text(json.dumps(region["example"]), encoding="utf-8")
        found = json.loads(
            run("simulate", "--bookings", "example.json", "--against", "HEAD", "--format", "json").stdout
        )
        assert (found["before"]["outcome"], found["after"]["outcome"]) == (
            region["before"]["outcome"],
            region["after"]["outcome"],
        )
    regions = line["difference"]["regions"]
    assert (line["difference"]["found"], line["difference"]["lacking"]) == (5, 4)
    assert [(region["before"]["outcome"], region["after"]["outcome"], region["lacking"]) for region in regions] == [
        ("automatic", "draft", []),
        ("undecided", "draft", ["price"]),
        ("automatic", "undecided", ["client.tags"]),
        ("no_charge", "undecided", ["client.tags"]),
        ("undecided", "draft", ["client.phone", "client.email"]),
    ]
    assert regions[0]["where"] == {"client_tags": {"any": ["vip"]}}
    said = "- bookings of which client.tags is not known: automatic → undecided"
    assert said in " ".join(run("plan").stdout.split())


def test_an_example_is_booked_when_both_versions_are_in_force(run: Run, repository: Repository) -> None:
    early = "{id: r, when: {lead_time: {at_least: 60d}}, set: {process: manual}}"
    repository.write({FILE: clinic_text(f"effective_from: 2028-03-01T00:00\nrules: [{early}]\n")})
    (line,) = lines(run)
    examples = [region["example"] for region in line["difference"]["regions"]]
    assert examples
    assert min(example["booked_at"] for example in examples) >= "2028-03-01"


def test_a_harmless_change_has_a_certificate(run: Run, repository: Repository) -> None:
    rules = "rules: [{id: same, why: as ever, when: {weekday: [sat, sun]}, set: {process: automatic}}]\n"
    repository.write({FILE: clinic_text(f"# a comment\n{rules}")})
    result = run("plan", "--detailed-exitcode")
    assert result.exit_code == 0
    assert "  no booking is treated differently\n" in result.stdout
    assert "  rules: new: same\n" in result.stdout


def test_a_branch_is_compared_with_where_it_left_the_base(run: Run, repository: Repository) -> None:
    repository.git("checkout", "-qb", "change")
    repository.commit({FILE: LATER})
    repository.git("checkout", "-q", "main")
    repository.commit({OTHER: clinic_text(clinic="harbour")})
    repository.git("checkout", "-q", "change")
    (line,) = lines(run, "--base", "main")
    assert (line["clinic"], line["base"]) == (
        CLINIC,
        {"given": "main", "commit": repository.git("rev-parse", "main~1"), "moved": True},
    )
    assert "differs from main (" in run("plan", "--base", "main").stdout
    assert ", where HEAD left it): " in run("plan", "--base", "main").stdout


def test_files_that_come_go_and_are_renamed(run: Run, repository: Repository) -> None:
    repository.git("mv", FILE, "clinics/fjord.yaml")
    repository.write(
        {
            "clinics/fjord.yaml": clinic_text(clinic="fjord", payments="inactive"),
            OTHER: "# another\n" * 20 + clinic_text(clinic="harbour"),
        }
    )
    found = {line["clinic"]: line for line in lines(run)}
    assert {clinic: (line["kind"], line["renamed"]) for clinic, line in found.items()} == {
        "fjord": ("new", CLINIC),
        CLINIC: ("removed", "fjord"),
        "harbour": ("new", None),
    }
    assert {line["alike"] for line in found.values()} == {None}
    text = run("plan").stdout
    assert "the file is removed, which changes nothing: what is in force stays in force" in text
    assert "it seems to be renamed to fjord: a renamed file is another clinic" in " ".join(text.split())
    assert "a new clinic: payments inactive, 0 rules" in text
    assert "not before the payment side has verified the clinic" in text


def test_a_base_without_the_folder(run: Run, folder: Path) -> None:
    made = Repository.make(folder)
    made.commit({"README.md": ""})
    made.write({FILE: clinic_text()})
    assert [line["kind"] for line in lines(run)] == ["new"]


def test_every_file_removed(run: Run, repository: Repository) -> None:
    Path(FILE).unlink()
    assert [line["kind"] for line in lines(run)] == ["removed"]
    Path("clinics").rmdir()
    assert run("plan", "--detailed-exitcode").exit_code == 6
    # A removed file is no folder without files.
    repository.commit()
    assert run("plan").exit_code == 3


def test_a_file_with_errors_does_not_hide_the_others(run: Run, repository: Repository) -> None:
    repository.commit({OTHER: clinic_text(clinic="harbour")})
    repository.write({FILE: clinic_text(country="Norge"), OTHER: clinic_text(clinic="harbour", process="manual")})
    result = run("plan", "--detailed-exitcode")
    assert result.exit_code == 3
    assert f"--> {FILE}:4:10" in result.stderr
    assert "the file has errors: it changes nothing before they are corrected" in result.stdout
    assert "harbour  changed" in result.stdout
    assert [line["kind"] for line in lines(run)] == ["broken", "changed"]


def test_no_name_of_a_file_steers_the_terminal(run: Run, repository: Repository) -> None:
    repository.write({"clinics/\x1b[2J\u202e@all <b>.yaml": clinic_text()})
    Path(FILE).unlink()
    for form in ("text", "markdown"):
        result = run("plan", "--format", form)
        assert result.exit_code == 3
        assert not {"\x1b", "\u202e"} & set(result.output)
        assert form == "text" or "<b>" not in result.stdout
    assert len(lines(run)) == 2


def test_a_base_with_errors_says_so(run: Run, folder: Path) -> None:
    made = Repository.make(folder)
    made.commit({FILE: clinic_text(country="Norge")})
    made.write({FILE: clinic_text()})
    result = run("plan", "--detailed-exitcode")
    assert (result.exit_code, result.stderr) == (6, "")
    assert "the file had errors before, so nothing can be compared: payments active, 0 rules" in result.stdout


def test_a_folder_as_base(run: Run, folder: Path) -> None:
    Repository(folder).write(
        {FILE: LATER, f"before/{FILE}": clinic_text(), f"before/{OTHER}": clinic_text(clinic="harbour")}
    )
    assert [line["kind"] for line in lines(run, "--base", "before/clinics")] == ["changed", "removed"]
    assert [line["kind"] for line in lines(run, FILE, "--base", "before/clinics")] == ["changed"]
    (line,) = lines(run, FILE, "--base", f"before/{FILE}")
    assert line["base"] == {"given": f"before/{FILE}", "commit": None, "moved": False}


@pytest.mark.parametrize("fault", ["clinics/nope.yaml", "schema", "empty", "README.md"])
def test_a_path_that_is_mistyped_is_no_clinic(run: Run, repository: Repository, fault: str) -> None:
    repository.write({FILE: LATER, "README.md": ""})
    Path("empty").mkdir()
    result = run("plan", "clinics", fault)
    assert (result.exit_code, result.stdout) == (3, "")
    assert f"--> {fault}" in result.stderr


def test_a_tests_file_is_no_clinic(run: Run, repository: Repository) -> None:
    repository.write({FILE: LATER, f"clinics/{CLINIC}.tests.yaml": ""})
    result = run("plan", f"./clinics/{CLINIC}.tests.yaml")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "is a tests file, not a clinic file" in result.stderr


def test_a_folder_without_clinic_files_as_base(run: Run, repository: Repository) -> None:
    repository.write({"before/README.md": ""})
    Path("before/leaves").symlink_to("/")
    for base in ("before", CLINIC):
        Path(base).mkdir(exist_ok=True)
        assert [(line["clinic"], line["kind"]) for line in lines(run, "--base", base)] == [(CLINIC, "new")]


def test_activation_and_its_end(run: Run, repository: Repository) -> None:
    repository.write({FILE: clinic_text("effective_from: 2027-01-01T00:00\n", payments="inactive")})
    text = run("plan").stdout
    assert "payments become inactive: new bookings are billed elsewhere" in text
    assert "takes effect Fri 1 Jan 2027 00:00 (Europe/Oslo)" in text
    (line,) = lines(run)
    assert line["difference"]["whole"] == ["payments"]
    assert line["takes_effect"] == {"when": "at", "at": "2026-12-31T23:00:00Z", "late": False}
    repository.commit()
    repository.write({FILE: clinic_text("effective_from: 2026-01-01T00:00\n")})
    text = " ".join(run("plan").stdout.split())
    assert "payments become active: new bookings are decided by this file" in text
    assert "its effective_from, Thu 1 Jan 2026 00:00 (Europe/Oslo), is past" in text


def test_the_first_kinds_of_an_effect_are_told_and_the_others_counted(run: Run, repository: Repository) -> None:
    rules = "".join(f"- {{id: rule-{n}, when: {{session_type: type-{n}}}, set: {{}}}}\n" for n in range(11))
    repository.commit({FILE: clinic_text(f"rules:\n{rules}")})
    repository.write({FILE: clinic_text(f"rules:\n{rules}", payments="inactive")})
    text = run("plan").stdout
    assert "   10. session type type-9\n" in text
    assert "and 2 kinds of bookings more: `--format json` tells them" in text


def test_another_time_zone_is_all_bookings(run: Run, repository: Repository) -> None:
    repository.write({FILE: clinic_text(timezone="Europe/Stockholm")})
    result = run("plan", "--bookings", bookings({}))
    said = "all bookings that are billed are treated differently: the time zone changes"
    assert said in result.stdout
    assert "more changes than that" not in result.stdout
    assert "replay: 1 of 1 bookings is treated differently" in result.stdout


def test_what_another_time_zone_hides_is_counted(run: Run, repository: Repository) -> None:
    repository.write({FILE: clinic_text(timezone="Europe/Stockholm", process="manual")})
    said = "more changes than that: 3 kinds of bookings besides; change the time zone in a commit of its own to see"
    assert said in " ".join(run("plan").stdout.split())
    (line,) = lines(run)
    assert line["difference"]["besides"] == {"whole": [], "found": 3, "unsettled_found": 0}


class TestReplay:
    def test_the_numbers(self, run: Run, repository: Repository) -> None:
        repository.write({FILE: clinic_text(process="manual")})
        path = bookings({}, {"price": {"amount": "100.00", "currency": "NOK"}}, {"clinic": CLINIC, "price": None})
        result = run("plan", "--bookings", path)
        assert result.exit_code == 0
        assert "replay: 3 of 3 bookings are treated differently" in result.stdout
        assert "    2 automatic → draft (1350.00 NOK)\n" in result.stdout
        assert "    1 undecided → draft (1 without a price)\n" in result.stdout
        (line,) = lines(run, "--bookings", path)
        assert line["replay"]["outcomes"][0] == {
            "before": "automatic",
            "after": "draft",
            "bookings": 2,
            "money": [{"amount": "1350.00", "currency": "NOK"}],
            "without_price": 0,
        }

    def test_it_agrees_with_simulate(self, run: Run, repository: Repository) -> None:
        repository.write({FILE: LATER})
        path = bookings({}, {"price": {"amount": "0.00", "currency": "NOK"}}, {"client": {"id": "c"}})
        (line,) = lines(run, "--bookings", path)
        shown = run("simulate", "--bookings", path, "--against", "HEAD", "--format", "json").stdout.splitlines()
        assert line["replay"]["different"] == len(shown) == 1
        assert line["replay"]["links_later"] == {"links": 1, "least_seconds": 900, "most_seconds": 900}
        assert "payment links that go out later: 1, by 15 minutes" in run("plan", "--bookings", path).stdout

    def test_what_is_refused_has_an_exit_code(self, run: Run, repository: Repository) -> None:
        repository.write({FILE: LATER})
        result = run("plan", "--bookings", bookings({}, {"starts_at": "soon"}), "--detailed-exitcode")
        assert result.exit_code == 7
        assert "bookings.jsonl:2: refused record 2 (bk-2): `starts_at`" in result.stderr
        assert "1 record refused, and not replayed" in result.stdout
        assert "replay: 1 of 1 bookings is treated differently" in result.stdout

    def test_bookings_of_a_removed_clinic_are_counted(self, run: Run, repository: Repository) -> None:
        repository.git("mv", FILE, OTHER)
        repository.write({OTHER: clinic_text(clinic="harbour")})
        path = bookings({}, {}, {"clinic": "harbour"})
        result = run("plan", "--bookings", path)
        assert result.exit_code == 0
        assert "replay: 2 bookings are of a clinic without a file, and not compared" in result.stdout
        found = {line["clinic"]: line["replay"] for line in lines(run, "--bookings", path)}
        assert {clinic: (one["bookings"], one["different"]) for clinic, one in found.items()} == {
            CLINIC: (2, 0),
            "harbour": (1, 1),
        }

    def test_no_bookings_are_an_error(self, run: Run, repository: Repository) -> None:
        result = run("plan", "--bookings", bookings())
        assert (result.exit_code, result.stdout) == (1, "")
        assert "bookings.jsonl: holds no bookings" in result.stderr

    def test_from_standard_input_and_from_a_file_of_no_known_kind(self, run: Run, repository: Repository) -> None:
        repository.write({FILE: LATER})
        result = run("plan", "--bookings", "-", stdin=json.dumps(record_fields()))
        assert "replay: 1 of 1 bookings is" in result.stdout
        assert run("plan", "--bookings", "bookings.xlsx").exit_code == 2
        assert run("plan", "--bookings", "gone.jsonl").exit_code == 1
        assert run("plan", "--bookings", "-", "--store", "payrules.db").exit_code == 2


class TestMarkdown:
    def test_a_comment(self, run: Run, repository: Repository) -> None:
        repository.write({FILE: clinic_text(name="Fjord & Co", process="manual")})
        text = run("plan", "--format", "markdown", "--bookings", bookings({})).stdout
        assert text.startswith("## payrules plan\n\n**1 clinic file differs from HEAD (")
        said = "1 kind of booking is treated differently, and 2 kinds that lack a fact"
        assert f"### `fjord-fysio` · changed · `{FILE}`\n\n**{said}**\n" in text
        assert "**Replay:** 1 of 1 bookings is treated differently\n\n- 1 automatic → draft (1250.00 NOK)\n" in text
        said = "✓ automatic → ✎ draft (manual payment starts with cash) (1 kind of booking)"
        assert f"<details><summary>{said}</summary>\n\n" in text
        assert "<details><summary>Bookings that lack a fact (2 kinds of bookings)</summary>\n\n- bookings that" in text
        assert "- name: Fjord Fysioterapi → Fjord &#38; Co\n" in text
        assert text.count("<details>") == text.count("</details>") == 3


class TestAgainst:
    def test_a_revision(self, run: Run, repository: Repository) -> None:
        repository.write({FILE: LATER})
        result = run("simulate", "--bookings", bookings({}), "--against", "HEAD")
        assert result.exit_code == 0
        assert "11:05 → 11:20" in result.stdout
        assert "1 of 1 booking changes" in result.stdout

    def test_a_clinic_that_the_revision_does_not_have(self, run: Run, repository: Repository) -> None:
        repository.write({OTHER: clinic_text(clinic="harbour")})
        Path(FILE).unlink()
        result = run("simulate", "--bookings", bookings({"clinic": "harbour"}), "--against", "HEAD", "--format", "json")
        assert json.loads(result.stdout)["before"] is None

    def test_a_path_wins(self, run: Run, repository: Repository) -> None:
        repository.write({"main/" + FILE: LATER})
        assert "1 of 1 booking changes" in run("simulate", "--bookings", bookings({}), "--against", "main").stdout
        assert "0 of 1 booking" in run("simulate", "--bookings", "bookings.jsonl", "--against", "heads/main").stdout

    def test_a_setting_that_shows_in_nothing_is_told_all_the_same(self, run: Run, repository: Repository) -> None:
        quiet = 'quiet_hours: {from: "03:00", to: "04:00"}'
        repository.write({FILE: clinic_text(notification=f"{{send: after_appointment, offset: 15m, {quiet}}}")})
        result = run("simulate", "--bookings", bookings({}), "--against", "HEAD")
        assert "quiet hours  none → 03:00–04:00 (email, sms)" in result.stdout
        repository.write({FILE: clinic_text(timezone="Europe/Stockholm")})
        result = run("simulate", "--bookings", "bookings.jsonl", "--against", "HEAD")
        assert "timezone  Europe/Oslo → Europe/Stockholm" in result.stdout

    def test_errors_of_the_base_are_told_as_those(self, run: Run, repository: Repository) -> None:
        repository.commit({OTHER: clinic_text(clinic="harbour", country="Norge")})
        repository.write({OTHER: clinic_text(clinic="harbour")})
        result = run("simulate", "--bookings", bookings({}, {"clinic": "harbour"}), "--against", "HEAD")
        assert result.exit_code == 3
        assert result.stderr.startswith("at HEAD:\n")
        assert "1 from not decided to automatic" in result.stdout

    def test_what_no_revision_is(self, run: Run, repository: Repository) -> None:
        result = run("simulate", "--bookings", bookings({}), "--against", "typo")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "there is no path and no revision `typo`" in result.stderr
