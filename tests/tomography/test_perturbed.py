"""Volumes within their uncertainty, and who is who in another split."""

from __future__ import annotations

from math import erfc, sqrt

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.tomography.perturbed import match_particles, perturbed_volume, smooth_field
from asyncsoc.tomography.phases import ACTIVE_MATERIAL, CBD, OUTSIDE, PORE
from asyncsoc.tomography.split import gather
from asyncsoc.tomography.synthetic import sphere_pack
from asyncsoc.tomography.volume import LabelVolume


def test_the_field_has_the_standard_deviation_and_the_correlation_it_says() -> None:
    field = smooth_field((64, 64, 64), 2.0, np.random.default_rng(0)).astype(float)
    assert np.mean(field**2) == pytest.approx(1.0, abs=1e-6)
    for apart in (2, 4):
        found = np.mean(field * np.roll(field, apart, axis=1))
        assert found == pytest.approx(np.exp(-(apart**2) / (4.0 * 2.0**2)), abs=0.05)


def test_a_flat_boundary_flips_as_often_as_the_normal_law_says() -> None:
    """The first layer of voxels on either side is half a voxel from the boundary, the second one and a half."""
    phases = np.full((16, 64, 64), PORE, np.uint8)
    phases[:8] = ACTIVE_MATERIAL
    volume, shift = LabelVolume(phases, 4e-7), 0.5
    changed = np.zeros(16)
    for seed in range(12):
        moved = perturbed_volume(volume, shift, 2.0, np.random.default_rng(seed))
        changed += (moved.phases != phases).mean(axis=(1, 2)) / 12.0
    beyond = [0.5 * erfc(distance / shift / sqrt(2.0)) for distance in (0.5, 1.5)]
    assert changed[[7, 8]] == pytest.approx([beyond[0]] * 2, rel=0.1)
    assert changed[[6, 9]] == pytest.approx([beyond[1]] * 2, abs=2e-3)
    assert changed[:5].sum() == changed[11:].sum() == 0.0


def test_no_shift_changes_nothing_and_what_was_not_imaged_stays_so() -> None:
    volume = sphere_pack((30, 30, 30), radius=(6.0, 7.0), seed=1).volume
    assert perturbed_volume(volume, 0.0, 3.0, np.random.default_rng(0)) is volume
    phases = volume.phases.copy()
    phases[:3] = OUTSIDE
    moved = perturbed_volume(LabelVolume(phases, 4e-7), 0.8, 3.0, np.random.default_rng(0))
    assert np.array_equal(moved.phases == OUTSIDE, phases == OUTSIDE)


def test_binder_moves_against_pores_and_given_up_voxels_go_to_the_nearer_one() -> None:
    phases = np.full((12, 40, 40), PORE, np.uint8)
    phases[:4], phases[4:8] = ACTIVE_MATERIAL, CBD
    moved = perturbed_volume(LabelVolume(phases, 4e-7), 0.5, 3.0, np.random.default_rng(3)).phases
    assert (moved[3] == CBD).any()
    assert not (moved[3] == PORE).any()
    assert (moved[7] == PORE).any()
    assert (moved[8] == CBD).any()


@pytest.mark.parametrize(("shift", "correlation"), [(-0.1, 3.0), (9.0, 3.0), (0.5, 0.1), (float("nan"), 3.0)])
def test_what_is_out_of_range_is_refused(shift: float, correlation: float) -> None:
    volume = LabelVolume(np.zeros((4, 4, 4), np.uint8), 4e-7)
    with pytest.raises(InputError, match="out of range"):
        perturbed_volume(volume, shift, correlation, np.random.default_rng(0))


def test_particles_are_found_again_split_merged_or_lost() -> None:
    before = np.zeros((4, 4, 20), np.int32)
    before[:, :, :4], before[:, :, 4:8], before[:, :, 8:16], before[:, :, 18:] = 1, 2, 3, 4
    after = np.zeros_like(before)
    after[:, :, :5] = 1  # the first, and a quarter of the second
    after[:, :, 5:8] = 2
    for k in range(3):
        after[:, :, 8 + 3 * k : min(11 + 3 * k, 16)] = 3 + k  # the third in three pieces
    found = match_particles(gather(before, 4, {}), gather(after, 5, {}), [1, 2, 3, 4])
    assert [match.fate for match in found] == ["same", "same", "split", "lost"]
    assert [match.other for match in found[:2]] == [1, 2]
    assert found[1].overlap == pytest.approx(0.75)
    assert not found[0].unchanged
    merged = np.where(before > 0, 1, 0).astype(np.int32)
    assert [m.fate for m in match_particles(gather(before, 4, {}), gather(merged, 1, {}), [1, 2])] == ["merged"] * 2
    same = match_particles(gather(before, 4, {}), gather(before, 4, {}), [3])
    assert same[0].unchanged


def test_splits_of_other_volumes_are_not_matched() -> None:
    one, other = (gather(np.ones((3, 3, n), np.int32), 1, {}) for n in (3, 4))
    with pytest.raises(InputError, match="different shapes"):
        match_particles(one, other, [1])
