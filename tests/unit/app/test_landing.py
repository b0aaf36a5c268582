"""When a planned version takes effect, by its file and by a ledger."""

from datetime import timedelta

from tests.builders import CLINIC, COMPILER, FILE, at, clinic_text
from tests.practice import BEGIN, Practice

from payrules.app.catalogue import ClinicFile
from payrules.app.landing import Landing, Standing, land, land_in
from payrules.app.planning import ClinicPlan, plan_files
from payrules.domain.timeline import RecordOutcome

LATER = "effective_from: 2027-01-01T00:00\n"
LATER_AT = at("2027-01-01T00:00+01:00")


def plan(before: str | None, after: str | None) -> ClinicPlan:
    old, new = ([] if text is None else [ClinicFile(FILE, text.encode())] for text in (before, after))
    (one,) = plan_files(old, new, COMPILER).clinics
    return one


def landed(practice: Practice, after: str) -> tuple[Landing | None, Standing]:
    with practice.ledger.reading() as tx:
        return land_in(tx, [plan(clinic_text() + "#\n", after)], practice.now + timedelta(hours=1))[CLINIC]


def test_by_its_file_it_takes_effect_at_once_or_at_its_time() -> None:
    assert land(plan(None, clinic_text()), BEGIN) == Landing(None, None, late=False)
    assert land(plan(None, clinic_text(LATER)), BEGIN) == Landing(None, LATER_AT, late=False)
    assert land(plan(None, clinic_text(LATER)), LATER_AT) == Landing(None, None, late=True)
    assert land(plan(clinic_text(), None), BEGIN) is None


def test_a_ledger_tells_what_is_in_force_and_what_activating_would_do() -> None:
    practice = Practice()
    landing, standing = landed(practice, clinic_text(name="Fjord"))
    assert landing == Landing(RecordOutcome.ACTIVATED, None, late=False)
    assert standing.in_force is not None
    assert (standing.pending, standing.awaiting, standing.dropped) == (None, None, None)
    assert landed(practice, clinic_text())[0] == Landing(RecordOutcome.UNCHANGED, None, late=False)
    assert landed(practice, clinic_text(LATER, name="Fjord"))[0] == Landing(RecordOutcome.PENDING, LATER_AT, late=False)


def test_what_is_pending_would_be_dropped() -> None:
    practice = Practice()
    practice.activate(clinic_text(LATER, name="Fjord"))
    landing, standing = landed(practice, clinic_text(name="Fjordklinikken"))
    assert landing is not None
    assert landing.outcome is RecordOutcome.ACTIVATED
    assert standing.pending is not None
    assert standing.dropped == standing.pending.activation
    assert landed(practice, clinic_text())[0] == Landing(RecordOutcome.WITHDREW_PENDING, None, late=False)


def test_a_clinic_that_the_ledger_does_not_know() -> None:
    practice = Practice()
    with practice.ledger.reading() as tx:
        other = clinic_text(clinic="harbour")
        (one,) = plan_files([], [ClinicFile("clinics/harbour.yaml", other.encode())], COMPILER).clinics
        assert land_in(tx, [one], BEGIN) == {}


def test_a_removed_file_has_a_standing_and_lands_nowhere() -> None:
    practice = Practice()
    with practice.ledger.reading() as tx:
        landing, standing = land_in(tx, [plan(clinic_text(), None)], practice.now)[CLINIC]
    assert landing is None
    assert standing.in_force is not None
