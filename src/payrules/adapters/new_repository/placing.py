"""Writing files where nothing is yet: what is there stays as it is, and nothing is written outside the folder."""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from payrules.domain.errors import PayrulesError


class Placed(StrEnum):
    """What became of a file."""

    WRITTEN = "written"
    KEPT = "kept"


class PlacingError(PayrulesError):
    """A file cannot be written where it belongs."""


def has_clinic_files(folder: Path) -> bool:
    """Whether the folder `clinics` in a folder holds clinic files yet."""
    return any(folder.glob("clinics/**/*.yaml"))


def place(folder: Path, files: Mapping[str, str]) -> dict[str, Placed]:
    """Write each file unless something of its name is there, and tell which were written.

    The names are paths below `folder`, which is made if need be. Raises PlacingError, before anything is written
    where that can be seen.
    """
    top = Path(os.path.realpath(folder))
    for name in files:
        _refuse_detour(top, top / name)
    return {name: _write(top / name, name, text) for name, text in files.items()}


def _refuse_detour(top: Path, path: Path) -> None:
    """Raise PlacingError where something on the way to a path is a link that leads away, or no folder."""
    for above in reversed(path.relative_to(top).parents):
        place = top / above
        if not Path(os.path.realpath(place)).is_relative_to(top):
            raise PlacingError(f"{place} is a link that leads out of {top}: nothing was written")
        if os.path.lexists(place) and not place.is_dir():
            raise PlacingError(f"{place} is in the way: it is no folder; nothing was written")


def _write(path: Path, name: str, text: str) -> Placed:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # `x` follows no link and overwrites nothing, whatever came there since.
        with path.open("x", encoding="utf-8", newline="\n") as file:
            _fill(file, path, text)
    except FileExistsError:
        return Placed.KEPT
    except OSError as error:
        raise PlacingError(f"{name} cannot be written: {error.strerror}") from error
    return Placed.WRITTEN


def _fill(file: TextIO, path: Path, text: str) -> None:
    """Write the text, or leave no file: half of one would be kept the next time."""
    try:
        file.write(text)
        file.flush()
    except OSError:
        path.unlink()
        raise
