from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from asyncsoc.contact import shapes
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.materials.ncm811 import VALENCE
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.data import StepSummary
from asyncsoc.simulation.results.provenance import collect
from asyncsoc.simulation.results.solution import Solution

RADIUS = 5e-6
SHA = "0123456789abcdef" * 4


def octahedron() -> tuple[ParticleMesh, ContactMap]:
    """Eight tetrahedra around the centre, the upper half of the surface in contact."""
    corners = [(1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]
    points = RADIUS * np.array([(0, 0, 0), *corners], dtype=float)
    ring = [1, 2, 3, 4, 1]
    upper = [(a, b, 5) for a, b in pairwise(ring)]
    lower = [(b, a, 6) for a, b in pairwise(ring)]
    facets = np.array(upper + lower)
    cells = np.column_stack((np.zeros(8, dtype=int), facets))
    mesh = ParticleMesh(points, cells, facets, "cartesian", "octahedron")
    share = np.sqrt(3.0) / 2.0 * RADIUS**2 / 3.0
    weights, surface = np.zeros(7), np.zeros(7)
    np.add.at(surface, facets.ravel(), share)
    np.add.at(weights, facets[:4].ravel(), share)
    return mesh, ContactMap("cap", weights, surface, np.repeat([1.0, 0.0], 4), 0.5, 0.5, {"polar angle [rad]": 1.57})


def particle(kind: str) -> tuple[ParticleMesh, ContactMap]:
    if kind == "cartesian":
        return octahedron()
    name = "sphere-radial-default" if kind == "radial" else "sphere-axisymmetric-coarse"
    mesh = load_builtin(name).scaled(RADIUS)
    return mesh, shapes.full(mesh) if kind == "radial" else shapes.cap(mesh, 0.3)


def invented_curves(count: int) -> dict[str, np.ndarray]:
    columns = {name: np.linspace(0.1, 0.9, count) * (k + 1) for k, name in enumerate(names.curves_of(VALENCE))}
    columns[names.STEP] = np.ones(count)
    columns[names.CYCLE] = np.ones(count)
    columns[names.TIME] = np.linspace(0.0, 3600.0, count)
    columns[names.BALANCE] = np.full(count, 1e-13)
    return columns


@pytest.fixture
def make_solution() -> Callable[..., Solution]:
    """Return a maker of solutions with invented numbers on real meshes."""

    def make(kind: str = "axisymmetric", **changes: object) -> Solution:
        mesh, contact = particle(kind)
        times = np.array([0.0, 600.0, 3600.0])
        x = np.linspace(0.3, 0.9, mesh.n_nodes)[None, :] - np.array([0.0, 0.05, 0.1])[:, None]
        started = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        entries = {
            "name": "cal particle",
            "columns": invented_curves(12),
            "field_times": times,
            "field_x": x,
            "mesh": mesh,
            "contact": contact,
            "stoichiometry_at_4p2": 0.271,
            "case": {"particle": {"radius": RADIUS}, "protocol": {"steps": ["Charge at C/10 until 4.2 V"]}},
            "case_toml": '[particle]\nradius = "5 µm"\n',
            "case_sha256": SHA,
            "steps": (StepSummary(1, 1, "Charge at C/10 until 4.2 V", "voltage 4.2 V reached", 3600.0, 1e-9),),
            "status": "done",
            "stop_reason": "voltage 4.2 V reached",
            "warnings": ("the contact excess leaves the window",),
            "provenance": collect(
                mesh_sha256=mesh.sha256, case_sha256=SHA, started=started, stop_reason="done", threads=1
            ),
            "wall_times": {"set-up": 0.5, "solve": 0.25},
            "valence": VALENCE,
        }
        return Solution(**{**entries, **changes})

    return make
