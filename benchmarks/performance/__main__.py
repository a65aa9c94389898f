"""Run the suite and print its tables: python -m benchmarks.performance [--json FILE] [--only NAME] [--quick]."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

# Before numpy is loaded: one thread each.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

PARTS = {
    "single": "single",
    "sweep": "sweep64",
    "radial": "radial1000",
    "axisymmetric": "throughput",
    "scaling": "scaling",
    "roof": "roof",
    "sizes": "size_classes",
    "layers": "electrode_layers",
    "work-precision": "work_precision",
}


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.performance", description=__doc__)
    parser.add_argument("--json", type=Path, help="write every number there; parts measured before are kept")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part only; may be given again")
    parser.add_argument("--quick", action="store_true", help="small meshes and few members: answers, not numbers")
    parser.add_argument("--figures", type=Path, help="draw the figures into this folder")
    parser.add_argument("--iterations", type=float, help="of a linear solve, for the roof, where they are not counted")
    return parser.parse_args()


def main() -> int:
    """Run the parts one after the other."""
    warnings.simplefilter("ignore")  # the peers' own
    given = parsed()
    from benchmarks.performance.factors import Factor, Part, factors_table
    from benchmarks.performance.measuring import origin

    document: dict[str, Any] = {"parts": {}}
    if given.json is not None and given.json.exists():
        document = json.loads(given.json.read_text(encoding="utf-8"))
    factors: list[Factor] = []
    for name in given.only or PARTS:
        began = time.perf_counter()
        options = {"iterations": given.iterations} if name == "roof" else {}
        part: Part = importlib.import_module(f"benchmarks.performance.{PARTS[name]}").measure(given.quick, **options)
        wall = time.perf_counter() - began
        print(f"\n=== {name} ({wall:.0f} s)\n{part.text}", flush=True)
        factors += part.factors
        document["parts"][name] = {"origin": origin(), "quick": given.quick, "wall [s]": wall, **part.document()}
        if given.json is not None:
            given.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if factors:
        print(f"\n=== what must be reached\n{factors_table(factors)}")
    if given.figures is not None:
        from benchmarks.performance.figures import draw

        for path in draw(document, given.figures):
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
