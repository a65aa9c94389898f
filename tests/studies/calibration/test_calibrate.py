"""Constants are found again from synthetic curves; what the data leave open is said; a fit is never hidden."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.cli.main import main
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.calibration.constants import parse_constant
from asyncsoc.studies.calibration.fit import calibrate
from asyncsoc.studies.calibration.identify import identify
from asyncsoc.studies.calibration.measured import read_measured
from asyncsoc.studies.calibration.report import case_text, document, warnings_of
from asyncsoc.studies.calibration.response import respond

TRUE = {"exchange_current_density": 2e-5, "onset_potential": 3.8, "film_conductivity": 3e-8}
BASE = {
    "particle": {"radius": 5e-6},
    "protocol": {"steps": ["Charge at C/5 for 4 hours"]},
    "side_reaction": {"mode": "coupled", "driving_force": "potential"},
    "solver": {"tolerance": 1e-5},
}


def case(**side: object) -> Case:
    return Case.from_dict({**BASE, "side_reaction": {**BASE["side_reaction"], **side}})


def write(path: Path, head: str, time: np.ndarray, values: np.ndarray) -> Path:
    lines = [head, *(f"{t:.6g},{v:.9g}" for t, v in zip(time, values, strict=True))]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Curves of the true constants, with 1 mV and 2 % of noise."""
    place = tmp_path_factory.mktemp("curves")
    random = np.random.default_rng(7)
    time = np.linspace(300.0, 14000.0, 60)
    voltage = read_measured(write(place / "v.csv", "time [s],voltage [V]", time, np.ones(60)))
    ohms = read_measured(write(place / "r.csv", "time [s],resistance [ohm]", time, np.ones(60)))
    response = respond(case(**TRUE), [voltage, ohms])
    write(place / "v.csv", "Time [min],Voltage [mV]", time / 60, 1e3 * response.at(voltage) + random.normal(0, 1.0, 60))
    write(place / "r.csv", "t/s,R/kohm", time, 1e-3 * response.at(ohms) * np.exp(random.normal(0, 0.02, 60)))
    return place


def test_a_response_is_the_simulation(folder: Path) -> None:
    data = [read_measured(folder / name) for name in ("v.csv", "r.csv")]
    dense = case(**TRUE).with_overrides(["protocol.steps=['Charge at C/5 for 4 hours (10 second period)']"])
    response, solution = respond(case(**TRUE), data), simulate(dense)
    at = data[0].time
    voltage = np.interp(at, solution.columns["Time [s]"], solution.columns["Voltage [V]"])
    np.testing.assert_allclose(response.at(data[0]), voltage, atol=5e-6)
    ohms = np.interp(at, solution.columns["Time [s]"], solution.columns["Interface resistance [ohm]"])
    np.testing.assert_allclose(response.at(data[1]), ohms, rtol=5e-5)


@pytest.mark.slow
def test_two_constants_are_found_again_within_their_intervals(folder: Path) -> None:
    data = [read_measured(folder / name) for name in ("v.csv", "r.csv")]
    constants = [
        parse_constant("side_reaction.exchange_current_density=1e-7:1e-3"),
        parse_constant("side_reaction.film_conductivity"),
    ]
    found = calibrate(case(), data, constants)
    assert found.converged
    for interval, key in zip(
        found.identification.intervals, ("exchange_current_density", "film_conductivity"), strict=True
    ):
        assert interval.identified
        assert interval.low < TRUE[key] < interval.high
        assert interval.value == pytest.approx(TRUE[key], rel=0.3)
        assert interval.high / interval.low < 3.0
    assert found.rms[0] == pytest.approx(1e-3, rel=0.4)
    assert found.rms[1] == pytest.approx(0.02, rel=0.4)
    assert not any(direction.open for direction in found.identification.directions)
    # The fit goes with the case: into its file, and into every run of it.
    marked = found.case.side_reaction
    assert set(marked.fitted) == {"exchange_current_density", "film_conductivity"}
    assert "v.csv" in str(marked.fitted_to) and "SHA-256" in str(marked.fitted_to)
    solution = simulate(found.case)
    assert any(line.startswith("fitted, not measured: side_reaction.") for line in solution.warnings)
    rows = {row["name"]: row for row in solution.reports["side reaction"]["parameters"]}
    assert rows["film conductivity"]["source"].startswith("fitted to v.csv")
    assert not rows["film conductivity"]["assumed"]
    assert rows["onset potential"]["assumed"]
    assert "fitted" in case_text(found).splitlines()[0]
    assert Case.from_dict(tomllib.loads(case_text(found))).hash == found.case.hash
    json.dumps(document(found), allow_nan=False)


