"""Maps of simulated particles, the microscope's counting, the files, and the scan of gradients."""

from __future__ import annotations

import csv
import json
import math
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.cli.main import main
from asyncsoc.materials.registry import cathode
from asyncsoc.simulation import simulate
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.stxm.compatible import CAL, HOT_CAL, Gradient, scan_gradients
from asyncsoc.studies.stxm.cuts import contact_direction, view_of
from asyncsoc.studies.stxm.map_files import read_map, write_map
from asyncsoc.studies.stxm.map_of import region_ratios, regions_of, stxm_map
from asyncsoc.studies.stxm.microscope import Microscope, stoichiometry_of
from asyncsoc.studies.stxm.sensitivity_of import detection_limit

VALENCE = cathode("ncm811-sturm2019").valence
DOCS = Path(__file__).parents[3] / "docs"
IDEAL = Microscope(spot=0.0, photons=math.inf)
assert VALENCE is not None


@cache
def charged(coverage: float) -> Solution:
    contact = {"kind": "full"} if coverage == 1.0 else {"kind": "cap", "coverage": coverage}
    return simulate(
        Case.from_dict(
            {
                "particle": {"radius": "2.5 um", "mesh": "coarse"},
                "contact": contact,
                "material": {"diffusivity": 1e-15},
                "protocol": {"steps": ["Charge at C/10 until mean SOC 0.6", "Rest for 20 hours"]},
            }
        )
    )


def test_the_ideal_microscope_sees_what_is_there() -> None:
    thickness = np.full((6, 6), 0.3e-6)
    columns = thickness[..., None] * np.array([0.4, 0.55])
    assert np.allclose(IDEAL.image(thickness, columns, 30e-9), columns, rtol=1e-12)
    assert np.allclose(Microscope(photons=math.inf).image(thickness, columns, 30e-9), columns, rtol=1e-12)


def test_counting_noise_is_that_of_poisson_to_first_order() -> None:
    # var(OD) = exp(OD)/N_0 at each energy; the columns are linear in the three optical densities.
    microscope = Microscope(spot=0.0, photons=1e6)
    thickness, share = 0.2e-6, np.array([0.45, 0.5])
    seen = microscope.image(np.full((200, 200), thickness), np.broadcast_to(thickness * share, (200, 200, 2)), 30e-9)
    base = 2e6 * thickness
    matrix = 6e6 * np.array([[1.0, 0.5], [0.5, 1.0]])
    depths = base + matrix @ (thickness * share)
    variances = np.exp(np.array([base, *depths])) / 1e6
    inverse = np.linalg.inv(matrix)
    expected = inverse**2 @ variances[1:] + inverse.sum(axis=1) ** 2 * variances[0]
    assert np.allclose(seen.reshape(-1, 2).var(axis=0), expected, rtol=0.05)


def test_a_seed_gives_its_noise_again_and_another_one_other_noise() -> None:
    thickness = np.full((8, 8), 0.2e-6)
    columns = thickness[..., None] * np.array([0.5, 0.5])
    first, again = (Microscope(seed=3).image(thickness, columns, 30e-9) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, Microscope(seed=4).image(thickness, columns, 30e-9))


def test_the_smallest_gradient_falls_with_photons_and_is_missing_where_none_pass() -> None:
    few, many = (detection_limit(Microscope(photons=n), 0.2e-6, VALENCE, pixels=20, seeds=20) for n in (1e4, 1e6))
    assert few.smallest / many.smallest == pytest.approx(10.0, rel=0.4)
    assert math.isnan(detection_limit(Microscope(), 15e-6, VALENCE, pixels=8, seeds=2).smallest)


def test_a_ratio_is_turned_back_into_its_stoichiometry() -> None:
    x = np.array([0.2, 0.438, 0.5, 0.557, 0.89])
    assert np.allclose(stoichiometry_of(VALENCE.ratio(x), VALENCE), x, rtol=1e-12)
    assert float(stoichiometry_of(1.37, VALENCE)) == pytest.approx((0.9 + 0.137) / 2.37)


def test_regions_are_equal_strips() -> None:
    view_axis = (np.arange(40) + 0.5) / 40.0
    along = np.repeat(view_axis[:, None], 40, axis=1)
    region = regions_of(np.ones((40, 40)), along)
    assert [int((region == k).sum()) for k in (1, 2, 3, 4)] == [400] * 4
    columns = np.stack((np.ones((40, 40)), along), axis=-1)
    assert np.allclose(region_ratios(columns, region), [0.125, 0.375, 0.625, 0.875], atol=1e-12)


def test_the_contact_is_at_the_top_and_lithium_is_least_there() -> None:
    solution = charged(0.3)
    end = float(solution.steps[0].duration)
    found = stxm_map(solution, end, microscope=IDEAL)
    ratios = found.regions()
    assert (np.diff(ratios) < 0.0).all()
    assert np.allclose(found.regions(seen=True), ratios, rtol=1e-9)
    assert np.allclose(contact_direction(solution.mesh, solution.contact), [0.0, 0.0, 1.0])
    # A thin slab through the axis is the section of the particle: its pixels have the field's own stoichiometry.
    nodes = solution.mesh.points
    below = np.array([0.0, float(found.view.centre[2] + found.view.axis[20])])  # type: ignore[index]
    nearest = int(np.argmin(np.linalg.norm(nodes - below, axis=1)))
    assert found.stoichiometry[20, 40] == pytest.approx(float(solution.stoichiometry_at(end)[nearest]), abs=4e-3)


