"""Electrodes of a case, through `simulate` and the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.main import main
from asyncsoc.materials.capacity import theoretical_capacity
from asyncsoc.materials.registry import cathode
from asyncsoc.problem.build import prepare
from asyncsoc.problem.electrode_cases import electrode_cases
from asyncsoc.recorders import curve_names as names

TEMPERATURE = "60 degC"
NCM = cathode("ncm811-sturm2019")


def electrode_case(steps: tuple[str, ...] = ("Charge at C/10 for 1 hour",), **electrode: Any) -> aso.Case:
    keys = {"loading": "12.7 mg/cm2", "coverage": 1.0, **electrode}
    protocol = {"temperature": TEMPERATURE, "steps": list(steps)}
    return aso.Case.from_dict({"electrode": keys, "particle": {"mesh": "coarse"}, "protocol": protocol})


def test_one_kind_of_particle_is_a_single_particle_behind_the_same_separator() -> None:
    case = electrode_case(("Charge at C/5 until 4.1 V", "Rest for 10 minutes", "Discharge at C/5 for 1 hour"))
    areal = electrode_cases(case).sample.theoretical_capacity(NCM)
    single = aso.Case.from_dict(
        {
            "particle": {"mesh": "coarse"},
            "electrolyte": {"areal_capacity": areal},
            "protocol": case.protocol.model_dump(exclude_unset=True),
        }
    )
    whole, alone = aso.simulate(case), aso.simulate(single)
    np.testing.assert_allclose(whole.columns[names.TIME], alone.columns[names.TIME], rtol=1e-9)
    np.testing.assert_allclose(whole.columns[names.VOLTAGE], alone.columns[names.VOLTAGE], atol=1e-9)
    np.testing.assert_allclose(whole.columns[names.MEAN_SOC], alone.columns[names.MEAN_SOC], atol=1e-12)


def test_amperes_are_those_of_the_electrodes_area() -> None:
    steps = ("Charge at 1 mA for 60 s", "Discharge at 0.5 mA for 60 s")
    small, large = (aso.simulate(electrode_case(steps, area=area)) for area in ("1 cm2", "4 cm2"))
    for solution in (small, large):
        assert solution.columns[names.CURRENT][-1] == pytest.approx(-0.5e-3, rel=1e-9)
    ends = [one.columns[names.CAPACITY].max() for one in (small, large)]
    assert ends[0] / ends[1] == pytest.approx(4.0, rel=1e-9)


@pytest.mark.parametrize("capacity", ["theoretical", "150 mAh/g", "2 mAh"])
def test_currents_per_area_and_mass_are_those_of_the_electrode(capacity: str) -> None:
    steps = ("Charge at 0.5 mA/cm2 until 0.02 mAh/cm2", "Discharge at 20 mA/g for 60 s", "Hold at 3.7 V until 1 mA/cm2")
    case = electrode_case(steps, area="4 cm2", coverage={"law": "classes", "poor": 0.3, "good": 0.9, "share_poor": 0.5})
    solution = aso.simulate(case.with_overrides([f"protocol.capacity='{capacity}'"]))
    rows = [np.flatnonzero(solution.columns[names.STEP] == number)[[1, -1]] for number in (1, 2, 3)]
    current, charge = solution.columns[names.CURRENT], solution.columns[names.CHARGE]
    np.testing.assert_allclose(current[rows[0]], 2e-3, rtol=1e-9)
    assert charge[rows[0][1]] == pytest.approx(0.02e-3 * 4.0 * 3600.0, rel=1e-7)
    np.testing.assert_allclose(current[rows[1]], -20.0 * 0.127 * 4e-4, rtol=1e-9)
    assert abs(current[rows[2][1]]) == pytest.approx(4e-3, rel=1e-6)
    assert solution.steps[2].stop_reason == "current 1 mA/cm2 reached"
    shape = {"time": [0.0, 144.0], "areal_current": [5.0, 5.0]}
    profile = aso.Protocol.of("Follow areal", profiles={"areal": shape}, capacity=capacity, temperature=TEMPERATURE)
    followed = aso.simulate(case.model_copy(update={"protocol": profile}))
    assert followed.columns[names.CHARGE][-1] == pytest.approx(0.02e-3 * 4.0 * 3600.0, rel=1e-9)


def test_a_single_particle_shares_currents_per_area_and_mass() -> None:
    """By the electrolyte set's areal capacity, and by its own mass: as profiles of the same currents."""
    density, volume = NCM.density, 4.0 / 3.0 * np.pi * (7.5e-6) ** 3
    areal = theoretical_capacity(NCM, volume) / (2.5 * 36000.0)  # C over C/m2
    expected = {"0.5 mA/cm2": 5.0 * areal, "20 mA/g": 20.0 * density * volume}
    for written, amperes in expected.items():
        case = aso.Case.from_dict(
            {
                "particle": {"mesh": "coarse"},
                "electrolyte": {"areal_capacity": "2.5 mAh/cm2"},
                "protocol": {"steps": [f"Charge at {written} for 60 s"]},
            }
        )
        assert aso.simulate(case).columns[names.CURRENT][-1] == pytest.approx(amperes, rel=1e-9)


