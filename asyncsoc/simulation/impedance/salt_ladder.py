"""The impedance of layers whose salt moves: potentials and concentrations of all volumes at every frequency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.problem.linear_salt import LinearSalt, add_salt
from asyncsoc.problem.network import NetworkResistances
from asyncsoc.problem.particle_admittance import CoupledAdmittances

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]


class _Dense:
    """Entries of a dense matrix; those at one place add up."""

    def __init__(self, size: int) -> None:
        self.matrix = np.zeros((size, size), dtype=np.complex128)

    def add(self, rows: NDArray[Any], columns: NDArray[Any], values: NDArray[Any]) -> None:
        """Add entries."""
        np.add.at(self.matrix, (rows, columns), values)


def layer_admittances(
    particles: Sequence[CoupledAdmittances], many: Array, ohms: Array, nodes: Sequence[int], count: int
) -> ComplexArray:
    """Return current and side current of K layers by their own potential and concentration (2, 2, K, F).

    Parameters
    ----------
    particles : (N,)
        What each passes by its driving potential.
    many, ohms, nodes : (N,)
        Multiplicities, resistances of their own [ohm] and layers of the particles.
    count
        K.
    """
    found = np.zeros((2, 2, count, len(particles[0].current_u)), dtype=np.complex128)
    for one, n, r, node in zip(particles, many.tolist(), ohms.tolist(), nodes, strict=True):
        seen = one.behind(r)
        found[:, :, node] += n * np.array([[seen.current_u, seen.current_c], [seen.side_u, seen.side_c]])
    return found


def impedance_with_salt(
    salt: LinearSalt,
    resistances: NetworkResistances,
    admittances: ComplexArray,
    currents: Array,
    w: Array,
    lithium: tuple[float, float],
) -> ComplexArray:
    """Return the impedance (F,) [ohm] of the layers with separator and lithium electrode, the salt moving.

    Parameters
    ----------
    salt
        Linearized, its first concentration the unknown number K.
    resistances
        Of the network without ionic conduction; a linear lithium electrode is not part of them.
    admittances : (2, 2, K, F)
        From `layer_admittances`.
    currents : (K,)
        Of the layers at the state [A].
    w : (F,)
        rad/s.
    lithium
        Resistance of a linear lithium electrode [ohm], and the capacitance of its double layer [F].
    """
    count, n = len(currents), salt.transport.count
    size = count + n + 1
    drop, (linear, farad) = salt.drop_at_lithium(resistances, float(currents.sum())), lithium
    potentials, concentrations = np.arange(count), [salt.place(k) for k in range(count)]
    unit = np.zeros(size)
    unit[-1] = 1.0
    found = []
    for f, frequency in enumerate(w.tolist()):
        rows = np.zeros((2, count, size), dtype=np.complex128)
        rows[:, potentials, potentials] = admittances[:, 0, :, f]
        rows[:, potentials, concentrations] += admittances[:, 1, :, f]
        mass, jacobian = _Dense(size), _Dense(size)
        line = salt.line_factors(frequency)
        slopes = drop.slopes(linear, 1j * frequency * farad, complex(line[0][0]))
        charging = np.zeros((count, size))
        add_salt(salt, resistances, (mass, jacobian), (rows[0], rows[1], charging), currents.tolist(), slopes, line)
        matrix = jacobian.matrix - 1j * frequency * mass.matrix
        matrix[-1] = rows[0].sum(axis=0)
        by_row = 1.0 / np.abs(matrix).max(axis=1)
        scaled = by_row[:, np.newaxis] * matrix
        by_column = 1.0 / np.abs(scaled).max(axis=0)
        found.append(complex(by_column[-1] * np.linalg.solve(scaled * by_column, by_row * unit)[-1]))
    return np.array(found)
