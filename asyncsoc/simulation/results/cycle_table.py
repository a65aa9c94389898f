"""The rows of a run's cycles as a data set, and the short table of them that the command line shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.cycle_rows import (
    BLOCKED,
    CHARGE_VOLTAGE,
    CHARGED,
    CYCLE,
    DISCHARGE_VOLTAGE,
    DURATION,
    EFFICIENCY,
    FILM,
    LAG,
    LEAD,
    RESISTANCE,
    SIDE_CHARGE,
    SPECIFIC_CHARGED,
    SPECIFIC_DISCHARGED,
)
from asyncsoc.simulation.results.data import RunData

if TYPE_CHECKING:
    import xarray as xr

_SHOWN = (
    SPECIFIC_CHARGED, SPECIFIC_DISCHARGED, EFFICIENCY, CHARGE_VOLTAGE, DISCHARGE_VOLTAGE, SIDE_CHARGE, FILM, RESISTANCE,
    BLOCKED, DURATION,
)  # fmt: skip
"""Columns of the short table."""


def cycle_dataset(run: RunData) -> xr.Dataset:
    """Return the rows of the cycles along `cycle`, with units as attributes."""
    import xarray as xr

    from asyncsoc.simulation.results.curve_dataset import RunDataset

    rows = dict(run.cycle_rows)
    numbers = rows.pop(CYCLE, np.zeros(0, dtype=np.int64))
    variables = {name: xr.Variable(("cycle",), values, {"units": names.unit_of(name)}) for name, values in rows.items()}
    attributes = {"name": run.name, "case sha256": run.case_sha256, "status": run.status}
    return RunDataset(variables, coords={"cycle": numbers}, attrs=attributes)


def short_table(run: RunData) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return heads and lines of a table of the first and the last cycle that moved charge, and the change between them.

    The change of a capacity is its fade. There are no lines where fewer than two cycles moved charge.
    """
    rows = run.cycle_rows
    if not rows:
        return (), []
    moved = np.flatnonzero(rows[CHARGED] > 0.0)
    if len(moved) < 2:
        return (), []
    first, last = int(moved[0]), int(moved[-1])
    heads = ("per cycle", f"cycle {rows[CYCLE][first]}", f"cycle {rows[CYCLE][last]}", "change")
    lines = []
    for name in (name for name in _SHOWN if name in rows):
        before, after = float(rows[name][first]), float(rows[name][last])
        changed = f"{100.0 * (after / before - 1.0):+.3g} %" if np.isfinite(after) and before > 0.0 else None
        lines.append((name, *(value if np.isfinite(value) else None for value in (before, after)), changed))
    return heads, lines


_FROM_CURVES = (
    "Largest specific capacity [mA.h/g]",
    "Largest asynchrony",
    "Mean SOC at largest asynchrony",
    "Contact-mean SOC at largest asynchrony",
    "Time of largest asynchrony [h]",
    "Side charge per charge moved",
    "Largest extracted capacity [mA.h/g]",
    "Final counted SOC",
)
"""Headline numbers that need the curves of the whole run."""


def headlines(run: RunData, summary: dict[str, Any]) -> dict[str, Any]:
    """Return the headline numbers of a run: those that need the whole curves only where all of these are kept.

    Where they are not, the largest lead and lag of the contact are those of the rows of the cycles.
    """
    if run.jumps is not None:
        summary = summary | {
            "Computed cycles": run.jumps.computed,
            "Estimated error of cycle jumps": run.jumps.error,
        }
    elif run.case.get("output", {}).get("keep_cycles", "all") == "all":
        return summary
    found = {name: value for name, value in summary.items() if name not in _FROM_CURVES}
    for name, column in (("Largest lead of the contact", LEAD), ("Largest lag of the contact", LAG)):
        found[name] = max([found[name], *run.cycle_rows.get(column, np.zeros(0)).tolist()])
    return found
