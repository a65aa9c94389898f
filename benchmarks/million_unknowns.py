"""One mesh of a million unknowns charged at C/10: time, memory, and iterations that do not grow from ten thousand on.

    python -m benchmarks.million_unknowns [--json FILE] [--quick] [--frequencies 14 72]

3-D spheres of one family of meshes, discretized and charged as in `benchmarks.performance.scaling`, with one core. The
frequencies are even: shells inside have half of them, and cells are as wide as high all the way to the centre.
Stops where iterations have grown, memory per unknown is more than stated, or lithium is lost.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.performance import scaling
from benchmarks.reporting import require

FREQUENCIES = (14, 20, 32, 48, 72)
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


def rows_of(frequencies: tuple[int, ...], known: list[dict[str, Any]], keep: Callable[[Any], None]) -> list[Any]:
    """Return what was measured on each mesh, every half in a process of its own; `keep` is given rows as they come."""
    rows = list(known)
    for frequency in frequencies:
        if frequency not in {row["frequency"] for row in rows}:
            rows.append({**scaling.run(frequency), "load average": os.getloadavg()[0]})
            rows.sort(key=lambda row: row["frequency"])
            keep(rows)
    smallest, largest = rows[0], rows[-1]
    growth = largest["iterations per solve"] / smallest["iterations per solve"]
    require("growth of iterations per solve", growth, MOST_GROWTH)
    require("memory of the charge per unknown [B]", largest["memory of the charge per unknown [B]"], scaling.MOST_BYTES)
    return rows


def shown(rows: list[dict[str, Any]]) -> str:
    """Return the table of the documentation."""
    lines = [f"| {' | '.join(_COLUMNS)} |", f"|{'---|' * len(_COLUMNS)}"]
    for row in rows:
        cells = [row[key] for key in _COLUMNS.values()]
        cells[-1] = cells[-1] * row["unknowns"] / 2**30
        texts = [str(cell) if isinstance(cell, int) else f"{cell:.3g}" for cell in cells]
        lines.append(f"| {' | '.join(texts)} |")
    return "\n".join(lines)


def main() -> int:
    """Measure, check, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="keeps the rows; sizes that it has are not measured again")
    parser.add_argument("--frequencies", type=int, nargs="*", help="of the meshes, in place of all")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    file: Path | None = given.json
    known = json.loads(file.read_text())["rows"] if file is not None and file.exists() else []

    def keep(rows: list[dict[str, Any]]) -> None:
        if file is not None:
            file.write_text(json.dumps({"rows": rows}, indent=1) + "\n")

    rows = rows_of(given.frequencies or (QUICK if given.quick else FREQUENCIES), known, keep)
    sys.stdout.write(shown(rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
