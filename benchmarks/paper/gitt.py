"""P3: normalized diffusion coefficients of calendered and hot-calendered particles, two cycles, film between.

    python -m benchmarks.paper.gitt [-o docs/paper_gitt.csv]

The paper (doi:10.1002/adfm.202305186, Fig. 1f) says in words: D1 of Cal is slightly below that of Hot-Cal in the first
cycle and drops in the second. There is no number in its text. Here coverage, diffusivity and the rate of the side
reaction are scanned; the mean of log D1 over the whole pulses of a charge with a steady voltage of 3.7 to 4.0 V is
compared, with the jump at the switch of the current removed from dEtau and with it kept ("total change of cell
voltage", as the paper words it).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np

from asyncsoc.base.files import write_text
from asyncsoc.case import Case
from asyncsoc.studies.gitt.pulses import GittResult
from asyncsoc.studies.gitt.titration import GittPlan, evaluate_solution, simulate_gitt

WINDOW = (3.7, 4.0)
"""V, steady voltage."""
PLAN = GittPlan(discharge=False)
RATES = (0.0, 1e-6, 1e-5)
"""i_ox0 of the side reaction at its onset [A/m2]; 0: off. 1e-6 is the package's default, all are assumed."""
FACTORS = (1.0, 3.0)
"""Of the material's diffusivity."""
CAL, HOT_CAL = 0.3, 0.95
CASE = {
    "particle": {"radius": "7.5 um", "mesh": "coarse"},
    "contact": {"kind": "cap", "coverage": CAL},
    "protocol": {"temperature": "60 degC", "steps": ["Rest for 1 hour"]},
}
HEAD = (
    "coverage,i_ox0 [A/m2],diffusivity factor,D1 cycle 1,D1 cycle 2,D1 cycle 1 with jump,D1 cycle 2 with jump,"
    "film after cycle 1 [nm]"
)


@dataclass(frozen=True)
class Titrated:
    """One particle: what was set, mean D1 by cycle without and with the jump, and the film after the first cycle."""

    coverage: float
    rate: float
    factor: float
    removed: tuple[float, float]
    kept: tuple[float, float]
    film: float


def mean_d1(result: GittResult, cycle: int) -> float:
    """Return the geometric mean of D1 over the whole pulses of a charge within `WINDOW`; NaN where there is none."""
    chosen = result.of(cycle=cycle, direction="charge", whole=True)
    voltage, d1 = chosen.column("voltage"), chosen.column("d1")
    inside = (voltage > WINDOW[0]) & (voltage < WINDOW[1]) & np.isfinite(d1)
    return float(np.exp(np.log(d1[inside]).mean())) if inside.any() else float("nan")


def titrated(coverage: float, rate: float, factor: float) -> Titrated:
    """Titrate one particle over two charges."""
    side = [f"side_reaction.exchange_current_density={rate}", "side_reaction.mode=coupled"] if rate else []
    case = Case.from_dict(CASE, [f"contact.coverage={coverage}", f"material.diffusivity_factor={factor}", *side])
    removed, solution = simulate_gitt(case, PLAN)
    kept = evaluate_solution(solution, case, jump="kept")
    film = [pulse.film for pulse in removed.pulses if pulse.cycle == 1]
    return Titrated(
        coverage,
        rate,
        factor,
        (mean_d1(removed, 1), mean_d1(removed, 2)),
        (mean_d1(kept, 1), mean_d1(kept, 2)),
        film[-1] if rate else 0.0,
    )


def first_ratio(overrides: Sequence[str] = (), coverage: float = CAL) -> float:
    """Return D1 of Cal over that of Hot-Cal in the first charge, jump removed; without side reaction, with overrides.

    `coverage` is Cal's.
    """
    once = replace(PLAN, cycles=1)

    def d1(f: float) -> float:
        return mean_d1(simulate_gitt(Case.from_dict(CASE, [f"contact.coverage={f}", *overrides]), once)[0], 1)

    return d1(coverage) / d1(HOT_CAL)


def scan() -> list[Titrated]:
    """Titrate Cal and Hot-Cal at every rate, and at every diffusivity."""
    wanted = [(f, rate, 1.0) for f, rate in product((CAL, HOT_CAL), RATES)]
    wanted += [(f, RATES[1], factor) for f, factor in product((CAL, HOT_CAL), FACTORS) if factor != 1.0]
    found = []
    for number, one in enumerate(wanted, start=1):
        sys.stderr.write(f"{number} of {len(wanted)}: f = {one[0]:g}, i_ox0 = {one[1]:g} A/m2, D x {one[2]:g}\n")
        found.append(titrated(*one))
    return found


def table(found: list[Titrated]) -> str:
    """Return the scan as a CSV table."""
    lines = [HEAD]
    for one in found:
        numbers = (one.coverage, one.rate, one.factor, *one.removed, *one.kept, 1e9 * one.film)
        lines.append(",".join(f"{number:.5g}" for number in numbers))
    return "\n".join(lines) + "\n"


def verdict(found: list[Titrated]) -> list[str]:
    """Return what the scan says about the two statements of the paper, without and with the jump."""
    by = {(one.coverage, one.rate, one.factor): one for one in found}
    lines = []
    for name in ("removed", "kept"):
        below, drops, count = 0, {CAL: 0, HOT_CAL: 0}, 0
        for (coverage, rate, factor), one in by.items():
            if coverage != CAL or rate == 0.0:
                continue
            hot = by[(HOT_CAL, rate, factor)]
            cal_d1, hot_d1 = getattr(one, name), getattr(hot, name)
            count += 1
            below += cal_d1[0] < hot_d1[0]
            drops[CAL] += cal_d1[1] < 0.9 * cal_d1[0]
            drops[HOT_CAL] += hot_d1[1] < 0.9 * hot_d1[0]
            lines.append(
                f"jump {name}, i_ox0 = {rate:g} A/m2, D x {factor:g}: Cal over Hot-Cal {cal_d1[0] / hot_d1[0]:.3f} in "
                f"cycle 1; cycle 2 over 1: Cal {cal_d1[1] / cal_d1[0]:.3f}, Hot-Cal {hot_d1[1] / hot_d1[0]:.3f}"
            )
        lines.append(
            f"jump {name}: Cal below Hot-Cal in {below} of {count}; drops by more than a tenth in cycle 2: Cal in "
            f"{drops[CAL]}, Hot-Cal in {drops[HOT_CAL]} of {count}"
        )
    return lines


def main() -> None:
    """Scan, print the table and what it says, and keep it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, help="CSV file to write the scan to")
    arguments = parser.parse_args()
    found = scan()
    text = table(found)
    if arguments.output is not None:
        write_text(arguments.output, text)
    sys.stdout.write(text + "\n".join(verdict(found)) + "\n")


if __name__ == "__main__":
    main()
