"""The tutorial's commands do what its pages show, each page in an empty folder."""

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs" / "tutorial").glob("*.md"))
FILE = re.compile(r"^`(?P<name>[^`\n]+)`:\n\n```\w+\n(?P<content>.*?)^```$", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"^```console\n(?P<session>.*?)^```$", re.DOTALL | re.MULTILINE)

# What is another each time: dates of this month, random tokens, versions of what is installed.
VARYING = (
    (re.compile(r"\b[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2} 202\d(?: \d\d:\d\d(?::\d\d)?)?"), "DAY"),
    (re.compile(r"\b202\d-\d\d-\d\d(?:T[\d:.]+\+00:00)?"), "DATE"),
    (re.compile(r"(?<=Betal innen )\d+\. \w+"), "DAY"),
    (re.compile(r"https://pay\.example/[\w-]{20,}"), "LINK"),
    (re.compile(r"payrules [\d.]+, time zones \w+"), "VERSIONS"),
    # Columns are as wide as those dates.
    (re.compile(r" {2,}"), "  "),
)


def settled(text: str) -> str:
    """The text without what is another each time."""
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text


def next_second() -> None:
    """Whoever reads the page takes more than a second between two commands; `date` has seconds only."""
    second = datetime.now(UTC).second
    while datetime.now(UTC).second == second:
        time.sleep(0.01)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_the_tutorial(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    steps = sorted([*FILE.finditer(text), *CONSOLE.finditer(text)], key=lambda step: step.start())
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "PAYRULES_ACTOR": "kari",
        "PYTHONUTF8": "1",
    }
    shown, done = [], []
    for step in steps:
        if step.re is FILE:
            path = tmp_path / step["name"]
            path.parent.mkdir(exist_ok=True)
            path.write_text(step["content"], encoding="utf-8")
            continue
        for command in re.findall(r"^\$ (.*)$", step["session"], re.MULTILINE):
            if "$(date" in command:
                next_second()
            ran = subprocess.run(  # noqa: S602  # the page's own commands, in a shell as a reader would
                command, shell=True, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
            )
            done.append(f"$ {command}\n{ran.stdout}{ran.stderr}")
        shown.append(step["session"])
    assert len(done) >= 8
    assert settled("".join(done)) == settled("".join(shown))


def test_both_parts_are_there() -> None:
    assert [page.name for page in PAGES] == ["1-rules.md", "2-money.md"]
