"""`asyncsoc risk`: how strongly partial contact endangers the electrolyte, and which conclusions survive."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.options import CasePath, Json, Overrides
from asyncsoc.cli.progress import kernels_of, tell_compiling
from asyncsoc.cli.risk_particles import amounts, description, show_electrode

if TYPE_CHECKING:
    from asyncsoc.case.case import Case
    from asyncsoc.case.reactant import OwnPhase
    from asyncsoc.materials.thermochemistry.conditions import Conditions
    from asyncsoc.materials.thermochemistry.reaction import Kind
    from asyncsoc.studies.risk.conclusions import Conclusion
    from asyncsoc.studies.risk.scenarios import RiskStudy, Scenario

ORDER = 90
_VOLTAGE = 4.0


def risk(
    case: CasePath,
    overrides: Overrides = None,
    json: Json = False,
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            metavar="KEY=VALUE",
            help="Key of a second particle to compare with, e.g. contact.coverage=0.95.",
        ),
    ] = None,
    reactant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Component that reacts, as in asyncsoc react; or its TOML file. May be repeated."
        ),
    ] = None,
    at_x: Annotated[float, typer.Option("--at-x", metavar="X", help="Mean stoichiometry x of the comparison.")] = 0.5,
    energy: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", help="enthalpy or gibbs; replaces side_reaction.thermochemistry. The range covers both."
        ),
    ] = None,
    temperature: Annotated[
        str | None,
        typer.Option(metavar="T", help="Temperature of the Gibbs energies, e.g. '25 degC'; default: the protocol's."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Folder to draw the picture in.")
    ] = None,
) -> None:
    """Compare electrolyte decomposition with that at full coverage.

    The risk is the decomposition rate of the electrolyte at the contact, divided by its rate at the same particle,
    fully covered, at the same mean stoichiometry. With --against, two particles are compared, and the conclusions are
    listed that hold over the whole range of the uncertain parameters. An electrode is compared with the same electrode,
    every particle of it fully covered; which of its particles make the side charge is listed.
    """
    from asyncsoc.case.case import Case
    from asyncsoc.cli.reactants import named_or_own
    from asyncsoc.studies.risk.conclusions import compare_electrolytes, compare_particles
    from asyncsoc.studies.risk.study import study_risk

    _check_place(at_x)
    keys = {"thermochemistry": energy, "thermochemistry_temperature": temperature}
    changes = [f"side_reaction.{key}={value}" for key, value in keys.items() if value is not None]
    first = Case.from_toml(case, [*(overrides or []), *changes])
    cases = [first] + ([first.with_overrides(against)] if against else [])
    found = [named_or_own(name, where="--reactant") for name in reactant or ()]
    cases = [_with_phases(one, [phase for _, phases in found for phase in phases]) for one in cases]
    reactants = tuple(one for one, _ in found)
    tell_compiling(**kernels_of(first))
    studies = [study_risk(one, reactants=reactants or None, log=None if json else note) for one in cases]
    if len(studies) > 1 and studies[0].label == studies[1].label:
        studies[1] = replace(studies[1], label=f"{studies[1].label}, {', '.join(against or ())}")
    _check_reached(studies, at_x)
    conclusions: tuple[Conclusion, ...] = ()
    if len(studies) > 1:
        conclusions = compare_particles(studies[0], studies[1], at_x, _VOLTAGE)
    names = [one if isinstance(one, str) else one.called for one in reactants]
    for other in names[1:]:
        conclusions += compare_electrolytes(studies[0], at_x, names[0], other)
    pictures = [] if output is None else _draw(studies, at_x, output)
    if json:
        particles = [_document(study, at_x) for study in studies]
        told = [{**asdict(conclusion), "word": conclusion.word} for conclusion in conclusions]
        files = [str(picture) for picture in pictures]
        print_document(
            {
                "mean stoichiometry": at_x,
                "particles": particles,
                "conclusions": told,
                "notes": _explanations(studies, at_x),
                "files": files,
            }
        )
        return
    for study in studies:
        _show(study, at_x)
        if study.electrode is not None:
            show_electrode(study, study.electrode, at_x)
    if conclusions:
        _show_conclusions(conclusions, studies[0].conditions)
    for line in _explanations(studies, at_x):
        print_line(line)
    print_line(
        "Every constant of the side reaction is assumed unless a case says it was fitted: asyncsoc params side-reaction"
    )
    for picture in pictures:
        print_line(str(picture))


def _with_phases(case: Case, phases: Sequence[OwnPhase]) -> Case:
    """Return a case with the phases that the reactants' files add to its own."""
    if not phases:
        return case
    from asyncsoc.case.case import Case

    known = {(phase.formula, phase.state): phase for phase in (*(case.side_reaction.phases or ()), *phases)}
    keys = case.model_dump(exclude_unset=True)
    return Case.from_dict({**keys, "side_reaction": {**keys.get("side_reaction", {}), "phases": [*known.values()]}})


def _check_place(mean_x: float) -> None:
    if not 0.0 <= mean_x <= 1.0:
        raise InputError("a stoichiometry is out of range", where="--at-x", value=mean_x, allowed="0 to 1")


def _check_reached(studies: Sequence[RiskStudy], mean_x: float) -> None:
    """Raise InputError where no particle came to the mean stoichiometry asked for."""
    if not any(study.reached(mean_x) for study in studies):
        raise InputError(
            "no particle reaches this mean stoichiometry in the same step as its fully covered reference",
            where="--at-x",
            value=mean_x,
            allowed="; ".join(_span(study) for study in studies),
            next_step="choose another mean stoichiometry, or a protocol that goes further",
        )


