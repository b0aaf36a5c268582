"""Lines of text laid out for a terminal or a pipe of a given width, with a hanging indent and aligned cells."""

from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

_NARROWEST: Final = 40
GAP: Final = "  "


class Page:
    """Writes lines no wider than `width` columns, where a word allows it. Without colour it is plain text."""

    def __init__(self, write: Callable[[str], object], *, colour: bool, width: int) -> None:
        self.width = max(width, _NARROWEST)
        # Nothing is taken from the environment: whoever makes the page has decided.
        self._console = Console(
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
        self._write = write
        self._gaps = 0
        self._written = False

    def gap(self, lines: int = 1) -> None:
        """Leave lines empty before the next one; gaps do not add up."""
        self._gaps = max(self._gaps, lines)

    def line(self, text: Text) -> None:
        """Write one line as it is, however wide; a terminal folds it."""
        if self._written:
            self._write("\n" * self._gaps)
        self._gaps = 0
        self._written = True
        text.rstrip()
        with self._console.capture() as captured:
            self._console.print(text, soft_wrap=True)
        self._write(captured.get())

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

    def flow(self, prefix: Text, phrases: Sequence[Text], separator: str = " · ") -> None:
        """Write phrases one after the other, folded between phrases where that is possible."""
        room = self.width - prefix.cell_len
        line = Text()
        for number, phrase in enumerate(phrases, 1):
            piece = phrase if number == len(phrases) else phrase + Text(separator)
            if line and line.cell_len + phrase.cell_len + len(separator.rstrip()) > room:
                self.hang(prefix, line)
                prefix = Text(" " * prefix.cell_len)
                line = Text()
            line.append_text(piece)
        self.hang(prefix, line)

    def rule(self) -> None:
        """Draw a line across."""
        self.line(Text("─" * self.width, "dim"))


def widths_of(rows: Sequence[Sequence[Text]], longest: int) -> list[int]:
    """How many columns each cell of a row gets; a cell may ask for `longest` at most."""
    return [min(longest, max(cell.cell_len for cell in column)) for column in zip(*rows, strict=True)]


def total_of(widths: Sequence[int]) -> int:
    """How wide a row of cells is with the gaps between them."""
    return sum(widths) + len(GAP) * (len(widths) - 1)


def aligned(cells: Sequence[Text], widths: Sequence[int], *, right: int, cut: int) -> Text:
    """One line of cells in columns. The cell number `right` is set to the right, number `cut` cut to its width.

    Any other cell that is too long is shown whole and moves the rest of its line. Cells without a width are
    left out.
    """
    line = Text()
    for number, (cell, width) in enumerate(zip(cells, widths, strict=False)):
        if number:
            line.append(GAP)
        if number == cut:
            cell.truncate(width, overflow="ellipsis")
        padding = Text(" " * (width - cell.cell_len))
        line.append_text(padding + cell if number == right else cell + padding)
    return line
