"""How the coverage of a contact changes with time or from cycle to cycle: a stated assumption, as a law or a table."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from asyncsoc.base.errors import InputError

LAWS = ("linear", "exponential", "sqrt-time")
_SAME = 1e-9
_LASTS = 60.0
"""Time constants after which an exponential has come to its end."""


@dataclass(frozen=True)
class CoverageLaw:
    """Coverage over the one at the start, as a function of progress s (time [s], or cycles after the first).

    Attributes
    ----------
    law
        "linear": 1 + (r - 1) s/T up to s = T, r afterwards; "exponential": r + (1 - r) exp(-s/T); "sqrt-time":
        1 + (r - 1) sqrt(s/T) up to s = T, r afterwards; with r = `remaining` and T = `over`.
    remaining
        Coverage at the end over the one at the start; above 1 it grows.
    over
        T: s for a law of time, cycles for one of cycles.
    by
        "time" or "cycle".
    """

    law: str
    remaining: float
    over: float
    by: str

    def share(self, cycle: int, time: float) -> float:
        """Return coverage over the one at the start in a cycle (from 1) at a time [s]."""
        s = max((time if self.by == "time" else float(cycle - 1)) / self.over, 0.0)
        if self.law == "exponential":
            return self.remaining + (1.0 - self.remaining) * math.exp(-s)
        return 1.0 + (self.remaining - 1.0) * (min(s, 1.0) if self.law == "linear" else math.sqrt(min(s, 1.0)))

    @property
    def bends(self) -> tuple[float, ...]:
        """Times [s] between which the share rises or falls; after the last one it stays, or approaches `remaining`."""
        return () if self.by == "cycle" else (self.over * (_LASTS if self.law == "exponential" else 1.0),)

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest share the law can give."""
        return min(1.0, self.remaining), max(1.0, self.remaining)

    @property
    def words(self) -> str:
        """The law as a sentence shows it."""
        end = f"{self.over:g} cycles" if self.by == "cycle" else f"{self.over / 3600.0:g} h"
        how = "approaches" if self.law == "exponential" else "reaches"
        span = "with the time constant" if self.law == "exponential" else "after"
        return f"{self.law} law: it {how} {100.0 * self.remaining:g} % of the coverage at the start {span} {end}"


@dataclass(frozen=True)
class CoverageTable:
    """Coverage in a table, linear between its rows and constant before the first and after the last.

    Attributes
    ----------
    progress
        Cycle (from 1) or time [s], rising.
    values
        Coverages, or coverages over the one at the start.
    by
        "time" or "cycle".
    relative
        Whether `values` are relative to the coverage at the start.
    """

    progress: tuple[float, ...]
    values: tuple[float, ...]
    by: str
    relative: bool

    @property
    def bends(self) -> tuple[float, ...]:
        """Times [s] between which the share rises or falls; after the last one it stays."""
        return () if self.by == "cycle" else self.progress

    def _at(self, progress: float) -> float:
        return float(np.interp(progress, self.progress, self.values))

    @property
    def first(self) -> float:
        """Value at the start: cycle 1, or time 0."""
        return self._at(1.0 if self.by == "cycle" else 0.0)

    def share(self, cycle: int, time: float) -> float:
        """Return coverage over the one at the start in a cycle (from 1) at a time [s]."""
        value = self._at(time if self.by == "time" else float(cycle))
        return value if self.relative else value / self.first

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest share the table can give."""
        scale = 1.0 if self.relative else self.first
        start = 1.0 if self.by == "cycle" else 0.0
        later = [v for p, v in zip(self.progress, self.values, strict=True) if p >= start] + [self.first]
        return min(later) / scale, max(later) / scale

    @property
    def words(self) -> str:
        """The table as a sentence shows it."""
        last = f"{self.values[-1]:g}" if not self.relative else f"{100.0 * self.values[-1]:g} % of that at the start"
        end = f"cycle {self.progress[-1]:g}" if self.by == "cycle" else f"{self.progress[-1] / 3600.0:.6g} h"
        return f"table of {len(self.values)} rows over {self.by}: it ends at {last} at {end}"


Change = CoverageLaw | CoverageTable


def check_start(change: Change, coverage: float, *, where: str = "contact.coverage_change") -> None:
    """Refuse a change that does not begin at the contact's own coverage, or leaves (0, 1].

    Raises
    ------
    InputError
        With the coverage it has.
    """
    if isinstance(change, CoverageTable):
        begins = change.first if not change.relative else change.first * coverage
        if abs(begins - coverage) > _SAME * max(coverage, 1e-3):
            raise InputError(
                "the table of coverages does not begin with the coverage of the contact",
                where=where,
                value=begins,
                allowed=f"{coverage:.9g} at {'cycle 1' if change.by == 'cycle' else 'time 0'}",
                next_step="make both equal, or give a column 'relative coverage' that begins with 1",
            )
    low, high = (share * coverage for share in change.range)
    if not (low > 0.0 and high <= 1.0 + _SAME):
        raise InputError(
            "the coverage leaves (0, 1]",
            where=where,
            value=low if low <= 0.0 else high,
            allowed="above 0, at most 1, at every time",
            next_step="a particle without contact cannot be charged; end the law above 0",
        )
