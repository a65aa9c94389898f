"""The contact at one time as the side reaction sees it, and what its recorder hands on when a run is resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders.risk_split import LocalState, RiskSplit

Array = NDArray[np.float64]


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

    def detached(self) -> ContactState:
        """Return it with arrays of its own: views would keep all moments evaluated together in memory."""
        local = LocalState(*(np.array(getattr(self.local, one.name)) for one in fields(LocalState)))
        split = None
        if self.split is not None:
            split = RiskSplit(*(np.array(getattr(self.split, one.name)) for one in fields(RiskSplit)))
        return replace(self, local=local, split=split, film=np.array(self.film), dose=np.array(self.dose))


@dataclass(frozen=True, eq=False)
class SideReactionCheckpoint:
    """What the recorder of a side reaction needs of the past to go on with the same bits.

    Attributes
    ----------
    time
        Of the last recorded state [s].
    rate, dose : (c,)
        Rate there [A/m2], and the charge the reaction has taken since the start [C/m2].
    highest
        The moments so far with the highest rate and with the highest risk, as far as there are any; in this order.
    """

    time: float
    rate: Array
    dose: Array
    highest: tuple[ContactState, ...] = ()


def highest_rate(moment: ContactState) -> float:
    """Return the largest local rate [A/m2]."""
    return float(moment.local.rate.max())


def highest_risk(moment: ContactState) -> float:
    """Return the largest local risk; -1 where there is nothing to compare with."""
    return -1.0 if moment.split is None else float(moment.split.risk.max())


def highest_moment(moments: Iterable[ContactState], measure: Callable[[ContactState], float]) -> ContactState | None:
    """Return the first of the moments, in the order of their times, at which `measure` is largest.

    Only moments at which there is a fully covered reference to compare with count; None where there is none.
    """
    matched = sorted((moment for moment in moments if moment.split is not None), key=lambda moment: moment.time)
    return max(matched, key=measure) if matched else None


def highest_moments(moments: Iterable[ContactState]) -> tuple[ContactState, ...]:
    """Return the moments of the highest rate and of the highest risk; empty where no moment has a reference."""
    every = list(moments)
    found = (highest_moment(every, highest_rate), highest_moment(every, highest_risk))
    return tuple(moment for moment in found if moment is not None)
