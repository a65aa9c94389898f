"""P13: which lever pays where, coverage or electrolyte: risk, dose and capacity over coverage, rate and electrolyte.

The lever of the coverage is the dose of a particle against the fully covered one. That of the electrolyte follows from
reaction energies only under an assumption, that two electrolytes share prefactor and barrier coefficient b: rates of
different molecules are not comparable by energies alone. It is stated with every figure that rests on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.materials.registry import cathode
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY
from asyncsoc.materials.thermochemistry.reaction import KINDS
from asyncsoc.recorders import curve_names as names
from asyncsoc.studies.risk.scenarios import Scenario
from asyncsoc.studies.risk.study import study_risk
from benchmarks.paper.cases import CAL, SENSITIVE, particle
from benchmarks.paper.energies import curves
from benchmarks.paper.rows import PaperRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PEO, PEGDA = "peo-litfsi", "pegda-peca"
COVERAGES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.95)
RATES = ("C/20", "C/10", "C/3")
PAYS = 2.0
"""Factor in the dose from which on a lever is called one that pays."""
MEAN_X = 0.5
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "paper-design.png"
WORDS = ("neither", "electrolyte", "coverage", "both")


@dataclass(frozen=True)
class Point:
    """A particle: per electrolyte and kind of energy its risk at `MEAN_X` and its dose against full coverage; capacity.

    Attributes
    ----------
    risk, dose
        By (electrolyte, kind of energy).
    capacity
        mA h/g to 4.2 V.
    """

    risk: dict[tuple[str, str], float]
    dose: dict[tuple[str, str], float]
    capacity: float


def point(coverage: float, rate: str, overrides: Sequence[str] = ()) -> Point:
    """Charge a particle and its fully covered reference."""
    case = particle(coverage, [f"Charge at {rate} until 4.2 V"]).with_overrides(list(overrides))
    study = study_risk(
        case,
        reactants=[PEO, PEGDA],
        driving_forces=("reaction-energy",),
        exchange_current_densities=(),
        conditions=(ENTHALPY,),
    )
    risk, dose, least = {}, {}, 1.0
    for electrolyte in (PEO, PEGDA):
        for kind in KINDS:
            curve = study.default[Scenario(electrolyte, kind, "reaction-energy", ENTHALPY)]
            risk[electrolyte, kind] = curve.at(MEAN_X, names.RISK_MAX)
            dose[electrolyte, kind] = curve.dose
            least = min(least, float(curve.mean_x.min()))
    return Point(risk, dose, 275.509 * (case.protocol.initial_stoichiometry or 0.9) - 275.509 * least)


def electrolyte_levers(before: str = PEO, after: str = PEGDA) -> dict[str, float]:
    """Return by kind of energy the rate of one reactant over that of another at x = 0.5, at one prefactor and one b.

    b is that of the first by the package's default: both driving forces give one factor between x = 0.557 and 0.438.
    """
    x = np.array([0.557, 0.5, 0.438])
    first, second = curves(before, x), curves(after, x)
    u = cathode("ncm811-sturm2019").open_circuit_potential(x)
    thermal = GAS_CONSTANT * 333.15 / FARADAY
    found = {}
    for kind in KINDS:
        one, other = first[kind, "enthalpy"].energy, second[kind, "enthalpy"].energy
        b = 0.5 * (u[2] - u[0]) / (one[0] - one[2])
        found[kind] = float(math.exp(b * (other[1] - one[1]) / thermal))
    return found


def word(coverage_lever: float, electrolyte_lever: float) -> str:
    """Return which levers pay."""
    return WORDS[2 * (coverage_lever > PAYS) + (electrolyte_lever > PAYS)]


def row(quick: bool) -> PaperRow:
    """Fill the chart."""
    if quick:
        one = point(CAL, "C/10")
        return _row({"dose, f 0.3, C/10, peo-litfsi, total": one.dose[PEO, "total"]}, {}, {}, "")
    chart = {(f, rate): point(f, rate) for rate in RATES for f in COVERAGES}
    levers = electrolyte_levers()
    numbers = {f"electrolyte lever, {kind}": value for kind, value in levers.items()}
    numbers |= {f"LiTFSI to ECA, {kind}": v for kind, v in electrolyte_levers("litfsi", "eca").items()}
    for (f, rate), one in chart.items():
        numbers[f"capacity, f {f:g}, {rate} [mA h/g]"] = one.capacity
        for (electrolyte, kind), value in one.dose.items():
            numbers[f"dose, f {f:g}, {rate}, {electrolyte}, {kind}"] = value
            if math.isfinite(one.risk[electrolyte, kind]):
                numbers[f"risk, f {f:g}, {rate}, {electrolyte}, {kind}"] = one.risk[electrolyte, kind]
    draw(chart, levers).savefig(PICTURE, dpi=100)
    parts = []
    for name, overrides in SENSITIVE.items():
        values = [point(CAL, "C/10", (one,)).dose[PEO, "total"] for one in overrides]
        parts.append(
            f"{name} ({' / '.join(one.split('=')[1] for one in overrides)}): {values[0]:.2f} / {values[1]:.2f}"
        )
    shown = chart[CAL, "C/10"].dose[PEO, "total"]
    line = (
        f"dose at f = 0.3, C/10, PEO-LiTFSI, total: {shown:.2f}; {'; '.join(parts)}; f is the chart's axis, and i0 "
        "enters the "
        "reaction energy's driving force through the voltage limit only."
    )
    return _row(numbers, chart, levers, line)


def _row(
    numbers: dict[str, float], chart: dict[tuple[float, str], Point], levers: dict[str, float], line: str
) -> PaperRow:
    words = {kind: {key: word(one.dose[PEO, kind], levers[kind]) for key, one in chart.items()} for kind in levers}
    both = [kind for kind, found in words.items() if found[CAL, "C/10"] == "both"]
    some = [kind for kind, found in words.items() if found[CAL, "C/10"] != "neither"]
    listed = [
        f"{kind}, {rate}: " + ", ".join(f"{f:g} {found[f, rate]}" for f in COVERAGES)
        for kind, found in words.items()
        for rate in RATES
    ]
    return PaperRow(
        key="P13",
        title="design chart: coverage and electrolyte",
        place="design rule of the paper",
        paper="raise coverage and stability together (two-pronged); no number",
        ours="full coverage divides Cal's dose per contact area (f = 0.3, C/10, PEO-LiTFSI) by "
        + " and ".join(f"{chart[CAL, 'C/10'].dose[PEO, kind]:.2f} ({kind})" for kind in levers if chart)
        + "; PEGDA-PECA in place of PEO-LiTFSI divides it by "
        + " and ".join(f"{value:.2f} ({kind})" for kind, value in levers.items())
        + " if both share one prefactor, which is assumed: by their energies the two mixtures, both with LiTFSI, are "
        "alike",
        fitted="nothing; driven by the reaction energy, enthalpies",
        predicted=f"which lever changes the dose by more than a factor of {PAYS:g}, by coverage: " + "; ".join(listed),
        sensitivity=line,
        verdict="no number to compare"
        if not chart
        else "reproduced"
        if len(both) == len(levers)
        else "trend only"
        if some
        else "not reproduced",
        because="Rule: reproduced where for Cal at C/10 both levers change the dose by more than a factor of "
        f"{PAYS:g} under total and mutual energies; trend only where one does. "
        f"Both: {', '.join(both) or 'under neither'}; any: {', '.join(some) or 'under neither'}. The paper argues by "
        "the pair LiTFSI and ECA alone; by the same assumption it changes the rate by factors of "
        + " and ".join(f"{numbers.get(f'LiTFSI to ECA, {kind}', float('nan')):.1g} ({kind})" for kind in KINDS)
        + ", which says that energies of different molecules do not give the ratio of their rates.",
        scan="python -m benchmarks.paper --only P13",
        numbers=numbers,
        picture=("paper-design.png", "Risk, dose and capacity over coverage, and which lever pays") if chart else None,
    )


def draw(chart: dict[tuple[float, str], Point], levers: dict[str, float]) -> Figure:
    """Return the chart: risk, dose and capacity over coverage, and which lever pays where."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    from asyncsoc.plotting.style import colour, guide_lines, new_figure

    figure = new_figure(13.0, 7.2)
    panels = figure.subplots(2, 3)
    shades = ("#e8e8e8", "#f2c57c", "#9ecae1", "#7fb685")
    for number, rate in enumerate(RATES):
        points = [chart[f, rate] for f in COVERAGES]
        for electrolyte, style in ((PEO, "-"), (PEGDA, "--")):
            label = f"{rate}, {'PEO-LiTFSI' if electrolyte == PEO else 'PEGDA-PECA'}"
            panels[0, 0].plot(
                COVERAGES, [p.risk[electrolyte, "total"] for p in points], style, color=colour(number), label=label
            )
            for axes, kind in ((panels[0, 1], "total"), (panels[1, 1], "mutual")):
                factor = 1.0 if electrolyte == PEO else 1.0 / levers[kind]
                axes.plot(COVERAGES, [factor * p.dose[electrolyte, kind] for p in points], style, color=colour(number))
        panels[0, 2].plot(COVERAGES, [p.capacity for p in points], color=colour(number), label=rate)
    panels[0, 0].set(yscale="log", ylabel="Largest risk at mean x = 0.5", title="Risk, total energies")
    panels[0, 1].legend(
        *panels[0, 0].get_legend_handles_labels(),
        fontsize=7.5,
        title="dashed lines lie on full ones",
        title_fontsize=7.5,
    )
    panels[0, 0].yaxis.set_minor_formatter("{x:g}")
    panels[0, 0].yaxis.set_major_formatter("{x:g}")
    panels[0, 1].set(
        yscale="log", ylabel="Dose over that of PEO-LiTFSI at f = 1", title="Dose per contact area, total energies"
    )
    panels[1, 1].set(
        yscale="log", ylabel="Dose over that of PEO-LiTFSI at f = 1", title="Dose per contact area, mutual energies"
    )
    panels[0, 2].set(ylabel="Charge capacity to 4.2 V [mA h/g]", title="Capacity", ylim=(0.0, None))
    panels[0, 2].legend(fontsize=8.0)
    for axes, kind in ((panels[1, 0], "total"), (panels[1, 2], "mutual")):
        cells = np.array(
            [[WORDS.index(word(chart[f, rate].dose[PEO, kind], levers[kind])) for f in COVERAGES] for rate in RATES]
        )
        axes.imshow(cells, cmap=ListedColormap(shades), vmin=-0.5, vmax=3.5, aspect="auto", origin="lower")
        axes.set_xticks(range(len(COVERAGES)), [f"{f:g}" for f in COVERAGES])
        axes.set_yticks(range(len(RATES)), RATES)
        for j, rate in enumerate(RATES):
            for i, f in enumerate(COVERAGES):
                axes.text(i, j, f"{chart[f, rate].dose[PEO, kind]:.3g}", ha="center", va="center", fontsize=8.5)
        axes.set(
            xlabel="Coverage (number: dose over that at full coverage)",
            ylabel="Rate",
            title=f"What pays, {kind} energies",
        )
        axes.legend(
            handles=[Patch(color=s, label=w) for s, w in zip(shades, WORDS, strict=True)],
            ncols=4,
            fontsize=7.5,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.16),
        )
    for axes in (panels[0, 0], panels[0, 1], panels[0, 2], panels[1, 1]):
        axes.set_xlabel("Coverage")
        guide_lines(axes)
    return figure
