"""The problem that is integrated: particles, the groups they belong to, and the meshes they are on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.interface.kinetics import InterfaceKinetics
from asyncsoc.interface.rate_laws import number_of, rate_law_names
from asyncsoc.materials.tables import MaterialTable
from asyncsoc.problem.changing_contact import ChangingContact
from asyncsoc.problem.network import Network
from asyncsoc.problem.ranks import ELSEWHERE
from asyncsoc.problem.system import OrderedSystem
from asyncsoc.protocol.constraints import StepConstraint

Method = Literal["rodas5p", "rodas4p2"]


@dataclass(frozen=True, eq=False)
class CoupledSideReaction:
    """The electrolyte's anodic side reaction, coupled to the particle.

    Attributes
    ----------
    coefficients
        Table of the reaction energy E(x) [eV/atom], as of `materials.thermochemistry.kernels`.
    parameters
        Its numbers, and those of the film, as `interface.side_reaction_constants.side_reaction_parameters` makes them.
    """

    coefficients: NDArray[np.float64]
    parameters: Any


@dataclass(frozen=True, eq=False)
class ParticleModel:
    """One particle on a mesh.

    Attributes
    ----------
    x : (n,)
        Initial stoichiometry, mesh node order.
    weights : (n,)
        Contact area per node [m2], zero off the contact.
    film_resistance
        R_film [ohm m2], uniform over the contact.
    tables
        Material table for each temperature of the protocol [K].
    kinetics
        Rate law with its parameters, one of `interface.rate_laws`, or a uniform flux.
    maximum_concentration
        c_max [mol/m3].
    side
        The coupled side reaction, None where there is none.
    film_thickness
        Initial film [m]: one value, or (n,) in mesh node order.
    branch_tables
        Tables by temperature and branch of the open-circuit potential, where it has a hysteresis.
    changing
        How the contact changes from protocol step to protocol step, None where it stays; `weights` is then the one at
        the start.
    scale
        Size of the particle over that of its mesh: particles that differ in size alone share a mesh.
    """

    x: NDArray[np.float64]
    weights: NDArray[np.float64]
    film_resistance: float
    tables: dict[float, MaterialTable]
    kinetics: InterfaceKinetics
    maximum_concentration: float
    side: CoupledSideReaction | None = None
    film_thickness: NDArray[np.float64] | float = 0.0
    branch_tables: dict[tuple[float, str], MaterialTable] = field(default_factory=dict)
    changing: ChangingContact | None = None
    scale: float = 1.0

    @property
    def charge_density(self) -> float:
        """Return F c_max of the particle per volume of its mesh [C/m3]."""
        return FARADAY * self.maximum_concentration * self.scale**3

    @property
    def contact_nodes(self) -> NDArray[np.int64]:
        """Mesh nodes of the contact, ascending; of one that changes those of every coverage it may have."""
        return np.flatnonzero(self.weights > 0.0) if self.changing is None else self.changing.nodes

    def table_of(self, constraint: StepConstraint) -> MaterialTable:
        """Return the material table of a protocol step: of its temperature, and of its branch of the potential."""
        return self.table_at(constraint.temperature, constraint.branch)

    def table_at(self, temperature: float, branch: str) -> MaterialTable:
        """Return the material table at a temperature [K], of a branch of the potential."""
        found = self.branch_tables.get((temperature, branch))
        return self.tables[temperature] if found is None else found


@dataclass(frozen=True, eq=False, kw_only=True)
class Member(ParticleModel):
    """A particle alone with its protocol: a group of one; several on one mesh make a batch.

    Attributes
    ----------
    constraints
        The protocol.
    tolerance
        Error allowed per step, in stoichiometry.
    largest_step
        Longest step [s]; with a tolerance of 1 or more every step has this size.
    """

    constraints: tuple[StepConstraint, ...]
    tolerance: float
    largest_step: float = math.inf


@dataclass(frozen=True, eq=False)
class Group:
    """Particles at one potential, or at those of the nodes of a network, under one control.

    The current of the protocol is that of the whole group, sum n_j I_j, and so are the charges of its limits; the
    series resistance is seen by that current. A particle may see the common potential v behind a resistance of its own:
    its driving potential is v_j = v - r_j I_j. A particle without contact belongs to the group as well: it passes no
    current. At least one particle needs contact and a finite resistance.

    Attributes
    ----------
    particles
        N particles, each on one of the problem's meshes.
    protocol steps, tolerance, largest_step
        As of `Member`; the error of a step is the largest of its particles'.
    multiplicities : (N,)
        n_j, how many particles each stands for; one each where empty.
    meshes : (N,)
        Number of each particle's mesh; the first one's where empty. `ranks.ELSEWHERE`: another process has it.
    resistances : (N,)
        r_j [ohm], electronic or of a contact, of one such particle (not times or over n_j); none where empty. Infinite:
        the particle is isolated. No net current reaches it, I_j = 0; its driving potential is then its own, the one at
        which intercalation and side reaction over its contact add up to nothing, as in a rest of that particle alone:
        lithium moves within it, also from contact to contact, and a side reaction is paid for by lithiation.
    network
        Nodes with potentials of their own, and the resistances between them; None: all see one potential.
    """

    particles: tuple[ParticleModel, ...]
    constraints: tuple[StepConstraint, ...]
    tolerance: float
    largest_step: float = math.inf
    multiplicities: tuple[float, ...] = ()
    meshes: tuple[int, ...] = ()
    resistances: tuple[float, ...] = ()
    network: Network | None = None

    def __post_init__(self) -> None:
        count = len(self.particles)
        for name in ("multiplicities", "meshes", "resistances"):
            if len(getattr(self, name)) not in (0, count):
                raise InputError(f"a group needs as many {name} as particles", where="Group", allowed=f"{count}")
        if count == 0:
            raise InputError("a group needs at least one particle", where="Group.particles")
        if not all(math.isfinite(many) and many > 0.0 for many in self.multiplicities):
            raise InputError("a multiplicity is out of range", where="Group.multiplicities", allowed="above 0")
        if not all(ohms >= 0.0 for ohms in self.resistances):
            raise InputError(
                "a resistance is out of range",
                where="Group.resistances",
                value=self.resistances,
                allowed="at least 0 ohm; infinite for an isolated particle",
            )
        if any(self.resistances) and any(particle.kinetics.imposes_flux for particle in self.particles):
            raise InputError(
                "a particle under uniform flux has no driving potential that a resistance of its own could change",
                where="Group.resistances",
                allowed=f"rate laws: {', '.join(rate_law_names())}",
                next_step="add its resistance to the series resistance of the protocol",
            )
        if self.network is not None:
            _check_network(self, self.network)
        if count > 1 and any(particle.kinetics.imposes_flux for particle in self.particles):
            raise InputError(
                "particles under uniform flux cannot share one potential: it does not enter their currents",
                where="Group.particles",
                allowed=f"rate laws: {', '.join(rate_law_names())}",
            )


@dataclass(frozen=True, eq=False)
class Problem:
    """All that the integrator needs: M meshes and G groups of particles on them.

    Attributes
    ----------
    meshes
        Operators of each mesh in elimination order.
    groups
        Groups; their particles are numbered through, and on each mesh in that order.
    """

    meshes: tuple[OrderedSystem, ...]
    groups: tuple[Group, ...]

    def __post_init__(self) -> None:
        """Refuse what does not fit together: meshes, arrays, tables."""
        energies = set()
        for g, group in enumerate(self.groups):
            _check_connected(group, f"group {g}")
            levels = {level for constraint in group.constraints for level in constraint.temperatures}
            for kinetics in {type(one.kinetics): one.kinetics for one in group.particles}.values():
                number_of(kinetics)
            checked = set()
            for k, particle in enumerate(group.particles):
                mesh, where = group.meshes[k] if group.meshes else 0, f"group {g}, particle {k}"
                if mesh == ELSEWHERE:
                    continue
                if not 0 <= mesh < len(self.meshes):
                    raise InputError(
                        "there is no such mesh", where=where, value=mesh, allowed=f"0 to {len(self.meshes) - 1}"
                    )
                if (id(particle), mesh) in checked:
                    continue
                checked.add((id(particle), mesh))
                _check_particle(particle, len(self.meshes[mesh].kernel.mass), levels, where)
                if particle.side is not None:
                    energies.add(particle.side.coefficients.shape)
        if len(energies) > 1:
            raise InputError(
                "the tables of reaction energies of one problem have different lengths",
                where="CoupledSideReaction.coefficients",
                value=sorted(energies),
                allowed="one length",
                next_step="tabulate them on grids of equally many cells, or solve them apart",
            )

    @classmethod
    def alone(cls, mesh: OrderedSystem, members: Sequence[Member]) -> Problem:
        """Return the problem of particles on one mesh, each alone with its own protocol."""
        return cls((mesh,), tuple(Group((m,), m.constraints, m.tolerance, m.largest_step) for m in members))


def _check_connected(group: Group, where: str) -> None:
    """Refuse a group none of whose particles can pass a current."""
    touching = [bool(particle.weights.any()) for particle in group.particles]
    if not any(touching):
        raise InputError(
            "the particle touches nothing" if len(touching) == 1 else "no particle of the group touches anything",
            where=f"{where}, weights",
            allowed="areas of at least 0 m2, one of them above 0",
            next_step="give at least one particle contact",
        )
    ohms = group.resistances or (0.0,) * len(touching)
    if not any(math.isfinite(own) for own, touches in zip(ohms, touching, strict=True) if touches):
        raise InputError(
            "no particle of the group with contact is connected to it",
            where=f"{where}, resistances",
            value=ohms,
            allowed="a finite resistance of at least one particle that has contact",
        )


def _check_network(group: Group, network: Network) -> None:
    """Refuse a network that does not fit the particles or the protocol of its group."""
    if len(network.nodes) != len(group.particles):
        raise InputError(
            "a network has a node for each particle",
            where="Group.network",
            value=len(network.nodes),
            allowed=f"{len(group.particles)}",
        )
    if any(particle.kinetics.imposes_flux for particle in group.particles):
        raise InputError(
            "a particle under uniform flux has no driving potential that a network could change",
            where="Group.network",
            allowed=f"rate laws: {', '.join(rate_law_names())}",
        )
    for level in sorted({level for constraint in group.constraints for level in constraint.temperatures}):
        network.at(level)


def _check_particle(particle: ParticleModel, nodes: int, levels: set[float], where: str) -> None:
    """Refuse a particle that does not fit its mesh or the temperatures of the protocol it follows [K]."""
    if not (math.isfinite(particle.scale) and particle.scale > 0.0):
        raise InputError(
            "the size of the particle over that of its mesh is out of range",
            where=f"{where}, scale",
            value=particle.scale,
            allowed="above 0",
        )
    for name in ("x", "weights"):
        shape = getattr(particle, name).shape
        if shape != (nodes,):
            raise InputError(
                "an array does not fit the mesh", where=f"{where}, {name}", value=shape, allowed=f"({nodes},)"
            )
    if not (np.isfinite(particle.weights).all() and (particle.weights >= 0.0).all()):
        raise InputError(
            "the particle's contact is no area",
            where=f"{where}, weights",
            allowed="finite areas of at least 0 m2",
        )
    missing = sorted(levels - particle.tables.keys())
    if missing:
        raise InputError(
            "there is no material table for the temperature of a protocol step",
            where=f"{where}, tables",
            value=f"{missing[0]:g} K",
            allowed=", ".join(f"{known:g} K" for known in particle.tables),
        )