def test_one_c_is_the_sum_of_the_particles_capacities() -> None:
    case = electrode_case(
        ("Charge at C/2 for 10 minutes",), radius={"law": "lognormal", "median": "6 um", "sigma": 1.3}, particles=3
    )
    solution = aso.simulate(case)
    mass = 0.127 * case.electrode.area
    expected = theoretical_capacity(NCM, mass / NCM.density) / 3600.0 / 2.0
    assert solution.columns[names.CURRENT][-1] == pytest.approx(expected, rel=1e-9)
    assert solution.columns[names.MEAN_SOC][-1] - solution.columns[names.MEAN_SOC][0] == pytest.approx(
        1.0 / 12.0, rel=1e-9
    )
    shares = solution.particles[names.CURRENT_SHARE].values
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, rtol=1e-9)


def test_particles_without_contact_count_and_stay_as_they_are(tmp_path: Path) -> None:
    table = {"radius": [5e-6, 5e-6], "coverage": [1.0, 0.0], "multiplicity": [3.0, 1.0]}
    case = electrode_case(("Charge at C/10 for 2 hours",), coverage=None, table=table)
    solution = aso.simulate(case)
    (running,) = solution.particles["particle"].values.tolist()
    assert running == "particle 1"
    risen = solution.columns[names.MEAN_SOC][-1] - solution.columns[names.MEAN_SOC][0]
    assert risen == pytest.approx(0.2, rel=1e-9)
    own = solution.particles[names.MEAN_SOC].values[0]
    assert own[-1] - own[0] == pytest.approx(0.2 * 4.0 / 3.0, rel=1e-9)
    assert any("0.25 of the active material has no contact" in warning for warning in solution.warnings)
    report = solution.reports["electrode"]
    assert [row["coverage"] for row in report["particles"]] == [1.0, 0.0]
    again = aso.Solution.load(solution.save(tmp_path))
    assert again.reports["electrode"]["share of volume without contact"] == pytest.approx(0.25)
    assert again.case_sha256 == case.hash == aso.Case.from_text(again.case_toml).hash


def test_the_poorly_covered_lag_and_the_same_draw_gives_the_same_bits() -> None:
    case = electrode_case(coverage={"law": "classes", "poor": 0.3, "good": 0.95, "share_poor": 0.5})
    first, second = aso.simulate(case), aso.simulate(case)
    assert first.columns[names.VOLTAGE].tobytes() == second.columns[names.VOLTAGE].tobytes()
    poor, good = first.particles[names.MEAN_SOC].values[:, -1]
    assert poor < first.columns[names.MEAN_SOC][-1] < good


def test_without_keys_there_is_no_electrode() -> None:
    single = {"protocol": {"steps": ["Rest for 1 minute"]}}
    assert aso.Case.from_dict(single).hash == aso.Case.from_dict({**single, "electrode": {}}).hash
    assert "[electrode]" not in aso.Case.from_dict(single).to_toml()


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"particle": {"radius": "5 um"}}, "particle.radius"),
        ({"contact": {"kind": "cap", "coverage": 0.3}}, "contact"),
        ({"electrolyte": {"areal_capacity": "2 mAh/cm2"}}, "electrolyte.areal_capacity"),
        ({"kinetics": {"model": "uniform-flux"}}, "kinetics.model"),
        ({"electrode": {"particles": 5}}, "electrode.loading"),
        ({"electrode": {"loading": "12.7 mg/cm2"}}, "electrode.coverage"),
        ({"electrode": {"loading": "12.7 mg/cm2", "coverage": 1.4}}, "electrode.coverage"),
        ({"electrode": {"loading": "12.7 mg/cm2", "coverag": 0.4}}, "electrode.coverag"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(changes: dict[str, Any], where: str) -> None:
    keys = {"electrode": {"loading": "12.7 mg/cm2", "coverage": 0.3}, "protocol": {"steps": ["Rest for 1 minute"]}}
    with pytest.raises(InputError) as caught:
        aso.Case.from_dict({**keys, **changes})
    assert (caught.value.where or "").startswith(where)


def test_a_loading_that_does_not_fit_the_thickness_is_said_before_anything_runs() -> None:
    with pytest.raises(InputError, match="does not fit into"):
        aso.simulate(electrode_case(thickness="20 um"))


def test_nothing_with_contact_carries_no_current() -> None:
    with pytest.raises(InputError, match="carries no current"):
        aso.simulate(electrode_case(coverage=None, table={"radius": [5e-6], "coverage": [0.0]}))


def test_what_is_for_single_particles_refuses_electrodes() -> None:
    case = electrode_case()
    with pytest.raises(InputError, match="single particles"):
        prepare(case)
    with pytest.raises(InputError, match="an estimate for each of its particles"):
        aso.estimate(case)


def test_the_command_gives_the_particles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "two.toml"
    file.write_text(electrode_case(coverage={"law": "classes", "poor": 0.3, "good": 0.95, "share_poor": 0.5}).to_toml())
    assert main(["run", str(file), "-o", str(tmp_path), "--json", "-q"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["Coverage asked"] for row in document["particles"]] == pytest.approx([0.3, 0.95])
    assert len(list(tmp_path.glob("*.vtkhdf"))) == 1 and len(list(tmp_path.glob("*.png"))) == 1
    assert main(["params", str(file), "--json"]) == 0
    assert "density of the polymer" in capsys.readouterr().out
