"""What the candidates outside of the bound need for P4, the capacities against cycle number, with the numbers.

Discharge capacities at C/10 between 4.2 and 2.8 V of the second cycle, of particles that are what a candidate has left
of them: a smaller contact, a film with a resistance, a larger share of the current. Where a candidate wears a cell by
the same share in every cycle, what Cal's end says of Hot-Cal at 50 cycles is a blind prediction.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from asyncsoc.base.errors import InfeasibleStepError
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders import cycle_rows as rows
from benchmarks.paper.cases import CAL, HOT_CAL, particle, run
from benchmarks.paper.cycle_life import CYCLE, DEAD, END, Film, cycled, fit, predict
from benchmarks.paper.first_charge_candidates import TAFEL, root
from benchmarks.paper.what_it_takes import stored

HOT_LEFT, HOT_CYCLES = 0.675, 50
PCA_LEFT, PCA_CYCLES = 0.70, 500
FULL = 1.0
CHARGE = 25.0
"""C/m2 available, as of a film of 10 nm."""


@cache
def capacity(coverage: float, film: float = 0.0, rate: float = 0.1) -> float:
    """Return the discharge capacity of the second cycle [mA h/g] with a film [ohm m2], at a rate [C]."""
    steps = [step.replace("C/10", f"{rate:.6g}C") for step in CYCLE]
    particle = {"radius": "7.5 um", "mesh": "coarse", **({} if coverage == 1.0 else {"edge_levels": 0})}
    try:
        solution = cycled(
            coverage,
            2,
            ["side_reaction.mode=off", f"kinetics.film_resistance={film:.6g}"],
            particle=particle,
            solver={},
            protocol={"temperature": "60 degC", "cycle": [{"repeat": 2, "steps": steps}]},
        )
    except InfeasibleStepError:  # its drop alone is beyond the window
        return 0.0
    found = np.nan_to_num(solution.cycle_rows[rows.SPECIFIC_DISCHARGED])
    return float(found[1]) if len(found) > 1 else 0.0


def falls_to(left: Callable[[float], float], share: float, low: float, high: float) -> float:
    """Return where a falling retention is a share, sought in decades."""
    return root(lambda place: math.log(share / max(left(place), 1e-4)), low, high)


def per_cycle(left: float, cycles: int) -> float:
    """Return the share lost in a cycle where the same share of what is left is lost in each."""
    return -math.expm1(math.log(left) / cycles)


def coverage_numbers() -> dict[str, float]:
    """Return to what the coverage would have to fall (d), and what the same loss says of Hot-Cal."""

    def ends(start: float, share: float) -> float:
        return 1.0 / falls_to(lambda less: capacity(start / less) / capacity(start), share, 1.001, 1e3)

    def left(start: float, share: float) -> float:
        return capacity(start * share) / capacity(start)

    cal, hot = ends(CAL, DEAD), ends(HOT_CAL, HOT_LEFT)
    pca = 1.0 / falls_to(lambda less: capacity(0.999 / less) / capacity(0.999), PCA_LEFT, 1.001, 1e3)
    return {
        "P4 d: Cal's coverage at its end": CAL * cal,
        "P4 d: Hot-Cal's coverage at 67.5 %": HOT_CAL * hot,
        "P4 d: PCA's coverage at 70 %": pca,
        "P4 d: contact lost a cycle, Cal": per_cycle(cal, END),
        "P4 d: contact lost a cycle, Hot-Cal": per_cycle(hot, HOT_CYCLES),
        "P4 d: contact lost a cycle, PCA": per_cycle(pca, PCA_CYCLES),
        "P4 d: Hot-Cal at 50 with Cal's share a cycle": left(HOT_CAL, cal ** (HOT_CYCLES / END)),
        "P4 d: Hot-Cal at 50 with Cal's area a cycle": left(
            HOT_CAL, 1.0 - CAL * (1.0 - cal) / HOT_CAL * HOT_CYCLES / END
        ),
        "P4 c: share of the contact near carbon": 1.0 - cal,
        "P4 c: Hot-Cal with that share closed": left(HOT_CAL, cal),
    }


def isolation_numbers() -> dict[str, float]:
    """Return which share of the particles must be cut off (e), the others carrying the whole current."""

    def left(coverage: float, share: float) -> float:
        return share * capacity(coverage, rate=0.1 / share) / capacity(coverage)

    def connected(coverage: float, share: float) -> float:
        return 1.0 / falls_to(lambda less: left(coverage, 1.0 / less), share, 1.001, 50.0)

    cal, hot, pca = connected(CAL, DEAD), connected(HOT_CAL, HOT_LEFT), connected(FULL, PCA_LEFT)
    return {
        "P4 e: connected share of Cal at its end": cal,
        "P4 e: connected share of Hot-Cal at 67.5 %": hot,
        "P4 e: connected share of PCA at 70 %": pca,
        "P4 e: cut off a cycle, Cal": per_cycle(cal, END),
        "P4 e: cut off a cycle, Hot-Cal": per_cycle(hot, HOT_CYCLES),
        "P4 e: cut off a cycle, PCA": per_cycle(pca, PCA_CYCLES),
        "P4 e: Hot-Cal at 50 with Cal's share a cycle": left(HOT_CAL, cal ** (HOT_CYCLES / END)),
    }


def resistance_numbers() -> dict[str, float]:
    """Return the films that end Cal, and leave Hot-Cal what the paper says (a), and what they leave to the others."""

    def left(coverage: float, film: float) -> float:
        return capacity(coverage, film) / capacity(coverage)

    last = falls_to(lambda film: left(CAL, film), DEAD, 1e-3, 8.0)
    whole = falls_to(lambda film: left(HOT_CAL, film), HOT_LEFT, 1e-3, 8.0)
    return {
        "P4 a: film's resistance that ends Cal [ohm m2]": last,
        "P4 a: Hot-Cal with that film": left(HOT_CAL, last),
        "P4 a: PCA with that film": left(FULL, last),
        "P4 a: film of Hot-Cal at 67.5 % [ohm m2]": whole,
        "P4 a: PCA with last film": left(FULL, whole),
        "P4 a: film of PCA at 70 % [ohm m2]": falls_to(lambda film: left(FULL, film), PCA_LEFT, 1e-3, 8.0),
    }


def consumed_numbers() -> dict[str, float]:
    """Return what cycled particles have left (a), on whose contact a finite amount forms a film and runs out.

    Two constants: the resistance of the last film is that with which Hot-Cal has 67.5 %, the rate is fitted to Cal's
    end. Driven by the potential; 25 C/m2 are available, of which only resistance and pace matter. PCA is predicted.
    """
    last = stored()["P4 a: film of Hot-Cal at 67.5 % [ohm m2]"]
    film = Film(
        "finite",
        "i_ox0/q, with v_f q/kappa given",
        "exchange_current_density",
        (f"side_reaction.available_charge={CHARGE:g}", f"side_reaction.film_conductivity={4e-10 * CHARGE / last:.6g}"),
        False,
        1e-9,
        1.0,
    )
    found = fit(film, "potential", CHARGE / (END * free_charge(CAL)))
    if found is None:
        return {}
    rate, _, left = found
    names_of = ("P4 a: Hot-Cal at 50, cycled", "P4 a: PCA at 500, cycled", "P4 a: PCA, 28.6 mg/cm2, at 150, cycled")
    return {
        "P4 a: rate at 3.8 V over the available charge [1/h]": rate / CHARGE * 3600.0,
        "P4 a: Cal at 32, cycled": left,
        **dict(zip(names_of, predict(film, "potential", rate), strict=True)),
    }


def free_charge(coverage: float) -> float:
    """Return the integral of exp[a F (phi - 3.8 V)/RT] over the first cycle without side reaction [s]."""
    columns = run(particle(coverage, CYCLE)).columns
    rate = np.exp(TAFEL * (columns[names.POTENTIAL] - 3.8))
    return float(np.sum(0.5 * (rate[1:] + rate[:-1]) * np.diff(columns[names.TIME])))
