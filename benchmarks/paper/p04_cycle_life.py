"""P4: capacity against cycle number, with one lumped constant of PEO-LiTFSI fitted to Cal's end.

    python -m benchmarks.paper --only P4

The datum is that Cal has nothing left after 32 cycles: `DEAD` of the first capacity. The lumped constant is
i_ox0 v_f/kappa of a film with a resistance, fitted for each driving force by kappa with i_ox0 at its default.
Everything else is then computed as it comes: Hot-Cal, and PCA with the same constant, full coverage and its own
electrolyte. A film that closes the contact (i_ox0 v_f/d_block) is a second such constant; it is not fitted yet.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.case import Case
from asyncsoc.recorders import cycle_rows as names
from asyncsoc.simulation import simulate
from asyncsoc.simulation.results.solution import Solution
from benchmarks.paper.cases import CAL, HOT_CAL, SENSITIVE
from benchmarks.paper.rows import PaperRow

Array = NDArray[np.float64]
CYCLE = ["Charge at C/10 until 4.2 V", "Discharge at C/10 until 2.8 V"]
END = 32
"""Cycles after which Cal has nothing left."""
DEAD = 0.05
"""Of the first capacity: what is called nothing."""
BLIND = {"Hot-Cal at 50": 0.675, "PCA at 500": 0.70, "PCA, 28.6 mg/cm2, at 150": 0.779}
WITHIN = 0.1
"""Of a retention: what is called reproduced."""
STEPS = 5
"""Of a fit."""
TOLERANCE = 1e-2


@dataclass(frozen=True)
class Film:
    """A lumped constant: how it is called, the key that is fitted, what else is set, and where it is sought [SI]."""

    name: str
    key: str
    fixed: tuple[str, ...]
    first: float
    last: float


FILMS = (Film("resistive", "film_conductivity", (), 1e-12, 1e-7),)
FORCES = ("potential", "reaction-energy")
"""Both together count one cause twice."""


def cycled(coverage: float, cycles: int, overrides: Sequence[str], **tables: Any) -> Solution:
    """Cycle a particle, with jumps over cycles."""
    contact = {"kind": "full"} if coverage == 1.0 else {"kind": "cap", "coverage": coverage}
    particle = {"radius": "7.5 um", "mesh": "coarse", **({} if coverage == 1.0 else {"edge_levels": 0})}
    case = Case.from_dict(
        {
            "particle": particle,
            "contact": contact,
            "side_reaction": {"mode": "coupled"},
            "protocol": {"temperature": "60 degC", "cycle": [{"repeat": cycles, "steps": CYCLE}]},
            "output": {"keep_cycles": "none"},
            "solver": {"cycle_jump_tolerance": TOLERANCE},
            **tables,
        },
        list(overrides),
    )
    return simulate(case)


def capacities(coverage: float, cycles: int, overrides: Sequence[str], **tables: Any) -> Array:
    """Return the discharge capacities over the first one."""
    found = np.nan_to_num(cycled(coverage, cycles, overrides, **tables).cycle_rows[names.DISCHARGED])
    retained = np.zeros(cycles)
    if len(found) and found[0] > 0.0:
        retained[: len(found)] = found / found[0]
    return retained


def settings(film: Film, force: str, value: float) -> list[str]:
    """Return the overrides of a film's constant."""
    return [*film.fixed, f"side_reaction.driving_force={force}", f"side_reaction.{film.key}={value:.6g}"]


def fit(film: Film, force: str) -> float | None:
    """Return the conductivity with which Cal has `DEAD` of its capacity left after `END` cycles, to a tenth of that."""
    low, high = math.log(film.first), math.log(film.last)

    def left(place: float) -> float:
        retained = capacities(CAL, END + 1, settings(film, force, math.exp(place)))
        return math.log(max(float(retained[END]), 1e-6) / DEAD)

    below, above = left(low), left(high)
    if below > 0.0 or above < 0.0:
        return None
    for count in range(2 * STEPS):
        share = 0.5 if count % 3 == 0 else below / (below - above)  # a secant, kept from sticking to one end
        middle = low + share * (high - low)
        found = left(middle)
        if abs(found) < 0.1:
            return math.exp(middle)
        if found < 0.0:
            low, below = middle, found
        else:
            high, above = middle, found
    return None


def predict(film: Film, force: str, value: float) -> dict[str, float]:
    """Return the retentions that were not fitted."""
    chosen = settings(film, force, value)
    pegda = {"electrolyte": {"name": "pegda-peca"}}
    thick = {"electrolyte": {"name": "pegda-peca", "areal_capacity": f"{2.55 * 28.6 / 12.7:.6g} mAh/cm2"}}
    return {
        "Hot-Cal at 50": float(capacities(HOT_CAL, 50, chosen)[-1]),
        "PCA at 500": float(capacities(1.0, 500, chosen, **pegda)[-1]),
        "PCA, 28.6 mg/cm2, at 150": float(capacities(1.0, 150, chosen, **thick)[-1]),
    }


