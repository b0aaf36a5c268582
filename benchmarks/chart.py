"""The figures as a picture (SVG): how far each is from its target, how peers compare, and how costs grow."""

from collections.abc import Callable, Sequence
from html import escape
from math import ceil, floor, log10
from typing import NamedTuple

from benchmarks.measuring import FASTER, Row
from benchmarks.table import cells

POWER = "power"
"""The unit of how steep a curve is."""

_WIDTH, _LINE, _PANEL = 1_000, 22, 262
_LEFT, _RIGHT = 470, 830
_MET, _MISSED, _SEEN, _INK, _FAINT = "#2b8a3e", "#c92a2a", "#5c7cfa", "#212529", "#ced4da"
_LINES = ("#1c7ed6", "#e8590c", "#2b8a3e", "#862e9c")


class Curve(NamedTuple):
    """How a cost grows: seconds by size; curves of one `panel` are drawn together, whose sizes are of `unit`."""

    panel: str
    name: str
    unit: str
    points: Sequence[tuple[float, float]]


def picture(machine: str, rows: Sequence[Row], curves: Sequence[Curve]) -> str:
    """The whole picture. What could not be measured is left out, and a curve is no bar."""
    shown = [row for row in rows if row.figure is not None and row.unit != POWER]
    judged = [row for row in shown if row.target is not None]
    seen = [row for row in shown if row.target is None and row.unit == FASTER]
    parts: list[str] = []
    top = 54
    if judged:
        top = _bars(parts, top, "Times better than its target (1: just met)", judged, _room)
    if seen:
        top = _bars(
            parts, top, "Times faster than peers that have no target (1: as fast)", seen, lambda _, figure: figure
        )
    top = _panels(parts, top, curves)
    head = _text(16, 24, f"payrules beside its peers: {machine}", size=15) + _text(
        16, 42, "Logarithmic scales. A thin line is the middle half of the turns.", size=11
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top}" viewBox="0 0 {_WIDTH} {top}"'
        f' font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>\n{head}\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


# ---- bars


def _room(row: Row, figure: float) -> float:
    """How many times better than its target a figure is."""
    assert row.target is not None
    return figure / row.target if row.at_least else row.target / figure


def _bars(parts: list[str], top: int, title: str, rows: Sequence[Row], worth: Callable[[Row, float], float]) -> int:
    """A bar for each row, and the top of what comes next."""
    values = [worth(row, figure) for row in rows if (figure := row.figure) is not None]
    low, high = min(-0.5, *map(log10, values)) - 0.05, max(0.5, *map(log10, values)) + 0.05

    def across(value: float) -> float:
        place = (log10(value) - low) / (high - low)
        return _LEFT + (_RIGHT - _LEFT) * min(max(place, 0.0), 1.0)

    bottom = top + 34 + _LINE * len(rows)
    parts.append(_text(16, top + 18, title, size=13))
    for mark in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000):
        if low <= log10(mark) <= high:
            parts.append(_line(across(mark), top + 26, across(mark), bottom, _INK if mark == 1 else _FAINT))
            parts.append(_text(across(mark), top + 22, f"{mark:g}", size=10, anchor="middle"))
    for number, (row, value) in enumerate(zip(rows, values, strict=True)):
        y = top + 30 + _LINE * number
        colour = {True: _MET, False: _MISSED, None: _SEEN}[row.met]
        name = row.workload + (f", beside {row.against}" if row.against else "")
        left, right = sorted((across(1), across(value)))
        parts.append(_text(_LEFT - 8, y + 14, _short(name, 78), size=11, anchor="end"))
        parts.append(
            f'<rect x="{left:.1f}" y="{y + 4}" width="{max(right - left, 1.5):.1f}" height="13" fill="{colour}"/>'
        )
        if row.spread and min(row.spread) > 0:
            ends = [across(worth(row, figure)) for figure in row.spread]
            parts.append(_line(ends[0], y + 10.5, ends[1], y + 10.5, _INK, width=1.5))
        target = "" if row.target is None else f" ({'≥' if row.at_least else '≤'} {row.target:,g})"
        parts.append(_text(_RIGHT + 8, y + 14, f"{cells(row)[2]}{target}", size=11))
    return bottom + 16


# ---- curves


def _panels(parts: list[str], top: int, curves: Sequence[Curve]) -> int:
    """Two panels beside each other, and the top of what comes next."""
    names = list(dict.fromkeys(curve.panel for curve in curves))
    for number, name in enumerate(names):
        left = 70 + number % 2 * 500
        _panel(parts, left, top + number // 2 * _PANEL, [curve for curve in curves if curve.panel == name])
    return top + ceil(len(names) / 2) * _PANEL


def _panel(parts: list[str], left: int, top: int, curves: Sequence[Curve]) -> None:
    width, height, first = 390, 130, top + 34 + 13 * len(curves)
    sizes = [log10(size) for curve in curves for size, _ in curve.points]
    costs = [log10(seconds) for curve in curves for _, seconds in curve.points]
    x0, x1, y0, y1 = min(sizes), max(sizes), floor(min(costs)), ceil(max(costs))

    def at(size: float, seconds: float) -> tuple[float, float]:
        x = left + width * (log10(size) - x0) / max(x1 - x0, 1)
        return x, first + height * (1 - (log10(seconds) - y0) / max(y1 - y0, 1))

    parts.append(_text(left - 54, top + 16, curves[0].panel, size=13))
    for power in range(y0, y1 + 1):
        _, y = at(10**x0, 10.0**power)
        parts.append(_line(left, y, left + width, y, _FAINT))
        parts.append(_text(left - 6, y + 4, _seconds(power), size=10, anchor="end"))
    for power in range(ceil(x0 - 0.01), floor(x1 + 0.01) + 1):
        x, _ = at(10.0**power, 10.0**y0)
        parts.append(_line(x, first, x, first + height, _FAINT))
        parts.append(_text(x, first + height + 14, f"{10**power:,}", size=10, anchor="middle"))
    parts.append(_text(left + width, first + height + 28, curves[0].unit, size=10, anchor="end"))
    for number, curve in enumerate(curves):
        colour = _LINES[number % len(_LINES)]
        places = [at(*point) for point in curve.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        parts.append(_text(left + 6, top + 34 + 13 * number, curve.name, size=10, colour=colour))


def _seconds(power: int) -> str:
    for unit, least in (("s", 0), ("ms", -3), ("µs", -6)):
        if power >= least:
            return f"{10 ** (power - least):,} {unit}"
    return f"{10.0**power:g} s"


# ---- pieces


def _text(x: float, y: float, text: str, *, size: int, anchor: str = "start", colour: str = _INK) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{escape(text)}</text>"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, width: float = 1) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"/>'


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
