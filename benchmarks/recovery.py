"""Are the 95 % intervals of `calibrate` right? Synthetic data with noise, fitted many times over.

    python -m benchmarks.recovery --runs 200 --seed 1 [--design NAME] [--write docs/recovery.json]

Each run draws true values within the bounds of `DESIGNS`, makes curves of 100 points with 1 mV of Gaussian noise, and
fits them, starting at the case's own values. The data are made by the same model and mesh with a tolerance a hundred
times smaller than that of the fit: errors of the integration in time are part of what is tested, those of the mesh and
of the model are not (a real particle is no sphere with one D). A constant is counted where the fit calls it identified.
With `--write` the runs are added to a file, where those of the same seed are replaced.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.studies.calibration.calibrate import calibrate
from asyncsoc.studies.calibration.response import Request, Response, respond_together

NOISE = 1e-3
"""V, standard deviation."""
POINTS = 100
EXACT = 1e-7
"""Tolerance with which the data are made."""
C10 = ("Charge at C/10 for 7 hours",)
THIRD = ("Charge at C/3 for 2 hours",)
ONE = ("Charge at 1C for 30 minutes",)
GITT = ("Charge at C/10 for 40 minutes", "Rest for 40 minutes") * 5
FULL = {"particle": {"radius": "5 um", "mesh": "coarse"}, "contact": {"kind": "full"}}
CAP = {"particle": {"radius": "5 um", "mesh": "coarse"}, "contact": {"kind": "cap", "coverage": 0.35}}
Bounds = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Design:
    """What is measured and what is fitted.

    Attributes
    ----------
    case
        Particle and contact.
    protocols
        One a curve.
    truth
        Key -> lowest and highest true value; by factors where the lowest is above 0.
    """

    case: dict[str, Any]
    protocols: tuple[tuple[str, ...], ...]
    truth: Bounds


_KINETICS = {"kinetics.exchange_current_density_factor": (0.5, 2.0)}
_DIFFUSION: Bounds = {"material.diffusivity_factor": (0.5, 2.0), "material.diffusivity_slope": (-2.0, 2.0)}
_COVERED: Bounds = {"material.diffusivity_factor": (0.6, 1.6), "contact.coverage": (0.25, 0.5)}
DESIGNS = {
    "full contact, one C/10 charge": Design(FULL, (C10,), {**_DIFFUSION, **_KINETICS}),
    "full contact, three rates": Design(FULL, (C10, THIRD, ONE), {**_DIFFUSION, **_KINETICS}),
    "full contact, three rates and GITT": Design(FULL, (C10, THIRD, ONE, GITT), {**_DIFFUSION, **_KINETICS}),
    "cap, one C/10 charge": Design(CAP, (C10,), {**_COVERED, **_KINETICS}),
}


@dataclass(frozen=True)
class Run:
    """One run: for each constant the true value, the fitted one, the interval, and whether it is called identified."""

    design: str
    seed: int
    keys: tuple[str, ...]
    truth: tuple[float, ...]
    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    identified: tuple[bool, ...]
    converged: bool


def cases_of(design: Design) -> list[aso.Case]:
    """Return the case of each curve, with the values that a search starts at."""
    return [aso.Case.from_dict({**design.case, "protocol": {"steps": list(steps)}}) for steps in design.protocols]


def times_of(case: aso.Case) -> np.ndarray:
    """Return the times of the points of a curve: evenly over the protocol [s]."""
    duration = sum(step.duration or 0.0 for step in case.protocol.plan.steps)
    return np.linspace(duration / POINTS, duration, POINTS)


def measured(design: Design, truth: dict[str, float], random: np.random.Generator) -> list[aso.Measurement]:
    """Return synthetic curves of the true values with noise; their cases know nothing of the true values."""
    cases = cases_of(design)
    changes = [*(f"{key}={value!r}" for key, value in truth.items()), f"solver.tolerance={EXACT}"]
    curves = [aso.MeasuredCurve.from_arrays(time=times_of(case), voltage=np.ones(POINTS)) for case in cases]
    requests = [
        Request(case.with_overrides(changes), ((curve, None),)) for case, curve in zip(cases, curves, strict=True)
    ]
    found = []
    for number, (case, curve, response) in enumerate(zip(cases, curves, respond_together(requests), strict=True)):
        if not isinstance(response, Response):
            raise response
        voltage = response.at(curve) + random.normal(0.0, NOISE, POINTS)
        noisy = aso.MeasuredCurve.from_arrays(time=curve.time, voltage=voltage, name=f"curve {number + 1}")
        found.append(aso.Measurement.of(case, noisy, error="1 mV"))
    return found


def recover(name: str, seed: int) -> Run:
    """Make data, fit them, and return what was true and what was found."""
    design = DESIGNS[name]
    random = np.random.default_rng([seed, list(DESIGNS).index(name)])
    truth = {key: _drawn(random, *bounds) for key, bounds in design.truth.items()}
    fit = calibrate(measured(design, truth, random), list(truth))
    intervals = fit.identification.intervals
    return Run(
        name, seed, tuple(truth), _short(truth.values()), _short(i.value for i in intervals),
        _short(i.low for i in intervals), _short(i.high for i in intervals), tuple(i.identified for i in intervals),
        fit.converged,
    )  # fmt: skip


def _drawn(random: np.random.Generator, low: float, high: float) -> float:
    if low > 0.0:
        return math.exp(random.uniform(math.log(low), math.log(high)))
    return float(random.uniform(low, high))


def _short(values: Any) -> tuple[float, ...]:
    return tuple(float(f"{value:.7g}") for value in values)


def counts(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return for each design and constant how often it was identified, and its true value within the interval."""
    found = []
    for design in dict.fromkeys(run.design for run in runs):
        chosen = [run for run in runs if run.design == design]
        for k, key in enumerate(chosen[0].keys):
            called = [run for run in chosen if run.identified[k]]
            inside = sum(run.low[k] <= run.truth[k] <= run.high[k] for run in called)
            width = float(np.median([_width(run, k) for run in called])) if called else math.nan
            found.append(
                {"design": design, "constant": key, "runs": len(chosen), "identified": len(called), "inside": inside,
                 "half width": width}
            )  # fmt: skip
    return found


