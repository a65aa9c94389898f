from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.spatial import Delaunay

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.measure import cell_measures, cell_volumes, facet_areas
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.quality import check, quality
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh


@pytest.fixture(scope="module")
def half_disc() -> ParticleMesh:
    return axisymmetric_mesh()


def axisymmetric_stiffness(mesh: ParticleMesh) -> coo_matrix:
    """Stiffness by the cotangent formula with the weight 2 pi (mean r): independent of the assembler."""
    p, cells = mesh.points, mesh.cells
    rows, columns, values = [], [], []
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        u, v = p[cells[:, j]] - p[cells[:, i]], p[cells[:, k]] - p[cells[:, i]]
        cotangent = (u * v).sum(axis=1) / (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
        half = np.pi * p[cells][:, :, 0].mean(axis=1) * cotangent
        rows += [cells[:, j], cells[:, k]]
        columns += [cells[:, k], cells[:, j]]
        values += [-half, -half]
    n = mesh.n_nodes
    return coo_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (n, n)).tocsr()


def test_radial_mesh_spans_the_radius_with_a_constant_ratio():
    mesh = radial_mesh(90, 5e-4)
    widths = np.diff(mesh.points[:, 0])
    assert mesh.points[0, 0] == 0.0
    assert mesh.points[-1, 0] == 1.0
    assert widths[-1] == pytest.approx(5e-4, rel=1e-9)
    ratios = widths[:-1] / widths[1:]
    assert np.allclose(ratios, ratios[0], rtol=1e-6)
    assert quality(mesh).volume == pytest.approx(4 * np.pi / 3, rel=1e-14)
    check(mesh)


def test_radial_mesh_with_equal_cells():
    assert np.allclose(np.diff(radial_mesh(10, 0.1).points[:, 0]), 0.1)


@pytest.mark.parametrize(
    ("cells", "first"), [(3, 0.1), (90, 0.0), (90, -1e-3), (90, 0.02), (4, 1e-3), (90, float("nan"))]
)
def test_radial_mesh_refuses_impossible_gradings(cells: int, first: float):
    with pytest.raises(InputError):
        radial_mesh(cells, first)


def test_axisymmetric_default_is_a_good_mesh(half_disc: ParticleMesh):
    check(half_disc)
    found = quality(half_disc)
    assert 4000 <= found.nodes <= 5000
    assert found.minimum_angle > 28.0
    assert found.maximum_angle < 96.0
    assert found.volume == pytest.approx(4 * np.pi / 3, rel=1e-14)
    assert found.surface_area == pytest.approx(4 * np.pi, rel=3e-6)
    assert found.components == found.surface_components == found.euler_characteristic == 1
    assert found.inverted == 0
    assert found.surface_spacing == pytest.approx(0.0075, rel=0.01)
    assert found.normal_spacing == pytest.approx(0.004, rel=0.01)


def test_axisymmetric_mesh_is_mirror_symmetric_bit_for_bit(half_disc: ParticleMesh):
    points = {tuple(p) for p in half_disc.points.tolist()}
    assert points == {(r, -z) for r, z in points}
    number = {tuple(p): i for i, p in enumerate(half_disc.points.tolist())}
    mirror = np.array([number[r, -z] for r, z in half_disc.points.tolist()])
    cells = {tuple(c) for c in np.sort(half_disc.cells, axis=1).tolist()}
    assert cells == {tuple(c) for c in np.sort(mirror[half_disc.cells], axis=1).tolist()}


def test_rim_is_one_circle_of_radius_one_plus_second_order():
    excess = []
    for h in (0.04, 0.02, 0.01):
        mesh = axisymmetric_mesh(h, first_cell=h)
        rim = np.hypot(*mesh.points[np.unique(mesh.facets)].T)
        assert np.ptp(rim) < 1e-15
        excess.append(rim[0] - 1.0)
    assert all(e > 0.0 for e in excess)
    orders = np.log2(np.array(excess[:-1]) / np.array(excess[1:]))
    assert np.allclose(orders, 2.0, atol=0.05)


