"""Every folder of examples/reviews/: the plan is the expected one, and each booking is treated as its README says.

The tables of a README were worked out by hand, from the rules; the expected plans were then compared with them.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.acceptance.conftest import Run
from tests.builders import clinic_text

from payrules.adapters.resources import read_schema

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples/reviews"
REVIEWS = sorted(path for path in FOLDER.iterdir() if path.is_dir())
REPLAYED = [path for path in REVIEWS if (path / "bookings.jsonl").exists()]
LINE = jsonschema_rs.validator_for(json.loads(read_schema("plan.v1.schema.json")))
BOOKING = jsonschema_rs.validator_for(json.loads(read_schema("booking.v1.schema.json")))
OUTCOMES = ("automatic", "draft", "externally_billed", "no_charge", "undecided")
NAMES = {"before": "base", "after": "changed"}


@pytest.fixture(params=REVIEWS, ids=lambda path: path.name)
def review(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One folder, in which payrules runs."""
    path: Path = request.param
    monkeypatch.chdir(path)
    return path


replayed = pytest.mark.parametrize("review", REPLAYED, indirect=True, ids=lambda path: path.name)


def known(review: Path) -> list[str]:
    """The option with the known bookings, where a folder has some."""
    return ["--bookings", "bookings.jsonl"] if review in REPLAYED else []


def expected(review: Path) -> list[dict[str, Any]]:
    plans: list[dict[str, Any]] = json.loads((review / "plan.json").read_text(encoding="utf-8"))
    return plans


