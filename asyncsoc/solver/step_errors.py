"""What is said of a protocol step that cannot be carried out, or not any further."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import ConvergenceError, InfeasibleStepError, SimulationError
from asyncsoc.base.interpolation import ocp_and_i0_array
from asyncsoc.problem.arrays import ProblemArrays
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.salt_states import nearly_without_salt
from asyncsoc.solver.states import UnsolvedStateError

Array = NDArray[np.float64]

_NEARLY_CLOSED = 0.05
"""Open share of the contact below which the film is named as the reason that no step size meets the tolerance ..."""
_MOSTLY_CLOSED = 0.5
"""... and that nothing satisfies the constraint between two accepted states: there the film of the continuous solution
may have closed all of a contact that neither of them has."""
_NEAR = 0.9
"""Share of the limiting current from which on it is named as the reason."""
_FAR = 10.0
"""V; a voltage beyond it, which no cell has, is named as the reason: a thousand volts are not found to 1e-13 V, and
where side currents have grown by exp(10 V F/2RT) no step is small enough."""


def infeasible_step(constraint: StepConstraint, why: str, time: float) -> InfeasibleStepError:
    """Return the error of a step that cannot be carried out from `time` [s] on."""
    return InfeasibleStepError(
        f"protocol step {constraint.number} ({constraint.step.text!r}) cannot be carried out: {why}, t = {time:.6g} s",
        where=_where(constraint),
        next_step="change the step's target or the state it starts from; the states reached so far are kept",
    )


def stopped_step(arrays: ProblemArrays, group: int, constraint: StepConstraint, time: float) -> SimulationError:
    """Return the error of a group's step whose next time step, from `time` [s] on, fails however small it is."""
    state = arrays.groups.state[group]
    current = float(state["current"])
    voltage = float(state["potential"]) + constraint.series * current
    beyond = (
        blocked(arrays, group)
        or nearly_without_salt(arrays, group)
        or beyond_limit(arrays, group, constraint)
        or _largest_power(constraint, current, voltage)
        or _far(constraint, voltage)
    )
    if beyond is not None:
        return infeasible_step(constraint, beyond, time)
    return ConvergenceError(
        f"protocol step {constraint.number} ({constraint.step.text!r}) stopped",
        time=time,
        step_size=float(state["step_size"]),
        reason="no step size meets the tolerance or satisfies the current and voltage constraint",
        where=_where(constraint),
    )


def blocked(arrays: ProblemArrays, group: int, open_share: float = _NEARLY_CLOSED) -> str | None:
    """Return that a film has closed the contact through which a group could pass a current, None where it has not.

    Less than `open_share` of it is then open.
    """
    many = arrays.contacts.parameters["multiplicity"]
    total = _sum_over_particles(
        arrays, {number: float(many[number] * area.sum()) for number, area in _open_areas(arrays, group)}
    )
    if total == 0.0:
        return "its contact is blocked by film"
    share = total / float(arrays.groups.step[group]["contact_area"])
    return f"film has closed all but {100.0 * share:.2g} % of its contact" if share < open_share else None


def _sum_over_particles(arrays: ProblemArrays, terms: Mapping[int, float]) -> float:
    """Return the sum of terms by particle in their order, of which every process has those of its own."""
    if arrays.ranks is None:
        return sum(terms.values())
    return sum(arrays.ranks.of_all([terms.get(j, 0.0) for j in arrays.ranks.own.tolist()]))


def _open_areas(arrays: ProblemArrays, group: int) -> Iterable[tuple[int, Array]]:
    """Yield every particle of a group that is not isolated, and the open areas of its contact nodes [m2]."""
    contacts = arrays.contacts
    for number in arrays.members(group):
        row, count = contacts.parameters[number], len(arrays.contact_nodes[number])
        if math.isfinite(row["own_resistance"]):
            closed = contacts.film[number, :count] * row["inverse_block"]
            yield number, contacts.areas[number, :count] * np.maximum(1.0 - closed, 0.0)


def beyond_limit(arrays: ProblemArrays, group: int, constraint: StepConstraint) -> str | None:
    """Return that a group's rate law cannot carry the current a step imposes, None where it can or none is imposed."""
    if not constraint.galvanostatic:
        return None
    limit = limiting_current(arrays, group, constraint.temperature)
    if constraint.largest_current < _NEAR * limit:
        return None
    name = arrays.problem.groups[group].particles[0].kinetics.name
    return (
        f"its current of {constraint.largest_current:.4g} A has reached the limiting current of {name} kinetics, "
        f"{limit:.4g} A"
    )


