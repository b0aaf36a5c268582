"""Lines of text laid out for a terminal or a pipe of a given width, with a hanging indent and aligned cells."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

_NARROWEST: Final = 40
_GAP: Final = "  "


class Page:
    """Writes lines no wider than `width` columns, where a word allows it. Without colour it is plain text."""

    def __init__(self, write: Callable[[str], object], *, colour: bool, width: int) -> None:
        self.width = max(width, _NARROWEST)
        # Nothing is taken from the environment: whoever makes the page has decided.
        self._console = Console(
            file=_Target(write),
            width=self.width,
            force_terminal=colour,
            color_system="standard" if colour else None,
            legacy_windows=False,
            force_jupyter=False,
            markup=False,
            emoji=False,
            highlight=False,
            _environ={},
        )
        self._gaps = 0
        self._written = False

    def gap(self, lines: int = 1) -> None:
        """Leave lines empty before the next one; gaps do not add up."""
        self._gaps = max(self._gaps, lines)

    def line(self, text: Text) -> None:
        """Write one line as it is, however wide; a terminal folds it."""
        if self._written:
            self._console.file.write("\n" * self._gaps)
        self._gaps = 0
        self._written = True
        text.rstrip()
        self._console.print(text, soft_wrap=True)

    def say(self, text: Text) -> None:
        """Write text, folded between words."""
        self.hang(Text(), text)

    def hang(self, prefix: Text, text: Text) -> None:
        """Write text after a prefix, with what is folded under its beginning."""
        indent = prefix.cell_len
        if indent > self.width // 2:
            # Too little room beside it.
            self.line(prefix)
            indent = 8
            prefix = Text(" " * indent)
        for folded in text.wrap(self._console, self.width - indent):
            self.line(prefix + folded)
            prefix = Text(" " * indent)

    def rule(self) -> None:
        """Draw a line across."""
        self.line(Text("─" * self.width, "dim"))


class _Target:
    """What rich writes to."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self.write = write

    def flush(self) -> None:
        """Whoever owns the stream flushes it."""


def aligned(rows: Sequence[Sequence[Text]], width: int, longest: int, right: int) -> Iterator[Text]:
    """Rows with their cells in columns; the column `right` is set to the right.

    A cell longer than `longest` is shown whole and moves the rest of its own row only.
    """
    del width
    wides = [min(longest, max(cell.cell_len for cell in column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = Text()
        for number, (cell, wide) in enumerate(zip(row, wides, strict=True)):
            padding = " " * (wide - cell.cell_len)
            line.append_text(Text(padding) + cell if number == right else cell + Text(padding)).append(_GAP)
        yield line
