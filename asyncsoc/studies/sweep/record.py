"""The record of one case: a few hundred numbers and its curves, in bytes that are the same whenever it is run."""

from __future__ import annotations

import json
import struct
import traceback
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import AsyncsocError, InputError
from asyncsoc.base.plain_data import plain
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.particles import coverage_of
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.sweep.measures import Measure, measured

Array = NDArray[np.float64]
Status = Literal["done", "failed", "quarantined"]
STATUSES: tuple[Status, ...] = ("done", "failed", "quarantined")
"""Carried out; could not be carried out; killed its worker twice, once while alone."""
AT_HALF = "Contact-mean SOC at mean SOC 0.5"
"""What the contact has reached when its particle is half charged: the first time it is; None where it never does."""
MEASURES = "measures"
"""Fact of a record: what the user's own functions found, [value or None, why there is none] by name."""
_LENGTHS = struct.Struct("<II")
_LEVEL = 1
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_WIDTH, _LOW = 8, 7
"""Bytes of a number, and how many of them, the lowest, are not compressed."""
_CLOCK = "wall time [s]"
_FRAMES = 3
"""Places of a traceback that are kept of an unexpected error."""


@dataclass(frozen=True, eq=False)
class CaseRecord:
    """One case of a sweep.

    Attributes
    ----------
    sha256
        Hash of the case.
    status
        "done", "failed" or "quarantined".
    facts
        Plain data: stop reason, error, coverage, summary (headline numbers), steps (one entry per protocol step with
        the curves' values at its end), warnings.
    columns
        Curves by name (`observables.names`), equally long; empty where only summaries are kept or nothing was reached.
    """

    sha256: str
    status: Status
    facts: Mapping[str, Any]
    columns: Mapping[str, Array]

    @property
    def error(self) -> str | None:
        """What went wrong, None where nothing did."""
        found = self.facts.get("error")
        return None if found is None else str(found["what"])


def record_of(
    sha256: str,
    solution: Solution | None,
    error: BaseException | None,
    *,
    curves: bool = True,
    measures: Mapping[str, Measure] | None = None,
) -> CaseRecord:
    """Return what is kept of a case.

    Parameters
    ----------
    sha256
        Hash of the case.
    solution
        What was reached, None where nothing was.
    error
        What stopped it, None where it was carried out.
    curves
        Keep the curves.
    measures
        The user's own functions of a solution, by name; applied to what was carried out to its end.

    Raises
    ------
    InputError
        A measure cannot be evaluated as it is written.
    """
    facts: dict[str, Any] = {"error": None if error is None else _describe_error(error)}
    columns: Mapping[str, Array] = {}
    if solution is not None:
        facts |= _facts(solution)
        columns = solution.columns if curves else {}
        if measures and error is None:
            facts |= {MEASURES: measured(solution, measures, facts["summary"])}
    return CaseRecord(sha256, "done" if error is None else "failed", plain(facts), columns)


def quarantine_of(sha256: str, reason: str) -> CaseRecord:
    """Return the record of a case that killed its worker."""
    return CaseRecord(sha256, "quarantined", {"error": {"kind": "WorkerDied", "what": reason}}, {})


def encode(record: CaseRecord) -> bytes:
    """Return a record as bytes: the same bytes for the same content.

    Curves with the same values are kept once, constant ones as one value. Of a number the byte with sign and exponent
    is compressed, with the text; the others look random: to compress them took as long as all else and saved a quarter.
    """
    rows = len(next(iter(record.columns.values()), ()))
    places: dict[bytes, int] = {}
    curves = []
    for name, column in record.columns.items():
        content = np.asarray(column, dtype="<f8").tobytes()
        constant = rows > 0 and content == content[:_WIDTH] * rows
        curves.append([name, places.setdefault(content[:_WIDTH] if constant else content, len(places)), constant])
    head = {"case sha256": record.sha256, "status": record.status, "facts": record.facts, "rows": rows}
    text = _JSON.encode({**head, "curves": curves}).encode()
    numbers = np.frombuffer(b"".join(places), dtype=np.uint8).reshape(-1, _WIDTH)
    packed = zlib.compress(text + numbers[:, _LOW:].T.tobytes(), _LEVEL)
    return _LENGTHS.pack(len(packed), len(text)) + packed + numbers[:, :_LOW].tobytes()


