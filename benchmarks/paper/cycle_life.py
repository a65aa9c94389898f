"""Constants of the film with which Cal has nothing left after 32 cycles, and what they say of the other cathodes.

    python -m benchmarks.paper.cycle_life docs/paper_cycle_life.csv     # a minute of processor time from what is kept

One lumped constant of PEO-LiTFSI is fitted to one datum, that Cal has `DEAD` of its first capacity after `END` cycles:
i_ox0 v_f/kappa of a film with a resistance, i_ox0 v_f/d_block of one that closes the contact, or both with a given
resistance of the film that closes it, for each driving force. Everything else is computed as it comes. A capacity may
fall within two cycles from a tenth to nothing: a constant is the one that is sought where it is near `DEAD` after `END`
cycles, or where it passes it within these two.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InfeasibleStepError
from asyncsoc.base.files import write_text
from asyncsoc.case import Case
from asyncsoc.recorders import cycle_rows as names
from asyncsoc.simulation import simulate
from asyncsoc.simulation.results.solution import Solution
from benchmarks.paper.cases import CAL, HOT_CAL

Array = NDArray[np.float64]
STORED = Path(__file__).parents[2] / "docs" / "paper_cycle_life.csv"
CYCLE = ["Charge at C/10 until 4.2 V", "Discharge at C/10 until 2.8 V"]
END = 32
"""Cycles after which Cal has nothing left."""
DEAD = 0.05
"""Of the first capacity: what is called nothing."""
BLIND = {"Hot-Cal at 50": 0.675, "PCA at 500": 0.70, "PCA, 28.6 mg/cm2, at 150": 0.779}
THICK = f"{2.55 * 28.6 / 12.7:.6g} mAh/cm2"
TOLERANCE = 1e-2
FORCES = ("potential", "reaction-energy")
"""Both together count one cause twice."""
BLOCKING = 1e-8
"""m."""
OPEN = 1e-6
"""Share of the contact below which a run ends: so small that a cell ends by its capacity. With the default of 1e-3 Cal
would end at a fifth of its first capacity, by an assumption."""
CLOSED = 0.3
"""ohm m2 of the film that closes the contact, where it has a resistance: 0.25 V at the mean current of Cal."""
_NEAR, _STRIDE, _MOST = 0.1, 6.0, 16


@dataclass(frozen=True)
class Film:
    """A lumped constant.

    Attributes
    ----------
    name
        What the film does.
    lumped
        The constant.
    key
        Of the section side_reaction: what is fitted in place of it.
    fixed
        Overrides of the other constants.
    rises
        Whether more capacity is left with a larger value.
    first, last
        Between which values it is sought [SI]. Beyond the last a contact is closed within a few cycles.
    """

    name: str
    lumped: str
    key: str
    fixed: tuple[str, ...]
    rises: bool
    first: float
    last: float


FILMS = (
    Film("resistive", "i_ox0 v_f/kappa", "film_conductivity", (), True, 1e-12, 1e-7),
    Film(
        "blocking",
        "i_ox0 v_f/d_block",
        "exchange_current_density",
        (
            f"side_reaction.blocking_thickness={BLOCKING:g}",
            "side_reaction.film_conductivity=1",
            f"side_reaction.least_open_share={OPEN:g}",
        ),
        False,
        1e-7,
        0.1,
    ),
    Film(
        "both",
        "i_ox0 v_f at a given d_block and kappa",
        "exchange_current_density",
        (
            f"side_reaction.blocking_thickness={BLOCKING:g}",
            f"side_reaction.film_conductivity={BLOCKING / CLOSED:.6g}",
            f"side_reaction.least_open_share={OPEN:g}",
        ),
        False,
        1e-7,
        0.1,
    ),
)


@dataclass(frozen=True)
class Fitted:
    """What one film and driving force give.

    Attributes
    ----------
    film, force
        Which.
    value
        The constant [SI]; None where none holds the datum.
    before, left
        What Cal has two cycles before `END` and after it.
    retained
        In the order of `BLIND`.
    """

    film: str
    force: str
    value: float | None
    before: float | None
    left: float | None
    retained: tuple[float, ...] = ()


def cycled(coverage: float, cycles: int, overrides: Sequence[str], **tables: Any) -> Solution:
    """Cycle a particle, with jumps over cycles."""
    contact = {"kind": "full"} if coverage == 1.0 else {"kind": "cap", "coverage": coverage}
    particle = {"radius": "7.5 um", "mesh": "draft", **({} if coverage == 1.0 else {"edge_levels": 0})}
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
    """Return the discharge capacities over the first one; zero after a contact has closed.

    All are zero where the drop of the film has left the window before the last cycle: a step cannot begin then.
    """
    retained = np.zeros(cycles)
    try:
        found = np.nan_to_num(cycled(coverage, cycles, overrides, **tables).cycle_rows[names.DISCHARGED])
    except InfeasibleStepError:
        return retained
    if len(found) and found[0] > 0.0:
        retained[: len(found)] = np.maximum(found / found[0], 0.0) + 0.0  # no -0
    return retained


def settings(film: Film, force: str, value: float) -> list[str]:
    """Return the overrides of a film's constant."""
    return [*film.fixed, f"side_reaction.driving_force={force}", f"side_reaction.{film.key}={value:.6g}"]


