"""The problem linearized about a state, as plain sparse arrays: for impedance, sensitivities and stability.

The unknowns of a group are, particle after particle, the stoichiometry x of every node, the film thickness d and the
potential v under the film of every contact node; the last unknown is phi_s. With the open share g(d) of a contact node
and the double layer's charging current C dv/dt the rows are

    m dx/dt       = -[K psi(x)] - w g i(x, v)/(F c_max)
    dd/dt         = growth g o(x, v, d)
    -R(d) C dv/dt = v - phi_s + R(d) (i + o)
    -q dQ/dt      = q I + p phi_s - target,   I = sum n w g (i + o),   dQ/dt = sum n w g C dv/dt

with the constraint's factors q and p, and `mass dy/dt = jacobian y + target_column * target` is what they are to first
order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.interpolation import ocp_and_i0_array, psi_and_d_array
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.interface.kinetics import RateLaw
from asyncsoc.interface.rate_laws import rate_law_names
from asyncsoc.materials.tables import MaterialTable
from asyncsoc.materials.thermochemistry.kernels import energy_field
from asyncsoc.problem.particles import Group, ParticleModel, Problem
from asyncsoc.problem.system import OrderedSystem
from asyncsoc.protocol.constraints import StepConstraint

Array = NDArray[np.float64]
_ITERATIONS = 60
_SETTLED = 1e-14
"""V."""
_LARGEST_MOVE = 5.0
"""In units of R T/F."""


@dataclass(frozen=True, eq=False)
class GroupState:
    """The state of a group about which it is linearized.

    Attributes
    ----------
    x : (n,) for each particle
        Stoichiometry, mesh node order.
    potential
        phi_s [V].
    film : (c,) for each particle
        Film thickness on the contact nodes [m]; none where empty.
    """

    x: tuple[Array, ...]
    potential: float
    film: tuple[Array, ...] = ()


@dataclass(frozen=True, eq=False)
class Interface:
    """Currents and their derivatives on the contact nodes (c,) of a particle, per open area of contact.

    Attributes
    ----------
    v
        Potential under the film [V].
    i, i_x, i_v
        Intercalation current density [A/m2] and its slopes by stoichiometry and potential.
    o, o_x, o_v, o_film
        The same of the side reaction, and by the film thickness [A/m3].
    opened, opened_film
        Share of the area that no film has closed, and its slope [1/m].
    resistance, resistance_film
        R [ohm m2] and dR/dd [ohm m].
    growth
        V_film/(z F) [m3/C]; 0 where there is no side reaction.
    """

    v: Array
    i: Array
    i_x: Array
    i_v: Array
    o: Array
    o_x: Array
    o_v: Array
    o_film: Array
    opened: Array
    opened_film: Array
    resistance: Array
    resistance_film: Array
    growth: float


@dataclass(frozen=True, eq=False)
class ParticleRows:
    """The rows of one particle in the linearization.

    Attributes
    ----------
    mass : (n,), stiffness : (n, n), diffusivity : (n,)
        Lumped volumes [m3], K [m], D(x) [m2/s].
    contact_nodes, areas : (c,)
        Nodes under the contact and their areas [m2].
    interface
        What happens there.
    charge_density
        F c_max [C/m3].
    multiplicity
        How many particles it stands for.
    start
        Place of its first unknown; n stoichiometries, c films and c potentials under the film follow.
    """

    mass: Array
    stiffness: sp.csr_matrix
    diffusivity: Array
    contact_nodes: NDArray[np.int64]
    areas: Array
    interface: Interface
    charge_density: float
    multiplicity: float
    start: int

    @property
    def x(self) -> slice:
        """Places of the stoichiometries among the unknowns."""
        return slice(self.start, self.start + len(self.mass))

    @property
    def film(self) -> slice:
        """Places of the film thicknesses among the unknowns."""
        return slice(self.x.stop, self.x.stop + len(self.contact_nodes))

    @property
    def under_film(self) -> slice:
        """Places of the potentials under the film among the unknowns."""
        return slice(self.film.stop, self.film.stop + len(self.contact_nodes))


@dataclass(frozen=True, eq=False)
class Linearization:
    """`mass dy/dt = jacobian y + target_column * target` for small changes y of the unknowns and of the target.

    Attributes
    ----------
    mass, jacobian : (N, N)
        Sparse.
    target_column : (N,)
        What a change of the step's current [A] or voltage [V] adds to the rows.
    current_row : (N,)
        The group's current [A] but for charging: `current_row @ y`.
    charging_row : (N,)
        The charging current [A]: `charging_row @ dy/dt`.
    particles
        The pieces.
    """

    mass: sp.csr_matrix
    jacobian: sp.csr_matrix
    target_column: Array
    current_row: Array
    charging_row: Array
    particles: tuple[ParticleRows, ...]


def linearize(
    problem: Problem, state: GroupState, *, group: int = 0, protocol_step: int = 0, double_layer: float = 0.0
) -> Linearization:
    """Linearize a group of a problem about a state.

    Parameters
    ----------
    problem
        Meshes and groups.
    state
        Of the group: it need not be one that the integrator has reached.
    group
        Its number.
    protocol_step
        Number of the protocol step, from 0, whose temperature and constraint hold.
    double_layer
        Capacitance of the double layer C [F/m2 of open contact].

    Raises
    ------
    InputError
        Kinetics of uniform flux, which know no potential, no such group or protocol step, a state that does not fit, is
        not finite or has no solution under the film, or a negative capacitance.
    """
    for name, number, count in (("group", group, len(problem.groups)), ("protocol_step", protocol_step, None)):
        most = len(problem.groups[group].constraints) if count is None else count
        if not 0 <= number < most:
            raise InputError(f"there is no such {name}", where=name, value=number, allowed=f"0 to {most - 1}")
    chosen = problem.groups[group]
    _check(chosen, state, double_layer)
    step = chosen.constraints[protocol_step]
    if step.product:
        raise InputError(
            "a power is no linear constraint",
            where="protocol_step",
            value=step.step.text,
            next_step="linearize about the same state under its current or voltage",
        )
    many = chosen.multiplicities or (1.0,) * len(chosen.particles)
    meshes = chosen.meshes or (0,) * len(chosen.particles)
    pieces: list[ParticleRows] = []
    for k, particle in enumerate(chosen.particles):
        nodes = np.flatnonzero(particle.weights > 0.0)
        x, film = np.asarray(state.x[k], dtype=np.float64), state.film[k] if state.film else np.zeros(len(nodes))
        table, system = particle.table_of(step), problem.meshes[meshes[k]]
        pieces.append(
            ParticleRows(
                mass=system.kernel.mass[system.place],
                stiffness=stiffness_of(system),
                diffusivity=psi_and_d_array(x, table.x_first, table.spacing, table.coefficients)[1],
                contact_nodes=nodes,
                areas=particle.weights[nodes],
                interface=interface_of(particle, step.temperature, x[nodes], film, state.potential, table=table),
                charge_density=FARADAY * particle.maximum_concentration,
                multiplicity=many[k],
                start=pieces[-1].under_film.stop if pieces else 0,
            )
        )
    return _assembled(tuple(pieces), step, double_layer)


def _check(group: Group, state: GroupState, double_layer: float) -> None:
    if any(particle.kinetics.imposes_flux for particle in group.particles):
        raise InputError(
            "uniform flux cannot be linearized: the potential does not enter the current",
            where="ParticleModel.kinetics",
            allowed=f"rate laws: {', '.join(rate_law_names())}",
        )
    if not (np.isfinite(double_layer) and double_layer >= 0.0):
        raise InputError("out of range", where="double_layer", value=double_layer, allowed="at least 0 F/m2")
    sizes = [len(particle.x) for particle in group.particles]
    films = [int((particle.weights > 0.0).sum()) for particle in group.particles]
    if [len(x) for x in state.x] != sizes or (state.film and [len(d) for d in state.film] != films):
        raise InputError(
            "the state does not belong to this group",
            where="GroupState",
            value=f"{[len(x) for x in state.x]} stoichiometries, {[len(d) for d in state.film]} film thicknesses",
            allowed=f"{sizes} and {films}",
        )
    if not all(np.isfinite(values).all() for values in (*state.x, *state.film, np.array([state.potential]))):
        raise InputError("the state is not finite", where="GroupState", next_step="give numbers")


def stiffness_of(system: OrderedSystem) -> sp.csr_matrix:
    """Return K [m] in mesh node order."""
    couplings, n = system.kernel.stiffness, len(system.kernel.mass)
    below = couplings.below
    lower = sp.csr_matrix((below.data, below.indices, below.indptr), shape=(n, n))
    ordered = sp.diags(couplings.diagonal) - lower - lower.T
    return ordered.tocsr()[system.place][:, system.place].tocsr()


def interface_of(
    particle: ParticleModel,
    temperature: float,
    x: Array,
    film: Array,
    potential: float,
    table: MaterialTable | None = None,
) -> Interface:
    """Evaluate a particle's contact nodes.

    Parameters
    ----------
    temperature
        K.
    x, film : (c,)
        Stoichiometry and film thickness [m] there.
    potential
        phi_s [V].
    table
        Material table; None: the particle's at that temperature.
    """
    table = particle.tables[temperature] if table is None else table
    ocp, ocp_x, i0, i0_x = ocp_and_i0_array(x, table.x_first, table.spacing, table.coefficients)
    law = particle.kinetics
    if not isinstance(law, RateLaw):
        raise InputError("no rate law relates the current to the potential here", where="Particle.kinetics", value=law)
    f = FARADAY / (GAS_CONSTANT * temperature)
    film = np.asarray(film, dtype=np.float64)
    barrier, barrier_x = np.full_like(x, -np.inf), np.zeros_like(x)
    alpha, resistivity, inverse_limit, inverse_block, growth = 0.0, 0.0, 0.0, 0.0, 0.0
    if particle.side is not None:
        p = particle.side.parameters
        energy, slope = np.empty_like(x), np.empty_like(x)
        energy_field(x, p.side_first, p.side_inverse_spacing, particle.side.coefficients, energy, slope)
        with np.errstate(divide="ignore"):
            barrier = f * (p.shift - p.beta * energy) + np.log(p.scale)
        barrier_x, alpha = -f * p.beta * slope, p.side_alpha
        resistivity, inverse_limit, inverse_block, growth = p.resistivity, p.inverse_limit, p.inverse_block, p.growth
    thinning, resistance = 1.0 + film * inverse_limit, particle.film_resistance + film * resistivity

    def rates(v: Array) -> tuple[Array, Array, Array, Array]:
        """Return i, di/dv, o, do/dv."""
        value, slope = law.reference(v - ocp, temperature)
        o = np.exp(barrier + f * alpha * v) / thinning
        return i0 * value, i0 * slope, o, f * alpha * o

    v = np.full_like(x, potential)
    for _ in range(_ITERATIONS):
        i, i_v, o, o_v = rates(v)
        change = (potential - v - resistance * (i + o)) / (1.0 + resistance * (i_v + o_v))
        v = v + np.clip(change, -_LARGEST_MOVE / f, _LARGEST_MOVE / f)
        if np.abs(change).max(initial=0.0) <= _SETTLED * max(1.0, abs(potential)):
            break
    else:
        raise InputError(
            "the potential under the film has no solution at this state",
            where="GroupState.potential",
            value=potential,
            allowed="potentials within some volts of the open-circuit potential",
        )
    i, i_v, o, o_v = rates(v)
    opened = np.maximum(0.0, 1.0 - film * inverse_block)
    return Interface(
        v=v,
        i=i,
        i_x=i0_x * i / i0 - i_v * ocp_x,
        i_v=i_v,
        o=o,
        o_x=barrier_x * o,
        o_v=o_v,
        o_film=-o * inverse_limit / thinning,
        opened=opened,
        opened_film=np.where(opened > 0.0, -inverse_block, 0.0),
        resistance=resistance,
        resistance_film=np.full_like(resistance, resistivity),
        growth=growth,
    )


class _Entries:
    """Entries of a sparse matrix, collected."""

    def __init__(self) -> None:
        self._parts: list[tuple[Array, Array, Array]] = []

    def add(self, rows: Array, columns: Array, values: Array) -> None:
        """Add entries; a single row or column goes with all of the other."""
        shape = np.broadcast_shapes(np.shape(rows), np.shape(columns), np.shape(values))
        self._parts.append(tuple(np.broadcast_to(part, shape).ravel() for part in (rows, columns, values)))  # type: ignore[arg-type]

    def matrix(self, size: int) -> sp.csr_matrix:
        """Return the matrix; entries at one place add up."""
        rows, columns, values = (np.concatenate([part[k] for part in self._parts]) for k in range(3))
        return sp.csr_matrix((values, (rows, columns)), shape=(size, size))


def _assembled(pieces: tuple[ParticleRows, ...], protocol_step: StepConstraint, double_layer: float) -> Linearization:
    size = pieces[-1].under_film.stop + 1
    last = np.array([size - 1])
    mass, jacobian = _Entries(), _Entries()
    current_row, charging_row = np.zeros(size), np.zeros(size)
    for one in pieces:
        at, areas = one.interface, one.areas
        nodes, films, inner = (np.arange(size)[part] for part in (one.x, one.film, one.under_film))
        touched, open_area = nodes[one.contact_nodes], areas * at.opened
        # lithium
        mass.add(nodes, nodes, one.mass)
        diffusion = (-one.stiffness @ sp.diags(one.diffusivity)).tocoo()
        jacobian.add(diffusion.row + one.start, diffusion.col + one.start, diffusion.data)
        for columns, slope in (
            (touched, at.opened * at.i_x),
            (inner, at.opened * at.i_v),
            (films, at.opened_film * at.i),
        ):
            jacobian.add(touched, columns, -areas * slope / one.charge_density)
        # film
        side = {
            "x": at.opened * at.o_x,
            "v": at.opened * at.o_v,
            "film": at.opened * at.o_film + at.opened_film * at.o,
        }
        mass.add(films, films, np.ones(len(films)))
        for columns, name in ((touched, "x"), (inner, "v"), (films, "film")):
            jacobian.add(films, columns, at.growth * side[name])
        # potential under the film, and the double layer
        mass.add(inner, inner, -at.resistance * double_layer)
        jacobian.add(inner, last, -np.ones(len(inner)))
        jacobian.add(inner, inner, 1.0 + at.resistance * (at.i_v + at.o_v))
        jacobian.add(inner, touched, at.resistance * (at.i_x + at.o_x))
        jacobian.add(inner, films, at.resistance_film * (at.i + at.o) + at.resistance * at.o_film)
        # what reaches the network
        many = one.multiplicity
        current_row[touched] += many * areas * (at.opened * at.i_x + side["x"])
        current_row[inner] += many * areas * (at.opened * at.i_v + side["v"])
        current_row[films] += many * areas * (at.opened_film * at.i + side["film"])
        charging_row[inner] += many * open_area * double_layer
    jacobian.add(last, np.arange(size), protocol_step.current_factor * current_row)
    jacobian.add(last, last, np.array([protocol_step.potential_factor]))
    mass.add(last, np.arange(size), -protocol_step.current_factor * charging_row)
    target = np.zeros(size)
    target[-1] = -1.0
    return Linearization(mass.matrix(size), jacobian.matrix(size), target, current_row, charging_row, pieces)
