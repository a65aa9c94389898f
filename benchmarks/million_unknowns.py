"""One mesh of a million unknowns charged at C/10: time, memory, and iterations that do not grow from ten thousand on.

    python -m benchmarks.million_unknowns [--json FILE] [--quick]

3-D spheres of one family of meshes, discretized and charged as in `benchmarks.performance.scaling`, with one core.
Stops where iterations have grown, memory per unknown is more than stated, or lithium is lost.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.performance import scaling
from benchmarks.reporting import require, table

FREQUENCIES = (14, 20, 32, 48, 71)
"""1.0e4, 2.7e4, 9.4e4, 3.1e5 and 1.0e6 nodes."""
QUICK = (14, 20)
MOST_GROWTH = 1.1
"""Iterations per solve on the largest mesh over those on the smallest one."""
_COLUMNS = {
    "unknowns": "unknowns",
    "charge [s]": "solve [s]",
    "steps": "steps",
    "iterations per solve": "iterations per solve",
    "meshing [s]": "meshing [s]",
    "assembly [s]": "assembly [s]",
    "ordering [s]": "ordering [s]",
    "memory of the charging process [GiB]": "memory of the process per unknown [B]",
}


def rows_of(frequencies: tuple[int, ...]) -> list[dict[str, Any]]:
    """Return what was measured on each mesh; every half in a process of its own."""
    rows = [scaling.run(frequency) for frequency in frequencies]
    smallest, largest = rows[0], rows[-1]
    growth = largest["iterations per solve"] / smallest["iterations per solve"]
    require("growth of iterations per solve", growth, MOST_GROWTH)
    require("memory of the charge per unknown [B]", largest["memory of the charge per unknown [B]"], scaling.MOST_BYTES)
    return rows


def shown(rows: list[dict[str, Any]]) -> str:
    """Return the table of the documentation."""
    lines = []
    for row in rows:
        cells = [row[key] for key in _COLUMNS.values()]
        cells[-1] = cells[-1] * row["unknowns"] / 2**30
        lines.append(cells)
    return table(tuple(_COLUMNS), lines)


def main() -> int:
    """Measure, check, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    rows = rows_of(QUICK if given.quick else FREQUENCIES)
    found = {"load average": os.getloadavg()[0], "rows": rows}
    if given.json is not None:
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(shown(rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
