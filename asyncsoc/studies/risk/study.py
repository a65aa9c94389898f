"""`study_risk`: the risk of a particle or an electrode in several scenarios of the chemistry, with its band over i0."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.case.reactant import Reactant
from asyncsoc.interface.decomposition_constants import DRIVING_FORCES, DrivingForce
from asyncsoc.interface.rate_laws import rate_law_names
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.materials.thermochemistry.reaction import KINDS, Kind
from asyncsoc.problem.case_side_reaction import conditions_of, gibbs_of, reactant_of
from asyncsoc.studies.risk.particle_shares import RiskParticles
from asyncsoc.studies.risk.runs import ChargedParticles, FollowedRun, follow, side_reaction_models
from asyncsoc.studies.risk.scenarios import RiskCurve, RiskStudy, Scenario

EXCHANGE_CURRENT_DENSITIES = (0.1, 1.0)
"""A/m2: the assumed range on polymers."""


def study_risk(
    case: Case,
    *,
    reactants: Sequence[str | Reactant] | None = None,
    energies: Sequence[Kind] = KINDS,
    driving_forces: Sequence[DrivingForce] = DRIVING_FORCES,
    exchange_current_densities: Iterable[float] = EXCHANGE_CURRENT_DENSITIES,
    conditions: Sequence[Conditions] | None = None,
    label: str | None = None,
    log: Callable[[str], None] | None = None,
    threads: int = 1,
) -> RiskStudy:
    """Return the risk of a case's particle or electrode in all scenarios of the chemistry.

    The side reaction takes no current. Two runs for each exchange current density, the particle and its fully covered
    reference: the scenario changes what is computed from their states and not the states. The reference of an electrode
    is the same electrode with every particle fully covered, those without contact too: the loading, the protocol and
    the currents are the same, and the two are compared at equal mean stoichiometry of the electrode.

    Parameters
    ----------
    case
        Particle and contact, or electrode, protocol and constants; its `side_reaction.mode` does not matter.
    reactants
        What reacts: names, the name of the case's own reactant among them, or `Reactant` objects; None: the case's.
    energies, driving_forces
        Kinds of reaction energy and driving forces of the scenarios.
    exchange_current_densities
        A/m2, constant over x: the band. The default is the electrolyte's own i0(x).
    conditions
        Enthalpy and Gibbs energy; None: what the case asks for, then the other at the same temperature unless an
        entropy it needs is not given. Where only the potential drives the rate they change nothing, and only the first
        is computed.
    label
        Name of the particle or electrode; None takes its coverage.
    log
        Called with one line of text before each run.
    threads
        Threads to spread the particles of an electrode over; the answers do not depend on it.

    Raises
    ------
    InputError
        The case cannot be built, jumps over cycles, has energies of its own, or ends a step of an electrode on a curve
        that it does not have; no exchange current enters its kinetics, or a reactant is unknown.
    SimulationError
        The protocol could not be carried out.
    """
    if case.solver.cycle_jump_tolerance is not None:
        raise InputError(
            "a risk is computed from every cycle: the fully covered reference does not jump over any",
            where="solver.cycle_jump_tolerance",
            value=case.solver.cycle_jump_tolerance,
            next_step="remove solver.cycle_jump_tolerance, and keep few cycles where there are many",
        )
    if case.kinetics.imposes_flux:
        raise InputError(
            "no exchange current enters uniform flux: there is no band over it",
            where="kinetics.model",
            value=case.kinetics.model,
            allowed=", ".join(rate_law_names()),
        )
    if case.side_reaction.energies:
        raise InputError(
            "a study compares total and mutual reaction energies; energies of one's own are of one kind",
            where="side_reaction.energies",
            next_step="run the case with side_reaction.mode = 'report', or remove energies",
        )
    named = _named(case, reactants)
    densities = tuple(float(density) for density in exchange_current_densities)
    under = _conditions(case, conditions, named)
    scenarios = [
        Scenario(name, kind, force, one)
        for name, kind, force in product(named, energies, driving_forces)
        for one in (under[:1] if force == "potential" else under)
    ]
    runs: list[list[RiskCurve]] = []
    particles: RiskParticles | None = None
    coverage = 0.0
    for density in (None, *densities):
        if log is not None:
            value = "default exchange current density" if density is None else f"i0 = {density:g} A/m2"
            log(f"simulating {_called(case)} with {value}")
        run = _runs(_with_density(case, density), scenarios, named, threads)
        found = [run.curves(k) for k in range(len(scenarios))]
        runs.append([whole for whole, _ in found])
        if particles is None:
            each = {scenario: own for scenario, (_, own) in zip(scenarios, found, strict=True)}
            particles, coverage = run.particles.described(each), run.particles.coverage
    return RiskStudy(
        label=label or f"{'electrode, ' if case.electrode.described else ''}f = {coverage:.3g}",
        coverage=coverage,
        default=dict(zip(scenarios, runs[0], strict=True)),
        band={scenario: tuple(run[k] for run in runs[1:]) for k, scenario in enumerate(scenarios)},
        exchange_current_densities=densities,
        conditions=under,
        particles=particles,
    )


def _called(case: Case) -> str:
    """Return what is simulated in words."""
    if case.electrode.described:
        return "the electrode, fully covered and as it is,"
    return f"coverage {case.contact.coverage or 1:g}"


def _named(case: Case, asked: Sequence[str | Reactant] | None) -> dict[str, str | Reactant]:
    """Return the reactants by name: those asked for, or the case's."""
    own = case.side_reaction.reactant
    if not asked:
        return {reactant_of(case): reactant_of(case) if own is None else own}
    known = {own.called: own} if isinstance(own, Reactant) else {}
    return {
        (one.called if isinstance(one, Reactant) else one): (one if isinstance(one, Reactant) else known.get(one, one))
        for one in asked
    }


