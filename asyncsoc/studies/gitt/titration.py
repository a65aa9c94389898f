"""A simulated titration: pulses and rests as ordinary protocol steps of a case, up to the limits of its voltage."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from asyncsoc.base.errors import InfeasibleStepError, InputError
from asyncsoc.case.case import Case
from asyncsoc.problem.case_materials import SECONDS_PER_HOUR, cathode_of
from asyncsoc.problem.electrode_cases import electrode_cases
from asyncsoc.problem.meshing import sphere_mesh_of
from asyncsoc.protocol.grammar import parse_step
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.gitt.pulses import GittPulse, GittResult, Jump, evaluate_gitt

Progress = Callable[[int, int, str], None]

MOST_PULSES = 500
"""In one direction."""
_FULL = 1.0 - 1e-9
_USUAL = 20
_COUNTED = ("current", "c-rate", "areal current", "specific current")


@dataclass(frozen=True)
class GittPlan:
    """Pulses and rests of a titration.

    Attributes
    ----------
    rate
        Of a pulse, as a protocol step writes it.
    pulse, rest
        Durations [s].
    upper, lower
        Voltages that end the pulses of charge and discharge [V].
    cycles
        Charges, each followed by a discharge.
    discharge
        Whether the last charge is followed by a discharge too.

    Raises
    ------
    InputError
        A duration or count that is not positive, or limits that are not in order.
    """

    rate: str = "C/10"
    pulse: float = 1800.0
    rest: float = 1800.0
    upper: float = 4.2
    lower: float = 2.8
    cycles: int = 2
    discharge: bool = True

    def __post_init__(self) -> None:
        for name, value in (("pulse", self.pulse), ("rest", self.rest)):
            if not (math.isfinite(value) and value > 0.0):
                raise InputError(f"the duration of a {name} must be positive", where=name, value=value, allowed="> 0 s")
        if not self.lower < self.upper:
            raise InputError(
                "the limits of the voltage are not in order", where="lower, upper", value=f"{self.lower}, {self.upper}"
            )
        if isinstance(self.cycles, bool) or not isinstance(self.cycles, int) or not 1 <= self.cycles <= 100:
            raise InputError("the number of cycles is out of range", where="cycles", value=self.cycles, allowed="1-100")
        step = parse_step(self.steps(charge=True)[0], where="rate")
        if step.control not in _COUNTED:
            raise InputError("a pulse has a constant current", where="rate", value=self.rate, allowed="C/10, 20 mA/g")

    def steps(self, *, charge: bool) -> tuple[str, str]:
        """Return a pulse and the rest after it as protocol steps."""
        word, limit = ("Charge", self.upper) if charge else ("Discharge", self.lower)
        return f"{word} at {self.rate} for {self.pulse:.12g} s or until {limit:.12g} V", self.rest_step

    @property
    def rest_step(self) -> str:
        """A rest as a protocol step."""
        return f"Rest for {self.rest:.12g} s"

    @property
    def halves(self) -> tuple[bool, ...]:
        """Whether each half cycle is a charge."""
        return (True, False) * self.cycles if self.discharge else ((True, False) * self.cycles)[:-1]

    @property
    def usual_pulses(self) -> int:
        """Pulses in one direction, by the charge they pass: for progress only."""
        step = parse_step(self.steps(charge=True)[0], where="rate")
        return math.ceil(SECONDS_PER_HOUR / (step.value * self.pulse)) if step.control == "c-rate" else _USUAL


def simulate_gitt(
    case: Case,
    plan: GittPlan | None = None,
    *,
    jump: Jump = "removed",
    radius: float | None = None,
    progress: Progress | None = None,
) -> tuple[GittResult, Solution]:
    """Titrate a case: its protocol is replaced by pulses and rests, all else is the case's own.

    The pulses go on in one direction until one of them reaches the limit of the voltage, or the jump of the next one
    alone would pass it; the protocol grows pulse by
    pulse, and every one is an ordinary protocol step. A side reaction of the case (`side_reaction.mode = "coupled"`)
    grows its film all the while.

    Parameters
    ----------
    case
        A particle, group or electrode.
    plan
        The pulses; by default those of the paper, C/10, 30 min, 30 min, two cycles.
    jump
        Of `evaluate_gitt`.
    radius
        R_s of the formula [m]; by default that of the case's sphere.
    progress
        Called as progress(pulses done, pulses expected, what is next).

    Returns
    -------
    GittResult, Solution
        The pulses, with the true diffusivity of each, and the whole run.

    Raises
    ------
    InputError
        The case cannot be built, or the limits of the voltage exclude its start.
    SimulationError
        A step could not be carried out.
    """
    plan = plan or GittPlan()
    steps = [plan.rest_step]
    fixed = _on_one_mesh(case, plan)
    solution = simulate(_with_steps(fixed, steps))
    start = float(solution.columns[names.VOLTAGE][-1])
    if not plan.lower < start < plan.upper:
        raise InputError(
            "the case starts outside the limits of the voltage",
            where="protocol.initial_stoichiometry",
            value=f"{start:.4g} V",
            allowed=f"{plan.lower:g} to {plan.upper:g} V",
            next_step="start it elsewhere, or give other limits",
        )
    done, usual = 0, plan.usual_pulses * len(plan.halves)
    for half, charge in enumerate(plan.halves):
        for _ in range(MOST_PULSES):
            if progress is not None:
                what = f"cycle {half // 2 + 1}, {'charge' if charge else 'discharge'}, {_voltage(solution):.3f} V"
                progress(min(done, usual - 1), usual, what)
            if (_voltage(solution) >= plan.upper) if charge else (_voltage(solution) <= plan.lower):
                break
            longer = [*steps, *plan.steps(charge=charge)]
            try:
                solution = simulate(_with_steps(fixed, longer), resume=solution)
            except InfeasibleStepError:
                break  # the jump alone passes the limit
            steps, done = longer, done + 1
            if solution.steps[-2].duration < _FULL * plan.pulse:
                break
    if progress is not None:
        progress(usual, usual, "")
    return evaluate_solution(solution, case, jump=jump, radius=radius), solution


def evaluate_solution(
    solution: Solution, case: Case, *, jump: Jump = "removed", radius: float | None = None
) -> GittResult:
    """Return the pulses of a run whose protocol alternates pulses and rests.

    Parameters
    ----------
    solution
        The run.
    case
        Its case: radius and diffusivity are taken from it.
    jump, radius
        As of `simulate_gitt`.

    Raises
    ------
    InputError
        The run has no pulse between two rests.
    """
    columns = solution.columns
    single = case.particle.shape == "sphere" and not case.electrode.described
    own = case.particle.radius if single else None
    formula = radius if radius is not None else own
    found = evaluate_gitt(
        columns[names.TIME],
        columns[names.CURRENT],
        columns[names.VOLTAGE],
        radius=math.nan if formula is None else formula,
        jump=jump,
        name=solution.name,
    )
    notes = list(found.notes)
    if math.isnan(found.radius):
        notes.append("no apparent diffusivity without a radius: the case describes no single sphere")
    pulses = tuple(_with_state(pulse, solution, case) for pulse in found.pulses)
    return replace(found, pulses=pulses, notes=(*notes, *solution.warnings))


def _with_state(pulse: GittPulse, solution: Solution, case: Case) -> GittPulse:
    """Add the film at the end of a pulse, and the material's own diffusivity over it."""
    columns = solution.columns
    time = columns[names.TIME]
    end = int(np.searchsorted(time, pulse.start + pulse.duration, side="right")) - 1
    film = float(columns[names.FILM_MEAN][end]) if names.FILM_MEAN in columns else math.nan
    begin = int(np.searchsorted(time, pulse.start))
    x = np.linspace(float(columns[names.MEAN_X][begin]), float(columns[names.MEAN_X][end]), 9)
    cathode = cathode_of(case.material)
    diffusivity = np.broadcast_to(cathode.diffusivity(x, case.protocol.temperature), x.shape)
    return replace(pulse, film=film, true=float(diffusivity.mean()))


def _voltage(solution: Solution) -> float:
    return float(solution.columns[names.VOLTAGE][-1])


def _with_steps(case: Case, steps: list[str]) -> Case:
    keys = {**case.protocol.model_dump(exclude={"steps", "cycle", "profile"}), "steps": list(steps)}
    protocol = type(case.protocol).model_validate(keys)
    return case.model_copy(update={"protocol": protocol})


def _on_one_mesh(case: Case, plan: GittPlan) -> Case:
    """Return a case that keeps all rows, on a mesh that does not depend on how many of the steps it has."""
    output, solver = case.output.model_copy(update={"keep_cycles": "all"}), case.solver
    case = case.model_copy(
        update={"output": output, "solver": solver.model_copy(update={"cycle_jump_tolerance": None})}
    )
    if case.particle.shape != "sphere" or case.particle.edge_levels is not None:
        return case
    whole = _with_steps(case, [plan.rest_step, *plan.steps(charge=True), *plan.steps(charge=False)])
    particles = electrode_cases(whole).cases if whole.electrode.described else (whole,)
    levels = max(sphere_mesh_of(one).levels for one in particles)
    return case.model_copy(update={"particle": case.particle.model_copy(update={"edge_levels": levels})})
