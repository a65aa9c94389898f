"""Competing phases of one chemical space as the arrays of a linear program, closed or open to lithium."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.materials.thermochemistry.phases import Phase, PhaseTable, require_coverage

Array = NDArray[np.float64]
RESERVOIR = "Li"
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Competition:
    """What may form from a set of elements; one column per phase, per counted atom.

    With the reservoir closed every atom is counted. Open to lithium at the potential phi (V against Li metal), lithium
    is free at mu = -phi eV: it is not counted, its balance drops out and a phase costs E + n_Li phi.

    Attributes
    ----------
    elements
        The counted elements: rows of `fractions`.
    phases
        The phases: columns.
    fractions : (elements, phases) float64
        Amount of each counted element per counted atom.
    energies : (phases,) float64
        eV per counted atom.
    counted : (phases,) float64
        Counted atoms per formula unit.
    potential
        Potential of the lithium reservoir [V against Li], None where closed.
    temperature
        Temperature of the table [K].
    """

    elements: tuple[str, ...]
    phases: tuple[Phase, ...]
    fractions: Array
    energies: Array
    counted: Array
    potential: float | None
    temperature: float

    def column(self, phase: Phase) -> tuple[Array, float, float]:
        """Return a phase's fractions and energy [eV], both per counted atom, and the counted atoms of its formula."""
        amounts = np.array([phase.composition.get(element, 0.0) for element in self.elements])
        counted = float(amounts.sum())
        return amounts / counted, self.cost(phase) / counted, counted

    def cost(self, phase: Phase) -> float:
        """Return E + n_Li phi (or E where closed) in eV per formula unit."""
        if self.potential is None:
            return phase.energy
        return phase.energy + self.potential * phase.composition.get(RESERVOIR, 0.0)


def compete(table: PhaseTable, reactants: Iterable[Phase], *, potential: float | None = None) -> Competition:
    """Return the competition of a table's phases within the elements of the reactants.

    Parameters
    ----------
    table
        The phases that may form.
    reactants
        Every element of these is in the space.
    potential
        Potential of a lithium reservoir [V against Li]; None: closed.

    Raises
    ------
    InputError
        A reactant with an element no phase contains, another temperature than the table's, or a potential that is
        negative (lithium metal would plate without limit) or not finite.
    """
    mixed = tuple(reactants)
    require_coverage(table, mixed)
    for one in mixed:
        if not math.isclose(one.temperature, table.temperature, abs_tol=0.01):
            raise InputError(
                f"{one.name} has another temperature than the phase table",
                where=table.origin,
                value=one.temperature,
                allowed=f"{table.temperature} K",
                next_step="give the reactant's energy at the table's temperature",
            )
    if potential is not None and not (math.isfinite(potential) and 0.0 <= potential <= 10.0):
        raise InputError(
            "the potential of the lithium reservoir is out of range",
            where="potential",
            value=potential,
            allowed="0 to 10 V against Li",
        )
    space = sorted({element for one in mixed for element in one.composition})
    elements = tuple(element for element in space if potential is None or element != RESERVOIR)
    if not elements or not all(set(one.composition) & set(elements) for one in mixed):
        raise InputError("a reactant holds nothing but lithium", where="reactants", value=[one.name for one in mixed])
    phases = tuple(phase for phase in table.within(space) if set(phase.composition) & set(elements))
    amounts = np.array([[phase.composition.get(element, 0.0) for phase in phases] for element in elements])
    counted = amounts.sum(axis=0)
    shell = Competition(elements, phases, amounts / counted, counted, counted, potential, table.temperature)
    energies = np.array([shell.cost(phase) for phase in phases]) / counted
    fractions = amounts / counted
    for array in (fractions, energies, counted):
        array.setflags(write=False)
    return Competition(elements, phases, fractions, energies, counted, potential, table.temperature)


def solve_program(costs: Array, balance: Array, target: Array, last: tuple[float, float]) -> tuple[Array, float]:
    """Minimize costs @ n subject to balance @ n = target, n >= 0 and `last` bounding the last unknown (HiGHS simplex).

    Parameters
    ----------
    costs : (n,) float64
    balance : (elements, n) float64
    target : (elements,) float64
    last
        Bounds of the last unknown, the mixing fraction.

    Returns
    -------
    tuple
        The minimizer (n,) and the minimum.

    Raises
    ------
    SimulationError
        The program has no solution: names the solver's reason.
    """
    from scipy.optimize import linprog

    bounds = [(0.0, None)] * (costs.size - 1) + [last]
    result = linprog(
        costs,
        A_eq=balance,
        b_eq=target,
        bounds=bounds,
        method="highs-ds",
        options={"primal_feasibility_tolerance": _TOLERANCE, "dual_feasibility_tolerance": _TOLERANCE},
    )
    if result.status != 0:
        raise SimulationError(
            "the equilibrium of the phases could not be found", where="reaction energy", value=result.message
        )
    return np.asarray(result.x, dtype=np.float64), float(result.fun)