def test_facets_are_the_arc_from_pole_to_pole_looking_outwards(half_disc: ParticleMesh):
    start, stop = half_disc.points[half_disc.facets[:, 0]], half_disc.points[half_disc.facets[:, 1]]
    normal = np.stack([stop[:, 1] - start[:, 1], start[:, 0] - stop[:, 0]], axis=1)
    assert ((normal * (start + stop)).sum(axis=1) > 0.0).all()
    on_axis = np.unique(half_disc.facets)[half_disc.points[np.unique(half_disc.facets), 0] == 0.0]
    assert len(on_axis) == 2
    assert len(half_disc.facets) == len(np.unique(half_disc.facets)) - 1


def test_triangulation_is_delaunay(half_disc: ParticleMesh):
    upper = np.flatnonzero(half_disc.points[:, 1] >= 0.0)
    reference = Delaunay(half_disc.points[upper])
    assert len(reference.simplices) == len(half_disc.cells) // 2
    opposite: dict[tuple[int, int], float] = {}
    p = half_disc.points
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        c = half_disc.cells
        u, v = p[c[:, j]] - p[c[:, i]], p[c[:, k]] - p[c[:, i]]
        angle = np.arctan2(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0], (u * v).sum(axis=1))
        for edge, a in zip(np.sort(c[:, [j, k]], axis=1).tolist(), angle.tolist(), strict=True):
            opposite[tuple(edge)] = opposite.get(tuple(edge), 0.0) + a
    # Where the weight r and the circle rule disagree the weight decides: two angles may exceed pi by a little.
    assert max(opposite.values()) < np.pi + 0.05


def test_stiffness_is_nearly_an_m_matrix(half_disc: ParticleMesh):
    couplings = axisymmetric_stiffness(half_disc)
    couplings.sum_duplicates()
    largest = np.abs(np.asarray(couplings.sum(axis=1))).max()
    positive = couplings.data > 1e-13
    assert positive.mean() < 1e-3
    assert couplings.data.max() < 5e-5 * largest


def test_mesh_is_the_same_bits_every_time():
    assert axisymmetric_mesh(0.02, first_cell=0.01).sha256 == axisymmetric_mesh(0.02, first_cell=0.01).sha256
    assert axisymmetric_mesh(0.02, first_cell=0.01).sha256 != axisymmetric_mesh(0.021, first_cell=0.01).sha256


@settings(max_examples=15, deadline=None)
@given(
    h=st.floats(0.02, 0.2),
    growth=st.floats(0.05, 0.5),
    largest=st.floats(0.02, 0.3),
    ratio=st.floats(0.2, 1.0),
    layers=st.floats(1.1, 2.0),
)
def test_any_parameters_give_a_valid_mesh(h: float, growth: float, largest: float, ratio: float, layers: float):
    mesh = axisymmetric_mesh(h, growth, largest, h * ratio, layers)
    check(mesh)
    assert quality(mesh).volume == pytest.approx(4 * np.pi / 3, rel=1e-13)
    assert (cell_measures(mesh) > 0.0).all()


@pytest.mark.parametrize(
    "wrong", [{"surface_spacing": 0.0}, {"growth": -0.1}, {"first_cell": 1.0}, {"layer_growth": 1.0}]
)
def test_axisymmetric_mesh_names_the_parameter_out_of_range(wrong: dict[str, float]):
    with pytest.raises(InputError, match=next(iter(wrong))):
        axisymmetric_mesh(**wrong)


def test_scaling_scales_volume_and_area(half_disc: ParticleMesh):
    small = half_disc.scaled(5e-6)
    assert cell_volumes(small).sum() == pytest.approx(4 * np.pi / 3 * 125e-18, rel=1e-13)
    assert facet_areas(small).sum() == pytest.approx(facet_areas(half_disc).sum() * 25e-12, rel=1e-13)
    check(small)
