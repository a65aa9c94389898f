"""The two figures of docs/performance.md, drawn from the suite's JSON document.

python -m benchmarks.performance --json FILE, then python -m benchmarks.performance.figures FILE [FOLDER]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / "docs" / "images"
TARGET = 1e-3
# Okabe and Ito's colours tell apart for everyone; shapes repeat what they say.
STYLES = {
    "asyncsoc": ("asyncsoc", "#0072B2", "o"),
    "asyncsoc, per member of a batch": ("asyncsoc, per member of a batch of 64", "#56B4E9", "D"),
    "expert dolfinx, BDF2": ("expert dolfinx, BDF2", "#009E73", "s"),
    "expert dolfinx, Rosenbrock-W": ("expert dolfinx, Rosenbrock-W", "#117733", "P"),
    "scikit-fem": ("scikit-fem", "#CC79A7", "^"),
    "tutorial dolfinx, graded steps, degree set": ("tutorial, graded steps, degree set", "#E69F00", "v"),
    "tutorial dolfinx, graded steps, as taught": ("tutorial, graded steps, as taught", "#D55E00", "v"),
    "tutorial dolfinx, equal steps, as taught": ("tutorial, equal steps, as taught", "#000000", "x"),
}


def draw_work_precision(found: dict[str, Any], path: Path) -> None:
    """Draw error against solve time, one line a method."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.2), dpi=150, layout="constrained")
    axes = figure.subplots()
    for method, (label, color, marker) in STYLES.items():
        rows = sorted((row for row in found["rows"] if row["method"] == method), key=lambda row: float(row["solve"]))
        if rows:
            times, errors = [row["solve"] for row in rows], [row["error"] for row in rows]
            axes.loglog(times, errors, marker=marker, color=color, label=label, markersize=4.5, linewidth=1.2)
    axes.axhline(TARGET, color="0.6", linewidth=0.8, linestyle=":")
    axes.set(xlabel="Processor time of a charge [s]", ylabel="Error of the contact-mean x")
    axes.set_title(f"C/10 charge through {found['coverage']:.0%} of a sphere, {found['unknowns']} nodes", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, loc="outside lower center", ncols=2, fontsize="small")
    figure.savefig(path)


def draw_scaling(found: dict[str, Any], path: Path) -> None:
    """Draw solve time and memory against unknowns."""
    from matplotlib.figure import Figure

    rows = found["rows"]
    sizes = [row["unknowns"] for row in rows]
    figure = Figure(figsize=(7.0, 3.4), dpi=150, layout="constrained")
    time, memory = figure.subplots(1, 2)
    time.loglog(sizes, [row["solve [s]"] for row in rows], "o-", color="#0072B2", label="charge")
    time.loglog(sizes, [row["ordering [s]"] for row in rows], "s-", color="#E69F00", label="ordering")
    time.loglog(sizes, [row["assembly [s]"] for row in rows], "^-", color="#009E73", label="assembly (dolfinx)")
    time.set(xlabel="Unknowns", ylabel="Processor time [s]")
    time.set_title(f"charge ~ unknowns^{found['exponent']:.2f}", loc="left")
    keys = {"charge": ("o-", "#0072B2"), "ordering": ("s-", "#E69F00"), "assembly": ("^-", "#009E73")}
    for name, (style, color) in keys.items():
        key = next(k for k in rows[0] if k.startswith(f"memory of the {name}") or k.startswith(f"memory of {name}"))
        memory.semilogx(sizes, [row[key] / 1e3 for row in rows], style, color=color, label=name)
    memory.axhline(2.5, color="0.6", linewidth=0.8, linestyle=":")
    memory.set(xlabel="Unknowns", ylabel="Memory per unknown [kB]", ylim=(0.0, None))
    for axes in (time, memory):
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize="small")
    figure.savefig(path)


def draw(document: dict[str, Any], folder: Path = DOCS) -> list[Path]:
    """Draw what the document has the numbers for; return the files written."""
    drawers = {
        "work-precision": (draw_work_precision, folder / "work_precision.png"),
        "scaling": (draw_scaling, folder / "cost_scaling.png"),
    }
    written = []
    for part, (drawer, path) in drawers.items():
        if part in document["parts"]:
            drawer(document["parts"][part], path)
            written.append(path)
    return written


def main() -> int:
    """Draw and say where."""
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else DOCS
    for path in draw(document, folder):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
