"""Plan: what a change of clinic files means, clinic by clinic, found without running anything."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from payrules.app.catalogue import Catalogue, ClinicFile, compile_files
from payrules.app.other_changes import OtherChange, other_changes
from payrules.compiler.compile import Compiler, Version
from payrules.compiler.findings import stem_of
from payrules.domain.diagnostics import Diagnostic
from payrules.domain.difference import SINCE, Difference, differ
from payrules.domain.policy import Policy

# Beyond that nobody sees which of them belong together.
_MOST_MATCHED: Final = 20
_ALIKE: Final = 0.5
"""The share of lines in common from which on a new file is taken for a renamed one."""


class Kind(StrEnum):
    """What became of a clinic's file. `broken` has errors now."""

    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class ClinicPlan:
    """One clinic whose file differs from the base.

    `before` is None for a new file, and where the base's had errors (`base_broken`); `after` for a removed or broken
    one. `difference` is there where both are. `besides` is what it hides: how they differ with one time zone and
    currency, where these change, and with payments active, where they are not. `renamed` is the clinic that the file
    was for before, or is for now, where it seems to have been renamed.
    """

    clinic: str
    file: str
    kind: Kind
    before: Version | None = None
    after: Version | None = None
    difference: Difference | None = None
    besides: Difference | None = None
    others: tuple[OtherChange, ...] = ()
    renamed: str | None = None
    base_broken: bool = False

    @property
    def changes_nothing(self) -> bool:
        """Whether it is certain that nobody but the readers of the file notices."""
        certain = self.difference is not None and self.difference.nothing
        return certain and not any(change.is_noticed for change in self.others)


@dataclass(frozen=True, slots=True)
class Plan:
    """All clinics whose files differ, by name; `unchanged` are the others.

    `catalogue` is that of the files that differ, as they are now.
    """

    clinics: tuple[ClinicPlan, ...]
    unchanged: frozenset[str]
    catalogue: Catalogue = field(repr=False)

    @property
    def changes(self) -> bool:
        """Whether anything changes, or may."""
        return any(not clinic.changes_nothing for clinic in self.clinics)


Files = Sequence[ClinicFile | Diagnostic]


def plan_files(before: Files, after: Files, compiler: Compiler) -> Plan:
    """Compare the clinic files of a base with those of now. Only files that differ are compiled."""
    old, new = _by_clinic(before), _by_clinic(after)
    changed = {
        clinic for clinic in old.keys() | new.keys() if _texts(old.get(clinic, ())) != _texts(new.get(clinic, ()))
    }
    catalogues = [
        compile_files((file for clinic in sorted(changed) for file in files.get(clinic, ())), compiler, analysis=False)
        for files in (old, new)
    ]
    plans = []
    for clinic in changed:
        here = new.get(clinic) or old[clinic]
        versions = [catalogue.versions.get(clinic) for catalogue in catalogues]
        plans.append(
            _plan(clinic, _name(here[0]), versions[0], versions[1], known=clinic in old, gone=clinic not in new)
        )
    plans.sort(key=lambda plan: plan.clinic)
    unchanged = frozenset(new.keys() - changed)
    return Plan(tuple(_with_renamed(plans, old, new)), unchanged, catalogues[1])


def _plan(
    clinic: str, file: str, before: Version | None, after: Version | None, *, known: bool, gone: bool
) -> ClinicPlan:
    if gone:
        return ClinicPlan(clinic, file, Kind.REMOVED, before)
    if after is None:
        return ClinicPlan(clinic, file, Kind.BROKEN, before)
    if before is None:
        return ClinicPlan(clinic, file, Kind.CHANGED if known else Kind.NEW, None, after, base_broken=known)
    # Then both versions are in force where an example is simulated.
    since = max(SINCE, *(version.effective_from or SINCE for version in (before, after)))
    difference = differ(before.policy, after.policy, since=since)
    besides = _besides(before.policy, after.policy, difference)
    return ClinicPlan(clinic, file, Kind.CHANGED, before, after, difference, besides, other_changes(before, after))


def _besides(before: Policy, after: Policy, difference: Difference) -> Difference | None:
    """What a difference hides, None where it hides nothing."""
    if not before.active and not after.active:
        found = differ(replace(before, active=True), replace(after, active=True))
    elif {"timezone", "currency"} & set(difference.whole):
        same = replace(after, timezone=before.timezone, zone=before.zone, currency=before.currency)
        found = differ(before, same)
    else:
        return None
    return None if found.nothing else found


def _by_clinic(files: Files) -> dict[str, list[ClinicFile | Diagnostic]]:
    found: dict[str, list[ClinicFile | Diagnostic]] = {}
    for file in files:
        found.setdefault(stem_of(_name(file)), []).append(file)
    return found


def _name(file: ClinicFile | Diagnostic) -> str:
    return file.file if isinstance(file, ClinicFile) else file.location.file


def _texts(files: Iterable[ClinicFile | Diagnostic]) -> list[bytes | None]:
    """The contents of files, in an order of their own; git may have written other line ends than it keeps."""
    texts = [file.content.replace(b"\r\n", b"\n") if isinstance(file, ClinicFile) else None for file in files]
    return sorted(texts, key=lambda text: (text is None, text))


def _with_renamed(
    plans: Sequence[ClinicPlan],
    old: dict[str, list[ClinicFile | Diagnostic]],
    new: dict[str, list[ClinicFile | Diagnostic]],
) -> list[ClinicPlan]:
    """The plans, where a removed and a new file are much alike each naming the other."""
    removed = [plan for plan in plans if plan.kind is Kind.REMOVED][:_MOST_MATCHED]
    added = [plan for plan in plans if plan.kind in (Kind.NEW, Kind.BROKEN) and plan.clinic not in old][:_MOST_MATCHED]
    other: dict[str, str] = {}
    pairs = (
        (_alike(old[gone.clinic][0], new[come.clinic][0]), gone.clinic, come.clinic)
        for gone in removed
        for come in added
    )
    for share, gone, come in sorted(pairs, reverse=True):
        if share >= _ALIKE and gone not in other and come not in other:
            other |= {gone: come, come: gone}
    return [replace(plan, renamed=other.get(plan.clinic)) for plan in plans]


def _alike(one: ClinicFile | Diagnostic, two: ClinicFile | Diagnostic) -> float:
    """The share of lines that two files have in common."""
    if isinstance(one, Diagnostic) or isinstance(two, Diagnostic):
        return 0.0
    first, second = (Counter(file.content.splitlines()) for file in (one, two))
    return (first & second).total() / max(first.total(), second.total(), 1)
