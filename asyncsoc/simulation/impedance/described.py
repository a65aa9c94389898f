"""What a case or a run is an impedance of: its particles with their operators, at one potential or in layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.case.impedance import Impedance
from asyncsoc.interface.rate_laws import rate_law_names
from asyncsoc.problem.build import PreparedCase
from asyncsoc.problem.electrode_cases import electrode_cases
from asyncsoc.problem.electrode_layers import LAYERS, ElectrodeLayers, electrode_layers
from asyncsoc.problem.particles import Group, Problem
from asyncsoc.problem.system import OrderedSystem
from asyncsoc.simulation.group_setup import prepared_particles, problem_of_group, with_homes
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.results.group_state import GROUP, IDLE_VOLUME, contact_resistances

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DescribedGroup:
    """The particles of an impedance.

    Attributes
    ----------
    problem
        Meshes and the group.
    setups
        Of each particle, as prepared for the integrator.
    settings
        What the case says about its impedance.
    layers
        Of an electrode in layers.
    series_area
        Area of the electrode that a lithium electrode in series has [m2].
    """

    problem: Problem
    setups: tuple[PreparedCase, ...]
    settings: Impedance
    layers: ElectrodeLayers | None
    series_area: float

    @property
    def group(self) -> Group:
        """The particles with their multiplicities, resistances and constraints."""
        return self.problem.groups[0]

    def system(self, j: int) -> OrderedSystem:
        """Return the operators of the mesh of particle j."""
        return self.problem.meshes[self.group.meshes[j] if self.group.meshes else 0]


def described_by_case(case: Case) -> DescribedGroup:
    """Return the particles that a case describes.

    Raises
    ------
    InputError
        The case cannot be built.
    """
    if not case.electrode.described:
        return _described((case,), np.ones(1), np.zeros(1), 0.0, None, case.impedance)
    drawn = electrode_cases(case)
    return _described(
        drawn.cases, drawn.multiplicities, drawn.at_start, drawn.idle_volume, drawn.layers, case.impedance
    )


def described_by_run(run: RunData, settings: Impedance | None = None) -> DescribedGroup:
    """Return the particles of a run: of a single one, of a group, or of an electrode.

    Parameters
    ----------
    run
        The run.
    settings
        In place of what its case says about its impedance.

    Raises
    ------
    InputError
        Its case cannot be built again, for example because a mesh file has changed.
    """
    runs = run.particle_runs or (run,)
    cases = tuple(Case.from_text(one.case_toml, source=f"the case in the run {one.name!r}") for one in runs)
    report = run.reports.get(GROUP, {})
    whole = None if "particles" in run.case else Case.from_text(run.case_toml)
    layers = None
    if whole is not None and LAYERS in run.reports:
        nodes = tuple(int(layer) - 1 for layer in run.reports[LAYERS]["layer of each particle"])
        layers = electrode_layers(whole, lambda _: nodes)
    return _described(
        cases,
        np.array(run.multiplicities or (1.0,)),
        contact_resistances(run),
        float(report.get(IDLE_VOLUME) or 0.0),
        layers,
        settings or (cases[0] if whole is None else whole).impedance,
    )


def refuse_boundaries(case: Case) -> None:
    """Refuse a case with grain boundaries.

    Raises
    ------
    InputError
        Lithium passes the boundaries of its grains at a finite rate.
    """
    if case.particle.grains is not None and case.particle.grains.boundary_exchange:
        raise InputError(
            "the impedance of a particle with grain boundaries is not known: its matrix is not symmetric",
            where="particle.grains.boundary_exchange",
            value=case.particle.grains.boundary_exchange,
            allowed="0 (blocking), or left out",
            next_step="asyncsoc.problem.linearize.linearize gives the linearized problem, boundaries included",
        )


def _described(
    cases: Sequence[Case],
    many: Array,
    resistances: Array,
    idle_volume: float,
    layers: ElectrodeLayers | None,
    settings: Impedance,
) -> DescribedGroup:
    if any(case.kinetics.imposes_flux for case in cases):
        raise InputError(
            "an impedance under uniform flux is not known: the potential does not enter the current",
            where="kinetics.model",
            value=cases[0].kinetics.model,
            allowed=f"rate laws: {', '.join(rate_law_names())}",
        )
    for case in cases:
        refuse_boundaries(case)
    setups = prepared_particles(cases, many, idle_volume)
    scaled, homes = with_homes(setups)
    problem = problem_of_group(scaled, homes, many, resistances, layers, None)
    areal = setups[0].electrolyte.areal_capacity * 3600.0
    area = setups[0].full_charge / areal if areal > 0.0 else math.nan
    return DescribedGroup(problem, tuple(scaled), settings, layers, area)
