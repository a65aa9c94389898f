"""Reactants and phases of one's own: numbers with units, checked against what compounds can have, as phases."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.materials.thermochemistry.competition import compete, solve_program
from asyncsoc.materials.thermochemistry.conditions import STANDARD
from asyncsoc.materials.thermochemistry.formula import Composition, atoms, element_name, parse_formula
from asyncsoc.materials.thermochemistry.loading import check_table, default_phase_table
from asyncsoc.materials.thermochemistry.phases import KJ_PER_MOL, Phase, PhaseTable

UNSOURCED = "given by the user, who names no source"
UNSTATED_UNCERTAINTY = 20e3
"""J/mol: assumed where none is given, about that of the estimated reactants that come with asyncsoc."""
STRONGEST, WEAKEST = -460e3, 150e3
"""J per mole of atoms: formation enthalpies of compounds (YF3 has -430, acetylene +57 kJ/mol)."""
LOWEST_ENTROPY, HIGHEST_ENTROPY = 1.0, 200.0
"""J/(mol K) per atom (diamond has 2.4, helium 126)."""
FAR_FROM_EQUILIBRIUM = 1.0
"""eV/atom: a reactant lies no farther from what it would become by itself (acetylene: 0.7)."""
_EV_PER_J = KJ_PER_MOL / 1000.0
_GIBBS_SLACK = 3e3
"""J/mol, to which enthalpy, entropy and Gibbs energy of one source agree."""
_SAME = 1e-9
_LEAST = 1e3
"""J per mole of atoms: less is hardly the enthalpy of a compound that was written in another unit."""
_THOUSANDFOLD = -50.0 * STRONGEST
"""J per mole of atoms: no other mistake makes an enthalpy so large."""

WANTED = (
    "the standard enthalpy of formation at 298.15 K, in kJ per mole of the formula unit ('-613 kJ/mol'); "
    "'-0.49 eV/atom' is read too"
)
WHERE_TO_LOOK = (
    "look it up in the NIST Chemistry WebBook or the CRC Handbook (molecules), take a crystal's formation energy from "
    "computed entries (entries = 'entries.json'), or estimate it: group additivity for molecules and repeat units, a "
    "lattice energy for salts, a measured heat of combustion; name it in source and give its uncertainty"
)


def missing_enthalpy(formula: str, where: str) -> InputError:
    """Return the refusal of a reactant without its energy: what is wanted and where such numbers are found."""
    return InputError(
        f"the formation enthalpy of {formula} is missing: without it no reaction energy can be computed",
        where=where,
        allowed=WANTED,
        next_step=WHERE_TO_LOOK,
    )


def own_phase(
    formula: str,
    formation_enthalpy: float,
    *,
    name: str | None = None,
    uncertainty: float | None = None,
    entropy: float | None = None,
    entropy_uncertainty: float | None = None,
    formation_gibbs: float | None = None,
    source: str | None = None,
    state: str = "",
    note: str = "",
    where: str = "phase",
) -> Phase:
    """Return a reactant or a phase of one's own.

    Parameters
    ----------
    formula
        Of one formula unit, for a polymer of its repeat unit; every energy is per mole of it.
    formation_enthalpy
        At 298.15 K from the elements in their reference states [J/mol].
    name
        What results call it; the formula by default.
    uncertainty
        One standard deviation [J/mol]; None: `UNSTATED_UNCERTAINTY`, an assumption.
    entropy, entropy_uncertainty
        Standard entropy at 298.15 K [J/(mol K)], for Gibbs energies; None: the phase has none.
    formation_gibbs
        Gibbs energy of formation at 298.15 K [J/mol], from which the entropy follows where it is not given.
    source
        Where the numbers are from; without it they count as assumed.
    state
        's', 'l', 'g' or ''.
    note
        What to know about it.
    where
        Key or argument, for messages.

    Raises
    ------
    InputError
        Not a formula, an unknown element, a value no compound has (a wrong unit, per atom instead of per mole), an
        enthalpy, entropy and Gibbs energy that disagree.
    """
    composition = parse_formula(formula, where=f"{where}.formula")
    count = atoms(composition)
    _check_enthalpy(formula, composition, formation_enthalpy, where)
    spread = UNSTATED_UNCERTAINTY if uncertainty is None else uncertainty
    if not 0.0 <= spread <= 1e5 * count:
        raise InputError(
            "an uncertainty is out of range",
            where=f"{where}.uncertainty",
            value=f"{spread / 1000.0:g} kJ/mol",
            allowed=f"0 to {100.0 * count:g} kJ/mol",
            next_step="give one standard deviation in kJ/mol of the formula unit",
        )
    chosen = _entropy(composition, formation_enthalpy, entropy, formation_gibbs, where)
    if chosen is not None and not LOWEST_ENTROPY * count <= chosen <= HIGHEST_ENTROPY * count:
        raise _implausible_entropy(chosen, count, entropy is None, where)
    return Phase(
        name=name or formula,
        formula=formula,
        composition=composition,
        energy=formation_enthalpy * _EV_PER_J,
        uncertainty=spread * _EV_PER_J,
        temperature=STANDARD,
        source=source or UNSOURCED,
        assumed=source is None,
        state=state,
        gibbs=None if formation_gibbs is None else formation_gibbs * _EV_PER_J,
        entropy=chosen,
        uncertainty_source="assumed: none was given" if uncertainty is None else (source or UNSOURCED),
        note=note,
        entropy_uncertainty=0.0 if entropy_uncertainty is None else entropy_uncertainty,
        entropy_source="" if chosen is None else (source or UNSOURCED),
        entropy_estimated=chosen is not None and source is None,
    )


def _check_enthalpy(formula: str, composition: Composition, enthalpy: float, where: str) -> None:
    count = atoms(composition)
    if len(composition) > 1 and enthalpy == 0.0:
        raise missing_enthalpy(formula, f"{where}.formation_enthalpy")
    if not STRONGEST <= enthalpy / count <= WEAKEST:
        meant = _meant(enthalpy, count)
        raise InputError(
            f"no compound has such a formation enthalpy: {enthalpy / count / 1000.0:.4g} kJ per mole of atoms",
            where=f"{where}.formation_enthalpy",
            value=f"{enthalpy / 1000.0:.6g} kJ/mol",
            allowed=f"{STRONGEST * count / 1000.0:.4g} to {WEAKEST * count / 1000.0:.4g} kJ/mol for {count:g} atoms",
            nearest=meant,
            next_step="check the unit (kJ or J) and what it is counted for: one mole of the formula unit, not of atoms",
        )


def _meant(enthalpy: float, count: float) -> str | None:
    """Return what was probably meant by an enthalpy [J/mol] that is too large."""
    joules, atomic = enthalpy / 1000.0 / count, enthalpy / count / count
    if STRONGEST <= joules <= WEAKEST and abs(joules) > _LEAST and abs(atomic) > _THOUSANDFOLD:
        return f"'{enthalpy / 1000.0:.6g} J/mol'"
    return f"'{enthalpy / count / 1000.0:.6g} kJ/mol'" if STRONGEST <= atomic <= WEAKEST else None


def _entropy(
    composition: Composition, enthalpy: float, entropy: float | None, gibbs: float | None, where: str
) -> float | None:
    """Return the standard entropy [J/(mol K)]: the one given, or the one that enthalpy and Gibbs energy imply."""
    if gibbs is None:
        return entropy
    implied = _of_elements(composition, where) + (enthalpy - gibbs) / STANDARD
    if entropy is None:
        return implied
    if abs(implied - entropy) * STANDARD > _GIBBS_SLACK:
        raise InputError(
            "enthalpy, entropy and Gibbs energy disagree: G = H - T (S - S of the elements) at 298.15 K",
            where=f"{where}.formation_gibbs",
            value=f"{gibbs / 1000.0:.6g} kJ/mol",
            allowed=f"{(gibbs + (implied - entropy) * STANDARD) / 1000.0:.5g} +- {_GIBBS_SLACK / 1000.0:g} kJ/mol",
            next_step="give enthalpy with entropy, or enthalpy with Gibbs energy",
        )
    return entropy


def _of_elements(composition: Composition, where: str) -> float:
    known = default_phase_table().element_entropies
    total = 0.0
    for element, amount in composition.items():
        name = element_name(element)
        if name not in known:
            raise InputError(
                f"the entropy of {name} is not known: a Gibbs energy cannot be turned into an entropy",
                where=f"{where}.formation_gibbs",
                allowed=", ".join(sorted(known)),
                next_step="give the standard entropy instead",
            )
        total += amount * known[name] / (2.0 if name != element else 1.0)
    return total


def _implausible_entropy(entropy: float, count: float, implied: bool, where: str) -> InputError:
    allowed = f"{LOWEST_ENTROPY * count:g} to {HIGHEST_ENTROPY * count:g} J/(mol K) for {count:g} atoms"
    if implied:
        return InputError(
            f"enthalpy and Gibbs energy imply an entropy of {entropy:.4g} J/(mol K), which no compound has",
            where=f"{where}.formation_gibbs",
            allowed=allowed,
            next_step="check the units of both (kJ or J per mole of the formula unit) and that both are of 298.15 K",
        )
    return InputError(
        "no compound has such an entropy",
        where=f"{where}.entropy",
        value=f"{entropy:.6g} J/(mol K)",
        allowed=allowed,
        next_step="check the unit (J/(mol K), not kJ) and that it is the standard entropy, not that of formation",
    )


def with_phases(table: PhaseTable, phases: Iterable[Phase], *, where: str = "phases") -> PhaseTable:
    """Return a table with phases added; one of the same composition and state is replaced.

    A phase that is an element's reference state (enthalpy zero) brings the element's standard entropy, with which Gibbs
    energies of its compounds can be made.

    Raises
    ------
    InputError
        Two added phases of one name, a phase without state that could replace several, another temperature.
    """
    kept, entropies = list(table.phases), dict(table.element_entropies)
    added: list[Phase] = []
    for phase in phases:
        if not math.isclose(phase.temperature, table.temperature, abs_tol=0.01):
            raise InputError(
                f"{phase.name} has another temperature than the phase table",
                where=where,
                value=f"{phase.temperature:g} K",
                allowed=f"{table.temperature:g} K",
            )
        if phase.formula == element_name(next(iter(phase.composition))) and phase.entropy is not None:
            entropies[phase.formula] = phase.entropy
        same = [one for one in kept if _same_composition(one, phase) and phase.state in ("", one.state)]
        if len(same) > 1:
            raise InputError(
                f"the table holds {len(same)} states of {phase.formula}: say which one is replaced",
                where=where,
                value=phase.name,
                allowed=", ".join(f"state = '{one.state}'" for one in same),
            )
        taken = same[0].state if same and not phase.state else phase.state
        kept = [one for one in kept if one not in same]
        added.append(replace(phase, state=taken))
    names = {one.name for one in kept}
    added = [replace(one, name=f"{one.name} (own)") if one.name in names else one for one in added]
    title = f"{table.title}, with phases of the user's own" if added else table.title
    joined = replace(
        table,
        title=title,
        phases=(*kept, *added),
        origin=f"{table.origin}, and {where}",
        element_entropies=MappingProxyType(entropies),
    )
    return check_table(joined) if added else table


def _same_composition(one: Phase, other: Phase) -> bool:
    if set(one.composition) != set(other.composition):
        return False
    ratio = one.atoms / other.atoms
    return all(math.isclose(n, ratio * other.composition[e], rel_tol=_SAME) for e, n in one.composition.items())


def energy_above_equilibrium(phase: Phase, table: PhaseTable) -> float:
    """Return how far a phase lies above the table's phases at equilibrium [eV/atom]; negative: below them."""
    rivals = compete(table, (phase,))
    fractions, energy, _ = rivals.column(phase)
    columns = np.column_stack([rivals.fractions, np.zeros(len(rivals.elements))])
    _, lowest = solve_program(np.append(rivals.energies, 0.0), columns, fractions, (0.0, 0.0))
    return energy - lowest


