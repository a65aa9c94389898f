"""The arrays of a problem that the kernels read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import fill
from asyncsoc.interface.rate_laws import load_kinetics
from asyncsoc.kernels.particles import (
    MOST_STAGES,
    Body,
    Conductors,
    Contacts,
    Groups,
    allocate_body,
    allocate_conductors,
    allocate_contacts,
    allocate_groups,
)
from asyncsoc.kernels.salt_arrays import allocate_salt_contacts, allocate_salt_nodes
from asyncsoc.materials.tables import MaterialTable
from asyncsoc.problem.changing_contact import set_last
from asyncsoc.problem.particles import Group, ParticleModel, Problem
from asyncsoc.problem.ranks import Ranks
from asyncsoc.protocol.constraints import StepConstraint

UNLIMITED = 1e30
"""What the kernels take for an unlimited duration [s]."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ProblemArrays:
    """A problem and its arrays.

    Attributes
    ----------
    problem
        What is integrated.
    particles
        All particles, a group's one after the other.
    contacts, groups, bodies
        Arrays of the kernels; nodes in elimination order.
    contact_nodes
        Mesh nodes of each particle's contact, in the order of its rows in `contacts`.
    tables
        Number of each material table by its identity.
    alone
        Whether every group has one particle and there is one mesh: a particle, its group and its place are one number.
    changing
        Whether any contact changes.
    group_of
        For each mesh the groups (B,) of the particles on it.
    ranks
        The processes over which the particles of the one group are distributed; None where there is one. `bodies` hold
        the particles of this process, and all others what every process knows of all particles.
    """

    problem: Problem
    particles: tuple[ParticleModel, ...]
    contacts: Contacts
    groups: Groups
    bodies: tuple[Body, ...]
    contact_nodes: tuple[Ints, ...]
    tables: dict[int, int]
    alone: bool
    changing: bool
    group_of: tuple[Ints, ...]
    ranks: Ranks | None = None

    def places(self, mesh: int, listed: Ints) -> Ints:
        """Return the places on a mesh of the particles of the groups listed, ascending."""
        if self.alone:
            return listed
        group = self.group_of[mesh]
        if len(listed) == len(self.groups.size):  # all of them
            return np.arange(len(group))
        chosen = np.zeros(len(self.groups.size), dtype=bool)
        chosen[listed] = True
        return np.asarray(chosen[group].nonzero()[0])

    @property
    def node_potentials(self) -> NDArray[np.float64]:
        """Accepted potentials (G, K) of the nodes of all networks [V]; K is 0 where there is none."""
        conductors = self.groups.conductors
        return np.zeros((len(self.groups.size), 0)) if conductors is None else conductors.nodes["unknown"]

    def members(self, group: int) -> range:
        """Return the numbers of a group's particles."""
        first = int(self.groups.first[group])
        return range(first, first + int(self.groups.size[group]))


def problem_arrays(problem: Problem, ranks: Ranks | None = None) -> ProblemArrays:
    """Stack a problem; what belongs to a protocol step is loaded when the step begins.

    Parameters
    ----------
    problem
        The problem.
    ranks
        The processes over which the particles of its one group are distributed.
    """
    groups, particles = problem.groups, tuple(p for group in problem.groups for p in group.particles)
    every = (table for one in particles for table in (*one.tables.values(), *one.branch_tables.values()))
    tables = list({id(table): table for table in every}.values())
    sides = list({id(one.side): one.side for one in particles if one.side is not None}.values())
    own_nodes = {id(one): one.contact_nodes for one in {id(one): one for one in particles}.values()}
    touching = tuple(own_nodes[id(one)] for one in particles)
    widest = max(len(nodes) for nodes in touching)
    flat = np.zeros(4)  # a stand-in where no particle has a side reaction
    contacts = allocate_contacts(
        len(particles),
        widest,
        np.stack([t.coefficients for t in tables]),
        np.stack([s.coefficients for s in sides] or [flat]),
    )
    arrays = allocate_groups(
        np.array([len(group.particles) for group in groups]),
        max((len(constraint.events) for group in groups for constraint in group.constraints), default=0) + 1,
        _conductors(groups),
    )
    meshes = np.array([mesh for group in groups for mesh in group.meshes or [0] * len(group.particles)])
    bodies = tuple(
        allocate_body(np.flatnonzero(meshes == mesh), len(system.kernel.mass), widest)
        for mesh, system in enumerate(problem.meshes)
    )
    contacts, arrays, bodies = _with_salt(groups, contacts, arrays, bodies)
    side_numbers = {id(side): k for k, side in enumerate(sides)}
    for g, group in enumerate(groups):
        arrays.state[g]["largest_step"] = min(group.largest_step, UNLIMITED)
        arrays.step[g]["nodes"] = 0 if group.network is None else group.network.count
        first = int(arrays.first[g])
        for together in _alike(range(first, first + len(group.particles)), particles):
            j, others = together[0], together[1:]
            _load_particle(contacts, j, particles[j], touching[j])
            if particles[j].side is not None:
                contacts.parameters[j]["side_table"] = side_numbers[id(particles[j].side)]
            if others:
                for loaded in (contacts.parameters, contacts.own, contacts.areas, contacts.resistance, contacts.film):
                    loaded[others] = loaded[j]
                contacts.film_new[others] = contacts.film_new[j]
        rows: Any = contacts.parameters[first : first + len(group.particles)]
        rows["group"], rows["multiplicity"] = g, group.multiplicities or 1.0
        rows["node"] = 0 if group.network is None else np.array(group.network.nodes) + 1
        rows["own_resistance"] = group.resistances or 0.0
        _add_areas(contacts, arrays, g)
    for system, body in zip(problem.meshes, bodies, strict=True):
        listed = body.number.tolist()
        for places in _alike(range(len(listed)), [particles[j] for j in listed]):
            j = listed[places[0]]
            body.nodes[places, : len(touching[j])] = system.place[touching[j]]
            body.x[places] = particles[j].x[system.order]
    alone = len(bodies) == 1 and len(groups) == len(particles) and arrays.salt is None and ranks is None
    arrays = arrays if ranks is None else arrays._replace(ranks=ranks.kernel)
    changing = any(one.changing is not None for one in particles)
    numbers = {id(table): k for k, table in enumerate(tables)}
    of_group = tuple(contacts.parameters["group"][body.number] for body in bodies)
    return ProblemArrays(
        problem, particles, contacts, arrays, bodies, touching, numbers, alone, changing, of_group, ranks
    )


