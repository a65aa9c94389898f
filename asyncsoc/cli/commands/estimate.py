"""`asyncsoc estimate`: of a case file, or of options alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import Any

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.cli.console import note, print_document, print_line, print_table
from asyncsoc.studies.verification.estimate import Band, Estimate
from asyncsoc.studies.verification.estimate_case import estimate

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

_BAND = ("with typical D", "with highest D", "with lowest D")


@dataclass(frozen=True)
class Wanted:
    """What the options of the command line ask for; None takes the case's or the default."""

    radius: str | None
    coverage: str | None
    rate: str | None
    diffusivity: str | None
    temperature: str | None

    def overrides(self) -> list[str]:
        """Return the options as overrides of a case."""
        given = {
            "particle.radius": self.radius,
            "contact.coverage": self.coverage,
            "material.diffusivity": self.diffusivity,
            "protocol.temperature": self.temperature,
        }
        changes = [f"{key}={value}" for key, value in given.items() if value is not None]
        if self.rate is not None:
            changes.append(f"protocol.steps=[{dumps(f'Charge at {self.rate} until 4.2 V')}]")
        return changes


def show_estimate(path: Path | None, overrides: Sequence[str], wanted: Wanted, *, json: bool) -> None:
    """Estimate a case, or the default particle with what the options say, and show it.

    Raises
    ------
    InputError
        The case or an option is wrong, or the estimate does not know the particle.
    """
    case = _case(path, [*wanted.overrides(), *overrides])
    estimated = next((step for step in case.protocol.plan.steps if step.control in ("current", "c-rate")), None)
    if wanted.temperature is not None and estimated is not None and estimated.temperature is not None:
        raise InputError(
            "--temperature does not reach a step that has a temperature of its own",
            where="--temperature",
            value=estimated.text,
            next_step="leave the option out, or the temperature of the step",
        )
    result = estimate(case)
    if json:
        print_document({**_document(result), "verdict": result.verdict, "notes": result.notes})
        return
    rows = [(name, *_cells(getattr(result, attribute))) for attribute, name in _SHOWN.items()]
    print_table(("quantity", *_BAND), rows)
    print_line(result.verdict)
    for remark in result.notes:
        note(f"note: {remark}")


def _case(path: Path | None, overrides: Sequence[str]) -> Case:
    if path is not None:
        return Case.from_toml(path, overrides)
    default = {
        "name": "estimate",
        "contact": {"kind": "cap", "coverage": 0.3},
        "protocol": {"steps": ["Charge at C/10 until 4.2 V"]},
    }
    return Case.from_dict(default, overrides)


def _document(result: Estimate) -> dict[str, Any]:
    values = {name: getattr(result, attribute) for attribute, name in _SHOWN.items()}
    return {
        name: dict(zip(_BAND, _cells(value), strict=True)) if isinstance(value, Band) else value
        for name, value in values.items()
    }


def _cells(value: object) -> tuple[object, ...]:
    return (value.typical, value.least, value.most) if isinstance(value, Band) else (value, "", "")
