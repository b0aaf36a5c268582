"""What starts must start at once: heavy packages are imported by the commands that need them."""

import subprocess
import sys

import pytest

HEAVY = [
    *("alembic", "babel", "email_validator", "fpdf", "jinja2", "jsonschema", "jsonschema_rs", "phonenumbers"),
    *("prometheus_client", "pydantic", "requests", "rich", "sqlalchemy", "structlog", "twilio", "watchdog", "yaml"),
]

PROBE = """
import sys
{code}
print(*sorted({heavy!r} & sys.modules.keys()))
"""


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import payrules", id="package"),
        pytest.param("import payrules.domain.decision", id="domain"),
        pytest.param("import payrules.entrypoints.cli", id="command-line"),
        pytest.param(
            "from payrules.entrypoints.cli import main\n"
            "sys.argv[1:] = ['--version']\n"
            "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code",
            id="version",
        ),
    ],
)
def test_start_imports_nothing_heavy(code: str) -> None:
    probe = PROBE.format(code=code, heavy=set(HEAVY))
    result = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == ""
