"""The sample clinic files: all right, all different, and every one decides."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Run
from tests.builders import COMPILER, NOW

from payrules.domain.policy import Policy

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "clinics").glob("*.yaml") if path.suffixes == [".yaml"])

files = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def policy_of(path: Path) -> Policy:
    compiled = COMPILER.compile(path.read_bytes(), path.name, now=NOW)
    assert compiled.version is not None
    return compiled.version.policy


def test_there_are_enough_and_all_are_right(run: Run) -> None:
    result = run("validate", "--strict")
    assert (result.exit_code, result.stdout) == (0, f"{len(FILES)} clinic files: no errors\n")
    assert len(FILES) >= 12


@files
def test_each_is_right_by_itself(path: Path, run: Run) -> None:
    result = run("validate", "--strict", path.relative_to(ROOT))
    assert (result.exit_code, result.stdout) == (0, "1 clinic file: no errors\n")


@files
def test_editors_are_told_the_schema(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert "# yaml-language-server: $schema=../schema/clinic.v1.schema.json" in lines[:2]


def test_they_differ_as_clinics_do() -> None:
    policies = [policy_of(path) for path in FILES]
    likeness = [
        (p.country, p.active, p.terms.process, *p.terms.notification[:4], p.terms.reminders, p.terms.manual)
        for p in policies
    ]
    assert len(set(likeness)) == len(likeness)
    # So do they when the country is left out.
    assert len({(*row[1:], len(p.rules), p.currency) for row, p in zip(likeness, policies, strict=True)}) == len(
        policies
    )
    assert len({p.timezone for p in policies}) >= 10
    assert len({p.currency for p in policies}) >= 8
    # Currencies without decimals, with two and with three.
    assert {"JPY", "NOK", "KWD"} <= {p.currency for p in policies}
    assert {"NO", "SE", "GB"} <= {p.country for p in policies}


def test_every_kind_of_setting_is_used_somewhere() -> None:
    policies = [policy_of(path) for path in FILES]
    assert {p.terms.process for p in policies} == {"automatic", "manual"}
    assert {p.terms.notification.send for p in policies} >= {"after_booking", "before_appointment", "after_appointment"}
    assert {p.terms.notification.delivery for p in policies} == {"all", "first_available"}
    assert {p.active for p in policies} == {True, False}
    assert {p.terms.manual.create_draft for p in policies} == {True, False}
    assert any(p.terms.notification.quiet_hours for p in policies)
    assert any(not p.rules for p in policies)
    assert any(len(p.rules) >= 40 for p in policies)
    asked = {
        name
        for p in policies
        for r in p.rules
        for name, value in zip(r.when._fields, r.when, strict=True)
        if value is not None
    }
    assert len(asked) == 12, "every condition of the format"


def sample(policy: Policy) -> dict[str, Any]:
    """A booking that tells every fact, in the clinic's currency."""
    return {
        "id": f"bk-{policy.clinic}",
        "clinic": policy.clinic,
        "client": {"id": "client-1", "email": "a@client.example", "phone": "+47 990 00 001", "tags": []},
        "session_type": next(iter(policy.session_types), "individual-50"),
        "practitioner": "practitioner-1",
        "location": "in_person",
        "first_visit": False,
        "booked_at": "2027-06-01T09:00:00Z",
        "starts_at": "2027-06-08T09:00:00Z",
        "ends_at": "2027-06-08T09:50:00Z",
        "price": {"amount": "100", "currency": policy.currency},
    }


def test_every_one_decides_a_booking_that_tells_everything(run: Run, tmp_path: Path) -> None:
    policies = [policy_of(path) for path in FILES]
    lines = tmp_path / "bookings.jsonl"
    lines.write_text("".join(json.dumps(sample(p)) + "\n" for p in policies), encoding="utf-8")
    result = run("simulate", "--bookings", lines, "--format", "json", "--fail-undecided")
    assert (result.exit_code, result.stderr) == (0, "")
    decisions = [json.loads(line) for line in result.stdout.splitlines()]
    assert [d["clinic"] for d in decisions] == [p.clinic for p in policies]
    assert {d["outcome"] for d in decisions} == {"automatic", "draft", "externally_billed"}
    for decision, policy in zip(decisions, policies, strict=True):
        assert decision["reasons"]
        if not policy.active:
            assert decision["reason"] == "payments_inactive"
        elif not policy.rules:
            assert decision["rule"] is None
            assert (decision["outcome"] == "automatic") is (policy.terms.process == "automatic")
