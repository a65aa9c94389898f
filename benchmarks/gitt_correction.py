"""Does the corrected range hold the true diffusivity? 200 random particles, titrated by full simulations.

    python -m benchmarks.gitt_correction [-o docs/gitt_correction.csv] [--count 200] [--seed 17]

What is drawn, and from where, is said by `asyncsoc.studies.gitt.synthetic.draw`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from asyncsoc.base.files import write_text
from asyncsoc.studies.gitt.synthetic import CASES, SEED, SyntheticCase, synthetic_cases

HEAD = (
    "number,diffusivity [m2/s],radius [m],coverage,SOC,rate [1/h],pulse [s],rest [s],apparent diffusivity [m2/s],"
    "lowest [m2/s],highest [m2/s],covered"
)
REQUIRED = 0.95


def table(cases: tuple[SyntheticCase, ...]) -> str:
    """Return the cases as a CSV table; an end that is missing is empty."""
    lines = [HEAD]
    for one in cases:
        if one.found is None:
            continue
        ends = ["" if end is None else f"{end:.6g}" for end in (one.found.low, one.found.high)]
        numbers = (one.diffusivity, one.radius, one.coverage, one.soc, one.rate, one.pulse, one.rest, one.apparent)
        lines.append(
            ",".join([str(one.number), *(f"{number:.6g}" for number in numbers), *ends, "yes" if one.covered else "no"])
        )
    return "\n".join(lines) + "\n"


def summary(cases: tuple[SyntheticCase, ...]) -> str:
    """Return how many ranges hold the true value, and how wide they are."""
    widths = np.array([one.found.width for one in cases if one.found is not None])
    two_sided = widths[np.isfinite(widths)]
    low, middle, high = np.percentile(two_sided, (10.0, 50.0, 90.0))
    return (
        f"{sum(one.covered for one in cases)} of {len(cases)} ranges hold the true diffusivity "
        f"({cases[-1].number + 1 - len(cases)} more particles gave no value)\n"
        f"{len(two_sided)} have two ends, {low:.2f} / {middle:.2f} / {high:.2f} decades apart (10, 50, 90 %)\n"
        f"{sum(one.found is not None and one.found.high is None for one in cases)} have no upper end, "
        f"{sum(one.found is not None and one.found.low is None for one in cases)} no lower one\n"
    )


def main() -> int:
    """Draw, titrate, correct, print; return 1 where fewer than 95 % of the ranges hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, help="CSV file to write the cases to")
    parser.add_argument("--count", type=int, default=CASES)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    cases = synthetic_cases(arguments.count, arguments.seed)
    if arguments.output is not None:
        write_text(arguments.output, table(cases))
    sys.stdout.write(summary(cases))
    return 0 if sum(one.covered for one in cases) >= REQUIRED * len(cases) else 1


if __name__ == "__main__":
    sys.exit(main())
