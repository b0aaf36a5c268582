"""What code hosts are told by `payrules validate`: the file from the top of the repository, the place in characters."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Run

NAME = "klinikk å, 50%.yaml"
CLINIC = "south/clinics"


@pytest.fixture(params=["top", "below", "elsewhere"])
def given(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A path of a broken clinic file as it is given: from the top of its repository, from below, or as a whole."""
    (folder / ".git").mkdir()
    (folder / CLINIC).mkdir(parents=True)
    (folder / CLINIC / NAME).write_text('{"😀😀": 1, prosess: 2}\n', encoding="utf-8")
    (folder / "north").mkdir()
    if request.param == "below":
        monkeypatch.chdir(folder / "north")
        return "../south/clinics"
    return CLINIC if request.param == "top" else str(folder / CLINIC / NAME)


def test_sarif(run: Run, given: str) -> None:
    result = run("validate", "--format", "sarif", given)
    assert result.exit_code == 3
    places: list[dict[str, Any]] = [
        found["locations"][0]["physicalLocation"]
        for found in json.loads(result.stdout)["runs"][0]["results"]
        if found["ruleId"] == "PR201"
    ]
    file = {"uri": "south/clinics/klinikk%20%C3%A5%2C%2050%25.yaml", "uriBaseId": "%SRCROOT%"}
    # Each 😀 is one character, and two of the units that UTF-16 has.
    assert places == [
        {"artifactLocation": file, "region": {"startLine": 1, "startColumn": 2, "endColumn": 6}},
        {"artifactLocation": file, "region": {"startLine": 1, "startColumn": 11, "endColumn": 18}},
    ]


def test_github(run: Run, given: str) -> None:
    result = run("validate", "--format", "github", given)
    assert result.exit_code == 3
    (line,) = [line for line in result.stdout.splitlines() if "`prosess`" in line]
    title = "title=PR201 the key is not known"
    assert line.startswith(f"::error file=south/clinics/klinikk å%2C 50%25.yaml,line=1,col=11,endColumn=18,{title}::")
