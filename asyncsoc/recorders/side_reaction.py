"""Follows the side reaction along a run: local rates, charge and film, and the risk against the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.interface.kinetics import RateLaw
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.contact_rows import Noted, Rows, doses, local_state, open_share, resistances, rows_of
from asyncsoc.recorders.covered_reference import Reference
from asyncsoc.recorders.risk_split import LocalState, RiskSplit, split_risk
from asyncsoc.recorders.side_reaction_constants import RecordedParticle

if TYPE_CHECKING:
    from asyncsoc.protocol.constraints import StepConstraint
    from asyncsoc.solver.states import StepState

Array = NDArray[np.float64]

_BLOCK = 50_000
"""Contact nodes times states that may wait to be measured together."""
_RECENT = 2
"""Latest states that may still be asked to be kept."""


@dataclass(frozen=True, eq=False)
class ContactState:
    """The contact at one moment.

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


_TRACKED = 9
"""Columns of a track: step, time, mean x, rest, and those of `ReferenceState`."""


class SideReactionRecorder:
    """Looks at every state it is shown; without a reference it makes one of the run it watches.

    Parameters
    ----------
    setting
        The particle and its side reaction.
    reference
        The fully covered reference.
    """

    def __init__(self, setting: RecordedParticle, reference: Reference | None = None) -> None:
        self.setting = setting
        self.reference = reference
        self._waiting: list[Noted] = []
        self._wanted: list[float] = []
        self._kept: list[ContactState] = []
        self._blocks: list[dict[str, Array]] = []
        self._track: list[Array] = []
        self._before: tuple[float, Array, Array] | None = None
        self._start, self._rest = 0.0, False
        self._shares = setting.areas / setting.areas.sum()
        self._volumes = setting.mass / setting.mass.sum()

    def begin(self, state: StepState, constraint: StepConstraint) -> None:
        """Note when a protocol step begins and whether it is a rest."""
        self._start, self._rest = state.time, constraint.step.control == "rest"

    def record(self, state: StepState) -> None:
        """Note a state; it is measured together with the next ones, which is quicker by far."""
        x = state.x[self.setting.nodes]
        self._waiting.append(Noted(state, self._start, self._rest, x, float(self._volumes @ state.x)))
        if (len(self._waiting) - _RECENT) * len(x) >= _BLOCK:
            self._measure(self._waiting[:-_RECENT])
            self._waiting = self._waiting[-_RECENT:]

    def keep(self, time: float) -> None:
        """Keep what is seen at `time`, one of the two states noted last, for the fields."""
        self._wanted.append(time)

    @property
    def kept(self) -> list[ContactState]:
        """The moments kept."""
        self._finish()
        return self._kept

    def as_reference(self) -> Reference:
        """Return the run as the fully covered reference of others; one that could not begin has no rows."""
        self._finish()
        rows = np.concatenate([*self._track, np.zeros((0, _TRACKED))])
        return Reference(rows[:, 0].astype(np.int64), rows[:, 1], rows[:, 2], rows[:, 3] > 0.0, rows[:, 4:])

    def columns(self) -> dict[str, Array]:
        """Return the curves (`names.SIDE_CURVES`, as far as the mode has them)."""
        self._finish()
        present = [name for name in names.SIDE_CURVES if self._blocks and name in self._blocks[0]]
        return {name: np.concatenate([block[name] for block in self._blocks]) for name in present}

    def _finish(self) -> None:
        if self._waiting:
            self._measure(self._waiting)
            self._waiting = []

    def _measure(self, noted: list[Noted]) -> None:
        setting = self.setting
        rows = rows_of(noted, setting)
        local = local_state(rows, setting)
        dose = doses(rows, local.rate, setting, self._before)
        self._before = (float(rows.time[-1]), local.rate[-1], dose[-1])
        block = self._side_columns(rows, local, dose)
        split, full_dose = None, np.full(len(rows.time), np.nan)
        if self.reference is not None:
            covered = self.reference.match(rows.step, rows.since, rows.mean_x)
            full_dose = covered.dose
            split = split_risk(local, covered, setting.model.effective, rows.temperature)
            block |= self._risk_columns(split, dose @ self._shares, full_dose)
        self._blocks.append(block)
        means = (local.rate, local.equilibrium, local.overpotential, local.energy, dose)
        here = (rows.step, rows.since, rows.mean_x, rows.rest)
        self._track.append(np.column_stack([*here, *(values @ self._shares for values in means)]))
        for time in [time for time in self._wanted if time in rows.time]:
            k = int(np.flatnonzero(rows.time == time)[-1])
            found = None if split is None or np.isnan(split.risk[k]).any() else split.row(k)
            self._kept.append(
                ContactState(
                    time, float(rows.mean_x[k]), local.row(k), found, rows.film[k], dose[k], float(full_dose[k])
                )
            )
            self._wanted.remove(time)

    def _side_columns(self, rows: Rows, local: LocalState, dose: Array) -> dict[str, Array]:
        setting, shares = self.setting, self._shares
        columns = {
            names.SIDE_CURRENT: local.rate @ setting.areas,
            names.SIDE_CHARGE: rows.side_charge if setting.coupled else dose @ setting.areas,
        }
        if setting.coupled:
            columns[names.FILM_MEAN] = rows.film @ shares
            columns[names.FILM_MAX] = rows.film.max(axis=1)
            columns[names.OPEN_SHARE] = open_share(rows.film, setting) @ shares
        if isinstance(setting.kinetics, RateLaw):
            columns[names.INTERFACE_RESISTANCE] = resistances(rows, local, setting, setting.kinetics)
        return columns

    def _risk_columns(self, split: RiskSplit, dose: Array, full_dose: Array) -> dict[str, Array]:
        count, hottest = len(dose), np.argmax(split.risk, axis=1)
        unmatched = np.isnan(split.risk).any(axis=1)

        def there(values: Array) -> Array:
            return np.asarray(np.where(unmatched, np.nan, values[np.arange(count), hottest]))

        hot = np.where(np.isnan(split.risk), 0.0, split.risk) > self.setting.threshold
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
