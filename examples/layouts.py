"""Charge a sphere with one coverage in three layouts of the contact: `python examples/layouts.py [PICTURE.png]`."""

from __future__ import annotations

import sys
from pathlib import Path

import asyncsoc as aso
from asyncsoc.studies.demo.pictures import keep
from asyncsoc.studies.layouts import SOC, charge_layouts, layouts, layouts_figure


def main(arguments: list[str]) -> int:
    """Charge a particle with one contact patch, six even and six random ones; print a table, draw the surfaces."""
    case = aso.Case(
        particle=aso.Particle.sphere("7.5 um"),
        protocol=aso.Protocol(temperature="60 degC", initial_stoichiometry=0.9, steps=["Charge at C/10 until 4.2 V"]),
        output=aso.Output(fields_every="30 min"),
    )
    findings = charge_layouts(case, layouts(coverage=0.3, n=6, seed=3))
    line = "{:<18}  {:>17}  {:>12}  {:>12}  {:>20}"
    head = ("layout", f"asynchrony at {SOC:g}", "largest", "Ni4+/Ni3+", "capacity [mA.h/g]")
    rows = [head]
    for found in findings:
        lead, ratio = f"{found.moment.lead:.3f}", f"{found.moment.ratio_contact:.2f}"
        rows.append((found.label, lead, f"{found.largest_lead:.3f}", ratio, f"{found.capacity:.1f}"))
    sys.stdout.write("".join(f"{line.format(*row)}\n" for row in rows))
    path = keep(layouts_figure(findings), Path(arguments[0] if arguments else "layouts.png"))
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
