"""Clinic files as they were at a git revision, read from git's objects: the work tree and the index are not touched."""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NamedTuple

from payrules.adapters.clinic_files import is_tests_file, read_clinic_files
from payrules.app.catalogue import ClinicFile
from payrules.compiler.document import MAX_BYTES
from payrules.domain.diagnostics import Diagnostic
from payrules.domain.errors import PayrulesError

_TIMEOUT: Final = 120.0
"""Seconds a call of git may take; a repository may be large and lie on a slow disk."""
_SHORT: Final = 10
_MAYBE_REMOTE: Final = re.compile(r"\w[\w./-]*")
"""A name that a branch, a tag or a commit of another clone may have."""
_LINK, _SUBMODULE = "120000", "160000"

# As inside a hook, where git's variables name another repository; what tells where its settings are stays. A repository
# may be anybody's: nothing is fetched (a fetch runs programs it names), and none of its objects stands for another.
_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CEILING_DIRECTORIES")
_FIXED = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    # What git says is looked at to tell one failure from another.
    "LC_ALL": "C",
}


class GitError(PayrulesError):
    """The files of a revision cannot be read; the message says what to do."""


class Base(NamedTuple):
    """What files are compared with. `commit` is None where `given` is a folder or file, not a revision.

    `moved` tells that the revision has commits that HEAD lacks: `commit` is then where the two parted. `without_origin`
    tells that nothing was asked for, and that there is no `origin/HEAD`; `shallow`, that the clone then lacks commits.
    """

    given: str
    commit: str | None = None
    moved: bool = False
    without_origin: bool = False
    shallow: bool = False

    @property
    def short(self) -> str:
        """Enough of the commit to find it; of a folder, its path."""
        return self.given if self.commit is None else self.commit[:_SHORT]


def find_base(given: str | None, paths: Sequence[str]) -> Base:
    """What a `--base` means: a path that exists, else a revision of the repository in which `paths` lie.

    A revision means its merge base with HEAD, as for a pull request. Without one it is that of `origin/HEAD`, the
    branch that a clone takes for the main one, and where there is none, HEAD: what is not committed. Raises GitError.
    """
    if given is not None and os.path.lexists(given):
        return Base(given)
    try:
        top = _top_of(paths)
    except GitError as error:
        raise error if given is None else GitError(f"there is no path `{given}`, and {error}") from error
    without_origin = given is None and _resolve(top, "refs/remotes/origin/HEAD") is None
    if given is None:
        given = "HEAD" if without_origin else "origin/HEAD"
    commit, head = _resolve(top, given), _resolve(top, "HEAD")
    if head is None:
        raise GitError("the repository has no commit yet: compare with a folder")
    if commit is None:
        raise GitError(f"there is no path and no revision `{given}`" + _deeper(top, _meant(top, given)))
    merge_base = _git(top, "merge-base", commit, head, failing=(1,)).decode().strip()
    if not merge_base:
        problem = f"`{given}` and HEAD have no commit in common"
        raise GitError(problem + _deeper(top, "; compare with a folder instead"))
    return Base(given, merge_base, merge_base != commit, without_origin, without_origin and _is_shallow(top))


def read_files_at(base: Base, paths: Sequence[str]) -> Iterator[ClinicFile | Diagnostic]:
    """The clinic files that paths meant at a base, named as `read_clinic_files` would name them there.

    A path that the revision does not have holds no file. Links of files are followed inside the repository; what
    is no clinic file by its name is left out. Of a folder or file as base, all clinic files are read. Raises GitError.
    """
    if base.commit is None:
        yield from read_clinic_files((base.given,))
        return
    top, commit = _top_of(paths), base.commit
    entries: dict[str, _Entry] = {}
    for given in paths:
        for entry in _list(top, commit, given):
            entries.setdefault(entry.path, entry)
    yield from _contents(top, commit, sorted(entries.values(), key=lambda entry: entry.file))


def read_both(base: Base, paths: Sequence[str]) -> tuple[list[ClinicFile | Diagnostic], list[ClinicFile | Diagnostic]]:
    """The clinic files at a base and those of now, what is not committed included.

    That a path is gone, or a folder empty, is no fault where the base had files there, nor where the base is a folder
    without any. Of a folder as base, files that are named one by one are compared with those of their names alone.
    Raises GitError.
    """
    before, after = list(read_files_at(base, paths)), list(read_clinic_files(paths))
    # What cannot be read in the folder, and is no clinic file by its name, is nobody's file.
    before = [file for file in before if isinstance(file, ClinicFile) or file.location.file.endswith(".yaml")]
    if base.commit is None and not any(Path(path).is_dir() for path in paths):
        named = {Path(path).name for path in paths}
        before = [file for file in before if Path(_name(file)).name in named]
    had = [Path(_name(file)) for file in before]
    return before, [file for file in after if not _is_emptied(file, had)]


def mistyped(
    before: Iterable[ClinicFile | Diagnostic], after: Iterable[ClinicFile | Diagnostic], paths: Sequence[str]
) -> list[Diagnostic]:
    """What is wrong with paths that name no clinic file or folder of them, and did not at the base either."""
    named, had = {Path(path) for path in paths}, {Path(_name(file)).name for file in before}
    faults = [file for file in after if isinstance(file, Diagnostic) and Path(file.location.file) in named]
    return [fault for fault in faults if Path(fault.location.file).name not in had]


def _name(file: ClinicFile | Diagnostic) -> str:
    return file.file if isinstance(file, ClinicFile) else file.location.file


def _is_emptied(file: ClinicFile | Diagnostic, had: Sequence[Path]) -> bool:
    if isinstance(file, ClinicFile) or not (file.code == "PR009" or not os.path.lexists(file.location.file)):
        return False
    return any(path.is_relative_to(file.location.file) for path in had)


