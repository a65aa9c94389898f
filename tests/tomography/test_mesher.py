"""Particle meshes against digitised spheres with caps, whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.geometry.labels import FACET_CLASSES, class_weights
from asyncsoc.geometry.measure import cell_measures
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.quality import check
from asyncsoc.tomography import mesher
from asyncsoc.tomography.crops import crop_particle
from asyncsoc.tomography.facet_tags import hard_tags, soft_weights, voxel_faces
from asyncsoc.tomography.gate import Verdict
from asyncsoc.tomography.mesher import MeshSettings, mesh_particle
from asyncsoc.tomography.phases import ACTIVE_MATERIAL, CBD, OUTSIDE, PORE
from asyncsoc.tomography.split import particles_from_ids, split_particles
from asyncsoc.tomography.volume import CLASSES, LabelVolume

SIZE = 1e-6
AREA_BOUND = {8: 1.2, 16: 0.6, 32: 0.3}
FRACTION_BOUND = {8: 2.0, 16: 1.0, 32: 0.5}


def capped_sphere(radius: int, share: float, rng: np.random.Generator) -> ParticleMesh:
    """Mesh a digitised sphere at a random place; CBD beyond an oblique plane that cuts off a cap of that area share."""
    n = 2 * radius + 13
    away = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), axis=-1) - (
        (n - 1) / 2 + rng.uniform(-0.5, 0.5, 3)
    )
    axis = rng.normal(size=3)
    height = away @ (axis / np.linalg.norm(axis))
    phases = np.where(height > radius * (1 - 2 * share), CBD, PORE).astype(np.uint8)
    phases[np.linalg.norm(away, axis=-1) <= radius] = ACTIVE_MATERIAL
    volume = LabelVolume(phases, SIZE)
    return mesh_particle(
        crop_particle(volume, particles_from_ids(volume, (phases == ACTIVE_MATERIAL).astype(np.int32)), 1)
    )


@pytest.mark.slow
@pytest.mark.parametrize("radius", [8, 16, 32])
def test_digitised_spheres(radius: int) -> None:
    rng = np.random.default_rng(radius)
    areas, errors = [], []
    for _ in range(10):
        share = rng.uniform(0.15, 0.5)
        particle = capped_sphere(radius, share, rng)
        areas.append(particle.areas.sum() / (4 * np.pi * (radius * SIZE) ** 2) - 1)
        hard = particle.area("active", hard=True) / particle.areas.sum()
        errors.append([100 * (particle.coverage - share), 100 * (hard - share)])
        volume = cell_measures(particle).sum()
        assert volume == pytest.approx(particle.record["voxels"] * SIZE**3, rel=1e-3)
        check(particle, smallest_angle=5.0)
    assert abs(100 * np.mean(areas)) < AREA_BOUND[radius]
    assert (np.sqrt(np.mean(np.square(errors), axis=0)) < FRACTION_BOUND[radius]).all()


@pytest.fixture(scope="module")
def sphere() -> ParticleMesh:
    return capped_sphere(10, 0.3, np.random.default_rng(1))


def test_soft_and_hard_labels_agree_on_the_whole(sphere: ParticleMesh) -> None:
    total = sphere.areas.sum()
    for name in FACET_CLASSES:
        assert sphere.area(name, hard=True) / total == pytest.approx(sphere.area(name) / total, abs=0.01)
    assert sphere.coverage == pytest.approx(sphere.record["coverage"])
    mixed = ((class_weights(sphere) > 0.01) & (class_weights(sphere) < 0.99)).any(axis=1)
    assert 0.02 < mixed.mean() < 0.4, "only facets at the edge of the contact are shared"


def test_active_facets_lie_under_the_cap(sphere: ParticleMesh) -> None:
    centers = sphere.points[sphere.facets].mean(axis=1)
    centers -= centers.mean(axis=0)
    axis = (centers * (sphere.areas * sphere.weight("active"))[:, None]).sum(axis=0)
    height = centers @ axis / np.linalg.norm(axis)
    assert sphere.weight("active")[height > 6.5 * SIZE].min() > 0.9
    assert sphere.weight("active")[height < 1.5 * SIZE].max() < 0.1


def test_facets_point_outwards(sphere: ParticleMesh) -> None:
    p = sphere.points[sphere.facets]
    enclosed = np.einsum("ij,ij->i", p[:, 0], np.cross(p[:, 1], p[:, 2])).sum() / 6
    assert enclosed == pytest.approx(cell_measures(sphere).sum())


def test_coordinates_are_x_y_z_in_metres_from_the_origin() -> None:
    phases = np.zeros((20, 30, 40), np.uint8)
    phases[6:14, 8:18, 12:30] = ACTIVE_MATERIAL
    volume = LabelVolume(phases, 2e-7, origin=(1e-5, 2e-5, 3e-5))
    particle = mesh_particle(crop_particle(volume, split_particles(volume, 5.0), 1))
    middle = (particle.points.min(axis=0) + particle.points.max(axis=0)) / 2
    expected = np.array([1e-5 + 20.5 * 2e-7, 2e-5 + 12.5 * 2e-7, 3e-5 + 9.5 * 2e-7])
    np.testing.assert_allclose(middle, expected, atol=5e-8)
    extent = np.ptp(particle.points, axis=0) / 2e-7
    assert extent[0] > extent[1] > extent[2]


def test_surfaces_towards_particles_and_the_end_are_tagged() -> None:
    phases = np.zeros((22, 22, 22), np.uint8)
    phases[:12, 4:18, 4:18] = ACTIVE_MATERIAL
    phases[12:16, 4:18, 4:18] = CBD
    phases[:, 18:, :] = OUTSIDE
    ids = np.where(phases == ACTIVE_MATERIAL, 1, 0)
    ids[:, :, 11:] *= 2
    volume = LabelVolume(phases, SIZE)
    particle = mesh_particle(crop_particle(volume, particles_from_ids(volume, ids), 1))
    area = {name: particle.area(name) / SIZE**2 for name in CLASSES}
    # Rounding of the edges takes a part of each face.
    assert area["particle-contact"] == pytest.approx(12 * 14, rel=0.2)
    assert area["active"] == pytest.approx(7 * 14, rel=0.25)
    assert area["cut"] == pytest.approx(7 * 14 + 12 * 7, rel=0.2)
    assert area["inactive"] == pytest.approx(12 * 7 + 12 * 14, rel=0.2)


def test_pieces_that_do_not_hang_together_are_dropped_and_counted() -> None:
    phases = np.zeros((24, 24, 24), np.uint8)
    phases[4:14, 4:14, 4:14] = ACTIVE_MATERIAL
    phases[20:22, 20:22, 20:22] = ACTIVE_MATERIAL
    volume = LabelVolume(phases, SIZE)
    crop = crop_particle(volume, particles_from_ids(volume, (phases == ACTIVE_MATERIAL).astype(int)), 1)
    assert crop.dropped == 8
    assert mesh_particle(crop).record["voxels"] == 1000


def test_fallbacks_are_tried_in_turn_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    phases = np.zeros((22, 22, 22), np.uint8)
    phases[5:15, 5:15, 5:15] = ACTIVE_MATERIAL
    volume = LabelVolume(phases, SIZE)
    crop = crop_particle(volume, split_particles(volume), 1)
    calls = []

    def refuse_two(*args: object, **kwargs: object) -> Verdict:
        calls.append(1)
        return Verdict(1.0, 1.0, 1.0, ("made up",) if len(calls) < 3 else ())

    monkeypatch.setattr(mesher, "inspect", refuse_two)
    statistics = mesh_particle(crop).record
    assert statistics["attempts"] == 3
    assert statistics["mesher"] == "stuffing, finer"
    assert statistics["earlier attempts"] == ["stuffing: made up", "stuffing, lattice shifted: made up"]
    monkeypatch.setattr(mesher, "inspect", lambda *a, **k: Verdict(1.0, 1.0, 1.0, ("made up",)))
    monkeypatch.setattr(mesher.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SimulationError, match=r"could not be meshed(.|\n)*made up"):
        mesh_particle(crop)


@pytest.mark.slow
def test_last_fallback_is_ftetwild(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pytetwild")
    phases = np.zeros((20, 20, 20), np.uint8)
    phases[5:15, 5:15, 5:15] = ACTIVE_MATERIAL
    volume = LabelVolume(phases, SIZE)
    crop = crop_particle(volume, split_particles(volume), 1)
    monkeypatch.setattr(mesher, "stuff", _only_once_then_fail(mesher.stuff))
    particle = mesh_particle(crop)
    assert particle.record["mesher"] == "fTetWild"
    check(particle, smallest_angle=5.0)


def _only_once_then_fail(stuff: object) -> object:
    """Let stuffing work for the last attempt alone, which needs a surface to start from."""

    def chosen(field: np.ndarray, level: float, step: float, shift: tuple[float, float, float]) -> object:
        chosen.calls += 1
        if chosen.calls <= 4:
            raise SimulationError("made up")
        return stuff(field, level, step, shift)

    chosen.calls = 0
    return chosen


@pytest.mark.parametrize(
    "change", [{"cells_across": 1.0}, {"smallest_cell": 0.0}, {"smoothing": 9.0}, {"min_voxels": 1}]
)
def test_settings_are_checked(change: dict[str, float]) -> None:
    with pytest.raises(InputError, match="out of range"):
        MeshSettings(**change)


def test_voxel_faces_stand_for_the_area_of_a_sphere() -> None:
    from scipy import ndimage

    away = np.stack(np.meshgrid(*[np.arange(33)] * 3, indexing="ij"), axis=-1) - 16.3
    phases = np.where(np.linalg.norm(away, axis=-1) <= 12, ACTIVE_MATERIAL, PORE).astype(np.uint8)
    volume = LabelVolume(phases, SIZE)
    crop = crop_particle(volume, split_particles(volume), 1)
    faces = voxel_faces(crop, ndimage.gaussian_filter(crop.inside.astype(np.float32), 0.7))
    assert faces.totals[0] == pytest.approx(4 * np.pi * 144, rel=0.05)
    assert faces.totals[1:].sum() == 0


def test_weights_and_tags_match_the_target_where_facets_are_few() -> None:
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(40, 3))
    areas = rng.uniform(0.5, 1.5, 40)
    from asyncsoc.tomography.facet_tags import VoxelFaces

    at = rng.normal(size=(500, 3))
    faces = VoxelFaces(at, (at[:, 0] > 0.4).astype(np.int64), rng.uniform(0.5, 1.0, 500))
    shares = soft_weights(centers, areas, faces, 0.8)
    target = faces.totals / faces.totals.sum()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    np.testing.assert_allclose(areas @ shares / areas.sum(), target, atol=1e-8)
    tags = hard_tags(shares, areas, target)
    assert areas[tags == 1].sum() / areas.sum() == pytest.approx(target[1], abs=1.5 * areas.max() / areas.sum())
