"""Clinic files and their tests from disk: which files are meant, and their bytes, read once."""

import os
import stat
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from payrules.app.catalogue import ClinicFile
from payrules.compiler.document import MAX_BYTES
from payrules.compiler.findings import diagnose
from payrules.compiler.policy_tests import TESTS_SUFFIX, clinic_file_of, path_of_tests
from payrules.domain.diagnostics import Diagnostic, Location

_SUFFIX = ".yaml"
# What somebody may have meant as a clinic file, in any case of letters; an editor may add `.txt`.
_NEARLY = (_SUFFIX, ".yml", ".yaml.txt", ".yml.txt")
_MISSING_HELP = (
    "name a clinic file or a folder of them, as in `payrules validate PATH`; without PATH it is the folder `clinics`"
)
# Between the look at a file and its opening, a link or a pipe may have taken its place: the one is not followed,
# the other not waited for. Windows has none of the two, and needs to be told that bytes are bytes.
_READING = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))


def read_clinic_files(paths: Sequence[str]) -> Iterator[ClinicFile | Diagnostic]:
    """The clinic files that paths mean, each once, in a stable order; a diagnostic for what cannot be read.

    A directory means every `.yaml` file below it; names that begin with a dot are left out, and so are tests files.
    Links are followed inside the tree that was named, and refused where they leave it.
    """
    seen = _Seen()
    for given in paths:
        path = Path(given)
        if _is_folder(path):
            yield from _read_tree(path, seen, _is_meant)
        elif is_tests_file(given):
            # A shell's `clinics/*.yaml` names it beside others; alone it is a mistake.
            if not all(map(is_tests_file, paths)):
                continue
            help = f"`payrules test {given}` runs it; its clinic file is `{clinic_file_of(given)}`"
            yield diagnose("PR014", Location(given), f"`{path.name}` is a tests file, not a clinic file", help)
        elif seen.is_new(path):
            yield _read_one(path, _tree_of(path), seen)


def read_tests_files(paths: Sequence[str]) -> Iterator[ClinicFile | Diagnostic]:
    """The tests files that paths mean, as `read_clinic_files` does it: of a clinic file the one beside it, if any."""
    seen = _Seen()
    for given in paths:
        path = Path(given if is_tests_file(given) else path_of_tests(given))
        if _is_folder(Path(given)):
            yield from _read_tree(Path(given), seen, is_tests_file)
        elif (is_tests_file(given) or os.path.lexists(path)) and seen.is_new(path):
            yield _read_one(path, _tree_of(path), seen)


def is_tests_file(name: str) -> bool:
    """Whether a file is by its name one of policy tests, which no clinic has for its name."""
    return name.endswith(TESTS_SUFFIX)


def _is_meant(name: str) -> bool:
    """Whether somebody meant a file for a clinic file, judging by its name."""
    return name.lower().endswith(_NEARLY) and not is_tests_file(name)


def _tree_of(path: Path) -> Path:
    """What a file that is named alone belongs to: the folder payrules runs in, or else its own."""
    here = Path.cwd()
    place = Path(os.path.normpath(path.absolute()))
    return (here if place.is_relative_to(here) else place.parent).resolve()


class _Seen:
    """The files that were read, and where folders really are: each is asked for once.

    Of what is done for every file this is the most, so places are texts: paths take several times as long.
    """

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: dict[str, str] = {}

    def is_new(self, path: Path) -> bool:
        # Links to one file are files of their own: each is named like another clinic.
        target = os.path.normcase(self.place(path))
        new = target not in self._files
        self._files.add(target)
        return new

    def place(self, path: Path) -> str:
        """Where a name stands, links of folders followed; a link that is the last part stays one."""
        above, name = os.path.split(path)
        folder = self._folders.get(above)
        if folder is None:
            folder = self._folders[above] = _inside(os.path.realpath(above))
        return folder + name


def _inside(folder: str | Path) -> str:
    """What the path of everything in a folder begins with."""
    return f"{str(folder).rstrip(os.sep)}{os.sep}"


def _read_tree(top: Path, seen: _Seen, is_meant: Callable[[str], bool]) -> Iterator[ClinicFile | Diagnostic]:
    tree = top.resolve()
    found = [item for item in _walk(top, tree) if isinstance(item, Diagnostic) or is_meant(item.name)]
    if not found and is_meant is _is_meant:
        help = "write a file `<clinic>.yaml` into it, or name another folder"
        yield diagnose("PR009", Location(str(top)), "the folder holds no clinic file", help)
    # A folder itself goes before the links to it, whatever their names.
    found = [item for item in found if isinstance(item, Diagnostic) or seen.is_new(item)]
    for item in sorted(found, key=lambda item: item.location.file if isinstance(item, Diagnostic) else str(item)):
        yield item if isinstance(item, Diagnostic) else _read_one(item, tree, seen)


def _walk(top: Path, tree: Path) -> Iterator[Path | Diagnostic]:
    """What lies below a folder, without hidden names: first what lies there itself, then what links lead to."""
    folders, links, visited = deque([top]), deque[Path](), {tree}
    while folders or links:
        if not folders:
            link = links.popleft()
            target = Path(os.path.realpath(link))
            if link.name.lower().endswith(_NEARLY) or not _is_folder(link):
                yield link
            elif not target.is_relative_to(tree):
                yield _leaves(link, tree)
            elif target not in visited:
                visited.add(target)
                folders.append(link)
            continue
        folder = folders.popleft()
        try:
            with os.scandir(folder) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            yield _unreadable(folder, error)
            continue
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                links.append(path)
            elif entry.is_dir(follow_symlinks=False):
                visited.add(path.resolve())
                folders.append(path)
            else:
                yield path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # A name that is too long: reading it tells why.
        return False


def _read_one(path: Path, tree: Path, seen: _Seen) -> ClinicFile | Diagnostic:
    file = str(path)
    try:
        if path.suffix != _SUFFIX and os.path.lexists(path):
            message = f"`{path.name}` does not end in `{_SUFFIX}`"
            return diagnose("PR011", Location(file), message, f"name the file `<clinic>{_SUFFIX}`")
        target = str(path.resolve(strict=True)) if path.is_symlink() else seen.place(path)
        if not target.startswith(_inside(tree)):
            return _leaves(path, tree)
        content = _content(target) if stat.S_ISREG(path.stat().st_mode) else None
        if content is None:
            return diagnose("PR010", Location(file), "this is not a regular file", "a clinic file is an ordinary file")
        return ClinicFile(file, content)
    except (OSError, RuntimeError) as error:
        return _unreadable(path, error)


def _content(target: str) -> bytes | None:
    """The bytes of a regular file, of a large one as many as show that; None of anything else. Raises OSError."""
    descriptor = os.open(target, _READING)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = b""
        while len(content) <= MAX_BYTES and (more := os.read(descriptor, MAX_BYTES + 1 - len(content))):
            content += more
        return content
    finally:
        os.close(descriptor)


def _unreadable(path: Path, error: Exception) -> Diagnostic:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "its links lead in a circle"
    help = "check the path and its permissions" if os.path.lexists(path) else _MISSING_HELP
    return diagnose("PR001", Location(str(path)), f"the file cannot be read: {reason.lower()}", help)


def _leaves(path: Path, tree: Path) -> Diagnostic:
    help = "copy the file to where the link stands: a reviewer must see what changes"
    return diagnose("PR008", Location(str(path)), f"this link leads out of `{tree.name}`", help)
