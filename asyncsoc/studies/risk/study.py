"""`study_risk`: the risk of one particle in several scenarios of the chemistry, with its band over i0."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.case.reactant import Reactant
from asyncsoc.interface.decomposition_constants import DRIVING_FORCES, DrivingForce
from asyncsoc.interface.rate_laws import rate_law_names
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.materials.thermochemistry.reaction import KINDS, Kind
from asyncsoc.problem.build import PreparedCase, prepare
from asyncsoc.problem.case_side_reaction import (
    conditions_of,
    covered_case,
    gibbs_of,
    reactant_of,
    side_reaction_model,
)
from asyncsoc.problem.particles import Problem
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.covered_reference import CoveredReference
from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder
from asyncsoc.simulation.curve_measure import measure_of
from asyncsoc.simulation.side_reaction_callback import REFERENCE_PARTS, SideReactionCallback
from asyncsoc.simulation.side_reaction_recording import recorded_particle
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep, Callback, StepState
from asyncsoc.solver.warmup import compile_for
from asyncsoc.studies.risk.scenarios import RiskCurve, RiskStudy, Scenario

EXCHANGE_CURRENT_DENSITIES = (0.1, 1.0)
"""A/m2: the assumed range on polymers."""


class _Voltages:
    """Records the cell voltage of the states that the recorders of side reactions receive."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def start(self, state: StepState, constraint: StepConstraint) -> None:
        """Record the first state of a protocol step."""
        self.values.append(state.voltage)

    def step(self, step: AcceptedStep) -> None:
        """Record middle and end of an accepted step."""
        middle = step.at(0.5 * (step.start_time + step.end.time))
        self.values += [middle.voltage, step.end.voltage]


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
) -> RiskStudy:
    """Return the risk of a case's particle in all scenarios of the chemistry; the side reaction takes no current.

    Two runs for each exchange current density, the particle and its fully covered reference: the scenario changes what
    is computed from their states and not the states.

    Parameters
    ----------
    case
        Particle, contact, protocol and constants; its `side_reaction.mode` does not matter.
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
        Name of the particle; None takes its coverage.
    log
        Called with one line of text before each run.

    Raises
    ------
    InputError
        The case cannot be built, no exchange current enters its kinetics, or a reactant is unknown.
    """
    if case.solver.cycle_jump_tolerance is not None:
        raise InputError(
            "a risk is computed from every cycle: the fully covered reference does not jump over any",
            where="solver.cycle_jump_tolerance",
            value=case.solver.cycle_jump_tolerance,
            next_step="remove solver.cycle_jump_tolerance, and keep few cycles where there are many",
        )
    if case.electrode.described:
        raise InputError(
            "the risk compares a particle with full coverage under the same protocol, and a particle of an electrode "
            "has a current of its own",
            where="electrode",
            value=case.name,
            next_step="take one particle: remove [electrode] and give its [contact] and particle.radius; what the side "
            "reaction does to an electrode: asyncsoc run with side_reaction.mode = 'coupled'",
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
    runs = []
    coverage = 0.0
    for density in (None, *densities):
        if log is not None:
            value = "default exchange current density" if density is None else f"i0 = {density:g} A/m2"
            log(f"simulating coverage {case.contact.coverage or 1:g} with {value}")
        curves, coverage = _curves(_with_density(case, density), scenarios, named)
        runs.append(curves)
    return RiskStudy(
        label=label or f"f = {coverage:.3g}",
        coverage=coverage,
        default=dict(zip(scenarios, runs[0], strict=True)),
        band={scenario: tuple(run[k] for run in runs[1:]) for k, scenario in enumerate(scenarios)},
        exchange_current_densities=densities,
        conditions=under,
    )


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


def _curves(
    case: Case, scenarios: Sequence[Scenario], reactants: Mapping[str, str | Reactant]
) -> tuple[list[RiskCurve], float]:
    """Return the curves of every scenario, and the coverage."""
    models = [_scenario_case(case, scenario, reactants[scenario.reactant]) for scenario in scenarios]
    covered = prepare(covered_case(case))
    references = [recorder.as_covered_reference() for recorder in _follow(covered, models, None)[0]]
    setup = prepare(case)
    recorders, voltages = _follow(setup, models, references)
    area = float(setup.member.weights.sum())
    curves = []
    for recorder in recorders:
        columns = recorder.columns()
        curves.append(
            RiskCurve(
                mean_x=recorder.as_covered_reference().mean_x,
                voltage=np.array(voltages.values),
                rate=columns[names.SIDE_CURRENT] / area,
                columns={name: columns[name] for name in names.RISK_CURVES},
            )
        )
    return curves, setup.contact.coverage_realised


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


def _follow(
    setup: PreparedCase, cases: Sequence[Case], references: Sequence[CoveredReference] | None
) -> tuple[list[SideReactionRecorder], _Voltages]:
    """Simulate a particle with one recorder of the side reaction for the case of each scenario."""
    recorders = []
    for k, read in enumerate(cases):
        model = side_reaction_model(read, setup.cathode)
        setting = recorded_particle(setup, model, read.side_reaction.risk_threshold)
        recorders.append(SideReactionRecorder(setting, None if references is None else references[k]))
    compile_for([setup.system])
    voltages = _Voltages()
    parts = REFERENCE_PARTS if references is None else 2
    callbacks: list[Callback] = [SideReactionCallback(*recorders, parts=parts), voltages]
    outcome = integrate(Problem.alone(setup.system, [setup.member]), [callbacks], measure=measure_of(setup))[0]
    if outcome.error is not None and references is not None:
        raise outcome.error
    return recorders, voltages
