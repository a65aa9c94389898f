"""Particles that are hard to mesh: what their voxels touch with, necks, sheets, noise. Every one gets a sound mesh."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.labels import FACET_CLASSES
from asyncsoc.geometry.measure import cell_measures, facet_areas
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.particle_files import read_particle, write_particle
from asyncsoc.geometry.quality import check, euler_characteristic
from asyncsoc.geometry.soundness import face_connected_parts, folded_facets, open_edges, pinched_nodes
from asyncsoc.geometry.surface import surface_facets
from asyncsoc.tomography.crops import ParticleCrop, crop_particle
from asyncsoc.tomography.mesher import mesh_particle
from asyncsoc.tomography.phases import ACTIVE_MATERIAL
from asyncsoc.tomography.rough import KINDS, rough_volume
from asyncsoc.tomography.split import particles_from_ids, split_particles
from asyncsoc.tomography.stuffing import stuff
from asyncsoc.tomography.topology import defects, drill, halve_edges, part_nodes
from asyncsoc.tomography.volume import LabelVolume
from asyncsoc.tomography.voxel_mesher import smooth, voxel_body

SIZE = 4e-7


def crop_of(inside: np.ndarray, seed: int = 0) -> ParticleCrop:
    """Crop of the largest face-connected piece of a mask; what lies beyond is pore or CBD at random, in patches."""
    rng = np.random.default_rng(seed)
    patches = ndimage.gaussian_filter(rng.random(np.add(inside.shape, 10)), 2.0)
    phases = (patches > np.median(patches)).astype(np.uint8)
    labels, _ = ndimage.label(np.pad(inside, 5))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    phases[labels == sizes.argmax()] = ACTIVE_MATERIAL
    volume = LabelVolume(phases, SIZE)
    return crop_particle(volume, particles_from_ids(volume, (phases == ACTIVE_MATERIAL).astype(np.int32)), 1)


def assert_sound(particle: ParticleMesh, crop: ParticleCrop) -> None:
    mesh = particle
    check(mesh, smallest_angle=5.0)
    volumes = cell_measures(mesh)
    assert volumes.min() > 0
    assert volumes.sum() == pytest.approx(np.count_nonzero(crop.inside) * SIZE**3, rel=1e-9)
    assert open_edges(mesh.facets) == 0
    assert pinched_nodes(mesh.facets) == 0
    assert face_connected_parts(mesh.cells).max() == 0
    assert folded_facets(mesh.cells) == 0
    exposed = np.concatenate(
        [crop.beyond[np.roll(crop.inside, s, axis) & ~crop.inside] for axis in range(3) for s in (1, -1)]
    )
    for number, name in enumerate(FACET_CLASSES):
        assert (particle.area(name) > 0) == (exposed == number).any(), name
    assert abs(particle.record["coverage change by repair"]) < 0.02
    # A repair moves the surface by part of a voxel: what that is of the volume depends on how much of it is surface.
    inner = ndimage.binary_erosion(crop.inside)
    at_surface = 1.0 - np.count_nonzero(inner) / np.count_nonzero(crop.inside)
    assert abs(particle.record["volume change by repair"]) < 0.1 * at_surface


def grid(n: int) -> np.ndarray:
    return np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), axis=-1).astype(float)


def ball(n: int, center: tuple[float, float, float], radius: float) -> np.ndarray:
    return np.linalg.norm(grid(n) - center, axis=-1) <= radius


def solid_and(*hollows: tuple[int, int, int]) -> np.ndarray:
    """A block of 8 x 8 x 8 voxels without some of its voxels."""
    block = np.ones((8, 8, 8), bool)
    for voxel in hollows:
        block[voxel] = False
    return block


def ring(diagonal: bool) -> np.ndarray:
    """A ring of thick arms whose ends meet along an edge, or at a corner, alone: the rest of the ring joins them."""
    out = np.zeros((10, 14, 14), bool)
    out[:5, :7, :7] = True
    out[(slice(5, 10) if diagonal else slice(0, 5)), 7:, 7:] = True
    out[0 : 10 if diagonal else 5, :3, 7:] = True
    out[0 : 10 if diagonal else 5, :7, 11:] = True
    return out


def bridge() -> np.ndarray:
    """Two balls of 500 voxels joined by a bridge one voxel wide that bends."""
    out = ball(32, (7, 7, 7), 4.9) | ball(32, (22, 22, 22), 4.9)
    out[7, 7, 7:23] = out[7, 7:23, 22] = out[7:23, 22, 22] = True
    return out


PATTERNS = {
    "meets itself along an edge": ring(diagonal=False),
    "meets itself at a corner": ring(diagonal=True),
    "two hollows meet along an edge": solid_and((3, 3, 3), (3, 4, 4)),
    "two hollows meet at a corner": solid_and((3, 3, 3), (4, 4, 4)),
    "two pits meet at a corner": solid_and((0, 0, 4), (1, 1, 5)),
    "hollows meet at every corner": ~((grid(9) % 3 == 1).all(axis=-1) | (grid(9) % 3 == 2).all(axis=-1)),
    "bridge of one voxel": bridge(),
    "sheet of one voxel": np.ones((1, 20, 20), bool),
    "rod of one voxel": np.ones((1, 1, 300), bool),
    "chequered blocks": (grid(10) // 2).sum(axis=-1) % 2 + (grid(10)[..., 0] == 4) > 0,
}


@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_gives_a_sound_mesh(name: str) -> None:
    crop = crop_of(PATTERNS[name])
    assert_sound(mesh_particle(crop), crop)


@pytest.mark.parametrize("name", PATTERNS)
def test_voxels_themselves_become_a_body(name: str) -> None:
    crop = crop_of(PATTERNS[name])
    points, cells = voxel_body(crop.inside)
    assert not len(defects(points, cells))
    mesh = ParticleMesh(points, cells, surface_facets(points, cells, "cartesian"), "cartesian")
    voxels = np.count_nonzero(crop.inside)
    drilled = ("corner" in name and "hollows" in name) or "pits" in name
    if drilled:
        assert 0.9 * voxels < cell_measures(mesh).sum() < voxels
    else:
        assert cell_measures(mesh).sum() == pytest.approx(voxels)
        faces = sum(np.count_nonzero(np.diff(crop.inside, axis=axis)) for axis in range(3))
        assert facet_areas(mesh).sum() == pytest.approx(faces)
    check(ParticleMesh(smooth(points, cells, 3), cells, mesh.facets, "cartesian"), smallest_angle=5.0)


def test_what_meets_in_an_edge_or_a_corner_is_parted_and_hollows_are_joined() -> None:
    ends = {"meets itself along an edge": 1, "meets itself at a corner": 1, "two hollows meet along an edge": 2,
            "two hollows meet at a corner": 2}  # fmt: skip
    for name, expected in ends.items():
        points, cells = voxel_body(crop_of(PATTERNS[name]).inside)
        mesh = ParticleMesh(points, cells, surface_facets(points, cells, "cartesian"), "cartesian")
        # Solid ball 1; each hollow that is not joined to the outside adds 1, a ring would take 1 away.
        assert euler_characteristic(mesh) == expected, name


def test_a_bridge_of_one_voxel_is_kept() -> None:
    crop = crop_of(bridge())
    particle = mesh_particle(crop)
    assert particle.record["mesher"].startswith("voxels")
    assert "fell off" in " ".join(particle.record["earlier attempts"])
    assert particle.record["share of volume not meshed"] == 0.0
    in_crop = np.array([7, 14, 22]) - np.argwhere(bridge()).min(axis=0) + 4
    assert crop.inside[tuple(in_crop)]
    middle = crop.corner + in_crop[::-1] * SIZE
    assert np.linalg.norm(particle.points - middle, axis=1).min() < SIZE


def test_stuffing_puts_nodes_back_where_it_would_pinch() -> None:
    pinches = 0
    for seed in range(24):
        noise = ndimage.gaussian_filter(np.random.default_rng(seed).random((18, 18, 18)), 1.5)
        field = np.zeros((26, 26, 26), np.float32)
        field[4:22, 4:22, 4:22] = noise
        level = float(np.quantile(noise, 0.6))
        pinches += bool(len(defects(*stuff(field, level, 2.0))))
        points, cells = stuff(field, level, 2.0, sound=True)
        assert not len(defects(points, cells)), seed
        mesh = ParticleMesh(points, cells, surface_facets(points, cells, "cartesian"), "cartesian")
        check_angles = np.degrees(_smallest_angle(mesh))
        assert check_angles > 3.0, seed
    assert pinches > 8, "otherwise this tests nothing"


def _smallest_angle(mesh: ParticleMesh) -> float:
    from asyncsoc.geometry.measure import cell_angles

    assert cell_measures(mesh).min() > 0
    return float(cell_angles(mesh).min())


def test_parting_halving_and_drilling_of_tetrahedra() -> None:
    points, cells = voxel_body(np.pad(np.ones((2, 2, 2), bool), 1))
    # Two boxes that share one node, numbered as one body.
    moved = points + 2.0
    joined = np.concatenate([cells, np.arange(len(points))[cells] + len(points)])
    both = np.concatenate([points, moved])
    corner, other = np.argmax(points.sum(axis=1)), len(points) + np.argmin(moved.sum(axis=1))
    assert both[corner] == pytest.approx(both[other])
    joined[joined == other] = corner
    used, renumbered = np.unique(joined, return_inverse=True)
    at, body = both[used], renumbered.reshape(-1, 4)
    assert len(defects(at, body)) == 1
    parted, apart = part_nodes(at, body)
    assert len(parted) == len(at) + 1
    assert not len(defects(parted, apart))
    edge = surface_facets(points, cells, "cartesian")[0, :2][None]
    halved, more = halve_edges(points, cells, edge)
    assert len(halved) == len(points) + 1
    whole = ParticleMesh(halved, more, surface_facets(halved, more, "cartesian"), "cartesian")
    assert cell_measures(whole).sum() == pytest.approx(8.0)
    assert cell_measures(whole).min() > 0
    inner = int(np.argmin(np.linalg.norm(points - points.mean(axis=0), axis=1)))
    holed, left = drill(points, cells, inner)
    hollow = ParticleMesh(holed, left, surface_facets(holed, left, "cartesian"), "cartesian")
    assert 7.0 < cell_measures(hollow).sum() < 8.0
    assert not len(defects(holed, left))


def blob(seed: int, edge: int, density: float, width: float) -> np.ndarray:
    noise = np.random.default_rng(seed).random((edge, edge, edge))
    if width > 0.3:
        noise = ndimage.gaussian_filter(noise, width)
    return noise > np.quantile(noise, 1.0 - density)


def mesh_random_blob(seed: int, edge: int, density: float, width: float) -> None:
    crop = crop_of(blob(seed, edge, density, width), seed)
    assume(np.count_nonzero(crop.inside) >= 300)
    particle = mesh_particle(crop)
    assert_sound(particle, crop)


BLOBS = (st.integers(0, 10**6), st.integers(8, 13), st.floats(0.35, 0.8), st.floats(0.0, 2.0))


@pytest.mark.slow
@settings(max_examples=8, deadline=None, derandomize=True)
@given(*BLOBS)
def test_random_blobs_give_sound_meshes(seed: int, edge: int, density: float, width: float) -> None:
    mesh_random_blob(seed, edge, density, width)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, derandomize=True)
@given(*BLOBS)
@example(seed=363016, edge=9, density=0.75, width=1.5)
def test_many_random_blobs_give_sound_meshes(seed: int, edge: int, density: float, width: float) -> None:
    mesh_random_blob(seed, edge, density, width)


@pytest.mark.parametrize("kind", KINDS)
def test_rough_volumes_are_meshed(kind: str) -> None:
    volume = rough_volume(kind, 1, (48, 48, 48))
    again = rough_volume(kind, 1, (48, 48, 48))
    assert np.array_equal(volume.phases, again.phases)
    particles = split_particles(volume)
    chosen = np.flatnonzero((particles.voxels >= 300) & ~particles.at_edge())[:2]
    for number in chosen.tolist():
        crop = crop_particle(volume, particles, number)
        assert_sound(mesh_particle(crop), crop)


def test_rough_volumes_refuse_what_they_do_not_know() -> None:
    with pytest.raises(InputError, match="did you mean: pinched"):
        rough_volume("pinch", 1)
    with pytest.raises(InputError, match="too small"):
        rough_volume("noise", 1, (8, 48, 48))


def test_what_was_repaired_is_kept_in_the_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    crop = crop_of(bridge())
    particle = mesh_particle(crop)
    write_particle(particle, tmp_path / "p.vtu")
    record = read_particle(tmp_path / "p.vtu").record
    assert record["repair"] == "voxels parted"
    for name in ("volume change by repair", "coverage change by repair", "share of volume not meshed"):
        assert record[name] == particle.record[name]
