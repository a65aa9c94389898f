"""Nodal fields of the side reaction for the result file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders.contact_state import ContactState
from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder

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
    states: Sequence[ContactState], nodes: NDArray[np.int64], count: int, pick: Callable[[ContactState], Array]
) -> Array:
    """Return (k, n): what `pick` gives on the contact nodes, 0 where there is no contact."""
    out = np.zeros((len(states), count))
    for k, moment in enumerate(states):
        out[k, nodes] = pick(moment)
    return out


def _single(values: Array) -> Array:
    """Round to single precision, in which these fields are stored."""
    return values.astype(np.float32).astype(np.float64)


def nodal_fields(recorder: SideReactionRecorder) -> dict[str, Array]:
    """Return the fields (k, n) of the k moments a recorder kept, 0 off the contact; the reaction energy is there too.

    Film thickness comes in full precision, the rest in single. The risk of a moment at which the reference has no
    match is NaN.
    """
    particle, states = recorder.particle, recorder.kept
    count, nodes = len(particle.mass), particle.nodes
    pick: dict[str, Callable[[ContactState], Array]] = {
        RATE: lambda state: state.local.rate,
        DOSE: lambda state: state.dose,
        ENERGY: lambda state: state.local.energy,
    }
    unmatched = np.full(len(nodes), np.nan)
    if recorder.reference is not None:
        pick[RISK] = lambda state: unmatched if state.split is None else state.split.risk
        pick[KINETIC] = lambda state: unmatched if state.split is None else state.split.kinetic
        pick[CONCENTRATION] = lambda state: unmatched if state.split is None else state.split.concentration
        pick[REACTION] = lambda state: unmatched if state.split is None else state.split.reaction
    fields = {name: _single(_nodal(states, nodes, count, choose)) for name, choose in pick.items()}
    if particle.coupled:
        fields = {FILM: _nodal(states, nodes, count, lambda state: state.film), **fields}
    return fields
