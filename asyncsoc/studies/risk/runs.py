"""The runs of a risk study: a particle or the particles of an electrode, with recorders of several side reactions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.interface.side_reaction import SideReactionModel
from asyncsoc.problem.build import PreparedCase
from asyncsoc.problem.case_side_reaction import covered_case, side_reaction_model
from asyncsoc.problem.electrode_cases import electrode_cases
from asyncsoc.problem.electrode_layers import ElectrodeLayers
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.covered_reference import CoveredReference
from asyncsoc.recorders.group_risk import covered_group, group_risk
from asyncsoc.recorders.particle_group import weighted_sum
from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder
from asyncsoc.simulation.curve_measure import check_limits, measure_of
from asyncsoc.simulation.group_checks import check_curve_limits
from asyncsoc.simulation.group_measure import GroupMeasure
from asyncsoc.simulation.group_setup import (
    compile_for_group,
    note_salt_compiled,
    prepared_particles,
    problem_of_group,
    shares_of,
    volume_of,
    with_homes,
)
from asyncsoc.simulation.group_side_reaction import GroupSideReactionCallback
from asyncsoc.simulation.recording import RecordingCallback, RunRecorders, particle_constants
from asyncsoc.simulation.side_reaction_callback import REFERENCE_PARTS
from asyncsoc.simulation.side_reaction_recording import recorded_particle
from asyncsoc.solver.callbacks import BalanceGuard
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.states import AcceptedStep, BatchCallback, StepState
from asyncsoc.studies.risk.particle_shares import RiskParticles
from asyncsoc.studies.risk.scenarios import RiskCurve, Scenario

Array = NDArray[np.float64]


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


@dataclass(frozen=True, eq=False)
class ChargedParticles:
    """The particles that a risk study charges: one, or those of an electrode that have contact.

    Attributes
    ----------
    cases : N
        A case for each.
    multiplicities : (N,)
        n_j in the whole electrode; 1 of a single particle.
    resistances : (N,), ohm
        Of the contact of each to the others, infinite where it is isolated.
    idle_volume, idle_surface
        Of the particles without contact [m3, m2].
    layers
        Of an electrode; None where all particles are at one potential.
    electrode_area
        m2; None of a single particle.
    """

    cases: tuple[Case, ...]
    multiplicities: Array
    resistances: Array
    idle_volume: float = 0.0
    idle_surface: float = 0.0
    layers: ElectrodeLayers | None = None
    electrode_area: float | None = None

    @classmethod
    def of(cls, case: Case) -> ChargedParticles:
        """Return the particles of a case.

        Raises
        ------
        InputError
            The electrode of the case has no particles that can carry its current, or cannot be built.
        """
        return cls._drawn(case, covered=False) if case.electrode.described else cls._single(case)

    @classmethod
    def fully_covered(cls, case: Case) -> ChargedParticles:
        """Return the same particles, those without contact too, under full coverage: the reference."""
        if case.electrode.described:
            return cls._drawn(case, covered=True)
        return cls._single(covered_case(case))

    @classmethod
    def _single(cls, case: Case) -> ChargedParticles:
        return cls((case,), np.ones(1), np.zeros(1))

    @classmethod
    def _drawn(cls, case: Case, *, covered: bool) -> ChargedParticles:
        drawn, area = electrode_cases(case, covered=covered), case.electrode.area
        without = drawn.sample.coverage == 0.0
        surface = area * float(drawn.sample.multiplicity[without] @ (4.0 * math.pi * drawn.sample.radius[without] ** 2))
        many, ohms = drawn.multiplicities, drawn.resistances
        return cls(drawn.cases, many, ohms, drawn.idle_volume, surface, drawn.layers, area)

    @cached_property
    def ready(self) -> tuple[list[PreparedCase], list[list[int]]]:
        """The particles made ready, and for each mesh those on it."""
        return with_homes(prepared_particles(self.cases, self.multiplicities, self.idle_volume))

    @property
    def contact_areas(self) -> Array:
        """Contact area A_j of one particle each, (N,) [m2]."""
        return np.array([float(setup.member.weights.sum()) for setup in self.ready[0]])

    @property
    def coverage(self) -> float:
        """Realised; of an electrode the contact of all particles over their surface, those without contact too."""
        setups = self.ready[0]
        if self.electrode_area is None:
            return setups[0].contact.coverage_realised
        surfaces = np.array([float(setup.contact.surface_weights.sum()) for setup in setups])
        whole = float(self.multiplicities @ surfaces) + self.idle_surface
        return float(self.multiplicities @ self.contact_areas) / whole

    def described(self, curves: Mapping[Scenario, tuple[RiskCurve, ...]]) -> RiskParticles:
        """Return what the particles are, with their curves."""
        setups = self.ready[0]
        volumes = np.array([setup.operators.volume for setup in setups])
        whole = volume_of(setups, self.multiplicities) + self.idle_volume
        return RiskParticles(
            tuple(case.name for case in self.cases),
            np.cbrt(3.0 * volumes / (4.0 * math.pi)),
            np.array([setup.contact.coverage_realised for setup in setups]),
            self.multiplicities,
            volumes,
            self.contact_areas,
            curves,
            () if self.layers is None else tuple(node + 1 for node in self.layers.nodes),
            self.electrode_area,
            self.idle_volume / whole,
        )


@dataclass(frozen=True, eq=False)
class FollowedRun:
    """A run with the recorders of each particle, one for each scenario, and the cell's voltages [V]."""

    particles: ChargedParticles
    recorders: list[list[SideReactionRecorder]]
    voltages: Array
    balance: float

    def reference(self, scenario: int) -> CoveredReference:
        """Return the run as the fully covered reference of others in a scenario."""
        areas = self.particles.multiplicities * self.particles.contact_areas
        return covered_group([own[scenario].as_covered_reference() for own in self.recorders], areas)

    def curves(self, scenario: int) -> tuple[RiskCurve, tuple[RiskCurve, ...]]:
        """Return the curves of a scenario, of all particles together and of each."""
        areas, many = self.particles.contact_areas, self.particles.multiplicities
        mean_x = self.recorders[0][scenario].as_covered_reference().mean_x
        columns = [own[scenario].columns() for own in self.recorders]
        each = tuple(
            RiskCurve(
                mean_x,
                self.voltages,
                one[names.SIDE_CURRENT] / area,
                {name: one[name] for name in names.RISK_CURVES},
                one[names.SIDE_CHARGE] / area,
            )
            for one, area in zip(columns, areas.tolist(), strict=True)
        )
        if len(each) == 1:
            return each[0], each
        shares = many * areas / float(many @ areas)
        whole = RiskCurve(
            mean_x,
            self.voltages,
            weighted_sum(shares, [one.rate for one in each]),
            group_risk([one.columns for one in each], many * areas),
            weighted_sum(shares, [one.charge for one in each]),
        )
        return whole, each


