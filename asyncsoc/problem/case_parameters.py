"""Every parameter of a case with its source: those of its sets, and those it gives itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from asyncsoc.case.case import Case
from asyncsoc.case.reactant import Reactant
from asyncsoc.case.resolved_electrolyte import electrolyte_of, given_parameters
from asyncsoc.materials.own_cathode import listed_exchange_current
from asyncsoc.materials.registry import OWN
from asyncsoc.materials.thermochemistry.phases import KJ_PER_MOL, Phase
from asyncsoc.materials.types import Parameter
from asyncsoc.problem.case_materials import cathode_of
from asyncsoc.problem.case_side_reaction import side_reaction_model
from asyncsoc.problem.electrode_salt import salt_parameters

_I0 = "exchange current density"


def case_parameters(case: Case) -> dict[str, tuple[Parameter, ...]]:
    """Return the parameters of a case's material, electrolyte, reactant, own phases and side reaction, by section.

    Raises
    ------
    InputError
        The side reaction cannot be made of what the case says.
    """
    material = cathode_of(case.material)
    found = {
        "material": _with_exchange_current(case, material.parameters),
        "electrolyte": _with_kinetics(case, electrolyte_of(case.electrolyte).parameters),
        **_thermochemistry(case),
    }
    if case.electrode.described:
        found["electrode"] = (*case.electrode.parameters, *salt_parameters(case))
    if case.side_reaction.mode != "off":
        found["side reaction"] = side_reaction_model(case, material).parameters()
    return found


def _with_exchange_current(case: Case, rows: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Return a cathode's parameters with the exchange current density on it that the case's kinetics give."""
    given = case.kinetics.exchange_current_density
    if given is None:
        return rows
    return listed_exchange_current(rows, given, case.kinetics.exchange_current_activation_energy or 0.0)


def given_by_the_case(case: Case) -> dict[str, Any]:
    """Return what a case gives of its electrolyte, reactant and phases as plain data, for reports; {} where nothing."""
    electrolyte = _with_kinetics(case, given_parameters(case.electrolyte))
    own = {"electrolyte": electrolyte, **(_thermochemistry(case) if case.side_reaction.mode != "off" else {})}
    rows = {section: [asdict(row) for row in listed] for section, listed in own.items() if listed}
    return {"given by the case": rows} if rows else {}


def _with_kinetics(case: Case, rows: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Return an own electrolyte's parameters with the exchange current density that the case's kinetics give."""
    given = case.kinetics.exchange_current_density
    if case.electrolyte.name != OWN or given is None:
        return rows
    value = float(given) if isinstance(given, int | float) else "as given in kinetics.exchange_current_density"
    note = "At every stoichiometry and temperature." if isinstance(value, float) else ""
    known = Parameter(_I0, value, "A/m2", "given by the case", False, note)
    return tuple(known if row.name == _I0 else row for row in rows)


def _thermochemistry(case: Case) -> dict[str, tuple[Parameter, ...]]:
    section = case.side_reaction
    reactants = [section.reactant.to_phase()] if isinstance(section.reactant, Reactant) else []
    phases = [phase.to_phase() for phase in section.phases or ()]
    found = {"reactant": _rows(reactants), "phases": _rows(phases)}
    return {name: rows for name, rows in found.items() if rows}


def _rows(phases: Iterable[Phase]) -> tuple[Parameter, ...]:
    return tuple(row for phase in phases for row in phase_parameters(phase))


def phase_parameters(phase: Phase) -> tuple[Parameter, ...]:
    """Return formation enthalpy and entropy of a reactant or phase as listed parameters."""
    name = phase.name if phase.name == phase.formula else f"{phase.name}, {phase.formula}"
    spread = f"+- {phase.uncertainty / KJ_PER_MOL:.4g} kJ/mol (one standard deviation; {phase.uncertainty_source})."
    enthalpy = Parameter(
        f"formation enthalpy of {name}",
        phase.energy / KJ_PER_MOL,
        "kJ/mol",
        phase.source,
        phase.assumed,
        f"{spread} {phase.note}".strip(),
    )
    if phase.entropy is None:
        return (replace(enthalpy, note=f"{enthalpy.note} No entropy: no Gibbs energies."),)
    entropy = Parameter(
        f"standard entropy of {name}",
        phase.entropy,
        "J/(mol K)",
        phase.entropy_source,
        phase.entropy_estimated,
        f"+- {phase.entropy_uncertainty:.4g} J/(mol K).",
    )
    return enthalpy, entropy
