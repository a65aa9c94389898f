"""Particles drawn for an electrode against the laws they are drawn from, by quadrature with scipy.stats."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from asyncsoc.base.errors import InputError
from asyncsoc.case.electrode import Electrode
from asyncsoc.materials.capacity import specific_capacity
from asyncsoc.materials.registry import cathode
from asyncsoc.problem.particle_sample import ParticleSample, draw_particles
from tests.case.test_electrode_description import BETA, CLASSES, DENSITY, LOGNORMAL, TABLE, measured_set

SIGMA = math.log(1.4)
"""Standard deviation of ln R of the lognormal law of these tests."""


def sample(density: float = DENSITY, **keys: Any) -> ParticleSample:
    return draw_particles(Electrode(**{"loading": "12.7 mg/cm2", **keys}), density)


def mass(found: ParticleSample) -> np.ndarray:
    """Return the mass per area [kg/m2] that each particle stands for."""
    return found.multiplicity * found.volume * found.density


def test_strata_of_a_beta_law_are_its_conditional_means() -> None:
    found = sample(coverage=BETA)
    law = stats.beta(0.3 * 20.0, 0.7 * 20.0)  # mean (1 - mean)/std² - 1 = 20
    assert (law.mean(), law.std()) == pytest.approx((0.3, 0.1), rel=1e-12)
    edges = law.ppf(np.arange(21) / 20)
    for j, (low, high) in enumerate(pairwise(edges)):
        assert found.coverage[j] == pytest.approx(20.0 * quad(lambda f: f * law.pdf(f), low, high)[0], rel=1e-7)
    assert found.coverage_stratum.tolist() == list(range(20))
    assert mass(found) == pytest.approx(np.full(20, 0.127 / 20), rel=1e-12)


@given(
    mean=st.floats(0.02, 0.98),
    share=st.floats(0.0, 1.0),
    n=st.integers(1, 300),
)
@settings(max_examples=80, deadline=None)
def test_the_mean_of_every_beta_law_is_kept(mean: float, share: float, n: int) -> None:
    widest = math.sqrt(mean * (1.0 - mean) / (1.0 + 0.05 / min(mean, 1.0 - mean)))
    std = min(1e-4 + share * (widest - 1e-4), 0.5) * (1.0 - 1e-9)
    found = sample(coverage={"law": "beta", "mean": mean, "std": max(std, 1e-4)}, particles=n)
    assert found.coverage.mean() == pytest.approx(mean, abs=1e-11)
    assert (np.diff(found.coverage) >= 0.0).all()
    assert 0.0 <= found.coverage[0] <= found.coverage[-1] <= 1.0
    # Means over parts vary less than the law does.
    assert -1.0001 * std <= found.error.coverage_std <= 1e-9


def test_strata_of_a_lognormal_law_have_equal_mass_and_their_own_surface() -> None:
    found = sample(coverage=0.3, radius=LOGNORMAL)
    law = stats.lognorm(SIGMA, scale=7e-6)  # by number

    def moment(power: int, low: float, high: float) -> float:
        return quad(lambda z: math.exp(power * SIGMA * z) * stats.norm.pdf(z), low, high, epsabs=0.0)[0]

    whole = moment(3, -12.0, 14.0)
    # The particles' own radii say where the parts end: each is between the two of its neighbours.
    z = np.array([-12.0, *(stats.norm.ppf(np.arange(1, 20) / 20) + 3.0 * SIGMA), 14.0])
    for j, (low, high) in enumerate(pairwise(z)):
        volume, surface = moment(3, low, high), moment(2, low, high)
        assert volume / whole == pytest.approx(1.0 / 20.0, rel=1e-6)
        assert found.radius[j] == pytest.approx(7e-6 * volume / surface, rel=1e-6)
    assert mass(found) == pytest.approx(np.full(20, 0.127 / 20), rel=1e-12)
    surface = 4.0 * math.pi * float(np.sum(found.multiplicity * found.radius**2))
    assert surface / (0.127 / DENSITY) == pytest.approx(3.0 * law.moment(2) / law.moment(3), rel=1e-9)
    assert found.moments.specific_active_area == pytest.approx(0.9 * law.moment(2) / law.moment(3), rel=1e-9)


@pytest.mark.parametrize(("by", "order"), [("number", 0), ("surface", 2), ("volume", 3)])
def test_one_law_by_number_surface_and_volume(by: str, order: int) -> None:
    # Hatch and Choate: the median by R^q is exp(q s²) times the one by number.
    median = 7e-6 * math.exp(order * SIGMA**2)
    found = sample(coverage=0.3, radius={"law": "lognormal", "median": median, "sigma": 1.4, "by": by})
    assert found.radius == pytest.approx(sample(coverage=0.3, radius=LOGNORMAL).radius, rel=1e-12)
    weight = found.multiplicity * found.radius**order
    assert weight[found.radius < median].sum() / weight.sum() == pytest.approx(0.5, abs=0.03)
    mean, std = stats.lognorm(SIGMA, scale=median).stats("mv")
    again = sample(coverage=0.3, radius={"law": "lognormal", "mean": float(mean), "std": float(std) ** 0.5, "by": by})
    assert again.radius == pytest.approx(found.radius, rel=1e-12)


def test_the_law_of_a_sample_is_that_of_scipy() -> None:
    law = sample(coverage=BETA, radius=LOGNORMAL).law_moments
    radius = stats.lognorm(SIGMA, scale=7e-6)
    assert law.mean_radius == pytest.approx(radius.expect(lambda R: R, lb=0.0, ub=1e-4), rel=1e-6)
    area = 3.0 * 0.3 * radius.expect(lambda R: R**2, lb=0.0, ub=1e-4) / radius.expect(lambda R: R**3, lb=0.0, ub=1e-4)
    assert law.specific_active_area == pytest.approx(area, rel=1e-6)
    classes = sample(coverage=CLASSES).law_moments
    values = np.repeat([0.3, 0.95], [1, 3])
    assert (classes.mean_coverage, classes.coverage_std) == pytest.approx((values.mean(), values.std()), rel=1e-12)


def test_errors_are_sample_minus_law() -> None:
    found = sample(coverage=BETA, radius=LOGNORMAL)
    error, count = found.error, found.multiplicity
    share = mass(found) / mass(found).sum()
    mean = float(share @ found.coverage)
    assert error.mean_coverage == pytest.approx(mean - 0.3, abs=1e-12)
    assert error.coverage_std == pytest.approx(math.sqrt(share @ (found.coverage - mean) ** 2) - 0.1, abs=1e-12)
    law = stats.lognorm(SIGMA, scale=7e-6)
    area = float(count @ found.active_area) / float(count @ found.volume)
    assert error.specific_active_area == pytest.approx(area / (0.9 * law.moment(2) / law.moment(3)) - 1.0, abs=1e-9)
    assert error.mean_radius == pytest.approx(float(count @ found.radius) / count.sum() / law.mean() - 1.0, abs=1e-9)
    assert error.capacity == pytest.approx(0.0, abs=1e-14)
    assert found.active_area == pytest.approx(4.0 * math.pi * found.radius**2 * found.coverage, rel=1e-12)


def test_strata_go_to_the_law_with_their_number() -> None:
    errors = [sample(coverage=BETA, particles=n).error for n in (10, 20, 40, 80)]
    spread = [-error.coverage_std for error in errors]
    # The spread within parts falls a little slower than with the square of their number, because of the tails.
    assert all(2.5 < coarse / fine < 4.0 for coarse, fine in pairwise(spread))
    assert spread[1] == pytest.approx(7.0e-4, rel=0.01)


def test_twenty_strata_against_twenty_random_draws() -> None:
    # 20 draws miss the mean by 0.1/sqrt(20) = 0.022 in the root mean square; strata keep it.
    drawn = [sample(coverage=BETA, sampling="random", seed=seed).error for seed in range(200)]
    misses = np.array([error.mean_coverage for error in drawn])
    assert math.sqrt(float(np.mean(misses**2))) == pytest.approx(0.1 / math.sqrt(20.0), rel=0.15)
    assert abs(misses.mean()) < 4.0 * 0.1 / math.sqrt(20.0 * 200.0)
    strata = sample(coverage=BETA).error
    assert abs(strata.mean_coverage) < 1e-14
    spread = np.array([error.coverage_std for error in drawn])
    assert abs(strata.coverage_std) < 0.1 * math.sqrt(float(np.mean(spread**2)))


def test_coverage_and_radius_together_keep_the_active_area() -> None:
    seeds = range(40)
    strata = [sample(coverage=BETA, radius=LOGNORMAL, seed=seed).error for seed in seeds]
    drawn = [sample(coverage=BETA, radius=LOGNORMAL, seed=seed, sampling="random").error for seed in seeds]
    worst = max(abs(error.specific_active_area) for error in strata)
    usual = math.sqrt(np.mean([error.specific_active_area**2 for error in drawn]))
    assert worst < 0.02 * usual
    for error in strata:
        assert abs(error.mean_coverage) < 1e-14
    classes = sample(coverage=CLASSES, radius=LOGNORMAL, particles=13).error
    for value in (classes.mean_coverage, classes.coverage_std, classes.specific_active_area, classes.capacity):
        assert abs(value) < 1e-14


def test_random_draws_of_radii_follow_the_law_by_volume() -> None:
    found = sample(coverage=0.3, radius=LOGNORMAL, sampling="random", particles=5000)
    law = stats.lognorm(SIGMA, scale=7e-6 * math.exp(3.0 * SIGMA**2))
    assert stats.kstest(found.radius, law.cdf).pvalue > 0.01
    assert mass(found) == pytest.approx(np.full(5000, 0.127 / 5000), rel=1e-12)
    covered = sample(coverage=BETA, sampling="random", particles=5000).coverage
    assert stats.kstest(covered, stats.beta(6.0, 14.0).cdf).pvalue > 0.01
    poor = sample(coverage=CLASSES, sampling="random", particles=5000).coverage == 0.3
    assert poor.mean() == pytest.approx(0.25, abs=0.025)


COVERAGES = st.one_of(
    st.floats(0.01, 1.0),
    st.builds(lambda mean, share: {"law": "beta", "mean": mean, "std": 0.02 + share * 0.1},
              st.floats(0.1, 0.9), st.floats(0.0, 1.0)),
    st.builds(lambda poor, share: {"law": "classes", "poor": poor, "good": 0.95, "share_poor": share},
              st.floats(0.0, 0.9), st.floats(0.01, 0.99)),
)  # fmt: skip
RADII = st.one_of(
    st.floats(1e-7, 2e-5),
    st.builds(lambda median, sigma, by: {"law": "lognormal", "median": median, "sigma": sigma, "by": by},
              st.floats(1e-6, 2e-5), st.floats(1.01, 2.0), st.sampled_from(["number", "surface", "volume"])),
)  # fmt: skip


@given(
    loading=st.floats(0.1, 100.0),
    density=st.floats(2000.0, 6000.0),
    coverage=COVERAGES,
    radius=RADII,
    particles=st.one_of(st.none(), st.integers(2, 200)),
    sampling=st.sampled_from(["strata", "random"]),
    seed=st.integers(0, 2**63 - 1),
)
@settings(max_examples=100, deadline=None)
def test_the_masses_add_up_to_the_loading(loading: float, density: float, **keys: Any) -> None:
    found = sample(density, loading=f"{loading} mg/cm2", **keys)
    assert float(mass(found).sum()) == pytest.approx(loading / 100.0, rel=1e-12)
    assert (found.multiplicity > 0.0).all()
    assert ((found.coverage >= 0.0) & (found.coverage <= 1.0)).all()
    assert len(found) == len(found.multiplicity) == len(found.coverage_stratum) == len(found.radius_stratum)


def test_one_c_is_the_theoretical_capacity_of_the_loading() -> None:
    material = cathode("ncm811-sturm2019")
    found = sample(material.density, coverage=BETA, radius=LOGNORMAL)
    # 12.7 mg/cm2 times mAh/g, in C/m2.
    assert found.theoretical_capacity(material) == pytest.approx(
        0.127 * specific_capacity(material) * 3600.0, rel=1e-12
    )
    with pytest.raises(InputError, match="another density"):
        sample(coverage=BETA).theoretical_capacity(material)


@pytest.mark.parametrize("name", ["ncm811-sturm2019", "ncm811-chen2020", "ncm811-oregan2022"])
def test_the_loadings_of_an2023_count_the_active_material(name: str) -> None:
    # 28.6 mg/cm2 gave 4.85 mAh/cm2 there. Were it the mass of all constituents, NCM811 would have to give more than
    # its theoretical capacity.
    found = Electrode(loading="28.6 mg/cm2", porosity=0.0, coverage=1.0).amounts(DENSITY)
    charge = 4.85 * 3.6e4  # C/m2
    most = specific_capacity(cathode(name)) * 3600.0
    assert charge / found.mass["active"] < most
    assert charge / (found.loading * 0.8) > most


def test_a_table_is_taken_as_it_is() -> None:
    found = sample(table={**TABLE, "multiplicity": [3.0, 1.0]})
    assert found.coverage.tolist() == [0.0, 0.5]
    assert found.radius.tolist() == [1e-6, 2e-6]
    assert found.multiplicity[0] / found.multiplicity[1] == pytest.approx(3.0, rel=1e-14)
    assert mass(found).sum() == pytest.approx(0.127, rel=1e-12)
    assert found.law_moments == found.moments
    assert (found.error.mean_coverage, found.error.capacity) == (0.0, 0.0)
    assert found.moments.mean_coverage == pytest.approx(0.5 * 8.0 / 11.0, rel=1e-12)
    assert found.active_area[0] == 0.0


def test_particles_of_a_tomogram_keep_their_volume_and_contact(tmp_path: Path) -> None:
    found = sample(set=measured_set(tmp_path / "set"))
    assert found.files == ("particle-00001.vtu", "particle-00002.vtu", "particle-00003.vtu")
    assert found.radius == pytest.approx([1e-6, 2e-6, 3e-6], rel=1e-12)
    # The third has no exposed surface, the second no contact.
    assert found.coverage.tolist() == [0.5, 0.0, 0.0]
    assert found.active_area == pytest.approx([0.5 * 0.8 * 1.2 * 4.0 * math.pi * 1e-12, 0.0, 0.0], rel=1e-12)
    assert found.multiplicity == pytest.approx(np.full(3, 0.127 / DENSITY / found.volume.sum()), rel=1e-12)
    assert found.law_moments == found.moments
    assert found.row.tolist() == [0, 1, 2]


def test_some_particles_stand_for_a_long_table() -> None:
    generator = np.random.default_rng(5)
    radius, coverage = generator.lognormal(math.log(7e-6), SIGMA, 400), generator.beta(6.0, 14.0, 400)
    table = {"radius": radius, "coverage": coverage, "multiplicity": generator.uniform(0.5, 2.0, 400)}
    whole, found = sample(table=table), sample(table=table, particles=20)
    assert (whole.row.tolist(), len(found)) == (list(range(400)), 20)
    assert found.radius.tolist() == radius[found.row].tolist()
    assert found.coverage.tolist() == coverage[found.row].tolist()
    assert mass(found).sum() == pytest.approx(0.127, rel=1e-12)
    # Each group of 20 rows sorted by coverage gives its mass to one of its own particles.
    groups = np.argsort(coverage).reshape(20, 20)
    assert mass(found) == pytest.approx(mass(whole)[groups].sum(axis=1), rel=1e-12)
    assert all(row in group for row, group in zip(found.row, groups, strict=True))
    assert found.law_moments == whole.moments
    share = mass(found) / mass(found).sum()
    assert found.error.mean_coverage == pytest.approx(share @ found.coverage - whole.moments.mean_coverage, abs=1e-14)
    by_chance = np.array([generator.choice(coverage, 20, p=mass(whole) / 0.127).mean() for _ in range(400)])
    usual = math.sqrt(np.mean((by_chance - whole.moments.mean_coverage) ** 2))
    assert usual == pytest.approx(whole.moments.coverage_std / math.sqrt(20.0), rel=0.15)
    assert abs(found.error.mean_coverage) < 0.1 * usual
    assert abs(found.error.specific_active_area) < 0.1 * usual / whole.moments.mean_coverage
    with pytest.raises(InputError, match="no particle of the sample is covered"):
        sample(table={"radius": [5e-6] * 5, "coverage": [0.0, 0.0, 0.0, 0.0, 1.0]}, particles=1)


def test_the_same_description_gives_the_same_particles() -> None:
    keys = {"coverage": BETA, "radius": LOGNORMAL, "seed": 7}
    one, other = sample(**keys), sample(**keys)
    for name in ("radius", "coverage", "multiplicity", "coverage_stratum", "radius_stratum"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
        assert not getattr(one, name).flags.writeable
    assert one.description_sha256 == other.description_sha256 == Electrode(loading=0.127, **keys).hash
    # Written down: the pairing is one of raw bits of PCG64, the same with every version of numpy.
    pairing = [8, 10, 13, 5, 9, 19, 16, 1, 3, 14, 2, 15, 12, 17, 0, 6, 4, 11, 7, 18]
    assert one.radius_stratum.tolist() == pairing
    assert (sample(**{**keys, "seed": 8}).radius_stratum != one.radius_stratum).any()


def test_impossible_radii_and_densities_are_clear_errors() -> None:
    with pytest.raises(InputError, match="particles of impossible sizes"):
        sample(coverage=0.3, radius={"law": "lognormal", "median": "100 um", "sigma": 5.0})
    with pytest.raises(InputError, match="a density is positive"):
        sample(0.0, coverage=0.3)
