"""What is kept of one case: a few hundred numbers and its curves, in bytes that are the same whenever it is run."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.errors import AsyncsocError, InputError
from asyncsoc.observables import names
from asyncsoc.results.plain import plain
from asyncsoc.results.solution import Solution

Array = NDArray[np.float64]
Status = Literal["done", "failed", "quarantined"]
STATUSES: tuple[Status, ...] = ("done", "failed", "quarantined")
"""Carried out; could not be carried out; killed its worker twice, once while alone."""
AT_HALF = "Contact-mean SOC at mean SOC 0.5"
"""What the contact has reached when the cell shows half: the first time it does; None where it never does."""
_LENGTH = struct.Struct("<I")
_LEVEL = 1
_CLOCK = "wall time [s]"


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
    sha256: str, solution: Solution | None, error: BaseException | None, *, curves: bool = True
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
    """
    facts: dict[str, Any] = {"error": None if error is None else _told(error)}
    columns: Mapping[str, Array] = {}
    if solution is not None:
        facts |= _facts(solution)
        columns = solution.columns if curves else {}
    return CaseRecord(sha256, "done" if error is None else "failed", plain(facts), columns)


def quarantine_of(sha256: str, reason: str) -> CaseRecord:
    """Return the record of a case that killed its worker."""
    return CaseRecord(sha256, "quarantined", {"error": {"kind": "WorkerDied", "what": reason}}, {})


def encode(record: CaseRecord) -> bytes:
    """Return a record as bytes: the same bytes for the same content."""
    rows = len(next(iter(record.columns.values()), ()))
    head = {"case sha256": record.sha256, "status": record.status, "facts": record.facts, "rows": rows}
    text = json.dumps({**head, "curves": list(record.columns)}, sort_keys=True, separators=(",", ":")).encode()
    block = np.concatenate([np.asarray(values, dtype="<f8") for values in record.columns.values()] or [np.zeros(0)])
    # Bytes of equal weight side by side: neighbouring numbers share sign and exponent.
    shuffled = block.view(np.uint8).reshape(-1, 8).T.tobytes()
    return zlib.compress(_LENGTH.pack(len(text)) + text + shuffled, _LEVEL)


def decode(data: bytes, *, where: str = "record") -> CaseRecord:
    """Return the record in bytes that `encode` made.

    Raises
    ------
    InputError
        They are not.
    """
    try:
        raw = zlib.decompress(data)
        (length,) = _LENGTH.unpack_from(raw)
        head = json.loads(raw[_LENGTH.size : _LENGTH.size + length])
        curves, rows = head["curves"], int(head["rows"])
        block = np.frombuffer(raw, dtype=np.uint8, offset=_LENGTH.size + length)
        values = block.reshape(8, -1).T.copy().view("<f8").reshape(len(curves), rows)
        columns = {name: np.asarray(row, dtype=np.float64) for name, row in zip(curves, values, strict=True)}
        return CaseRecord(head["case sha256"], head["status"], head["facts"], columns)
    except (zlib.error, struct.error, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"a case's record cannot be read: {error}", where=where, next_step="run the sweep again with --resume"
        ) from error


def _facts(solution: Solution) -> dict[str, Any]:
    summary = {name: value for name, value in solution.summary().items() if _CLOCK not in name and name != "Name"}
    summary[AT_HALF] = _contact_at_half(solution.columns)
    return {
        "stop reason": solution.stop_reason,
        "model": solution.mesh.coordinates,
        "mesh": solution.mesh.name,
        "coverage": {"asked": solution.contact.coverage_asked, "realised": solution.contact.coverage_realised},
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


def _told(error: BaseException) -> dict[str, Any]:
    if isinstance(error, AsyncsocError):
        return {"kind": type(error).__name__, "what": error.what, "where": error.where, "next": error.next_step}
    return {"kind": type(error).__name__, "what": f"unexpected {type(error).__name__}: {error}"}
