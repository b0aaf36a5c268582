"""Clinic files from disk: which files are meant, and their bytes, read once."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from payrules.app.catalogue import ClinicFile
from payrules.compiler.document import MAX_BYTES
from payrules.compiler.findings import diagnose
from payrules.domain.diagnostics import Diagnostic, Location

_SUFFIX = ".yaml"


def read_clinic_files(paths: Sequence[str]) -> Iterator[ClinicFile | Diagnostic]:
    """The clinic files that paths mean, each once, in a stable order; a diagnostic for what cannot be read.

    A directory means every `.yaml` file below it; names that begin with a dot are left out. Links are followed
    inside the tree that was named, and refused where they leave it.
    """
    seen: set[Path] = set()
    for given in paths:
        path = Path(given)
        if path.is_dir():
            yield from _read_tree(path, seen)
        else:
            # A file that is named alone belongs to the folder payrules runs in, or else to its own.
            here = Path.cwd()
            tree = here if path.absolute().is_relative_to(here) else path.absolute().parent
            yield from _read_one(path, tree.resolve(), seen)


def _read_tree(top: Path, seen: set[Path]) -> Iterator[ClinicFile | Diagnostic]:
    tree = top.resolve()
    found = False
    for path in _walk(top):
        if isinstance(path, Diagnostic):
            found = True
            yield path
        elif path.suffix in (_SUFFIX, ".yml"):
            found = True
            yield from _read_one(path, tree, seen)
        elif path.is_symlink() and path.is_dir() and not path.resolve().is_relative_to(tree):
            found = True
            yield _leaves(path, tree)
    if not found:
        help = "write a file `<clinic>.yaml` into it, or name another folder"
        yield diagnose("PR009", Location(str(top)), "the folder holds no clinic file", help)


def _walk(top: Path) -> Iterator[Path | Diagnostic]:
    """The files and the linked folders below a folder, without hidden ones, in the order of their names."""
    try:
        with os.scandir(top) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield _unreadable(top, error)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(top / entry.name)
        else:
            yield top / entry.name


def _read_one(path: Path, tree: Path, seen: set[Path]) -> Iterator[ClinicFile | Diagnostic]:
    file = str(path)
    if path.suffix != _SUFFIX and (path.exists() or path.is_symlink()):
        message = f"`{path.name}` does not end in `{_SUFFIX}`"
        yield diagnose("PR011", Location(file), message, f"name the file `<clinic>{_SUFFIX}`")
        return
    try:
        target = path.resolve(strict=True)
        if not target.is_relative_to(tree):
            yield _leaves(path, tree)
        elif not stat.S_ISREG(target.stat().st_mode):
            help = "a clinic file is an ordinary file"
            yield diagnose("PR010", Location(file), "this is not a regular file", help)
        elif target not in seen:
            seen.add(target)
            with target.open("rb") as opened:
                yield ClinicFile(file, opened.read(MAX_BYTES + 1))
    except (OSError, RuntimeError) as error:
        yield _unreadable(path, error)


def _unreadable(path: Path, error: Exception) -> Diagnostic:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "its links lead in a circle"
    return diagnose(
        "PR001", Location(str(path)), f"the file cannot be read: {reason.lower()}", "check the path and its permissions"
    )


def _leaves(path: Path, tree: Path) -> Diagnostic:
    help = "copy the file to where the link stands: a reviewer must see what changes"
    return diagnose("PR008", Location(str(path)), f"this link leads out of `{tree.name}`", help)
