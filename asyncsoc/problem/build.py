"""Prepare a case for the integrator: mesh, contact, operators, material tables, protocol."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.case.chemistry import Electrolyte, Material
from asyncsoc.case.resolved_electrolyte import electrolyte_of
from asyncsoc.case.schedule import Protocol
from asyncsoc.contact.map import ContactMap
from asyncsoc.discretization.operators import Operators
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.interface.constants import constants_of
from asyncsoc.interface.kinetics import InterfaceKinetics
from asyncsoc.interface.rate_laws import kinetics_named, rate_law_names
from asyncsoc.materials.capacity import charged_stoichiometry, stoichiometry_at
from asyncsoc.materials.conductivity import conductivity_at
from asyncsoc.materials.potentials import Branch, StepPotential, branches_of, potential_at
from asyncsoc.materials.property_tables import PropertyTable
from asyncsoc.materials.tables import MaterialTable, Property, tabulate
from asyncsoc.materials.types import Cathode, ElectrolyteParameters
from asyncsoc.problem.body import body_of, changing_contact_of, contact_of
from asyncsoc.problem.caching import ContentCache
from asyncsoc.problem.case_materials import (
    SECONDS_PER_HOUR,
    cathode_of,
    particle_capacity,
)
from asyncsoc.problem.loaded_particles import LoadedParticle
from asyncsoc.problem.meshing import SphereMesh
from asyncsoc.problem.particles import Member
from asyncsoc.problem.system import OrderedSystem
from asyncsoc.protocol.constraints import ParticleScale, StepConstraint, series_resistance, step_constraint

if TYPE_CHECKING:
    from asyncsoc.interface.side_reaction import SideReactionModel
    from asyncsoc.problem.particles import CoupledSideReaction


@dataclass(frozen=True, eq=False)
class PreparedCase:
    """A case with everything the integrator and the recorders need."""

    mesh: ParticleMesh
    contact: ContactMap
    operators: Operators
    system: OrderedSystem
    cathode: Cathode
    electrolyte: ElectrolyteParameters
    charged_x: float
    full_charge: float
    member: Member
    side: SideReactionModel | None = None
    step_potentials: tuple[StepPotential, ...] = ()
    given_tables: tuple[PropertyTable, ...] = ()
    share: float = 1.0


def prepare(
    case: Case, sphere: SphereMesh | None = None, *, share: float = 1.0, loaded: LoadedParticle | None = None
) -> PreparedCase:
    """Build everything `case` describes.

    Parameters
    ----------
    case
        The case.
    sphere
        Mesh to take for a sphere, in place of the one that the case would have: what is compared between cases is
        then not that of two meshes.
    share
        Share of the particle in the cathode that the protocol is for, by which its mesh is chosen; 1 where it is alone.
    loaded
        The particle of the case's mesh file where it has been read already.

    Raises
    ------
    InputError
        The particle cannot represent the contact, the start lies outside the material's window, or the case describes
        an electrode.
    """
    case.require_single_particle()
    mesh, operators, system = body_of(case, sphere, share) if loaded is None else loaded.body
    contact = contact_of(case, mesh, None if loaded is None else loaded.labelled)
    cathode, electrolyte = cathode_of(case.material), electrolyte_of(case.electrolyte)
    side, coupled = _side_reaction(case, cathode)
    blocked = coupled is not None and case.side_reaction.blocking_thickness is not None
    least_open = case.side_reaction.least_open_share if blocked else None
    capacity, constraints = _segments(
        case.material, case.electrolyte, case.protocol, operators.volume, least_open, side is not None
    )
    exchange = case.kinetics.exchange_current, case.kinetics.exchange_current_density_factor
    tables = {
        temperature: _table(case.material, case.electrolyte, temperature, *exchange)
        for temperature in sorted({level for constraint in constraints for level in constraint.temperatures})
    }
    branch_tables = {
        key: _table(case.material, case.electrolyte, key[0], *exchange, cast("Branch", key[1]))
        for key in sorted(
            {(level, constraint.branch) for constraint in constraints for level in constraint.temperatures}
        )
        if key[1]
    }
    member = Member(
        x=np.full(mesh.n_nodes, _initial_stoichiometry(case, cathode, constraints)),
        weights=contact.weights,
        film_resistance=case.kinetics.film_resistance,
        constraints=constraints,
        tables=tables,
        kinetics=_kinetics(case, electrolyte, constraints),
        maximum_concentration=cathode.maximum_concentration,
        tolerance=case.solver.tolerance,
        side=coupled,
        branch_tables=branch_tables,
        changing=changing_contact_of(case, mesh, contact),
    )
    charged_x, potentials = charged_stoichiometry(cathode), _step_potentials(cathode, constraints)
    return PreparedCase(
        mesh,
        contact,
        operators,
        system,
        cathode,
        electrolyte,
        charged_x,
        capacity,
        member,
        side,
        potentials,
        _given_tables(case),
        share,
    )


def constraints_of(
    case: Case, volume: float, *, least_open: float | None, every_point: bool
) -> tuple[float, tuple[StepConstraint, ...]]:
    """Return what 1 C means [C], and the protocol steps, for so much cathode as a case describes a part of.

    Parameters
    ----------
    case
        The case with the cathode, the electrolyte and the protocol.
    volume
        Volume of the cathode that the current of the protocol flows into [m3]: a particle's, or that of a group.
    least_open
        Share of a contact that a film must leave open; None where no film can block one.
    every_point
        Whether every point of a profile is recorded.
    """
    return _segments(case.material, case.electrolyte, case.protocol, volume, least_open, every_point)


def _given_tables(case: Case) -> tuple[PropertyTable, ...]:
    """Return the tables of D and i0 that the case gives."""
    given = (case.material.diffusivity, case.kinetics.exchange_current_density)
    return tuple(one for one in given if isinstance(one, PropertyTable))


def _step_potentials(cathode: Cathode, constraints: tuple[StepConstraint, ...]) -> tuple[StepPotential, ...]:
    """Return U(x) of each protocol step at its temperatures where it is not the same in all; else nothing."""
    found = tuple(
        StepPotential(
            tuple((level, potential_at(cathode, level, cast("Branch", one.branch))) for level in one.temperatures)
        )
        for one in constraints
    )
    same = all(law is cathode.open_circuit_potential for one in found for _, law in one.levels)
    return () if same else found


_SIDE_REACTIONS = ContentCache["tuple[SideReactionModel, CoupledSideReaction | None]"](most_bytes=1 << 26)
"""The particles of a group, and the cycles of a run that jumps, have one side reaction."""


def _side_reaction(case: Case, cathode: Cathode) -> tuple[SideReactionModel | None, CoupledSideReaction | None]:
    """Return the side reaction and, where it is coupled, what the integrator reads of it."""
    if case.side_reaction.mode == "off":
        return None, None
    from asyncsoc.problem.case_side_reaction import coupled_side_reaction, side_reaction_model

    def made() -> tuple[SideReactionModel, CoupledSideReaction | None]:
        model = side_reaction_model(case, cathode)
        return model, coupled_side_reaction(model) if case.side_reaction.mode == "coupled" else None

    described = case.side_reaction, case.material, case.electrolyte, case.protocol.temperature
    return _SIDE_REACTIONS.get(described, made)


def warnings_of(setup: PreparedCase, x_range: tuple[float, float]) -> tuple[str, ...]:
    """Return warnings on the validity of the material's data for a run that covered `x_range`."""
    low, high = setup.cathode.validity
    messages = []
    if x_range[0] < low or x_range[1] > high:
        messages.append(
            f"the stoichiometry covered {x_range[0]:.4f} to {x_range[1]:.4f}, beyond the range "
            f"{low:g} to {high:g} over which the open-circuit potential of {setup.cathode.name} was measured"
        )
    temperatures = [constraint.temperature for constraint in setup.member.constraints]
    for table in setup.given_tables:
        messages += table.extrapolations(x_range, (min(temperatures), max(temperatures)))
    return tuple(messages)


