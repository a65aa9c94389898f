"""Two particles at one potential: what Raman would see of them, and a poor particle beside a good electrode.

    python -m benchmarks.two_particles [--store FILE] [--figure FILE]

*Raman.* Particles of coverage 0.1 and 0.95, equally many, charge and discharge twice at C/10; then they rest, together
or each isolated (r infinite). Mean stoichiometries at the end of the discharges and along the rest.

*A particle of coverage 0.3 beside an electrode of 0.95.* A thousand well covered particles stand for the electrode, so
that the cell is theirs; a C/10 charge. By how much its contact is behind the cell, ahead of its own mean, and which
current it carries.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.problem.build import prepare
from asyncsoc.problem.particles import Group, Problem
from asyncsoc.recorders import curve_names as names
from asyncsoc.solver.integrate import integrate

STORED = Path(__file__).with_suffix(".json")
POOR, WELL = 0.1, 0.95
RAMAN = ((3e-15, 3.4, 7.5e-6), (1e-14, 2.8, 7.5e-6), (3e-15, 3.4, 2.5e-6), (1e-14, 2.8, 2.5e-6))
"""Constant D [m2/s], end of discharge [V] and radius [m]."""
RESTS = (1.0, 10.0)
"""h."""


def particle(
    coverage: float, steps: list[str], diffusivity: float | None = None, mesh: str = "default", radius: float = 7.5e-6
) -> aso.Case:
    """Return a particle at 60 degC."""
    given: dict[str, Any] = {} if diffusivity is None else {"material": {"diffusivity": diffusivity}}
    return aso.Case.from_dict(
        {
            "particle": {"mesh": mesh, "radius": radius},
            "contact": {"kind": "cap", "coverage": coverage},
            "protocol": {"steps": steps},
            "output": {"fields_every": "1 hour"},
            **given,
        }
    )


def raman(diffusivity: float, end: float, radius: float, mesh: str = "default") -> dict[str, Any]:
    """Return mean stoichiometries (poor, well) at the end of two discharges and along a rest, together and isolated."""
    steps = ["Charge at C/10 until 4.2 V", f"Discharge at C/10 until {end} V"] * 2
    cases = [particle(coverage, steps, diffusivity, mesh, radius) for coverage in (POOR, WELL)]
    group = aso.simulate_particles(cases)
    step = group.columns[names.STEP]
    ends = {
        f"end of discharge {cycle}": _pair(
            one.columns[names.MEAN_X][np.flatnonzero(step == 2 * cycle)[-1]] for one in group.particle_runs
        )
        for cycle in (1, 2)
    }
    rest = [
        prepare(particle(coverage, [*steps, "Rest for 10 hours"], diffusivity, mesh, radius))
        for coverage in (POOR, WELL)
    ]
    members = [replace(setup.member, x=one.field_x[-1]) for setup, one in zip(rest, group.particle_runs, strict=True)]
    about = {"D [m2/s]": diffusivity, "end of discharge [V]": end, "radius [m]": radius}
    found: dict[str, Any] = {**about, **ends}
    for what, ohms in (("together", ()), ("isolated", (float("inf"), 0.0))):
        means = rested(members, [setup.system for setup in rest], [s.operators.mass for s in rest], ohms)
        for hours in RESTS:
            found[f"after {hours:g} h of rest, {what}"] = means[hours]
    return found


def rested(members: Any, systems: Any, masses: Any, ohms: tuple[float, ...]) -> dict[float, list[float]]:
    """Return the mean stoichiometries of two particles at times of a rest [h]."""
    shared = systems[0] is systems[1]
    meshes = (systems[0],) if shared else tuple(systems)
    first = members[0]
    group = Group(
        tuple(members), first.constraints[-1:], first.tolerance, meshes=(0, 0) if shared else (0, 1), resistances=ohms
    )
    keepers = [Keeper(mass) for mass in masses]
    (outcome,) = integrate(Problem(meshes, (group,)), [[keeper] for keeper in keepers])
    if outcome.error is not None:
        raise outcome.error
    return {hours: _pair(keeper.means[hours] for keeper in keepers) for hours in RESTS}


class Keeper:
    """Keeps the mean stoichiometry of a particle at `RESTS`."""

    def __init__(self, mass: np.ndarray) -> None:
        self._mass, self.means = mass / mass.sum(), dict[float, float]()

    def start(self, state: Any, constraint: Any) -> None:
        """Nothing to keep."""

    def step(self, step: Any) -> None:
        """Keep the times that lie within a step."""
        for hours in RESTS:
            if step.start_time < 3600.0 * hours <= step.end.time * (1.0 + 1e-12):
                self.means[hours] = float(self._mass @ step.at(min(3600.0 * hours, step.end.time)).x)


def beside(mesh: str = "default") -> tuple[dict[str, Any], Any]:
    """Return what a particle of coverage 0.3 does beside an electrode of 0.95, and the solution."""
    steps = ["Charge at C/10 until 4.2 V"]
    group = aso.simulate_particles(
        [particle(0.3, steps, mesh=mesh), particle(WELL, steps, mesh=mesh)], [1.0, 1000.0], names=["poor", "electrode"]
    )
    poor = group.particles.sel(particle="poor")
    time = group.columns[names.TIME]
    lead, own = poor["Apparent asynchrony"].values, poor["Asynchrony"].values
    mean = poor["Current [A]"].values / (group.columns[names.CURRENT] / 1001.0)
    late = time > 0.02 * time[-1]
    # over the charge: weighted by time, since rows are denser where steps are short
    grid = np.linspace(0.0, time[-1], 2001)
    behind = -np.interp(grid, time, lead)
    low, middle, high = np.quantile(behind, [0.1, 0.5, 0.9])
    return {
        "contact behind the cell, 10 % / median / 90 % of the time [SOC]": [float(low), float(middle), float(high)],
        "share of the charge 0.025 to 0.051 behind": float(((behind >= 0.025) & (behind <= 0.051)).mean()),
        "largest lead of the contact over the cell [SOC]": float(lead.max()),
        "largest lag of the contact behind the cell [SOC]": float(-lead.min()),
        "largest lead of the contact over its own mean [SOC]": float(own.max()),
        "current over that of a mean particle, least and largest after 2 % of the charge": [
            float(mean[late].min()),
            float(mean[late].max()),
        ],
        "end": group.stop_reason,
    }, group


def _pair(values: Any) -> list[float]:
    return [round(float(value), 6) for value in values]


def draw(rows: list[dict[str, Any]], group: Any, path: Path) -> None:
    """Draw the contact of the poor particle against the cell, its current, and what Raman sees."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.5, 3.6), layout="constrained")
    first, second, third = figure.subplots(1, 3)
    poor = group.particles.sel(particle="poor")
    cell, hours = group.curves["Mean SOC"].values, group.columns[names.TIME] / 3600.0
    first.plot(hours, poor["Apparent asynchrony"], color="#0072b2", label="under the contact minus the cell")
    first.plot(hours, poor["Asynchrony"], color="#d55e00", label="under the contact minus its own mean")
    first.plot(hours, poor["Mean SOC"] - cell, color="0.5", label="its own mean minus the cell")
    first.axhline(0.0, color="0.2", linewidth=0.8)
    first.set(xlabel="Time [h]", ylabel="SOC", title="f = 0.3 beside an electrode of 0.95", ylim=(-0.28, 0.15))
    first.legend(fontsize=8, loc="lower left")
    second.plot(hours, poor["Current [A]"] / (group.columns[names.CURRENT] / 1001.0), color="#0072b2")
    second.axhline(1.0, color="0.5", linestyle="--", linewidth=0.8)
    second.set(xlabel="Time [h]", ylabel="Its current over C/10", title="What it carries", ylim=(0.0, None))
    states = ("end of discharge 1", "end of discharge 2", *(f"after {h:g} h of rest, together" for h in RESTS))
    for row, colour in zip(rows, ("#0072b2", "#d55e00", "#56b4e9", "#e69f00"), strict=True):
        label = f"D = {row['D [m2/s]']:.0e} m²/s, R = {1e6 * row['radius [m]']:g} µm"
        together = [row[state][1] - row[state][0] for state in states]
        third.plot(range(4), together, "o-", color=colour, label=label)
        apart = [row["end of discharge 2"], *(row[f"after {h:g} h of rest, isolated"] for h in RESTS)]
        third.plot(range(1, 4), [pair[1] - pair[0] for pair in apart], "o:", color=colour, markerfacecolor="white")
    third.set_xticks(range(4), ["discharge 1", "discharge 2", "1 h rest", "10 h rest"])
    third.set(ylabel="x (f = 0.95) - x (f = 0.1)", title="After discharge; dotted: isolated", ylim=(0.0, 0.31))
    third.legend(fontsize=8, loc="upper right")
    figure.savefig(path, dpi=110)


def main() -> int:
    """Run, store, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=STORED)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    rows = [raman(*setting) for setting in RAMAN]
    numbers, group = beside()
    found = {"raman, mean x of coverage 0.1 and 0.95": rows, "coverage 0.3 beside an electrode of 0.95": numbers}
    options.store.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.figure is not None:
        draw(rows, group, options.figure)
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
