"""Random small electrodes: each gives a result or a clear answer, and keeps both balances.

    python -m benchmarks.random_electrodes [--count 1000] [--store FILE]

Electrodes of one to six particles with random loadings, thicknesses, laws, coverages (some zero), radii, side reactions
that grow or block, and protocols with currents that are too large; every third one has two to five layers through its
thickness. An *answer* is a solution, or an error of the package's own family. Anything else is a failure, and so is a
lithium balance above 1e-10 of c_max V in any particle, a charge of the particles that misses the one that the protocol
passed by more than 1e-10 of the electrode's capacity, currents of the particles that miss the one of the step by more
than 1e-10 of 1 C, and potentials of layers that miss Ohm's law by more than 1e-10 of the voltage.
"""

from __future__ import annotations

import argparse
import json
import traceback
import warnings
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import asyncsoc as aso
from asyncsoc.base.errors import AsyncsocError, SimulationError
from asyncsoc.base.units import FARADAY
from asyncsoc.recorders import curve_names as names

STORED = Path(__file__).with_suffix(".json")
LIMIT = 1e-10
"""Of the balances: of c_max V of a particle, the capacity of the electrode, its current at 1 C, and the voltage."""
EVERY = 3
"""One electrode in so many has layers."""


@dataclass(frozen=True)
class Answer:
    """What a random electrode came to.

    Attributes
    ----------
    seed
        Of the description.
    kind
        `done`, `stopped`, `refused` or `failed`.
    reason
        Why a run stopped, what was refused, or the traceback.
    particles, steps
        How many took part, and accepted steps.
    lithium, charge, current, conduction
        Errors of the balances.
    layers
        Through the thickness; 0: all particles are at one potential.
    """

    seed: int
    kind: str
    reason: str
    particles: int = 0
    steps: int = 0
    lithium: float = 0.0
    charge: float = 0.0
    current: float = 0.0
    conduction: float = 0.0
    layers: int = 0


def description(seed: int) -> dict[str, Any]:
    """Return the case of a random electrode, as the tables of its file."""
    draw = np.random.default_rng(seed)

    def one_of(*choices: Any) -> Any:
        return choices[int(draw.integers(len(choices)))]

    electrode: dict[str, Any] = {"loading": f"{draw.uniform(1.0, 35.0):.4g} mg/cm2", "seed": int(draw.integers(1000))}
    size = one_of("none", "thickness", "porosity", "too thin")
    if size == "thickness":
        electrode["thickness"] = f"{draw.uniform(20.0, 250.0):.4g} um"
    elif size == "porosity":
        electrode["porosity"] = f"{draw.uniform(0.0, 45.0):.3g} %"
    elif size == "too thin" and draw.random() < 0.3:
        electrode["thickness"] = "3 um"
    kind = one_of("number", "beta", "classes", "table", "table")
    count = int(draw.integers(1, 7))
    if kind == "number":
        electrode["coverage"] = float(one_of(0.02, 0.3, 0.9, 1.0, round(float(draw.uniform(0.01, 1.0)), 4)))
    elif kind == "beta":
        mean = float(draw.uniform(0.05, 0.95))
        electrode["coverage"] = {"law": "beta", "mean": mean, "std": float(draw.uniform(0.02, 0.45)) * mean}
        electrode["particles"] = count
    elif kind == "classes":
        poor, good = float(one_of(0.0, 0.05, 0.3)), float(draw.uniform(0.3, 1.0))
        electrode["coverage"] = {
            "law": "classes",
            "poor": poor,
            "good": good,
            "share_poor": float(draw.uniform(0.1, 0.9)),
        }
        electrode["particles"] = max(count, 2)
    else:
        electrode["table"] = {
            "radius [um]": draw.uniform(0.3, 15.0, count).tolist(),
            "coverage": [float(one_of(0.0, 0.01, 1.0, draw.uniform(0.02, 1.0))) for _ in range(count)],
            "multiplicity": draw.uniform(0.01, 10.0, count).tolist(),
        }
    if kind != "table":
        if draw.random() < 0.5:
            electrode["radius"] = {
                "law": "lognormal",
                "median": f"{draw.uniform(0.5, 12.0):.3g} um",
                "sigma": float(draw.uniform(1.05, 2.2)),
            }
            electrode["particles"] = count if kind != "classes" else max(count, 2)
        else:
            electrode["radius"] = f"{draw.uniform(0.5, 15.0):.3g} um"
    rate = one_of("C/20", "C/10", "C/3", "1C", "5C", "50C")
    steps: list[str] = []
    for _ in range(int(draw.integers(1, 4))):
        steps.append(
            one_of(
                f"Charge at {rate} until 4.2 V",
                f"Charge at {rate} for {draw.uniform(1.0, 90.0):.3g} minutes",
                f"Discharge at {rate} until {draw.uniform(2.8, 3.7):.3g} V",
                f"Rest for {draw.uniform(1.0, 600.0):.3g} minutes",
                f"Hold at {draw.uniform(3.4, 4.3):.3g} V for {draw.uniform(1.0, 60.0):.3g} minutes",
                f"Charge at {draw.uniform(0.01, 5.0):.3g} mA for 20 minutes",
            )
        )
    case: dict[str, Any] = {
        "electrode": electrode,
        "particle": {"mesh": "coarse", "edge_levels": 0},
        "protocol": {"steps": steps, "initial_stoichiometry": float(draw.uniform(0.3, 0.895))},
        "output": {"fields_every": "1 hour"},
    }
    if draw.random() < 0.4:
        case["side_reaction"] = {
            "mode": "coupled",
            "exchange_current_density": float(10.0 ** draw.uniform(-9.0, -5.0)),
        }
        if draw.random() < 0.5:
            case["side_reaction"]["blocking_thickness"] = f"{draw.uniform(0.5, 50.0):.3g} nm"
    if draw.random() < 0.2:
        case["kinetics"] = {"film_resistance": float(draw.uniform(0.0, 0.1))}
    if seed % EVERY == 0:
        electrode |= layered(np.random.default_rng([seed, EVERY]), electrode)
    return case


