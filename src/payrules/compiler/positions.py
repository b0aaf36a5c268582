"""Where things stand in a clinic file, found when somebody asks.

Reading keeps no positions, since most files are right and nobody asks. The first question composes the text
once more into nodes that know their places.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from payrules.domain.diagnostics import Location

Path = tuple[str | int, ...]
"""The way from the top of a document to a value: keys and list indexes."""

LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""PyYAML's reader of plain texts: the C parser where the platform has it."""


def pointer_of(path: Path) -> str:
    """The path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def location_between(start: Any, end: Any, file: str, pointer: str = "") -> Location:
    """The location between two marks of PyYAML, cut at the end of the first line."""
    end_column = end.column + 1 if end.line == start.line else 0
    return Location(file, start.line + 1, start.column + 1, end_column, pointer)


class Positions:
    """The places of keys and values in the text of one clinic file that can be read as YAML."""

    __slots__ = ("_content", "_keys", "_values", "file")

    def __init__(self, content: bytes, file: str) -> None:
        self.file = file
        self._content = content
        self._keys: dict[Path, Any] = {}
        self._values: dict[Path, Any] | None = None

    def __contains__(self, path: Path) -> bool:
        return path in self._nodes()

    def value(self, path: Path) -> Location:
        """Where a value stands; of a key without a value, the key. Raises KeyError for an unknown path."""
        node = self._nodes()[path]
        if node.start_mark.index == node.end_mark.index and path in self._keys:
            return self.key(path)
        return self._location(node, path)

    def key(self, path: Path) -> Location:
        """Where the key of a value stands; of a list's item or the whole document, the value."""
        self._nodes()
        node = self._keys.get(path)
        return self.value(path) if node is None else self._location(node, path)

    def line(self, path: Path) -> int:
        """The line of a key (of a list's item: of the item), counted from 1; 0 where the file has none."""
        return self.key(path).line if path in self else 0

    def written(self, path: Path) -> str:
        """A scalar value as its author wrote it, quotes left out."""
        return str(self._nodes()[path].value)

    def duplicates(self) -> Iterator[tuple[str, Location, Location]]:
        """Every key that stands twice in its mapping: its text, the place of the first and of the other."""
        waiting = [yaml.compose(self._content, Loader=LOADER)]
        seen = set()
        while waiting:
            node = waiting.pop()
            # An alias names a node once more, or even a node around it.
            if node in seen:
                continue
            seen.add(node)
            if isinstance(node, yaml.SequenceNode):
                waiting += node.value
            elif isinstance(node, yaml.MappingNode):
                first: dict[str, Any] = {}
                for key, value in node.value:
                    waiting.append(value)
                    if key.value in first:
                        yield key.value, self._location(first[key.value], ()), self._location(key, ())
                    first.setdefault(key.value, key)

    def _nodes(self) -> dict[Path, Any]:
        if self._values is None:
            self._values = {}
            waiting: list[tuple[Path, Any]] = [((), yaml.compose(self._content, Loader=LOADER))]
            while waiting:
                path, node = waiting.pop()
                self._values[path] = node
                if isinstance(node, yaml.MappingNode):
                    for key, value in node.value:
                        self._keys[(*path, key.value)] = key
                        waiting.append(((*path, key.value), value))
                elif isinstance(node, yaml.SequenceNode):
                    waiting += (((*path, index), item) for index, item in enumerate(node.value))
        return self._values

    def _location(self, node: Any, path: Path) -> Location:
        return location_between(node.start_mark, node.end_mark, self.file, pointer_of(path))
