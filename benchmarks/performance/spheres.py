"""Tetrahedral spheres of any size, of the family the shipped ones belong to."""

from __future__ import annotations

from functools import lru_cache

from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from benchmarks.peers.problem import RADIUS, Problem, problem_on

SEVEN_THOUSAND = "sphere of 7k nodes"
SMALL = "sphere of 2k nodes"
_RECIPES = {SEVEN_THOUSAND: (12, 0.033, 1.35), SMALL: (8, 0.0525, 1.68)}
_DEFAULT_FREQUENCY, _FIRST_CELL, _GROWTH = 14, 0.42, 1.35


def family(frequency: int) -> ParticleMesh:
    """Return the unit sphere of the shipped family with this frequency: all lengths go as 1/frequency."""
    growth = _GROWTH ** (_DEFAULT_FREQUENCY / frequency)
    return ball_mesh(frequency, _FIRST_CELL / frequency, growth, name=f"sphere-3d, frequency {frequency}")


@lru_cache(maxsize=8)
def sphere(name: str) -> ParticleMesh:
    """Return a sphere of radius `RADIUS` [m]: one of this module's, or a shipped mesh."""
    if name not in _RECIPES:
        return load_builtin(name).scaled(RADIUS)
    frequency, first_cell, growth = _RECIPES[name]
    return ball_mesh(frequency, first_cell, growth, name=name).scaled(RADIUS)


@lru_cache(maxsize=128)
def problem(name: str, coverage: float = 0.3) -> Problem:
    """Return the C/10 charge of that sphere, always the same object for the same arguments."""
    return problem_on(sphere(name), coverage)
