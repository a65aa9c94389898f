"""Layouts of a contact: one coverage as one patch, several even or random patches, charged under one protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.case.contact import Contact
from asyncsoc.case.particle import Particle
from asyncsoc.plotting.section import SectionPanel
from asyncsoc.plotting.surface import surface_figure
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.batch import simulate_batch
from asyncsoc.simulation.progress import Progress
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.demo.headlines import CurvePoint, point_where

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COVERAGE = 0.3
SOC = 0.4
"""Mean state of charge at which layouts are compared: all of them reach it at C/10."""


@dataclass(frozen=True)
class Layout:
    """A contact and its name."""

    label: str
    contact: Contact


def layouts(coverage: float = COVERAGE, n: int = 6, seed: int = 3) -> tuple[Layout, ...]:
    """Return one coverage as one patch, `n` even patches and `n` random ones."""
    return (
        Layout("one patch", Contact.patches(coverage, 1)),
        Layout(f"{n} even patches", Contact.patches(coverage, n)),
        Layout(f"{n} random patches", Contact.random(coverage, n, seed)),
    )


@dataclass(frozen=True, eq=False)
class LayoutResult:
    """A layout's run and its headline numbers.

    Attributes
    ----------
    label
        Name of the layout.
    solution
        Its run.
    moment
        The run where its mean SOC is `SOC`.
    largest_lead
        The largest of the run.
    capacity
        Largest specific capacity [mA h/g].
    """

    label: str
    solution: Solution
    moment: CurvePoint
    largest_lead: float
    capacity: float


def charge_layouts(
    case: Case, compared: Sequence[Layout], progress: Callable[[Progress], None] | None = None
) -> list[LayoutResult]:
    """Simulate a case with each layout of its contact, all on its 3-D mesh.

    Parameters
    ----------
    case
        Particle, material and protocol; its own contact is replaced.
    compared
        The layouts.
    progress
        Called after every accepted step.

    Raises
    ------
    InputError
        A layout does not fit the particle, or its run never reaches the SOC of comparison.
    SimulationError
        A run could not finish.
    """
    particle = Particle(**(dict(case.particle) | {"model": "3d"}))
    cases = [Case(**(dict(case) | {"particle": particle, "contact": layout.contact})) for layout in compared]
    endings = simulate_batch(cases, progress=progress)
    return [_finding(layout.label, ending.finished()) for layout, ending in zip(compared, endings, strict=True)]


def _finding(label: str, solution: Solution) -> LayoutResult:
    moment = point_where(solution, names.MEAN_SOC, SOC)
    if not np.isfinite(moment.time):
        raise InputError(
            "a layout does not reach the mean state of charge at which layouts are compared",
            where=label,
            value=float(np.max(solution.columns[names.MEAN_SOC])),
            allowed=f"a mean SOC of {SOC:g}",
            next_step="charge more slowly or a particle of larger diffusivity",
        )
    return LayoutResult(
        label,
        solution,
        moment,
        largest_lead=float(np.max(solution.columns[names.ASYNCHRONY])),
        capacity=float(np.max(solution.columns[names.CAPACITY])),
    )


def layouts_figure(findings: Sequence[LayoutResult]) -> Figure:
    """Return surface maps of all layouts at one mean SOC, contacts outlined, under one colour bar.

    They show the share of the cathode's redox element in its higher oxidation state, or SOC (`Solution.mapped`).
    """
    _, label = findings[0].solution.mapped(findings[0].moment.time)
    panels = [
        SectionPanel(
            found.label,
            found.solution.mesh,
            found.solution.contact,
            found.solution.mapped(found.moment.time)[0],
            f"asynchrony {found.moment.lead:.3f}; {found.capacity:.0f} mA h/g",
        )
        for found in findings
    ]
    coverage = findings[0].solution.contact.coverage_realised
    return surface_figure(
        panels,
        label,
        title=f"Coverage {coverage:.2g} in {len(findings)} layouts, mean SOC {SOC:g}",
        note="Line: edge of the contact. Asynchrony: SOC under the contact minus mean SOC, at this moment. "
        "Capacity: of the whole charge.",
    )
