"""When a planned version takes effect, in words."""

from payrules.app.landing import Landing, Standing
from payrules.app.planning import ClinicPlan, Kind
from payrules.compiler.compile import Version
from payrules.domain.timeline import Activation, RecordOutcome
from payrules.entrypoints.activation_words import Local, short_digest
from payrules.entrypoints.plans.told import Told


def taking_effect(plan: ClinicPlan, told: Told) -> list[str]:
    """What a renamed file means, when the version takes effect, and what the store says to that."""
    landing, standing = told.landing(plan)
    said = [] if plan.renamed is None else [_renamed(plan)]
    if plan.after is not None and landing is not None:
        said.append(_landing(plan, plan.after, landing))
    if standing is not None:
        return said + _standing(plan, standing)
    return [*said, "the store does not know this clinic"] if told.with_store else said


def _renamed(plan: ClinicPlan) -> str:
    if plan.kind is Kind.REMOVED:
        return f"it seems to be renamed to {plan.renamed}: a renamed file is another clinic"
    return (
        f"it seems to be {plan.renamed} renamed: it is another clinic, with no bookings and a verification of its own"
    )


def _landing(plan: ClinicPlan, version: Version, landing: Landing) -> str:
    local = Local(version.policy.timezone, version.policy.zone)
    match landing.outcome:
        case RecordOutcome.UNCHANGED:
            return "in force or pending already: activating it changes nothing"
        case RecordOutcome.WITHDREW_PENDING:
            return "in force already: activating it withdraws what is pending"
        case RecordOutcome.AWAITING_VERIFICATION:
            return "awaits verification by the payment side before it takes effect"
        case None if plan.before is not None and _same(plan.before, version):
            return "the same version as before: nothing takes effect anew"
    if landing.effective_at is not None:
        said = f"takes effect {local.told(landing.effective_at)}"
    else:
        said = "takes effect at once when it is activated"
        if landing.late and version.effective_from is not None:
            said += f": its effective_from, {local.told(version.effective_from)}, is past"
    if landing.outcome is None and plan.kind is Kind.NEW:
        said += ", but not before the payment side has verified the clinic"
    return said


def _same(before: Version, after: Version) -> bool:
    return before.digest == after.digest and before.effective_from == after.effective_from


def _standing(plan: ClinicPlan, standing: Standing) -> list[str]:
    version = plan.after or plan.before
    local = Local("UTC", None) if version is None else Local(version.policy.timezone, version.policy.zone)
    said = [f"in force now: {_in_force(plan, standing)}"]
    for row, what in ((standing.pending, "pending"), (standing.awaiting, "awaiting verification")):
        if row is not None:
            at = row.activation.effective_at
            when = "" if at is None else f", to take effect {local.told(at)}"
            said.append(f"{what}: {short_digest(row.activation.digest)}{when}")
    if standing.dropped is not None:
        said.append(f"would be dropped: {_dropped(standing.dropped, local)}")
    return said


def _in_force(plan: ClinicPlan, standing: Standing) -> str:
    if standing.in_force is None:
        return "nothing"
    digest = standing.in_force.activation.digest
    if digest is None:
        return "nothing, since the clinic's verification was withdrawn"
    of_base = plan.before is None or digest == plan.before.digest
    return short_digest(digest) + ("" if of_base else ", which is not the version of the base")


def _dropped(dropped: Activation, local: Local) -> str:
    at = dropped.effective_at
    return short_digest(dropped.digest) + ("" if at is None else f", which was to take effect {local.told(at)}")
