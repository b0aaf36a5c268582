"""Decisions for programs and spreadsheets: each is written as it comes, nothing is kept."""

import csv
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from payrules.app.simulate import Changed, Simulated

COLUMNS: Final = (
    "booking_id",
    "clinic",
    "digest",
    "outcome",
    "reason",
    "rule",
    "price",
    "currency",
    "default_method",
    "action",
    "channel",
    "due_at",
    "due_local",
    "shifted_by",
    "missing",
)
"""The columns of the CSV; with `--against`, `side` stands before them."""

# What a spreadsheet takes for the beginning of a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


class JsonReporter:
    """One JSON object a line, as schema/simulation.v1.schema.json has it."""

    def __init__(self, write: Callable[[str], object], *, explain: bool) -> None:
        self._write = write
        self._explain = explain
        # A rendered decision does not hold itself, so circles need not be looked for.
        self._encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode

    def add(self, result: Simulated | Changed, /) -> None:
        if isinstance(result, Simulated):
            self._write(self._encode(result.rendered(explain=self._explain)) + "\n")
        elif result.changed:
            change = {
                "booking_id": result.booking.id,
                "clinic": result.booking.clinic,
                "changed": result.changed,
                "before": self._side(result.before),
                "after": self._side(result.after),
            }
            self._write(self._encode(change) + "\n")

    def finish(self, *, refused: int = 0) -> None:
        """Nothing is left to write."""

    def _side(self, side: Simulated | None) -> dict[str, Any] | None:
        return None if side is None else side.rendered(explain=self._explain)


class _Target:
    """What the csv module writes to."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self.write = write


class CsvReporter:
    """One row an action; a booking without actions has one row, with the cells of the action empty."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._rows = csv.writer(_Target(write), lineterminator="\n")
        self._begun = False

    def add(self, result: Simulated | Changed, /) -> None:
        if isinstance(result, Simulated):
            self._begin()
            self._rows.writerows(map(_unformed, _rows(result)))
            return
        self._begin("side")
        if result.changed:
            for name, side in (("before", result.before), ("after", result.after)):
                if side is not None:
                    self._rows.writerows([name, *_unformed(row)] for row in _rows(side))

    def finish(self, *, refused: int = 0) -> None:
        """Without a single result, the header alone."""
        self._begin()

    def _begin(self, *first: str) -> None:
        if not self._begun:
            self._begun = True
            self._rows.writerow([*first, *COLUMNS])


def _rows(result: Simulated) -> Iterator[list[str | None]]:
    rendered = result.rendered()
    rule, price = rendered["rule"] or {}, rendered["price"] or {}
    booking = [
        *(rendered[name] for name in ("booking_id", "clinic", "digest", "outcome", "reason")),
        rule.get("id"),
        price.get("amount"),
        price.get("currency"),
        rendered["default_method"],
    ]
    missing = ";".join(rendered["missing"])
    for action in rendered["actions"] or [{}]:
        particulars = (action.get(name) for name in ("type", "channel", "due_at", "due_local", "shifted_by"))
        yield [*booking, *particulars, missing]


def _unformed(row: list[str | None]) -> list[str | None]:
    """The row with an apostrophe before whatever a spreadsheet would take for a formula."""
    return [f"'{cell}" if cell and cell.startswith(_FORMULA) else cell for cell in row]