def decode(data: bytes, *, where: str = "record") -> CaseRecord:
    """Return the record in bytes that `encode` made.

    Raises
    ------
    InputError
        They are not.
    """
    try:
        packed, length = _LENGTHS.unpack_from(data)
        high = zlib.decompress(data[_LENGTHS.size : _LENGTHS.size + packed])
        head = json.loads(high[:length])
        rows = int(head["rows"])
        numbers = np.empty(((len(high) - length) // (_WIDTH - _LOW), _WIDTH), dtype=np.uint8)
        numbers[:, _LOW:] = np.frombuffer(high, dtype=np.uint8, offset=length).reshape(_WIDTH - _LOW, -1).T
        low = np.frombuffer(data, dtype=np.uint8, offset=_LENGTHS.size + packed)
        numbers[:, :_LOW] = low.reshape(len(numbers), _LOW)
        columns = _columns(head["curves"], numbers.view("<f8").ravel(), rows)
        return CaseRecord(head["case sha256"], head["status"], head["facts"], columns)
    except (zlib.error, struct.error, LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"a case's record cannot be read: {error}", where=where, next_step="run the sweep again with --resume"
        ) from error


def _columns(curves: list[tuple[str, int, bool]], numbers: Array, rows: int) -> dict[str, Array]:
    """Return the curves from the numbers kept, those of different ones behind each other."""
    lengths = {place: 1 if constant else rows for _, place, constant in curves}
    ends = np.cumsum([0, *(lengths[place] for place in range(len(lengths)))]).tolist()
    if ends[-1] != len(numbers):
        raise ValueError(f"{len(numbers)} numbers instead of {ends[-1]}")
    return {
        name: np.array(np.broadcast_to(numbers[ends[place] : ends[place + 1]], (rows,)), dtype=np.float64)
        for name, place, _ in curves
    }


def _facts(solution: Solution) -> dict[str, Any]:
    summary = {name: value for name, value in solution.summary().items() if _CLOCK not in name and name != "Name"}
    summary[AT_HALF] = _contact_at_half(solution.columns)
    return {
        "stop reason": solution.stop_reason,
        "model": solution.mesh.coordinates,
        "mesh": solution.mesh.name,
        "coverage": coverage_of(solution),
        "summary": summary,
        "steps": _steps(solution),
        "warnings": list(solution.warnings),
    }


def _contact_at_half(columns: Mapping[str, Array]) -> float | None:
    mean, contact = columns[names.MEAN_SOC], columns[names.CONTACT_SOC]
    beyond = np.flatnonzero((mean[1:] - 0.5) * (mean[:-1] - 0.5) <= 0.0)
    if not len(beyond):
        return None
    rows = slice(int(beyond[0]), int(beyond[0]) + 2)
    first, last = mean[rows]
    share = 0.0 if first == last else (0.5 - first) / (last - first)
    return float((1.0 - share) * contact[rows][0] + share * contact[rows][1])


def _steps(solution: Solution) -> list[dict[str, Any]]:
    """Return one entry per protocol step: how it went, and every curve's value at its end."""
    columns = solution.columns
    numbers = np.asarray(columns[names.STEP])
    found = []
    for step in solution.steps:
        entry: dict[str, Any] = {
            "step": step.number,
            "cycle": step.cycle,
            "text": step.text,
            "stop reason": step.stop_reason,
            "duration [s]": step.duration,
            "charge [C]": step.charge,
        }
        rows = np.flatnonzero(numbers == step.number)
        if len(rows):
            entry["end"] = {
                name: float(values[rows[-1]])
                for name, values in columns.items()
                if name not in (names.STEP, names.CYCLE)
            }
        found.append(entry)
    return found


def _describe_error(error: BaseException) -> dict[str, Any]:
    if isinstance(error, AsyncsocError):
        return {"kind": type(error).__name__, "what": error.what, "where": error.where, "next": error.next_step}
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    where = "; ".join(f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames)
    what = f"unexpected {type(error).__name__}: {error}" + (f" (in {where})" if where else "")
    return {"kind": type(error).__name__, "what": what, "where": where or None}
