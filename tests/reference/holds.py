"""Random charges at constant current followed by a held voltage: the default tolerance against a converged run.

    python -m tests.reference.holds --cases 500 --seed 1

A hold's duration at the default tolerance is compared with the program's own at a tolerance a thousand times sharper,
which `tests.reference.differential` in turn compares with the second solver. Radii, coverages, temperatures,
diffusivities, kinetics, rates and limits are drawn over the whole input space. Prints the worst cases; exit code 1
where a hold is off by more than one per cent, or its current reverses.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.reference.cases import Sentence, Specimen, draw
from tests.reference.compare import run_program

LARGEST = 0.01
SHARP = 1e-7


@dataclass(frozen=True)
class Held:
    """One hold at the default tolerance beside the converged one."""

    label: str
    keys: dict[str, Any]
    charge: float  # relative error of the duration of the charge before it
    duration: float  # of the hold
    converged: float  # s
    reversed: bool  # whether the current changes its sign within the hold
    warnings: tuple[str, ...]

    @property
    def bad(self) -> bool:
        """Whether the hold is wrong and nothing says so."""
        return (abs(self.duration) > LARGEST or self.reversed) and not self.warnings


def specimen(kind: str, seed: int, number: int) -> Specimen:
    """Return a random particle that is charged to a voltage and held there until a current."""
    drawn = draw(kind, seed, number)
    rng = np.random.default_rng([seed, number, 77])
    model = "butler-volmer" if drawn.model == "uniform-flux" else drawn.model
    rate = float(f"{np.exp(rng.uniform(np.log(0.01), np.log(2.0))):.3g}")
    level = round(float(rng.uniform(3.8, 4.3)), 2)
    cut = float(f"{rate / rng.uniform(2.0, 30.0):.2g}")
    protocol = (Sentence("charge", rate, voltage=level), Sentence("hold", level, rate=cut))
    return replace(drawn, model=model, protocol=protocol, initial=round(float(rng.uniform(0.75, 0.88)), 3))


def held(one: Specimen) -> Held | None:
    """Compare the hold of a specimen; None where the charge cannot begin or ends at the window's edge."""
    keys = one.keys()
    keys["output"] = {"fields_every": "10000 h"}
    coarse, fine = (run_program({**keys, "solver": {"tolerance": tolerance}}) for tolerance in (1e-4, SHARP))
    if fine.infeasible or coarse.infeasible:
        return None
    if fine.failure or coarse.failure:
        raise RuntimeError(f"{one.label}: {fine.failure or coarse.failure}")
    if fine.steps[1].reason != "current" or fine.steps[0].reason != "voltage" or fine.steps[1].duration == 0.0:
        return None
    import asyncsoc as aso

    columns = aso.simulate(aso.Case.from_dict(keys)).columns
    current = columns["Current [A]"][columns["Step"] == 2]
    return Held(
        one.label,
        keys,
        coarse.steps[0].duration / fine.steps[0].duration - 1.0,
        coarse.steps[1].duration / fine.steps[1].duration - 1.0,
        fine.steps[1].duration,
        bool((current < -1e-9 * current.max()).any()),
        coarse.warnings,
    )


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--axisymmetric", type=float, default=0.2, help="share of partly covered particles")
    options = parser.parse_args()
    found: list[Held] = []
    number = 0
    while len(found) < options.cases:
        kind = "axisymmetric" if number % 100 < 100.0 * options.axisymmetric else "radial"
        one = held(specimen(kind, options.seed, number))
        number += 1
        if one is not None:
            found.append(one)
            if one.bad:
                sys.stdout.write(f"{one.label}: {100 * one.duration:+.2f} % {one.reversed} {one.keys}\n")
                sys.stdout.flush()
    wrong = sum(one.bad for one in found)
    quiet = max((abs(one.duration) for one in found if not one.warnings), default=0.0)
    errors = np.abs([one.duration for one in found])
    charges = np.abs([one.charge for one in found])
    sys.stdout.write(
        f"{len(found)} holds of {number} drawn: median {np.median(errors):.1e}, 99 % below "
        f"{np.quantile(errors, 0.99):.1e}, worst {errors.max():.1e} (without a warning {quiet:.1e}); reversed "
        f"{sum(one.reversed for one in found)}; charges before them: worst {charges.max():.1e}; wrong without a "
        f"warning {wrong}\n"
    )
    return 1 if any(one.bad for one in found) else 0


if __name__ == "__main__":
    raise SystemExit(main())
