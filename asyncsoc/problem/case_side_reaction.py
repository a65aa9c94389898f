"""The side reaction of a case: its model with all defaults resolved, the integrator's data, and the reference case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.case.reactant import Reactant
from asyncsoc.interface.decomposition_constants import DecompositionConstants, matching_barrier_coefficient
from asyncsoc.interface.film import FilmConstants
from asyncsoc.interface.side_reaction import SideReactionModel
from asyncsoc.interface.side_reaction_constants import constants_from, side_reaction_parameters
from asyncsoc.materials.registry import cathode
from asyncsoc.materials.thermochemistry.cathodes import at_equilibrium, cathode_host
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.materials.thermochemistry.phases import Phase
from asyncsoc.materials.thermochemistry.reactants import reactant, reactant_names
from asyncsoc.materials.thermochemistry.reaction import Kind
from asyncsoc.materials.thermochemistry.ready import ready_table
from asyncsoc.materials.thermochemistry.table import ReactionEnergyTable, table_from_points
from asyncsoc.materials.types import Cathode, Parameter
from asyncsoc.problem.particles import CoupledSideReaction

if TYPE_CHECKING:
    from asyncsoc.case.side_reaction import SideReaction

OWN = "own energies"
"""Name of a reactant whose energies the case gives."""


def side_reaction_model(case: Case, material: Cathode) -> SideReactionModel:
    """Return the side reaction a case describes, every default resolved.

    Raises
    ------
    InputError
        No thermochemistry is known of the cathode or the electrolyte, or its reaction energy cannot be related to the
        potential.
    """
    section = case.side_reaction
    name = OWN if section.energies else reactant_of(case)
    conditions = conditions_of(case)
    table = (
        _own_table(section, material)
        if section.energies
        else _reaction_table(case, material, section.energy, conditions)
    )
    given = section.model_dump()
    values = constants_from(DecompositionConstants, given)
    if "barrier_coefficient" not in values:
        total = table if section.energies else _reaction_table(case, material, "total", conditions)
        values["barrier_coefficient"] = matching_barrier_coefficient(
            total,  # both driving forces give one factor under total energies
            at_equilibrium(material).open_circuit_potential,
            transfer_coefficient=section.transfer_coefficient,
        )
    constants = DecompositionConstants(**values)
    if section.reference_energy is None and section.reference_stoichiometry is not None:
        constants = constants.referenced_to(table, section.reference_stoichiometry)
    film = FilmConstants(**constants_from(FilmConstants, given))
    fitted = dict.fromkeys(section.fitted, section.fitted_to or "")
    return SideReactionModel(name, table, constants, section.driving_force, film, fitted)


def conditions_of(case: Case) -> Conditions:
    """Return whether a case asks for enthalpies or Gibbs energies, these at the protocol's temperature unless it says.

    Raises
    ------
    InputError
        The protocol's temperature is outside what Gibbs energies are known for.
    """
    section = case.side_reaction
    if section.thermochemistry == "enthalpy":
        return ENTHALPY
    return gibbs_of(case)


def gibbs_of(case: Case) -> Conditions:
    """Return Gibbs energies at the temperature a case names, or its protocol's; raises InputError as above."""
    given = case.side_reaction.thermochemistry_temperature
    try:
        return Conditions("gibbs", case.protocol.temperature if given is None else given)
    except InputError as error:
        raise InputError(
            error.what,
            where="protocol.temperature",
            value=error.value,
            allowed=error.allowed,
            next_step="give side_reaction.thermochemistry_temperature, or set thermochemistry = 'enthalpy'",
        ) from None


def reactant_of(case: Case) -> str:
    """Return the reactant's name: the one given, or the electrolyte's own; InputError where its energies are unknown.

    That of a reactant of the case's own is what the case calls it.
    """
    given = case.side_reaction.reactant
    if isinstance(given, Reactant):
        return given.called
    name = given or case.electrolyte.name
    if name not in reactant_names():
        raise InputError(
            "no thermochemistry is known of this electrolyte",
            where="side_reaction.reactant",
            value=name,
            allowed=f"{', '.join(reactant_names())}; or a table with formula and formation_enthalpy",
            next_step="name what reacts in side_reaction.reactant, or give its formula and formation enthalpy there",
        )
    return str(name)


def reactant_phase(case: Case) -> Phase:
    """Return the reactant of a case with its energy of formation; raises InputError as `reactant_of`."""
    given = case.side_reaction.reactant
    return given.to_phase() if isinstance(given, Reactant) else reactant(reactant_of(case))


def _reaction_table(case: Case, material: Cathode, kind: Kind, conditions: Conditions) -> ReactionEnergyTable:
    """Return the reaction energies of the case's reactant; own phases, where there are any, are among the products."""
    section = case.side_reaction
    own = section.reactant.to_phase() if isinstance(section.reactant, Reactant) else reactant_of(case)
    phases = None if section.phases is None else section.phase_table()
    try:
        return ready_table(cathode_host(material), own, kind=kind, conditions=conditions, phases=phases)
    except InputError as error:
        if not isinstance(own, Phase) and phases is None:
            raise
        raise InputError(
            error.what, where=f"side_reaction, {error.where}", value=error.value, allowed=error.allowed,
            nearest=error.nearest, next_step=error.next_step,
        ) from None  # fmt: skip


def _own_table(section: SideReaction, material: Cathode) -> ReactionEnergyTable:
    """Return the case's own reaction energies as a table.

    Raises
    ------
    InputError
        Too few points, values out of range, energies that fall with x though total, or points that do not reach over
        the stoichiometries the material may have.
    """
    x, energy = np.array(section.energies, dtype=np.float64).T
    try:
        table = table_from_points(x, energy, kind=section.energy, cathode=material.name, electrolyte=OWN)
    except InputError as error:
        raise InputError(
            error.what, where=f"side_reaction.energies, {error.where}", value=error.value, allowed=error.allowed,
            next_step=error.next_step,
        ) from None  # fmt: skip
    low, high = material.window
    if not (x[0] <= low and x[-1] >= high):
        raise InputError(
            "the reaction energies do not reach over the material's stoichiometries",
            where="side_reaction.energies",
            value=[float(x[0]), float(x[-1])],
            allowed=f"from at most {low:g} to at least {high:g}",
        )
    return table


def coupled_side_reaction(model: SideReactionModel) -> CoupledSideReaction:
    """Return the side reaction as the integrator reads it."""
    table = model.table
    parameters = side_reaction_parameters(table.first, table.inverse_spacing, model.effective, model.film)
    return CoupledSideReaction(table.coefficients, parameters)


def default_parameters() -> tuple[Parameter, ...]:
    """Return the constants of the default side reaction of the default pair, what follows from others resolved."""
    case = Case.from_dict({"protocol": {"steps": ["Rest for 1 hour"]}})
    return side_reaction_model(case, cathode(case.material.name)).parameters()


def covered_case(case: Case) -> Case:
    """Return the same case under full coverage, on the cheapest mesh that can have it."""
    keys = case.model_dump(exclude_unset=True)
    keys["contact"] = {"kind": "full"}
    keys["particle"] = {**keys.get("particle", {}), "model": "auto"}
    keys["name"] = "full coverage"
    return Case.from_dict(keys)