def test_scale_and_onset_of_one_exponential_cannot_be_told_apart(folder: Path) -> None:
    keys = ("side_reaction.exchange_current_density", "side_reaction.onset_potential")
    found = calibrate(
        case(film_conductivity=3e-8), [read_measured(folder / "v.csv")], [parse_constant(key) for key in keys]
    )
    identification = found.identification
    assert not any(interval.identified for interval in identification.intervals)
    weakest = identification.directions[-1]
    assert weakest.open
    assert {key for key, _ in weakest.shares} == set(keys)
    assert identification.condition > 300.0
    assert abs(identification.correlation[0, 1]) > 0.99
    assert any("leave open" in line for line in warnings_of(found))
    # What they make together is found all the same: i_ox0 exp(-a F U_ox / RT).
    section = found.case.side_reaction
    slope = 0.5 * 96485.33 / (8.31446 * 333.15)
    scale = np.log(section.exchange_current_density) - slope * section.onset_potential
    assert scale == pytest.approx(np.log(2e-5) - slope * 3.8, abs=0.1)


def test_intervals_are_those_of_linear_regression() -> None:
    random = np.random.default_rng(3)
    constants = [
        parse_constant("side_reaction.onset_potential=3:5"),
        parse_constant("kinetics.exchange_current_density=0.01:1"),
    ]
    design = random.normal(size=(40, 2))
    residuals = random.normal(size=40) * 0.7
    found = identify(constants, np.array([0.4, 0.5]), design, residuals)
    from scipy.stats import t

    covariance = np.linalg.inv(design.T @ design) * (residuals @ residuals) / 38
    half = t.ppf(0.975, 38) * np.sqrt(np.diag(covariance))
    first, second = found.intervals
    assert (first.low, first.high) == pytest.approx((3.0 + 2.0 * (0.4 - half[0]), 3.0 + 2.0 * (0.4 + half[0])))
    assert (second.low, second.high) == pytest.approx(
        tuple(10.0 ** (-2.0 + 2.0 * (0.5 + s * half[1])) for s in (-1, 1))
    )
    scaled = covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    np.testing.assert_allclose(found.correlation, scaled, rtol=1e-9)


