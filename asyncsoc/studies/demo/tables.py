"""The table of the demo: one headline number a row, each particle's value and its range over the diffusivity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from asyncsoc.studies.demo.headlines import CELL_VOLTAGE, Headlines, shared_soc, shared_stoichiometry
from asyncsoc.studies.demo.scan import HeadlineNumber, ParticleRuns

Row = tuple[str, ...]
_Show = Callable[[float], str]


def _two(value: float) -> str:
    return f"{value:.2f}"


def _three(value: float) -> str:
    return f"{value:.3f}"


def _whole(value: float) -> str:
    return f"{value:.0f}"


def _quantities(soc: float) -> tuple[tuple[str, HeadlineNumber, _Show], ...]:
    equal, voltage = f"at mean SOC {soc:.2f}", f"at {CELL_VOLTAGE:.1f} V"
    return (
        ("largest asynchrony", lambda h: h.largest_lead, _three),
        ("... reached at a mean SOC of", lambda h: h.soc_at_largest_lead, _two),
        (f"asynchrony {equal}", lambda h: h.at_equal_soc.lead, _three),
        (f"Ni4+/Ni3+, contact, {equal}", lambda h: h.at_equal_soc.ratio_contact, _two),
        (f"Ni4+/Ni3+, far side, {equal}", lambda h: h.at_equal_soc.ratio_far, _two),
        (f"mean SOC {voltage}", lambda h: h.at_equal_voltage.mean_soc, _two),
        (f"Ni4+/Ni3+, contact, {voltage}", lambda h: h.at_equal_voltage.ratio_contact, _two),
        (f"Ni4+/Ni3+, far side, {voltage}", lambda h: h.at_equal_voltage.ratio_far, _two),
        ("charge to 4.2 V [mAh/g]", lambda h: h.capacity, _whole),
    )


def _range(found: ParticleRuns, number: HeadlineNumber, show: _Show) -> str:
    values = found.over_diffusivity(number)
    reached = np.isfinite(values)
    if not reached.any():
        return "never reached"
    low, high = show(float(np.min(values[reached]))), show(float(np.max(values[reached])))
    span = low if low == high else f"{low} to {high}"
    return span if reached.all() else f"{span} *"


def _value(found: ParticleRuns, number: HeadlineNumber, show: _Show) -> str:
    value = number(found.default)
    return show(value) if np.isfinite(value) else "never reached"


def heads(findings: Sequence[ParticleRuns]) -> Row:
    """Return the heads of the table."""
    return ("quantity", *(head for found in findings for head in (found.particle.title, "over D")))


def table(findings: Sequence[ParticleRuns]) -> tuple[Row, ...]:
    """Return the rows of the table."""
    soc = shared_soc(findings[0].solution)
    return tuple(
        (name, *(cell for found in findings for cell in (_value(found, pick, show), _range(found, pick, show))))
        for name, pick, show in _quantities(soc)
    )


def remarks(findings: Sequence[ParticleRuns]) -> tuple[str, ...]:
    """Return the notes to the table."""
    low, high = findings[0].diffusivity[[0, -1]]
    lines = [
        "asynchrony: mean SOC under the contact minus mean SOC of the particle, the SOC that a cell of identical "
        "particles shows",
        f"over D: range over constant diffusivities from {low:.0e} to {high:.0e} m2/s, the dominant uncertainty; "
        "the columns before it use D(x, T) of O'Regan 2022",
        "assumed: contact fractions f (from micrographs), one round contact, "
        "exchange current density on the polymer (0.3 A/m2)",
        f"mean SOC {shared_soc(findings[0].solution):.2f}: mean stoichiometry {shared_stoichiometry():.3f}, "
        "that of the particles mapped by An et al. 2023",
    ]
    for found in findings:
        missed = found.diffusivity[~np.isfinite(found.over_diffusivity(lambda h: h.at_equal_soc.time))]
        if len(missed):
            lines.append(
                f"* where reached: up to D = {missed[-1]:.1e} m2/s {found.particle.label} reaches 4.2 V before"
            )
    return tuple(lines)


def document(findings: Sequence[ParticleRuns]) -> dict[str, Any]:
    """Return all numbers of the demo as plain data, names with their units."""
    return {found.particle.label: _described(found) for found in findings}


def _described(found: ParticleRuns) -> dict[str, Any]:
    solution = found.solution
    return {
        "coverage": solution.contact.coverage_realised,
        "case sha256": solution.case_sha256,
        "summary": solution.summary(),
        "headlines": _plain(found.default),
        "over diffusivity": [
            {"diffusivity [m2/s]": float(value), **_plain(numbers)}
            for value, numbers in zip(found.diffusivity, found.scan, strict=True)
        ],
    }


def _plain(numbers: Headlines) -> dict[str, Any]:
    moments = {
        f"at mean stoichiometry {shared_stoichiometry():.3f}": numbers.at_equal_soc,
        f"at {CELL_VOLTAGE:.1f} V": numbers.at_equal_voltage,
    }
    return {
        "largest lead": numbers.largest_lead,
        "mean SOC at largest lead": numbers.soc_at_largest_lead,
        "specific capacity [mA.h/g]": numbers.capacity,
        "final voltage [V]": numbers.end_voltage,
        "lithium balance error": numbers.balance_error,
        **{
            name: {
                "time [s]": moment.time,
                "voltage [V]": moment.voltage,
                "mean SOC": moment.mean_soc,
                "contact-mean SOC": moment.contact_soc,
                "Ni4+/Ni3+ at contact": moment.ratio_contact,
                "Ni4+/Ni3+ at far side": moment.ratio_far,
            }
            for name, moment in moments.items()
        },
    }
