"""P11: linear sweep voltammetry; the scan is that of `benchmarks/paper/lsv.py`."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.case import Case
from asyncsoc.studies.lsv.windows import CHARGED, INERT, compare_windows
from benchmarks.paper.cases import sensitivity
from benchmarks.paper.lsv import CRITERIA, EXAMPLE, WINDOW, Row
from benchmarks.paper.rows import PaperRow

STORED = Path(__file__).parents[2] / "docs" / "paper_lsv.csv"
_SHOWN = (1e-6, "both", 0.3, 1e-3)
_PLACES = {"per contact area": 1, "per electrode area": 3}


def row(quick: bool) -> PaperRow:
    """Compare the windows of an inert electrode and of particles."""
    criterion = _SHOWN[3]
    numbers = {f"{label}, onset at {criterion:g} A/m2 [V]": value for label, value in onsets().items()}
    if quick:
        return _row(numbers, [], "", "")
    rows = stored()
    gaps = _gaps(rows)
    numbers |= {
        f"inert above particle, {force}, {name}, {end} [mV]": 1e3 * pick(values)
        for (force, name), values in gaps.items()
        for end, pick in (("least", min), ("largest", max))
    }
    steep = 0.5 * FARADAY / (GAS_CONSTANT * 333.15)
    largest = CRITERIA[1] * math.exp(-steep * (WINDOW - 3.8))
    numbers["largest i_ox0 for a window of 5.3 V at 1e-3 A/m2 [A/m2]"] = largest
    line, more = sensitivity(
        lambda overrides: onsets(overrides).get(CHARGED, float("nan")), "onset of the charged particle at 1e-3 A/m2 [V]"
    )
    return _row(
        {**numbers, **more}, rows, f"{largest:.1e}", f"{line} i_ox0, driving force and criterion are in the scan."
    )


def onsets(overrides: Sequence[str] = ()) -> dict[str, float]:
    """Return the onsets of the set that is computed again, of an inert electrode and of the particle [V]."""
    rate, force, coverage, criterion = _SHOWN
    chosen = [
        f"side_reaction.exchange_current_density={rate}",
        f"side_reaction.driving_force={force}",
        f"contact.coverage={coverage}",
        *overrides,
    ]
    found = compare_windows(Case.from_toml(EXAMPLE, chosen), criteria=(criterion,))
    return {label: value for label in (INERT, CHARGED) if (value := found.onsets(label)[0]) is not None}


def stored() -> list[Row]:
    """Return what the stored scan holds."""
    with STORED.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))[1:]
    return [
        (float(r[0]), r[1], float(r[2]), float(r[3]), [float(value) if value else None for value in r[4:]])
        for r in rows
    ]


def _gaps(rows: list[Row]) -> dict[tuple[str, str], list[float]]:
    found: dict[tuple[str, str], list[float]] = {}
    for _, force, _, _, onsets in rows:
        for name, place in _PLACES.items():
            inert, other = onsets[0], onsets[place]
            if inert is not None and other is not None:
                found.setdefault((force, name), []).append(inert - other)
    return found


def _row(numbers: dict[str, float], rows: list[Row], largest: str, line: str) -> PaperRow:
    gaps = _gaps(rows)
    every = [value for values in gaps.values() for value in values]
    above = sum(value > 0.0 for value in every)
    words = "; ".join(
        f"{force}, {name}: {1e3 * min(v):+.0f} to {1e3 * max(v):+.0f} mV" for (force, name), v in gaps.items()
    )
    verdict = (
        "no number to compare"
        if not every
        else "reproduced"
        if above == len(every)
        else "trend only"
        if above
        else "not reproduced"
    )
    return PaperRow(
        key="P11",
        title="linear sweep voltammetry, 1 mV/s",
        place="Fig. 4r, S11a",
        paper="PEO: a window above its working limit (picture); PEGDA-PECA above 5.3 V",
        ours=f"window of an inert electrode above the onset on NCM811 by ({words}); 5.3 V at 1e-3 A/m2 asks for "
        f"i_ox0 <= {largest} A/m2 at 3.8 V",
        fitted="nothing; 5.3 V is turned into a bound of i_ox0",
        predicted="the difference of the windows over i_ox0, driving force, coverage and criterion",
        sensitivity=line,
        verdict=verdict,
        because=f"Rule: reproduced where the inert window lies above the particle's for everything scanned; {above} "
        f"of {len(every)} comparisons do.",
        scan="python -m benchmarks.paper.lsv -o docs/paper_lsv.csv",
        numbers=numbers,
        picture=("lsv.png", "Side current of an inert electrode and of particles against voltage"),
    )
