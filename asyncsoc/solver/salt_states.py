"""The salt of groups in the integrator's arrays: accepted and restored, between two states, and where it runs out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import FARADAY
from asyncsoc.kernels.particles import Groups
from asyncsoc.kernels.salt_arrays import ACCEPTED, DIFFUSIVITY, NEW, TRANSFERENCE, SaltNodes
from asyncsoc.problem.arrays import ProblemArrays
from asyncsoc.problem.salt import SaltTable, salt_at

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_NEARLY_GONE = 3.0
"""Least concentration over that at which the salt counts as run out, below which it is named as the reason."""


def take_salt(groups: Groups, numbers: Ints) -> None:
    """Accept the concentrations at the ends of the last attempts of groups."""
    if groups.salt is not None:
        groups.salt.c[ACCEPTED, numbers] = groups.salt.c[NEW, numbers]


def accepted_salt(groups: Groups, group: int) -> tuple[float, ...]:
    """Return the accepted concentrations of a group [mol/m3]; empty where it has no salt."""
    if groups.salt is None:
        return ()
    return tuple(groups.salt.c[ACCEPTED, group, : groups.salt.parameters[group]["nodes"]].tolist())


def restore_salt(groups: Groups, group: int, concentrations: Sequence[float]) -> None:
    """Give a group the concentrations of a checkpoint [mol/m3]."""
    if groups.salt is not None:
        groups.salt.c[ACCEPTED : NEW + 1, group, : len(concentrations)] = concentrations


def salt_of_states(groups: Groups, chosen: Ints, row: int) -> Array | None:
    """Return the concentrations (k, n) of groups [mol/m3], NEW or ACCEPTED; None where there is no salt."""
    return None if groups.salt is None else groups.salt.c[row, chosen].copy()


def salt_within(groups: Groups, chosen: Ints, fraction: Array) -> Array | None:
    """Return the concentrations (k, n) of groups at fractions of the steps accepted last [mol/m3]."""
    salt = groups.salt
    if salt is None:
        return None
    theta = fraction[:, np.newaxis]
    rest, (one, two, three) = 1.0 - theta, salt.dense[:, chosen]
    inner = one + theta * (two + theta * three)
    return np.asarray(rest * salt.c[ACCEPTED, chosen] + theta * (salt.c[NEW, chosen] + rest * inner))


def least_concentration(arrays: ProblemArrays, group: int) -> tuple[float, str] | None:
    """Return the least concentration of a group at its accepted state [mol/m3] and where that is; None without salt."""
    salt = arrays.groups.salt
    if salt is None or not salt.parameters[group]["nodes"]:
        return None
    c = np.array(accepted_salt(arrays.groups, group))
    at_lithium = surface_concentration(salt, group, float(c[0]), float(arrays.groups.state[group]["current"]))
    least, separator = int(np.argmin(c)), int(salt.parameters[group]["separator"])
    if at_lithium <= c[least]:
        return at_lithium, "at the lithium electrode"
    if least < separator:
        return float(c[least]), f"in volume {least + 1} of {separator} of the separator"
    return float(c[least]), f"in layer {least - separator + 1}"


def surface_concentration(salt: SaltNodes, group: int, first: float, current: float) -> float:
    """Return the concentration at the lithium electrode [mol/m3], `first` that of the first volume."""
    row = salt.parameters[group]
    inside = float(np.clip(first, row["lowest"] * (1.0 + 1e-12), row["highest"] * (1.0 - 1e-12)))
    table = SaltTable(float(row["first"]), float(row["spacing"]), salt.tables[group])
    properties = salt_at(table, np.array([inside]))[:, 0]
    half = 0.5 * float(salt.width[group, 0]) / FARADAY
    return float(first - (1.0 - properties[TRANSFERENCE]) * half / properties[DIFFUSIVITY] * current)


def salt_runs_out(arrays: ProblemArrays, group: int, reason: str, time: float) -> str:
    """Return the reason of a step that ended where the salt ran out, with place and time [s since the start]."""
    found = least_concentration(arrays, group)
    return reason if found is None else f"{reason} {found[1]}, {found[0]:.3g} mol/m3 at t = {time:.6g} s"


def nearly_without_salt(arrays: ProblemArrays, group: int) -> str | None:
    """Return that the salt of a group has nearly run out, None where it has not."""
    found, network = least_concentration(arrays, group), arrays.problem.groups[group].network
    if found is None or network is None or network.salt is None:
        return None
    if found[0] > _NEARLY_GONE * network.salt.least * network.salt.rest:
        return None
    return f"the salt has nearly run out {found[1]}, {found[0]:.3g} mol/m3"
