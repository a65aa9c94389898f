"""What can be told apart of a partly covered particle from one C/10 charge, from three rates, from adding GITT.

    python -m benchmarks.identifiability [--json]

Six constants are let free at once, about known values: the sensitivities of 100 points a curve with 1 mV of noise give
the 95 % intervals that a fit would have, their correlations, and the combinations that the data leave open. Nothing is
drawn at random; `benchmarks.recovery` shows that such intervals hold what they promise.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.studies.calibration.constants import parse_constant
from asyncsoc.studies.calibration.identify import Evidence, Identification, identify
from asyncsoc.studies.calibration.model import FitModel
from benchmarks.recovery import C10, CAP, GITT, ONE, POINTS, THIRD, times_of

ERROR = 1e-3
"""V, standard deviation of the noise."""
DATA = {"one C/10 charge": (C10,), "three rates": (C10, THIRD, ONE), "three rates and GITT": (C10, THIRD, ONE, GITT)}
KEYS = (
    "material.diffusivity_factor",
    "material.diffusivity_slope",
    "contact.coverage",
    "particle.radius",
    "kinetics.exchange_current_density_factor",
    "kinetics.film_resistance",
)
FILM = 0.01
"""ohm m2."""
_STRONG = 0.9
_UNBOUNDED = 10.0
"""Factor from which on half of an interval is called unbounded."""


@dataclass(frozen=True, eq=False)
class Finding:
    """What one set of data says: name, keys let free, and what is identified of them."""

    data: str
    keys: tuple[str, ...]
    found: Identification


def study(name: str, keys: tuple[str, ...] = KEYS) -> Finding:
    """Return what the data of a name say of constants let free together."""
    measurements = []
    for steps in DATA[name]:
        case = aso.Case.from_dict({**CAP, "kinetics": {"film_resistance": FILM}, "protocol": {"steps": list(steps)}})
        curve = aso.MeasuredCurve.from_arrays(time=times_of(case), voltage=np.full(POINTS, 3.7), name=str(len(steps)))
        measurements.append(aso.Measurement.of(case, curve, error=ERROR))
    constants = [parse_constant(key) for key in keys]
    model = FitModel(measurements, constants, "linear")
    place = np.array([constant.start(measurements[0].case) for constant in constants])
    model.hold_meshes(place)
    jacobian = model.jacobian(place)
    noise = np.tile([1.0, -1.0], len(jacobian) // 2)
    return Finding(name, keys, identify(constants, place, jacobian, noise, Evidence()))


def half_width(finding: Finding, number: int) -> str:
    """Return half of an interval as text: relative, or absolute for slope and coverage."""
    interval = finding.found.intervals[number]
    if interval.key in ("material.diffusivity_slope", "contact.coverage"):
        return f"{0.5 * (interval.high - interval.low):.2g}"
    factor = math.exp(0.5 * math.log(interval.high / interval.low))
    return f"{100.0 * (factor - 1.0):.2g} %" if factor < _UNBOUNDED else "unbounded"


def correlations(finding: Finding) -> list[tuple[str, str, float]]:
    """Return the pairs of constants whose correlation is strong."""
    matrix, keys = finding.found.correlation, finding.keys
    pairs = [(a, b) for a in range(len(keys)) for b in range(a + 1, len(keys))]
    return [(keys[a], keys[b], float(matrix[a, b])) for a, b in pairs if abs(matrix[a, b]) > _STRONG]


def document(findings: list[Finding]) -> list[dict[str, Any]]:
    """Return findings as plain data."""
    return [
        {
            "data": one.data,
            "constants": [
                {"key": key, "half width": half_width(one, k), "identified": one.found.intervals[k].identified}
                for k, key in enumerate(one.keys)
            ],
            "strong correlations": [list(pair) for pair in correlations(one)],
            "left open": [direction.words for direction in one.found.directions if direction.open],
        }
        for one in findings
    ]


def table(findings: list[Finding]) -> str:
    """Return half widths as a table: a column for each set of data, in brackets where not identified."""
    heads = ["half of the 95 % interval", *(one.data for one in findings)]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for k, key in enumerate(findings[0].keys):
        cells = [
            half_width(one, k) if one.found.intervals[k].identified else f"({half_width(one, k)})" for one in findings
        ]
        lines.append(f"| `{key}` | " + " | ".join(cells) + " |")
    strong = [
        "; ".join(f"{_short(a)}, {_short(b)}: {r:+.3f}" for a, b, r in correlations(one)) or "-" for one in findings
    ]
    lines.append("| correlations beyond 0.9 | " + " | ".join(strong) + " |")
    return "\n".join(lines)


def _short(key: str) -> str:
    return f"`{key.partition('.')[2]}`"


def main() -> None:
    """Print what each set of data says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    for keys in (KEYS, KEYS[:-1], tuple(key for key in KEYS[:-1] if key != "particle.radius")):
        findings = [study(name, keys) for name in DATA]
        print(json.dumps(document(findings), indent=1) if asked.json else table(findings) + "\n")


if __name__ == "__main__":
    main()
