"""`payrules store`."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from payrules.adapters.migrations import HEAD
from payrules.adapters.store.tables import METADATA
from payrules.entrypoints.store_commands import store


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(store, [str(argument) for argument in arguments], catch_exceptions=False)


def test_a_store_is_made_and_found_up_to_date(store_url: str) -> None:
    made = run("upgrade", "--store", store_url)
    assert (made.exit_code, made.output.endswith(f"is made (version {HEAD})\n")) == (0, True)
    again = run("upgrade", "--store", store_url)
    assert (again.exit_code, again.output.endswith(f"is up to date (version {HEAD})\n")) == (0, True)


def test_a_store_is_shown(store_url: str) -> None:
    run("upgrade", "--store", store_url)
    shown = run("show", "--store", store_url)
    assert shown.exit_code == 0
    first, *rest = shown.output.splitlines()
    assert first.endswith(f", version {HEAD}")
    assert [line.split() for line in rest] == [[name, "0"] for name in sorted(METADATA.tables)]
    answer = json.loads(run("show", "--store", store_url, "--format", "json").output)
    assert answer["version"] == HEAD
    assert answer["rows"] == dict.fromkeys(METADATA.tables, 0)


def test_a_store_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    shown = run("show", "--store", tmp_path / "payrules.db")
    assert shown.exit_code == 1
    assert shown.stderr.startswith("error: there is no store ")
    assert list(tmp_path.iterdir()) == []
