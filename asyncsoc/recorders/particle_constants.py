"""Constants of a particle, and of the particles of a batch, from which the curves of a run are computed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import ParticleMesh, frozen
from asyncsoc.materials.potentials import StepPotential
from asyncsoc.materials.types import Cathode
from asyncsoc.materials.valence import ValenceModel
from asyncsoc.recorders.far_side import FarSide, far_side

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ParticleConstants:
    """The constants of one particle's observables.

    Attributes
    ----------
    mass : (n,), m3
        Row sums of the mass matrix.
    weights : (n,), m2
        Contact area lumped to the nodes.
    far : FarSide
        Surface nodes farthest from the contact.
    open_circuit_potential
        U(x) [V].
    charged_x
        Stoichiometry in equilibrium with the cathode's charged voltage, the end of the SOC scale.
    maximum_concentration, density
        mol/m3 and kg/m3.
    valence
        The cathode's; None where it has none.
    step_potentials
        U(x) of each protocol step [V], where temperature or hysteresis change it; else empty.
    nodes : (c,) int64
        Contact nodes, ascending: where the contact changes all that it may have. None: those with contact area.
    """

    mass: Array
    weights: Array
    far: FarSide
    open_circuit_potential: Callable[[Array], Array]
    charged_x: float
    maximum_concentration: float
    density: float
    valence: ValenceModel | None = None
    step_potentials: tuple[StepPotential, ...] = ()
    nodes: Ints | None = None

    def __post_init__(self) -> None:
        for name in ("mass", "weights"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @classmethod
    def build(
        cls,
        mesh: ParticleMesh,
        contact: ContactMap,
        mass: Array,
        cathode: Cathode,
        *,
        charged_x: float,
        step_potentials: tuple[StepPotential, ...] = (),
        nodes: Ints | None = None,
    ) -> Self:
        """Collect the constants of one particle.

        Raises
        ------
        InputError
            The arrays do not belong to one mesh, or nothing is in contact.
        """
        if not len(mass) == len(contact.weights) == mesh.n_nodes:
            raise InputError(
                "mesh, mass and contact map belong to different meshes",
                where=f"mesh {mesh.name!r}",
                value=f"{mesh.n_nodes} nodes, {len(mass)} masses, {len(contact.weights)} contact weights",
                allowed="equally many",
                next_step="build the operators and the contact map on this mesh",
            )
        if not contact.area > 0.0:
            raise InputError(
                "the contact map has no contact area",
                where=f"contact {contact.kind!r}",
                value=contact.coverage_realised,
                allowed="a coverage above 0",
                next_step="raise contact.coverage",
            )
        return cls(
            mass=mass,
            weights=contact.weights,
            far=far_side(mesh, contact),
            open_circuit_potential=cathode.open_circuit_potential,
            charged_x=charged_x,
            maximum_concentration=cathode.maximum_concentration,
            density=cathode.density,
            valence=cathode.valence,
            step_potentials=step_potentials,
            nodes=nodes,
        )

    @cached_property
    def contact_nodes(self) -> NDArray[np.int64]:
        """Nodes with contact area, ascending; where the contact changes all that may have some."""
        return frozen(np.flatnonzero(self.weights > 0.0) if self.nodes is None else self.nodes, np.int64)

    @cached_property
    def volume(self) -> float:
        """Volume of the particle as meshed [m3]."""
        return float(self.mass.sum())

    @property
    def capacity_constant(self) -> float:
        """Lithium in the particle at x = 1, c_max V [mol]."""
        return self.maximum_concentration * self.volume


class BatchConstants:
    """Constants of the observables of many particles on one mesh; members may share them.

    Parameters
    ----------
    constants
        One for each member.

    Attributes
    ----------
    which : (M,) int64
        Place of each member's constants in the arrays of the contact.
    mass : (n,)
        m3.
    nodes, areas : (g, C), counts : (g,)
        Contact nodes, ascending, and their areas [m2].
    contact_area : (g,)
        Sum of `areas` [m2].
    far_nodes, far_shares : (g, F), far_counts : (g,)
        Far sides.
    charged_x, capacity_constant, density : (M,)
        As of `ParticleConstants`.
    volume : (M,)
        m3.
    valences : (M,)
        Valence model of each member's cathode, None where it has none.

    Raises
    ------
    InputError
        The constants belong to meshes that are not one mesh in different sizes.
    """

    def __init__(self, constants: Sequence[ParticleConstants]) -> None:
        places = {id(one): k for k, one in enumerate({id(one): one for one in constants}.values())}
        unique = list({id(one): one for one in constants}.values())
        if any(one.mass is not unique[0].mass and not _alike(one, unique[0]) for one in unique):
            raise InputError("curves of a batch need particles on one mesh", where="BatchConstants")
        self.which = np.array([places[id(one)] for one in constants], dtype=np.int64)
        self.mass = unique[0].mass
        self.volume: Array = np.array([one.volume for one in unique])[self.which]
        self.nodes, self.counts = _padded([one.contact_nodes for one in unique], np.int64)
        self.areas, _ = _padded([one.weights[one.contact_nodes] for one in unique], np.float64)
        self.contact_area = np.array([math.fsum(row) for row in self.areas])
        self.far_nodes, self.far_counts = _padded([one.far.nodes for one in unique], np.int64)
        self.far_shares, _ = _padded([one.far.shares for one in unique], np.float64)
        self.charged_x = np.array([one.charged_x for one in unique])[self.which]
        self.capacity_constant = np.array([one.capacity_constant for one in unique])[self.which]
        self.density = np.array([one.density for one in unique])[self.which]
        self.valences = [one.valence for one in constants]
        self._by_step = [one.step_potentials for one in constants] if any(one.step_potentials for one in unique) else []
        potentials = [one.open_circuit_potential for one in unique]
        self._potentials = list(dict.fromkeys(potentials))
        self._law = np.array([self._potentials.index(law) for law in potentials], dtype=np.int64)[self.which]

    def set_areas(self, member: int, areas: Array) -> None:
        """Let a member's contact nodes have other areas (c,) [m2] from here on."""
        place = int(self.which[member])
        if np.array_equal(self.areas[place, : len(areas)], areas):
            return
        row = np.zeros((1, self.areas.shape[1]))
        row[0, : len(areas)] = areas
        self.contact_area = np.append(self.contact_area, math.fsum(areas))
        self.which[member] = len(self.areas)
        self.areas = np.concatenate([self.areas, row])
        for name in ("nodes", "counts", "far_nodes", "far_shares", "far_counts"):
            values = getattr(self, name)
            setattr(self, name, np.concatenate([values, values[place : place + 1]]))

    def oxidation_ratios(self, number: Ints, x: Array) -> Array:
        """Return the ratio of oxidation states at `x` (k, ...), members `number` (k,); NaN without a valence model."""
        found = np.full(x.shape, np.nan)
        for model in dict.fromkeys(self.valences):
            if model is not None:
                rows = np.array([valence == model for valence in self.valences])[number]
                found[rows] = model.ratio_or_infinite(x[rows])
        return found

    def open_circuit_potentials(self, number: Ints, x: Array, step: Array, temperature: Array) -> Array:
        """Return U(x) [V] of every row of `x` (k, ...).

        Parameters
        ----------
        number, step, temperature : (k,)
            Member, protocol step and temperature [K] of each row.
        """
        if self._by_step:
            laws = [
                by_step[int(k) - 1].at(level) if by_step else self._potentials[self._law[n]]
                for n, k, level, by_step in (
                    (n, k, level, self._by_step[n])
                    for n, k, level in zip(number, step, temperature.tolist(), strict=True)
                )
            ]
            return potentials_of_rows(laws, x)
        if len(self._potentials) == 1:
            return _shaped(self._potentials[0], x)
        found = np.empty_like(x)
        law = self._law[number]
        for k, potential in enumerate(self._potentials):
            rows = law == k
            found[rows] = _shaped(potential, x[rows])
        return found


def _alike(one: ParticleConstants, other: ParticleConstants) -> bool:
    """Return whether two particles are on one mesh, in one size or in two."""
    if np.array_equal(one.mass, other.mass):
        return True
    return len(one.mass) == len(other.mass) and np.allclose(
        one.mass / one.volume, other.mass / other.volume, rtol=1e-9, atol=0.0
    )


def potentials_of_rows(laws: Sequence[Callable[[Array], Array]], x: Array) -> Array:
    """Return U(x) [V] of every row of `x` (k, ...), each by its own law; equal laws are evaluated together."""
    found = np.empty_like(x)
    numbers: dict[Callable[[Array], Array], int] = {}
    which = np.array([numbers.setdefault(law, len(numbers)) for law in laws], dtype=np.int64)
    for law, k in numbers.items():
        found[which == k] = _shaped(law, x[which == k])
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