def _with_salt(
    groups: tuple[Group, ...], contacts: Contacts, arrays: Groups, bodies: tuple[Body, ...]
) -> tuple[Contacts, Groups, tuple[Body, ...]]:
    """Return the arrays with those of the salt, at rest, where a group has one; else as they are."""
    salts = {g: group.network.salt for g, group in enumerate(groups) if group.network and group.network.salt}
    if not salts:
        return contacts, arrays, bodies
    rows = len(next(iter(next(iter(salts.values())).levels.values())).table.coefficients)
    layers = max(one.layers for one in salts.values())
    most = max(one.count for one in salts.values())
    nodes = allocate_salt_nodes(len(groups), most, layers, rows, MOST_STAGES)
    for g, one in salts.items():
        row = nodes.parameters[g]
        row["nodes"], row["separator"], row["rest"] = one.count, one.separator, one.rest
        row["exponent"], row["lithium_exponent"] = one.exchange_exponent, one.lithium_exponent
        nodes.volume[g, : one.count], nodes.width[g, : one.count] = one.volume, one.width
        nodes.c[:, g, : one.count] = one.rest if one.initial is None else one.initial
    contacts = contacts._replace(salt=allocate_salt_contacts(*contacts.areas.shape))
    return (
        contacts,
        arrays._replace(salt=nodes),
        tuple(body._replace(salt_border=np.zeros_like(body.x)) for body in bodies),
    )


def _conductors(groups: Sequence[Group]) -> Conductors | None:
    """Return room for the networks of groups; None where none has one, nor a particle a resistance of its own."""
    nodes = max((0 if group.network is None else group.network.count for group in groups), default=0)
    return allocate_conductors(len(groups), nodes) if nodes or any(any(group.resistances) for group in groups) else None


def _add_areas(contacts: Contacts, groups: Groups, g: int) -> None:
    """Set the contact area of a group from those of its particles that are not isolated."""
    own = contacts.parameters[groups.first[g] : groups.first[g] + groups.size[g]]
    own = own[np.isfinite(own["own_resistance"])]
    groups.step[g]["contact_area"] = math.fsum((own["multiplicity"] * own["contact_area"]).tolist())


def load_contact_areas(arrays: ProblemArrays, g: int, cycle: int, start: float, within: float) -> float:
    """Load the areas of the contacts of group `g`, `within` [s] a protocol step of `cycle` that began at `start` [s].

    The step's duration ends where they are loaded next. Film and stoichiometry stay with their nodes. Returns the
    group's contact area over the one before.
    """
    before, step = float(arrays.groups.step[g]["contact_area"]), arrays.groups.step[g]
    changing = [one for j in arrays.members(g) if (one := arrays.particles[j].changing) is not None]
    if not changing:
        return 1.0
    time, following = set_last(changing, cycle, start, start + within)
    step["duration"] = min(float(step["duration"]), following - start)
    for j in arrays.members(g):
        own, nodes = arrays.particles[j].changing, arrays.contact_nodes[j]
        if own is not None:
            areas = own.at(cycle, time).weights[nodes]
            arrays.contacts.areas[j, : len(nodes)] = areas
            arrays.contacts.parameters[j]["contact_area"] = math.fsum(areas)
    _add_areas(arrays.contacts, arrays.groups, g)
    return float(arrays.groups.step[g]["contact_area"]) / before


