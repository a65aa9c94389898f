"""P11: the window of linear sweep voltammetry on an inert electrode against the onset on NCM811.

    python -m benchmarks.paper.lsv [-o docs/paper_lsv.csv]

The paper (doi:10.1002/adfm.202305186) says that the working potential of PEO is much lower than its window in linear
sweep voltammetry at 1 mV/s, and that PEGDA-PECA has a window above 5.3 V; the curve of PEO exists only as a picture.
Rate constant i_ox0, driving force, coverage and the criterion of the onset are scanned; what is reported is the
difference between inert electrode and charged particle, and which i_ox0 puts the window of the inert electrode above
5.3 V.
"""

from __future__ import annotations

import argparse
import math
import sys
from itertools import product
from pathlib import Path

from asyncsoc.base.files import write_text
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.case import Case
from asyncsoc.studies.lsv.windows import AREAL, CHARGED, COVERED, INERT, compare_windows

EXAMPLE = Path(__file__).parents[2] / "examples" / "lsv.toml"
RATES = (1e-8, 1e-6, 1e-4)
"""i_ox0 at 3.8 V [A/m2]."""
FORCES = ("potential", "both")
COVERAGES = (0.1, 0.3, 0.95)
CRITERIA = (1e-4, 1e-3, 1e-2)
WINDOW = 5.3
"""V, of PEGDA-PECA in the paper."""
HEAD = (
    "i_ox0 [A/m2],driving force,coverage,criterion [A/m2],inert electrode [V],particle charged [V],"
    "fully covered particle charged [V],particle charged per electrode area [V]"
)
LABELS = (INERT, CHARGED, COVERED, AREAL)

Row = tuple[float, str, float, float, list[float | None]]


def scan() -> list[Row]:
    """Return the onsets of every set of constants."""
    rows: list[Row] = []
    for rate, force, coverage in product(RATES, FORCES, COVERAGES):
        overrides = [
            f"side_reaction.exchange_current_density={rate}",
            f"side_reaction.driving_force={force}",
            f"contact.coverage={coverage}",
        ]
        study = compare_windows(Case.from_toml(EXAMPLE, overrides), criteria=CRITERIA)
        onsets = {label: study.onsets(label) for label in LABELS}
        rows += [
            (rate, force, coverage, criterion, [onsets[label][k] for label in LABELS])
            for k, criterion in enumerate(CRITERIA)
        ]
    return rows


def table(rows: list[Row]) -> str:
    """Return the scan as a CSV table; empty where the criterion is not reached up to 4.2 V (6 V: inert)."""
    lines = [HEAD]
    for rate, force, coverage, criterion, onsets in rows:
        numbers = ["" if onset is None else f"{onset:.4f}" for onset in onsets]
        lines.append(",".join([f"{rate:g}", force, f"{coverage:g}", f"{criterion:g}", *numbers]))
    return "\n".join(lines) + "\n"


def verdict(rows: list[Row]) -> list[str]:
    """Return what the scan says."""
    lines = []
    for force in FORCES:
        for name, place in (("per contact area", 1), ("per electrode area", 3)):
            gaps = [
                row[4][0] - row[4][place]  # type: ignore[operator]
                for row in rows
                if row[1] == force and row[4][0] is not None and row[4][place] is not None
            ]
            lines.append(
                f"driven by {force}, {name}: window of the inert electrode above the particle's by "
                f"{1e3 * min(gaps):.0f} to {1e3 * max(gaps):.0f} mV ({len(gaps)} of "
                f"{sum(row[1] == force for row in rows)} reach the criterion)"
            )
    covered = [
        row[4][1] - row[4][2]  # type: ignore[operator]
        for row in rows
        if row[2] < 0.5 and row[4][1] is not None and row[4][2] is not None
    ]
    lines.append(
        f"onset at partial coverage above that at full coverage, at one cell voltage: {1e3 * min(covered):.0f} to "
        f"{1e3 * max(covered):.0f} mV"
    )
    steep = 0.5 * FARADAY / (GAS_CONSTANT * 333.15)
    for criterion in CRITERIA:
        largest = criterion * math.exp(-steep * (WINDOW - 3.8))
        lines.append(
            f"a window above {WINDOW:g} V at {criterion:g} A/m2 asks for i_ox0 below {largest:.1e} A/m2 at 3.8 V "
            "(a = 0.5, Tafel), or for a film that stops it"
        )
    return lines


def main() -> None:
    """Scan, print the table and what it says, and keep it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, help="CSV file to write the scan to")
    arguments = parser.parse_args()
    rows = scan()
    if arguments.output is not None:
        write_text(arguments.output, table(rows))
    sys.stdout.write(table(rows) + "\n".join(verdict(rows)) + "\n")


if __name__ == "__main__":
    main()
