"""The checkpoint of a run in its file: arrays in `/checkpoint`, the rest as text beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from asyncsoc.kernels.parameters import ControllerState
from asyncsoc.simulation.results.guard import GuardedFile, damaged
from asyncsoc.solver.checkpoints import Checkpoint, ParticleCheckpoint, StepOutcome

VERSION = 2
"""Of what a checkpoint holds. Version 1 has the controller's numbers without names, in the order of `_VERSION_1`."""
_VERSION_1 = (
    "time",
    "unknown",
    "charge",
    "side_charge",
    "current",
    "potential",
    "step_size",
    "last_step",
    "largest_step",
    "last_error",
    "margin",
    "accepted",
    "rejected",
)
_ARRAYS = ("x", "film")
_NUMBERS = ("start_time", "start_charge", "start_side_charge")
_OF_EACH = ("charge", "side_charge", "start_charge", "start_side_charge", "potential")
"""Numbers of each particle of a group, which lie in `/checkpoint/particles` over (particle, number)."""


def described(checkpoint: Checkpoint | None) -> dict[str, Any]:
    """Return everything but the arrays as plain data; empty where there is no checkpoint."""
    if checkpoint is None:
        return {}
    first = checkpoint.particles[0]
    return {
        "version": VERSION,
        "state": list(checkpoint.state),
        "start_time": checkpoint.start_time,
        "start_charge": first.start_charge,
        "start_side_charge": first.start_side_charge,
        "finished": [asdict(constraint) for constraint in checkpoint.finished],
        "underway": checkpoint.underway,
        "tolerance_share": checkpoint.tolerance_share,
    }


def write_arrays(group: Any, checkpoint: Checkpoint) -> None:
    """Write the arrays of a checkpoint into an open HDF5 group."""
    particles = checkpoint.particles
    for name in _ARRAYS:
        group[name] = np.concatenate([getattr(particle, name) for particle in particles])
    if checkpoint.nodes:
        group["nodes"] = np.array(checkpoint.nodes)
    if checkpoint.salt:
        group["salt"] = np.array(checkpoint.salt)
    if len(particles) > 1 or not math.isnan(particles[0].potential):
        group["particles"] = np.array([[getattr(particle, name) for name in _OF_EACH] for particle in particles])
        group["sizes"] = np.array([[len(particle.x), len(particle.film)] for particle in particles])
    group["state"] = np.array(list(checkpoint.state.values()))


def read_checkpoint(file: GuardedFile, text: dict[str, Any], nodes: Sequence[int]) -> Checkpoint | None:
    """Return the checkpoint of an open result file; None where it holds none, or another version's.

    Parameters
    ----------
    file
        The file.
    text
        What `described` returned.
    nodes : (N,)
        Nodes of the mesh of each particle.

    Raises
    ------
    InputError
        It is damaged.
    """
    if not text:
        return None
    try:
        names = _names(text)
        if names is None:
            return None
        finished = tuple(_segment(constraint) for constraint in text["finished"])
        start_time, start_charge, start_side = (float(text[name]) for name in _NUMBERS)
        underway, share = text["underway"], float(text.get("tolerance_share", 1.0))
        if not isinstance(underway, bool) or not 0.0 < share <= 1.0:
            raise ValueError(f"underway is {underway!r}, the share of the tolerance {share!r}")
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(file.path, "its checkpoint is incomplete", str(error)) from error
    # The margin to the next event is infinite in a step that ends by time alone.
    values = file.array("checkpoint/state", np.float64, (len(names),), finite=False)
    if np.isnan(values).any():
        raise damaged(file.path, "'checkpoint/state' is not a number")
    state = dict(zip(names, values.tolist(), strict=True))
    potentials: tuple[float, ...] = ()
    if file.has("checkpoint/nodes"):
        potentials = tuple(file.array("checkpoint/nodes", np.float64, (-1,)).tolist())
    salt: tuple[float, ...] = ()
    if file.has("checkpoint/salt"):
        salt = tuple(file.array("checkpoint/salt", np.float64, (-1,)).tolist())
    if file.has("checkpoint/particles"):
        particles = _read_particles(file, nodes)
        return Checkpoint(particles, state, start_time, finished, underway, share, potentials, salt)
    if len(nodes) > 1:
        raise damaged(file.path, "the states of its particles are missing")
    particle = ParticleCheckpoint(
        x=file.array("checkpoint/x", np.float64, (nodes[0],)),
        film=file.array("checkpoint/film", np.float64, (-1,)),
        charge=state["charge"],
        side_charge=state["side_charge"],
        start_charge=start_charge,
        start_side_charge=start_side,
    )
    return Checkpoint((particle,), state, start_time, finished, underway, share, potentials, salt)


def _read_particles(file: GuardedFile, nodes: Sequence[int]) -> tuple[ParticleCheckpoint, ...]:
    """Return the states of the particles of a group."""
    count = len(nodes)
    numbers = file.array("checkpoint/particles", np.float64, (count, len(_OF_EACH)), finite=False)
    sizes = file.array("checkpoint/sizes", np.int64, (count, 2))
    if sizes[:, 0].tolist() != list(nodes) or (sizes < 0).any() or not np.isfinite(numbers[:, :-1]).all():
        raise damaged(file.path, "the states of its particles do not fit the particles")
    places = np.cumsum(sizes, axis=0)[:-1]
    x = np.split(file.array("checkpoint/x", np.float64, (int(sizes[:, 0].sum()),)), places[:, 0])
    film = np.split(file.array("checkpoint/film", np.float64, (int(sizes[:, 1].sum()),)), places[:, 1])
    return tuple(
        ParticleCheckpoint(own_x, own_film, *own)
        for own_x, own_film, own in zip(x, film, numbers.tolist(), strict=True)
    )


def _names(text: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the names of the controller's numbers in the order of the file; None where they are not this version's."""
    version = text.get("version", 1)
    known = sorted(entry.name for entry in fields(ControllerState))
    names = tuple(map(str, text.get("state", ()))) if version != 1 else _VERSION_1
    return names if version in (1, VERSION) and sorted(names) == known else None


def _segment(kept: dict[str, Any]) -> StepOutcome:
    """Return how a protocol step went, every value of its own kind."""
    return StepOutcome(
        number=int(kept["number"]),
        cycle=int(kept["cycle"]),
        text=str(kept["text"]),
        reason=str(kept["reason"]),
        duration=float(kept["duration"]),
        charge=float(kept["charge"]),
        side_charge=float(kept.get("side_charge", 0.0)),
    )
