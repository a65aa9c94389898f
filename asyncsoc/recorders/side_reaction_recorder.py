"""The recorder of the side reaction: local rates, charge and film along a run, and the risk against the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.interface.kinetics import RateLaw
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.contact_samples import (
    ContactRows,
    ContactSample,
    RecordedParticle,
    contact_rows,
    local_state,
    open_share,
    reaction_doses,
    resistances,
)
from asyncsoc.recorders.covered_reference import CoveredReference
from asyncsoc.recorders.risk_split import LocalState, RiskSplit, split_risk

if TYPE_CHECKING:
    from asyncsoc.protocol.constraints import StepConstraint
    from asyncsoc.solver.states import StepState

Array = NDArray[np.float64]

_BLOCK = 50_000
"""Contact nodes times states that are evaluated together."""
_RECENT = 2
"""Latest states that may still be requested for the fields."""


@dataclass(frozen=True, eq=False)
class ContactState:
    """State of the contact at one time.

    Attributes
    ----------
    time
        Since the start of the protocol [s].
    mean_x
        Volume-mean stoichiometry.
    local
        Potentials, reaction energy and rate on the contact nodes.
    split
        Risk and its factors; None where there is nothing to compare with.
    film, dose : (c,)
        Thickness [m]; charge the reaction has taken there since the start [C/m2].
    full_dose
        The fully covered reference's dose [C/m2], NaN where there is nothing to compare with.
    """

    time: float
    mean_x: float
    local: LocalState
    split: RiskSplit | None
    film: Array
    dose: Array
    full_dose: float


class SideReactionRecorder:
    """Records the side reaction of a run; without a reference the run can become the reference of others.

    Parameters
    ----------
    particle
        The particle and its side reaction.
    reference
        The fully covered reference.
    """

    def __init__(self, particle: RecordedParticle, reference: CoveredReference | None = None) -> None:
        self.particle = particle
        self.reference = reference
        self._waiting: list[ContactSample] = []
        self._requested: list[float] = []
        self._kept: list[ContactState] = []
        self._blocks: list[dict[str, Array]] = []
        self._track: list[CoveredReference] = []
        self._before: tuple[float, Array, Array] | None = None
        self._start, self._rest = 0.0, False
        self._shares = particle.areas / particle.areas.sum()
        self._volumes = particle.mass / particle.mass.sum()

    def start_step(self, state: StepState, constraint: StepConstraint) -> None:
        """Set the time at which a protocol step begins and whether it is a rest."""
        self._start, self._rest = state.time, constraint.step.control == "rest"

    def record(self, state: StepState) -> None:
        """Record a state; it is evaluated together with the next ones, which is quicker by far."""
        x = state.x[self.particle.nodes]
        self._waiting.append(ContactSample(state, self._start, self._rest, x, float(self._volumes @ state.x)))
        if (len(self._waiting) - _RECENT) * len(x) >= _BLOCK:
            self._evaluate(self._waiting[:-_RECENT])
            self._waiting = self._waiting[-_RECENT:]

    @property
    def names(self) -> tuple[str, ...]:
        """Curves it records."""
        particle = self.particle
        film = (names.FILM_MEAN, names.FILM_MAX, names.OPEN_SHARE) if particle.coupled else ()
        resistance = (names.INTERFACE_RESISTANCE,) if isinstance(particle.kinetics, RateLaw) else ()
        risk = () if self.reference is None else names.RISK_CURVES
        return (names.SIDE_CURRENT, names.SIDE_CHARGE, *film, *resistance, *risk)

    def at(self, state: StepState) -> dict[str, float]:
        """Return the curves at a state that is not recorded; those that depend on what was before are left out."""
        particle = self.particle
        x = state.x[particle.nodes]
        rows = contact_rows(
            [ContactSample(state, self._start, self._rest, x, float(self._volumes @ state.x))], particle
        )
        local, dose = local_state(rows, particle), np.zeros((1, len(x)))
        found = self._side_columns(rows, local, dose)
        if self.reference is not None:
            covered = self.reference.match(rows.step, rows.since, rows.mean_x)
            split = split_risk(local, covered, particle.model.effective, rows.temperature)
            found |= self._risk_columns(split, dose @ self._shares, np.full(1, np.nan))
        found = {name: values for name, values in found.items() if name not in (names.SIDE_CHARGE, names.RISK_DOSE)}
        return {name: float(values[0]) for name, values in found.items()}

    def keep_field(self, time: float) -> None:
        """Keep the state of the contact at `time`, one of the two states recorded last, for the fields."""
        self._requested.append(time)

    @property
    def kept(self) -> list[ContactState]:
        """The states kept for the fields."""
        self._finish()
        return self._kept

    def as_covered_reference(self) -> CoveredReference:
        """Return the run as the fully covered reference of others; one that could not begin has no rows."""
        self._finish()
        return CoveredReference.joined(self._track)

    def columns(self) -> dict[str, Array]:
        """Return the curves (`names.SIDE_CURVES`, as far as the mode has them)."""
        self._finish()
        present = [name for name in names.SIDE_CURVES if self._blocks and name in self._blocks[0]]
        return {name: np.concatenate([block[name] for block in self._blocks]) for name in present}

    def _finish(self) -> None:
        if self._waiting:
            self._evaluate(self._waiting)
            self._waiting = []

    def _evaluate(self, samples: list[ContactSample]) -> None:
        particle = self.particle
        rows = contact_rows(samples, particle)
        local = local_state(rows, particle)
        dose = reaction_doses(rows, local.rate, particle, self._before)
        self._before = (float(rows.time[-1]), local.rate[-1], dose[-1])
        block = self._side_columns(rows, local, dose)
        split, full_dose = None, np.full(len(rows.time), np.nan)
        if self.reference is not None:
            covered = self.reference.match(rows.step, rows.since, rows.mean_x)
            full_dose = covered.dose
            split = split_risk(local, covered, particle.model.effective, rows.temperature)
            block |= self._risk_columns(split, dose @ self._shares, full_dose)
        self._blocks.append(block)
        local_values = (local.rate, local.equilibrium, local.overpotential, local.energy, dose)
        means = np.column_stack([values @ self._shares for values in local_values])
        self._track.append(CoveredReference(rows.step, rows.since, rows.mean_x, rows.rest, means))
        for time in [time for time in self._requested if time in rows.time]:
            k = int(np.flatnonzero(rows.time == time)[-1])
            matched = None if split is None or np.isnan(split.risk[k]).any() else split.row(k)
            self._kept.append(
                ContactState(
                    time, float(rows.mean_x[k]), local.row(k), matched, rows.film[k], dose[k], float(full_dose[k])
                )
            )
            self._requested.remove(time)

    def _side_columns(self, rows: ContactRows, local: LocalState, dose: Array) -> dict[str, Array]:
        particle, shares = self.particle, self._shares
        columns = {
            names.SIDE_CURRENT: local.rate @ particle.areas,
            names.SIDE_CHARGE: rows.side_charge if particle.coupled else dose @ particle.areas,
        }
        if particle.coupled:
            columns[names.FILM_MEAN] = rows.film @ shares
            columns[names.FILM_MAX] = rows.film.max(axis=1)
            columns[names.OPEN_SHARE] = open_share(rows.film, particle) @ shares
        if isinstance(particle.kinetics, RateLaw):
            columns[names.INTERFACE_RESISTANCE] = resistances(rows, local, particle, particle.kinetics)
        return columns

    def _risk_columns(self, split: RiskSplit, dose: Array, full_dose: Array) -> dict[str, Array]:
        count, hottest = len(dose), np.argmax(split.risk, axis=1)
        unmatched = np.isnan(split.risk).any(axis=1)

        def there(values: Array) -> Array:
            return np.asarray(np.where(unmatched, np.nan, values[np.arange(count), hottest]))

        hot = np.where(np.isnan(split.risk), 0.0, split.risk) > self.particle.threshold
        return {
            names.RISK_MEAN: split.risk @ self._shares,
            names.RISK_MAX: there(split.risk),
            names.RISK_KINETIC: there(split.kinetic),
            names.RISK_CONCENTRATION: there(split.concentration),
            names.RISK_REACTION: there(split.reaction),
            names.RISK_REMAINDER: there(split.remainder),
            names.RISK_SHARE: np.where(unmatched, np.nan, hot @ self._shares),
            names.RISK_DOSE: dose / np.where(full_dose > 0.0, full_dose, np.nan),
        }
