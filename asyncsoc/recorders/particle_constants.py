"""Everything about one particle that does not change in time and that its curves are measured with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import ParticleMesh, frozen
from asyncsoc.materials.types import Cathode
from asyncsoc.materials.valence import ValenceModel
from asyncsoc.recorders.far_side import FarSide, far_side

Array = NDArray[np.float64]


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
    """

    mass: Array
    weights: Array
    far: FarSide
    open_circuit_potential: Callable[[Array], Array]
    charged_x: float
    maximum_concentration: float
    density: float
    valence: ValenceModel | None = None

    def __post_init__(self) -> None:
        for name in ("mass", "weights"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @classmethod
    def build(cls, mesh: ParticleMesh, contact: ContactMap, mass: Array, cathode: Cathode, *, charged_x: float) -> Self:
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
        )

    @cached_property
    def contact_nodes(self) -> NDArray[np.int64]:
        """Nodes with contact area, ascending."""
        return frozen(np.flatnonzero(self.weights > 0.0), np.int64)

    @cached_property
    def volume(self) -> float:
        """Volume of the particle as meshed [m3]."""
        return float(self.mass.sum())

    @property
    def capacity_constant(self) -> float:
        """Lithium in the particle at x = 1, c_max V [mol]."""
        return self.maximum_concentration * self.volume
