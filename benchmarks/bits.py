"""Twenty cases whose numbers must not change where only the structure of the code does: to the last bit.

On one machine: `python -m benchmarks.bits write before.json` on the commit before, then
`python -m benchmarks.bits compare before.json` on the commit after; exit code 1 where a bit differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.base.errors import InterruptedRunError
from asyncsoc.simulation.results.solution import Solution

CHARGE, CCCV = "Charge at C/10 until 4.2 V", ["Charge at C/5 until 4.1 V", "Hold at 4.1 V until C/20"]
CYCLE = ["Charge at C/5 until 4.1 V", "Rest for 20 minutes", "Discharge at C/5 until 3.0 V", "Rest for 1 hour"]
FILM = {"mode": "coupled", "exchange_current_density": 1e-5, "blocking_thickness": "100 nm"}
LIQUID = {"electrolyte": {"name": "liquid-lipf6"}, "particle": {"radius": "3 um"}}


def case(steps: str | list[str], contact: dict[str, Any] | None = None, **sections: Any) -> aso.Case:
    """Return a case; full contact where none is given."""
    steps = [steps] if isinstance(steps, str) else steps
    protocol = {"steps": steps, **sections.pop("protocol", {})}
    return aso.Case.from_dict({"contact": contact or {"kind": "full"}, "protocol": protocol, **sections})


def cap(coverage: float, **more: Any) -> dict[str, Any]:
    """Return the contact section of a cap."""
    return {"kind": "cap", "coverage": coverage, **more}


def alone(made: aso.Case) -> list[Solution]:
    """Run one case."""
    return [aso.simulate(made)]


def together(cases: list[aso.Case], threads: int) -> list[Solution]:
    """Run cases of one mesh side by side."""
    from asyncsoc.simulation.batch import simulate_batch

    return [ending.solution for ending in simulate_batch(cases, threads=threads) if ending.solution is not None]


def resumed() -> list[Solution]:
    """Interrupt a run, keep it, read it and go on."""
    whole = case(CYCLE, cap(0.4))

    def stop(progress: Any) -> None:
        if progress.fraction > 0.4:
            raise KeyboardInterrupt

    with tempfile.TemporaryDirectory() as folder:
        try:
            aso.simulate(whole, progress=stop)
        except InterruptedRunError as error:
            path = error.partial.save(folder)
        return [aso.simulate(whole, resume=Solution.load(path))]


def many(count: int, contact: str = "cap") -> list[aso.Case]:
    """Return cases of one mesh with coverages, kinetics and protocols of their own."""
    laws = ("butler-volmer", "linear", "butler-volmer", "uniform-flux")
    protocols = ([CHARGE], CCCV, CYCLE, [CHARGE, "Rest for 1 hour"])
    return [
        case(
            protocols[k % 4],
            {"kind": "full"} if contact == "full" else cap(0.15 + 0.8 * k / count),
            kinetics={"model": laws[k % 4], "film_resistance": 0.001 * k},
            material={"diffusivity": 4e-15 * (1 + k)} if k % 3 == 0 else {},
            particle={"edge_levels": 0} if contact == "cap" else {},
        )
        for k in range(count)
    ]


SPHERE_3D = {"particle": {"model": "3d", "mesh": "coarse"}}
CASES: dict[str, Callable[[], list[Solution]]] = {
    "radial, charge": lambda: alone(case(CHARGE)),
    "radial, liquid, CCCV": lambda: alone(case(CCCV, **LIQUID)),
    "radial, cycle": lambda: alone(case(CYCLE)),
    "radial, linear kinetics, film resistance": lambda: alone(
        case(CYCLE, kinetics={"model": "linear", "film_resistance": "100 ohm cm2"})
    ),
    "radial, uniform flux": lambda: alone(case(CYCLE, kinetics={"model": "uniform-flux"})),
    "radial, film grows": lambda: alone(case([*CCCV, "Rest for 10 hours"], side_reaction=FILM)),
    "radial, slow diffusion, temperatures": lambda: alone(
        case([CHARGE, "Rest for 1 hour"], material={"diffusivity": "5e-16 m2/s"}, protocol={"temperature": "45 degC"})
    ),
    "axisymmetric, charge": lambda: alone(case(CHARGE, cap(0.3))),
    "axisymmetric, CCCV": lambda: alone(case(CCCV, cap(0.3))),
    "axisymmetric, discharge": lambda: alone(
        case(["Charge at C/5 until 4 V", "Discharge at C/10 until 3 V"], cap(0.1))
    ),
    "axisymmetric, belt, cycle": lambda: alone(case(CYCLE, {"kind": "belt", "coverage": 0.25})),
    "axisymmetric, film grows": lambda: alone(case(CCCV, cap(0.3), side_reaction=FILM)),
    "axisymmetric, side reaction reported": lambda: alone(case(CHARGE, cap(0.5), side_reaction={"mode": "report"})),
    "3-D, charge": lambda: alone(case(CHARGE, cap(0.3), particle={"model": "3d"})),
    "3-D coarse, CCCV, tilted": lambda: alone(case(CCCV, cap(0.4, axis=[1, 2, 3]), **SPHERE_3D)),
    "3-D coarse, patches": lambda: alone(
        case(CHARGE, {"kind": "random", "coverage": 0.3, "n": 5, "seed": 3}, **SPHERE_3D)
    ),
    "batch of 3, axisymmetric": lambda: together(many(3), 1),
    "batch of 64, radial": lambda: together(many(64, "full"), 1),
    "batch of 64, axisymmetric, 2 threads": lambda: together(many(64), 2),
    "resumed": resumed,
}


def digest(solutions: list[Solution]) -> str:
    """Return a hash over every bit of the curves, snapshots and steps."""
    found = hashlib.sha256()
    for solution in solutions:
        for name in sorted(solution.columns):
            found.update(name.encode())
            found.update(np.ascontiguousarray(solution.columns[name]).tobytes())
        found.update(np.ascontiguousarray(solution.field_x).tobytes())
        found.update(repr([(s.stop_reason, s.duration, s.charge) for s in solution.steps]).encode())
    return f"{len(solutions)} runs, {found.hexdigest()[:32]}"


def main() -> int:
    """Write digests, or compare with those written."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bits", description=__doc__)
    parser.add_argument("action", choices=("write", "compare"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", action="append", choices=CASES, help="this case only; may be given again")
    options = parser.parse_args()
    known = json.loads(options.file.read_text(encoding="utf-8")) if options.action == "compare" else {}
    found, differ = {}, 0
    for name in options.only or CASES:
        found[name] = digest(CASES[name]())
        same = known.get(name) == found[name]
        differ += options.action == "compare" and not same
        print(f"{name:45s} {found[name]}" + ("" if not known or same else f"   WAS {known.get(name)}"), flush=True)
    if options.action == "write":
        options.file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    else:
        print(f"{len(found) - differ} of {len(found)} cases have the same bits")
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main())
