"""Curves of a group of particles at one potential from those of its particles, and what each contributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.curves import specific_capacity

Array = NDArray[np.float64]
Curves = Mapping[str, NDArray[Any]]

_STILL = 1e-9
"""Current of a group over the sum of its particles' magnitudes, and over its largest, below which nothing flows into it
as a whole: it is what rounding leaves."""


@dataclass(frozen=True, eq=False)
class GroupShares:
    """What the N particles of a group count in its means.

    Attributes
    ----------
    multiplicities : (N,)
        n_j, how many particles each stands for.
    volumes : (N,), m3
        V_j.
    areas : (N, rows), m2
        Contact area of each at the rows of the curves.
    density
        Of the cathode [kg/m3].
    idle_volume
        Of particles without contact, which keep the stoichiometry all begin with [m3].
    resistances : (N,), ohm
        Between each particle and what it shares with the others, infinite where it is isolated; none where empty.
    initial
        Mean stoichiometry and mean SOC that what is idle keeps; None: those of the first row.
    one_potential
        Whether the particles share one potential. Else the curve of it is the mean of theirs, and the series
        overpotential what the voltage is above it.
    """

    multiplicities: Array
    volumes: Array
    areas: Array
    density: float
    idle_volume: float = 0.0
    resistances: Array = field(default_factory=lambda: np.zeros(0))
    initial: tuple[float, float] | None = None
    one_potential: bool = True

    @property
    def volume(self) -> float:
        """Volume of the group, sum of n_j V_j and of what is idle [m3]."""
        return float(self.multiplicities @ self.volumes) + self.idle_volume


def group_curves(curves: Sequence[Curves], shares: GroupShares) -> dict[str, NDArray[Any]]:
    """Return the curves of a group (`names.GROUP_CURVES`, and `names.GROUP_SIDE_CURVES` where a particle has them).

    Currents and charges are sums of n_j times the particles'; means are weighted with n_j V_j, those of the contact
    with n_j times its area; the specific capacity is the charge over the mass of all. The lithium balance error is the
    largest of the particles'.

    Parameters
    ----------
    curves
        Curves of each particle, with the same rows.
    shares
        What each particle counts.
    """
    many, first = shares.multiplicities, curves[0]
    by_volume, idle = many * shares.volumes / shares.volume, shares.idle_volume / shares.volume
    by_area = many[:, np.newaxis] * shares.areas
    by_area = by_area / weighted_sum(np.ones(len(many)), by_area)

    def of(name: str) -> list[Array]:
        return [one[name] for one in curves]

    def mean(name: str) -> Array:
        values = weighted_sum(by_volume, of(name))
        if not idle:
            return values
        kept = shares.initial or (float(first[names.MEAN_X][0]), float(first[names.MEAN_SOC][0]))
        return values + idle * kept[name == names.MEAN_SOC]

    mean_soc = mean(names.MEAN_SOC)
    contact_soc = weighted_sum(by_area, of(names.CONTACT_SOC))
    charge = weighted_sum(many, of(names.CHARGE))
    capacity = specific_capacity(charge, np.full(len(charge), shares.density), shares.volume)
    common = _common_potential(curves, shares.resistances)
    if not shares.one_potential:
        common = weighted_sum(by_volume, of(names.POTENTIAL)) / by_volume.sum()
    found: dict[str, NDArray[Any]] = {
        names.TIME: first[names.TIME],
        names.VOLTAGE: first[names.VOLTAGE],
        names.CURRENT: weighted_sum(many, of(names.CURRENT)),
        names.MEAN_X: mean(names.MEAN_X),
        names.CONTACT_X: weighted_sum(by_area, of(names.CONTACT_X)),
        names.MINIMUM_X: np.min(of(names.MINIMUM_X), axis=0),
        names.MAXIMUM_X: np.max(of(names.MAXIMUM_X), axis=0),
        names.MEAN_SOC: mean_soc,
        names.CONTACT_SOC: contact_soc,
        names.ASYNCHRONY: contact_soc - mean_soc,
        names.POTENTIAL: common,
        names.SERIES: first[names.SERIES] if common is first[names.POTENTIAL] else first[names.VOLTAGE] - common,
        names.CHARGE: charge,
        names.CAPACITY: capacity,
        names.STEP: first[names.STEP],
        names.CYCLE: first[names.CYCLE],
        names.BALANCE: np.max(of(names.BALANCE), axis=0),
    }
    return found | _side_curves(curves, many, by_area, shares.resistances)


def weighted_sum(weights: Sequence[Array] | Array, values: Sequence[Array] | Array) -> Array:
    """Return the sum of weights times values (rows,) in the order of the particles.

    A row has the same bits whatever rows are beside it, which products with a matrix do not promise.
    """
    total = weights[0] * values[0]
    for weight, one in zip(weights[1:], values[1:], strict=True):
        total = total + weight * one
    return np.asarray(total)


def _common_potential(curves: Sequence[Curves], resistances: Array) -> NDArray[Any]:
    """Return the potential the particles share [V]: that of one of them, and the drop over its own resistance."""
    if not resistances.any():
        return curves[0][names.POTENTIAL]
    one, ohms = curves[int(np.argmin(resistances))], float(resistances.min())
    return np.asarray(one[names.POTENTIAL] + ohms * one[names.CURRENT])


def _side_curves(curves: Sequence[Curves], many: Array, by_area: Array, resistances: Array) -> dict[str, Array]:
    """Return the curves of the side reaction, as far as particles have them; one without counts as it is: no film.

    The film's mean is that of the contact on which one can grow. Interfaces lie side by side, each behind its
    particle's own resistance: their resistance is that of all, and is there only where every particle has it.
    """
    found: dict[str, Array] = {}
    for name in names.GROUP_SIDE_CURVES:
        own = [k for k, one in enumerate(curves) if name in one]
        if not own:
            continue
        values = np.array([curves[k][name] for k in own])
        if name in (names.SIDE_CURRENT, names.SIDE_CHARGE):
            found[name] = weighted_sum(many[own], values)
        elif name == names.FILM_MEAN:
            found[name] = weighted_sum(by_area[own], values) / weighted_sum(by_area[own], np.ones_like(values))
        elif name == names.FILM_MAX:
            found[name] = values.max(axis=0)
        elif name == names.OPEN_SHARE:
            found[name] = 1.0 - weighted_sum(by_area[own], 1.0 - values)
        elif len(own) == len(curves):
            found[name] = parallel(values + resistances[:, np.newaxis] if len(resistances) else values, many)
    return found


def parallel(resistance: Array, multiplicities: Array) -> Array:
    """Return the resistance (rows,) of interfaces (N, rows) [ohm] side by side, each n_j times."""
    conductance = weighted_sum(
        multiplicities, np.divide(1.0, resistance, out=np.zeros_like(resistance), where=resistance > 0.0)
    )
    return np.divide(1.0, conductance, out=np.full_like(conductance, np.inf), where=conductance > 0.0)


def particle_curves(curves: Sequence[Curves], group: Curves, multiplicities: Array) -> dict[str, Array]:
    """Return what each particle of a group does, (N, rows) each by name; NaN where a particle does not have it.

    The *apparent* asynchrony is the SOC of its contact minus the mean SOC of the group, which a cell shows; the
    asynchrony is that against its own mean. The current share is n_j I_j / I, NaN where no current flows into the
    group as a whole: particles may then still exchange lithium.

    Parameters
    ----------
    curves
        Curves of each particle, with the same rows.
    group
        Those of the group.
    multiplicities : (N,)
        n_j.
    """

    def of(name: str) -> Array:
        rows = len(group[names.TIME])
        return np.array([one[name] if name in one else np.full(rows, np.nan) for one in curves])

    current = of(names.CURRENT)
    together, total = multiplicities[:, np.newaxis] * current, np.asarray(group[names.CURRENT])
    flows = np.abs(total) > _STILL * np.maximum(np.abs(together).sum(axis=0), np.abs(total).max())
    share = np.divide(together, total, out=np.full_like(together, np.nan), where=flows)
    found = {name: of(name) for name in (names.MEAN_X, names.MEAN_SOC, names.CONTACT_SOC)}
    found[names.ASYNCHRONY] = of(names.ASYNCHRONY)
    found[names.APPARENT] = of(names.CONTACT_SOC) - group[names.MEAN_SOC]
    found[names.CURRENT], found[names.CURRENT_SHARE], found[names.CHARGE] = current, share, of(names.CHARGE)
    for name in names.GROUP_SIDE_CURVES:
        if any(name in one for one in curves):
            found[name] = of(name)
    return found
