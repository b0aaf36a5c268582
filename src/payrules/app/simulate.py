"""Simulate: decide sample bookings without effects, with the one function that decides the real ones."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from payrules.app.catalogue import Catalogue
from payrules.app.comparison import differences
from payrules.app.intake import Zones, read_booking
from payrules.app.records import Fault, Record, Refusal, refuse
from payrules.app.rendering import Renderer, outside_rendering
from payrules.compiler.compile import Version
from payrules.domain.booking import Booking
from payrules.domain.decision import Decision, Uncovered, decide
from payrules.domain.timeline import Activation, Timeline

_ALWAYS = datetime.min.replace(tzinfo=UTC)


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
    """A booking under two sets of files; `changed` is what differs (`comparison.COMPARED`), nothing if treated alike.

    `before` is None where the old files do not have the clinic or refuse the booking; then the outcome is what differs.
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

    def decide(self, record: Record, *, always: bool = False) -> Simulated | Refusal:
        """Decide one record under the version in force when it was booked.

        With `always` the version counts as in force then, whatever its `effective_from`.
        """
        clinic = record.fields.get("clinic")
        if isinstance(clinic, str) and clinic in self._broken and clinic not in self._clinics:
            fault = Fault("clinic", f"the file of the clinic `{clinic}` has errors", "correct the file first")
            return refuse(record.number, record.line, [fault], record.fields)
        booking = read_booking(record, self._currencies, self._zones)
        if isinstance(booking, Refusal):
            return booking
        clinic_in_force = self._clinics[booking.clinic]
        if not always and clinic_in_force.timeline.in_force(booking.booked_at) is None:
            decision = decide(Uncovered.BOOKED_BEFORE_ACTIVATION, booking, booking.booked_at)
            return Simulated(booking, decision, None, clinic_in_force)
        version = clinic_in_force.version
        return Simulated(booking, decide(version.policy, booking, booking.booked_at), version, clinic_in_force)


def compare(before: Simulation, after: Simulation, records: Iterable[Record | Refusal]) -> Iterator[Changed | Refusal]:
    """Decide each record under both sets of files, each as if it had always been in force.

    Refused is what the new files refuse. What is told is how files differ: before the `effective_from` of the new
    file the old one holds, so that a time alone changes nothing for a booking.
    """
    for record in records:
        if isinstance(record, Refusal):
            yield record
            continue
        old, new = before.decide(record, always=True), after.decide(record, always=True)
        if isinstance(new, Simulated):
            was = old if isinstance(old, Simulated) else None
            yield Changed(new.booking, was, new, ("outcome",) if was is None else _differences(was, new))
        else:
            yield new


def _differences(old: Simulated, new: Simulated) -> tuple[str, ...]:
    before, after = old.clinic_version.policy, new.clinic_version.policy
    return differences(before, old.decision, after, new.decision)


def _take(version: Version) -> InForce:
    effective_at = version.effective_from or _ALWAYS
    activation = Activation(1, version.digest, effective_at, effective_at)
    return InForce(version, Timeline((activation,)), Renderer(version))
