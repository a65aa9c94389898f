"""What `asyncsoc risk` says of an electrode beside its risk: its side charge, and which particles make it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from asyncsoc.cli.console import print_line, print_table

if TYPE_CHECKING:
    from asyncsoc.studies.risk.particle_shares import RiskParticles
    from asyncsoc.studies.risk.scenarios import RiskStudy, Scenario

_MOST_ROWS = 20
"""Particles that are printed; the others are added up in one row."""


def amounts(study: RiskStudy, electrode: RiskParticles, scenario: Scenario, mean_x: float) -> dict[str, Any]:
    """Return the side charge of an electrode in one scenario and what each particle has in it, for `--json`."""
    from asyncsoc.recorders import curve_names as names
    from asyncsoc.studies.risk import particle_shares as columns

    curve, table = study.default[scenario], electrode.table(scenario, mean_x)
    by_particle = {
        "side charge per contact area [C/m2]": columns.CHARGE,
        "share of side charge": columns.CHARGE_SHARE,
        "peak rate [A/m2]": columns.PEAK,
        "largest risk": names.RISK_MAX,
        "area mean risk": names.RISK_MEAN,
        "share of contact above threshold": names.RISK_SHARE,
        "dose against full coverage": names.RISK_DOSE,
    }
    return {
        "side charge per contact area [C/m2]": curve.final_charge,
        "side charge per electrode area [C/m2]": curve.final_charge * electrode.contact_per_area,
        "side charge per electrode area against full coverage": curve.dose * study.coverage,
        "peak rate [A/m2]": curve.peak_rate,
        "correlation with coverage": electrode.correlations(scenario),
        "by particle": {name: table[column].values.tolist() for name, column in by_particle.items()},
    }


def description(electrode: RiskParticles) -> dict[str, Any]:
    """Return the particles of an electrode, for `--json`."""
    rows = zip(
        electrode.names,
        electrode.layers or [None] * len(electrode),
        electrode.radius.tolist(),
        electrode.coverage.tolist(),
        electrode.multiplicities.tolist(),
        electrode.mass_shares.tolist(),
        electrode.contact_shares.tolist(),
        strict=True,
    )
    return {
        "area [m2]": electrode.electrode_area,
        "contact area per electrode area [m2/m2]": electrode.contact_per_area,
        "share of active material without contact": electrode.share_without_contact,
        "particles": [
            {
                "name": name,
                **({} if layer is None else {"layer": layer}),
                "radius [m]": radius,
                "coverage": coverage,
                "multiplicity": many,
                "share of active material": mass,
                "share of contact": contact,
            }
            for name, layer, radius, coverage, many, mass, contact in rows
        ],
    }


def show_electrode(study: RiskStudy, electrode: RiskParticles, mean_x: float) -> None:
    """Print the side charge of an electrode in all scenarios, and which particles make it."""
    heads = (
        "reactant", "energy", "driven by", "from", "per contact area [C/m2]", "per electrode area [C/m2]",
        "the latter / at full coverage", "peak rate [A/m2]", "correlation with coverage, per contact area",
        "per active material",
    )  # fmt: skip
    rows = []
    for scenario in study.scenarios:
        found = amounts(study, electrode, scenario, mean_x)
        along = found["correlation with coverage"]
        rows.append(
            (
                scenario.reactant,
                scenario.energy,
                scenario.driving_force,
                "-" if scenario.driving_force == "potential" else scenario.conditions.short,
                _told(found["side charge per contact area [C/m2]"]),
                _told(found["side charge per electrode area [C/m2]"]),
                _told(found["side charge per electrode area against full coverage"]),
                _told(found["peak rate [A/m2]"]),
                _told(along["side charge per contact area"], "+.2f"),
                _told(along["side charge per active material"], "+.2f"),
            )
        )
    print_table(heads, rows, title=f"{study.label}: charge of the side reaction at the end of the run")
    _show_particles(study, electrode)
    if electrode.share_without_contact > 0.0:
        print_line(
            f"{electrode.share_without_contact:.3g} of the active material of {study.label} has no contact: it counts "
            "in the capacity, in mean x and in the fully covered reference, and has no risk of its own"
        )


def _show_particles(study: RiskStudy, electrode: RiskParticles) -> None:
    """Print the shares of the particles in the side charge, the largest first where there are many."""
    scenarios = _one_of_each(study)
    shares = np.array([electrode.charge_shares(scenario) for scenario in scenarios])
    shown = list(range(len(electrode)))
    if len(shown) > _MOST_ROWS:
        order = np.argsort(-np.nan_to_num(shares[-1]), kind="stable")[: _MOST_ROWS - 1]
        shown = sorted(order.tolist())
    layered = bool(electrode.layers)
    heads = (
        "particle",
        *(("layer",) if layered else ()),
        "radius [um]",
        "coverage",
        "active material",
        "contact",
        *(f"side charge, {scenario.driving_force}" for scenario in scenarios),
    )
    parts = np.vstack([electrode.mass_shares, electrode.contact_shares, shares])
    rows: list[Sequence[object]] = [
        (
            electrode.names[j],
            *((electrode.layers[j],) if layered else ()),
            f"{electrode.radius[j] * 1e6:.3g}",
            f"{electrode.coverage[j]:.3g}",
            *(_told(share, ".3f") for share in parts[:, j].tolist()),
        )
        for j in shown
    ]
    if left := sorted(set(range(len(electrode))) - set(shown)):
        sums = [_told(share, ".3f") for share in parts[:, left].sum(axis=1).tolist()]
        rows.append((f"{len(left)} others", *(("",) if layered else ()), "", "", *sums))
    print_table(heads, rows, title=f"{study.label}: shares of its particles, {scenarios[0].reactant}, total energies")


def _one_of_each(study: RiskStudy) -> list[Scenario]:
    """Return the first scenario of each driving force: the case's first reactant, total energies, its own energy."""
    first: dict[str, Scenario] = {}
    for scenario in study.scenarios:
        first.setdefault(scenario.driving_force, scenario)
    return list(first.values())


def _told(value: float, form: str = ".3g") -> str:
    return f"{value:{form}}" if math.isfinite(value) else "-"
