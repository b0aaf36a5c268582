"""The tutorial's commands do what the page shows, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
FILE = re.compile(r"^`(?P<name>[^`\n]+)`:\n\n```\w+\n(?P<content>.*?)^```$", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"^```console\n(?P<session>.*?)^```$", re.DOTALL | re.MULTILINE)


def test_every_command_of_the_tutorial(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    steps = sorted([*FILE.finditer(page), *CONSOLE.finditer(page)], key=lambda step: step.start())
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
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
            ran = subprocess.run(  # noqa: S602  # the page's own commands, in a shell as a reader would
                command, shell=True, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
            )
            done.append(f"$ {command}\n{ran.stdout}{ran.stderr}")
        shown.append(step["session"])
    assert len(done) >= 8
    assert "".join(done) == "".join(shown)
