"""The side reaction on a cathode's particle: swept like an inert electrode, and charged like a cell."""

from __future__ import annotations

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.case.schedule import Protocol
from asyncsoc.problem.build import prepare
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.lsv.inert import SweepCurve, check_sweep

_SECONDS_PER_HOUR = 3600.0
_POINT = 5e-3
"""V between points of the ramp; the target between them is a line."""


def swept_particle(case: Case, *, rate: float, start: float, end: float, label: str = "particle, swept") -> SweepCurve:
    """Raise the voltage of a particle at a constant rate and return its side reaction per contact area.

    The voltage is a profile of two lines of the protocol. The sweep ends where the lithium of the material does.

    Parameters
    ----------
    case
        The particle; its side reaction is coupled where it is off.
    rate, start, end
        V/s and V; the particle starts uniform, in equilibrium with `start`.
    label
        What the curve is called.

    Raises
    ------
    InputError
        The case cannot be built, or the sweep does not rise.
    SimulationError
        The sweep could not be carried out.
    """
    check_sweep(rate, start, end)
    case.require_single_particle()
    points = np.linspace(start, end, max(int(np.ceil((end - start) / _POINT)), 1) + 1)
    protocol = Protocol.of(
        "Follow ramp",
        profiles={"ramp": {"time": (points - start) / rate, "voltage": points}},
        temperature=case.protocol.temperature,
        initial_voltage=start,
        capacity=case.protocol.capacity,
    )
    return _curve(simulate(_with_reaction(case).model_copy(update={"protocol": protocol})), label)


def charged_particle(
    case: Case, *, rate: str = "C/10", end: float = 4.2, label: str = "particle, charged"
) -> SweepCurve:
    """Charge a particle at a constant rate and return its side reaction per contact area against the cell voltage.

    Parameters
    ----------
    case
        The particle; its side reaction is coupled where it is off. It starts as its protocol says.
    rate
        Of the charge, as a protocol step writes it.
    end
        V.
    label
        What the curve is called.

    Raises
    ------
    InputError
        The case cannot be built.
    SimulationError
        The charge could not be carried out.
    """
    case.require_single_particle()
    keys = case.protocol.model_dump(exclude={"steps", "cycle", "profile"})
    protocol = Protocol.model_validate({**keys, "steps": [f"Charge at {rate} until {end:.12g} V"]})
    return _curve(simulate(_with_reaction(case).model_copy(update={"protocol": protocol})), label)


def contact_per_electrode(case: Case) -> float:
    """Return the contact area of a particle over the electrode area that its capacity stands for.

    An electrode of areal capacity Q_A holds Q_A/Q_p particles per area side by side.
    """
    setup = prepare(case)
    return setup.electrolyte.areal_capacity * _SECONDS_PER_HOUR / setup.full_charge * setup.contact.area


def _with_reaction(case: Case) -> Case:
    if case.side_reaction.mode != "off":
        return case
    if case.kinetics.imposes_flux:
        raise InputError(
            "a sweep needs a rate law: under uniform flux the current does not follow the potential",
            where="kinetics.model",
            value=case.kinetics.model,
        )
    return case.with_overrides(["side_reaction.mode=coupled"])


def _curve(solution: Solution, label: str) -> SweepCurve:
    columns = solution.columns
    film = columns.get(names.FILM_MEAN, np.zeros_like(columns[names.VOLTAGE]))
    return SweepCurve(label, columns[names.VOLTAGE], columns[names.SIDE_CURRENT] / solution.contact.area, film)