@lru_cache(maxsize=64)
def _table(
    material: Material,
    electrolyte: Electrolyte,
    temperature: float,
    exchange_current_density: Property | None,
    factor: float | None,
    branch: Branch = "",
) -> MaterialTable:
    """Tabulate once what many cases of a sweep share."""
    return tabulate(
        cathode_of(material),
        electrolyte_of(electrolyte),
        temperature,
        exchange_current_density=exchange_current_density,
        branch=branch,
        exchange_current_factor=1.0 if factor is None else factor,
    )


@lru_cache(maxsize=64)
def _segments(
    material: Material,
    electrolyte: Electrolyte,
    protocol: Protocol,
    volume: float,
    least_open: float | None,
    every_point: bool,
) -> tuple[float, tuple[StepConstraint, ...]]:
    """Return what 1 C means for a particle of the volume given [C], and its protocol steps."""
    cathode, medium = cathode_of(material), electrolyte_of(electrolyte)
    mass = volume * cathode.density
    capacity = particle_capacity(protocol, cathode, volume, mass)
    areal, scales = medium.areal_capacity * SECONDS_PER_HOUR, {}
    for temperature, asked_by in protocol.plan.temperatures(protocol.temperature).items():
        conductivity = conductivity_at(medium, temperature, where=asked_by)
        series = series_resistance(medium.separator_thickness, conductivity, areal, capacity)
        scales[temperature] = ParticleScale(
            capacity, mass, series, cathode.window, temperature, least_open, areal, every_point
        )
    level_series = {temperature: scale.series for temperature, scale in scales.items()}
    found = []
    for number, step in enumerate(protocol.plan.steps, start=1):
        first = step.temperatures[0]
        scale = scales[protocol.temperature if first is None else first]
        found.append(step_constraint(step, number, scale, level_series=level_series))
    if cathode.branches is None:
        return capacity, tuple(found)
    branches = branches_of(one.direction for one in found)
    return capacity, tuple(replace(one, branch=branch) for one, branch in zip(found, branches, strict=True))