def require_plausible(phase: Phase, table: PhaseTable, *, where: str) -> None:
    """Refuse a reactant of one's own that lies implausibly far from the phases of the table.

    Raises
    ------
    InputError
        An element in no phase of the table; more than `FAR_FROM_EQUILIBRIUM` above or below equilibrium.
    """
    for element in phase.composition:
        if element not in table.elements:
            raise InputError(
                f"no phase of the table contains {element}: nothing could form from it",
                where=where,
                value=phase.formula,
                allowed=", ".join(sorted(table.elements)),
                next_step=f"add the compounds of {element} that may form as side_reaction.phases (react: --add-phases)",
            )
    distance = energy_above_equilibrium(phase, table)
    if abs(distance) > FAR_FROM_EQUILIBRIUM:
        side = "above" if distance > 0.0 else "below"
        raise InputError(
            f"{phase.name} lies {abs(distance):.2f} eV/atom {side} the phases it could become by itself",
            where=where,
            value=f"{phase.energy / KJ_PER_MOL:.6g} kJ/mol",
            allowed=f"within {FAR_FROM_EQUILIBRIUM:g} eV/atom, "
            f"{(phase.energy - (distance + FAR_FROM_EQUILIBRIUM) * phase.atoms) / KJ_PER_MOL:.4g} to "
            f"{(phase.energy - (distance - FAR_FROM_EQUILIBRIUM) * phase.atoms) / KJ_PER_MOL:.4g} kJ/mol",
            next_step="check the unit and that it is per mole of the formula unit"
            if distance > 0.0
            else "check the unit, or add the phases it forms as side_reaction.phases (react: --add-phases)",
        )
