"""The recorder of the side reaction: local rates, charge and film along a run, and the risk against the reference."""

from __future__ import annotations

from dataclasses import replace
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
from asyncsoc.recorders.contact_state import ContactState, SideReactionCheckpoint, highest_moments
from asyncsoc.recorders.covered_reference import CoveredReference, MatchedReference
from asyncsoc.recorders.risk_split import LocalState, RiskSplit, split_risk

if TYPE_CHECKING:
    from asyncsoc.protocol.constraints import StepConstraint
    from asyncsoc.solver.states import StepState

Array = NDArray[np.float64]

_BLOCK = 50_000
"""Contact nodes times states that are evaluated together."""
_RECENT = 2
"""Latest states that may still be requested for the fields."""
_ALL = float("inf")


class SideReactionRecorder:
    """Records the side reaction of a run; without a reference the run can become the reference of others.

    Parameters
    ----------
    particle
        The particle and its side reaction.
    reference
        The fully covered reference.
    before
        What a resumed run's recorder has kept of the past; None begins one.
    """

    def __init__(
        self,
        particle: RecordedParticle,
        reference: MatchedReference | None = None,
        before: SideReactionCheckpoint | None = None,
    ) -> None:
        self.particle = particle
        self.reference = reference
        self._waiting: list[ContactSample] = []
        self._requested: dict[float, bool] = {}
        self._kept: list[ContactState] = []
        self._passing: list[ContactState] = []
        self._blocks: list[dict[str, Array]] = []
        self._track: list[CoveredReference] = []
        self._before: tuple[float, Array, Array] | None = None
        if before is not None:
            self._before, self._passing = (before.time, before.rate, before.dose), list(before.highest)
        self._start, self._rest, self._held = 0.0, False, _ALL
        self._shares = particle.areas / particle.areas.sum()
        self._volumes = particle.mass / particle.mass.sum()

    def start_step(self, state: StepState, constraint: StepConstraint, start: float | None = None) -> None:
        """Set the time at which a protocol step begins, `start` [s] or the state's own, and whether it is a rest."""
        self._start, self._rest = state.time if start is None else start, constraint.step.control == "rest"

    def hold(self, time: float) -> None:
        """Let states from `time` [s] on wait: the run may be resumed from there (`checkpoint`)."""
        self._held = time
        self._evaluate_long()

    def mean_stoichiometry(self, state: StepState) -> float:
        """Return the volume-mean stoichiometry of the particle."""
        return float(self._volumes @ state.x)

    def record(self, state: StepState, mean_x: float | None = None) -> None:
        """Record a state; it is evaluated together with the next ones, which is quicker by far.

        `mean_x` is the mean stoichiometry at which it is compared with the reference: None, the particle's own, or that
        of its electrode, whose reference is an electrode too. Of the stoichiometry only that of the contact is kept.
        """
        x = state.x[self.particle.nodes]
        mean = self.mean_stoichiometry(state) if mean_x is None else mean_x
        self._waiting.append(ContactSample(replace(state, x=x), self._start, self._rest, x, mean))
        self._evaluate_long()

    def _evaluate_long(self) -> None:
        """Evaluate the states that wait where there are many, those left aside that may still be asked for."""
        if len(self._waiting) > _RECENT and (len(self._waiting) - _RECENT) * len(self._shares) >= _BLOCK:
            self._evaluate_before(min(self._held, self._waiting[-_RECENT].state.time))

    def _evaluate_before(self, time: float) -> None:
        """Evaluate the states that wait and lie before `time` [s]: states that share their time stay together."""
        count = sum(sample.state.time < time for sample in self._waiting)
        if count:
            self._evaluate(self._waiting[:count])
            self._waiting = self._waiting[count:]

    def checkpoint(self, time: float, *, underway: bool, due: bool) -> SideReactionCheckpoint | None:
        """Return what a recorder needs to go on from a state recorded at `time` [s]; None before the first state.

        Parameters
        ----------
        time
            When the run is resumed: not before the time that is held.
        underway
            Whether it is resumed within a protocol step; else the next step begins with a state of its own.
        due
            Whether the state there is among the moments of an uninterrupted run.
        """
        count = sum(sample.state.time <= time for sample in self._waiting)
        if count:
            self._evaluate(self._waiting[:count])
            self._waiting = self._waiting[count:]
        if self._before is None:
            return None
        own = underway and due
        past = [m for m in (*self._passing, *self._kept) if m.time < time or (own and m.time == time)]
        return SideReactionCheckpoint(*self._before, highest_moments(past))

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
            found |= self._risk_columns(split, np.vecdot(dose, self._shares), np.full(1, np.nan))
        found = {name: values for name, values in found.items() if name not in (names.SIDE_CHARGE, names.RISK_DOSE)}
        return {name: float(values[0]) for name, values in found.items()}

    def keep_field(self, time: float, *, stored: bool = True) -> None:
        """Keep the state of the contact at `time`, one of the two states recorded last, for the fields.

        One that is not `stored` counts for the moments of highest rate and risk alone.
        """
        self._requested[time] = stored or self._requested.get(time, False)

    @property
    def kept(self) -> list[ContactState]:
        """The states kept for the fields."""
        self._finish()
        return self._kept

    @property
    def moments(self) -> list[ContactState]:
        """The states kept for the fields, and the moments of the highest rate and risk among all others."""
        self._finish()
        return [*self._passing, *self._kept]

    def evaluated(self) -> dict[str, Array]:
        """Return the curves of the first states, as far as they are evaluated before the time that is held."""
        self._evaluate_before(self._held)
        return self._joined()

    def drop(self, kept: NDArray[np.bool_]) -> None:
        """Keep only those rows (r,) of the curves where `kept` is true; further rows stay."""
        if self._blocks:
            self._blocks = [{name: values[kept] for name, values in self._joined().items()}]
        self._track = []
        past = [moment for moment in self._passing if moment.time < self._held]
        later = [moment for moment in self._passing if moment.time >= self._held]
        self._passing = [*highest_moments(past), *later]

    def as_covered_reference(self) -> CoveredReference:
        """Return the run as the fully covered reference of others; one that could not begin has no rows."""
        self._finish()
        return CoveredReference.joined(self._track)

    def columns(self) -> dict[str, Array]:
        """Return the curves (`names.SIDE_CURVES`, as far as the mode has them)."""
        self._finish()
        return self._joined()

    def _joined(self) -> dict[str, Array]:
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
        self._before = (float(rows.time[-1]), np.array(local.rate[-1]), np.array(dose[-1]))
        block = self._side_columns(rows, local, dose)
        split, full_dose = None, np.full(len(rows.time), np.nan)
        if self.reference is not None:
            self.reference.forget_before(int(rows.step[0]))
            covered = self.reference.match(rows.step, rows.since, rows.mean_x)
            full_dose = covered.dose
            split = split_risk(local, covered, particle.model.effective, rows.temperature)
            block |= self._risk_columns(split, np.vecdot(dose, self._shares), full_dose)
        self._blocks.append(block)
        local_values = (local.rate, local.equilibrium, local.overpotential, local.energy, dose)
        means = np.column_stack([np.vecdot(values, self._shares) for values in local_values])
        self._track.append(CoveredReference(rows.step, rows.since, rows.mean_x, rows.rest, means))
        for time in [time for time in self._requested if time in rows.time]:
            k = int(np.flatnonzero(rows.time == time)[-1])
            matched = None if split is None or np.isnan(split.risk[k]).any() else split.row(k)
            moment = ContactState(
                time, float(rows.mean_x[k]), local.row(k), matched, rows.film[k], dose[k], float(full_dose[k])
            )
            (self._kept if self._requested.pop(time) else self._passing).append(moment.detached())

    def _side_columns(self, rows: ContactRows, local: LocalState, dose: Array) -> dict[str, Array]:
        particle, shares = self.particle, self._shares
        columns = {
            names.SIDE_CURRENT: np.vecdot(local.rate, particle.areas),
            names.SIDE_CHARGE: rows.side_charge if particle.coupled else np.vecdot(dose, particle.areas),
        }
        if particle.coupled:
            columns[names.FILM_MEAN] = np.vecdot(rows.film, shares)
            columns[names.FILM_MAX] = rows.film.max(axis=1)
            columns[names.OPEN_SHARE] = np.vecdot(open_share(rows.film, particle), shares)
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
            names.RISK_MEAN: np.vecdot(split.risk, self._shares),
            names.RISK_MAX: there(split.risk),
            names.RISK_KINETIC: there(split.kinetic),
            names.RISK_CONCENTRATION: there(split.concentration),
            names.RISK_REACTION: there(split.reaction),
            names.RISK_REMAINDER: there(split.remainder),
            names.RISK_SHARE: np.where(unmatched, np.nan, np.vecdot(hot, self._shares)),
            names.RISK_DOSE: dose / np.where(full_dose > 0.0, full_dose, np.nan),
        }
