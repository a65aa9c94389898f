"""Compare a calendered and a hot-calendered particle on one page: `python examples/report.py [PAGE.html]`.

The page is one file that opens without a network. `asyncsoc report --verify PAGE.html --simulate` computes it again.
"""

from __future__ import annotations

import sys

import asyncsoc as aso

COVERAGES = {"Cal": 0.3, "Hot-Cal": 0.95}


def main(arguments: list[str]) -> int:
    """Charge both particles, with a film that grows on their contacts, and write the page."""
    runs = []
    for name, coverage in COVERAGES.items():
        case = aso.Case(
            name=name,
            particle=aso.Particle.sphere("7.5 um"),
            contact=aso.Contact.cap(coverage),
            side_reaction=aso.SideReaction(mode="coupled"),
            protocol=aso.Protocol(temperature="60 degC", steps=["Charge at C/10 until 4.2 V", "Rest for 1 hour"]),
            output=aso.Output(fields_every="20 min"),
        )
        runs.append(aso.simulate(case))
    page = aso.report(runs, arguments[0] if arguments else "cal_vs_hotcal.html")
    sys.stdout.write(f"{page}\n")
    for run in runs:
        found = run.summary()
        sys.stdout.write(f"{found['Name']} {found['Largest specific capacity [mA.h/g]']:.1f} mAh/g\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
