"""What a recorder kept, as nodal fields for the result file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders.side_reaction import ContactState, SideReactionRecorder

Array = NDArray[np.float64]

FILM = "Film thickness [m]"
RATE = "Side current density [A/m2]"
DOSE = "Decomposition dose [C/m2]"
ENERGY = "Reaction energy [eV/atom]"
RISK = "Risk"
KINETIC = "Risk, kinetic potential"
CONCENTRATION = "Risk, concentration potential"
REACTION = "Risk, reaction energy"


def _nodal(
    moments: Sequence[ContactState], nodes: NDArray[np.int64], count: int, pick: Callable[[ContactState], Array]
) -> Array:
    """Return (k, n): what `pick` gives on the contact nodes, 0 where there is no contact."""
    out = np.zeros((len(moments), count))
    for k, moment in enumerate(moments):
        out[k, nodes] = pick(moment)
    return out


def _single(values: Array) -> Array:
    """Round what is only looked at to single precision, as it is stored."""
    return values.astype(np.float32).astype(np.float64)


def nodal_fields(recorder: SideReactionRecorder) -> dict[str, Array]:
    """Return the fields (k, n) of the k moments a recorder kept, 0 off the contact; the reaction energy is there too.

    Film thickness comes in full precision, the rest in single. The risk of a moment at which the reference has no
    match is NaN.
    """
    setting, moments = recorder.setting, recorder.kept
    count, nodes = len(setting.mass), setting.nodes
    pick: dict[str, Callable[[ContactState], Array]] = {
        RATE: lambda seen: seen.local.rate,
        DOSE: lambda seen: seen.dose,
        ENERGY: lambda seen: seen.local.energy,
    }
    unmatched = np.full(len(nodes), np.nan)
    if recorder.reference is not None:
        pick[RISK] = lambda seen: unmatched if seen.split is None else seen.split.risk
        pick[KINETIC] = lambda seen: unmatched if seen.split is None else seen.split.kinetic
        pick[CONCENTRATION] = lambda seen: unmatched if seen.split is None else seen.split.concentration
        pick[REACTION] = lambda seen: unmatched if seen.split is None else seen.split.reaction
    fields = {name: _single(_nodal(moments, nodes, count, choose)) for name, choose in pick.items()}
    if setting.coupled:
        fields = {FILM: _nodal(moments, nodes, count, lambda seen: seen.film), **fields}
    return fields
