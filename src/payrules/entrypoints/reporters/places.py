"""Places as a code host looks for them: files named from the top of their repository, wherever payrules runs."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from payrules.adapters.repository_tops import top_above
from payrules.domain.diagnostics import Diagnostic, Location


def in_repository(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The same diagnostics, each file named from the top of the repository it lies in.

    What lies in no repository is named from the folder payrules runs in, or by its whole path outside of that.
    """
    name = cache(_from_the_top)

    def placed(location: Location) -> Location:
        return location._replace(file=name(location.file))

    return tuple(
        replace(
            diagnostic,
            location=placed(diagnostic.location),
            related=tuple(note._replace(location=placed(note.location)) for note in diagnostic.related),
        )
        for diagnostic in diagnostics
    )


def _from_the_top(file: str) -> str:
    folder, name = os.path.split(os.path.abspath(file))  # noqa: PTH100  # `..` goes, a link that is the last part stays
    place = Path(os.path.realpath(folder), name)
    top = top_above(place) or Path.cwd()
    return str(place.relative_to(top)) if place.is_relative_to(top) else str(place)
