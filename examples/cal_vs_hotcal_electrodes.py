"""Cal against Hot-Cal as electrodes, a cycle and a rest: `python examples/cal_vs_hotcal_electrodes.py`.

Temperature, rate and mean coverages are those of examples/cal_vs_hotcal.toml; the spreads of coverage are assumed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

import asyncsoc as aso
from asyncsoc.plotting.style import LINES

ELECTRODES: Mapping[str, Mapping[str, Any]] = {
    "Cal": {"law": "beta", "mean": 0.3, "std": 0.1},
    "Hot-Cal": {"law": "beta", "mean": 0.95, "std": 0.03},
}
"""Coverages of the particles; means estimated from micrographs, as in examples/cal_vs_hotcal.toml."""
STEPS = ("Charge at C/10 until 4.2 V", "Discharge at C/10 until 2.8 V", "Rest for 2 hours")
HEAD = ("", "charged to", "spread of SOC", "starving", "returned", "poorest - best", "after the rest")


def electrode(coverage: Mapping[str, Any], particles: int = 6, **sections: Any) -> aso.Case:
    """Return an electrode of the paper's low loading with the coverages given."""
    return aso.Case.from_dict(
        {
            "electrode": {"loading": "12.7 mg/cm2", "particles": particles, "coverage": dict(coverage)},
            "protocol": {"temperature": "60 degC", "initial_stoichiometry": 0.9, "steps": list(STEPS)},
            **sections,
        }
    )


def row(name: str, solution: aso.Solution) -> tuple[str, ...]:
    """Return a row of the table: what the cell shows, and how far its particles are apart."""
    charged, discharged = solution.distribution("charge"), solution.distribution("discharge")
    charge = [step.charge for step in solution.steps]
    gaps = [float(one["Mean SOC"][0] - one["Mean SOC"][-1]) for one in (discharged, solution.distribution())]
    return (
        name,
        f"{charged.attrs['Mean SOC']:.3f}",
        f"{charged.attrs['Standard deviation of mean SOC']:.3f}",
        f"{charged.attrs['Starving share']:.2f}",
        f"{-charge[1] / charge[0]:.3f}",
        *(f"{gap:+.4f}" for gap in gaps),
    )


def figure_of(solutions: Mapping[str, aso.Solution]) -> Figure:
    """Return the figure: voltages, and the particles at the end of the charge."""
    figure = Figure(figsize=(10.0, 4.0), layout="constrained")
    voltage, particles = figure.subplots(1, 2)
    for (name, solution), color in zip(solutions.items(), LINES, strict=False):
        curves, charged = solution.curves, solution.distribution("charge")
        voltage.plot(curves["Specific capacity [mA.h/g]"], curves["Voltage [V]"], color=color, label=name)
        covered = charged["Coverage realised"]
        particles.plot(covered, charged["Contact-mean SOC"], "^", color=color, label=f"{name}, under the contact")
        particles.plot(covered, charged["Mean SOC"], "o", color=color, label=f"{name}, mean of the particle")
        particles.axhline(charged.attrs["Mean SOC"], color=color, linewidth=0.8, label=f"{name}, mean of the electrode")
    voltage.set(xlabel="Specific capacity [mAh/g]", ylabel="Voltage [V]")
    particles.set(xlabel="Coverage", ylabel="State of charge after the charge", xlim=(0.0, 1.02))
    for axes in (voltage, particles):
        axes.legend(frameon=False)
    return figure


def compare(particles: int = 6, **sections: Any) -> dict[str, aso.Solution]:
    """Return a solution for each of the electrodes."""
    return {name: aso.simulate(electrode(law, particles, **sections)) for name, law in ELECTRODES.items()}


def main(arguments: Sequence[str]) -> int:
    """Simulate both electrodes, print a table, draw the figure (to `--picture PICTURE.png`)."""
    solutions = compare()
    line = "{:<8}  {:>10}  {:>13}  {:>8}  {:>10}  {:>14}  {:>14}\n"
    sys.stdout.write(line.format(*HEAD))
    for name, solution in solutions.items():
        sys.stdout.write(line.format(*row(name, solution)))
    path = Path(arguments[-1] if arguments else "cal_vs_hotcal_electrodes.png")
    figure_of(solutions).savefig(path, dpi=150)
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
