"""Fixtures of the fault simulation."""

from pathlib import Path

import pytest
from tests.simulation.playing import NewDisk, disks

from payrules.adapters.store import open_store


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store in a file."""
    path = tmp_path_factory.mktemp("simulation") / "template.db"
    open_store(str(path)).close()
    return path


@pytest.fixture
def disk(template: Path, tmp_path: Path) -> NewDisk:
    """Makes a new store each time, in the place of the one before."""
    return disks(tmp_path / "disk", template)
