"""Time and size of a drive cycle of many points as one step: `python -m benchmarks.drive_cycle --points 100000`.

The profile is that of `examples/us06.csv` and its mirror image in turns, so that its charge adds up to nothing over a
pair. The charge passed is checked against the profile's integral, and the first 2000 points against a run with a
hundredth of the tolerance, before a time is shown. Times are processor times after compilation, with one thread.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from asyncsoc.case import Case
from asyncsoc.protocol.profile import Profile, read_profile
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation import simulate
from asyncsoc.simulation.results.solution import Solution

CYCLE = Path(__file__).parents[1] / "examples" / "us06.csv"
CHECKED = 2000
MODELS = {
    "radial": ({"radius": "5 um"}, {"kind": "full"}),
    "axisymmetric, coarse mesh": ({"radius": "5 um", "mesh": "coarse"}, {"kind": "cap", "coverage": 0.3}),
    "axisymmetric": ({"radius": "5 um"}, {"kind": "cap", "coverage": 0.3}),
}


def profile_of(points: int) -> Profile:
    """Return a profile of so many seconds, a point each."""
    rates = read_profile(CYCLE).values[:-1]
    pair = np.concatenate([rates, -rates])
    return Profile.from_arrays(np.arange(points), c_rate=np.resize(pair, points))


def run(model: str, profile: Profile, step: str, tolerance: float = 1e-4) -> tuple[Solution, float]:
    """Return the solution and its processor time [s]."""
    particle, contact = MODELS[model]
    protocol = {"initial_soc": 0.5, "capacity": "1 nAh", "steps": [step], "profiles": {"p": profile}}
    sections: dict[str, Any] = {"particle": particle, "contact": contact, "protocol": protocol}
    case = Case.from_dict({**sections, "solver": {"tolerance": tolerance}, "output": {"fields_every": "1 h"}})
    clock = time.process_time()
    solution = simulate(case)
    return solution, time.process_time() - clock


def checked(model: str, profile: Profile, step: str) -> float:
    """Return the largest error of the contact-mean stoichiometry over the first points, the charge asserted."""
    first = Profile.from_arrays(profile.time[:CHECKED], c_rate=profile.values[:CHECKED])
    solution, _ = run(model, first, step)
    values = first.values[:-1] if "(hold)" in step else 0.5 * (first.values[1:] + first.values[:-1])
    passed = solution.columns[names.CHARGE] / 1e-9
    expected = np.append(0.0, np.cumsum(values))
    assert np.abs(passed - expected).max() < 1e-9 * np.abs(values).sum(), "the charge is not the profile's"
    assert solution.columns[names.BALANCE].max() < 1e-12
    exact, _ = run(model, first, step, 1e-6)
    error = float(np.abs(solution.columns[names.CONTACT_X] - exact.columns[names.CONTACT_X]).max())
    assert error < 1e-3, error
    return error


def main() -> None:
    """Print one line a model and way to take the profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--models", nargs="*", default=["radial"], choices=list(MODELS))
    parser.add_argument("--steps", nargs="*", default=["Follow p", "Follow p (hold)", "Follow p (60 second period)"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    profile, found = profile_of(options.points), []
    for model in options.models:
        for step in options.steps:
            error = None if "period" in step else checked(model, profile, step)
            solution, seconds = run(model, profile, step)
            with tempfile.TemporaryDirectory() as folder:
                size = Path(solution.save(folder)).stat().st_size
            row = {
                "model": model,
                "nodes": solution.mesh.n_nodes,
                "step": step,
                "points": options.points,
                "rows": len(solution.columns[names.TIME]),
                "integrator steps": solution.provenance["integrator steps"]["accepted"],
                "processor time [s]": round(seconds, 2),
                "largest error of x": error,
                "file [MB]": round(size / 1e6, 2),
            }
            found.append(row)
            print(json.dumps(row), flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
