"""What the documents of virtual experiments were asked, what came out, and the charts that show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.studies.report.content import Block, ChartLine, PageChart, PageGrid, PageTable

Array = NDArray[np.float64]
_MOST_CELLS = 14
_APPARENT, _TRUE = "apparent diffusivity [m2/s]", "true diffusivity [m2/s]"
_REAL, _IMAGINARY, _FREQUENCY = "real impedance [ohm]", "imaginary impedance [ohm]", "frequency [Hz]"
_CRITERION, _ONSET = "criterion [A/m2]", "onset [V]"


@dataclass(frozen=True)
class ExperimentAnswer:
    """What an experiment was asked, what came out, and what shows it."""

    question: str
    answer: str
    blocks: tuple[Block, ...]


def answer_of_experiment(document: Mapping[str, Any]) -> ExperimentAnswer | None:
    """Return what a document of `--json` of gitt, eis, lsv or stxm says; None for other documents.

    Parameters
    ----------
    document
        As read from JSON; what it lacks is left out.
    """
    known: tuple[tuple[tuple[str, ...], Callable[[Mapping[str, Any]], ExperimentAnswer | None]], ...] = (
        ((_APPARENT, _TRUE, "voltage [V]"), _titration),
        ((_FREQUENCY, _REAL, _IMAGINARY), _spectrum),
        ((_CRITERION, _ONSET, "curves"), _windows),
        (("ratio map", "regions", "field of view [m]"), _ratio_map),
    )
    for keys, tell in known:
        if all(key in document for key in keys):
            return tell(document)
    return None


def numbers(value: Any) -> Array:
    """Return a list of numbers and None as an array with NaN; an empty one for anything else."""
    if not isinstance(value, list) or any(isinstance(v, bool) or not isinstance(v, int | float | None) for v in value):
        return np.zeros(0)
    return np.array([np.nan if v is None else v for v in value], dtype=np.float64)


def _titration(document: Mapping[str, Any]) -> ExperimentAnswer | None:
    apparent, true, voltage = (numbers(document[key]) for key in (_APPARENT, _TRUE, "voltage [V]"))
    if not len(apparent) == len(true) == len(voltage) > 0:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = apparent / true
    good = np.isfinite(ratio) & (ratio > 0.0)
    question = f"How far is the diffusivity that a titration of {len(apparent)} pulses would report from the true one?"
    if not good.any():
        return ExperimentAnswer(question, "None of its pulses gives a diffusivity.", ())
    low, middle, high = np.quantile(ratio[good], (0.0, 0.5, 1.0))
    answer = (
        f"The apparent diffusivity is {low:.3g} to {high:.3g} times the true one, {middle:.3g} times in the median: "
        f"{np.median(apparent[good]):.2e} instead of {np.median(true[good]):.2e} m2/s."
    )
    sweeps = _sweeps(document, len(apparent))
    lines = [
        ChartLine(f"{kind}{name}", voltage[chosen], values[chosen])
        for name, chosen in sweeps.items()
        for kind, values in (("apparent", apparent), ("true", true))
    ]
    charts: list[Block] = [
        PageChart("Diffusivity", "Voltage [V]", "Diffusivity [m2/s]", tuple(lines), points=True, log_y=True)
    ]
    for key, title in (("D1", "D1, the square of the ratio of both voltage changes"), ("jump [V]", "Jump of voltage")):
        values = numbers(document.get(key))
        if len(values) == len(voltage):
            parts = tuple(ChartLine(name.strip(", "), voltage[one], values[one]) for name, one in sweeps.items())
            charts.append(PageChart(title, "Voltage [V]", key, parts, points=True))
    film = numbers(document.get("film thickness mean [m]"))
    if len(film) == len(voltage) and film.max(initial=0.0) > 0.0:
        order = np.arange(1.0, len(film) + 1.0)
        charts.append(
            PageChart("Film", "Number of the pulse", "Mean film thickness [m]", (ChartLine("", order, film),))
        )
    return ExperimentAnswer(question, answer, tuple(charts))


def _sweeps(document: Mapping[str, Any], count: int) -> dict[str, NDArray[np.bool_]]:
    """Return which pulses belong to each cycle and direction, by a name that follows a comma; one without any."""
    cycles, ways = document.get("cycle"), document.get("direction")
    if not (isinstance(cycles, list) and isinstance(ways, list) and len(cycles) == len(ways) == count):
        return {"": np.ones(count, dtype=bool)}
    pairs = [f", cycle {cycle}, {way}" for cycle, way in zip(cycles, ways, strict=True)]
    found = {pair: np.array([one == pair for one in pairs], dtype=bool) for pair in dict.fromkeys(pairs)}
    return found if len(found) > 1 else {"": next(iter(found.values()))}


def _spectrum(document: Mapping[str, Any]) -> ExperimentAnswer | None:
    frequency, real, imaginary = (numbers(document[key]) for key in (_FREQUENCY, _REAL, _IMAGINARY))
    if not len(frequency) == len(real) == len(imaginary) > 1:
        return None
    at = document.get("at")
    state = _state(at if isinstance(at, Mapping) else {})
    slow, fast = int(np.argmin(frequency)), int(np.argmax(frequency))
    answer = (
        f"Its real part rises from {real[fast]:.3g} ohm at {frequency[fast]:.3g} Hz to {real[slow]:.3g} ohm at "
        f"{frequency[slow]:.3g} Hz."
    )
    circuit, true = document.get("equivalent circuit"), document.get("interface resistance [ohm]")
    read = circuit.get("interface resistance [ohm]") if isinstance(circuit, Mapping) else None
    if isinstance(read, float) and isinstance(true, float) and true > 0.0:
        answer += (
            f" An experimenter reads an interface resistance of {read:.3g} ohm off it; the true one is {true:.3g} ohm."
        )
    z = np.hypot(real, imaginary)
    whole = (ChartLine("", frequency, z),)
    blocks: list[Block] = [
        PageChart(
            "Nyquist plot",
            "Real impedance [ohm]",
            "\u2212Imaginary impedance [ohm]",
            (ChartLine("", real, -imaginary),),
            "The axes differ in scale.",
            points=True,
        ),
        PageChart("Magnitude", "Frequency [Hz]", "|Z| [ohm]", whole, log_x=True, log_y=True),
        PageChart(
            "Phase",
            "Frequency [Hz]",
            "Phase [degree]",
            (ChartLine("", frequency, np.degrees(np.arctan2(imaginary, real))),),
            log_x=True,
        ),
    ]
    parts = _parts(document.get("parts"), len(frequency))
    if parts:
        lines = tuple(ChartLine(name, frequency, values) for name, values in parts.items())
        blocks.append(
            PageChart("What it is made of", "Frequency [Hz]", "Real part [ohm]", lines, log_x=True, log_y=False)
        )
        largest = max(parts, key=lambda name: parts[name][slow])
        answer += (
            f" At the lowest frequency {largest} is the largest part, {100 * parts[largest][slow] / real[slow]:.3g} %."
        )
    return ExperimentAnswer(f"What is the impedance{state}?", answer, tuple(blocks))


def _state(at: Mapping[str, Any]) -> str:
    """Return where a spectrum was taken, in words that follow another."""
    soc, voltage, step = at.get("mean SOC"), at.get("voltage [V]"), at.get("protocol step")
    words = [f"a mean SOC of {soc:.3f}"] if isinstance(soc, float) else []
    words += [f"{voltage:.3f} V"] if isinstance(voltage, float) else []
    within = f" ({step})" if isinstance(step, str) else ""
    return f" at {' and '.join(words)}{within}" if words else ""


def _parts(parts: Any, count: int) -> dict[str, Array]:
    if not isinstance(parts, Mapping):
        return {}
    found = {str(k): numbers(v.get("real [ohm]")) for k, v in parts.items() if isinstance(v, Mapping)}
    return {name: values for name, values in found.items() if len(values) == count}


def _windows(document: Mapping[str, Any]) -> ExperimentAnswer | None:
    criterion, onsets = numbers(document[_CRITERION]), document[_ONSET]
    if not isinstance(onsets, Mapping) or not len(criterion):
        return None
    found = {str(name): numbers(values) for name, values in onsets.items()}
    found = {name: values for name, values in found.items() if len(values) == len(criterion)}
    lines = tuple(ChartLine(name, criterion, values) for name, values in found.items())
    blocks: list[Block] = [
        PageChart("Onset by criterion", "Criterion, current density [A/m2]", "Onset [V]", lines, log_x=True)
    ]
    blocks += _scans(document["curves"])
    question = "Where does the electrolyte's window end on an inert electrode, and where on the particles?"
    pair = found.get("inert electrode"), found.get("particle, charged")
    answer = "The onsets by criterion are drawn below."
    if pair[0] is not None and pair[1] is not None:
        both = np.flatnonzero(np.isfinite(pair[0]) & np.isfinite(pair[1]))
        ends = (int(both[np.argmin(criterion[both])]), int(both[np.argmax(criterion[both])])) if len(both) else ()
        sentences = [
            f"By a criterion of {criterion[k]:.0e} A/m2 the window ends at {pair[0][k]:.2f} V on the inert electrode "
            f"and at {pair[1][k]:.2f} V on the particle that is charged."
            for k in dict.fromkeys(ends)
        ]
        answer = " ".join(sentences) or answer
    return ExperimentAnswer(question, answer, tuple(blocks))


def _scans(curves: Any) -> list[Block]:
    """Return charts of the scans: {name: {"voltage [V]": [...], "current density [A/m2]": [...], ...}}."""
    if not isinstance(curves, Mapping):
        return []
    charts: list[Block] = []
    for key, title in (("current density [A/m2]", "Current of the side reaction"), ("film thickness [m]", "Film")):
        lines = []
        for name, columns in curves.items():
            if isinstance(columns, Mapping):
                x, y = numbers(columns.get("voltage [V]")), numbers(columns.get(key))
                if len(x) == len(y) > 1:
                    lines.append(ChartLine(str(name), x, y))
        if lines:
            charts.append(PageChart(title, "Voltage [V]", key, tuple(lines), log_y=key.startswith("current")))
    return charts


def _ratio_map(document: Mapping[str, Any]) -> ExperimentAnswer | None:
    regions, seen = numbers(document["regions"]), numbers(document.get("regions as seen"))
    what = str(document.get("ratio", "ratio"))
    time, voltage = document.get("time [s]"), document.get("voltage [V]")
    when = f" {time / 3600.0:.3g} h after the start" if isinstance(time, float) else ""
    when += f", at {voltage:.3f} V" if isinstance(voltage, float) else ""
    blocks: list[Block] = []
    for key, title in (("ratio map", what), ("ratio map as seen", f"{what} as the microscope sees it")):
        grid = _grid(title, document.get(key), document["field of view [m]"])
        if grid is not None:
            blocks.append(grid)
    heads = ("Region, from the contact on", "Ratio", *(("As seen",) if len(seen) == len(regions) else ()))
    rows = tuple(
        (k + 1, float(value), *((float(seen[k]),) if len(seen) == len(regions) else ()))
        for k, value in enumerate(regions)
    )
    blocks.append(PageTable("Mean ratios of the regions", heads, rows))
    answer = f"{what} is {regions[0]:.3g} next to the contact and {regions[-1]:.3g} farthest from it{when}."
    if len(seen) == len(regions):
        answer += f" With the beam's size and counting noise one sees {seen[0]:.3g} and {seen[-1]:.3g}."
    question = f"How much does the {what} ratio differ between the regions of a map through the particle?"
    return ExperimentAnswer(question, answer, tuple(blocks))


def _grid(title: str, pixels: Any, side: Any) -> PageGrid | None:
    """Return means of a square map over a coarse grid; its row 0 is the lowest."""
    if not isinstance(pixels, list) or not isinstance(side, float):
        return None
    rows = [numbers(row) for row in pixels]
    if not rows or len({len(row) for row in rows}) != 1 or not len(rows[0]):
        return None
    values = np.stack(rows)
    places = [1e6 * side * (np.arange(size) + 0.5) / size for size in values.shape]
    note = f"Means over parts of the {values.shape[0]} x {values.shape[1]} pixels."
    return coarse_grid(title, values, places[1], places[0], note)


def coarse_grid(title: str, values: Array, x: Array, y: Array, note: str) -> PageGrid:
    """Return means of a map over a grid of few cells.

    Parameters
    ----------
    values : (n, m)
        NaN outside; row 0 is the lowest.
    x : (m,), y : (n,)
        Places of the pixels [um].
    """
    rows, columns = (min(_MOST_CELLS, size) for size in values.shape)
    cells = np.full((rows, columns), np.nan)
    for i, band in enumerate(np.array_split(values[::-1], rows, axis=0)):
        for j, part in enumerate(np.array_split(band, columns, axis=1)):
            if np.isfinite(part).any():
                cells[i, j] = np.nanmean(part)
    across, up = _centres(x, columns), _centres(y[::-1], rows)
    return PageGrid(title, "x [\u00b5m]", "y [\u00b5m]", across, up, cells, note)


def _centres(places: Array, count: int) -> tuple[str, ...]:
    parts: Sequence[Array] = np.array_split(places, count)
    return tuple(f"{float(part.mean()):.2f}" for part in parts)
