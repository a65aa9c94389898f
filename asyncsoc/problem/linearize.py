"""The problem linearized about a state, as plain sparse arrays: for impedance, sensitivities and stability.

The unknowns of a group are, particle after particle, the stoichiometry x of every node, the film thickness d and the
potential v under the film of every contact node, and where it has a resistance r of its own its driving potential u;
the last unknown is phi_s, and u = phi_s of a particle without resistance. With the open share g(d) of a contact node
and the double layer's charging current C dv/dt the rows are

    m dx/dt       = -[K psi(x)] - w g i(x, v)/(F c_max)
    dd/dt         = growth g o(x, v, d)
    -R(d) C dv/dt = v - u + R(d) (i + o)
    r dQ_j/dt     = phi_s - u - r I_j,        I_j = sum w g (i + o),   dQ_j/dt = sum w g C dv/dt
    -q dQ/dt      = q I + p phi_s - target,   I = sum n I_j,           dQ/dt = sum n dQ_j/dt

(dQ_j/dt = -I_j where the particle is isolated: its admittance Y_j becomes Y_j/(1 + r Y_j), or nothing)
with the constraint's factors q and p, and `mass dy/dt = jacobian y + target_column * target` is what they are to first
order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.interpolation import psi_and_d_array
from asyncsoc.interface.rate_laws import rate_law_names
from asyncsoc.problem.linear_interface import Interface, driving_interface
from asyncsoc.problem.linear_salt import LinearSalt, add_particle, add_salt, layer_currents, linear_salt
from asyncsoc.problem.network import NetworkResistances, lithium_resistance
from asyncsoc.problem.particles import Group, Problem
from asyncsoc.problem.sparse_entries import SparseEntries
from asyncsoc.problem.system import OrderedSystem
from asyncsoc.protocol.constraints import StepConstraint

Array = NDArray[np.float64]


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
    nodes : (K,)
        Potentials of the nodes of its network [V]; all at phi_s where empty.
    salt : (n,)
        Concentrations of its salt [mol/m3]; at rest where empty.
    """

    x: tuple[Array, ...]
    potential: float
    film: tuple[Array, ...] = ()
    nodes: tuple[float, ...] = ()
    salt: tuple[float, ...] = ()


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
        F c_max [C/m3]. Like mass and diffusivity in the size of its mesh (`ParticleModel.scale`).
    multiplicity
        How many particles it stands for.
    start
        Place of its first unknown; n stoichiometries, c films and c potentials under the film follow, and its driving
        potential where it has a resistance of its own.
    driving
        Place of its driving potential: what it sees where it has no resistance.
    seen
        Place of the potential that it sees behind its resistance: of its node, or of the group's phi_s.
    own_resistance
        r [ohm]; infinite where it is isolated.
    potential
        Its driving potential [V].
    exchange : (n, n)
        What passes between the nodes of its grain boundaries, h w (x_a - x_b) [m3/s]; None where it has none.
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
    driving: int
    seen: int
    own_resistance: float
    potential: float
    exchange: sp.csr_matrix | None = None

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

    Rows and unknowns have units of their own, and sizes many decades apart: scale them before a factorization.

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
    ohms = chosen.resistances or (0.0,) * len(chosen.particles)
    touching = [int((particle.weights > 0.0).sum()) for particle in chosen.particles]
    own = [int(r != 0.0) for r in ohms]
    sizes = [len(p.x) + 2 * c + u for p, c, u in zip(chosen.particles, touching, own, strict=True)]
    starts = [0, *np.cumsum(sizes).tolist()]
    network = chosen.network
    count = 0 if network is None else network.count
    places = [starts[-1] + (0 if network is None else network.nodes[k]) for k in range(len(chosen.particles))]
    seen = [state.nodes[network.nodes[k]] if network and state.nodes else state.potential for k in range(len(places))]
    salt = None if network is None else linear_salt(network, step.temperature, state.salt, starts[-1] + count)
    exchange = [1.0 if salt is None or network is None else salt.factor(network.nodes[k]) for k in range(len(places))]
    pieces: list[ParticleRows] = []
    for k, particle in enumerate(chosen.particles):
        nodes = np.flatnonzero(particle.weights > 0.0)
        x, film = np.asarray(state.x[k], dtype=np.float64), state.film[k] if state.film else np.zeros(len(nodes))
        table, system = particle.table_of(step), problem.meshes[meshes[k]]
        at = (particle, step.temperature, x[nodes], film, seen[k], ohms[k], table, exchange[k])
        potential, interface = driving_interface(*at)
        diffusivity = psi_and_d_array(x, table.x_first, table.spacing, table.coefficients)[1]
        pieces.append(
            ParticleRows(
                mass=system.kernel.mass[system.place],
                stiffness=stiffness_of(system),
                diffusivity=particle.scale**-2 * diffusivity,
                contact_nodes=nodes,
                areas=particle.weights[nodes],
                interface=interface,
                charge_density=particle.charge_density,
                multiplicity=many[k],
                start=starts[k],
                driving=starts[k + 1] - 1 if own[k] else places[k],
                seen=places[k],
                own_resistance=ohms[k],
                potential=potential,
                exchange=exchange_of(system, particle.scale),
            )
        )
    level = None if network is None else network.at(step.temperature)
    size = starts[-1] + count + 1 + (0 if salt is None else salt.transport.count)
    return _assembled(tuple(pieces), step, double_layer, size, level, salt)


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
    count = 0 if group.network is None else group.network.count
    if state.nodes and len(state.nodes) != count:
        raise InputError(
            "the state does not belong to this group",
            where="GroupState.nodes",
            value=len(state.nodes),
            allowed=f"{count} potentials of nodes, or none",
        )
    volumes = 0 if group.network is None or group.network.salt is None else group.network.salt.count
    if state.salt and (len(state.salt) != volumes or min(state.salt) <= 0.0):
        raise InputError(
            "the state does not belong to this group",
            where="GroupState.salt",
            value=len(state.salt),
            allowed=f"{volumes} concentrations above 0, or none",
        )
    if not all(
        np.isfinite(values).all() for values in (*state.x, *state.film, np.array([state.potential, *state.nodes]))
    ):
        raise InputError("the state is not finite", where="GroupState", next_step="give numbers")


