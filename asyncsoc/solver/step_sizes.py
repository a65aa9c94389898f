"""Tolerances and first time steps of the groups of a problem."""

from __future__ import annotations

import math

import numpy as np

from asyncsoc.base.units import FARADAY
from asyncsoc.problem.arrays import ProblemArrays
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.first_steps import first_step, step_tolerance


class StepSizes:
    """Tolerance and first time step of a group's protocol steps, by the scales of its particles.

    Parameters
    ----------
    arrays
        The problem in the kernels' arrays.
    """

    def __init__(self, arrays: ProblemArrays) -> None:
        self._groups, self._members = arrays.groups, arrays.problem.groups
        volumes = [3.0 * float(system.kernel.mass.sum()) / (4.0 * math.pi) for system in arrays.problem.meshes]
        radius = np.zeros(len(arrays.particles))
        for body, volume in zip(arrays.bodies, volumes, strict=True):
            of_mesh = float(np.cbrt(volume))
            radius[body.number] = [of_mesh * arrays.particles[j].scale for j in body.number.tolist()]
        if arrays.ranks is not None:
            radius = arrays.ranks.shared(radius)
        # Of the sphere of the volume of each group's smallest particle.
        self._radius = [float(min(radius[j] for j in arrays.members(g))) for g in range(len(self._members))]

    def tolerance(self, group: int, constraint: StepConstraint, diffusivity: float) -> float:
        """Return the tolerance of a protocol step that has been loaded; the diffusivity is that under the contact."""
        flux = 0.0
        if constraint.galvanostatic:
            area = float(self._groups.step[group]["contact_area"])
            flux = constraint.largest_current / (self._density(group) * area)
        return step_tolerance(self._members[group].tolerance, flux, self._radius[group], diffusivity)

    def first(self, group: int, jump: float, diffusivity: float) -> float:
        """Return the first step [s] of the present protocol step, the current density having jumped [A/m2]."""
        member, longest = self._members[group], float(self._groups.step[group]["duration"])
        return first_step(
            member.tolerance,
            jump,
            self._density(group),
            self._radius[group],
            diffusivity,
            longest=longest,
            imposed=member.particles[0].kinetics.imposes_flux,
        )

    def _density(self, group: int) -> float:
        """Return F c_max [C/m3], the least of a group's particles."""
        return min(FARADAY * particle.maximum_concentration for particle in self._members[group].particles)
