"""Meshes doubled along grain boundaries: the same body, its surface as it was, boundaries of the right area."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.geometry.grain_boundaries import doubled
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.measure import cell_volumes
from asyncsoc.geometry.mesh import FacetLabels, ParticleMesh
from asyncsoc.geometry.particle_files import write_particle
from asyncsoc.geometry.voronoi import centroids, voronoi_grains
from asyncsoc.problem.body import body_of, contact_of


@pytest.fixture(scope="module")
def ball() -> ParticleMesh:
    return load_builtin("sphere-3d-coarse")


@pytest.mark.parametrize("number", [2, 40])
def test_the_body_and_its_surface_stay(ball: ParticleMesh, number: int) -> None:
    grain = voronoi_grains(ball, number, np.random.default_rng(4))
    split, pairs = doubled(ball, grain)
    np.testing.assert_array_equal(cell_volumes(split), cell_volumes(ball))
    np.testing.assert_array_equal(split.points[split.facets], ball.points[ball.facets])
    np.testing.assert_array_equal(split.points[pairs.nodes[:, 0]], split.points[pairs.nodes[:, 1]])
    np.testing.assert_array_equal(split.points, ball.points[pairs.origin])
    edges = np.concatenate([split.cells[:, [0, k]] for k in (1, 2, 3)])
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(split.n_nodes, split.n_nodes))
    parts, part = connected_components(graph, directed=False)
    assert parts >= len(np.unique(grain))  # each grain on its own
    assert all(len(np.unique(grain[part[split.cells[:, 0]] == one])) == 1 for one in range(parts))


def test_a_plane_through_the_middle_has_its_area(ball: ParticleMesh) -> None:
    """The boundary is made of facets, whose normals sum up to those of the plane: their z component is pi."""
    upper = (centroids(ball)[:, 2] > 0.0).astype(int)
    split, pairs = doubled(ball, upper)
    above = np.zeros(split.n_nodes, dtype=bool)
    above[split.cells[upper == 1]] = True
    assert (above[pairs.nodes].sum(axis=1) == 1).all()
    assert np.pi < pairs.areas.sum() < 1.8 * np.pi  # stairs of tetrahedra
    assert pairs.areas.min() > 0.0


def test_labels_of_a_file_stay_where_they_are(ball: ParticleMesh, tmp_path: object) -> None:
    scaled = ball.scaled(4e-6)
    weights = (scaled.points[scaled.facets].mean(axis=1)[:, 2] > 1e-6).astype(float)
    labelled = ParticleMesh(
        scaled.points, scaled.cells, scaled.facets, "cartesian", "b", labels=FacetLabels({"contact": weights})
    )
    write_particle(labelled, f"{tmp_path}/ball.vtu")
    areas = []
    for grains in (None, {"kind": "random", "number": 12, "anisotropy": 1, "boundary_exchange": 1e-9}):
        particle = {"shape": "mesh", "file": f"{tmp_path}/ball.vtu", "length_unit": "m"}
        case = aso.Case.from_dict(
            {
                "particle": particle if grains is None else {**particle, "grains": grains},
                "contact": {"kind": "labels"},
                "protocol": {"steps": ["Charge at C/5 for 1 minute"]},
            }
        )
        mesh = body_of(case)[0]
        contact = contact_of(case, mesh)
        assert len(contact.weights) == mesh.n_nodes
        assert mesh.points[contact.weights > 0.0, 2].min() > 0.0
        areas.append(contact.area)
    assert areas[1] == pytest.approx(areas[0], rel=1e-12)


def test_an_impedance_with_boundaries_is_refused() -> None:
    case = aso.Case.from_dict(
        {
            "particle": {
                "mesh": "coarse",
                "grains": {"kind": "random", "number": 9, "anisotropy": 1, "boundary_exchange": 1e-9},
            },
            "protocol": {"steps": ["Rest for 1 minute"]},
        }
    )
    with pytest.raises(InputError, match="with grain boundaries is not known"):
        aso.EISSimulation(case)