def stiffness_of(system: OrderedSystem) -> sp.csr_matrix:
    """Return K [m] in mesh node order."""
    couplings, n = system.kernel.stiffness, len(system.kernel.mass)
    below = couplings.below
    lower = sp.csr_matrix((below.data, below.indices, below.indptr), shape=(n, n))
    ordered = sp.diags(couplings.diagonal) - lower - lower.T
    return ordered.tocsr()[system.place][:, system.place].tocsr()


def exchange_of(system: OrderedSystem, scale: float = 1.0) -> sp.csr_matrix | None:
    """Return what passes grain boundaries [m3/s] in mesh node order, in a particle `scale` times its mesh; or None."""
    boundaries = system.kernel.boundaries
    if boundaries is None:
        return None
    n, flow = len(system.order), boundaries.conductance / scale
    a, b = system.order[boundaries.first], system.order[boundaries.second]
    rows, columns = np.concatenate([a, b, a, b]), np.concatenate([a, b, b, a])
    return sp.coo_matrix((np.concatenate([flow, flow, -flow, -flow]), (rows, columns)), shape=(n, n)).tocsr()


def _add_own_row(
    one: ParticleRows, mass: SparseEntries, jacobian: SparseEntries, current: Array, charging: Array
) -> None:
    """Add the row of a driving potential; the rows of current and charging are one particle's within its unknowns."""
    row, places = np.array([one.driving]), np.arange(one.start, one.driving)
    isolated = np.isinf(one.own_resistance) and bool((one.interface.opened > 0.0).any())
    factor = 1.0 if isolated else 0.0 if np.isinf(one.own_resistance) else one.own_resistance
    jacobian.add(row, places, -factor * current[places])
    mass.add(row, places, factor * charging[places])
    if not isolated:
        jacobian.add(row, np.array([one.seen]), np.ones(1))
        jacobian.add(row, row, -np.ones(1))


