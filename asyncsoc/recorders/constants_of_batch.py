"""The gauges of a batch's members side by side, as the kernels read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.recorders.particle_constants import ParticleConstants

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class BatchConstants:
    """Constants of the observables of many particles on one mesh; members may share a gauge.

    Parameters
    ----------
    gauges
        One for each member.

    Attributes
    ----------
    which : (M,) int64
        Place of each member's gauge in the arrays of the contact.
    mass : (n,)
        m3.
    nodes, areas : (g, C), counts : (g,)
        Contact nodes, ascending, and their areas [m2].
    far_nodes, far_shares : (g, F), far_counts : (g,)
        Far sides.
    charged_x, capacity_constant, density : (M,)
        As of `ParticleConstants`.
    volume
        m3.
    valences : (M,)
        Valence model of each member's cathode, None where it has none.

    Raises
    ------
    InputError
        The gauges belong to different meshes.
    """

    def __init__(self, gauges: Sequence[ParticleConstants]) -> None:
        places = {id(gauge): k for k, gauge in enumerate({id(gauge): gauge for gauge in gauges}.values())}
        unique = list({id(gauge): gauge for gauge in gauges}.values())
        if any(gauge.mass is not unique[0].mass and not np.array_equal(gauge.mass, unique[0].mass) for gauge in unique):
            raise InputError("curves of a batch need particles on one mesh", where="Gauges")
        self.which = np.array([places[id(gauge)] for gauge in gauges], dtype=np.int64)
        self.mass = unique[0].mass
        self.volume = unique[0].volume
        self.nodes, self.counts = _padded([gauge.contact_nodes for gauge in unique], np.int64)
        self.areas, _ = _padded([gauge.weights[gauge.contact_nodes] for gauge in unique], np.float64)
        self.far_nodes, self.far_counts = _padded([gauge.far.nodes for gauge in unique], np.int64)
        self.far_shares, _ = _padded([gauge.far.shares for gauge in unique], np.float64)
        self.charged_x = np.array([gauge.charged_x for gauge in unique])[self.which]
        self.capacity_constant = np.array([gauge.capacity_constant for gauge in unique])[self.which]
        self.density = np.array([gauge.density for gauge in unique])[self.which]
        self.valences = [gauge.valence for gauge in gauges]
        potentials = [gauge.open_circuit_potential for gauge in unique]
        self._potentials = list(dict.fromkeys(potentials))
        self._law = np.array([self._potentials.index(law) for law in potentials], dtype=np.int64)[self.which]

    def oxidation_ratios(self, number: Ints, x: Array) -> Array:
        """Return the ratio of oxidation states at `x` (k, ...), members `number` (k,); NaN without a valence model."""
        found = np.full(x.shape, np.nan)
        for model in dict.fromkeys(self.valences):
            if model is not None:
                rows = np.array([valence == model for valence in self.valences])[number]
                found[rows] = model.ratio_or_infinite(x[rows])
        return found

    def open_circuit_potentials(self, number: Ints, x: Array) -> Array:
        """Return U(x) [V] of every row of `x` (k, ...), which belong to the members `number` (k,)."""
        if len(self._potentials) == 1:
            return _shaped(self._potentials[0], x)
        found = np.empty_like(x)
        law = self._law[number]
        for k, potential in enumerate(self._potentials):
            rows = law == k
            found[rows] = _shaped(potential, x[rows])
        return found


def _shaped(potential: Callable[[Array], Array], x: Array) -> Array:
    return np.asarray(potential(x.ravel())).reshape(x.shape)


def _padded[T: np.generic](rows: Sequence[NDArray[T]], dtype: type[T]) -> tuple[NDArray[T], Ints]:
    """Return rows of different lengths as one array, zeros behind, and their lengths."""
    counts = np.array([len(row) for row in rows], dtype=np.int64)
    out = np.zeros((len(rows), int(counts.max())), dtype=dtype)
    for k, row in enumerate(rows):
        out[k, : len(row)] = row
    return out, counts
