"""When a planned version would take effect: by its file, and by a ledger where there is one. Nothing is written."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from payrules.app.planning import ClinicPlan
from payrules.app.ports import Transaction
from payrules.app.rows import ActivationRow
from payrules.app.timelines import is_verified, timeline_of
from payrules.compiler.compile import Version
from payrules.domain.timeline import Activation, RecordOutcome


class Landing(NamedTuple):
    """What recording the version at `now` would do.

    `outcome` is None without a ledger; `effective_at` None where it takes effect at once when it is activated, or
    awaits the clinic's verification. `late` tells that the file's `effective_from` is past.
    """

    outcome: RecordOutcome | None
    effective_at: datetime | None
    late: bool


class Standing(NamedTuple):
    """How a clinic stands in a ledger; `dropped` is what would give way to the planned version and never come to be."""

    clinic_no: int
    in_force: ActivationRow | None
    pending: ActivationRow | None
    awaiting: ActivationRow | None
    dropped: Activation | None = None


def land(plan: ClinicPlan, now: datetime) -> Landing | None:
    """When the version takes effect by its file alone; None where there is none."""
    if plan.after is None:
        return None
    wanted = plan.after.effective_from
    late = wanted is not None and wanted <= now
    return Landing(None, None if late else wanted, late)


def not_in_force(tx: Transaction, versions: Mapping[str, Version], now: datetime) -> dict[str, str | None]:
    """The clinics of a ledger that run by another version than that of their file, which nothing is to bring in force.

    Each with the digest of what is in force, None for nothing.
    """
    found: dict[str, str | None] = {}
    rows = tx.clinics(versions)
    timelines = tx.timelines([row.clinic_no for row in rows.values()])
    for name, row in sorted(rows.items()):
        timeline = timeline_of(timelines.get(row.clinic_no, []))
        in_force = timeline.in_force(now)
        known = [one.digest for one in (in_force, timeline.pending(now), timeline.awaiting) if one is not None]
        if versions[name].digest not in known:
            found[name] = None if in_force is None else in_force.digest
    return found


def land_in(tx: Transaction, plans: Iterable[ClinicPlan], now: datetime) -> dict[str, tuple[Landing | None, Standing]]:
    """The same as a ledger would have it, for the clinics it knows."""
    by_name = {plan.clinic: plan for plan in plans}
    rows = tx.clinics(by_name)
    numbers = [row.clinic_no for row in rows.values()]
    timelines, verifications = tx.timelines(numbers), tx.verifications(numbers)
    found = {}
    for name, row in rows.items():
        activations = timelines.get(row.clinic_no, [])
        timeline = timeline_of(activations)
        in_force, pending, awaiting = (
            None if one is None else activations[one.sequence - 1]
            for one in (timeline.in_force(now), timeline.pending(now), timeline.awaiting)
        )
        standing = Standing(row.clinic_no, in_force, pending, awaiting)
        landing = land(by_name[name], now)
        version = by_name[name].after
        if landing is not None and version is not None:
            recorded = timeline.record(
                version.digest,
                version.effective_from,
                now,
                tx.latest_booked_at(row.clinic_no),
                verified=is_verified(verifications.get(row.clinic_no, [])),
            )
            at = (
                recorded.activation.effective_at
                if recorded.outcome is RecordOutcome.PENDING and recorded.activation
                else None
            )
            landing = landing._replace(outcome=recorded.outcome, effective_at=at)
            standing = standing._replace(dropped=recorded.dropped)
        found[name] = (landing, standing)
    return found
