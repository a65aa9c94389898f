"""Refinement along a contact's edge: conforming, sound, of the same volume, fine where it was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.contact.build import build_contact
from asyncsoc.contact.edge import edge_nodes
from asyncsoc.discretization.assembly import assemble
from asyncsoc.discretization.refinement import refined_sphere
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.measure import cell_volumes, facet_areas
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.soundness import check_particle


def refined(name: str, kind: str, coverage: float, levels: int, **options: object) -> ParticleMesh:
    def choose(mesh: ParticleMesh) -> np.ndarray:
        return edge_nodes(build_contact(mesh, kind, coverage, **options), mesh, 1)

    return refined_sphere(load_builtin(name), choose, levels)


@pytest.mark.parametrize(("kind", "edges"), [("cap", 1), ("belt", 2)])
def test_an_axisymmetric_mesh_gets_small_cells_at_the_edge_and_nowhere_else(kind: str, edges: int) -> None:
    before, after = load_builtin("sphere-axisymmetric-default"), refined("sphere-axisymmetric-default", kind, 0.3, 4)
    assert 0 < after.n_nodes - before.n_nodes < 200 * edges
    np.testing.assert_allclose(after.points[: before.n_nodes], before.points, atol=1e-6)
    assert cell_volumes(after).min() > 0.0
    assert cell_volumes(after).sum() == pytest.approx(4.0 * np.pi / 3.0, rel=1e-12)
    contact = build_contact(after, kind, 0.3)
    assert contact.coverage_realised == pytest.approx(0.3, abs=1e-9)
    cut = (contact.facet_fraction > 0.0) & (contact.facet_fraction < 1.0)
    ends = after.points[after.facets[cut]]
    assert np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).max() < 0.0075 / 2**4 * 1.1
    radii = np.linalg.norm(after.points[np.unique(after.facets)], axis=1)
    assert np.ptp(radii) < 1e-12
    rows = np.asarray(assemble(after).stiffness)
    assert np.isfinite(rows).all()


def test_a_solid_mesh_stays_sound() -> None:
    after = refined("sphere-3d-coarse", "random", 0.2, 1, n=3, seed=4)
    check_particle(after.scaled(5e-6))
    assert cell_volumes(after).sum() == pytest.approx(4.0 * np.pi / 3.0, rel=1e-12)
    assert after.n_nodes > load_builtin("sphere-3d-coarse").n_nodes
    # A closed surface: its facets' areas sum to those of a sphere within the facets' size.
    assert facet_areas(after).sum() == pytest.approx(4.0 * np.pi, rel=0.02)


def test_without_an_edge_nothing_changes() -> None:
    mesh = load_builtin("sphere-axisymmetric-default")
    full = build_contact(mesh, "full")
    assert len(edge_nodes(full, mesh)) == 0
    assert (
        refined_sphere(mesh, lambda finer: edge_nodes(build_contact(finer, "full"), finer), 3).n_nodes == mesh.n_nodes
    )