def _load_particle(contacts: Contacts, j: int, particle: ParticleModel, nodes: Ints) -> None:
    """Load what stays the same through the protocol."""
    count, row = len(nodes), contacts.parameters[j]
    contacts.own[j]["unknown"] = math.nan
    contacts.areas[j, :count] = particle.weights[nodes]
    row["contact_nodes"], row["contact_area"] = count, math.fsum(contacts.areas[j, :count])
    contacts.resistance[j, :count] = particle.film_resistance
    thickness = np.asarray(particle.film_thickness, dtype=np.float64)
    contacts.film[j, :count] = thickness if thickness.ndim == 0 else thickness[nodes]
    contacts.film_new[j] = contacts.film[j]
    # In the mesh's size, m dx/dt + s^-2 K psi = -w i/(F c_max s^3): areas, currents and charges stay the particle's.
    row["charge_density"], row["diffusivity_scale"] = particle.charge_density, particle.scale**-2
    if particle.side is not None:
        row["side_active"] = 1
        fill(row, particle.side.parameters)


def _alike(places: range, particles: Sequence[ParticleModel]) -> list[list[int]]:
    """Return the places of particles that are one and the same object together, in the order of their first."""
    found: dict[int, list[int]] = {}
    for place in places:
        found.setdefault(id(particles[place]), []).append(place)
    return list(found.values())


def load_constraint(arrays: ProblemArrays, g: int, constraint: StepConstraint) -> None:
    """Load what a protocol step sets for group `g`: temperature, constraint, events, duration.

    Every particle has a share of the constraint, and the shares add up to it: its own part of the current, and the
    potential and the target, which are the group's, with the first.
    """
    step, events = arrays.groups.step[g], arrays.groups.events[g]
    step["duration"], step["held"] = min(constraint.duration, UNLIMITED), int(constraint.held)
    step["product"], step["aimed"] = int(constraint.product), int(constraint.product or constraint.pieces is not None)
    step["start"], step["value"], step["drift"], step["target"] = 0.0, constraint.target, 0.0, constraint.target
    step["series"], step["current_scale"] = constraint.series, constraint.current_scale
    step["events"] = len(constraint.events)
    for k, event in enumerate(constraint.events):
        events[k] = (event.kind, event.value)
    members = arrays.members(g)
    _load_tables(arrays, g, [arrays.particles[j].table_of(constraint) for j in members], constraint.temperature)
    rows = arrays.contacts.parameters[members.start : members.stop]
    rows["current_factor"] = constraint.current_factor * rows["multiplicity"]
    for name, value in (
        ("potential_factor", constraint.potential_factor),
        ("target", constraint.target),
        ("drift", 0.0),
    ):
        rows[name], rows[name][:1] = 0.0, value
    _load_network(arrays, g, constraint.temperature)


def _load_network(arrays: ProblemArrays, g: int, temperature: float) -> None:
    """Load the resistances of the network of group `g` at a temperature [K]."""
    network, step = arrays.problem.groups[g].network, arrays.groups.step[g]
    if network is None:
        return
    level = network.at(temperature)
    assert arrays.groups.conductors is not None
    arrays.groups.conductors.resistances[g, 0, : network.count, : network.count] = level.between
    if network.salt is not None and arrays.groups.salt is not None:
        salt, own = arrays.groups.salt, network.salt.levels[temperature]
        salt.electronic[g, : network.count, : network.count] = level.between
        salt.resistance[g, : network.salt.count], salt.tables[g] = own.resistance, own.table.coefficients
        row, table = salt.parameters[g], own.table
        row["first"], row["spacing"], row["inverse_spacing"] = table.first, table.spacing, 1.0 / table.spacing
        row["lowest"], row["highest"] = math.exp(table.first), math.exp(table.last)
    step["lithium_current"], step["lithium_voltage"] = level.lithium_current, level.lithium_voltage


def load_level(arrays: ProblemArrays, g: int, constraint: StepConstraint, level: int) -> None:
    """Load one of the temperatures of the profile that group `g` follows."""
    if constraint.pieces is None:
        return
    _load_network(arrays, g, constraint.pieces.levels[level])
    series, temperature, members = constraint.level_series[level], constraint.pieces.levels[level], arrays.members(g)
    arrays.groups.step[g]["series"] = series
    tables = [arrays.particles[j].table_at(temperature, constraint.branch) for j in members]
    _load_tables(arrays, g, tables, temperature)
    if constraint.held:  # a voltage: phi_s + series I
        rows = arrays.contacts.parameters[members.start : members.stop]
        rows["current_factor"] = series * rows["multiplicity"]
        rows["potential_factor"], rows["potential_factor"][:1] = 0.0, 1.0


def _load_tables(arrays: ProblemArrays, g: int, tables: list[MaterialTable], temperature: float) -> None:
    """Load what depends on the temperature of the particles of group `g`: neighbours that are alike at once."""
    members, first = arrays.members(g), 0
    for last in range(1, len(members) + 1):
        own, table = arrays.particles[members[first]].kinetics, tables[first]
        if last < len(members) and tables[last] is table:
            other = arrays.particles[members[last]].kinetics
            if other is own or other == own:
                continue
        rows: Any = arrays.contacts.parameters[members[first] : members[first] + last - first]
        rows["table"] = arrays.tables[id(table)]
        load_kinetics(rows, own, temperature)
        rows["x_first"], rows["inverse_spacing"], rows["spacing"] = table.x_first, 1.0 / table.spacing, table.spacing
        first = last
