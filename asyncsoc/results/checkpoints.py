"""The state a run can be gone on from, in its file: arrays in `/checkpoint`, the rest as text beside them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from asyncsoc.kernels.members import N_STATE
from asyncsoc.results.guard import GuardedFile, damaged
from asyncsoc.stepping.state import Checkpoint, SegmentOutcome

_ARRAYS = ("x", "film", "state")
_NUMBERS = ("start_time", "start_charge", "start_side_charge")


def described(checkpoint: Checkpoint | None) -> dict[str, Any]:
    """Return everything but the arrays as plain data; empty where there is no checkpoint."""
    if checkpoint is None:
        return {}
    return {
        **{name: getattr(checkpoint, name) for name in _NUMBERS},
        "finished": [asdict(segment) for segment in checkpoint.finished],
        "underway": checkpoint.underway,
    }


def write_arrays(group: Any, checkpoint: Checkpoint) -> None:
    """Write the arrays of a checkpoint into an open HDF5 group."""
    for name in _ARRAYS:
        group[name] = getattr(checkpoint, name)


def read_checkpoint(file: GuardedFile, text: dict[str, Any], nodes: int) -> Checkpoint | None:
    """Return the checkpoint of an open result file, None where it holds none.

    Raises
    ------
    InputError
        It is damaged.
    """
    if not text:
        return None
    try:
        finished = tuple(SegmentOutcome(**segment) for segment in text["finished"])
        numbers = {name: float(text[name]) for name in _NUMBERS}
        underway = bool(text["underway"])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(file.path, "its checkpoint is incomplete", str(error)) from error
    # The margin to the next event is infinite in a step that ends by time alone.
    state = file.array("checkpoint/state", np.float64, (N_STATE,), finite=False)
    if np.isnan(state).any():
        raise damaged(file.path, "'checkpoint/state' is not a number")
    return Checkpoint(
        x=file.array("checkpoint/x", np.float64, (nodes,)),
        film=file.array("checkpoint/film", np.float64, (-1,)),
        state=state,
        finished=finished,
        underway=underway,
        **numbers,
    )
