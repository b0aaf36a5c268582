"""Time zones from the tzdata package, never from the machine.

Two machines with the same lock decide alike; a system's own zone files may be years old.
"""

from functools import cache
from importlib import import_module
from importlib.resources import files
from zoneinfo import ZoneInfo

_PACKAGE = "tzdata"


@cache
def zone_names() -> frozenset[str]:
    """The IANA names that exist."""
    return frozenset(files(_PACKAGE).joinpath("zones").read_text(encoding="utf-8").split())


def tzdata_version() -> str:
    """The release of the time zone database, such as `2025b`: a stamp names it."""
    return str(import_module(_PACKAGE).IANA_VERSION)


def load_zone(name: str) -> ZoneInfo | None:
    """The time zone of an IANA name, exactly as written; None where there is none."""
    return _load(name) if name in zone_names() else None


@cache
def _load(name: str) -> ZoneInfo:
    with files(_PACKAGE).joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
