"""Sections about a run of many particles: the particles, and the layers of an electrode."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.salt import SALT
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.results.layers import CURRENT, ELECTROLYTE, SHARE, layer_of_particles, layer_values, positions
from asyncsoc.simulation.results.particles import RADIUS, REALISED, fixed_values, moving_values, particle_table
from asyncsoc.studies.report.content import ChartLine, PageChart, PageGrid, PageSection, PageTable
from asyncsoc.studies.report.parameters import LITHIUM, VOLTAGE, ListedParameters

Array = NDArray[np.float64]
_TONES = 9
_MOST_LINES = 60
_MOST_ROWS = 2000
_HOURS = "Time [h]"
_MOMENTS = 6


def _tones(values: Array) -> list[int]:
    """Return a tone (0 to 8) for each value, from the lowest to the highest."""
    spread = float(np.ptp(values))
    if not spread > 0.0:
        return [0] * len(values)
    return [int(t) for t in np.minimum((values - values.min()) / spread * _TONES, _TONES - 1)]


def group_sections(run: RunData) -> list[PageSection]:
    """Return the sections of a group: curves of the whole, what each particle does, a table of all of them."""
    listed = ListedParameters.of(run)
    moving, fixed = moving_values(run), fixed_values(run)
    hours, coverage = np.asarray(run.columns[names.TIME]) / 3600.0, fixed[REALISED]
    what, scale = _telling(run, coverage)
    tones = _tones(scale)
    count = len(run.particle_runs)
    chosen = np.unique(np.linspace(0, count - 1, min(count, _MOST_LINES)).round().astype(int))
    legend = f"Colours: {what.lower()} from {scale.min():.3g} to {scale.max():.3g}, dark violet to yellow."
    if len(chosen) < count:
        legend += f" {len(chosen)} of {count} particles are drawn."

    def each(name: str, factor: float = 1.0) -> tuple[ChartLine, ...]:
        return tuple(ChartLine(run.particle_runs[k].name, hours, moving[name][k] * factor, tones[k]) for k in chosen)

    lithium, voltage = listed.assumed(LITHIUM), listed.assumed(VOLTAGE)
    whole = (
        PageChart(
            "Cell voltage",
            _HOURS,
            "Voltage [V]",
            (ChartLine("", hours, np.asarray(run.columns[names.VOLTAGE])),),
            assumed=voltage,
        ),
        PageChart(
            "State of charge of the whole",
            _HOURS,
            "State of charge",
            (
                ChartLine("contact mean", hours, np.asarray(run.columns[names.CONTACT_SOC])),
                ChartLine("volume mean", hours, np.asarray(run.columns[names.MEAN_SOC])),
            ),
            assumed=lithium,
        ),
    )
    apparent = "Contact-mean state of charge of a particle minus the mean of all: what the cell does not show."
    charts = [
        PageChart(
            "State of charge of each particle",
            _HOURS,
            "Mean state of charge",
            each(names.MEAN_SOC),
            assumed=lithium,
            tones=legend,
        ),
        PageChart(
            "Apparent asynchrony", _HOURS, "Apparent asynchrony", each(names.APPARENT), apparent, lithium, tones=legend
        ),
        PageChart(
            "Current share", _HOURS, "Share of the current", each(names.CURRENT_SHARE), assumed=voltage, tones=legend
        ),
        PageChart(
            "State of charge at the end",
            what,
            "State of charge",
            (
                ChartLine("particle mean", scale, moving[names.MEAN_SOC][:, -1]),
                ChartLine("under its contact", scale, moving[names.CONTACT_SOC][:, -1]),
            ),
            assumed=lithium,
            points=True,
        ),
    ]
    if names.FILM_MEAN in moving and np.nanmax(moving[names.FILM_MEAN]) > 0.0:
        charts.append(
            PageChart(
                "Film of each particle",
                _HOURS,
                "Mean film [nm]",
                each(names.FILM_MEAN, 1e9),
                assumed=listed.assumed("decomposition"),
                tones=legend,
            )
        )
    sections = [PageSection("Curves", whole), PageSection("Particles", (*charts, _table(run)))]
    if layer_of_particles(run) is not None:
        sections.append(PageSection("Layers", tuple(_layers(run, hours, voltage))))
    return sections


def _telling(run: RunData, coverage: Array) -> tuple[str, Array]:
    """Return the quantity that tells particles apart: coverage; where all have the same, layer or radius."""
    layer = layer_of_particles(run)
    radius = fixed_values(run)[RADIUS] * 1e6
    choices = [("Coverage", coverage), ("Radius [\u00b5m]", radius)]
    if layer is not None:
        choices.insert(1, ("Layer", layer.astype(np.float64)))
    choices.append(("Particle", np.arange(1.0, len(coverage) + 1.0)))
    return next(
        (name, values) for name, values in choices if np.ptp(values) > 1e-6 * np.abs(values).max() or name == "Particle"
    )


def _table(run: RunData) -> PageTable:
    rows = particle_table(run)
    heads = tuple(dict.fromkeys(head for row in rows for head in row))
    left_out = f"{len(rows) - _MOST_ROWS} further particles are left out." if len(rows) > _MOST_ROWS else ""
    cells = tuple(tuple(row.get(head) for head in heads) for row in rows[:_MOST_ROWS])
    return PageTable("All particles (press a head to sort)", heads, cells, note=left_out)


def _layers(run: RunData, hours: Array, assumed: tuple[str, ...]) -> list[PageChart | PageGrid]:
    values, place = layer_values(run), positions(run) * 1e6
    moments = np.unique(np.linspace(0, len(hours) - 1, _MOMENTS).round().astype(int))
    legend = f"Colours: time from {hours[moments[0]]:.3g} h to {hours[moments[-1]]:.3g} h, dark violet to yellow."
    tones = _tones(hours[moments])
    across = "Distance from the separator [\u00b5m]"

    def profile(title: str, name: str, label: str) -> PageChart:
        lines = tuple(
            ChartLine(f"{hours[m]:.3g} h", place, values[name][:, m], tone)
            for m, tone in zip(moments, tones, strict=True)
        )
        return PageChart(title, across, label, lines, assumed=assumed, tones=legend)

    found: list[PageChart | PageGrid] = [
        profile("State of charge through the electrode", names.MEAN_SOC, "Mean state of charge"),
        profile(
            "Current of the layers", SHARE if np.isfinite(values[SHARE]).any() else CURRENT, "Share of the current"
        ),
        profile("Potential of the electrolyte", ELECTROLYTE, "Potential [V]"),
    ]
    if SALT in values:
        found.append(profile("Salt in the electrode", SALT, "Concentration [mol/m\u00b3]"))
    columns = tuple(f"{hours[m]:.3g} h" for m in moments)
    rows = tuple(f"{k + 1} ({p:.3g} \u00b5m)" for k, p in enumerate(place))
    found.append(
        PageGrid(
            "State of charge by layer and time",
            "Time",
            "Layer",
            columns,
            rows,
            values[names.MEAN_SOC][:, moments],
            assumed=assumed,
        )
    )
    return found
