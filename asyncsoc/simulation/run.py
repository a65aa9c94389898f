"""`simulate`: one case through its whole protocol, as a solution."""

from __future__ import annotations

from collections.abc import Callable

from asyncsoc.case import Case
from asyncsoc.simulation.batch import CaseResult, simulate_batch
from asyncsoc.simulation.electrode import simulate_electrode
from asyncsoc.simulation.progress import Progress
from asyncsoc.simulation.recording_start import recording_start
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.resume import checkpoint_of, joined


def simulate(
    case: Case, *, progress: Callable[[Progress], None] | None = None, resume: Solution | None = None
) -> Solution:
    """Simulate one case over its whole protocol: a particle, or the electrode that it describes.

    Parameters
    ----------
    case
        What to simulate; it is not changed.
    progress
        Called after every accepted step, for progress bars.
    resume
        An earlier solution of the same case, interrupted or with fewer protocol steps, to resume: the answer is
        that of an uninterrupted run.

    Returns
    -------
    Solution
        Curves, fields, provenance. Row 0 of the curves is the initial state with the first step's current on.

    Raises
    ------
    InputError
        The case cannot be built.
    SimulationError
        The protocol could not be carried out; the exception's `partial` holds the solution reached.
    """
    if case.electrode.described:
        return simulate_electrode(case, progress=progress, resume=resume)
    if resume is None:
        (ending,) = simulate_batch([case], progress=progress)
        return ending.finished()
    checkpoint = checkpoint_of(case, resume)
    start = recording_start(case, resume, checkpoint)
    (later,) = simulate_batch([case], progress=progress, checkpoints=[checkpoint], starts=[start])
    whole = resume if later.solution is None else joined(resume, later.solution, checkpoint)
    return CaseResult(whole, later.error).finished()


__all__ = ["Progress", "simulate"]
