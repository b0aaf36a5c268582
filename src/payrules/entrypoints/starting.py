"""How `payrules init` begins a repository: the first clinic checked, the files written, and what to do next told."""

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import click

from payrules import __version__
from payrules.adapters.localities import locality_of
from payrules.adapters.new_repository.content import FirstClinic, clinic_file, common_files, policy_tests_file
from payrules.adapters.new_repository.placing import Placed, has_clinic_files, place
from payrules.adapters.repository_tops import is_top, top_above
from payrules.bootstrap import build
from payrules.compiler.countries import COUNTRIES
from payrules.entrypoints.exit_codes import ExitCode

_SAMPLE: Final = "first-clinic"
_CLINIC: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MOST_NAMED: Final = 5
_NAMING_PAYRULES: Final = (".pre-commit-config.yaml", "requirements.txt")


class Beginning(NamedTuple):
    """The options of the command; None where they are to be found out."""

    clinic: str | None
    country: str
    timezone: str | None
    currency: str | None
    language: str | None


def begin(folder: str, wanted: Beginning) -> ExitCode:
    """Write the files and tell what became of each. Raises click.UsageError and PlacingError."""
    top = Path(folder)
    # Checked even where it is not written, so that a wrong option is never taken in silence.
    first = _first_clinic(wanted)
    path = f"clinics/{first.clinic}.yaml"
    content = clinic_file(first)
    _refuse_faults(content, path)
    files = common_files(__version__)
    if wanted.clinic is not None or not has_clinic_files(top):
        # Tests of a file that was there before would be tests of something else.
        if not os.path.lexists(top / path):
            files[path.replace(".yaml", ".tests.yaml")] = policy_tests_file(first)
        files[path] = content
    placed = place(top, files)
    for name, became in sorted(placed.items()):
        click.echo(f"{became:<9}{name}{_remark(top / name, files[name]) if became is Placed.KEPT else ''}")
    click.echo()
    for line in _next_steps(top, path, placed):
        click.echo(line)
    return ExitCode.OK


def _first_clinic(wanted: Beginning) -> FirstClinic:
    clinic = _SAMPLE if wanted.clinic is None else wanted.clinic
    if not _CLINIC.fullmatch(clinic):
        raise _wrong(
            "clinic", f"`{clinic}` is no name of a clinic: small letters, digits and hyphens, as `fjord-fysio`"
        )
    if wanted.country not in COUNTRIES:
        # The file is refused for its country; what goes with it does not matter.
        return FirstClinic(clinic, wanted.country, "en", "UTC", "EUR")
    known = locality_of(wanted.country)
    timezone = _only_one(wanted.country, known.timezones) if wanted.timezone is None else wanted.timezone
    found = {
        "timezone": timezone,
        "currency": known.currency if wanted.currency is None else wanted.currency,
        "language": known.language if wanted.language is None else wanted.language,
    }
    given: dict[str, str] = {}
    for option, value in found.items():
        if value is None:
            raise _wrong(option, f"it is not known for `{wanted.country}`: say which")
        given[option] = value
    return FirstClinic(clinic, wanted.country, **given)


def _only_one(country: str, zones: tuple[str, ...]) -> str | None:
    if len(zones) > 1:
        named = ", ".join(zones[:_MOST_NAMED]) + (" …" if len(zones) > _MOST_NAMED else "")
        raise _wrong("country", f"`{country}` has {len(zones)} time zones: say which by --timezone ({named})")
    return zones[0] if zones else None


def _refuse_faults(content: str, path: str) -> None:
    """Raise click.UsageError where the options make a clinic file that `validate` would refuse."""
    for fault in build().compiler.compile(content.encode(), path).diagnostics:
        raise _wrong(fault.location.pointer.strip("/"), f"{fault.message}; {fault.help}")


def _wrong(option: str, message: str) -> click.UsageError:
    return click.BadParameter(message, param_hint=f"--{option}")


def _remark(kept: Path, new: str) -> str:
    """What is to be said of a file that is kept, beside the one that would have been written."""
    try:
        old = kept.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    if kept.parent.name == "schema" and old != new:
        return f"  (payrules {__version__} has another one: remove it, and run init again)"
    if kept.name in _NAMING_PAYRULES and "payrules" not in old:
        return "  (payrules is missing there: init in an empty folder shows what to add)"
    return ""


def _next_steps(top: Path, path: str, placed: Mapping[str, Placed]) -> Iterator[str]:
    if all(became is Placed.KEPT for became in placed.values()):
        yield "Nothing was missing."
        return
    above = None if is_top(top) else top_above(Path(os.path.realpath(top)))
    yield "Next:"
    if not top.samefile("."):
        yield f"  cd {shlex.quote(str(top))}"
    if above is None and not is_top(top):
        yield "  git init"
    if placed.get(path) is Placed.WRITTEN:
        yield f"  edit {path} and its tests, which are samples"
    yield "  payrules validate --strict && payrules test"
    yield "  pip install pre-commit && pre-commit install"
    yield "  git add . && git commit"
    yield ".github/CODEOWNERS has room for who approves changes; README.md tells the rest."
    if above is not None:
        yield (
            f"This folder lies inside the repository {above}: hooks, workflow and code owners count at its top alone,"
            " so move .github and .pre-commit-config.yaml there."
        )
