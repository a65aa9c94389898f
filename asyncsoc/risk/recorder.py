"""Follows the side reaction along a run: local rates, charge and film, and the risk against the companion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.kinetics.rates import KineticsModel
from asyncsoc.observables import names
from asyncsoc.observables.interface import charge_transfer_conductance, exchange_current_of, interface_resistance
from asyncsoc.observables.soc import mean_stoichiometry
from asyncsoc.risk.reference import Companion, Reference
from asyncsoc.risk.setting import Setting
from asyncsoc.risk.split import LocalState, RiskSplit, split_risk
from asyncsoc.risk.spots import share_above
from asyncsoc.units import BOLTZMANN_EV

if TYPE_CHECKING:
    from asyncsoc.electrode.segments import Segment
    from asyncsoc.stepping.state import StepState

Array = NDArray[np.float64]

_EQUAL_RATES = 1e-6


@dataclass(frozen=True, eq=False)
class Looked:
    """The contact at one moment.

    Attributes
    ----------
    time, step
        Since the start of the protocol [s]; protocol step.
    mean_x
        Volume-mean stoichiometry.
    local
        Potentials, reaction energy and rate on the contact nodes.
    companion
        Full coverage at the same mean stoichiometry; None where there is nothing to compare with.
    split
        Risk and its factors; None where there is nothing to compare with.
    film : (c,)
        Thickness [m].
    dose : (c,)
        Charge the reaction has taken there since the start [C/m2].
    """

    time: float
    step: int
    mean_x: float
    local: LocalState
    companion: Companion | None
    split: RiskSplit | None
    film: Array
    dose: Array


def mean_rate_between(before: Array, after: Array) -> Array:
    """Return the mean of a quantity that grows exponentially from `before` to `after`, (b - a)/ln(b/a), elementwise.

    Rates follow potentials exponentially: where the potential moves evenly this is exact. Zero at either end: the
    arithmetic mean.
    """
    positive = (before > 0.0) & (after > 0.0)
    logarithm = np.log(np.where(positive, after, 1.0) / np.where(positive, before, 1.0))
    apart = np.abs(logarithm) > _EQUAL_RATES
    quotient = (after - before) / np.where(apart, logarithm, 1.0)
    return np.asarray(np.where(positive & apart, quotient, 0.5 * (before + after)))


class RateRecorder:
    """Looks at every state it is shown; without a reference it makes one of the run it watches.

    Parameters
    ----------
    setting
        The particle and its side reaction.
    reference
        The companion under full coverage.
    """

    def __init__(self, setting: Setting, reference: Reference | None = None) -> None:
        self.setting = setting
        self.reference = reference
        self.kept: list[Looked] = []
        self._rows: list[dict[str, float]] = []
        self._track: list[tuple[float, ...]] = []
        self._recent: list[Looked] = []
        self._start, self._rest = 0.0, False

    def begin(self, state: StepState, segment: Segment) -> None:
        """Note when a protocol step begins and whether it is a rest."""
        self._start, self._rest = state.time, segment.step.control == "rest"

    def record(self, state: StepState) -> Looked:
        """Look at a state and append its row."""
        looked = self._look(state)
        self._recent = [*self._recent[-1:], looked]
        self._rows.append(self._row(state, looked))
        share = self.setting.areas / self.setting.areas.sum()
        local = looked.local
        means = (local.rate, local.equilibrium, local.overpotential, local.energy, looked.dose)
        here = (float(looked.step), looked.time - self._start, looked.mean_x, float(self._rest))
        self._track.append((*here, *(float(share @ values) for values in means)))
        return looked

    def keep(self, time: float) -> None:
        """Keep what was seen at `time`, one of the two states shown last, for the fields."""
        self.kept += [looked for looked in self._recent[::-1] if looked.time == time][:1]

    def as_reference(self) -> Reference:
        """Return the run as the companion of others."""
        rows = np.array(self._track, dtype=np.float64).reshape(len(self._track), -1)
        return Reference(rows[:, 0].astype(np.int64), rows[:, 1], rows[:, 2], rows[:, 3] > 0.0, rows[:, 4:])

    def columns(self) -> dict[str, Array]:
        """Return the curves (`names.SIDE_CURVES`, as far as the mode has them)."""
        present = [name for name in names.SIDE_CURVES if self._rows and name in self._rows[0]]
        return {name: np.array([row[name] for row in self._rows], dtype=np.float64) for name in present}

    def _look(self, state: StepState) -> Looked:
        setting, model = self.setting, self.setting.model
        x = state.x[setting.nodes]
        potential = np.full(len(x), state.potential)
        if setting.kinetics != KineticsModel.UNIFORM_FLUX:
            through = state.contact_current_density
            if setting.coupled:
                # Both densities are per contact area; the drop belongs to the part of a place that is open.
                through = through + state.side_current_density
                through = through / np.maximum(self.open_share(state.film_thickness), np.finfo(np.float64).tiny)
            potential -= through * state.film_resistance
        film = state.film_thickness if setting.coupled else np.zeros(len(x))
        found = model.rate(x, potential, state.temperature)
        rate = state.side_current_density if setting.coupled else found.rate
        equilibrium = np.asarray(setting.open_circuit_potential(x), dtype=np.float64)
        local = LocalState(equilibrium, potential - equilibrium, found.energy, rate)
        mean_x = mean_stoichiometry(state.x, setting.mass)
        companion = None
        if self.reference is not None:
            companion = self.reference.at(state.step, state.time - self._start, mean_x)
        return Looked(
            time=state.time,
            step=state.step,
            mean_x=mean_x,
            local=local,
            companion=companion,
            split=None if companion is None else split_risk(local, companion, model.effective, state.temperature),
            film=film,
            dose=self._dose(state, rate, film),
        )

    def open_share(self, film: Array) -> Array:
        """Return the share of each place that a film of thickness `film` (c,) [m] leaves open."""
        return np.maximum(0.0, 1.0 - film / self.setting.model.film.blocking_thickness)

    def _dose(self, state: StepState, rate: Array, film: Array) -> Array:
        if self.setting.coupled:
            return film / self.setting.model.film.volume_per_charge
        if not self._recent:
            return np.zeros(len(rate))
        before = self._recent[-1]
        return before.dose + (state.time - before.time) * mean_rate_between(before.local.rate, rate)

    def _row(self, state: StepState, looked: Looked) -> dict[str, float]:
        areas, coupled = self.setting.areas, self.setting.coupled
        row = {
            names.SIDE_CURRENT: float(areas @ looked.local.rate),
            names.SIDE_CHARGE: state.side_charge if coupled else float(areas @ looked.dose),
        }
        if coupled:
            row[names.FILM_MEAN] = float(areas @ looked.film) / float(areas.sum())
            row[names.FILM_MAX] = float(looked.film.max())
            row[names.OPEN_SHARE] = float(areas @ self.open_share(looked.film)) / float(areas.sum())
        if self.setting.kinetics != KineticsModel.UNIFORM_FLUX:
            row[names.INTERFACE_RESISTANCE] = self._resistance(state, looked)
        return row | self._risk_row(looked)

    def _resistance(self, state: StepState, looked: Looked) -> float:
        setting, temperature = self.setting, state.temperature
        i0 = exchange_current_of(setting.tables[temperature], state.x[setting.nodes])
        conductance = charge_transfer_conductance(
            setting.kinetics, looked.local.overpotential, i0, alpha=setting.alpha, temperature=temperature
        )
        if not setting.coupled:
            return interface_resistance(conductance, state.film_resistance, setting.areas)
        share = self.open_share(looked.film)
        slope = setting.model.effective.transfer_coefficient / (BOLTZMANN_EV * temperature)
        conductance = conductance + slope * looked.local.rate / np.maximum(share, np.finfo(np.float64).tiny)
        return interface_resistance(conductance, state.film_resistance, setting.areas, open_share=share)

    def _risk_row(self, looked: Looked) -> dict[str, float]:
        split, companion, areas = looked.split, looked.companion, self.setting.areas
        if split is None or companion is None:
            return dict.fromkeys(names.RISK_CURVES, math.nan) if self.reference is not None else {}
        dose = float(areas @ looked.dose) / float(areas.sum())
        hottest = int(np.argmax(split.risk))
        return {
            names.RISK_MEAN: float(areas @ split.risk) / float(areas.sum()),
            names.RISK_MAX: float(split.risk[hottest]),
            names.RISK_KINETIC: float(split.kinetic[hottest]),
            names.RISK_CONCENTRATION: float(split.concentration[hottest]),
            names.RISK_REACTION: float(split.reaction[hottest]),
            names.RISK_REMAINDER: float(split.remainder[hottest]),
            names.RISK_SHARE: share_above(split.risk, areas, self.setting.threshold),
            names.RISK_DOSE: dose / companion.dose if companion.dose > 0.0 else math.nan,
        }
