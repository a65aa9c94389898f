"""The contact-corrected model in PyBaMM against the resolved particle: `python -m benchmarks.contact_corrected [FILE]`.

Completes docs/contact_corrected.json (or FILE; remove it to compute everything again): the particle of the
documentation at several coverages, and random particles at random rates. Every comparison charges and discharges
PyBaMM's single-particle model with the constant current of the resolved run.
"""

from __future__ import annotations

import argparse
import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import write_text
from asyncsoc.base.plain_data import to_document
from asyncsoc.case.case import Case
from asyncsoc.studies.contact_corrected.correct import contact_corrected_model
from asyncsoc.studies.contact_corrected.model import ContactCorrectedModel
from asyncsoc.studies.contact_corrected.resolved_runs import resolved_run

OUTPUT = Path(__file__).resolve().parents[1] / "docs" / "contact_corrected.json"
COVERAGES = (0.2, 0.4, 0.7, 1.0)
RATES = (0.05, 0.1, 0.2, 0.5)
RANDOM_CASES, SEED = 20, 18
DIRECTIONS = ("charge", "discharge")
_LOWEST_RATE, _HIGHEST_RATE = 0.05, 0.5


def case_of(coverage: float, radius: float, diffusivity: float = 1.0, exchange_current: float = 1.0) -> Case:
    """Return a particle with the default materials; the last two are factors of D and i0."""
    contact = {"kind": "full"} if coverage >= 1.0 else {"kind": "cap", "coverage": coverage}
    return Case.from_dict(
        {
            "particle": {"shape": "sphere", "radius": radius},
            "contact": contact,
            "material": {"diffusivity_factor": diffusivity},
            "kinetics": {"exchange_current_density_factor": exchange_current},
            "protocol": {"temperature": "60 degC", "steps": ["Rest for 1 hour"]},
        }
    )


def random_particles() -> list[dict[str, float]]:
    """Return coverage, radius, factors of D and i0 and a rate [1/h] of the random cases."""
    draw = np.random.default_rng(SEED)

    def between(low: float, high: float) -> float:
        return float(np.exp(draw.uniform(np.log(low), np.log(high))))

    return [
        {
            "coverage": float(draw.uniform(0.2, 1.0)),
            "radius": 1e-6 * between(2.0, 7.5),
            "diffusivity": between(0.5, 3.0),
            "exchange_current": between(0.3, 10.0),
            "rate": between(_LOWEST_RATE, _HIGHEST_RATE),
        }
        for _ in range(RANDOM_CASES)
    ]


def compared(model: ContactCorrectedModel, case: Case, rate: float, *, diffusion: str = "radial") -> dict[str, float]:
    """Return the root mean square error [V] of PyBaMM's single-particle model at a rate [1/h], by direction."""
    import pybamm

    found = {}
    for direction in DIRECTIONS:
        run = resolved_run(case, rate, direction, model.voltages)  # type: ignore[arg-type]
        if run is None:
            raise RuntimeError(f"no {direction} at {rate} C")
        moving = ~run.resting
        times, weights = run.history.times[moving], run.weights[moving]
        values = model.parameter_values(rate=rate, direction=direction, diffusion=diffusion)  # type: ignore[arg-type]
        values.update({"Lower voltage cut-off [V]": 2.0, "Upper voltage cut-off [V]": 5.0})  # compared to the end
        spm = pybamm.lithium_ion.SPM(model.pybamm_options)
        simulation = pybamm.Simulation(
            spm,
            parameter_values=values,
            var_pts={**spm.default_var_pts, **model.pybamm_points},
            solver=pybamm.IDAKLUSolver(rtol=1e-6, atol=1e-8),
        )
        solution = simulation.solve([0.0, times[-1]], t_interp=times)
        voltage = np.interp(times, solution.t, solution["Voltage [V]"].entries)
        found[direction] = float(np.sqrt(np.sum(weights * (voltage - run.potential[moving]) ** 2)))
    return found


def at_coverage(coverage: float) -> dict[str, Any]:
    """Return model and errors of a particle of 5 um at a coverage."""
    case = case_of(coverage, 5e-6)
    model = contact_corrected_model(case)
    rates = [rate for rate in RATES if model.rates[0] <= rate <= model.rates[1]]
    single = {rate: compared(model, case, rate, diffusion="single") for rate in rates if rate <= model.single_rates[1]}
    return {
        "coverage": coverage,
        "utilisation": model.utilisation,
        "rates [1/h]": list(model.rates),
        "rates, single diffusivity [1/h]": list(model.single_rates),
        "stated error [V]": model.error,
        "stated error, single diffusivity [V]": model.single_error,
        "diffusivity factor": np.exp(model.log_factor),
        "single diffusivity factor": model.single_factor,
        "error [V]": [{"rate [1/h]": rate, **compared(model, case, rate)} for rate in rates],
        "error, single diffusivity [V]": [{"rate [1/h]": rate, **one} for rate, one in single.items()],
    }


def random_case(drawn: dict[str, float]) -> dict[str, Any]:
    """Return stated and actual error of a random case; the rate drawn is refused where the model does not hold."""
    keys = {key: value for key, value in drawn.items() if key != "rate"}
    case, rate = case_of(**keys), drawn["rate"]
    try:
        model = contact_corrected_model(case)
    except InputError as error:
        return {**drawn, "refused": error.what}
    low, high = model.rates
    refused = rate > high
    used = (
        low * (high / low) ** (np.log(rate / _LOWEST_RATE) / np.log(_HIGHEST_RATE / _LOWEST_RATE)) if refused else rate
    )
    errors = compared(model, case, used)
    return {
        **drawn,
        "rates [1/h]": list(model.rates),
        "refused": f"above {high:.4g} C" if refused else None,
        "rate compared [1/h]": used,
        "stated error [V]": model.error,
        **{f"error, {direction} [V]": value for direction, value in errors.items()},
    }


def main() -> None:
    """Compute what FILE lacks, at most MOST comparisons, and write each as it is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=OUTPUT)
    parser.add_argument("--most", type=int, default=len(COVERAGES) + RANDOM_CASES)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # PyBaMM's own
    document: dict[str, Any] = {"coverages": [], "random cases": []}
    if given.file.exists():
        document = json.loads(given.file.read_text(encoding="utf-8"))
    for _ in range(given.most):
        covered, random = document["coverages"], document["random cases"]
        if len(covered) < len(COVERAGES):
            covered.append(at_coverage(COVERAGES[len(covered)]))
        elif len(random) < RANDOM_CASES:
            random.append(random_case(random_particles()[len(random)]))
        else:
            break
        write_text(given.file, to_document(document) + "\n")


if __name__ == "__main__":
    main()
