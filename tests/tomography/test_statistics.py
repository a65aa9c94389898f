"""Statistics: estimators against closed forms, the table against direct counts."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import ndimage

from asyncsoc.base.errors import InputError
from asyncsoc.tomography.phases import ACTIVE_MATERIAL, CBD, OUTSIDE, PORE
from asyncsoc.tomography.split import Particles, particles_from_ids, split_particles
from asyncsoc.tomography.statistics import (
    component_volumes,
    contact_spots,
    crossing_weights,
    direction_shares,
    volume_statistics,
)
from asyncsoc.tomography.synthetic import SyntheticVolume, sphere_pack
from asyncsoc.tomography.volume import LabelVolume
from asyncsoc.tomography.voxel_counts import connected_to_side, interface_counts, surface_counts

NONE = np.empty((0, 0, 0), np.uint8)


def ball(radius: float, center: np.ndarray, n: int) -> np.ndarray:
    away = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), axis=-1) - center
    return np.linalg.norm(away, axis=-1) <= radius


@pytest.fixture(scope="module")
def pack() -> tuple[SyntheticVolume, Particles]:
    made = sphere_pack((64, 72, 80), radius=(8.0, 12.0), seed=2, coverage=0.5)
    return made, particles_from_ids(made.volume, made.ids)


def test_direction_shares_are_the_published_ones() -> None:
    # Legland, Kieu and Devaux 2007, table of Voronoi weights in 13 directions (each counted twice there).
    face, edge, corner = direction_shares()
    assert (face, edge, corner) == pytest.approx((0.04577789120476, 0.03698062787608, 0.03519563978232), abs=1e-12)
    assert 6 * face + 12 * edge + 8 * corner == pytest.approx(1.0)


@pytest.mark.parametrize(("radius", "bound"), [(6, 0.01), (16, 0.004)])
def test_crofton_area_of_spheres_and_the_bias_of_face_counting(radius: int, bound: float) -> None:
    rng = np.random.default_rng(0)
    n = 2 * radius + 7
    ratios = []
    for _ in range(6):
        mask = ball(radius, (n - 1) / 2 + rng.uniform(-0.5, 0.5, 3), n)
        phases = np.where(mask, ACTIVE_MATERIAL, PORE).astype(np.uint8)
        area, faces, _ = surface_counts(mask.astype(np.int32), phases, NONE, 1, ACTIVE_MATERIAL, crossing_weights())
        ratios.append((area[1].sum(), faces[1].sum()))
        pairs, pair_faces = interface_counts(phases, crossing_weights())
        assert pairs[ACTIVE_MATERIAL, PORE] == pytest.approx(area[1, 0])
        assert pair_faces[PORE, ACTIVE_MATERIAL] == faces[1, 0]
    crofton, counted = np.mean(ratios, axis=0) / (4 * np.pi * radius**2) - 1
    assert abs(crofton) < bound
    assert 0.47 < counted < 0.53


def test_face_counts_by_class_equal_direct_differences(pack: tuple[SyntheticVolume, Particles]) -> None:
    made, particles = pack
    _, faces, _ = surface_counts(
        particles.ids, made.volume.phases, NONE, particles.n, ACTIVE_MATERIAL, crossing_weights()
    )
    padded = np.pad(made.volume.phases, 1, constant_values=OUTSIDE)
    ids = np.pad(particles.ids, 1)
    expected = np.zeros(4, np.int64)
    for axis in range(3):
        for side in (1, -1):
            beyond, other = np.roll(padded, side, axis), np.roll(ids, side, axis)
            leaving = (ids > 0) & (other != ids)
            for k, phase in enumerate((PORE, CBD, ACTIVE_MATERIAL, OUTSIDE)):
                expected[k] += np.count_nonzero(leaving & (beyond == phase))
    assert faces.sum(axis=0).tolist() == expected.tolist()


def test_summary_holds_the_quantities_of_the_volume(pack: tuple[SyntheticVolume, Particles]) -> None:
    made, particles = pack
    result = volume_statistics(made.volume, particles, separator="z-low", min_voxels=200)
    summary = result.summary
    assert sum(summary["phase fractions"].values()) == pytest.approx(1.0)
    assert summary["phase fractions"]["ncm"] == pytest.approx(np.mean(made.volume.phases == ACTIVE_MATERIAL))
    assert summary["phase volumes [m3]"]["cbd"] == pytest.approx((made.volume.phases == CBD).sum() * 4e-7**3)
    areas = summary["areas [m2]"]
    assert areas["ncm exposed"] == pytest.approx(areas["active"] + areas["inactive"])
    assert summary["active fraction of exposed surface"] == pytest.approx(areas["active"] / areas["ncm exposed"])
    assert summary["active fraction of exposed surface"] == pytest.approx(0.5, abs=0.06)
    exact = 4 * np.pi * (made.radii[~particles.at_edge()[1:]] * 4e-7) ** 2
    measured = result.table["surface [m2]"][~particles.at_edge()[1:]]
    assert measured == pytest.approx(exact, rel=0.06)
    document = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert len(document["particles"]["coverage"]) == particles.n
    assert document["particle count"]["all"] == particles.n
    with pytest.raises(InputError, match="unknown side"):
        volume_statistics(made.volume, particles, separator="top")


def test_table_describes_a_sphere() -> None:
    radius, n = 14, 40
    center = np.array([19.0, 20.0, 18.5])
    mask = ball(radius, center, n)
    z = np.arange(n)[:, None, None]
    phases = np.where(mask, ACTIVE_MATERIAL, np.where(ball(radius + 2, center, n) & (z > 25), CBD, PORE)).astype(
        np.uint8
    )
    volume = LabelVolume(phases, 5e-7, origin=(1e-6, 2e-6, 3e-6))
    table = volume_statistics(volume, split_particles(volume)).table
    assert len(table["particle"]) == 1
    assert table["equivalent diameter [m]"][0] == pytest.approx(2 * radius * 5e-7, rel=0.01)
    assert table["sphericity"][0] == pytest.approx(1.0, abs=0.01)
    assert table["coverage"][0] == pytest.approx((1 - 6.5 / radius) / 2, abs=0.03)
    assert table["contact spots"][0] == 1
    assert table["largest spot's share"][0] == pytest.approx(1.0, rel=1e-12)
    assert table["touching particles"][0] == 0
    assert [table[f"{a} [m]"][0] for a in "xyz"] == pytest.approx([1e-6 + 18.5 * 5e-7, 2e-6 + 1e-5, 3e-6 + 9.5e-6])


def test_contact_spots_are_counted() -> None:
    mask = ball(8, np.full(3, 12.0), 25)
    phases = np.where(mask, ACTIVE_MATERIAL, PORE).astype(np.uint8)
    phases[12, 12, 21:23] = CBD
    for z, y, x in ((21, 12, 12), (12, 21, 12), (12, 3, 12)):
        phases[max(z - 1, 0) : z + 2, y - 2 : y + 3, x - 2 : x + 3] = np.where(
            mask[max(z - 1, 0) : z + 2, y - 2 : y + 3, x - 2 : x + 3], ACTIVE_MATERIAL, CBD
        )
    volume = LabelVolume(phases, 1e-7)
    spots, largest = contact_spots(volume, split_particles(volume))
    assert spots[1] == 3, "the single voxel is noise"
    assert 0.3 < largest[1] < 0.5


def test_connection_to_a_side_equals_labelled_components() -> None:
    phases = (np.random.default_rng(5).random((13, 14, 15)) < 0.45).astype(np.uint8)
    labels, _ = ndimage.label(phases == CBD)
    for axis in range(3):
        for last in (False, True):
            side = np.take(labels, -1 if last else 0, axis=axis)
            expected = np.isin(labels, side[side > 0])
            assert np.array_equal(connected_to_side(phases, CBD, axis, last).astype(bool), expected)


def test_connectivity_of_contacts_to_the_separator() -> None:
    phases = np.zeros((30, 20, 20), np.uint8)
    phases[10:18, 6:14, 6:14] = ACTIVE_MATERIAL
    phases[:10, 9:11, 9:11] = CBD
    phases[18:25, 9:11, 9:11] = CBD
    volume = LabelVolume(phases, 1e-7)
    particles = split_particles(volume)
    low = volume_statistics(volume, particles, separator="z-low")
    assert low.table["CBD contact connected to separator"].tolist() == pytest.approx([0.5], rel=1e-12)
    assert low.summary["CBD connected to separator"] == pytest.approx(10 / 17)
    high = volume_statistics(volume, particles, separator="z-high")
    assert high.table["CBD contact connected to separator"].tolist() == [0.0]


def test_outside_is_not_imaged_and_cuts() -> None:
    phases = np.zeros((20, 20, 20), np.uint8)
    phases[5:15, 5:15, 5:15] = ACTIVE_MATERIAL
    phases[0, 0, 0] = CBD
    phases[:, :, 15:] = OUTSIDE
    volume = LabelVolume(phases, 1e-7)
    result = volume_statistics(volume, split_particles(volume))
    assert result.summary["phase fractions"]["ncm"] == pytest.approx(1000 / (20 * 20 * 15))
    assert result.table["cut area [m2]"][0] > 0
    assert result.table["at edge"].tolist() == [True]
    assert result.table["coverage"].tolist() == [0.0]


def test_pieces_of_a_phase_by_size(pack: tuple[SyntheticVolume, Particles]) -> None:
    made, _ = pack
    pieces = component_volumes(made.volume, "pore")
    assert (np.diff(pieces) <= 0).all()
    assert pieces.sum() == pytest.approx((made.volume.phases == PORE).sum() * 4e-7**3)
    with pytest.raises(InputError, match="unknown phase"):
        component_volumes(made.volume, "void")


def test_particles_without_exposed_surface_have_no_coverage() -> None:
    phases = np.full((12, 12, 12), ACTIVE_MATERIAL, np.uint8)
    phases[0, 0, 0] = PORE
    volume = LabelVolume(phases, 1e-7)
    ids = np.ones(phases.shape, np.int32)
    ids[4:8, 4:8, 4:8] = 2
    result = volume_statistics(volume, particles_from_ids(volume, ids))
    assert result.to_json()["particles"]["coverage"][1] is None
    assert result.table["touching particles"].tolist() == [1, 1]


def test_without_electrolyte_contact_is_not_measured_rather_than_zero() -> None:
    phases = np.zeros((20, 20, 20), np.uint8)
    phases[5:15, 5:15, 5:15] = ACTIVE_MATERIAL
    volume = LabelVolume(phases, 1e-7)
    document = volume_statistics(volume, split_particles(volume)).to_json()
    assert document["contact measurable"] is False
    assert document["particles"]["coverage"] == document["particles"]["coverage by voxel faces"] == [None]
    assert document["active fraction of exposed surface"] is None
    assert set(document["active fraction by estimator"].values()) == {None}
    assert set(document["coverage percentiles"].values()) == {None}
    assert "contact cannot be measured" in " ".join(document["notes"])
    touched = phases.copy()
    touched[0, 0, 0] = CBD
    one = LabelVolume(touched, 1e-7)
    document = volume_statistics(one, split_particles(one)).to_json()
    assert document["contact measurable"] is True
    assert document["particles"]["coverage"] == [0.0], "there is electrolyte, and this particle does not touch it"
    assert document["notes"] == []