def test_after_a_long_rest_a_map_is_uniform_and_that_of_the_mean() -> None:
    solution = charged(0.3)
    found = stxm_map(solution, microscope=IDEAL, view=view_of(solution.mesh, solution.contact, cut="full", pixels=24))
    mean = float(solution.columns["Mean stoichiometry"][-1])
    assert np.allclose(found.ratio[found.thickness > 0.0], VALENCE.ratio(mean), rtol=1e-4)
    assert np.nanmax(np.abs(found.stoichiometry - mean)) < 1e-4


def test_radial_and_axisymmetric_models_give_one_map() -> None:
    case = {
        "particle": {"radius": "2.5 um"},
        "material": {"diffusivity": 1e-15},
        "protocol": {"steps": ["Charge at C/10 until mean SOC 0.4"]},
    }
    radial = simulate(Case.from_dict({**case, "contact": {"kind": "full"}}))
    revolved = simulate(
        Case.from_dict({**case, "particle": {"radius": "2.5 um", "model": "axisymmetric"}, "contact": {"kind": "full"}})
    )
    regions = [stxm_map(one, microscope=IDEAL).regions() for one in (radial, revolved)]
    assert np.allclose(regions[0], regions[1], rtol=2e-3)


def test_a_map_is_kept_with_units_and_axes(tmp_path: Path) -> None:
    found = stxm_map(charged(0.3), microscope=IDEAL, view=view_of(charged(0.3).mesh, charged(0.3).contact, pixels=16))
    file = write_map(found, tmp_path / "map.h5")
    kept = read_map(file)
    assert np.array_equal(kept["ratio"], found.ratio, equal_nan=True)
    assert np.allclose(kept["x"], found.view.axis)
    with h5py.File(file) as store:
        assert store["thickness"].attrs["units"] == "m"
        assert [dimension.label for dimension in store["ratio"].dims] == ["y", "x"]
        assert store["ratio"].dims[0][0].attrs["units"] == "m"
        assert store.attrs["time [s]"] == found.time
    (tmp_path / "other.h5").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read"):
        read_map(tmp_path / "other.h5")


@pytest.mark.slow
def test_the_command_maps_a_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = charged(0.3).save(tmp_path)
    arguments = ["stxm", str(file), "--pixels", "20", "--photons", "inf", "--spot", "0 m"]
    assert main([*arguments, "--json", "-o", str(tmp_path / "out")]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["regions"] == pytest.approx(document["regions as seen"], rel=1e-9)
    assert len(document["ratio map"]) == 20
    assert [Path(name).suffix for name in document["files"]] == [".h5", ".png"]
    assert main([*arguments, "--beam", "0,0"]) == 2
    assert "--beam" in capsys.readouterr().err
    assert main([*arguments, "--particle", "3"]) == 2
    assert main([*arguments, "--time", "1000 h"]) == 2


def gradient(ratios: tuple[float, ...], *, reached: bool = True) -> Gradient:
    return Gradient("equal mean", 1e-15, 1e-6, 0.3, 0.0, reached, 0.5, 4.0, ratios)


def test_compatible_means_mean_and_difference_within_0_04() -> None:
    assert gradient((1.37, 1.1, 0.9, 0.75)).compatible(CAL, VALENCE)
    assert not gradient((1.37, 1.1, 0.9, 0.75), reached=False).compatible(CAL, VALENCE)
    assert not gradient((1.0, 1.0, 1.0, 1.0)).compatible(CAL, VALENCE)
    assert gradient((1.02, 1.02, 1.02, 1.02)).compatible(HOT_CAL, VALENCE)
    assert not gradient((1.37, 1.1, 0.9, 0.75)).compatible(HOT_CAL, VALENCE)
    # The same difference of x, 0.12, around a mean that is 0.05 higher.
    shifted = tuple(float(VALENCE.ratio(x)) for x in (0.488, 0.5, 0.55, 0.607))
    assert not gradient(shifted).compatible(CAL, VALENCE)


@pytest.mark.slow
def test_the_stored_scan_is_what_the_command_gives() -> None:
    with (DOCS / "paper_stxm.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 2 * 8 * 5 * 8 * 4
    case = Case.from_toml(DOCS.parent / "examples" / "stxm.toml")
    fresh = scan_gradients(case, diffusivities=(1e-15,), radii=(5e-6,), coverages=(0.2,), rests=(0.0, 600.0))
    for one in fresh:
        (row,) = (
            row
            for row in rows
            if row["condition"] == one.condition
            and float(row["diffusivity [m2/s]"]) == one.diffusivity
            and float(row["radius [m]"]) == one.radius
            and float(row["coverage"]) == one.coverage
            and float(row["rest [s]"]) == one.rest
        )
        assert one.ratios == pytest.approx([float(row[f"region {k}"]) for k in (1, 2, 3, 4)], rel=2e-3)
        assert row["reached"] == ("yes" if one.reached else "no")
        assert row["Cal"] == ("yes" if one.compatible(CAL, VALENCE) else "no")


def test_a_scan_of_nothing_is_refused() -> None:
    case = Case.from_toml(DOCS.parent / "examples" / "stxm.toml")
    with pytest.raises(InputError, match="needs numbers"):
        scan_gradients(case, diffusivities=())
    with pytest.raises(InputError, match="rests rise"):
        scan_gradients(case, rests=(600.0, 0.0))