class _Entry(NamedTuple):
    """A file in a tree: the name for people, the path from the top, its mode, object and size."""

    file: str
    path: str
    mode: str
    oid: str
    size: int


def _top_of(paths: Sequence[str]) -> Path:
    """The top folder of the one repository that holds all paths."""
    tops = {_top(_nearest_folder(Path(given))) for given in paths}
    if len(tops) > 1:
        raise GitError("the paths lie in several repositories: take one after the other")
    return tops.pop()


def _nearest_folder(path: Path) -> Path:
    """The folder a path lies in, or is; where it is gone, the nearest that is left."""
    place = Path(os.path.realpath(path))
    return next(folder for folder in (place, *place.parents) if folder.is_dir())


def _top(folder: Path) -> Path:
    found = _git(folder, "rev-parse", "--show-toplevel").decode("utf-8", "surrogateescape").removesuffix("\n")
    if not found:
        raise GitError(f"{folder} lies in a bare repository: run payrules where its files are checked out")
    return Path(os.path.realpath(found))


def _resolve(top: Path, revision: str) -> str | None:
    """The commit that a revision names, None where it names none."""
    if revision.startswith("-") or "\0" in revision:
        return None
    found = _git(top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", failing=(1, 128))
    return found.decode().strip() or None


def _is_shallow(top: Path) -> bool:
    return _git(top, "rev-parse", "--is-shallow-repository").strip() == b"true"


def _meant(top: Path, given: str) -> str:
    """What to do about a name that is none: another one like it, or a branch or tag that was not fetched yet."""
    refs = _git(top, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags")
    if close := get_close_matches(given, refs.decode("utf-8", "replace").splitlines(), 1):
        return f"; did you mean `{close[0]}`?"
    return "; `git fetch` gets what is new" if _MAYBE_REMOTE.fullmatch(given) else ""


def _deeper(top: Path, otherwise: str) -> str:
    """What to do about a revision that is not there."""
    if not _is_shallow(top):
        return otherwise
    return (
        "; this clone is shallow and lacks older commits: run `git fetch --unshallow`, or in a workflow"
        " check out with `fetch-depth: 0`"
    )


def _list(top: Path, commit: str, given: str) -> Iterator[_Entry]:
    """The files a path meant, each named by that path and what comes below it."""
    place = os.path.relpath(os.path.realpath(given), top).replace(os.sep, "/")
    which = () if place == "." else (place,)
    listed = _git(top, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *which)
    for line in listed.decode("utf-8", "surrogateescape").split("\0")[:-1]:
        about, path = line.split("\t", 1)
        mode, _, oid, size = about.split()
        below = path if place == "." else path[len(place) + 1 :]
        hidden = any(part.startswith(".") for part in below.split("/"))
        if mode != _SUBMODULE and path.endswith(".yaml") and not (hidden or is_tests_file(path)):
            file = str(Path(given) / below) if below else given
            yield _Entry(file, path, mode, oid, int(size) if size.isdecimal() else 0)


def _contents(top: Path, commit: str, entries: Sequence[_Entry]) -> Iterator[ClinicFile]:
    """The bytes of all entries, by one process."""
    # A name with a line end cannot be asked for; such a link is none that a clinic file may be.
    asked = [entry for entry in entries if entry.size <= MAX_BYTES and not (entry.mode == _LINK and "\n" in entry.path)]
    names = [f"{commit}:{entry.path}" if entry.mode == _LINK else entry.oid for entry in asked]
    wanted = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
    answer = _git(top, "cat-file", "--batch", "--follow-symlinks", given=wanted) if names else b""
    found, at = {}, 0
    for entry in asked:
        end = answer.index(b"\n", at)
        head, at = answer[at:end].split(b" "), end + 1
        if head[-1].isdigit():
            size = int(head[-1])
            # A link that leads nowhere or out of the repository is answered with its text, and is no file.
            if head[-2] == b"blob":
                found[entry.path] = answer[at : at + size]
            at += size + 1
        elif entry.mode != _LINK:
            raise GitError(
                f"this clone lacks {entry.file} as it was at {commit[:_SHORT]}: clone the repository without `--filter`"
            )
    for entry in entries:
        if entry.size > MAX_BYTES:
            # Too long to be compiled, which its length alone shows.
            yield ClinicFile(entry.file, b"\n" * (MAX_BYTES + 1))
        elif entry.path in found:
            yield ClinicFile(entry.file, found[entry.path])


def _git(folder: Path, *arguments: str, given: bytes | None = None, failing: tuple[int, ...] = ()) -> bytes:
    """What git prints; with one of the exit codes `failing`, nothing. Raises GitError."""
    environment = {key: value for key, value in os.environ.items() if key in _KEPT or not key.startswith("GIT_")}
    command = ["git", "-C", str(folder), "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(  # noqa: S603  # no shell, and what is given cannot be an option
            command,
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
            env=environment | _FIXED,
            input=given or b"",
        )
    except FileNotFoundError as error:
        raise GitError("git is not installed: install it, or compare with a folder") from error
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise GitError(f"git cannot be run or does not answer ({type(error).__name__})") from error
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.decode("utf-8", "replace").strip()
    if "not a git repository" in said:
        raise GitError(f"{folder} lies in no git repository: compare with a folder")
    if "dubious ownership" in said:
        raise GitError(
            f"git does not trust this repository, since it belongs to somebody else; if you do, run"
            f" `git config --global --add safe.directory {folder}`"
        )
    if "must be run in a work tree" in said:
        raise GitError(f"{folder} has no work tree: run payrules where the files are checked out")
    if done.returncode in failing:
        return b""
    raise GitError(f"git {arguments[0]} failed: {said.splitlines()[0] if said else f'exit code {done.returncode}'}")