def _initial_stoichiometry(case: Case, cathode: Cathode, constraints: tuple[StepConstraint, ...]) -> float:
    if case.protocol.initial_voltage is not None:
        first = constraints[0]
        potential = potential_at(cathode, first.temperature, cast("Branch", first.branch))
        if potential is not cathode.open_circuit_potential:
            cathode = replace(cathode, open_circuit_potential=potential)
        return stoichiometry_at(cathode, case.protocol.initial_voltage, where="protocol.initial_voltage")
    low, high = cathode.window
    soc, key = case.protocol.initial_soc, "initial_stoichiometry"
    allowed = f"above {low:g}, below {high:g}"
    if soc is None:
        x = float(case.protocol.initial_stoichiometry or 0.0)
    else:
        width, key = 1.0 - charged_stoichiometry(cathode), "initial_soc"
        x = 1.0 - soc * width
        allowed = f"above {(1.0 - high) / width:.4g}, below {(1.0 - low) / width:.4g}"
    if not low < x < high:
        raise InputError(
            f"the start lies outside the stoichiometry window of {cathode.name}",
            where=f"protocol.{key}",
            value=x if soc is None else soc,
            allowed=allowed,
            next_step="start inside the window, or give initial_voltage",
        )
    return x


def _kinetics(
    case: Case, electrolyte: ElectrolyteParameters, constraints: tuple[StepConstraint, ...]
) -> InterfaceKinetics:
    """Return the rate law, each parameter from the case, else the electrolyte's own, else the law's default."""
    kind = kinetics_named(case.kinetics.model)
    values = {}
    for name, constant in constants_of(kind).items():
        given = getattr(case.kinetics, constant.key)
        value = getattr(electrolyte, name, None) if given is None else given
        if value is not None:
            values[name] = value
    if kind.imposes_flux:
        for constraint in constraints:
            if not constraint.galvanostatic:
                raise InputError(
                    "a voltage cannot be held under uniform flux: the potential does not enter the kinetics",
                    where=f"protocol step {constraint.number}",
                    value=constraint.step.text,
                    allowed="charge, discharge and rest steps",
                    next_step=f"set kinetics.model to a rate law: {', '.join(rate_law_names())}",
                )
    return kind(**values)
