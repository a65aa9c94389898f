"""Synthetic volumes have the truth they claim."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.tomography.phases import ACTIVE_MATERIAL, CBD, PORE
from asyncsoc.tomography.split import particles_from_ids
from asyncsoc.tomography.statistics import volume_statistics
from asyncsoc.tomography.synthetic import sphere_directions, sphere_pack


def test_equal_arguments_give_equal_volumes() -> None:
    one, two = (
        sphere_pack((40, 40, 40), radius=(5.0, 7.0), seed=3),
        sphere_pack((40, 40, 40), radius=(5.0, 7.0), seed=3),
    )
    assert np.array_equal(one.volume.phases, two.volume.phases)
    other = sphere_pack((40, 40, 40), radius=(5.0, 7.0), seed=4)
    assert not np.array_equal(one.volume.phases, other.volume.phases)


@pytest.mark.slow
def test_spheres_do_not_overlap_more_than_asked() -> None:
    for overlap in (0.0, 0.2):
        made = sphere_pack((60, 60, 60), radius=(6.0, 10.0), overlap=overlap, solid_fraction=0.5, seed=1)
        away = np.linalg.norm(made.centers[:, None] - made.centers[None], axis=-1)
        reach = made.radii[:, None] + made.radii[None]
        pairs = ~np.eye(len(away), dtype=bool)
        assert (away[pairs] >= (1 - overlap) * reach[pairs] - 1e-9).all()
        assert np.array_equal(made.ids > 0, made.volume.phases == ACTIVE_MATERIAL)


@pytest.mark.parametrize("spots", [1, 4])
@pytest.mark.parametrize("coverage", [0.0, 0.3, 0.7, 1.0])
def test_single_spheres_have_the_coverage_asked_for(spots: int, coverage: float) -> None:
    made = sphere_pack(
        (90, 90, 90), radius=(10.0, 11.0), solid_fraction=0.06, overlap=0.0, coverage=coverage, spots=spots, seed=3
    )
    away = np.linalg.norm(made.centers[:, None] - made.centers[None], axis=-1) - made.radii[None] - made.radii[:, None]
    np.fill_diagonal(away, np.inf)
    particles = particles_from_ids(made.volume, made.ids)
    table = volume_statistics(made.volume, particles).table
    alone = (away.min(axis=1) > 5) & ~table["at edge"]
    assert alone.sum() >= 2
    if coverage == 0.0:  # nothing in the volume could touch them: it cannot be measured
        assert np.isnan(table["coverage"][alone]).all()
    else:
        assert table["coverage"][alone] == pytest.approx(coverage, abs=0.04)


def test_roughness_spreads_the_radius() -> None:
    made = sphere_pack((60, 60, 60), radius=(16.0, 16.0), solid_fraction=0.06, roughness=0.1, coverage=0.0, seed=6)
    smooth = sphere_pack((60, 60, 60), radius=(16.0, 16.0), solid_fraction=0.06, coverage=0.0, seed=6)
    rough = volume_statistics(made.volume, particles_from_ids(made.volume, made.ids)).table
    plain = volume_statistics(smooth.volume, particles_from_ids(smooth.volume, smooth.ids)).table
    assert rough["sphericity"][0] < plain["sphericity"][0] - 0.01


def test_film_lies_on_particles() -> None:
    made = sphere_pack((50, 50, 50), radius=(7.0, 9.0), film=2.0, seed=9)
    place = np.argwhere(made.volume.phases == CBD)
    height = np.min(np.linalg.norm(place[:, None] - made.centers[None], axis=-1) - made.radii[None], axis=1)
    assert height.max() <= 2.0 + 1e-9
    assert height.min() > 0
    assert (made.volume.phases == PORE).any()


def test_directions_are_even() -> None:
    directions = sphere_directions(5000)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0)
    assert np.abs(directions.mean(axis=0)).max() < 1e-3
    assert (directions[:, 2] > 0.4).mean() == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        {"solid_fraction": 0.0}, {"overlap": 0.9}, {"coverage": 1.2}, {"film": 0.1}, {"roughness": 0.5},
        {"radius": (1.0, 5.0)}, {"radius": (5.0, 50.0)}, {"spots": 0},
    ],
)  # fmt: skip
def test_arguments_are_checked(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match="out of range"):
        sphere_pack((40, 40, 40), **{"radius": (5.0, 7.0), **change})
