"""The commands of docs/how-to/test-a-policy.md do what the page shows, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.acceptance.test_tutorial import CONSOLE, FILE

PAGE = Path(__file__).parents[2] / "docs/how-to/test-a-policy.md"


def test_every_command_of_the_page(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "COLUMNS": "100", "PYTHONUTF8": "1"}
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
    assert "".join(done) == "".join(shown)