def _span(study: RiskStudy) -> str:
    low, high = study.span
    return f"{study.label}: {low:.3g} to {high:.3g}" if low <= high else f"{study.label}: nowhere"


def _explanations(studies: Sequence[RiskStudy], mean_x: float) -> list[str]:
    """Return what a reader of the tables should know about absent values and about their band."""
    lines = [
        f"- mean x = {mean_x:g} is not reached; the mean x that can be compared: {_span(study)}"
        for study in studies
        if not study.reached(mean_x)
    ]
    if len(studies[0].conditions) > 1:
        lines.append(
            "A statement holds where it holds for enthalpies and for Gibbs energies; some entropies of the latter are "
            "estimated: asyncsoc react --energy gibbs"
        )
    lines.append(
        "Driven by 'both' counts one cause twice unless the constants were fitted together: read the other rows"
    )
    return lines


def _draw(studies: Sequence[RiskStudy], mean_x: float, directory: Path) -> list[Path]:
    from asyncsoc.plotting.reaction import save_reaction_figure
    from asyncsoc.studies.risk.pictures import risk_particles_picture, risk_picture

    reactant = studies[0].scenarios[0].reactant
    figure = risk_picture(studies, mean_x=mean_x, reactant=reactant)
    files = [save_reaction_figure(figure, directory / "risk.png")]
    electrodes = [study for study in studies if study.electrode is not None]
    if electrodes:
        who = risk_particles_picture(electrodes, reactant=reactant)
        files.append(save_reaction_figure(who, directory / "risk-particles.png"))
    return files


def _entry(study: RiskStudy, scenario: Scenario, mean_x: float) -> dict[str, Any]:
    from asyncsoc.recorders import curve_names as names

    curve, electrode = study.default[scenario], study.electrode
    risk, low, high = study.range_at(scenario, mean_x)
    return {
        "reactant": scenario.reactant,
        "energy": scenario.energy,
        "driving force": scenario.driving_force,
        "thermochemistry": scenario.conditions.energy,
        "thermochemistry temperature [K]": scenario.conditions.temperature,
        "largest risk": risk,
        "over i0": [low, high],
        "over i0 and thermochemistry": list(study.envelope_at(scenario, mean_x)),
        "area mean risk": curve.at(mean_x, names.RISK_MEAN),
        "factors": {name: curve.at(mean_x, column) for name, column in study.factors.items()},
        "share of contact above threshold": curve.share_at(mean_x),
        "dose against full coverage": curve.dose,
        **({} if electrode is None else amounts(study, electrode, scenario, mean_x)),
    }


def _document(study: RiskStudy, mean_x: float) -> dict[str, Any]:
    return {
        "label": study.label,
        "coverage": study.coverage,
        "reached": study.reached(mean_x),
        "comparable over mean stoichiometry": list(study.span),
        "exchange current densities [A/m2]": list(study.exchange_current_densities),
        "risk": [_entry(study, scenario, mean_x) for scenario in study.scenarios],
        **({} if study.electrode is None else {"electrode": description(study.electrode)}),
    }


def _show(study: RiskStudy, mean_x: float) -> None:
    spread = "" if study.electrode is None else " x spread"
    columns = (
        "reactant", "energy", "driven by", "from", "largest risk", "over i0",
        f"charge transfer x concentration x reaction{spread}", "mean risk", "share above threshold",
        "dose / dose at full coverage",
    )  # fmt: skip
    rows = []
    for scenario in study.scenarios:
        entry = _entry(study, scenario, mean_x)
        low, high = entry["over i0"]
        product = " x ".join(f"{factor:.3g}" for factor in entry["factors"].values())
        rows.append(
            (
                scenario.reactant,
                scenario.energy,
                scenario.driving_force,
                "-" if scenario.driving_force == "potential" else scenario.conditions.short,
                _told(entry["largest risk"]),
                f"{_told(low)} to {_told(high)}" if math.isfinite(low) else "-",
                product if math.isfinite(entry["largest risk"]) else "-",
                _told(entry["area mean risk"]),
                _told(entry["share of contact above threshold"], ".2f"),
                _told(entry["dose against full coverage"]),
            )
        )
    print_table(
        columns, rows, title=f"{study.label}: decomposition rate over that at full coverage, at mean x = {mean_x:g}"
    )


def _told(value: float, form: str = ".3g") -> str:
    return f"{value:{form}}" if math.isfinite(value) else "-"


def _ratio(conclusion: Conclusion, kind: Kind, conditions: Conditions) -> str:
    for found in conclusion.findings:
        if (found.energy, found.conditions) == (kind, conditions) and math.isfinite(found.low):
            return f"{_told(found.default)} ({_told(found.low)} to {_told(found.high)})"
    return "-"


def _show_conclusions(conclusions: Sequence[Conclusion], conditions: Sequence[Conditions]) -> None:
    """Show a row for each conclusion, and below it one for the other energy where there is one."""
    rows = []
    for conclusion in conclusions:
        told = [one for one in conditions if any(found.conditions == one for found in conclusion.findings)]
        for k, one in enumerate(told or conditions[:1]):
            rows.append(
                (
                    conclusion.statement if k == 0 else "",
                    conclusion.driving_force if k == 0 else "",
                    conclusion.reactant if k == 0 else "",
                    "-" if conclusion.driving_force == "potential" else one.short,
                    _ratio(conclusion, "total", one),
                    _ratio(conclusion, "mutual", one),
                    conclusion.word if k == 0 else "",
                )
            )
    heads = ("conclusion", "driven by", "reactant", "from", "ratio, total", "ratio, mutual", "holds?")
    print_table(heads, rows)
