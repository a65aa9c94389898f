"""What texture and grain boundaries do to the asynchrony and the relaxation of a particle, at equal mean diffusivity.

    python -m benchmarks.grains [--store FILE] [--figure FILE]

A sphere of 7.5 um, 30 % of it under one cap, is charged at C/10 to 4.2 V and rests. Of every particle the mean of the
tensor's trace is that of the isotropic one: only how the layers of its grains lie differs, and what crosses between
grains. Asynchrony at the same mean SOC, the SOC reached at 4.2 V, the time in which the asynchrony falls to 1/e after
the current has stopped, and iterations of the conjugate gradients per time step (seven solves).
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.recorders import curve_names as names
from asyncsoc.solver import integrate as integrator

STORED = Path(__file__).with_suffix(".json")
SOC, REST, GRAINS = 0.3, 60.0, 100
"""Mean SOC at which asynchronies are compared; rest [h]; grains of a particle."""
ANISOTROPIES = (1.0, 10.0, 100.0)
SEEDS = (0, 1, 2)
EXCHANGES = (1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 0.0)
"""h [m/s]; D over a grain is about 1e-14 m2/s / 2.6 um = 4e-9 m/s."""
COLUMNS = (
    "asynchrony at SOC 0.3",
    "SOC at 4.2 V",
    "relaxation time [h]",
    "iterations per step",
    "accepted steps",
    "nodes",
    "process time [s]",
)


def particle(grains: dict[str, Any] | None, mesh: str = "default") -> aso.Case:
    """Return the case; `grains` is its table [particle.grains]."""
    shape = {"radius": "7.5 um", "mesh": mesh, "model": "3d", "edge_levels": 0}
    return aso.Case.from_dict(
        {
            "particle": shape if grains is None else {**shape, "grains": grains},
            "contact": {"kind": "cap", "coverage": 0.3},
            "protocol": {"steps": ["Charge at C/10 until 4.2 V", f"Rest for {REST} hours"]},
            "output": {"fields_every": "10 hours"},
        }
    )


def measured(case: aso.Case) -> dict[str, float | None]:
    """Return a row of the table."""
    bodies, make = [], integrator.problem_arrays

    def kept(*given: Any) -> Any:
        arrays = make(*given)
        bodies.extend(arrays.bodies)
        return arrays

    integrator.problem_arrays = kept  # type: ignore[assignment]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", aso.AsyncsocWarning)  # the errors of meshes are in the page
            # compiled and discretized before it is timed
            aso.simulate(case.with_overrides(["protocol.steps=['Charge at C/10 for 1 minute']"]))
            bodies.clear()
            start = time.process_time()
            found = aso.simulate(case)
        taken = time.process_time() - start
    finally:
        integrator.problem_arrays = make
    return figures(found, float(bodies[0].iterations.sum()), taken)


def figures(found: aso.Solution, iterations: float, taken: float) -> dict[str, float | None]:
    """Return the figures of a run."""
    step, soc = np.asarray(found.curves[names.STEP]), np.asarray(found.curves[names.MEAN_SOC])
    lead, at = np.asarray(found.curves[names.ASYNCHRONY]), np.asarray(found.curves[names.TIME])
    charge, rest = step == 1, step == 2
    last = np.flatnonzero(charge)[-1]
    after, hours = lead[rest] / lead[last], (at[rest] - at[last]) / 3600.0
    fallen, fell = np.flatnonzero(after < np.exp(-1.0)), None
    if len(fallen) and fallen[0] > 0:
        pair = slice(int(fallen[0]) - 1, int(fallen[0]) + 1)
        fell = float(np.interp(1.0, -np.log(after[pair]), hours[pair]))
    count = found.provenance["integrator steps"]["accepted"]
    return {
        COLUMNS[0]: float(np.interp(SOC, soc[charge], lead[charge])) if soc[last] >= SOC else None,
        COLUMNS[1]: float(soc[last]),
        COLUMNS[2]: fell,
        COLUMNS[3]: iterations / count,
        COLUMNS[4]: count,
        COLUMNS[5]: found.mesh.n_nodes,
        COLUMNS[6]: taken,
    }


def described() -> list[tuple[str, dict[str, Any] | None]]:
    """Return the particles of the table with their names."""
    found: list[tuple[str, dict[str, Any] | None]] = [("isotropic", None)]
    for anisotropy in ANISOTROPIES[1:]:
        for kind in ("radial", "tangential"):
            found.append((f"{kind} field, {anisotropy:g}", {"kind": kind, "anisotropy": anisotropy}))
        grains = {"anisotropy": anisotropy, "number": GRAINS}
        found.append((f"radial grains, {anisotropy:g}", {"kind": "radial", **grains}))
        for seed in SEEDS:
            found.append((f"random grains, {anisotropy:g}, seed {seed}", {"kind": "random", "seed": seed, **grains}))
    for anisotropy in (1.0, 100.0):
        for h in EXCHANGES:
            grains = {"kind": "random", "number": GRAINS, "anisotropy": anisotropy, "boundary_exchange": h}
            found.append((f"random grains, {anisotropy:g}, h = {h:g} m/s", grains))
    return found


def table() -> dict[str, dict[str, float | None]]:
    """Return all rows by their names."""
    rows = {}
    for name, grains in described():
        rows[name] = measured(particle(grains))
        print(
            name, *(f"{value:.4g}" if value is not None else "-" for value in rows[name].values()), sep="  ", flush=True
        )
    return rows


def draw(rows: dict[str, dict[str, float | None]], path: str) -> None:
    """Draw asynchrony and relaxation time over anisotropy and over h."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    figure, axes = plt.subplots(2, 2, figsize=(8.0, 5.6), sharey="row", layout="constrained")
    plain = rows["isotropic"]
    for line, (column, label) in enumerate(
        ((COLUMNS[0], "asynchrony at SOC 0.3"), (COLUMNS[2], "relaxation time [h]"))
    ):
        left, right = axes[line]
        for kind, marker in (("radial field", "s"), ("tangential field", "v"), ("radial grains", "o")):
            values = [plain[column], *(rows[f"{kind}, {a:g}"][column] for a in ANISOTROPIES[1:])]
            pairs = [(a, v) for a, v in zip(ANISOTROPIES, values, strict=True) if v is not None]
            left.plot(*zip(*pairs, strict=True), marker=marker, label=kind)
        drawn = [(a, rows[f"random grains, {a:g}, seed {seed}"][column]) for a in ANISOTROPIES[1:] for seed in SEEDS]
        left.plot(*zip(*drawn, strict=True), "x", color="0.3", label="random grains, three seeds")
        for anisotropy, marker in ((1.0, "o"), (100.0, "x")):
            pairs = [(h, rows[f"random grains, {anisotropy:g}, h = {h:g} m/s"][column]) for h in EXCHANGES if h > 0.0]
            pairs = [(h, v) for h, v in pairs if v is not None]
            right.plot(*zip(*pairs, strict=True), marker=marker, label=f"random grains, anisotropy {anisotropy:g}")
        left.set(xscale="log", yscale="log", ylabel=label)
        left.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        left.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        left.yaxis.set_minor_formatter(NullFormatter())
        left.set_xticks(ANISOTROPIES, [f"{a:g}" for a in ANISOTROPIES])
        right.set(xscale="log")
        right.invert_xaxis()
    axes[1][0].set_xlabel("D along the layers over D across them")
    axes[1][1].set_xlabel("exchange of the boundaries h [m/s]")
    axes[0][0].legend(frameon=False, fontsize=8)
    axes[0][1].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Compute the table; keep and draw it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", default=None, help=f"write the table, as {STORED.name}")
    parser.add_argument("--figure", default=None, help="draw the table; a stored one where --store is left out")
    asked = parser.parse_args()
    rows = table() if asked.store or not asked.figure else json.loads(STORED.read_text(encoding="utf-8"))["rows"]
    if asked.store:
        Path(asked.store).write_text(json.dumps({"columns": COLUMNS, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    if asked.figure:
        draw(rows, asked.figure)


if __name__ == "__main__":
    main()