def row(quick: bool) -> PaperRow:
    """Fit, and predict."""
    probe = settings(FILMS[0], "potential", 1e-7)
    numbers = {"Cal at 5, kappa 1e-7, potential": float(capacities(CAL, 5, probe)[-1])}
    if quick:
        return _row(numbers, {}, "")
    found: dict[tuple[str, str], dict[str, float] | None] = {}
    for film in FILMS:
        for force in FORCES:
            if sys.stderr.isatty():
                sys.stderr.write(f"{film.name} film, driven by {force}\n")
            value = fit(film, force)
            found[film.name, force] = None if value is None else predict(film, force, value)
            if value is not None:
                numbers[f"{film.name}, {force}: {film.key}"] = value
                numbers |= {f"{film.name}, {force}: {name}": v for name, v in (found[film.name, force] or {}).items()}
    return _row(numbers, found, _sensitivity(numbers))


def _sensitivity(numbers: dict[str, float]) -> str:
    for film in FILMS:
        for force in FORCES:
            value = numbers.get(f"{film.name}, {force}: {film.key}")
            if value is not None:
                chosen = settings(film, force, value)
                parts = []
                varied = {**SENSITIVE, "f": ("contact.coverage=0.8", "contact.coverage=0.99")}
                for name, overrides in varied.items():
                    values = [100.0 * capacities(HOT_CAL, 50, [*chosen, one])[-1] for one in overrides]
                    parts.append(
                        f"{name} ({' / '.join(one.split('=')[1] for one in overrides)}): {values[0]:.0f} / "
                        f"{values[1]:.0f}"
                    )
                kept = f"the {film.name} film driven by {force} and its constant kept"
                return f"Hot-Cal at 50 [%] with {kept}: {'; '.join(parts)}."
    return "none: no constant holds the datum."


def _row(numbers: dict[str, float], found: dict[tuple[str, str], dict[str, float] | None], line: str) -> PaperRow:
    held = {key: values for key, values in found.items() if values is not None}
    right = [
        key for key, values in held.items() if all(abs(values[name] - paper) <= WITHIN for name, paper in BLIND.items())
    ]
    hot = [key for key, values in held.items() if values["Hot-Cal at 50"] > DEAD]
    words = [
        f"{film}, {force}: {' / '.join(f'{100.0 * values[name]:.0f}' for name in BLIND)} %"
        for (film, force), values in held.items()
    ]
    failed = [f"{film}, {force}" for (film, force), values in found.items() if values is None]
    return PaperRow(
        key="P4",
        title="capacity against cycle number",
        place="Fig. 1g, 5d, S14",
        paper="Cal: nothing left after 32 cycles; Hot-Cal: 67.5 % after 50; PCA: 70 % after 500 (12.7 mg/cm2), 77.9 "
        "% after 150 (28.6 mg/cm2)",
        ours=f"after the fit to Cal's end, Hot-Cal at 50 / PCA at 500 / PCA at 150: {'; '.join(words) or 'none'}"
        + (f". No constant holds Cal's end with {', '.join(failed)}" if failed else ""),
        fitted=f"one lumped constant of PEO-LiTFSI to one datum, that Cal (f = 0.3) has less than {100 * DEAD:g} % "
        f"of its first capacity after {END} cycles: i_ox0 v_f/kappa of a film "
        "with a resistance, for each driving force. A film that closes the contact, i_ox0 v_f/d_block, is not "
        "computed yet",
        predicted="Hot-Cal (f = 0.95), and PCA (f = 1, PEGDA-PECA, the same constant): blind",
        sensitivity=line,
        verdict="no number to compare"
        if not found
        else "reproduced"
        if right
        else "trend only"
        if hot
        else "not reproduced",
        because="Rule: reproduced where one lumped constant and driving force gives all three blind retentions "
        f"within {100 * WITHIN:g} points; trend only where Hot-Cal is left with something "
        f"at 50 cycles; found in {len(right)} and {len(hot)} of {len(found)}. The lithium electrode, LLZTO and the "
        "capacity that fades without a film are not in the model. The verdict is that of a resistive film; one that "
        "closes "
        "the contact is not computed yet.",
        scan="python -m benchmarks.paper --only P4",
        would_take=(
            "**Isolation.** Particles that are cut off one after another take their capacity with them whatever the "
            "voltage; Cal's end at 32 and Hot-Cal's loss of a third at 50 "
            f"are a loss per cycle of {100 * (1 - DEAD ** (1 / END)):.1f} % and {100 * (1 - 0.675 ** (1 / 50)):.2f} "
            "% of what is left, a factor of "
            f"{(1 - DEAD ** (1 / END)) / (1 - 0.675 ** (1 / 50)):.0f} between the two coverages, and PCA's "
            f"{100 * (1 - 0.70 ** (1 / 500)):.3f} % another factor of "
            f"{(1 - 0.675 ** (1 / 50)) / (1 - 0.70 ** (1 / 500)):.0f}. Its sign is a capacity that comes back at no "
            "rate, however low: a C/100 discharge of a dead Cal cell would tell it from a film.",
            "**Coverage that falls while cycling** (`contact.coverage_change`): Cal's 0.3 to nothing within 32 "
            "cycles, a loss of some 3 % of the contact a cycle; tomography after cycles would tell.",
        )
        if found and not right
        else (),
        numbers=numbers,
    )
