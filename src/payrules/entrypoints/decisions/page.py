"""Lines of text laid out for a terminal or a pipe of a given width, with a hanging indent and aligned cells."""

from collections.abc import Callable, Sequence
from typing import Final

from rich.color import ColorSystem
from rich.console import Console
from rich.text import Text

_COLOURS: Final = ColorSystem.STANDARD
_NARROWEST: Final = 40
GAP: Final = "  "
_NESTED: Final = " " * 8


class Page:
    """Writes lines no wider than `width` columns, where a word allows it. Without colour it is plain text."""

    def __init__(self, write: Callable[[str], object], *, colour: bool, width: int) -> None:
        self.width = max(width, _NARROWEST)
        # It folds and names styles, but does not print, and nothing is taken from the environment.
        self._console = Console(width=self.width, legacy_windows=False, force_jupyter=False, _environ={})
        self._colour = colour
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
        self._write(f"{self._coloured(text) if self._colour else text.plain}\n")

    def say(self, text: Text) -> None:
        """Write text, folded between words."""
        self.hang(Text(), text)

    def hang(self, prefix: Text, text: Text) -> None:
        """Write text after a prefix, with what is folded under its beginning."""
        prefix = self._beside(prefix)
        if prefix.cell_len + text.cell_len <= self.width:
            self.line(prefix + text)
            return
        for folded in text.wrap(self._console, self.width - prefix.cell_len):
            self.line(prefix + folded)
            prefix = _blank(prefix)

    def flow(self, prefix: Text, phrases: Sequence[Text], separator: str = " · ") -> None:
        """Write phrases one after the other, folded between phrases where that is possible."""
        prefix = self._beside(prefix)
        room = self.width - prefix.cell_len - len(separator.rstrip())
        line = Text()
        for number, phrase in enumerate(phrases):
            if number and line.cell_len + len(separator) + phrase.cell_len > room:
                self.hang(prefix, line + Text(separator))
                prefix, line = _blank(prefix), Text()
            elif number:
                line.append(separator)
            line.append_text(phrase)
        self.hang(prefix, line)

    def _beside(self, prefix: Text) -> Text:
        """The prefix if there is room beside it; else it gets a line of its own."""
        if prefix.cell_len <= self.width // 2:
            return prefix
        self.line(prefix)
        return Text(_NESTED)

    def _coloured(self, text: Text) -> str:
        # The console's own printing, made for much more, takes several times as long.
        parts = ((part, style) for part, style, _ in text.render(self._console))
        return "".join(style.render(part, color_system=_COLOURS) if style else part for part, style in parts)

    def rule(self) -> None:
        """Draw a line across."""
        self.line(Text("─" * self.width, "dim"))


def _blank(prefix: Text) -> Text:
    return Text(" " * prefix.cell_len)


def widths_of(rows: Sequence[Sequence[Text]], longest: Sequence[int]) -> list[int]:
    """How many columns each cell of a row gets; `longest` is the most that each may ask for."""
    columns = zip(zip(*rows, strict=True), longest, strict=True)
    return [min(most, max(cell.cell_len for cell in cells)) for cells, most in columns]


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