def regions(plans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [region for plan in plans for region in (plan["difference"] or {"regions": []})["regions"]]


def objects(run: Run, *args: str) -> list[dict[str, Any]]:
    """What a command prints as JSON, an object a line."""
    result = run(*args, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.splitlines()]


def table(review: Path, first: str) -> Iterator[dict[str, str]]:
    """The rows of the README's table whose first column is called so; none without such a table."""
    head: list[str] | None = None
    for line in (review / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            head = None
        elif head is None:
            head = cells
        elif head[0] == first and set(cells[0]) != {"-"}:
            yield dict(zip(head, cells, strict=True))


def outcome_of(cell: str) -> str:
    """The outcome that a cell of a README begins with."""
    named = [name for name in OUTCOMES if cell.replace(" ", "_").startswith(name)]
    assert len(named) == 1, cell
    return named[0]


def told(decision: dict[str, Any]) -> str:
    """A decision as a README's cell has it: the outcome, and when the first link goes out by itself."""
    outcome: str = decision["outcome"].replace("_", " ")
    links = [action for action in decision["actions"] if action["type"] == "send_payment_link"]
    if not links:
        return outcome
    at = datetime.fromisoformat(links[0]["due_local"])
    return f"{outcome}, {at:%a} {at.day} {at:%b %H:%M}"


def outcomes(change: dict[str, Any]) -> list[str]:
    return [change[side]["outcome"] for side in NAMES]


def may_hold(region: dict[str, Any], bookings: Path, run: Run, folder: Path) -> set[str]:
    """The bookings of a file for which a region's condition does not fail: a rule with it takes them, or asks them."""
    clinic = region["example"]["clinic"]
    lines = Path(f"changed/clinics/{clinic}.yaml").read_text(encoding="utf-8").splitlines()
    head = dict(line.split(": ") for line in lines if line.startswith(("timezone: ", "currency: ")))
    rules = [{"id": "kind", "when": region["where"], "set": {}}] if region["where"] else []
    file = folder / f"{clinic}.yaml"
    file.write_text(clinic_text(f"rules: {json.dumps(rules)}\n", clinic=clinic, **head), encoding="utf-8")
    decided = objects(run, "simulate", str(file), "--bookings", str(bookings))
    return {one["booking_id"] for one in decided if one["rule"] or not rules}


def test_there_are_enough() -> None:
    assert len(REVIEWS) >= 10


def test_the_plan_as_text(review: Path, run: Run) -> None:
    result = run("plan", "changed/clinics", "--base", "base/clinics", *known(review))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (review / "plan.txt").read_text(encoding="utf-8")


def test_the_plan_as_json(review: Path, run: Run) -> None:
    plans = objects(run, "plan", "changed/clinics", "--base", "base/clinics", *known(review))
    for plan in plans:
        LINE.validate(plan)
    assert plans == expected(review)


def test_the_exit_code_tells_whether_anything_changes(review: Path, run: Run) -> None:
    alike = all(plan["alike"] for plan in expected(review))
    result = run("plan", "changed/clinics", "--base", "base/clinics", "--detailed-exitcode")
    assert result.exit_code == (0 if alike else 6)


def test_the_kinds_of_bookings_are_those_found_by_hand(review: Path) -> None:
    rows = [(outcome_of(row["before"]), outcome_of(row["after"])) for row in table(review, "kind of booking")]
    found = [(region["before"]["outcome"], region["after"]["outcome"]) for region in regions(expected(review))]
    assert Counter(found) == Counter(rows)
    assert sum((plan["difference"] or {"found": 0})["found"] for plan in expected(review)) == len(rows)


def test_the_way_back_has_the_same_kinds(review: Path, run: Run) -> None:
    back = objects(run, "plan", "base/clinics", "--base", "changed/clinics")
    there = [(region["before"]["outcome"], region["after"]["outcome"]) for region in regions(expected(review))]
    again = [(region["after"]["outcome"], region["before"]["outcome"]) for region in regions(back)]
    assert Counter(again) == Counter(there)


def test_each_example_shows_what_is_told(review: Path, run: Run, tmp_path: Path) -> None:
    for region in regions(expected(review)):
        BOOKING.validate(region["example"])
        file = tmp_path / "example.json"
        file.write_text(json.dumps(region["example"]), encoding="utf-8")
        bookings = ("--bookings", str(file))
        (shown,) = objects(run, "simulate", "changed/clinics", *bookings, "--against", "base/clinics")
        for side, name in NAMES.items():
            got = {key: shown[side][key] for key in ("outcome", "reason", "rule")}
            assert got == region[side]
            (alone,) = objects(run, "simulate", f"{name}/clinics", *bookings)
            assert alone["outcome"] == got["outcome"]
        assert may_hold(region, file, run, tmp_path) == {region["example"]["id"]}
        settings = {setting["setting"] for setting in region["settings"]}
        assert set(shown["changed"]) - {"actions"} == {
            *(["outcome"] if region["before"]["outcome"] != region["after"]["outcome"] else []),
            *(["settings"] if settings - {"price"} else []),
            *(["price"] if "price" in settings else []),
        }


def test_an_example_lacks_what_all_of_its_kind_lack(review: Path) -> None:
    for region in regions(expected(review)):
        for path in [*region["lacking"], *(["price"] if region["listed"] else [])]:
            value: Any = region["example"]
            for key in path.split("."):
                value = value.get(key, {})
            assert value == {}


@replayed
def test_known_bookings_are_treated_as_found_by_hand(review: Path, run: Run) -> None:
    rows = {row["booking"]: row for row in table(review, "booking")}
    for side, name in NAMES.items():
        decided = objects(run, "simulate", f"{name}/clinics", *known(review))
        assert {one["booking_id"]: told(one) for one in decided} == {id_: row[side] for id_, row in rows.items()}
    changes = objects(run, "simulate", "changed/clinics", *known(review), "--against", "base/clinics")
    assert [one["booking_id"] for one in changes] == [id_ for id_, row in rows.items() if row["different"] == "yes"]
    (plan,) = expected(review)
    assert (plan["replay"]["bookings"], plan["replay"]["different"]) == (len(rows), len(changes))


@replayed
def test_known_bookings_that_differ_are_of_a_kind_that_is_told(review: Path, run: Run, tmp_path: Path) -> None:
    (plan,) = expected(review)
    if {"timezone", "currency"} & set(plan["difference"]["whole"]):
        # They are all of one kind.
        assert plan["difference"]["regions"] == []
        return
    changes = objects(run, "simulate", "changed/clinics", *known(review), "--against", "base/clinics")
    found = set()
    for region in plan["difference"]["regions"]:
        of_kind = may_hold(region, review / "bookings.jsonl", run, tmp_path)
        sides = [region[side]["outcome"] for side in NAMES]
        found |= {one["booking_id"] for one in changes if outcomes(one) == sides} & of_kind
    assert found == {one["booking_id"] for one in changes}


def test_the_readme_tells_the_command_and_every_warning(review: Path, run: Run) -> None:
    story = (review / "README.md").read_text(encoding="utf-8")
    assert story.startswith("# ")
    here = review.relative_to(ROOT).as_posix()
    command = ["payrules plan changed/clinics --base base/clinics", *known(review)]
    assert f"```sh\ncd {here}\n{' '.join(command)}\n```" in story
    result = run("validate", "changed/clinics", "--format", "json")
    assert result.exit_code == 0
    for line in result.stdout.splitlines():
        assert json.loads(line)["code"] in story


def test_the_list_of_reviews_names_it(review: Path) -> None:
    assert f"]({review.name}/)" in (FOLDER / "README.md").read_text(encoding="utf-8")
