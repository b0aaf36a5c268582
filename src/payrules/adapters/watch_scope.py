"""Which folders must be watched so that every change of what some paths mean is noticed."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

MOST_FOLDERS = 64
"""A scope may have a few folders more than this, and then is not complete."""

# The kernel follows no more links than this either.
_MOST_LINKS = 40


class Place(NamedTuple):
    """A real folder, told from one that was made in its stead by its device and inode."""

    folder: Path
    device: int
    inode: int


class Scope(NamedTuple):
    """What to watch: real folders, and in which of them everything matters.

    In the others only `entries` do: the paths that decide where a configured path leads.
    """

    places: frozenset[Place] = frozenset()
    trees: frozenset[Path] = frozenset()
    entries: frozenset[Path] = frozenset()


def scope_of(paths: Sequence[str]) -> Scope:
    """The scope of clinic files and folders of them, resolved now."""
    trees: set[Path] = set()
    entries: set[Path] = set()
    for given in paths:
        top = _follow(Path.cwd() / given, entries)
        if top is not None and top.is_dir():
            _add_tree(top, trees, entries)
    folders = trees | {entry.parent for entry in entries}
    places = (_place(folder) for folder in folders)
    return Scope(frozenset(place for place in places if place is not None), frozenset(trees), frozenset(entries))


def _add_tree(top: Path, trees: set[Path], entries: set[Path]) -> None:
    """All folders below a real one that a look walks into, and where the links in them lead."""
    waiting = [top]
    while waiting and len(trees) <= MOST_FOLDERS:
        folder = waiting.pop()
        if folder in trees:
            continue
        trees.add(folder)
        for entry in _entries(folder):
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                found: set[Path] = set()
                target = _follow(Path(entry.path), found)
                # What leads out of the tree is refused, and no business of a watch.
                entries |= {at for at in found if at.is_relative_to(top)}
                if target is not None and target.is_relative_to(top) and target.is_dir():
                    waiting.append(target)
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        # Looking at it tells why.
        return []


def _follow(path: Path, entries: set[Path]) -> Path | None:
    """The real path that an absolute one leads to, None where it leads nowhere.

    Adds to `entries` what decides that: every link on the way, the last part, and the first part that is missing.
    """
    here, *first = path.parts
    at, parts, links = Path(here), first[::-1], 0
    while parts:
        part = parts.pop()
        if part == os.pardir:
            at = at.parent
            continue
        entry = at / part
        try:
            target = entry.readlink() if stat.S_ISLNK(entry.lstat().st_mode) else None
        except OSError:
            entries.add(entry)
            return None
        if target is None:
            at = entry
            if not parts:
                entries.add(entry)
            continue
        entries.add(entry)
        links += 1
        if links > _MOST_LINKS:
            return None
        if target.is_absolute():
            at = Path(target.anchor)
        parts += [part for part in reversed(target.parts) if part != target.anchor]
    return at


def _place(folder: Path) -> Place | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return Place(folder, found.st_dev, found.st_ino)
