"""A plan for programs: one object a clinic, as schema/plan.v1.schema.json has it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from payrules.adapters.git_trees import Base
from payrules.app.explaining import clock
from payrules.app.landing import Landing, Standing
from payrules.app.planning import ClinicPlan
from payrules.app.provenance import Provenance
from payrules.app.rendering import instant_text
from payrules.app.replay import Moved, Replay
from payrules.app.rows import ActivationRow
from payrules.app.samples import record_of
from payrules.compiler.compile import Version
from payrules.domain.difference import Difference, Region, Side
from payrules.domain.duration import format_seconds
from payrules.domain.money import MINOR_UNITS, Money, format_minor
from payrules.domain.policy import WEEKDAYS, Condition, DateRange, Policy, QuietHours, Range, TagCondition, TimeRange
from payrules.domain.timeline import Activation, RecordOutcome
from payrules.entrypoints.plans.effects import in_order
from payrules.entrypoints.plans.told import Told
from payrules.entrypoints.plans.words import headline

_WHEN = {
    RecordOutcome.UNCHANGED: "unchanged",
    RecordOutcome.WITHDREW_PENDING: "withdraws_pending",
    RecordOutcome.AWAITING_VERIFICATION: "awaits_verification",
}


def clinic_object(plan: ClinicPlan, told: Told) -> dict[str, Any]:
    """Everything that is told of one clinic."""
    landing, standing = told.landing(plan)
    replay = told.replays.get(plan.clinic)
    return {
        "clinic": plan.clinic,
        "file": plan.file,
        "kind": plan.kind.value,
        "base": _base(told.base),
        "headline": headline(plan),
        "alike": None if plan.difference is None else plan.difference.nothing,
        "digests": {"before": _digest(plan.before), "after": _digest(plan.after)},
        "renamed": plan.renamed,
        "difference": _difference(plan),
        "others": [change._asdict() for change in plan.others],
        "takes_effect": None if landing is None else _landing(landing),
        "store": None if standing is None else _standing(standing),
        "replay": None if replay is None else _replay(replay),
    }


def _base(base: Base) -> dict[str, Any]:
    return {"given": base.given, "commit": base.commit, "moved": base.moved}


def _digest(version: Version | None) -> str | None:
    return None if version is None else version.digest


# ---- the difference


def _difference(plan: ClinicPlan) -> dict[str, Any] | None:
    difference, before, after = plan.difference, plan.before, plan.after
    if difference is None or before is None or after is None:
        return None
    sources = Provenance(before), Provenance(after)
    return {
        "whole": list(difference.whole),
        "found": difference.found,
        "lacking": difference.lacking,
        "regions": [_region(region, before, after, sources) for region in in_order(difference)],
        "unsettled_found": difference.unsettled_found,
        "unsettled": _unsettled(difference, before.policy, after.policy),
        "besides": None if plan.besides is None else _besides(plan.besides),
    }


def _besides(besides: Difference) -> dict[str, Any]:
    return {"whole": list(besides.whole), "found": besides.found, "unsettled_found": besides.unsettled_found}


def _unsettled(difference: Difference, before: Policy, after: Policy) -> list[dict[str, str | None]]:
    return [
        {
            "before": None if one.before is None else before.rules[one.before].id,
            "after": None if one.after is None else after.rules[one.after].id,
        }
        for one in difference.unsettled
    ]


def _region(region: Region, before: Version, after: Version, sources: tuple[Provenance, Provenance]) -> dict[str, Any]:
    return {
        "where": condition_object(region.where, after.policy),
        "exact": region.exact,
        "lacking": list(region.lacking),
        "listed": region.listed,
        "before": _side(region.before, before, sources[0]),
        "after": _side(region.after, after, sources[1]),
        "settings": [
            {"setting": ".".join(path), "before": _value(old), "after": _value(new)}
            for path, old, new in region.settings
        ],
        "example": record_of(region.example, after.policy.zone),
    }


def _side(side: Side, version: Version, provenance: Provenance) -> dict[str, Any]:
    rule = None
    if side.rule is not None:
        of = version.policy.rules[side.rule].id
        rule = {"id": of, "file": version.positions.file, "line": provenance.rule_line(side.rule)}
    return {"outcome": side.decision.outcome, "reason": side.decision.reason, "rule": rule}


def _value(value: Any) -> Any:
    """A value of `Terms` as a clinic file has it."""
    match value:
        case None | bool() | str():
            return value
        case Money():
            return _money(value.minor, value.currency)
        case QuietHours(from_minute, to_minute, channels):
            return {"from": clock(from_minute), "to": clock(to_minute), "channels": sorted(channels)}
        case tuple() if not hasattr(value, "_fields"):
            return [str(item) for item in value]
    return str(value)


def _money(minor: int, currency: str) -> dict[str, str]:
    return {"amount": format_minor(minor, MINOR_UNITS[currency]), "currency": currency}


def condition_object(where: Condition, policy: Policy) -> dict[str, Any]:
    """A condition as `when` of a clinic file has it, in the order of the reference."""
    found: dict[str, Any] = {}
    for name, value in zip(Condition._fields, where, strict=True):
        match value:
            case None:
                continue
            case bool():
                found[name] = value
            case TagCondition():
                groups = (("any", value.any_of), ("all", value.all_of), ("none", value.none_of))
                found[name] = {key: sorted(tags) for key, tags in groups if tags}
            case Range(at_least, below):
                bounds = {"at_least": at_least, "below": below}
                found[name] = {key: _bound(name, bound, policy) for key, bound in bounds.items() if bound is not None}
            case DateRange(from_on, before_on):
                days: Mapping[str, date | None] = {"from": from_on, "before": before_on}
                found[name] = {key: day.isoformat() for key, day in days.items() if day is not None}
            case TimeRange(from_minute, to_minute):
                found[name] = {"from": clock(from_minute), "to": clock(to_minute)}
            case _:
                found[name] = [WEEKDAYS[item] if isinstance(item, int) else str(item) for item in sorted(value)]
    return found


def _bound(name: str, bound: int, policy: Policy) -> str:
    return format_minor(bound, MINOR_UNITS[policy.currency]) if name == "price" else format_seconds(bound)


# ---- when it takes effect, and the ledger


def _landing(landing: Landing) -> dict[str, Any]:
    when = "at" if landing.effective_at is not None else "at_once"
    if landing.outcome is not None:
        when = _WHEN.get(landing.outcome, when)
    at = landing.effective_at if when == "at" else None
    return {"when": when, "at": None if at is None else instant_text(at), "late": landing.late}


def _standing(standing: Standing) -> dict[str, Any]:
    rows = {"in_force": standing.in_force, "pending": standing.pending, "awaiting": standing.awaiting}
    found: dict[str, Any] = {key: _row(row) for key, row in rows.items()}
    return found | {"dropped": None if standing.dropped is None else _activation(standing.dropped)}


def _row(row: ActivationRow | None) -> dict[str, Any] | None:
    return None if row is None else _activation(row.activation)


def _activation(activation: Activation) -> dict[str, Any]:
    at = activation.effective_at
    return {"digest": activation.digest, "effective_at": None if at is None else instant_text(at)}


# ---- the replay


def _replay(replay: Replay) -> dict[str, Any]:
    return {
        "source": "store" if replay.stored else "file",
        "bookings": replay.bookings,
        "different": replay.different,
        "outcomes": [
            {
                "before": step[0],
                "after": step[1],
                "bookings": number,
                "money": [_money(minor, currency) for (of, currency), minor in replay.money.items() if of == step],
                "without_price": replay.unpriced[step],
            }
            for step, number in replay.outcomes.most_common()
        ],
        "repriced": [
            {"before": _money(was, currency), "after": _money(now, currency)}
            for currency, (was, now) in replay.repriced.items()
        ],
        "links_earlier": _moved(replay.earlier),
        "links_later": _moved(replay.later),
        "other_currency": replay.other_currency,
        "stay_as_stamped": replay.bookings if replay.stored else 0,
    }


def _moved(moved: Moved) -> dict[str, int]:
    seconds = (int(span.total_seconds()) for span in (moved.least, moved.most))
    return dict(zip(("links", "least_seconds", "most_seconds"), (moved.links, *seconds), strict=True))