def layered(draw: np.random.Generator, electrode: dict[str, Any]) -> dict[str, Any]:
    """Return what an electrode says of its thickness."""
    found: dict[str, Any] = {"model": "layers", "layers": int(draw.integers(2, 6))}
    if not {"thickness", "porosity"} & electrode.keys():
        found["porosity"] = f"{draw.uniform(0.0, 45.0):.3g} %"
    if draw.random() < 0.5:  # from far better than the particles to hardly any
        found["ionic_conductivity"] = float(10.0 ** draw.uniform(-5.0, 0.0))
    if draw.random() < 0.3:
        found["electronic_conductivity"] = float(10.0 ** draw.uniform(-4.0, 2.0))
    if draw.random() < 0.3:
        found["separator"] = {"thickness": f"{draw.uniform(0.0, 100.0):.3g} um"}
    if draw.random() < 0.5:
        kinetics = ("butler-volmer", "linear")[int(draw.integers(2))]
        found["lithium"] = {"exchange_current_density": float(10.0 ** draw.uniform(-1.0, 2.0)), "kinetics": kinetics}
    return found


def answer(seed: int) -> Answer:
    """Run a random electrode."""
    try:
        solution = aso.simulate(aso.Case.from_dict(description(seed)))
        kind, reason = "done", solution.stop_reason
    except SimulationError as error:
        solution, kind, reason = error.partial, "stopped", str(error)
    except AsyncsocError as error:
        return Answer(seed, "refused", _first(str(error)))
    except Exception:
        return Answer(seed, "failed", traceback.format_exc())
    if solution is None:
        return Answer(seed, kind, _first(reason))
    try:
        return _balanced(seed, kind, _first(reason), solution)
    except Exception:
        return Answer(seed, "failed", traceback.format_exc())


