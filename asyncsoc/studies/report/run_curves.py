"""Charts of runs of single particles, one run or several side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.cycle_rows import CYCLE
from asyncsoc.simulation.results.data import RunData
from asyncsoc.studies.report.content import ChartLine, PageChart, PageSection
from asyncsoc.studies.report.parameters import DECOMPOSITION, LITHIUM, VOLTAGE, ListedParameters

Array = NDArray[np.float64]
Runs = Sequence[tuple[str, RunData]]

_HOURS = "Time [h]"
_SPLIT = (names.CONCENTRATION, names.KINETIC, names.FILM, names.SERIES)


def curve_sections(runs: Runs) -> list[PageSection]:
    """Return the sections with charts of runs: voltage and states of charge, side reaction, cycles."""
    listed = ListedParameters.of(runs[0][1])
    charts = [*_electrical(runs, listed), *_lithium(runs, listed)]
    sections = [PageSection("Curves", tuple(charts))]
    side = _side_reaction(runs, listed)
    if side:
        sections.append(PageSection("Side reaction and film", tuple(side)))
    cycles = _cycles(runs, listed)
    if cycles:
        sections.append(PageSection("Cycles", tuple(cycles)))
    return sections


def _hours(run: RunData) -> Array:
    return np.asarray(run.columns[names.TIME]) / 3600.0


def over_time(runs: Runs, curves: Sequence[tuple[str, str]], factor: float = 1.0) -> tuple[ChartLine, ...]:
    """Return lines over time: of each run each curve (name, what its legend says) that the run has."""
    lines = []
    for run_name, run in runs:
        for curve, label in curves:
            if curve in run.columns and np.isfinite(run.columns[curve]).any():
                parts = [run_name] if len(runs) > 1 else []
                parts += [label] if len(curves) > 1 else []
                lines.append(ChartLine(", ".join(parts), _hours(run), np.asarray(run.columns[curve]) * factor))
    return tuple(lines)


def _electrical(runs: Runs, listed: ListedParameters) -> list[PageChart]:
    assumed = listed.assumed(VOLTAGE)
    charts = [
        PageChart(
            "Cell voltage", _HOURS, "Voltage [V]", over_time(runs, [(names.VOLTAGE, "voltage")]), assumed=assumed
        ),
        PageChart(
            "Voltage against capacity",
            "Specific capacity [mAh/g]",
            "Voltage [V]",
            tuple(
                ChartLine(
                    name if len(runs) > 1 else "",
                    np.asarray(run.columns[names.CAPACITY]),
                    np.asarray(run.columns[names.VOLTAGE]),
                )
                for name, run in runs
            ),
            assumed=assumed,
        ),
    ]
    if len(runs) == 1 and all(name in runs[0][1].columns for name in _SPLIT):
        curves = [(name, name.partition(" overpotential")[0].lower()) for name in _SPLIT]
        lines = over_time(runs, curves, 1e3)
        note = "The four add up to the voltage minus the open-circuit potential at the mean stoichiometry."
        charts.append(PageChart("Where the voltage is lost", _HOURS, "Overpotential [mV]", lines, note, assumed))
    return charts


def _lithium(runs: Runs, listed: ListedParameters) -> list[PageChart]:
    assumed = listed.assumed(LITHIUM)
    soc = over_time(runs, [(names.CONTACT_SOC, "contact mean"), (names.MEAN_SOC, "particle mean")])
    charts = [
        PageChart("State of charge under the contact and on average", _HOURS, "State of charge", soc, assumed=assumed)
    ]
    ahead = tuple(
        ChartLine(
            name if len(runs) > 1 else "",
            np.asarray(run.columns[names.MEAN_SOC]),
            np.asarray(run.columns[names.ASYNCHRONY]),
        )
        for name, run in runs
    )
    note = "Contact-mean minus mean state of charge: positive where the contact runs ahead, as in a charge."
    charts.append(PageChart("Asynchrony", "Mean state of charge", "Asynchrony", ahead, note, assumed))
    extremes = over_time(runs, [(names.MAXIMUM_X, "largest"), (names.MEAN_X, "mean"), (names.MINIMUM_X, "smallest")])
    charts.append(PageChart("Stoichiometry in the particle", _HOURS, "Stoichiometry x", extremes, assumed=assumed))
    valence = runs[0][1].valence
    if valence is not None:
        shares = [(name, name.rpartition(" at ")[2]) for name in names.valence_curves(valence)]
        found = over_time(runs, shares)
        if found:
            charts.append(PageChart(f"Ratio {valence.ratio_name}", _HOURS, valence.ratio_name, found, assumed=assumed))
    coverage = over_time(runs, [(names.COVERAGE, "coverage")])
    if coverage:
        charts.append(PageChart("Coverage", _HOURS, "Coverage", coverage, "Stated in the case, not computed."))
    return charts


def _side_reaction(runs: Runs, listed: ListedParameters) -> list[PageChart]:
    assumed = listed.assumed(DECOMPOSITION)
    wanted: tuple[tuple[str, str, list[tuple[str, str]], float, bool], ...] = (
        (
            "Film on the contact",
            "Film thickness [nm]",
            [(names.FILM_MEAN, "mean"), (names.FILM_MAX, "largest")],
            1e9,
            False,
        ),
        (
            "Risk against full coverage",
            "Risk",
            [(names.RISK_MEAN, "area mean"), (names.RISK_MAX, "largest")],
            1.0,
            True,
        ),
        ("Side current", "Side current [nA]", [(names.SIDE_CURRENT, "side current")], 1e9, False),
        ("Interface resistance", "Resistance [ohm]", [(names.INTERFACE_RESISTANCE, "resistance")], 1.0, False),
        ("Contact above the risk threshold", "Share of contact", [(names.RISK_SHARE, "share")], 1.0, False),
    )
    notes = {
        "Risk against full coverage": "Local decomposition rate over that of the same particle, fully covered, at "
        "equal mean stoichiometry and temperature; there is a gap where the latter has no such state.",
    }
    charts = []
    for title, label, curves, factor, log in wanted:
        lines = over_time(runs, curves, factor)
        if lines and any(np.nanmax(np.abs(line.y)) > 0.0 for line in lines):
            charts.append(PageChart(title, _HOURS, label, lines, notes.get(title, ""), assumed, log_y=log))
    split = [
        (names.RISK_KINETIC, "kinetic potential"), (names.RISK_CONCENTRATION, "concentration potential"),
        (names.RISK_REACTION, "reaction energy"), (names.RISK_REMAINDER, "film and spread"),
    ]  # fmt: skip
    if len(runs) == 1 and over_time(runs, split):
        note = "The factors multiply to the largest local risk."
        charts.append(
            PageChart(
                "What makes the largest risk", _HOURS, "Factor", over_time(runs, split), note, assumed, log_y=True
            )
        )
    return charts


_OF_CYCLES: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("Capacity over cycles", "Capacity [mAh/g]", lambda name: "capacity" in name.lower() and "[mA.h/g]" in name),
    ("Efficiency over cycles", "Efficiency", lambda name: "efficiency" in name.lower()),
)


def _cycles(runs: Runs, listed: ListedParameters) -> list[PageChart]:
    charts = []
    for title, label, chosen in _OF_CYCLES:
        lines = []
        for run_name, run in runs:
            rows = run.cycle_rows
            if len(rows.get(CYCLE, ())) < 2:
                continue
            for name in filter(chosen, rows):
                if np.isfinite(rows[name]).any():
                    short = name.partition(" [")[0]
                    text = f"{run_name}, {short}" if len(runs) > 1 else short
                    lines.append(ChartLine(text, np.asarray(rows[CYCLE], dtype=np.float64), np.asarray(rows[name])))
        if lines:
            charts.append(
                PageChart(
                    title, "Cycle", label, tuple(lines), assumed=listed.assumed(VOLTAGE), points=len(lines[0].x) < 40
                )
            )
    return charts