def test_a_constant_the_data_do_not_feel_is_open_and_nothing_overflows() -> None:
    constants = [parse_constant("side_reaction.onset_potential"), parse_constant("side_reaction.film_conductivity")]
    design = np.column_stack([np.ones(10), np.zeros(10)])
    found = identify(constants, np.array([0.5, 0.0]), design, np.full(10, 1e-3))
    assert found.intervals[0].identified
    assert not found.intervals[1].identified and found.intervals[1].at_edge
    assert found.directions[-1].open and np.isinf(found.directions[-1].deviation)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("side_reaction.onset", ["unknown constant", "did you mean: side_reaction.onset_potential"]),
        ("side_reaction.onset_potential=3.6", ["not a range"]),
        ("side_reaction.onset_potential=4.4:3.6", ["not a range", "rise"]),
        ("side_reaction.film_conductivity=0:1", ["not a range"]),
        ("side_reaction.onset_potential=3 m:4 m", ["wrong dimension"]),
    ],
)
def test_a_wrong_constant_is_one_clear_error(text: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_constant(text)
    assert all(word in str(caught.value) for word in words)
    assert parse_constant("side_reaction.onset_potential=3600 mV:4.4").low == pytest.approx(3.6)


def test_what_cannot_be_fitted(folder: Path) -> None:
    data, onset = [read_measured(folder / "v.csv")], parse_constant("side_reaction.onset_potential")
    with pytest.raises(InputError, match="unless it is coupled"):
        calibrate(case(mode="report"), data, [onset])
    with pytest.raises(InputError, match="once"):
        calibrate(case(), data, [onset, onset])
    uniform = Case.from_dict({**BASE, "kinetics": {"model": "uniform-flux"}, "side_reaction": {}})
    with pytest.raises(InputError, match="no kinetic constants"):
        calibrate(uniform, data, [parse_constant("kinetics.exchange_current_density")])
    with pytest.raises(InputError, match="no resistance"):
        calibrate(uniform, [read_measured(folder / "r.csv")], [parse_constant("kinetics.exchange_current_density")])


@pytest.mark.slow
def test_the_command_keeps_case_numbers_and_picture(folder: Path, tmp_path: Path, capsys) -> None:
    path = tmp_path / "cal.toml"
    path.write_text(case(film_conductivity=3e-8).to_toml())
    arguments = [
        "calibrate",
        str(path),
        str(folder / "v.csv"),
        "--fit",
        "side_reaction.exchange_current_density=1e-6:1e-4",
    ]
    assert main([*arguments, "-o", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (constant,) = found["fitted constants"]
    assert constant["source"] == "fitted"
    assert constant["confidence interval"][0] < 2e-5 < constant["confidence interval"][1]
    fitted, summary, picture = map(Path, found["files"])
    assert Case.from_toml(fitted).side_reaction.fitted == ("exchange_current_density",)
    assert json.loads(summary.read_text())["fitted constants"] == found["fitted constants"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main([*arguments]) == 0
    out = capsys.readouterr()
    assert "fitted" in out.out and "no measurement of the constants" in out.err
    assert main(["calibrate", str(path), str(folder / "v.csv")]) == 2
    assert "nothing to fit is named" in capsys.readouterr().err


def test_a_misfit_that_is_no_noise_is_called_so(folder: Path, tmp_path: Path) -> None:
    data = read_measured(folder / "v.csv")
    bent = data.values + 0.02 * np.sin(data.time / 4000.0)
    other = read_measured(write(tmp_path / "bent.csv", "time [s],voltage [V]", data.time, bent))
    constants = [parse_constant("side_reaction.exchange_current_density=1e-7:1e-3")]
    found, clean = (calibrate(case(film_conductivity=3e-8), [curve], constants) for curve in (other, data))
    assert any("not noise" in line for line in warnings_of(found))
    assert not any("not noise" in line for line in warnings_of(clean))


def test_a_resistance_needs_no_thermochemistry(tmp_path: Path) -> None:
    """What an electrolyte without known thermochemistry shows at its interface can be compared with all the same."""
    plain = {"particle": {"radius": 5e-6}, "protocol": {"steps": ["Charge at C/5 for 1 hour"]}}
    liquid = Case.from_dict({**plain, "electrolyte": {"name": "liquid-lipf6"}})
    time = np.linspace(300.0, 3300.0, 8)
    ohms = read_measured(write(tmp_path / "r.csv", "time [s],resistance [ohm]", time, np.ones(8)))
    response = respond(liquid, [ohms])
    assert (response.at(ohms) > 0.0).all()
    # The same for any reactant that is only reported.
    named = Case.from_dict({**plain, "electrolyte": {"name": "liquid-lipf6"},
                            "side_reaction": {"mode": "report", "reactant": "eca"}})  # fmt: skip
    np.testing.assert_allclose(respond(named, [ohms]).at(ohms), response.at(ohms), rtol=1e-12)
