"""The one place where concrete things meet: clock, files, time zones, schema."""

from dataclasses import dataclass
from datetime import UTC, datetime

from payrules.adapters.clinic_files import read_clinic_files
from payrules.adapters.resources import read_schema
from payrules.adapters.zones import load_zone, zone_names
from payrules.app.catalogue import Catalogue, compile_files
from payrules.compiler.compile import Compiler


@dataclass(frozen=True, slots=True)
class Application:
    """What the commands are made of."""

    compiler: Compiler

    def catalogue(self, paths: tuple[str, ...], *, now: datetime | None = None, analysis: bool = True) -> Catalogue:
        """The clinic files that paths mean, compiled."""
        return compile_files(read_clinic_files(paths), self.compiler, now=now, analysis=analysis)


def build() -> Application:
    """The application as it runs on this machine. Raises FileNotFoundError where the installation is broken."""
    return Application(Compiler(read_schema("clinic.v1.schema.json"), load_zone, zone_names))


def now() -> datetime:
    """The time, as an aware UTC instant."""
    return datetime.now(UTC)
