"""P13: which lever pays where, coverage or electrolyte: risk, dose, capacity over coverage, rate, loading, electrolyte.

The lever of the coverage is the dose of a particle against the fully covered one. That of the electrolyte follows from
reaction energies only under an assumption, that two electrolytes share prefactor and barrier coefficient b: rates of
different molecules are not comparable by energies alone. It is stated with every figure that rests on it. A loading is
the areal current of a rate: it costs voltage in the membrane, and the charge ends earlier. Gradients through the
thickness of the cathode are not in the chart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.materials.registry import cathode
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY
from asyncsoc.materials.thermochemistry.reaction import KINDS
from asyncsoc.recorders import curve_names as names
from asyncsoc.studies.risk.scenarios import Scenario
from asyncsoc.studies.risk.study import study_risk
from benchmarks.paper.cases import CAL, LABELS, SENSITIVE, particle
from benchmarks.paper.design_picture import PAYS, PEO, PICTURE, draw, word
from benchmarks.paper.energies import curves
from benchmarks.paper.rows import PaperRow

PEGDA = "pegda-peca"
COVERAGES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.95)
RATES = ("C/20", "C/10", "C/3")
LOADINGS = (12.7, 28.6)
"""mg/cm2: those of the paper. 2.55 mA h/cm2 belong to the first."""
MEAN_X = 0.5


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


Chart = dict[tuple[float, str, float], Point]
"""By coverage, rate and loading."""


def point(coverage: float, rate: str, loading: float = LOADINGS[0], overrides: Sequence[str] = ()) -> Point:
    """Charge a particle and its fully covered reference."""
    areal = f"electrolyte.areal_capacity={2.55 * loading / LOADINGS[0]:.6g} mAh/cm2"
    case = particle(coverage, [f"Charge at {rate} until 4.2 V"]).with_overrides([areal, *overrides])
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


def row(quick: bool) -> PaperRow:
    """Fill the chart."""
    if quick:
        one = point(CAL, "C/10")
        return _row({"dose, f 0.3, C/10, peo-litfsi, total": one.dose[PEO, "total"]}, {}, {}, "")
    chart = {(f, rate, load): point(f, rate, load) for load in LOADINGS for rate in RATES for f in COVERAGES}
    levers = electrolyte_levers()
    numbers = {f"electrolyte lever, {kind}": value for kind, value in levers.items()}
    numbers |= {f"LiTFSI to ECA, {kind}": v for kind, v in electrolyte_levers("litfsi", "eca").items()}
    for (f, rate, load), one in chart.items():
        name = f"f {f:g}, {rate}" + (f", {load:g} mg/cm2" if load != LOADINGS[0] else "")
        numbers[f"capacity, {name} [mA h/g]"] = one.capacity
        for (electrolyte, kind), value in one.dose.items():
            numbers[f"dose, {name}, {electrolyte}, {kind}"] = value
            if math.isfinite(one.risk[electrolyte, kind]):
                numbers[f"risk, {name}, {electrolyte}, {kind}"] = one.risk[electrolyte, kind]
    draw(chart, levers).savefig(PICTURE, dpi=100)
    parts = []
    for name, overrides in SENSITIVE.items():
        values = [point(CAL, "C/10", overrides=(one,)).dose[PEO, "total"] for one in overrides]
        parts.append(f"{LABELS[name]}: {values[0]:.2f} / {values[1]:.2f}")
    shown = {f: chart[f, "C/10", LOADINGS[0]].dose[PEO, "total"] for f in (0.1, CAL, 0.5)}
    line = (
        f"dose of Cal (f = 0.3) over that at full coverage, C/10, PEO-LiTFSI, total: {shown[CAL]:.2f}; "
        f"{'; '.join(parts)}; f 0.1 / 0.5: {shown[0.1]:.2f} / {shown[0.5]:.2f}. i0 enters the reaction energy's "
        "driving force through the voltage limit only."
    )
    return _row(numbers, chart, levers, line)


def _up_to(words: dict[tuple[float, str, float], str], rate: str) -> str:
    """Return up to which coverage of the chart the coverage pays, and whether the electrolyte does anywhere."""
    parts = []
    for load in LOADINGS:
        paying = [f for f in COVERAGES if words[f, rate, load] in ("coverage", "both")]
        other = [f for f in COVERAGES if words[f, rate, load] in ("electrolyte", "both")]
        parts.append(
            (f"up to f = {max(paying):g}" if paying else "nowhere") + (", the electrolyte too" if other else "")
        )
    return "coverage " + (parts[0] if len(set(parts)) == 1 else " / ".join(parts))


def _of_the_loading(chart: Chart) -> str:
    """Return what the larger loading changes, over the whole chart."""
    pairs = [(chart[f, rate, LOADINGS[0]], chart[f, rate, LOADINGS[1]]) for rate in RATES for f in COVERAGES]
    dose = [abs(math.log(thick.dose[PEO, kind] / thin.dose[PEO, kind])) for thin, thick in pairs for kind in KINDS]
    lost = [thin.capacity - thick.capacity for thin, thick in pairs]
    return (
        f"28.6 in place of 12.7 mg/cm2 takes {min(lost):.1f} to {max(lost):.1f} mAh/g of the charge and changes a "
        f"dose, relative to full coverage at the same loading, by a factor of at most {math.exp(max(dose)):.2f}"
    )


def _row(numbers: dict[str, float], chart: Chart, levers: dict[str, float], line: str) -> PaperRow:
    words = {kind: {key: word(one.dose[PEO, kind], levers[kind]) for key, one in chart.items()} for kind in levers}
    cal = (CAL, "C/10", LOADINGS[0])
    both = [kind for kind, found in words.items() if found[cal] == "both"]
    some = [kind for kind, found in words.items() if found[cal] != "neither"]
    listed = [f"{kind}, {rate}: {_up_to(found, rate)}" for kind, found in words.items() for rate in RATES if chart]
    return PaperRow(
        key="P13",
        title="design chart: coverage and electrolyte",
        place="design rule of the paper",
        paper="raise coverage and stability together (two-pronged); no number",
        ours="full coverage divides Cal's dose per contact area (f = 0.3, C/10, PEO-LiTFSI) by "
        + " and ".join(f"{chart[cal].dose[PEO, kind]:.2f} ({kind})" for kind in levers if chart)
        + "; PEGDA-PECA in place of PEO-LiTFSI divides it by "
        + " and ".join(f"{value:.2f} ({kind})" for kind, value in levers.items())
        + " if both share one prefactor, which is assumed: by their energies the two mixtures, both with LiTFSI, are "
        "alike" + (f". {_of_the_loading(chart)}" if chart else ""),
        fitted="nothing; driven by the reaction energy, enthalpies",
        predicted=f"which lever changes the dose by more than a factor of {PAYS:g}, by rate (12.7 / 28.6 mg/cm2): "
        + "; ".join(listed),
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