def no_solution(arrays: ProblemArrays, group: int, constraint: StepConstraint, before: float) -> str:
    """Return that nothing satisfies a step's constraint at its start; the group had the potential `before` [V]."""
    if constraint.product:
        return f"its power of {constraint.target:.4g} W is more than the particle can deliver or take"
    if not constraint.galvanostatic:
        return "no current satisfies the step at its start"
    if abs(before) > _FAR:
        return f"the step before left it at {before:.4g} V; a limit ('until 4.2 V') would have ended that one"
    network, amperes = arrays.problem.groups[group].network, f"its current of {constraint.target:.4g} A"
    if network is not None:
        drop = float(network.at(constraint.temperature).between.mean()) * constraint.target
        if abs(drop) > _FAR:
            return f"{amperes} needs {abs(drop):.3g} V for conduction through the electrode"
    return f"no potential lets {amperes} pass at its start"


def _far(constraint: StepConstraint, voltage: float) -> str | None:
    """Return that a current needs a voltage that no cell has, None where it does not."""
    if not constraint.galvanostatic or abs(voltage) < _FAR:
        return None
    return f"its current needs a voltage of {voltage:.4g} V; a limit ('until 4.2 V') would have ended the step"


def _largest_power(constraint: StepConstraint, current: float, voltage: float) -> str | None:
    """Return that a group cannot deliver the power of its step any longer, None where it delivers none.

    A power has its largest where the voltage falls as fast as the current rises: no time step leads over that.
    """
    if not constraint.product or current >= 0.0:
        return None
    return f"a power of {current * voltage:.4g} W is about the most that the particle can still deliver"


def not_followed(constraint: StepConstraint, target: float) -> str:
    """Return that nothing satisfies what a step's profile asks for next."""
    what = "power" if constraint.product else "current" if constraint.galvanostatic else "voltage"
    unit = {"power": "W", "current": "A", "voltage": "V"}[what]
    return f"the particle cannot carry the profile's {what} of {target:.4g} {unit}"


def explained(arrays: ProblemArrays, group: int, constraint: StepConstraint, error: SimulationError) -> SimulationError:
    """Return the error that ends a run, or that the rate law cannot carry the step's current where that is why."""
    if not isinstance(error, UnsolvedStateError):
        return error
    state = arrays.groups.state[group]
    voltage = float(state["potential"]) + constraint.series * float(state["current"])
    beyond = (
        blocked(arrays, group, _MOSTLY_CLOSED) or beyond_limit(arrays, group, constraint) or _far(constraint, voltage)
    )
    return error if beyond is None else infeasible_step(constraint, beyond, error.time)


def limiting_current(arrays: ProblemArrays, group: int, temperature: float) -> float:
    """Return the largest current that a group's rate laws let through at its accepted state.

    It is sum_j n_j integral of i0 S_max dA over the open contact [A]; infinite where a rate law has no S_max and its
    particle open contact.

    Parameters
    ----------
    arrays
        The problem.
    group
        Number of the group.
    temperature
        Of the protocol step [K].
    """
    found: dict[int, float] = {}
    contacts, areas = arrays.contacts, dict(_open_areas(arrays, group))
    for mesh, place in _places(arrays, group):
        body = arrays.bodies[mesh]
        number = int(body.number[place])
        if number not in areas or not areas[number].any():
            continue
        particle, count = arrays.particles[number], len(arrays.contact_nodes[number])
        factor = particle.kinetics.limiting_factor(temperature)
        if math.isinf(factor):
            found[number] = math.inf
            continue
        table = particle.tables[temperature]
        x = np.ascontiguousarray(body.x[place][body.nodes[place][:count]])
        _, _, exchange, _ = ocp_and_i0_array(x, table.x_first, table.spacing, table.coefficients)
        found[number] = float(contacts.parameters["multiplicity"][number]) * factor * float(areas[number] @ exchange)
    return _sum_over_particles(arrays, found)


def _places(arrays: ProblemArrays, group: int) -> Iterable[tuple[int, int]]:
    for mesh in range(len(arrays.bodies)):
        for place in arrays.places(mesh, np.array([group])).tolist():
            yield mesh, place


def _where(constraint: StepConstraint) -> str:
    return f"protocol step {constraint.number}, cycle {constraint.step.cycle}"
