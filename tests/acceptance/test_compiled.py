"""What `payrules compile --format json` prints: its schema holds for it, and its policy is a clinic file itself."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from tests.acceptance.conftest import Run

ROOT = Path(__file__).parents[2]
CLINIC_FILES = sorted(
    path
    for folder in ("clinics", "tests/cases/valid")
    for path in (ROOT / folder).glob("*.yaml")
    if path.suffixes == [".yaml"]
)


def schema(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads((ROOT / f"schema/{name}.v1.schema.json").read_bytes()))


COMPILED, CLINIC = schema("compiled"), schema("clinic")


@pytest.mark.parametrize("path", CLINIC_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_real_output_is_valid(path: Path, run: Run) -> None:
    result = run("compile", str(path), "--format", "json")
    assert result.exit_code == 0, result.stderr
    [line] = result.stdout.splitlines()
    compiled = json.loads(line)
    COMPILED.validate(compiled)
    CLINIC.validate(compiled["policy"])
    assert compiled["clinic"] == compiled["policy"]["clinic"] == path.stem


def test_some_output_has_a_start_of_validity_and_some_has_none(run: Run) -> None:
    starts = {
        json.loads(run("compile", str(path), "--format", "json").stdout)["effective_from"] is None
        for path in CLINIC_FILES
    }
    assert starts == {True, False}
