"""The rows of cycles that were jumped over, interpolated between those of computed cycles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders.cycle_rows import (
    ALWAYS,
    BLOCKED,
    COMPUTED,
    CYCLE,
    DURATION,
    FILM,
    RESISTANCE,
    SIDE_CHARGE,
    WITH_SIDE_REACTION,
)
from asyncsoc.simulation.cycle_extrapolation import interpolated, interpolated_growth
from asyncsoc.simulation.results.data import RunData

Rows = Mapping[str, NDArray[Any]]


def with_jumped_rows[R: RunData](run: R, start: RunData | None) -> R:
    """Return a run whose rows of cycles say which were computed, with rows for the cycles left out before the last.

    Parameters
    ----------
    run
        The solution; its last cycle was computed.
    start
        The solution from which that cycle was computed, with the steps left out; None where none were.
    """
    runs = tuple(with_jumped_rows(one, start and start.particle_runs[j]) for j, one in enumerate(run.particle_runs))
    rows = dict(run.cycle_rows)
    if rows:
        known = rows.get(COMPUTED, np.ones(0))
        rows[COMPUTED] = np.concatenate([known, np.ones(len(rows[CYCLE]) - len(known))])
        if start is not None:
            rows = _filled(rows, start)
    return replace(run, cycle_rows=rows, particle_runs=runs)


def _filled(rows: Rows, start: RunData) -> dict[str, NDArray[Any]]:
    cycle = rows[CYCLE]
    places = np.flatnonzero(rows[COMPUTED] > 0.0)[-3:]
    numbers = cycle[places].tolist()
    between = np.arange(numbers[-2] + 1, numbers[-1])
    found: dict[str, NDArray[Any]] = {CYCLE: between, COMPUTED: np.zeros(len(between))}
    for name in (*ALWAYS[1:], *WITH_SIDE_REACTION):
        if name in rows:
            given = [rows[name][place] for place in places]
            made = interpolated_growth if name == SIDE_CHARGE else interpolated
            found[name] = np.clip(made(numbers, given, between), min(given), max(given))
    own = rows.get(SIDE_CHARGE, np.zeros(len(cycle)))[places[-1]]
    grown = np.cumsum(np.append(found.get(SIDE_CHARGE, np.zeros(len(between))), own))
    if grown[-1] > 0.0:
        for name in (FILM, RESISTANCE, BLOCKED):  # they follow the film, as the charge that made it
            if name in rows:
                first, last = rows[name][places[-2]], rows[name][places[-1]]
                found[name] = first + (last - first) * grown[:-1] / grown[-1]
    found[DURATION] = np.array([sum(s.duration for s in start.steps if s.cycle == c) for c in between.tolist()])
    order = np.argsort(np.concatenate([cycle, between]), kind="stable")
    return {name: np.concatenate([values, found[name]])[order] for name, values in rows.items()}
