"""Splitting touching particles: against a reference watershed, in blocks, and with known truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from asyncsoc.base.errors import InputError
from asyncsoc.tomography.blocks import split_blocks
from asyncsoc.tomography.phases import ACTIVE_MATERIAL
from asyncsoc.tomography.split import depth_effect, height_map, particles_from_ids, split_mask, split_particles
from asyncsoc.tomography.synthetic import SyntheticVolume, sphere_pack
from asyncsoc.tomography.volume import LabelVolume
from asyncsoc.tomography.voxels import flood, squared_distance


@pytest.fixture(scope="module")
def pack() -> SyntheticVolume:
    return sphere_pack((64, 72, 80), radius=(7.0, 11.0), solid_fraction=0.4, overlap=0.12, seed=4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.tuples(*[st.integers(1, 12)] * 3), st.floats(0.1, 0.97))
def test_distance_is_exact(seed: int, shape: tuple[int, int, int], density: float) -> None:
    mask = np.random.default_rng(seed).random(shape) < density
    mask.flat[0] = False
    expected = ndimage.distance_transform_edt(mask) ** 2
    np.testing.assert_allclose(squared_distance(mask.view(np.uint8)), expected, atol=1e-9)


def reference_split(mask: np.ndarray, depth: float) -> np.ndarray:
    """The textbook route: h-maxima by reconstruction, markers, watershed."""
    morphology = pytest.importorskip("skimage.morphology")
    segmentation = pytest.importorskip("skimage.segmentation")
    height = np.where(mask, ndimage.gaussian_filter(np.sqrt(squared_distance(mask.view(np.uint8))), 1.0), -9.0)
    height = height.astype(np.float32)
    cross = ndimage.generate_binary_structure(3, 1)
    rebuilt = morphology.reconstruction(height - np.float32(depth), height, method="dilation", footprint=cross)
    markers, _ = ndimage.label((height - rebuilt >= depth * 0.99999) & mask)
    return segmentation.watershed(-height, markers, mask=mask)


@pytest.mark.filterwarnings("ignore:Setting the shape on a NumPy array:DeprecationWarning")
@pytest.mark.parametrize("depth", [0.5, 1.0, 2.0])
def test_split_equals_the_watershed_from_h_maxima(pack: SyntheticVolume, depth: float) -> None:
    mask = pack.volume.phases == ACTIVE_MATERIAL
    ids, n = split_mask(mask, depth)
    reference = reference_split(mask, depth)
    assert n == reference.max()
    assert np.array_equal(ids > 0, mask)
    # The labels agree but for voxels on the watershed lines, where both are arbitrary.
    table = np.zeros((n + 1, n + 1), np.int64)
    np.add.at(table, (ids.ravel(), reference.ravel()), 1)
    assert table[1:, 1:].max(axis=1).sum() >= 0.998 * mask.sum()


def test_split_finds_the_spheres_of_a_pack(pack: SyntheticVolume) -> None:
    particles = split_particles(pack.volume)
    interior = np.flatnonzero(~particles.at_edge())[1:]
    for particle in interior:
        box = particles.box(int(particle))
        owner = pack.ids[box][particles.ids[box] == particle]
        assert np.bincount(owner).max() > 0.9 * len(owner)
    assert abs(particles.n - len(pack.radii)) <= 2


@pytest.mark.parametrize("block", [24, 40])
@pytest.mark.parametrize("workers", [1, 2])
def test_blocks_equal_the_whole(pack: SyntheticVolume, block: int, workers: int) -> None:
    whole = split_particles(pack.volume)
    blocks = split_blocks(pack.volume, block=block, halo=16, workers=workers)
    assert np.array_equal(blocks.ids, whole.ids)
    assert np.array_equal(blocks.voxels, whole.voxels)
    assert blocks.settings["voxels claimed by no block"] == 0


def test_a_narrow_halo_widens_itself(pack: SyntheticVolume) -> None:
    blocks = split_blocks(pack.volume, block=32, halo=4)
    assert blocks.settings["halo [voxel]"] > 4
    assert np.array_equal(blocks.ids, split_particles(pack.volume).ids)


def test_ids_can_live_on_disk(pack: SyntheticVolume, tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "ids.npy"
    blocks = split_blocks(pack.volume, block=40, ids_file=file)
    assert np.array_equal(np.load(file), blocks.ids)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.3, 3.0))
def test_flood_labels_every_voxel_and_numbers_by_first_appearance(seed: int, depth: float) -> None:
    rng = np.random.default_rng(seed)
    mask = ndimage.gaussian_filter(rng.random((14, 15, 16)), 1.5) > 0.5
    mask[0, 0, 0] = False
    ids, n = split_mask(mask, depth)
    assert np.array_equal(ids > 0, mask)
    _, first = np.unique(ids[mask], return_index=True)
    assert len(first) == n
    assert (np.diff(first) > 0).all()
    for k in range(1, n + 1):
        assert ndimage.label(ids == k)[1] == 1, "a particle hangs together through faces"


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_a_deeper_split_only_merges(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = ndimage.gaussian_filter(rng.random((20, 20, 20)), 2.0) > 0.5
    mask[0, 0, 0] = False
    fine, n_fine = split_mask(mask, 0.5)
    coarse, _ = split_mask(mask, 1.5)
    pairs = np.unique(np.stack([fine[mask], coarse[mask]]), axis=1)
    assert pairs.shape[1] == n_fine, "every fine particle lies in one coarse particle"


def test_two_levels_of_a_plain_height() -> None:
    height = np.array([[[3.0, 2.0, 1.0, 2.0, 2.5]]], np.float32)
    order = np.argsort(-height.ravel(), kind="stable").astype(np.int64)
    for depth, expected in ((1.4, [1, 1, 1, 2, 2]), (1.6, [1, 1, 1, 1, 1])):
        ids = np.zeros(height.shape, np.int32)
        assert flood(height, order, depth, ids) == max(expected)
        assert ids.ravel().tolist() == expected


def test_height_needs_a_surface() -> None:
    with pytest.raises(InputError, match="whole volume"):
        height_map(np.ones((4, 4, 4), bool))


@pytest.mark.parametrize("depth", [0.0, -1.0, float("nan")])
def test_depth_must_be_positive(pack: SyntheticVolume, depth: float) -> None:
    with pytest.raises(InputError, match="split depth"):
        split_particles(pack.volume, depth)


def test_effect_of_the_depth_is_reported(pack: SyntheticVolume) -> None:
    rows = depth_effect(pack.volume, (0.5, 1.0, 4.0), 100)
    counts = [r["particles"] for r in rows]
    assert counts == sorted(counts, reverse=True)
    assert rows[1]["particles"] == split_particles(pack.volume).n


def test_ids_made_elsewhere(pack: SyntheticVolume) -> None:
    particles = particles_from_ids(pack.volume, pack.ids.astype(np.uint16) * 7)
    assert particles.n == len(np.unique(pack.ids)) - 1
    assert np.array_equal(particles.ids > 0, pack.volume.phases == ACTIVE_MATERIAL)
    with pytest.raises(InputError, match="differ in shape"):
        particles_from_ids(pack.volume, pack.ids[1:])
    with pytest.raises(InputError, match="whole numbers"):
        particles_from_ids(pack.volume, pack.ids + 0.5)
    with pytest.raises(InputError, match="no particle id"):
        particles_from_ids(pack.volume, np.zeros_like(pack.ids))


def test_block_sizes_are_checked(pack: SyntheticVolume) -> None:
    with pytest.raises(InputError, match="too small"):
        split_blocks(pack.volume, block=4)


def test_a_volume_of_one_particle_in_blocks() -> None:
    phases = np.zeros((40, 40, 40), np.uint8)
    phases[2:38, 2:38, 2:38] = ACTIVE_MATERIAL
    volume = LabelVolume(phases, 1e-7)
    assert np.array_equal(split_blocks(volume, block=16, halo=4).ids, split_particles(volume).ids)
