"""Where a git repository begins, by what lies in its top folder; git itself is not asked."""

import os
from pathlib import Path


def is_top(folder: Path) -> bool:
    """Whether a folder is the top of a repository: there is a folder `.git` in it, or a file in a work tree's."""
    return os.path.exists(folder / ".git")  # noqa: PTH110  # false, never an error


def top_above(place: Path) -> Path | None:
    """The top of the repository that a place lies in; None where it lies in none. The place itself may be one."""
    return next((folder for folder in place.parents if is_top(folder)), None)