def side_reaction_models(cases: Sequence[Case], particles: ChargedParticles) -> list[SideReactionModel]:
    """Return the side reaction of the case of each scenario."""
    cathode = particles.ready[0][0].cathode
    return [side_reaction_model(case, cathode) for case in cases]


def follow(
    particles: ChargedParticles,
    models: Sequence[SideReactionModel],
    threshold: float,
    references: Sequence[CoveredReference] | None,
    threads: int = 1,
) -> FollowedRun:
    """Charge the particles together, with one recorder of the side reaction for each particle and scenario.

    Parameters
    ----------
    particles
        What is charged.
    models
        The side reaction of each scenario.
    threshold
        Risk above which contact counts as endangered.
    references
        The fully covered reference of each scenario; None: the run is to become the references of another, and where
        it cannot finish its protocol its states end.
    threads
        Threads to spread the particles over; the answers do not depend on it.

    Raises
    ------
    InputError
        A protocol step ends on a curve of a side reaction, or on one that the particles do not have.
    SimulationError
        The protocol could not be carried out.
    """
    setups, homes = particles.ready
    constraints, alone = setups[0].member.constraints, len(setups) == 1
    _require_other_limits(constraints)
    check_curve_limits(constraints, len(setups), ())
    if alone:
        check_limits(particles.cases[0], setups[0], None)
    compile_for_group(setups, homes, particles.resistances, particles.layers, threads)
    compared: Sequence[CoveredReference | None] = [None] * len(models) if references is None else references
    recorders = [
        [
            SideReactionRecorder(recorded_particle(setup, model, threshold), reference)
            for model, reference in zip(models, compared, strict=True)
        ]
        for setup in setups
    ]
    parts = REFERENCE_PARTS if references is None else 2
    together = GroupSideReactionCallback(recorders, homes, _mean_of(particles), parts=parts)
    guards = [
        BalanceGuard(
            setups[home[0]].operators.mass,
            [setups[j].cathode.maximum_concentration * setups[j].member.scale ** 3 for j in home],
        )
        for home in homes
    ]
    of_meshes: list[list[BatchCallback]] = [list(pair) for pair in zip(guards, together.of_meshes, strict=True)]
    voltages = _Voltages()
    problem = problem_of_group(setups, homes, particles.multiplicities, particles.resistances, particles.layers, None)
    (outcome,) = integrate(
        problem,
        [[voltages], *[[]] * (len(setups) - 1)],
        batch_callbacks=of_meshes,
        threads=threads,
        measure=measure_of(setups[0]) if alone else None,
        group_measure=None if alone else _group_measure(particles),
    )
    note_salt_compiled(setups, particles.layers)
    if outcome.error is not None and references is not None:
        raise outcome.error
    return FollowedRun(particles, recorders, np.array(voltages.values), max(guard.worst for guard in guards))


def _require_other_limits(constraints: Sequence[StepConstraint]) -> None:
    """Refuse protocol steps that end on a curve of a side reaction: a study has one for each scenario, in one run."""
    for constraint in constraints:
        for limit in constraint.limits:
            if limit.curve in names.SIDE_CURVES:
                raise InputError(
                    "a study of risk follows many side reactions in one run: none of them can end a step",
                    where=f"protocol step {constraint.number} ({constraint.step.text})",
                    value=limit.curve,
                    allowed="a limit of voltage, current, charge or duration, or of a curve of the lithium",
                    next_step="end the step by a voltage ('until 4.2 V'); a run of the case ends at its own risk",
                )


def _mean_of(particles: ChargedParticles) -> Callable[[Sequence[float]], float]:
    """Return the function that gives the mean stoichiometry of an electrode from those of its particles."""
    setups, idle = particles.ready[0], particles.idle_volume
    volumes = particles.multiplicities * np.array([setup.operators.volume for setup in setups])
    whole = math.fsum(volumes.tolist()) + idle
    shares, kept = (volumes / whole).tolist(), idle / whole * float(setups[0].member.x[0])

    def mean(own: Sequence[float]) -> float:
        return math.fsum([share * x for share, x in zip(shares, own, strict=True)]) + kept

    return mean


def _group_measure(particles: ChargedParticles) -> GroupMeasure:
    """Return the measure of an electrode's curves, for protocol steps that end where one reaches a value."""
    setups, homes = particles.ready
    constants = [RecordingCallback([RunRecorders(particle_constants(setups[j])) for j in home]) for home in homes]
    many, ohms = particles.multiplicities, particles.resistances
    shares = shares_of(setups, many, particles.idle_volume, ohms, particles.layers, None)
    return GroupMeasure(constants, homes, shares, float(setups[0].member.x[0]))
