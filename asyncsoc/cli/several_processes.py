"""What a command does that mpiexec has started several times: which share their work, and who speaks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from asyncsoc.base.environment import mpi_ranks
from asyncsoc.base.errors import EnvironmentProblem, InputError

SHARING = ("run",)
"""Commands whose processes share one run."""
_FIRST_SPEAKS = 2.0
"""s; what fails on all ranks the first one says, and ends the others meanwhile."""


def require_shared(arguments: Sequence[str]) -> None:
    """Refuse to run a command several times over that does not share its work among processes.

    Raises
    ------
    InputError
        mpiexec has started several processes, and the command is another one.
    EnvironmentProblem
        It has, and MPI cannot be loaded.
    """
    ranks = mpi_ranks()
    if ranks is not None and not (set(arguments) & {"-h", "--help", "--version"}) and arguments[0] not in SHARING:
        raise InputError(
            "the processes of mpiexec would all do the same",
            where=f"asyncsoc {arguments[0]}",
            value=f"{ranks.size} processes",
            allowed=f"mpiexec with {', '.join(f'asyncsoc {name}' for name in SHARING)} of an electrode",
            next_step="call the command without mpiexec; sweeps have --workers, --dask and --slurm",
        )


def loaded_ranks() -> Any | None:
    """Return the communicator of the processes, None where there is one, or MPI could not be loaded."""
    try:
        return mpi_ranks()
    except EnvironmentProblem:
        return None


def let_first_speak() -> str:
    """Wait in all processes but the first one, which ends them if it fails too; return who speaks, "" where one is."""
    ranks = loaded_ranks()
    if ranks is None:
        return ""
    if ranks.rank:
        time.sleep(_FIRST_SPEAKS)
    return "" if ranks.rank == 0 else f"process {ranks.rank + 1} of {ranks.size}: "
