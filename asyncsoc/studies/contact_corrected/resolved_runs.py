"""Runs of the resolved particle that the model is fitted to and checked against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.case.schedule import Output, Protocol
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.problem.build import PreparedCase, prepare
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.contact_corrected.graded_sphere import CurrentHistory

Array = NDArray[np.float64]
Direction = Literal["charge", "discharge"]

SECONDS_PER_HOUR = 3600.0
_REST = "Rest for 1 hour"
_KEPT = ("temperature", "capacity", "initial_stoichiometry", "initial_voltage", "initial_soc")
"""Keys of the protocol that do not depend on its steps."""
_FEWEST_ROWS = 8
_LARGEST_TOLERANCE = 1e-5
"""Of the resolved runs: their own error is then some hundredths of a millivolt."""


@dataclass(frozen=True, eq=False)
class ResolvedRun:
    """A charge or discharge of the resolved particle with constant current from a uniform state; a charge then rests.

    Attributes
    ----------
    rate
        1/h.
    direction
        Of the current.
    history
        The current; its times are the rows kept.
    potential : (n,)
        Particle potential [V].
    contact_x : (n,)
        Stoichiometry, mean over the contact.
    resting : (n,)
        Whether the row belongs to the rest.
    weights : (n,)
        Share of a row in the mean over the time of its protocol step; 0 where it is outside the range of voltage.
    capacity
        C; what 1 C moves in an hour.
    """

    rate: float
    direction: Direction
    history: CurrentHistory
    potential: Array
    contact_x: Array
    resting: NDArray[np.bool_]
    weights: Array
    capacity: float

    def thinned(self, rows: int) -> ResolvedRun:
        """Return the run with about `rows` rows a step: the first of each, then evenly chosen ones, and the last."""
        chosen = []
        for resting in (False, True):
            own = np.flatnonzero(self.resting == resting)
            if len(own):
                chosen.append(own[np.unique(np.linspace(0, len(own) - 1, min(rows, len(own))).round().astype(int))])
        kept = np.concatenate(chosen)
        history = self.history
        return ResolvedRun(
            self.rate,
            self.direction,
            CurrentHistory(history.times[kept], history.current[kept], history.start),
            self.potential[kept],
            self.contact_x[kept],
            self.resting[kept],
            _weights(history.times[kept], self.resting[kept], self.weights[kept] > 0.0),
            self.capacity,
        )


def require_supported(case: Case, rate: float) -> PreparedCase:
    """Return the case made ready for discharges up to a rate [1/h], if the model can stand for it.

    Raises
    ------
    InputError
        An electrode, a coupled side reaction, a changing contact, a hysteresis, or another rate law than Butler-Volmer
        with a transfer coefficient of 0.5.
    """
    case.require_single_particle()
    for where, wrong, allowed in (
        ("side_reaction.mode", case.side_reaction.mode == "coupled", "off, report"),
        ("contact.coverage_change", case.contact.coverage_change is not None, "a contact that does not change"),
    ):
        if wrong:
            raise InputError(
                "a contact-corrected model stands for a particle that does not age",
                where=where,
                allowed=allowed,
                next_step="export the particle at one state of its contact",
            )
    steps = {"steps": (f"Discharge at {rate:.12g}C for 1 minute",), "cycle": (), "profile": ()}
    kept = {key: getattr(case.protocol, key) for key in _KEPT}
    protocol = Protocol(**{key: value for key, value in kept.items() if value is not None}, **steps)
    ready = prepare(case.model_copy(update={"protocol": protocol}))
    if ready.cathode.branches is not None:
        raise InputError(
            "a contact-corrected model has one open-circuit potential",
            where="material.hysteresis",
            value="branches",
            allowed="mean",
            next_step='set material.hysteresis = "mean"',
        )
    law = ready.member.kinetics
    if not isinstance(law, ButlerVolmer) or law.transfer_coefficient != 0.5:
        raise InputError(
            "a contact-corrected model has Butler-Volmer kinetics with a transfer coefficient of 0.5",
            where="kinetics",
            value=law.name if not isinstance(law, ButlerVolmer) else f"a = {law.transfer_coefficient:g}",
            allowed="model = 'butler-volmer', transfer_coefficient = 0.5",
            next_step="the BPX standard and PyBaMM's symmetric kinetics know no other",
        )
    return ready


def resolved_run(case: Case, rate: float, direction: Direction, voltages: tuple[float, float]) -> ResolvedRun | None:
    """Return what the resolved particle does at a rate [1/h] between two voltages; None where it ends at once.

    Raises
    ------
    InputError, SimulationError
        As `simulate` has them.
    """
    low, high = voltages
    end = high if direction == "charge" else low
    steps = [f"{direction.capitalize()} at {rate:.12g}C until {end:.12g} V"]
    if direction == "charge":
        steps.append(_REST)
    protocol = Protocol(
        temperature=case.protocol.temperature,
        initial_voltage=low if direction == "charge" else high,
        capacity=case.protocol.capacity,
        steps=tuple(steps),
    )
    solver = case.solver.model_copy(update={"tolerance": min(case.solver.tolerance, _LARGEST_TOLERANCE)})
    side = case.side_reaction.model_copy(update={"mode": "off"})
    output = Output(fields_every=1e9)
    run = simulate(
        case.model_copy(update={"protocol": protocol, "solver": solver, "side_reaction": side, "output": output})
    )
    columns = run.columns
    first = columns[names.STEP] == columns[names.STEP][0]
    if np.count_nonzero(first) < _FEWEST_ROWS:
        return None
    times, potential = columns[names.TIME], columns[names.POTENTIAL]
    current = columns[names.CURRENT]
    inside = (potential >= low) & (potential <= high)
    if np.count_nonzero(inside & first) < _FEWEST_ROWS:
        return None
    return ResolvedRun(
        rate,
        direction,
        CurrentHistory(times, current, float(columns[names.MEAN_X][0])),
        potential,
        columns[names.CONTACT_X],
        ~first,
        _weights(times, columns[names.STEP], inside),
        float(abs(current[first][-1])) * SECONDS_PER_HOUR / rate,
    )


def _weights(times: Array, step: NDArray[Any], inside: NDArray[np.bool_]) -> Array:
    """Return every row's share of the time of its step, by the trapezoidal rule, among the rows inside the range."""
    weights = np.zeros(len(times))
    for number in np.unique(step):
        rows = np.flatnonzero(step == number)
        if len(rows) > 1:
            spans = np.diff(times[rows])
            weights[rows[:-1]] += 0.5 * spans
            weights[rows[1:]] += 0.5 * spans
    weights *= inside
    for number in np.unique(step):
        total = weights[step == number].sum()
        if total > 0.0:
            weights[step == number] /= total
    return weights
