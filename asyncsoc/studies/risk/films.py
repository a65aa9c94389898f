"""The effect of the film: a run with the side reaction coupled beside the same run without it, as data of a figure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.case.case import Case
from asyncsoc.plotting.risk import FilmLine
from asyncsoc.problem.build import prepare
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.side_reaction_fields import FILM
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate

Array = NDArray[np.float64]

_BINS = 48
_CM2_PER_M2 = 1e4
_SECONDS_PER_HOUR = 3600.0


def film_line(case: Case, label: str) -> tuple[FilmLine, Solution, Solution]:
    """Return the effect of the film on a case, and the runs with the side reaction and without.

    Parameters
    ----------
    case
        Its `side_reaction.mode` does not matter; the mode is set to coupled, then to off.
    label
        Name of the particle, or of the electrode: the profile is then that of the particle with the thickest film.

    Raises
    ------
    InputError
        The case cannot be built.
    SimulationError
        A run could not be carried out.
    """
    coupled = simulate(case.with_overrides(["side_reaction.mode=coupled"]))
    off = simulate(case.with_overrides(["side_reaction.mode=off"]))
    place, thickness = film_profile(_with_thickest_film(coupled) if case.electrode.described else coupled)
    line = FilmLine(
        label=label,
        place=place,
        thickness=thickness,
        capacity=coupled.columns[names.CAPACITY],
        voltage=coupled.columns[names.VOLTAGE],
        resistance=electrode_resistance(case, coupled.columns[names.INTERFACE_RESISTANCE]) * _CM2_PER_M2,
        film_mean=coupled.columns[names.FILM_MEAN],
        film_max=coupled.columns[names.FILM_MAX],
        capacity_without=off.columns[names.CAPACITY],
        voltage_without=off.columns[names.VOLTAGE],
    )
    return line, coupled, off


def _with_thickest_film(solution: Solution) -> Solution:
    """Return the particle of an electrode whose film is the thickest at the end."""
    films = solution.particles[names.FILM_MAX].values[:, -1]
    return solution.particle(int(np.argmax(films)))


def electrode_resistance(case: Case, resistance: Array) -> Array:
    """Return a particle's resistance [ohm] as that of an electrode full of such particles [ohm m2].

    An electrode of areal capacity Q_A [C/m2] holds Q_A/Q_p particles per m2 side by side: R Q_p / Q_A. Of the case of
    an electrode the resistance is that of its area.
    """
    if case.electrode.described:
        return np.asarray(resistance * case.electrode.area)
    setup = prepare(case)
    areal = setup.electrolyte.areal_capacity * _SECONDS_PER_HOUR
    return np.asarray(resistance * setup.full_charge / areal)


def film_profile(solution: Solution) -> tuple[Array, Array]:
    """Return the film at the end along the surface: distance from the contact's middle [R], area-mean thickness [m].

    The middle is the pole of an axisymmetric contact, else the direction of the contact's area-weighted mean; a
    radial particle has one value all around.
    """
    mesh, weights = solution.mesh, solution.contact.weights
    nodes = np.flatnonzero(weights > 0.0)
    thickness, points = solution.more_fields[FILM][-1, nodes], mesh.points[nodes]
    if mesh.coordinates == "radial":
        return np.array([0.0, np.pi]), np.repeat(thickness, 2)
    if mesh.coordinates == "axisymmetric":
        angle = np.arctan2(points[:, 0], points[:, 1])
        order = np.argsort(angle)
        return angle[order], thickness[order]
    return _binned(points, weights[nodes], thickness)


def _binned(points: Array, areas: Array, thickness: Array) -> tuple[Array, Array]:
    outward = points / np.linalg.norm(points, axis=1, keepdims=True)
    middle = areas @ outward
    length = float(np.linalg.norm(middle))
    middle = middle / length if length > 0.0 else np.array([0.0, 0.0, 1.0])
    angle = np.arccos(np.clip(outward @ middle, -1.0, 1.0))
    edges = np.linspace(0.0, float(angle.max()) * (1.0 + 1e-12), _BINS + 1)
    area, _ = np.histogram(angle, edges, weights=areas)
    total, _ = np.histogram(angle, edges, weights=areas * thickness)
    full = area > 0.0
    return (0.5 * (edges[:-1] + edges[1:]))[full], total[full] / area[full]
