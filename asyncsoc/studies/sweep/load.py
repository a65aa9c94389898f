"""Read all records of a sweep: a table of headline numbers, ends of protocol steps, the extent of the curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.studies.sweep.folder import load_record_files
from asyncsoc.studies.sweep.index import Index
from asyncsoc.studies.sweep.plan import Plan
from asyncsoc.studies.sweep.record import MEASURES, STATUSES, CaseRecord, decode
from asyncsoc.studies.sweep.resample import axis_range

Array = NDArray[np.float64]
WARNINGS = "Warnings"
"""Name of the number of a case's warnings; NaN where it has none."""
MISSING = "missing"
"""Status of a case that is not recorded."""


@dataclass(frozen=True, eq=False)
class SweepArchive:
    """A sweep's folder, its plan and the index of its records."""

    folder: Path
    plan: Plan
    records_index: Index

    @classmethod
    def open(cls, folder: Path) -> SweepArchive:
        """Return the sweep in a folder.

        Raises
        ------
        InputError
            There is none, or it is damaged.
        """
        plan = Plan.read(folder)
        records_index = Index(plan.validated_cases(folder).hashes)
        load_record_files(folder, records_index)
        return cls(folder, plan, records_index)

    def record(self, number: int) -> CaseRecord | None:
        """Return the record of case `number`, None where there is none."""
        data = self.records_index.payload(number)
        return None if data is None else decode(data, where=f"{self.folder}: case {number}")

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, CaseRecord | None]]:
        """Yield number and record of the cases from `start` to before `stop`."""
        for number in range(start, len(self.plan.design) if stop is None else stop):
            yield number, self.record(number)


@dataclass(eq=False)
class LoadedRecords:
    """The records of a sweep without their curves.

    Attributes
    ----------
    count
        Number of cases.
    status
        Of each case, as index of `STATUSES`; -1 where it is not recorded.
    numbers, words
        Headline numbers and texts, by name.
    ends
        Values at the ends of protocol steps (cases, steps), by name.
    curves
        Names of the curves that are kept, in order.
    low, high
        Extent of the common axis over all cases.
    steps
        Largest number of protocol steps of any case.
    warning
        The first warning of the first case that has one.
    unmeasured
        Why the first case without it has no value of an own measure, by its name.
    """

    count: int
    status: NDArray[np.int8]
    numbers: dict[str, Array] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    ends: dict[str, Array] = field(default_factory=dict)
    curves: list[str] = field(default_factory=list)
    low: float = np.inf
    high: float = -np.inf
    steps: int = 0
    warning: str = ""
    unmeasured: dict[str, str] = field(default_factory=dict)

    def status_word(self, number: int) -> str:
        """Return how a case ended."""
        code = int(self.status[number])
        return MISSING if code < 0 else STATUSES[code]


def load_records(archive: SweepArchive, axis: str) -> LoadedRecords:
    """Read every record once.

    Raises
    ------
    InputError
        A record is damaged, or the axis runs back in a case.
    """
    count = len(archive.plan.design)
    found = LoadedRecords(count, np.full(count, -1, dtype=np.int8))
    for number, record in archive.records():
        if record is not None:
            _enter(found, number, record, axis)
    return found


def _enter(found: LoadedRecords, number: int, record: CaseRecord, axis: str) -> None:
    found.status[number] = STATUSES.index(record.status)
    facts: Mapping[str, Any] = record.facts
    if record.error:
        _word(found, "Error", number, record.error)
    for name, value in (facts.get("summary") or {}).items():
        if isinstance(value, str):
            _word(found, name, number, value)
        elif value is None or isinstance(value, int | float):  # None: the case has no such state
            _number(found.numbers, name, (found.count,))[number] = np.nan if value is None else value
    for name, (value, reason) in (facts.get(MEASURES) or {}).items():
        _number(found.numbers, name, (found.count,))[number] = np.nan if value is None else value
        if reason is not None:
            found.unmeasured.setdefault(name, reason)
    warnings = facts.get("warnings") or []
    if warnings:
        _number(found.numbers, WARNINGS, (found.count,))[number] = len(warnings)
        found.warning = found.warning or str(warnings[0])
    steps = facts.get("steps") or []
    found.steps = max(found.steps, len(steps))
    for k, step in enumerate(steps):
        values = {"Duration of step [s]": step["duration [s]"], "Charge of step [C]": step["charge [C]"]}
        for name, value in (values | (step.get("end") or {})).items():
            if value is not None:
                _end(found, name, k)[number, k] = value
    found.curves += [name for name in record.columns if name not in found.curves]
    extent = axis_range(record.columns, axis, where=f"case {number}")
    if extent is not None:
        found.low, found.high = min(found.low, extent[0]), max(found.high, extent[1])


def _word(found: LoadedRecords, name: str, number: int, text: str) -> None:
    found.words.setdefault(name, [""] * found.count)[number] = text


def _number(table: dict[str, Array], name: str, shape: tuple[int, ...]) -> Array:
    return table.setdefault(name, np.full(shape, np.nan))


def _end(found: LoadedRecords, name: str, k: int) -> Array:
    values = _number(found.ends, name, (found.count, k + 1))
    if values.shape[1] <= k:
        values = np.pad(values, ((0, 0), (0, k + 1 - values.shape[1])), constant_values=np.nan)
        found.ends[name] = values
    return values
