"""Curves of states as the integrator asks for them: for protocol steps that end where a curve reaches a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.problem.build import PreparedCase
from asyncsoc.problem.changing_contact import ChangingContact
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.absent_curves import no_such_curve
from asyncsoc.recorders.curves import CurveSamples, named_rows
from asyncsoc.recorders.particle_constants import BatchConstants
from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder
from asyncsoc.simulation.coverage_reporting import coverage_curve
from asyncsoc.simulation.recording import particle_constants
from asyncsoc.solver.states import States

Array = NDArray[np.float64]

_NOT_LIMITS = (names.TIME, names.STEP, names.CYCLE, names.BALANCE)
_FROM_THE_PAST = (names.RISK_DOSE, names.SIDE_CHARGE)
"""Curves of a side reaction that are no function of the state alone."""


class CurveMeasure:
    """Values of curves at states of the members of a batch.

    Parameters
    ----------
    constants
        The constants of the particles.
    rates
        The recorder of each member's side reaction, None where there is none.
    changing
        The contacts of the members whose coverage changes; `constants` have their areas as they are.
    """

    def __init__(
        self,
        constants: BatchConstants,
        rates: Sequence[SideReactionRecorder | None],
        changing: Mapping[int, ChangingContact] | None = None,
    ) -> None:
        self._constants, self._rates, self._changing = constants, rates, dict(changing or {})

    def __call__(self, states: States, curve: str) -> Array:
        """Return the values (k,) of a curve at states."""
        if curve in names.SIDE_CURVES:
            found = []
            for row, number in enumerate(states.number.tolist()):
                rates = self._rates[number]
                found.append(np.nan if rates is None else rates.at(states.one(row)).get(curve, np.nan))
            return np.array(found)
        if curve == names.COVERAGE:
            return self._coverages(states.number)
        samples = CurveSamples.of(states, self._constants)
        start = np.zeros(len(self._constants.which))
        return named_rows(samples, self._constants, start, curve)

    def _coverages(self, numbers: NDArray[np.int64]) -> Array:
        """Return the coverage of members (k,), NaN where it does not change."""
        areas, found = self._constants.contact_area[self._constants.which[numbers]], np.full(len(numbers), np.nan)
        for row, number in enumerate(numbers.tolist()):
            if number in self._changing:
                found[row] = coverage_curve(self._changing[number], areas[row : row + 1])[0]
        return found


def measure_of(*setups: PreparedCase) -> CurveMeasure:
    """Return the measure of particles on one mesh; curves of their side reactions are no number in it."""
    return CurveMeasure(BatchConstants([particle_constants(setup) for setup in setups]), [None] * len(setups))


def check_limits(case: Case, setup: PreparedCase, rates: SideReactionRecorder | None) -> None:
    """Refuse protocol steps that end on curves the case does not have.

    Raises
    ------
    InputError
        With the curves there are and the nearest.
    """
    present = [*names.curves_of(setup.cathode.valence), *(() if rates is None else rates.names)]
    if setup.member.changing is not None:
        present.append(names.COVERAGE)
    known = [name for name in present if name not in (*_NOT_LIMITS, *_FROM_THE_PAST)]
    for constraint in setup.member.constraints:
        where = f"protocol step {constraint.number} ({constraint.step.text})"
        for limit in constraint.limits:
            if limit.curve in present and limit.curve not in known:
                raise InputError(
                    "this curve cannot end a step", where=where, value=limit.curve, allowed=", ".join(known)
                )
            if limit.curve not in known:
                raise no_such_curve(limit.curve, known, where=where, owner="this case", material=setup.cathode.name)
