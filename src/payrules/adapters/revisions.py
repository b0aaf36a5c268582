"""The revision a clinic file was read at: the commit that is checked out where it lies, as git tells it."""

import os
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

_TIMEOUT: Final = 10.0
"""Seconds a call of git may take. A revision is good to have; an activation does not wait for it."""

# git must not take another repository for the file's (as inside a hook), and must leave the index as it is: a watcher
# would take that for a change.
_ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
    "GIT_OPTIONAL_LOCKS": "0"
}


class _Repository(NamedTuple):
    """What is checked out in `top`: the paths under version control, and those of them that differ from it."""

    top: Path
    commit: str
    tracked: frozenset[str]
    changed: frozenset[str]


class Revisions:
    """Finds revisions for one look at the files; each repository is asked once, so make a new one for each look."""

    def __init__(self) -> None:
        self._folders: dict[Path, _Repository | None] = {}
        self._repositories: dict[Path, _Repository | None] = {}

    def revision_of(self, file: str) -> str | None:
        """The commit, with `+changed` where the file differs from it.

        None where the file is not under version control, or git is absent, fails or does not answer.
        """
        path = Path(os.path.realpath(file))
        if path.parent not in self._folders:
            self._folders[path.parent] = self._find(path.parent)
        repository = self._folders[path.parent]
        if repository is None:
            return None
        name = path.relative_to(repository.top).as_posix()
        if name not in repository.tracked:
            return None
        return f"{repository.commit}+changed" if name in repository.changed else repository.commit

    def _find(self, folder: Path) -> _Repository | None:
        found = _git(folder, "rev-parse", "--show-toplevel", "--verify", "HEAD")
        if found is None:
            return None
        top, commit = found.splitlines()
        place = Path(os.path.realpath(top))
        if place not in self._repositories:
            self._repositories[place] = _states(place, commit)
        return self._repositories[place]


def _states(top: Path, commit: str) -> _Repository | None:
    tracked = _git(top, "ls-files", "-z")
    status = _git(top, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=no")
    if tracked is None or status is None:
        return None
    changed = (entry[3:] for entry in status.split("\0"))
    return _Repository(top, commit, frozenset(tracked.split("\0")), frozenset(changed))


def _git(folder: Path, *arguments: str) -> str | None:
    # A repository may be anybody's: none of its programs is started.
    command = ["git", "-C", str(folder), "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(  # noqa: S603  # no shell, and the arguments are ours
            command,
            capture_output=True,
            check=True,
            timeout=_TIMEOUT,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
        )
        return done.stdout.decode("utf-8")
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
