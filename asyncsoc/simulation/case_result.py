"""How a case ended: its solution as far as it was computed, and the error that stopped it."""

from __future__ import annotations

from dataclasses import dataclass

from asyncsoc.base.errors import SimulationError
from asyncsoc.simulation.results.solution import Solution


@dataclass(frozen=True, eq=False)
class CaseResult:
    """Result of one case of a batch: the solution as far as it was computed, and the error that stopped it, if any."""

    solution: Solution | None
    error: SimulationError | None

    def finished(self) -> Solution:
        """Return the solution of a case that was carried out.

        Raises
        ------
        SimulationError
            It was not; the exception's `partial` holds the solution reached.
        """
        if self.error is not None:
            self.error.partial = self.solution
            raise self.error
        if self.solution is None:
            raise SimulationError("every step of the protocol ended at its start", where="protocol.steps")
        return self.solution
