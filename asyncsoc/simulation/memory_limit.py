"""Memory that the snapshots and curves of a run will take, estimated and limited before it begins."""

from __future__ import annotations

import math
from collections.abc import Sequence

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.case import Case
from asyncsoc.problem.build import PreparedCase
from asyncsoc.protocol.constraints import StepConstraint

MOST_BYTES = 1 << 30
"""What the snapshots and curves of a run may take in memory."""
MOST_BETWEEN = 100_000
"""Output times within one step of the integrator."""
_ROW = 400
"""Bytes of a row of curves."""


def check_memory(case: Case, setup: PreparedCase, *, snapshots: bool, particles: int = 1, volume: float = 0.0) -> None:
    """Refuse a case whose snapshots or rows would fill more than `MOST_BYTES`.

    A step without a duration of its own is taken to last as long as its current could pass all the lithium there is;
    one that holds a voltage until a current is counted by what it needs at least.

    Parameters
    ----------
    case, setup
        The case, as it is and made ready.
    snapshots
        Whether snapshots are taken every `output.fields_every`.
    particles
        How many particles of one run share the memory.
    volume
        Of all of them together, into which the current flows [m3]; 0: that of the one.

    Raises
    ------
    InputError
        Snapshots too frequent for the protocol's length, too many protocol steps for the mesh, or output periods too
        short.
    """
    constraints, snapshot = _kept(case, setup.member.constraints), 8 * setup.mesh.n_nodes + _ROW
    steps, most = len(constraints) * snapshot, MOST_BYTES // particles
    if steps > most:
        raise InputError(
            "the states at the ends of the protocol's steps would fill the memory",
            where="protocol",
            value=f"{len(constraints)} steps of {setup.mesh.n_nodes} nodes: {steps / 2**30:.3g} GiB",
            allowed=f"{most // snapshot} steps on this mesh",
            next_step="keep fewer cycles (output.keep_cycles), repeat fewer in one case, or use a coarser mesh",
        )
    charge = FARADAY * setup.member.maximum_concentration * (volume or setup.operators.volume)
    lengths = [_longest(constraint, charge) for constraint in constraints]
    room = most - steps
    rows = _ROW * sum(_rows(*pair) for pair in zip(constraints, lengths, strict=True))
    if rows > room:
        raise InputError(
            "the rows asked for by output periods of steps would fill the memory",
            where="protocol.steps",
            value=f"{rows / _ROW:.3g} rows: {rows / 2**30:.3g} GiB",
            allowed=f"{room // _ROW} rows",
            next_step="ask for a longer '(... period)'",
        )
    duration = sum(lengths)
    if not snapshots or duration == 0.0:
        return
    every, least = case.output.fields_every, duration * snapshot / (room - rows)
    if every < least:
        raise InputError(
            "the snapshots would fill the memory",
            where="output.fields_every",
            value=f"{every:g} s over {duration:.4g} s of protocol: {duration / every * snapshot / 2**30:.3g} GiB",
            allowed=f"at least {least:.3g} s for this protocol and mesh",
            next_step=f'set output.fields_every = "{_rounded_up(least):g} s"',
        )


def _kept(case: Case, constraints: Sequence[StepConstraint]) -> list[StepConstraint]:
    """Return the protocol steps of cycles that are kept, and of one more: a cycle's rows are there until its end."""
    last = constraints[-1].step.cycle
    kept = case.output.kept_cycles
    return [c for c in constraints if kept.everything or kept.hold(c.step.cycle) or c.step.cycle == last]


def _rows(constraint: StepConstraint, length: float) -> float:
    """Return how many rows a step of a length [s] asks for."""
    if constraint.pieces is not None:
        return float(constraint.pieces.shown.sum())
    return 0.0 if constraint.step.period is None else length / constraint.step.period


def _longest(constraint: StepConstraint, charge: float) -> float:
    """Return how long a step can last [s]; 0 where nothing is known."""
    if constraint.pieces is not None:
        return constraint.duration
    passing = charge / abs(constraint.target) if constraint.galvanostatic and constraint.target != 0.0 else math.inf
    length = min(constraint.duration, passing)
    return length if math.isfinite(length) else 0.0


def _rounded_up(seconds: float) -> float:
    """Return the next larger number of one digit."""
    scale = 10.0 ** math.floor(math.log10(seconds))
    return math.ceil(seconds / scale) * scale
