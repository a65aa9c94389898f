"""The state a run can be gone on from, in its file: arrays in `/checkpoint`, the rest as text beside them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from asyncsoc.results.guard import GuardedFile, damaged
from asyncsoc.stepping.state import CONTROLLER_STATE, Checkpoint, SegmentOutcome

VERSION = 2
"""Of what a checkpoint holds. Version 1 has the controller's numbers without names, in the order of `_VERSION_1`."""
_VERSION_1 = (
    "time [s]",
    "unknown of the constraint",
    "charge [C]",
    "side charge [C]",
    "current [A]",
    "potential [V]",
    "step size [s]",
    "last step size [s]",
    "largest step size [s]",
    "last error",
    "margin to the next event",
    "accepted",
    "rejected",
)
_ARRAYS = ("x", "film")
_NUMBERS = ("start_time", "start_charge", "start_side_charge")


def described(checkpoint: Checkpoint | None) -> dict[str, Any]:
    """Return everything but the arrays as plain data; empty where there is no checkpoint."""
    if checkpoint is None:
        return {}
    return {
        "version": VERSION,
        "state": list(checkpoint.state),
        **{name: getattr(checkpoint, name) for name in _NUMBERS},
        "finished": [asdict(segment) for segment in checkpoint.finished],
        "underway": checkpoint.underway,
    }


def write_arrays(group: Any, checkpoint: Checkpoint) -> None:
    """Write the arrays of a checkpoint into an open HDF5 group."""
    for name in _ARRAYS:
        group[name] = getattr(checkpoint, name)
    group["state"] = np.array(list(checkpoint.state.values()))


def read_checkpoint(file: GuardedFile, text: dict[str, Any], nodes: int) -> Checkpoint | None:
    """Return the checkpoint of an open result file; None where it holds none, or another version's.

    Raises
    ------
    InputError
        It is damaged.
    """
    if not text:
        return None
    names = _names(text)
    if names is None:
        return None
    try:
        finished = tuple(SegmentOutcome(**segment) for segment in text["finished"])
        numbers = {name: float(text[name]) for name in _NUMBERS}
        underway = bool(text["underway"])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(file.path, "its checkpoint is incomplete", str(error)) from error
    # The margin to the next event is infinite in a step that ends by time alone.
    state = file.array("checkpoint/state", np.float64, (len(names),), finite=False)
    if np.isnan(state).any():
        raise damaged(file.path, "'checkpoint/state' is not a number")
    return Checkpoint(
        x=file.array("checkpoint/x", np.float64, (nodes,)),
        film=file.array("checkpoint/film", np.float64, (-1,)),
        state=dict(zip(names, state.tolist(), strict=True)),
        finished=finished,
        underway=underway,
        **numbers,
    )


def _names(text: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the names of the controller's numbers in the order of the file; None where they are not this version's."""
    version = text.get("version", 1)
    names = tuple(map(str, text.get("state", ()))) if version != 1 else _VERSION_1
    return names if version in (1, VERSION) and sorted(names) == sorted(CONTROLLER_STATE) else None