def _balanced(seed: int, kind: str, reason: str, solution: Any) -> Answer:
    """Return the answer with its balances, which are read from the result as its users do."""
    particles = solution.particles
    many, charge = particles["Multiplicity"].values, particles["Charge passed [C]"].values
    volume = particles["Volume [m3]"].values
    own = [solution.particle(j) for j in range(len(many))]
    whole = FARADAY * 5e4 * float(many @ volume)
    taken, before, flows = many @ charge, 0.0, many[:, None] * particles["Current [A]"].values
    current, conduction = 0.0, _conduction(solution)
    passed = float(np.abs(taken - solution.columns[names.CHARGE]).max()) / whole  # the curve of the whole is the sum
    for summary in solution.steps:  # those that came to their end
        rows = np.flatnonzero(solution.columns[names.STEP] == summary.number)
        if not len(rows):
            continue
        # what the recorded particles took up, beside what the integrator says of the step ...
        passed = max(passed, abs(float(taken[rows[-1]]) - before - summary.charge) / whole)
        before = float(taken[rows[-1]])
        # ... and the charge of galvanostatic steps is the current times the time, that of rests nothing
        if summary.text.startswith(_GALVANOSTATIC) and len(rows) > 1:
            rest = summary.text.startswith(_GALVANOSTATIC[-1])
            asked = 0.0 if rest or not summary.duration else summary.charge / summary.duration
            misses = np.abs((flows.sum(axis=0) - asked)[rows[1:]])
            current = max(current, float(misses.max()) * 3600.0 / whole)
            passed = max(passed, abs(asked * summary.duration - summary.charge) / whole)
    lithium = max(float(np.abs(one.columns[names.BALANCE]).max()) for one in own)
    steps = int(solution.provenance["integrator steps"]["accepted"])
    finite = all(np.isfinite(values).all() for one in own for name, values in one.columns.items() if name in _FINITE)
    missed = lithium, passed, current, conduction
    if not (max(missed) <= LIMIT and finite):
        kind, reason = "failed", f"balances {', '.join(f'{one:.3g}' for one in missed)}, finite {finite}: {reason}"
    json.dumps(solution.to_json_dict(), allow_nan=False)
    deep = solution.layers.sizes["layer"] if solution.layered else 0
    return Answer(seed, kind, reason, len(own), steps, lithium, float(passed), current, conduction, deep)


def _conduction(solution: Any) -> float:
    """Return by how much potentials of layers beside each other miss Ohm's law [V], over 1 V or the largest of them."""
    if not solution.layered or solution.layers.sizes["layer"] < 2:
        return 0.0
    layers, about = solution.layers, solution.reports["layers"]
    potential = layers["Potential of the electrolyte [V]"].values
    behind = np.cumsum(layers["Current of the layer [A]"].values[::-1], axis=0)[::-1][1:]  # what passes between two
    (level,) = about["ionic conductivity"]
    between = about["thickness [m]"] / (about["number"] * level["value [S/m]"] * about["area [m2]"])
    miss = np.abs(np.diff(potential, axis=0) - between * behind).max()
    return float(miss / max(1.0, np.abs(solution.columns[names.VOLTAGE]).max()))


_GALVANOSTATIC = ("Charge", "Discharge", "Rest")
_FINITE = (names.VOLTAGE, names.CURRENT, names.MEAN_X, names.CONTACT_X, names.CHARGE)


def _first(text: str) -> str:
    return text.splitlines()[0] if text else text


def kind_of(reason: str) -> str:
    """Return a reason without its numbers, by which reasons are counted."""
    return " ".join(word for word in reason.split() if not any(letter.isdigit() for letter in word))


def summary(answers: list[Answer]) -> dict[str, Any]:
    """Return how many came to what."""
    good = [one for one in answers if one.kind in ("done", "stopped")]
    return {
        "electrodes": len(answers),
        "kinds": dict(Counter(one.kind for one in answers)),
        "largest lithium balance error [c_max V]": max((one.lithium for one in good), default=0.0),
        "largest charge balance error [capacity]": max((one.charge for one in good), default=0.0),
        "largest current balance error [1 C]": max((one.current for one in good), default=0.0),
        "largest miss of Ohm's law between layers [1 V or the voltage]": max(
            (one.conduction for one in good), default=0.0
        ),
        "electrodes with layers that were computed": sum(one.layers > 0 for one in good),
        "answers": dict(Counter(f"{one.kind}: {kind_of(one.reason)}" for one in answers).most_common()),
    }


def main() -> int:
    """Run, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--store", type=Path, default=STORED, help="goes on after the seeds that are there")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    answers = stored(options.store)
    for seed in range(len(answers), options.count):
        answers.append(answer(seed))
        if answers[-1].kind == "failed":
            print(json.dumps(asdict(answers[-1])), flush=True)
    rows = ",\n".join("  " + json.dumps([*asdict(one).values()]) for one in answers)
    head = json.dumps({**summary(answers), "columns": list(Answer.__dataclass_fields__)}, indent=1)
    options.store.write_text(f'{head[:-2]},\n "rows": [\n{rows}\n ]\n}}\n', encoding="utf-8")
    print(json.dumps(summary(answers), indent=1))
    return int(any(one.kind == "failed" for one in answers))


def stored(path: Path = STORED) -> list[Answer]:
    """Return the answers in a table."""
    if not path.exists():
        return []
    return [Answer(*row) for row in json.loads(path.read_text(encoding="utf-8"))["rows"]]


if __name__ == "__main__":
    raise SystemExit(main())
