"""`asyncsoc estimate`: of a case file, or of options alone."""

from __future__ import annotations

from collections.abc import Sequence
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asyncsoc.base.errors import InputError
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.cli.options import Json, OptionalCasePath, Overrides

if TYPE_CHECKING:
    from asyncsoc.case.case import Case
    from asyncsoc.studies.verification.estimate import Estimate

ORDER = 20
_SHOWN = {
    "kind": "contact",
    "coverage": "coverage",
    "radius": "radius [m]",
    "current": "current [A]",
    "flux": "flux J [mol/(m2 s)]",
    "diffusivity": "diffusivity [m2/s]",
    "group": "J R / (D c_max)",
    "contact_excess": "contact-mean excess in stoichiometry",
    "center_excess": "excess at the center of the contact in stoichiometry",
    "spread": "spread of stoichiometry, center to farthest point",
    "soc_lead": "lead of the contact's SOC over the cell's",
    "largest_lead": "largest lead along the step, D(x) followed",
    "soc_at_largest_lead": "... at a mean SOC of",
    "window": "window of stoichiometry",
    "diffusion_time": "diffusion time R2/D [s]",
    "relaxation_time": "relaxation time R2/(4.333 D) [s]",
    "capacity_at_limit": "share of the window passed at the limit",
    "flux_limited": "flux-limited",
}

_PRINTED = {
    "contact_excess": "asynchrony in stoichiometry",
    "center_excess": "center of the contact minus mean, stoichiometry",
    "spread": "center of the contact minus farthest point, stoichiometry",
    "soc_lead": "asynchrony",
    "largest_lead": "largest asynchrony along the step, with D(x)",
    "capacity_at_limit": "share of the window passed at the end",
}
"""What the table calls a quantity whose name in JSON is an older one."""

_BAND = ("with typical D", "with highest D", "with lowest D")


def estimate(
    case: OptionalCasePath = None,
    overrides: Overrides = None,
    json: Json = False,
    radius: Annotated[str | None, typer.Option(metavar="LENGTH", help="Radius of the particle, e.g. '7.5 um'.")] = None,
    coverage: Annotated[
        str | None, typer.Option(metavar="FRACTION", help="Covered fraction of the surface, one round patch, e.g. 0.3.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="RATE", help="Rate or current of the charge, e.g. C/10 or '2 nA'.")
    ] = None,
    diffusivity: Annotated[
        str | None, typer.Option(metavar="D", help="Constant diffusivity, e.g. '4e-15 m2/s'.")
    ] = None,
    temperature: Annotated[str | None, typer.Option(metavar="T", help="Temperature, e.g. '60 degC'.")] = None,
) -> None:
    """Estimate the asynchrony from closed forms, without simulating.

    Without a case file the estimate is that of the default particle, changed by the options.
    """
    from asyncsoc.protocol.types import RATES
    from asyncsoc.studies.verification.estimate_case import estimate as estimate_case

    given = {
        "particle.radius": radius,
        "contact.coverage": coverage,
        "material.diffusivity": diffusivity,
        "protocol.temperature": temperature,
    }
    changes = [f"{key}={value}" for key, value in given.items() if value is not None]
    if rate is not None:
        changes.append(f"protocol.steps=[{dumps(f'Charge at {rate} until 4.2 V')}]")
    description = _case(case, [*changes, *(overrides or [])])
    estimated = next((step for step in description.protocol.plan.steps if step.control in (*RATES, "profile")), None)
    if temperature is not None and estimated is not None and estimated.temperature is not None:
        raise InputError(
            "--temperature does not reach a step that has a temperature of its own",
            where="--temperature",
            value=estimated.text,
            next_step="leave the option out, or the temperature of the step",
        )
    if description.electrode.described:
        _print_electrode(description, json)
        return
    result = estimate_case(description)
    if json:
        print_document({**_document(result), "verdict": result.verdict, "notes": result.notes})
        return
    rows = [(_PRINTED.get(attribute, name), *_cells(getattr(result, attribute))) for attribute, name in _SHOWN.items()]
    print_table(("quantity", *_BAND), rows)
    print_line(result.verdict)
    for remark in result.notes:
        note(f"note: {remark}")


def _print_electrode(case: Case, json: bool) -> None:
    """Print the estimate of an electrode: a row for each of its particles, from the least covered one."""
    from asyncsoc.studies.verification.estimate_electrode import estimate_electrode

    result = estimate_electrode(case)
    pairs = list(zip(result.particles, result.shares, strict=True))
    if json:
        particles = [{"share of active material": share, **_document(one), "notes": one.notes} for one, share in pairs]
        found = {"particles": particles, "share without current": result.without_current, "verdict": result.verdict}
        print_document(found)
        return
    heads = ("coverage", "radius [m]", "share of active material", "asynchrony", "largest, with D(x)", "flux-limited")
    cells = [
        (one.coverage, one.radius, share, one.soc_lead.typical, one.largest_lead, one.flux_limited)
        for one, share in pairs
    ]
    print_table(heads, cells)
    print_line(result.verdict)
    for remark in dict.fromkeys(
        remark for one in result.particles for remark in one.notes if "each column" not in remark
    ):
        note(f"note: {remark}")


def _case(path: Path | None, overrides: Sequence[str]) -> Case:
    from asyncsoc.case.case import Case

    if path is not None:
        return Case.from_toml(path, overrides)
    default = {
        "name": "estimate",
        "contact": {"kind": "cap", "coverage": 0.3},
        "protocol": {"steps": ["Charge at C/10 until 4.2 V"]},
    }
    return Case.from_dict(default, overrides)


def _document(result: Estimate) -> dict[str, Any]:
    from asyncsoc.studies.verification.estimate import Band

    values = {name: getattr(result, attribute) for attribute, name in _SHOWN.items()}
    return {
        name: dict(zip(_BAND, _cells(value), strict=True)) if isinstance(value, Band) else value
        for name, value in values.items()
    }


def _cells(value: object) -> tuple[object, ...]:
    from asyncsoc.studies.verification.estimate import Band

    return (value.typical, value.least, value.most) if isinstance(value, Band) else (value, "", "")
