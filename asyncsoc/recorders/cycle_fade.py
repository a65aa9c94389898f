"""What the capacity of a cycle has lost, and to what: film resistance, blocked contact, side charge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders import cycle_rows as names

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CapacityParts:
    """Parts of the capacity of each cycle (c,) [mAh/g] that add up to the first cycle's and the side charge.

    Attributes
    ----------
    cycle : (c,)
        Cycles that discharge, from the first.
    discharged
        What the cycle gives back.
    film, blocked, other
        What it gives back less than the first cycle: by the resistance of the film, by blocked contact, and where the
        interface resistance has not risen. Below 0 where it gives back more.
    side
        What the side reaction takes of its charge.
    """

    cycle: NDArray[np.int64]
    discharged: Array
    film: Array
    blocked: Array
    other: Array
    side: Array


def capacity_parts(rows: Mapping[str, NDArray[Any]]) -> CapacityParts:
    """Return what the capacity of each cycle has lost since the first that discharges.

    The loss is split as the interface resistance at the end of charge has risen: R is that of the contact that is
    open, r/(A (1 - b)) with the blocked share b. What R (1 - b) has risen by belongs to the film, what R b has risen
    by to the blocked contact. That is a convention: a capacity is lost where a voltage limit is reached earlier, which
    either resistance brings about. The side charge is that of the cycle: against lithium metal it costs efficiency,
    and no capacity of the discharge.

    Parameters
    ----------
    rows
        The rows of the cycles by name (`recorders.cycle_rows`), equally long.
    """
    chosen = np.asarray(rows[names.DISCHARGED]) > 0.0
    picked = {name: np.asarray(values)[chosen] for name, values in rows.items()}
    discharged = picked[names.SPECIFIC_DISCHARGED]
    nothing = np.zeros(len(discharged))
    lost = discharged[:1] - discharged if len(discharged) else nothing
    per_coulomb = np.divide(
        discharged, 3600.0 * picked[names.DISCHARGED], out=nothing.copy(), where=picked[names.DISCHARGED] > 0.0
    )
    side = picked.get(names.SIDE_CHARGE, nothing) * per_coulomb
    resistance = np.nan_to_num(picked.get(names.RESISTANCE, nothing))
    share = picked.get(names.BLOCKED, nothing)
    by_film, by_blocked = (
        np.maximum(values - values[:1], 0.0) for values in (resistance * (1.0 - share), resistance * share)
    )
    risen = by_film + by_blocked
    film, blocked = (
        lost * np.divide(part, risen, out=nothing.copy(), where=risen > 0.0) for part in (by_film, by_blocked)
    )
    return CapacityParts(picked[names.CYCLE], discharged, film, blocked, np.where(risen > 0.0, 0.0, lost), side)
