"""`asyncsoc risk`: how strongly partial contact endangers the electrolyte, and which conclusions survive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.progress import tell_compiling

if TYPE_CHECKING:
    from asyncsoc.risk.conclusions import Conclusion
    from asyncsoc.risk.study import Reading, RiskStudy

_VOLTAGE = 4.0


@dataclass(frozen=True)
class Wanted:
    """What is asked for: overrides of a second particle, reactants, mean stoichiometry, folder of the picture."""

    against: Sequence[str]
    reactants: Sequence[str]
    mean_x: float
    output: Path | None


def show_risk(path: Path, overrides: Sequence[str], wanted: Wanted, *, json: bool) -> None:
    """Study one particle or two, show their risk and what can be concluded.

    Raises
    ------
    AsyncsocError
        Whatever is wrong with the case or keeps a run from finishing.
    """
    from asyncsoc.case.case import Case
    from asyncsoc.risk.conclusions import compare_electrolytes, compare_particles
    from asyncsoc.simulation.risk_study import study_risk

    case = Case.from_toml(path, overrides)
    cases = [case] + ([case.with_overrides(wanted.against)] if wanted.against else [])
    reactants = tuple(wanted.reactants) or None
    tell_compiling()
    studies = [study_risk(one, reactants=reactants, told=None if json else note) for one in cases]
    conclusions: tuple[Conclusion, ...] = ()
    if len(studies) > 1:
        conclusions = compare_particles(studies[0], studies[1], wanted.mean_x, _VOLTAGE)
    for other in wanted.reactants[1:]:
        conclusions += compare_electrolytes(studies[0], wanted.mean_x, wanted.reactants[0], other)
    pictures = [] if wanted.output is None else [_draw(studies, wanted, wanted.output)]
    if json:
        particles = [_document(study, wanted.mean_x) for study in studies]
        told = [{**asdict(conclusion), "word": conclusion.word} for conclusion in conclusions]
        files = [str(picture) for picture in pictures]
        print_document(
            {"mean stoichiometry": wanted.mean_x, "particles": particles, "conclusions": told, "files": files}
        )
        return
    for study in studies:
        _show(study, wanted.mean_x)
    if conclusions:
        _show_conclusions(conclusions)
    print_line(
        "Every constant of the side reaction is assumed unless a case says it was fitted: asyncsoc params side-reaction"
    )
    for picture in pictures:
        print_line(str(picture))


def _draw(studies: Sequence[RiskStudy], wanted: Wanted, directory: Path) -> Path:
    from asyncsoc.drawing.reaction import save_reaction_figure
    from asyncsoc.risk.pictures import risk_picture

    figure = risk_picture(studies, mean_x=wanted.mean_x, reactant=studies[0].readings[0].reactant)
    return save_reaction_figure(figure, directory / "risk.png")


def _entry(study: RiskStudy, reading: Reading, mean_x: float) -> dict[str, Any]:
    from asyncsoc.observables import names
    from asyncsoc.risk.study import FACTORS

    curve = study.default[reading]
    risk, low, high = study.range_at(reading, mean_x)
    return {
        "reactant": reading.reactant,
        "energy": reading.energy,
        "driving force": reading.driving_force,
        "largest risk": risk,
        "over i0": [low, high],
        "area mean risk": curve.at(mean_x, names.RISK_MEAN),
        "factors": {name: curve.at(mean_x, column) for name, column in FACTORS.items()},
        "share of contact above threshold": curve.share_at(mean_x),
        "dose against full coverage": curve.dose,
    }


def _document(study: RiskStudy, mean_x: float) -> dict[str, Any]:
    return {
        "label": study.label,
        "coverage": study.coverage,
        "exchange current densities [A/m2]": list(study.exchange_current_densities),
        "risk": [_entry(study, reading, mean_x) for reading in study.readings],
    }


def _show(study: RiskStudy, mean_x: float) -> None:
    columns = (
        "reactant", "energy", "driven by", "largest risk", "over i0", "kinetic x concentration x reaction", "mean risk",
        "share above threshold", "dose / full",
    )  # fmt: skip
    rows = []
    for reading in study.readings:
        entry = _entry(study, reading, mean_x)
        low, high = entry["over i0"]
        product = " x ".join(f"{factor:.3g}" for factor in entry["factors"].values())
        rows.append(
            (
                reading.reactant,
                reading.energy,
                reading.driving_force,
                f"{entry['largest risk']:.3g}",
                f"{low:.3g} to {high:.3g}",
                product,
                f"{entry['area mean risk']:.3g}",
                f"{entry['share of contact above threshold']:.2f}",
                f"{entry['dose against full coverage']:.3g}",
            )
        )
    print_table(columns, rows, title=f"{study.label}: risk against full coverage at mean x = {mean_x:g}")


def _show_conclusions(conclusions: Sequence[Conclusion]) -> None:
    rows = [
        (
            conclusion.statement,
            conclusion.driving_force,
            conclusion.reactant,
            *(f"{found.default:.3g} ({found.low:.3g} to {found.high:.3g})" for found in conclusion.findings),
            conclusion.word,
        )
        for conclusion in conclusions
    ]
    print_table(("conclusion", "driven by", "reactant", "ratio, total", "ratio, mutual", "survives?"), rows)
