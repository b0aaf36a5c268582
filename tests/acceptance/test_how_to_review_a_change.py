"""The commands of docs/how-to/review-a-change.md do what the page shows, in a real git repository."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.acceptance.test_tutorial import CONSOLE, FILE

PAGE = Path(__file__).parents[2] / "docs/how-to/review-a-change.md"
# Of what is committed the page cannot know when.
COMMIT = re.compile(r"\b[0-9a-f]{10}\b")


def test_every_command_of_the_page(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "PYTHONUTF8": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "kari@fjord.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    shown, done = [], []
    for step in sorted([*FILE.finditer(text), *CONSOLE.finditer(text)], key=lambda step: step.start()):
        if step.re is FILE:
            file = tmp_path / step["name"]
            file.parent.mkdir(exist_ok=True)
            file.write_text(step["content"], encoding="utf-8")
            continue
        for command in re.findall(r"^\$ (.*)$", step["session"], re.MULTILINE):
            ran = subprocess.run(  # noqa: S602  # the page's own commands, in a shell as a reader would
                command, shell=True, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
            )
            done.append(f"$ {command}\n{ran.stdout}{ran.stderr}")
        shown.append(step["session"])
    assert len(done) >= 8
    assert COMMIT.sub("COMMIT", "".join(done)) == COMMIT.sub("COMMIT", "".join(shown))
