"""Simulate: decide sample bookings without effects, with the one function that decides the real ones."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from payrules.app.catalogue import Catalogue
from payrules.app.intake import Zones, read_booking
from payrules.app.records import Fault, Record, Refusal, refuse
from payrules.app.rendering import Renderer, outside_rendering
from payrules.compiler.compile import Version
from payrules.domain.booking import Booking
from payrules.domain.decision import Decision, Uncovered, decide
from payrules.domain.timeline import Activation, Timeline

_ALWAYS = datetime.min.replace(tzinfo=UTC)
COMPARED = ("outcome", "reason", "price", "invoice", "default_method", "actions", "missing")
"""Keys of a rendered decision that a comparison of two versions looks at: what follows, not who decided."""


class InForce(NamedTuple):
    """A version of a clinic's file as simulate takes it: in force from its `effective_from`, else always."""

    version: Version
    timeline: Timeline
    renderer: Renderer


@dataclass(frozen=True, slots=True)
class Simulated:
    """A booking with its decision under one version of its clinic's file.

    `version` is the version in force when it was booked, None where none was.
    """

    booking: Booking
    decision: Decision
    version: Version | None
    in_force: InForce

    @property
    def clinic_version(self) -> Version:
        """The version of the clinic's file, in force or not: it tells the clinic's name and time zone."""
        return self.in_force.version

    def rendered(self, *, explain: bool = False) -> dict[str, Any]:
        """The decision as `simulate --format json` prints it."""
        renderer = self.in_force.renderer
        if self.version is None:
            effective_at = self.in_force.version.effective_from or _ALWAYS
            rendered = outside_rendering(self.booking, self.decision, effective_at)
            explanation: dict[str, Any] = {"settings": [], "rules": []}
        else:
            rendered = renderer.render(self.booking, self.decision)
            explanation = renderer.explain(self.booking, self.decision) if explain else {}
        return rendered | {"explain": explanation} if explain else rendered


@dataclass(frozen=True, slots=True)
class Changed:
    """A booking under two sets of files; `changed` names the keys of the output that differ, none if none do.

    `before` is None where the old files do not have the clinic or refuse the booking.
    """

    booking: Booking
    before: Simulated | None
    after: Simulated
    changed: tuple[str, ...]


class Simulation:
    """Decides records under one set of clinic files."""

    def __init__(self, catalogue: Catalogue, zones: Zones) -> None:
        self._zones = zones
        self._broken = catalogue.broken
        self._clinics = {clinic: _take(version) for clinic, version in catalogue.versions.items()}
        self._currencies = {clinic: version.policy.currency for clinic, version in catalogue.versions.items()}

    def run(self, records: Iterable[Record | Refusal]) -> Iterator[Simulated | Refusal]:
        """Decide each record as it comes; a record that is no booking is refused, and the others go on."""
        for record in records:
            yield record if isinstance(record, Refusal) else self.decide(record)

    def decide(self, record: Record) -> Simulated | Refusal:
        """Decide one record under the version in force when it was booked."""
        clinic = record.fields.get("clinic")
        if isinstance(clinic, str) and clinic in self._broken and clinic not in self._clinics:
            fault = Fault("clinic", f"the file of the clinic `{clinic}` has errors", "correct the file first")
            return refuse(record.number, record.line, [fault], record.fields)
        booking = read_booking(record, self._currencies, self._zones)
        if isinstance(booking, Refusal):
            return booking
        clinic_in_force = self._clinics[booking.clinic]
        if clinic_in_force.timeline.in_force(booking.booked_at) is None:
            decision = decide(Uncovered.BOOKED_BEFORE_ACTIVATION, booking, booking.booked_at)
            return Simulated(booking, decision, None, clinic_in_force)
        version = clinic_in_force.version
        return Simulated(booking, decide(version.policy, booking, booking.booked_at), version, clinic_in_force)


def compare(before: Simulation, after: Simulation, records: Iterable[Record | Refusal]) -> Iterator[Changed | Refusal]:
    """Decide each record under both sets of files; refused is what the new ones refuse."""
    for record in records:
        if isinstance(record, Refusal):
            yield record
            continue
        old, new = before.decide(record), after.decide(record)
        if isinstance(new, Simulated):
            changed = _differences(old, new) if isinstance(old, Simulated) else COMPARED
            yield Changed(new.booking, old if isinstance(old, Simulated) else None, new, changed)
        else:
            yield new


def _differences(old: Simulated, new: Simulated) -> tuple[str, ...]:
    before, after = old.rendered(), new.rendered()
    return tuple(key for key in COMPARED if before[key] != after[key])


def _take(version: Version) -> InForce:
    effective_at = version.effective_from or _ALWAYS
    activation = Activation(1, version.digest, effective_at, effective_at)
    return InForce(version, Timeline((activation,)), Renderer(version))
