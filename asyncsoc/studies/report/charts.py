"""Charts as SVG: they are there in print and without scripts; a script reads values off the same numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.studies.report.content import ChartLine, ContactPicture, PageChart, PageGrid

Array = NDArray[np.float64]
WIDTH, HEIGHT = 480, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 14, 12, 46
_CHARACTER, _LABEL = 7.0, 28.0
"""Width of a character of a tick at most, and of the label beside the ticks with its margins."""
_MOST_POINTS = 500
_TONES, _LINES = 9, 8


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round values from `low` to `high`, at most `most` + 1."""
    if not high > low:
        return [low]
    raw = (high - low) / most
    decade = 10.0 ** math.floor(math.log10(raw))
    step = next(decade * n for n in (1.0, 2.0, 2.5, 5.0, 10.0) if decade * n >= raw * (1.0 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [
        round(k * step, 12 - math.floor(math.log10(step))) for k in range(first, math.floor(high / step + 1e-9) + 1)
    ]


def _decades(low: float, high: float) -> list[float]:
    found = [10.0**k for k in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)]
    return found[:: max(1, math.ceil(len(found) / 7))] or [low]


@dataclass(frozen=True)
class ChartAxis:
    """Where values are on a side of a chart."""

    low: float
    high: float
    log: bool

    def part(self, value: float) -> float:
        """Return the place of a value: 0 at the lower end, 1 at the upper one."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return the values with a tick."""
        return _decades(self.low, self.high) if self.log else ticks(self.low, self.high)


def axis_of(values: Array, *, log: bool, margin: float) -> ChartAxis:
    """Return an axis that holds all finite values (positive ones where it is logarithmic)."""
    known = values[np.isfinite(values) & ((values > 0.0) | (not log))]
    if not known.size:
        return ChartAxis(0.1 if log else 0.0, 1.0, log)
    low, high = float(known.min()), float(known.max())
    if log:
        spread = max(high / low, 1.05) ** margin if high > low else 3.0
        return ChartAxis(low / spread, high * spread, log)
    room = margin * (high - low) if high - low > 1e-9 * max(abs(low), abs(high)) else max(abs(high) * 0.05, 1e-12)
    return ChartAxis(low - room, high + room, log)


def thinned(line: ChartLine, most: int = _MOST_POINTS) -> tuple[Array, Array]:
    """Return a line with at most `most` points: of more, those where it changes most, in their order.

    Ends, and the lowest and highest value of equal stretches are kept, so that no peak is lost.
    """
    x, y = np.asarray(line.x, dtype=np.float64), np.asarray(line.y, dtype=np.float64)
    if len(x) <= most:
        return x, y
    stretches = np.array_split(np.arange(len(x)), most // 2 - 1)
    filled = np.where(np.isfinite(y), y, np.nan)
    kept = {0, len(x) - 1}
    for stretch in stretches:
        part = filled[stretch]
        if np.isfinite(part).any():
            kept |= {int(stretch[np.nanargmin(part)]), int(stretch[np.nanargmax(part)])}
        else:
            kept.add(int(stretch[0]))
    places = np.array(sorted(kept))
    return x[places], y[places]


def shown(value: float) -> str:
    """Return a number as ticks and cells show it."""
    return "0" if value == 0.0 else f"{value:.4g}".replace("-", "\u2212")


def tone_of(line: ChartLine, place: int) -> str:
    """Return the class that colours a line."""
    return f"q{line.tone % _TONES}" if line.tone is not None else f"s{place % _LINES}"


def _text(x: float, y: float, text: str, extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{extra}>{escape(text)}</text>'


def _frame(chart: PageChart, across: ChartAxis, up: ChartAxis) -> tuple[list[str], tuple[float, float, float, float]]:
    widest = max(len(shown(value)) for value in up.ticks())
    left = max(_LEFT, _LABEL + _CHARACTER * widest)
    box = (left, _TOP, WIDTH - left - _RIGHT, HEIGHT - _TOP - _BOTTOM)
    left, top, width, height = box
    parts = []
    for value in up.ticks():
        y = top + height * (1.0 - up.part(value))
        parts.append(f'<line class="grid" x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(left - 6, y + 4, shown(value), ' class="tick" text-anchor="end"'))
    for value in across.ticks():
        x = left + width * across.part(value)
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{top + height}" y2="{top + height + 4}"/>')
        end = x + 0.5 * _CHARACTER * len(shown(value)) > WIDTH - 2.0  # the last one would not be seen whole
        place, anchor = (WIDTH - 2.0, "end") if end else (x, "middle")
        parts.append(_text(place, top + height + 17, shown(value), f' class="tick" text-anchor="{anchor}"'))
    parts.append(f'<line class="axis" x1="{left}" x2="{left + width}" y1="{top + height}" y2="{top + height}"/>')
    parts.append(_text(left + width / 2, HEIGHT - 8, chart.x_label, ' text-anchor="middle"'))
    middle = top + height / 2
    parts.append(_text(13, middle, chart.y_label, f' text-anchor="middle" transform="rotate(-90 13 {middle:.1f})"'))
    return parts, box


def chart_svg(chart: PageChart) -> tuple[str, dict[str, Any]]:
    """Return a chart as SVG, and the numbers that the script reads off it."""
    thin = [thinned(line) for line in chart.lines]
    across = axis_of(np.concatenate([x for x, _ in thin]), log=chart.log_x, margin=0.03 if chart.points else 0.0)
    up = axis_of(np.concatenate([y for _, y in thin]), log=chart.log_y, margin=0.06)
    parts, (left, top, width, height) = _frame(chart, across, up)
    for place, (line, (xs, ys)) in enumerate(zip(chart.lines, thin, strict=True)):
        tone = tone_of(line, place)
        inside = np.isfinite(xs) & np.isfinite(ys) & ((xs > 0) | (not chart.log_x)) & ((ys > 0) | (not chart.log_y))
        spots = [
            (left + width * across.part(float(x)), top + height * (1.0 - up.part(float(y)))) if good else None
            for x, y, good in zip(xs, ys, inside, strict=True)
        ]
        if chart.points:
            parts += [f'<circle class="dot {tone}" cx="{p[0]:.1f}" cy="{p[1]:.1f}" r="3.5"/>' for p in spots if p]
            continue
        path, pen = [], "M"
        for spot in spots:
            if spot is None:
                pen = "M"
                continue
            path.append(f"{pen}{spot[0]:.1f} {spot[1]:.1f}")
            pen = "L"
        weight = " thin" if len(chart.lines) > _LINES else ""
        parts.append(f'<path class="line{weight} {tone}" d="{"".join(path)}"/>')
    parts.append(f'<line class="cursor" hidden="" x1="0" x2="0" y1="{top}" y2="{top + height}"/><g class="spots"></g>')
    data = {
        "size": [WIDTH, HEIGHT],
        "box": [left, top, width, height],
        "x": [across.low, across.high],
        "y": [up.low, up.high],
        "logX": chart.log_x,
        "logY": chart.log_y,
        "points": chart.points,
        "xLabel": chart.x_label,
        "series": [
            {"name": line.name or chart.y_label, "tone": tone_of(line, place), "x": _rounded(x), "y": _rounded(y)}
            for place, (line, (x, y)) in enumerate(zip(chart.lines, thin, strict=True))
        ],
    }
    return _svg(parts, f"{chart.title}: {chart.y_label} over {chart.x_label}"), data


def _rounded(values: Array) -> list[float | None]:
    return [float(f"{v:.6g}") if math.isfinite(v) else None for v in values]


def _svg(parts: list[str], label: str, height: float = HEIGHT) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(label)}">'
    return head + "".join(parts) + "</svg>"


_MAP = (
    (68, 1, 84), (72, 40, 120), (62, 74, 137), (49, 104, 142), (38, 130, 142), (31, 158, 137), (53, 183, 121),
    (109, 205, 89), (180, 222, 44), (253, 231, 37),
)  # fmt: skip


def colour_of(share: float) -> tuple[int, int, int]:
    """Return the colour of a place between the lowest value (0) and the highest (1)."""
    place = min(max(share, 0.0), 1.0) * (len(_MAP) - 1)
    k = min(int(place), len(_MAP) - 2)
    return tuple(round(a + (place - k) * (b - a)) for a, b in zip(_MAP[k], _MAP[k + 1], strict=True))  # type: ignore[return-value]


def grid_svg(grid: PageGrid) -> str:
    """Return a map of cells as SVG, every cell with its value."""
    rows, columns = grid.values.shape
    left, top, width = 100.0, 26.0, WIDTH - 100.0 - _RIGHT
    cell, height = width / columns, min(46.0, max(20.0, 220.0 / rows))
    known = grid.values[np.isfinite(grid.values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    parts = []
    for i in range(rows):
        y = top + i * height
        parts.append(_text(left - 6, y + height / 2 + 4, grid.rows[i], ' class="tick" text-anchor="end"'))
        for j in range(columns):
            value = float(grid.values[i, j])
            x = left + j * cell
            place = f'x="{x:.1f}" y="{y:.1f}" width="{cell:.1f}" height="{height:.1f}"'
            if not math.isfinite(value):
                parts.append(f'<rect class="empty" {place}><title>no value</title></rect>')
                continue
            red, green, blue = colour_of((value - low) / (high - low) if high > low else 0.5)
            parts.append(f'<rect fill="rgb({red},{green},{blue})" {place}/>')
            if cell >= 42.0:
                ink = "dark" if 0.299 * red + 0.587 * green + 0.114 * blue > 120 else "bright"
                parts.append(
                    f'<text class="{ink}" x="{x + cell / 2:.1f}" '
                    f'y="{y + height / 2 + 4:.1f}" text-anchor="middle">{escape(f"{value:.3g}")}</text>'
                )
    foot = top + rows * height
    every = max(1, math.ceil(columns / 8))
    for j in range(0, columns, every):
        parts.append(_text(left + (j + 0.5) * cell, foot + 17, grid.columns[j], ' class="tick" text-anchor="middle"'))
    parts.append(_text(left + width / 2, foot + 38, grid.x_label, ' text-anchor="middle"'))
    parts.append(_text(6, 16, grid.y_label))
    return _svg(parts, f"{grid.title} over {grid.x_label} and {grid.y_label}", foot + 46.0)


def contact_svg(picture: ContactPicture) -> str:
    """Return the contact on an equal-area map of the surface as SVG; parts of a row with one colour are one piece."""
    rows, columns = picture.share.shape
    left, top, width, height = 52.0, 10.0, WIDTH - 52.0 - 14.0, 210.0
    classes = np.ceil(np.clip(picture.share, 0.0, 1.0) * 4.0 - 1e-6).astype(int)
    parts = []
    for i in range(rows):
        edges = np.flatnonzero(np.diff(classes[i])) + 1
        for start, stop in zip([0, *edges.tolist()], [*edges.tolist(), columns], strict=True):
            parts.append(
                f'<rect class="c{classes[i, start]}" x="{left + start * width / columns:.1f}" '
                f'y="{top + i * height / rows:.2f}" width="{(stop - start) * width / columns + 0.3:.1f}" '
                f'height="{height / rows + 0.3:.2f}"/>'
            )
    for longitude, level, label in picture.spots:
        y = top + height * (1.0 - level) / 2.0
        if longitude is None:
            parts.append(f'<line class="spot" x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(_text(left + 4, y - 4 if y > 24 else y + 14, label))
        else:
            x = left + width * (longitude + 180.0) / 360.0
            parts.append(f'<circle class="spot" cx="{x:.1f}" cy="{y:.1f}" r="6"/>')
            parts.append(_text(x + 9, y + 4, label))
    for degrees in (-180, -90, 0, 90, 180):
        x = left + width * (degrees + 180) / 360
        parts.append(
            _text(x, top + height + 17, f"{degrees}\u00b0".replace("-", "\u2212"), ' class="tick" text-anchor="middle"')
        )
    for level in (-1.0, 0.0, 1.0):
        y = top + height * (1.0 - level) / 2.0
        parts.append(_text(left - 6, y + 5, shown(level), ' class="tick" text-anchor="end"'))
    parts.append(_text(left + width / 2, top + height + 38, "Longitude", ' text-anchor="middle"'))
    middle = top + height / 2
    parts.append(
        _text(13, middle, "Height over radius", f' text-anchor="middle" transform="rotate(-90 13 {middle:.1f})"')
    )
    return _svg(parts, picture.title, top + height + 46.0)