def _conditions(
    case: Case, asked: Sequence[Conditions] | None, reactants: Mapping[str, str | Reactant]
) -> tuple[Conditions, ...]:
    if asked:
        return tuple(dict.fromkeys(one.plain for one in asked))
    own = conditions_of(case)
    given = (*reactants.values(), *(case.side_reaction.phases or ()))
    if any(one.to_phase().entropy is None for one in given if not isinstance(one, str)):
        return (own,)
    try:
        return tuple(dict.fromkeys((own, gibbs_of(case), ENTHALPY)))
    except InputError:  # too hot or too cold for Gibbs energies, and the case asks for none
        return (own,)


def _with_density(case: Case, density: float | None) -> Case:
    changes = ["side_reaction.mode=off"]
    if density is not None:
        changes.append(f"kinetics.exchange_current_density={density!r}")
    return case.with_overrides(changes)


def _runs(
    case: Case, scenarios: Sequence[Scenario], reactants: Mapping[str, str | Reactant], threads: int
) -> FollowedRun:
    """Return the run of a case, with recorders of every scenario beside the fully covered reference run before it."""
    read = [_scenario_case(case, scenario, reactants[scenario.reactant]) for scenario in scenarios]
    covered = ChargedParticles.fully_covered(case)
    models, threshold = side_reaction_models(read, covered), case.side_reaction.risk_threshold
    reference = follow(covered, models, threshold, None, threads)
    references = [reference.reference(k) for k in range(len(scenarios))]
    return follow(ChargedParticles.of(case), models, threshold, references, threads)


def _scenario_case(case: Case, scenario: Scenario, reactant: str | Reactant) -> Case:
    """Return the case with the side reaction of a scenario."""
    section = {
        "reactant": reactant,
        "energy": scenario.energy,
        "driving_force": scenario.driving_force,
        "thermochemistry": scenario.conditions.energy,
    }
    if scenario.conditions.energy == "gibbs":
        section["thermochemistry_temperature"] = f"{scenario.conditions.temperature!r} K"
    keys = case.model_dump(exclude_unset=True)
    keys["side_reaction"] = {**keys.get("side_reaction", {}), **section}
    return Case.from_dict(keys)