def holds(retained: Array) -> bool:
    """Return whether a course of capacities is near `DEAD` after `END` cycles, or passes it within the two before."""
    return bool(abs(_height(retained)) < _NEAR or retained[END] < DEAD < retained[END - 2])


def _height(retained: Array) -> float:
    return math.log(max(float(retained[END]), 1e-3) / DEAD)


def fit(film: Film, force: str, guess: float) -> tuple[float, float, float] | None:
    """Return the constant that holds the datum, and what Cal has two cycles before `END` and after it.

    None where none holds it.

    It is sought from a guess. The bracket is widened by a factor until it holds the datum, then halved or cut by a
    secant: the secant alone sticks where the capacity falls steeply.
    """
    ends: dict[bool, tuple[float, float]] = {}  # by whether too much is left: ln of the value, height
    place = math.log(guess)
    for count in range(_MOST):
        retained = capacities(CAL, END + 1, settings(film, force, math.exp(place)))
        if holds(retained):
            return math.exp(place), float(retained[END - 2]), float(retained[END])
        height = _height(retained)
        ends[height > 0.0] = place, height
        if len(ends) < 2:
            less = height > 0.0  # less must be left
            step = math.log(_STRIDE) * (-1.0 if less == film.rises else 1.0)
            bound = math.log(film.first if step < 0.0 else film.last)
            if place == bound:
                return None
            place = max(place + step, bound) if step < 0.0 else min(place + step, bound)
        else:
            (low, below), (high, above) = ends[False], ends[True]
            share = 0.5 if count % 2 else -below / (above - below)
            place = low + min(max(share, 0.1), 0.9) * (high - low)
    return None


def predict(film: Film, force: str, value: float) -> tuple[float, ...]:
    """Return the retentions that were not fitted, in the order of `BLIND`."""
    chosen = settings(film, force, value)
    pegda = {"electrolyte": {"name": "pegda-peca"}}
    thick = {"electrolyte": {"name": "pegda-peca", "areal_capacity": THICK}}
    return (
        float(capacities(HOT_CAL, 50, chosen)[-1]),
        float(capacities(1.0, 500, chosen, **pegda)[-1]),
        float(capacities(1.0, 150, chosen, **thick)[-1]),
    )


def stored(path: Path = STORED) -> list[Fitted]:
    """Return what is kept."""
    if not path.is_file():
        return []
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        for line in list(csv.reader(file))[1:]:
            value, before, left, *retained = [float(one) if one else None for one in line[3:]]
            known = tuple(one for one in retained if one is not None)
            rows.append(Fitted(line[0], line[1], value, before, left, known))
    return rows


def table(rows: Sequence[Fitted]) -> str:
    """Return the fits as a CSV table."""
    lines = [
        f"film,driving force,key,value [SI],Cal after {END - 2},Cal after {END},"
        + ",".join(f'"{name}"' for name in BLIND)
    ]
    keys = {film.name: film.key for film in FILMS}
    for one in rows:
        numbers = (
            [f"{one.value:.6g}", f"{one.before:.4g}", f"{one.left:.4g}", *(f"{x:.4g}" for x in one.retained)]
            if one.value is not None
            else [""] * (3 + len(BLIND))
        )
        lines.append(",".join([one.film, one.force, f"side_reaction.{keys[one.film]}", *numbers]))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Fit and predict; a row is kept as soon as it is computed, and searches begin at what is kept."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    begun = {(one.film, one.force): one.value for one in stored() if one.value is not None}
    rows: list[Fitted] = []
    for film in FILMS:
        for force in FORCES:
            found = fit(film, force, begun.get((film.name, force), math.sqrt(film.first * film.last)))
            rows.append(
                Fitted(film.name, force, None, None, None)
                if found is None
                else Fitted(film.name, force, *found, predict(film, force, found[0]))
            )
            sys.stdout.write(table(rows).splitlines()[-1] + "\n")
            sys.stdout.flush()
            if path is not None:
                write_text(path, table(rows))


if __name__ == "__main__":
    main()
