"""The risk of a group of particles from those of its particles, and the fully covered reference of a group.

Rates and doses are per contact area: those of a group are means over the contact of all its particles, weighted with
n_j A_j. The largest local risk is that of the particle that has it, with its factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.covered_reference import CoveredReference
from asyncsoc.recorders.particle_group import weighted_sum

Array = NDArray[np.float64]

_MEANS = (names.RISK_MEAN, names.RISK_SHARE, names.RISK_DOSE)
_OF_THE_LARGEST = (
    names.RISK_MAX, names.RISK_KINETIC, names.RISK_CONCENTRATION, names.RISK_REACTION, names.RISK_REMAINDER,
)  # fmt: skip


def covered_group(tracks: Sequence[CoveredReference], areas: Array) -> CoveredReference:
    """Return a fully covered group as a reference: area means over the contact of all its particles.

    Parameters
    ----------
    tracks
        Of each particle, with the mean stoichiometry of the group.
    areas : (N,), m2
        Contact area n_j A_j.
    """
    first = tracks[0]
    if len(tracks) == 1:
        return first
    rows = min(len(track.step) for track in tracks)
    values = weighted_sum(areas / areas.sum(), [track.values[:rows] for track in tracks])
    return CoveredReference(first.step[:rows], first.time[:rows], first.mean_x[:rows], first.rest[:rows], values)


def group_risk(columns: Sequence[Mapping[str, Array]], areas: Array) -> dict[str, Array]:
    """Return the risk curves of a group (`names.RISK_CURVES`) from those of its particles against one reference.

    Parameters
    ----------
    columns
        `names.RISK_CURVES` of each particle, with the same rows.
    areas : (N,), m2
        Contact area n_j A_j.
    """
    if len(columns) == 1:
        return {name: columns[0][name] for name in names.RISK_CURVES}
    shares = areas / areas.sum()
    found = {name: weighted_sum(shares, [one[name] for one in columns]) for name in _MEANS}
    largest = np.array([one[names.RISK_MAX] for one in columns])
    unmatched = np.isnan(largest).any(axis=0)
    hottest = np.argmax(np.where(unmatched, 0.0, largest), axis=0)
    for name in _OF_THE_LARGEST:
        values = np.array([one[name] for one in columns])
        found[name] = np.where(unmatched, np.nan, np.take_along_axis(values, hottest[np.newaxis], axis=0)[0])
    return {name: found[name] for name in names.RISK_CURVES}
