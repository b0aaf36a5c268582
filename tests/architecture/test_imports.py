"""Which layer may import which: the contracts of pyproject.toml hold, and they do bite."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lint_imports(source: Path) -> subprocess.CompletedProcess[str]:
    """Check the package under `source` against the contracts of the repository."""
    command = "from importlinter.cli import lint_imports_command as lint; lint()"
    options = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", "--no-logo"]
    return subprocess.run(
        [sys.executable, "-c", command, *options],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_contracts_hold() -> None:
    result = lint_imports(ROOT / "src")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        pytest.param("domain/extra.py", "import payrules.app", "Imports go one way", id="upward"),
        pytest.param("domain/extra.py", "import os", "The domain uses", id="domain-reads-world"),
        pytest.param("domain/extra.py", "import yaml", "The domain uses", id="domain-uses-third-party"),
        pytest.param("domain/extra.py", "from zoneinfo import ZoneInfo", "The domain uses", id="domain-finds-zones"),
        pytest.param("compiler/extra.py", "from pathlib import Path", "The compiler gets", id="compiler-reads-files"),
        pytest.param("compiler/extra.py", "import rich.table", "The compiler gets", id="compiler-prints"),
        pytest.param("extra.py", "", "Imports go one way", id="module-outside-the-layers"),
    ],
)
def test_contracts_bite(tmp_path: Path, module: str, line: str, broken: str) -> None:
    package = tmp_path / "payrules"
    shutil.copytree(ROOT / "src/payrules", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / module).write_text(f"{line}\n", encoding="utf-8")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    verdicts = [verdict for verdict in result.stdout.splitlines() if verdict.startswith(broken)]
    assert any(verdict.endswith("BROKEN") for verdict in verdicts), result.stdout
