"""The partly delithiated cathode: its energy from the voltage curve in use.

Against lithium metal, G(Li_x MO2) = G(LiMO2) + F * integral from x to 1 of U dx': removing dx lithium costs U dx
electron volts. A reaction energy built on it is consistent with the voltage curve the simulation runs on. U is a Gibbs
energy: with the Gibbs energy of LiMO2 the sum is exact, and no entropy of Li_x MO2 or of lithium is needed. With its
enthalpy the sum leaves out T dU/dT, at most 0.02 eV per lithium taken (|dU/dT| up to 0.07 mV/K).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.materials.thermochemistry.conditions import Conditions
from asyncsoc.materials.thermochemistry.formula import lithium_formula
from asyncsoc.materials.thermochemistry.phases import Phase

Array = NDArray[np.float64]
_CELLS = 2000
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)
_PLAUSIBLE = (0.0, 6.0)


def check_stoichiometry(x: Array | float, *, where: str = "x") -> Array:
    """Return `x` as an array; raises InputError where a value is not finite or outside [0, 1]."""
    values = np.asarray(x, dtype=np.float64)
    bad = ~((values >= 0.0) & (values <= 1.0))
    if bad.any():
        raise InputError(
            "a stoichiometry is out of range", where=where, value=float(values[bad].flat[0]), allowed="0 to 1"
        )
    return values


@dataclass(frozen=True)
class Host:
    """A layered oxide from which lithium is taken.

    Attributes
    ----------
    name
        Name of the voltage curve's parameter set.
    lithiated
        LiMO2.
    open_circuit_potential
        U(x) in V against Li, for arrays of x in [0, 1].
    validity
        (lowest, highest) stoichiometry the voltage curve's source covers; beyond it the energy is extrapolated.
    cumulative
        Integral of U from each edge of the quadrature's cells to 1 [eV].
    """

    name: str
    lithiated: Phase
    open_circuit_potential: Callable[[Array], Array]
    validity: tuple[float, float]
    cumulative: Array

    def work(self, x: Array | float) -> Array:
        """Return the integral of U from `x` to 1 [eV per formula unit], in the shape of `x`; InputError outside [0, 1].

        Gauss-Legendre, six points in each of 2000 cells: resolves the steep end of published curves at x = 1.
        """
        values = check_stoichiometry(x)
        cell = np.minimum((values * _CELLS).astype(np.int64), _CELLS - 1)
        upper = (cell + 1) / _CELLS
        work: Array = self.cumulative[cell + 1] + _panel(self.open_circuit_potential, values, upper)
        return work

    def under(self, conditions: Conditions, elements: Mapping[str, float] | None = None) -> Host:
        """Return the host with the energy of LiMO2 under `conditions` (see `Conditions.phase`)."""
        return replace(self, lithiated=conditions.phase(self.lithiated, elements))

    def at(self, x: float) -> Phase:
        """Return Li_x MO2 as a reactant; raises InputError outside [0, 1]."""
        energy = self.lithiated.energy + float(self.work(x))
        composition = {**self.lithiated.composition, "Li": float(x)}
        if x == 0.0:
            del composition["Li"]
        return Phase(
            name=self.name,
            formula=lithium_formula(self.lithiated.composition, float(x)),
            composition=composition,
            energy=energy,
            uncertainty=self.lithiated.uncertainty,
            temperature=self.lithiated.temperature,
            source=f"{self.lithiated.source}; voltage curve {self.name}",
            assumed=self.lithiated.assumed,
            entropy_estimated=self.lithiated.entropy_estimated,
        )


def _panel(potential: Callable[[Array], Array], low: Array, high: Array) -> Array:
    half = 0.5 * (np.asarray(high, dtype=np.float64) - low)
    points = (0.5 * (high + low))[..., None] + half[..., None] * _NODES
    values: Array = half * (np.asarray(potential(points), dtype=np.float64) @ _WEIGHTS)
    return values


def host(
    name: str,
    open_circuit_potential: Callable[[Array], Array],
    lithiated: Phase,
    *,
    validity: tuple[float, float] = (0.0, 1.0),
) -> Host:
    """Return the host of a voltage curve.

    Parameters
    ----------
    name
        Name of the parameter set, for messages and results.
    open_circuit_potential
        U(x) in V against Li for arrays of x in [0, 1].
    lithiated
        The fully lithiated material with its energy of formation.
    validity
        Stoichiometries the curve's source covers.

    Raises
    ------
    InputError
        The curve is not finite, or leaves 0 to 6 V, somewhere on [0, 1].
    """
    edges = np.linspace(0.0, 1.0, _CELLS + 1)
    with np.errstate(all="ignore"):
        values = np.asarray(open_circuit_potential(edges), dtype=np.float64)
        panels = _panel(open_circuit_potential, edges[:-1], edges[1:])
    bad = ~((values >= _PLAUSIBLE[0]) & (values <= _PLAUSIBLE[1]))
    if bad.any():
        raise InputError(
            "the voltage curve cannot be integrated to x = 1",
            where=f"open-circuit potential of {name} at x = {edges[bad][0]:.4g}",
            value=float(values[bad][0]),
            allowed="0 to 6 V against Li on the whole of [0, 1]",
            next_step="use the pure fit of its source, without an end-of-discharge term",
        )
    cumulative = np.concatenate([np.cumsum(panels[::-1])[::-1], [0.0]])
    cumulative.setflags(write=False)
    return Host(name, lithiated, open_circuit_potential, validity, cumulative)
