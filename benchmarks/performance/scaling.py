"""Cost against unknowns: one C/10 charge of 3-D spheres from 2e3 to 3e5 nodes at the default tolerance.

Every size is discretized in one process and charged in another, so that the memory of dolfinx does not hide that of
the charge. The meshes are of the family of the shipped ones, all lengths in proportion, made on the spot in seconds.
The exponent is that of a fit of log time over log unknowns from 7 thousand on.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.performance import counting
from benchmarks.performance.factors import Factor, Part
from benchmarks.performance.measuring import forget_peak, in_a_process, peak
from benchmarks.reporting import clock, require, table

FREQUENCIES = (8, 12, 20, 32, 48)
"""2.1, 6.3, 27, 94 and 314 thousand nodes."""
QUICK_FREQUENCIES = (8, 12, 14)
FITTED_FROM = 6000
LARGEST_EXPONENT = 1.2
MOST_BYTES = 2500.0
MEAN_ERROR = 1e-9
COVERAGE = 0.3
TOLERANCE = 1e-4
_MODULE = "benchmarks.performance.scaling"


def discretize(frequency: int, file: Path) -> dict[str, Any]:
    """Mesh the sphere and assemble its operators; write both to `file`."""
    from asyncsoc.discretization.assembly import assemble
    from benchmarks.peers.problem import RADIUS
    from benchmarks.performance.spheres import family

    assemble(_tiny().mesh)  # loads dolfinx and compiles its forms
    began = clock()
    mesh = family(frequency).scaled(RADIUS)
    meshed, before = clock(), forget_peak()
    operators = assemble(mesh)
    done = clock()
    np.savez(
        file,
        points=mesh.points,
        cells=mesh.cells,
        facets=mesh.facets,
        indptr=operators.indptr,
        indices=operators.indices,
        stiffness=operators.stiffness,
        mass=operators.mass,
        volume=operators.volume,
    )
    return {
        "unknowns": mesh.n_nodes,
        "meshing [s]": meshed - began,
        "assembly [s]": done - meshed,
        "memory of the assembly per unknown [B]": (peak() - before) / mesh.n_nodes,
    }


def charge(file: Path) -> dict[str, Any]:
    """Charge the particle in `file`, compiled and discretized before."""
    from asyncsoc.discretization.operators import Operators
    from asyncsoc.geometry.mesh import ParticleMesh
    from asyncsoc.problem.particles import Problem
    from asyncsoc.problem.system import order_system
    from asyncsoc.solver.integrate import integrate
    from benchmarks.peers import asyncsoc_peer
    from benchmarks.peers.problem import problem_on

    asyncsoc_peer.charge_batch([_tiny()], TOLERANCE)  # loads the kernels and everything else that is no array of ours
    with np.load(file) as found:
        mesh = ParticleMesh(found["points"], found["cells"], found["facets"], "cartesian", "sphere")
        problem = problem_on(mesh, COVERAGE)
        operators = Operators(
            indptr=found["indptr"],
            indices=found["indices"],
            stiffness=found["stiffness"],
            mass=found["mass"],
            volume=float(found["volume"]),
        )
    n = mesh.n_nodes
    member, sampler = asyncsoc_peer.member_of(problem, TOLERANCE), asyncsoc_peer.Sampler([problem])
    before, began = forget_peak(), clock()
    system = order_system(operators)
    ordered, ordering = clock(), peak() - before
    forget_peak()
    with counting.counted() as counts:
        outcome = integrate(Problem.alone(system, [member]), batch_callbacks=[[sampler]])[0]
    done = clock()
    if outcome.checkpoint is None or outcome.stop_reason != "duration reached":
        raise RuntimeError(outcome.stop_reason)
    mean = float(operators.mass @ outcome.checkpoint.particles[0].x) / operators.volume
    require(f"{n} unknowns: mean stoichiometry at the end", mean - problem.mean_at_end, MEAN_ERROR)
    return {
        "solve [s]": done - ordered,
        "ordering [s]": ordered - began,
        "steps": outcome.accepted,
        "rejected": outcome.rejected,
        "iterations per solve": counting.per_solve(counts, [outcome]),
        "contact mean at the end": float(sampler.histories()[0][1, -1]),
        "entries of K per unknown": len(operators.indices) / n,
        "bytes of K, mass and ordering per unknown": _size(system) / n,
        "memory of ordering per unknown [B]": ordering / n,
        "memory of the charge per unknown [B]": (peak() - before) / n,
        "memory of the process per unknown [B]": peak() / n,
    }


def _tiny() -> Any:
    from benchmarks.performance import spheres

    return spheres.problem("sphere-3d-coarse", COVERAGE)


def _size(value: object) -> int:
    """Return the bytes of all arrays in nested tuples and objects."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, tuple):
        return sum(_size(part) for part in value)
    return sum(_size(part) for part in vars(value).values()) if hasattr(value, "__dict__") else 0


def run(frequency: int) -> dict[str, Any]:
    """Return the row of one mesh, each half in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        file = str(Path(place) / "system.npz")
        first = in_a_process(_MODULE, "discretize", str(frequency), file)
        second = in_a_process(_MODULE, "charge", file)
    return {"frequency": frequency, **first, **second}


def exponent(rows: list[dict[str, Any]], key: str) -> float:
    """Return p of value ~ unknowns^p from `FITTED_FROM` unknowns on."""
    fitted = [row for row in rows if row["unknowns"] >= FITTED_FROM]
    sizes, values = (np.log([row[name] for row in fitted]) for name in ("unknowns", key))
    return float(np.polyfit(sizes, values, 1)[0])


def measure(quick: bool = False, frequencies: tuple[int, ...] | None = None) -> Part:
    """Run every size."""
    rows = [run(frequency) for frequency in frequencies or (QUICK_FREQUENCIES if quick else FREQUENCIES)]
    reached = [row["contact mean at the end"] for row in rows]
    require("contact means at the end of all meshes apart", max(reached) - min(reached), 2e-2)
    largest = rows[-1]
    power = exponent(rows, "solve [s]")
    between = f"{next(r['unknowns'] for r in rows if r['unknowns'] >= FITTED_FROM)} to {largest['unknowns']}"
    at = f"memory per unknown at {largest['unknowns']} unknowns"
    factors = (
        Factor(f"cost ~ unknowns^p, {between} unknowns: p", power, LARGEST_EXPONENT, at_least=False),
        Factor(f"{at}, charge [B]", largest["memory of the charge per unknown [B]"], MOST_BYTES, at_least=False),
        Factor(f"{at}, ordering [B]", largest["memory of ordering per unknown [B]"], MOST_BYTES, at_least=False),
    )
    shown = (
        "unknowns",
        "solve [s]",
        "steps",
        "iterations per solve",
        "ordering [s]",
        "assembly [s]",
        "memory of the charge per unknown [B]",
        "memory of ordering per unknown [B]",
        "bytes of K, mass and ordering per unknown",
        "memory of the assembly per unknown [B]",
    )
    shown_rows = [[("-" if row[key] is None else row[key]) for key in shown] for row in rows]
    numbers = {"rows": rows, "exponent": power, "exponent of ordering": exponent(rows, "ordering [s]")}
    return Part(factors, numbers, table(shown, shown_rows))


def main() -> int:
    """Carry out one half of a row and print it as JSON."""
    half, *given = sys.argv[1:]
    found = charge(Path(given[0])) if half == "charge" else discretize(int(given[0]), Path(given[1]))
    if any(isinstance(value, float) and not math.isfinite(value) for value in found.values()):
        raise ValueError(f"a number is not finite: {found}")
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
