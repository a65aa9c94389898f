"""`simulate`: one case through its whole protocol, as a solution."""

from __future__ import annotations

from collections.abc import Callable

from asyncsoc.base.errors import InputError
from asyncsoc.base.notices import warn_of_result
from asyncsoc.case import Case
from asyncsoc.case.required import require_case
from asyncsoc.problem.ranks import Communicator
from asyncsoc.simulation.batch import carry_case, jumping_case
from asyncsoc.simulation.electrode import simulate_electrode
from asyncsoc.simulation.progress import Progress
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.resume import require_every_cycle


def simulate(
    case: Case,
    *,
    progress: Callable[[Progress], None] | None = None,
    resume: Solution | None = None,
    communicator: Communicator | None = None,
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
    communicator
        Of mpi4py: its processes have the particles of the electrode among them. Each calls this with the same
        arguments, and each returns the solution, with the bits of one process; see `docs/processes.md`.

    Returns
    -------
    Solution
        Curves, fields, provenance. Row 0 of the curves is the initial state with the first step's current on.

    Raises
    ------
    InputError
        The case cannot be built, or it describes a single particle and there are several processes.
    SimulationError
        The protocol could not be carried out; the exception's `partial` holds the solution reached.

    Warns
    -----
    ResultWarning
        Each of the solution's `warnings`: limits exceeded, estimated errors of the mesh, assumptions.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "contact": {"kind": "cap", "coverage": 0.3},
    ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
    ... })
    >>> solution = aso.simulate(case)
    >>> solution.status, bool(solution.curves["Asynchrony"][-1] > 0.0)
    ('done', True)
    """
    require_case(case, "simulate")
    solution = _simulated(case, progress, resume, communicator)
    warn_of_result(solution.warnings)
    return solution


def _simulated(
    case: Case,
    progress: Callable[[Progress], None] | None,
    resume: Solution | None,
    communicator: Communicator | None,
) -> Solution:
    if case.electrode.described:
        return simulate_electrode(case, progress=progress, resume=resume, communicator=communicator)
    require_one_process(1 if communicator is None else communicator.size)
    if case.solver.cycle_jump_tolerance is not None:
        return jumping_case(case, progress, resume).finished()
    if resume is not None:
        require_every_cycle(resume)
    return carry_case(case, progress, resume).finished()


def require_one_process(processes: int) -> None:
    """Refuse to run a single particle in several processes.

    Raises
    ------
    InputError
        There are several.
    """
    if processes > 1:
        raise InputError(
            "a single particle runs in one process: particles of an electrode are what several of them share",
            where="mpiexec -n",
            value=processes,
            allowed="1, or a case with an [electrode]",
            next_step="asyncsoc run without mpiexec; for many cases at a time asyncsoc sweep, with --workers or --dask",
        )


__all__ = ["Progress", "simulate"]
