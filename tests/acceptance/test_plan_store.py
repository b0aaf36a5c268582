"""`payrules plan --store`, with the store of a clinic in force."""

import json
import re
from pathlib import Path

import pytest
from tests.acceptance.conftest import Run
from tests.acceptance.test_plan import LATER, OTHER, lines
from tests.builders import CLINIC, FILE, clinic_text, record_fields
from tests.repositories import Repository


@pytest.fixture
def repository(folder: Path) -> Repository:
    """A repository with one clinic file committed, in which payrules runs."""
    made = Repository.make(folder)
    made.commit({FILE: clinic_text()})
    return made


@pytest.fixture
def store(run: Run, repository: Repository) -> None:
    """The clinic in force, with two bookings."""
    assert run("activate").exit_code == 0
    run("verification", "set", CLINIC, "--company", "--legal-name", "Fjord AS", "--organisation-number", "923609016")
    events = [
        {
            "type": "booked",
            "event_id": f"e-{n}",
            "booking": record_fields(id=f"bk-{n}", booked_at="2026-11-22T13:01:00+01:00"),
        }
        for n in (1, 2)
    ]
    assert run("process", "-", stdin="".join(json.dumps(event) + "\n" for event in events)).exit_code == 0


def test_stored_bookings_are_replayed_and_stay_as_stamped(run: Run, repository: Repository, store: None) -> None:
    repository.write({FILE: LATER})
    text = " ".join(run("plan", "--store", "payrules.db").stdout.split())
    assert "2 of 2 stored bookings would be treated differently, if they were booked under the new file" in text
    assert "bookings already stamped stay as they are: 2" in text
    (line,) = lines(run, "--store", "payrules.db")
    assert line["replay"]["source"] == "store"
    assert line["replay"]["stay_as_stamped"] == 2
    assert line["store"]["in_force"]["digest"] == line["digests"]["before"]
    assert line["takes_effect"] == {"when": "at_once", "at": None, "late": False}


def test_what_is_pending_would_be_dropped(run: Run, repository: Repository, store: None) -> None:
    repository.write({FILE: clinic_text("effective_from: 2027-01-01T00:00\n", name="Pending")})
    assert "takes effect" in run("activate").stdout
    repository.write({FILE: LATER})
    text = " ".join(run("plan", "--store", "payrules.db").stdout.split())
    assert "pending: sha256:" in text
    assert "would be dropped: sha256:" in text
    assert "which was to take effect Fri 1 Jan 2027 00:00 (Europe/Oslo)" in text
    repository.write({FILE: clinic_text() + "# as it is\n"})
    (line,) = lines(run, "--store", "payrules.db")
    assert line["takes_effect"]["when"] == "withdraws_pending"


def test_a_clinic_that_it_does_not_know(run: Run, repository: Repository, store: None) -> None:
    repository.write({OTHER: clinic_text(clinic="harbour")})
    assert "the store does not know this clinic" in run("plan", "--store", "payrules.db").stdout


def test_a_file_that_was_changed_and_not_activated_is_named(run: Run, repository: Repository, store: None) -> None:
    assert "which is not this file" not in run("plan", "--store", "payrules.db").stdout
    repository.commit({FILE: LATER, OTHER: clinic_text(clinic="harbour")})
    for form in ("text", "markdown"):
        said = run("plan", "--store", "payrules.db", "--format", form).stdout
        assert re.search(rf"{CLINIC}: in force: sha256:\w{{12}}, which is not this file\n", said)
        assert "harbour" not in said
    # Nor what is to take effect later.
    repository.commit({FILE: clinic_text("effective_from: 2027-01-01T00:00\n", process="manual")})
    run("activate", FILE)
    assert "which is not this file" not in run("plan", "--store", "payrules.db").stdout


def test_a_removed_file_stays_in_force(run: Run, repository: Repository, store: None) -> None:
    Path(FILE).unlink()
    assert "in force now: sha256:" in run("plan", "--store", "payrules.db").stdout


def test_none_is_made(run: Run, repository: Repository) -> None:
    result = run("plan", "--store", "payrules.db")
    assert (result.exit_code, result.stdout) == (1, "")
    assert not Path("payrules.db").exists()