def _add_network(
    pieces: tuple[ParticleRows, ...],
    level: NetworkResistances,
    entries: tuple[SparseEntries, SparseEntries],
    current: Array,
    charging: Array,
) -> None:
    """Add the rows of the nodes of a network, v - v_k - sum_l Z_kl I_l with the lithium electrode in Z."""
    mass, jacobian = entries
    count, size = len(level.between), len(current)
    first = size - 1 - count
    total = sum(
        one.multiplicity * one.areas @ (one.interface.opened * (one.interface.i + one.interface.o)) for one in pieces
    )
    between = level.between + lithium_resistance(level, float(total))
    for one in pieces:
        ends = one.start + len(one.mass) + 2 * len(one.areas)
        places, node = np.arange(one.start, ends), one.seen - first
        for k in range(count):
            jacobian.add(np.array([first + k]), places, -between[k, node] * current[places])
            mass.add(np.array([first + k]), places, between[k, node] * charging[places])
    rows = np.arange(first, size - 1)
    jacobian.add(rows, np.array([size - 1]), np.ones(count))
    jacobian.add(rows, rows, -np.ones(count))


def _assembled(
    pieces: tuple[ParticleRows, ...],
    protocol_step: StepConstraint,
    double_layer: float,
    size: int,
    level: NetworkResistances | None,
    salt: LinearSalt | None = None,
) -> Linearization:
    last = np.array([size - 1])
    mass, jacobian = SparseEntries(), SparseEntries()
    current_row, charging_row = np.zeros(size), np.zeros(size)
    layers = np.zeros((3, 0 if salt is None else salt.transport.layers, size))
    for one in pieces:
        at, areas = one.interface, one.areas
        nodes, films, inner = (np.arange(size)[part] for part in (one.x, one.film, one.under_film))
        touched, open_area = nodes[one.contact_nodes], areas * at.opened
        # lithium
        mass.add(nodes, nodes, one.mass)
        diffusion = (-one.stiffness @ sp.diags(one.diffusivity)).tocoo()
        jacobian.add(diffusion.row + one.start, diffusion.col + one.start, diffusion.data)
        for exchange in () if one.exchange is None else (one.exchange.tocoo(),):
            jacobian.add(exchange.row + one.start, exchange.col + one.start, -exchange.data)
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
        jacobian.add(inner, np.array([one.driving]), -np.ones(len(inner)))
        jacobian.add(inner, inner, 1.0 + at.resistance * (at.i_v + at.o_v))
        jacobian.add(inner, touched, at.resistance * (at.i_x + at.o_x))
        jacobian.add(inner, films, at.resistance_film * (at.i + at.o) + at.resistance * at.o_film)
        # what reaches the network
        many = one.multiplicity
        current_row[touched] += many * areas * (at.opened * at.i_x + side["x"])
        current_row[inner] += many * areas * (at.opened * at.i_v + side["v"])
        current_row[films] += many * areas * (at.opened_film * at.i + side["film"])
        charging_row[inner] += many * open_area * double_layer
        if salt is not None:
            add_particle(salt, one, side, jacobian, (current_row, charging_row), layers)
        if one.own_resistance != 0.0:
            _add_own_row(one, mass, jacobian, current_row / many, charging_row / many)
    if level is not None and salt is not None:
        add_salt(salt, level, (mass, jacobian), (layers[0], layers[1], layers[2]), layer_currents(pieces, salt))
    elif level is not None:
        _add_network(pieces, level, (mass, jacobian), current_row, charging_row)
    jacobian.add(last, np.arange(size), protocol_step.current_factor * current_row)
    jacobian.add(last, last, np.array([protocol_step.potential_factor]))
    mass.add(last, np.arange(size), -protocol_step.current_factor * charging_row)
    target = np.zeros(size)
    target[-1] = -1.0
    return Linearization(mass.matrix(size), jacobian.matrix(size), target, current_row, charging_row, pieces)
