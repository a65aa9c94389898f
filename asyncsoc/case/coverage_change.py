"""A coverage that changes with time or from cycle to cycle, as a case describes it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import model_validator

from asyncsoc.base.csv_tables import Column, read_csv_table
from asyncsoc.base.errors import InputError
from asyncsoc.case import fields
from asyncsoc.case.fields import Measured, refusal
from asyncsoc.case.section import Section
from asyncsoc.contact.change import LAWS, Change, CoverageLaw, CoverageTable

_LONGEST = 1e11
"""s; three thousand years."""
_MOST_CYCLES = 1e9
_LARGEST_SHARE = 1e4
_MOST_ROWS = 10_000
_COLUMNS = (
    Column("cycle", ("cycle", "cycles"), "", 1.0, _MOST_CYCLES),
    Column("time", ("time", "t"), "s", 0.0, _LONGEST),
    Column("coverage", ("coverage",), "", 0.0, 1.0, above=True),
    Column("relative_coverage", ("relative coverage",), "", 0.0, _LARGEST_SHARE, above=True),
)
_LAYOUT = "cycle, coverage' or 'time [s], coverage"
_TABLE = ("cycle", "time", "coverage", "relative_coverage")

if TYPE_CHECKING:
    Law = str
else:
    Law = Literal[LAWS]
Share = Annotated[float, Measured("", 0.0, _LARGEST_SHARE, "(]")]
Cycles = Annotated[float, Measured("", 0.0, _MOST_CYCLES, "(]")]
LongTime = Annotated[float, Measured("s", 0.0, _LONGEST, "(]")]
FromStart = Annotated[float, Measured("s", 0.0, _LONGEST)]
CycleNumber = Annotated[float, Measured("", 1.0, _MOST_CYCLES)]


class CoverageChange(Section):
    """How the coverage changes: a law, or a table of cycle or time and coverage. It is an assumption of the case.

    Attributes
    ----------
    law
        "linear", "exponential" or "sqrt-time"; see `asyncsoc.contact.change.CoverageLaw`.
    remaining
        Coverage at the end of the law over the one at the start; above 1 it grows.
    over
        s; time over which it changes, for the exponential law its time constant.
    cycles
        The same in cycles.
    cycle, time
        First column of a table: cycles (from 1), or times [s]; rising.
    coverage, relative_coverage
        Its second column: coverages, or coverages over the one at the start.
    at
        Where contact is lost: "edge", the edge of a cap, belt or of patches moves, all patches by the same share;
        "everywhere", the contact area of every place shrinks alike. None: "edge" for these, else "everywhere".
    """

    law: Law | None = None
    remaining: Share | None = None
    over: LongTime | None = None
    cycles: Cycles | None = None
    cycle: tuple[CycleNumber, ...] = ()
    time: tuple[FromStart, ...] = ()
    coverage: tuple[fields.Fraction, ...] = ()
    relative_coverage: tuple[Share, ...] = ()
    at: Literal["edge", "everywhere"] | None = None

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "contact.coverage_change"

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, keys: Any) -> Any:
        if isinstance(keys, str | Path):
            return _read(str(keys))
        if not isinstance(keys, Mapping):
            return keys
        found = dict(keys)
        if "relative coverage" in found:
            found["relative_coverage"] = found.pop("relative coverage")
        file = found.pop("file", None)
        if file is not None:
            found = {**_read(str(file)), **found}
        for name in _TABLE:
            if isinstance(found.get(name), np.ndarray):
                found[name] = found[name].tolist()
        return found

    @model_validator(mode="after")
    def _law_or_table(self) -> Self:
        for error in (self._law_problem() if self.law is not None else self._table_problem(),):
            if error is not None:
                raise refusal(error)
        return self

    def _law_problem(self) -> InputError | None:
        where = self.section_name()
        given = [name for name in _TABLE if getattr(self, name)]
        if given:
            return InputError(
                "a coverage changes by a law or by a table, not both", where=f"{where}.{given[0]}", value=self.law
            )
        if self.remaining is None:
            return InputError(
                f"the {self.law} law needs what remains of the coverage",
                where=f"{where}.remaining",
                allowed="above 0: 0.5 for half of the coverage at the start",
            )
        if (self.over is None) == (self.cycles is None):
            return InputError(
                "a law of the coverage goes over a time or over cycles",
                where=f"{where}.over",
                allowed="one of over = '100 h' and cycles = 50",
            )
        if self.law == "sqrt-time" and self.cycles is not None:
            return InputError(
                "the law of the square root of time goes over a time",
                where=f"{where}.cycles",
                value=self.cycles,
                next_step="set over = '100 h'",
            )
        return None

    def _table_problem(self) -> InputError | None:
        where = self.section_name()
        first = [name for name in ("cycle", "time") if getattr(self, name)]
        second = [name for name in ("coverage", "relative_coverage") if getattr(self, name)]
        if not first and not second:
            return InputError(
                "how the coverage changes is not said",
                where=where,
                allowed="law, or a table: cycle or time, and coverage or relative_coverage",
                next_step="for example { law = 'linear', remaining = 0.5, cycles = 100 }, or 'coverage.csv'",
            )
        if len(first) != 1 or len(second) != 1:
            return InputError(
                "a table of the coverage has two columns",
                where=where,
                value=", ".join((*first, *second)),
                allowed="cycle or time, and coverage or relative_coverage",
            )
        needless = [name for name in ("remaining", "over", "cycles") if getattr(self, name) is not None]
        if needless:
            return InputError("a table has no law", where=f"{where}.{needless[0]}", next_step=f"remove {needless[0]}")
        progress, values = getattr(self, first[0]), getattr(self, second[0])
        if len(progress) != len(values) or not 2 <= len(values) <= _MOST_ROWS:
            return InputError(
                "the columns of a table are equally long",
                where=where,
                value=f"{len(progress)} of {first[0]}, {len(values)} of {second[0]}",
                allowed=f"2 to {_MOST_ROWS} rows",
            )
        falls = next((k for k in range(1, len(progress)) if progress[k] <= progress[k - 1]), None)
        if falls is not None:
            return InputError(
                f"{first[0]} does not rise",
                where=f"{where}.{first[0]}[{falls + 1}]",
                value=progress[falls],
                allowed=f"more than {progress[falls - 1]:g}",
                next_step="sort the rows, and keep one of rows that repeat it",
            )
        return None

    @cached_property
    def change(self) -> Change:
        """The law or table."""
        if self.law is not None:
            over = self.over if self.cycles is None else self.cycles
            return CoverageLaw(
                self.law, float(self.remaining or 0.0), float(over or 0.0), "time" if self.cycles is None else "cycle"
            )
        return CoverageTable(
            self.cycle or self.time,
            self.coverage or self.relative_coverage,
            "cycle" if self.cycle else "time",
            bool(self.relative_coverage),
        )


def _read(file: str) -> dict[str, Any]:
    """Return the table in a CSV file."""
    try:
        table = read_csv_table(file, _COLUMNS, layout=_LAYOUT, required=(), most=_MOST_ROWS)
        for key in ("cycle", "time"):
            if key in table.columns:
                table.rises(key)
    except InputError as error:
        error.where = f"contact.coverage_change, {error.where}"
        raise refusal(error) from None
    return {key: tuple(values.tolist()) for key, values in table.columns.items()}
