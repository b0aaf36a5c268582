"""Records from CSV: a first row of column names with dots (`client.email`), then a record a row.

- Columns are separated by commas. A row is one line: a quoted cell may hold commas and quotes, no line break.
- White space around a cell does not count. An empty cell is a fact that is unknown.
- `client.tags` holds tags separated by `;`. An empty cell is unknown; `;` or `[]` means that there are none.
- `first_visit` is true or false, in capitals too, as spreadsheets write it.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from payrules.adapters.booking_files.chunks import NOT_UTF8, TOO_LONG, Line
from payrules.app.booking_shape import FIELD_PATHS, FIELDS
from payrules.app.fault_texts import nearest_field
from payrules.app.records import Fault, Record, Refusal, refuse
from payrules.compiler.findings import listed

_ROW_HELP = (
    "put a cell that holds a comma or a quote in double quotes, and write a quote inside as two; a row is one line"
)
_TRUTH = {"true": True, "false": False}


class _Column(NamedTuple):
    """Where a cell goes: into a part of the record (`client`) or, with an empty part, into the record itself."""

    part: str
    field: str
    read: Callable[[str], Any]


class _RowError(Exception):
    """A line that is not a row of CSV."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.problem)
        self.fault = fault


def read_csv(lines: Iterable[Line]) -> Iterator[Record | Refusal]:
    """A record a row. Blank lines and rows of empty cells are passed over; a bad row costs no other.

    A bad first row refuses the file, because no row could be understood without it.
    """
    columns: list[_Column] = []
    number = 0
    for line in lines:
        if line.content is not None and (not line.content or line.content.isspace()):
            continue
        try:
            cells = _cells(line)
            if not columns:
                columns = _columns(cells)
                continue
        except _RowError as error:
            if not columns:
                yield refuse(0, line.number, [error.fault])
                return
            number += 1
            yield refuse(number, line.number, [error.fault])
            continue
        if any(cells):
            number += 1
            yield _record(number, line.number, columns, cells)


def _record(number: int, line: int, columns: list[_Column], cells: list[str]) -> Record | Refusal:
    fields: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=False):
        if cell:
            part = fields.setdefault(column.part, {}) if column.part else fields
            part[column.field] = column.read(cell)
    if len(cells) != len(columns):
        problem = f"has {len(cells)} cells where the first row names {len(columns)} columns"
        return refuse(
            number, line, [Fault("", problem, "count the commas, and put a cell with a comma in quotes")], fields
        )
    return Record(number, line, fields)


def _cells(line: Line) -> list[str]:
    """The cells of a line without the white space around them. Raises _RowError."""
    if line.content is None:
        raise _RowError(TOO_LONG)
    try:
        row = next(csv.reader((line.content.decode(),), strict=True))
    except UnicodeDecodeError:
        raise _RowError(NOT_UTF8) from None
    except csv.Error as error:
        problem = "a quoted cell does not end" if "end of data" in str(error) else str(error)
        raise _RowError(Fault("", f"is not a row of CSV: {problem}", _ROW_HELP)) from None
    return [cell.strip() for cell in row]


def _columns(names: list[str]) -> list[_Column]:
    """The columns that the first row names. Raises _RowError."""
    if not set(names) & set(FIELD_PATHS):
        separator = next((name for name, sign in _SEPARATORS.items() if len(names) == 1 and sign in names[0]), "")
        help = f"separate columns by commas, not {separator}" if separator else f"such as {_EXAMPLE}"
        raise _RowError(Fault("", "the first row does not name the columns of a booking", help))
    for position, name in enumerate(names):
        if name not in FIELD_PATHS:
            if near := nearest_field(name, FIELD_PATHS if "." in name else FIELDS[""]):
                raise _RowError(Fault("", f"column `{name}` is not a field of a booking", near))
            raise _RowError(Fault("", f"column number {position + 1} is not a field of a booking", _COLUMNS_HELP))
        if name in names[:position]:
            raise _RowError(Fault(name, "stands in two columns", "keep one of the two"))
    return [_column(name) for name in names]


def _column(path: str) -> _Column:
    part, _, field = path.rpartition(".")
    return _Column(part, field, _READINGS.get(path, str))


def _tags(cell: str) -> list[str]:
    if cell == "[]":
        return []
    return [tag for tag in (piece.strip() for piece in cell.split(";")) if tag]


def _truth(cell: str) -> bool | str:
    """What is neither true nor false stays text, and is refused with the other faults of its record."""
    return _TRUTH.get(cell.lower(), cell)


_READINGS: dict[str, Callable[[str], Any]] = {"client.tags": _tags, "first_visit": _truth}
_SEPARATORS = {"semicolons": ";", "tabs": "\t"}
_COLUMNS_HELP = f"known here: {listed(FIELD_PATHS)}"
_EXAMPLE = "`id,clinic,client.id,client.phone,starts_at,ends_at,booked_at`"