def _width(run: Run, k: int) -> float:
    """Return half of an interval: relative for what is searched by decades."""
    if run.keys[k].endswith("factor"):
        return 0.5 * math.log(run.high[k] / run.low[k])
    return 0.5 * (run.high[k] - run.low[k])


def read(path: Path) -> list[Run]:
    """Return the runs in a file, none where there is no file."""
    if not path.exists():
        return []
    return [
        Run(**{key: tuple(value) if isinstance(value, list) else value for key, value in one.items()})
        for one in json.loads(path.read_text(encoding="utf-8"))["runs"]
    ]


def write(path: Path, runs: Sequence[Run]) -> None:
    """Write runs, in place of those of the same design and seed."""
    kept = {(run.design, run.seed): run for run in (*read(path), *runs)}
    order = sorted(kept.values(), key=lambda run: (list(DESIGNS).index(run.design), run.seed))
    lines = ",\n".join(json.dumps(run.__dict__) for run in order)
    path.write_text(f'{{"noise [V]": {NOISE}, "points": {POINTS}, "runs": [\n{lines}\n]}}\n', encoding="utf-8")


def table(found: Sequence[dict[str, Any]]) -> str:
    """Return the counts as a table."""
    lines = ["| design | constant | identified | true value inside | median half width |", "|---|---|---|---|---|"]
    lines += [
        f"| {one['design']} | `{one['constant']}` | {one['identified']} of {one['runs']} | {one['inside']} | "
        f"{one['half width']:.2g} |"
        for one in found
    ]
    return "\n".join(lines)


def main() -> None:
    """Run, print the counts, and write the runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="seed of the first run; the others count on from it")
    parser.add_argument("--design", choices=tuple(DESIGNS), action="append")
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    found: list[Run] = []
    began = time.process_time()
    for name in asked.design or DESIGNS:
        new = [recover(name, seed) for seed in range(asked.seed, asked.seed + asked.runs)]
        found += new
        if asked.write is not None:
            write(asked.write, new)
    print(table(counts(found)))
    failed = sum(not run.converged for run in found)
    print(f"{time.process_time() - began:.0f} s of processor time; {failed} not converged")


if __name__ == "__main__":
    main()
