"""Charge a cathode from a BPX file at three coverages: `python examples/imported_cathode.py [FILE.json FORMULA]`."""

from __future__ import annotations

import sys
from pathlib import Path

import asyncsoc as aso

LFP = Path(__file__).parent / "imported" / "lfp_18650_cell_BPX.json"
COVERAGES = (1.0, 0.3, 0.1)


def main(arguments: list[str]) -> int:
    """Print what is read of the file, then how much charge the particle takes at each coverage."""
    file, formula = arguments if arguments else (str(LFP), "LiFePO4")
    imported = aso.import_bpx(file, formula=formula)
    sys.stdout.write(f"{imported}\n\n")
    lowest, highest = imported.electrode.window
    protocol = {
        "steps": [f"Charge at 1C until {float(imported.material.charged_voltage or 4.2):.3f} V"],
        "initial_stoichiometry": lowest + 0.98 * (highest - lowest),
    }
    sys.stdout.write("coverage  charge [mA.h/g]  stopped by\n")
    for coverage in COVERAGES:
        solution = aso.simulate(imported.case(protocol, contact={"kind": "cap", "coverage": coverage}))
        capacity = float(solution.curves["Specific capacity [mA.h/g]"][-1])
        sys.stdout.write(f"{coverage:8g}  {capacity:15.1f}  {solution.stop_reason}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
