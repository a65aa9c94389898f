"""What cannot be fitted is one clear error, in Python, in a fit file and on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.main import main
from asyncsoc.studies.calibration.constants import parse_constant
from asyncsoc.studies.calibration.fit_file import read_fit_file
from asyncsoc.studies.calibration.priors import Prior
from tests.studies.calibration.synthetic import CAP, I0, D, case_of

COVERAGE, RADIUS = "contact.coverage", "particle.radius"
CHARGE = "Charge at C/10 for 2 hours"


def curve(end: float = 7000.0, name: str = "a.csv", **arrays: Any) -> aso.MeasuredCurve:
    time = {} if "capacity" in arrays else {"time": np.linspace(100.0, end, 20)}
    voltage = {} if "resistance" in arrays else {"voltage": np.full(20, 3.7)}
    return aso.MeasuredCurve.from_arrays(**time, **voltage, **arrays, name=name)


def fit(keys: Any, case: aso.Case | None = None, data: aso.MeasuredCurve | None = None, **options: Any) -> None:
    aso.calibrate((case or case_of(CHARGE), data or curve()), keys, **options)


def two(*keys: str) -> None:
    data = [aso.Measurement.of(case_of(CHARGE), curve(name=name)) for name in ("a.csv", "b.csv")]
    aso.calibrate(data, keys)


def measured(case: aso.Case | None = None, data: aso.MeasuredCurve | None = None, **options: Any) -> None:
    aso.Measurement.of(case or case_of(CHARGE), data or curve(), **options)


TABLE = {"diffusivity": {"x": [0, 1], "D": [1e-14, 2e-14]}}
CAPACITY = np.linspace(0.0, 3e4, 20)

WRONG: list[tuple[Callable[[], Any], list[str]]] = [
    (lambda: aso.calibrate(5, [COVERAGE]), ["pairs of a case and a curve", "int"]),  # type: ignore[arg-type]
    (lambda: aso.calibrate((case_of(CHARGE), 5), [COVERAGE]), ["a MeasuredCurve"]),  # type: ignore[arg-type]
    (lambda: fit(None), ["a list", "contact.coverage"]),
    (lambda: fit([5]), ["by its key", "5"]),
    (lambda: fit([COVERAGE], priors=["contact.coverage=0.3+-0.1"]), ["priors are given by key"]),
    (lambda: curve(resistance=np.full(20, 1.0 + 0.0j)), ["no array of numbers", "complex"]),
    (lambda: curve(resistance=[10**400] * 20), ["no array of numbers"]),
    (lambda: measured(data=curve(end=9000.0)), ["reach beyond the protocol", "7200 s"]),
    (lambda: measured(case_of(CHARGE, "Rest for 1 hour"), step=2), ["reach beyond their step", "Rest for 1 hour"]),
    (lambda: measured(step=3), ["no such protocol step", "1 to 1"]),
    (lambda: measured(error="1 mA"), ["wrong dimension", "error of a.csv"]),
    (lambda: measured(error=0.0), ["must be above 0"]),
    (lambda: measured(weights="step"), ["unknown way to weight points", "did you mean: steps"]),
    (
        lambda: measured(case_of(CHARGE, "Discharge at C/5 for 1 hour"), curve(capacity=CAPACITY)),
        ["belongs to one step", "give step = N"],
    ),
    (lambda: measured(case_of("Rest for 1 hour"), curve(capacity=CAPACITY)), ["needs a step that passes charge"]),
    (
        lambda: measured(case_of(CHARGE, "Rest for 1 hour"), curve(capacity=CAPACITY), step=2),
        ["no charge passes in a rest"],
    ),
    (lambda: fit([]), ["name each constant"]),
    (lambda: fit([D, D]), ["name each constant", "once"]),
    (lambda: fit(["material.diffusivity_facto"]), ["unknown constant", f"did you mean: {D}"]),
    (lambda: fit([f"{D}=10:0.1"]), ["not a range", "rise"]),
    (lambda: fit([f"{D}=0:10"]), ["not a range", "above 0"]),
    (lambda: fit({D: (1, 2, 3)}), ["not a range"]),  # type: ignore[dict-item]
    (lambda: fit([COVERAGE]), ["no coverage to fit", "contact.kind"]),
    (lambda: fit([f"{COVERAGE}=0.1:1.5"], case_of(CHARGE, like=CAP)), ["leaves what the case allows", "narrow it"]),
    (lambda: fit(["kinetics.reorganization_energy"]), ["no effect"]),
    (lambda: fit(["kinetics.film_resistance"], case_of(CHARGE, kinetics={"model": "uniform-flux"})),
     ["no kinetic constants"]),
    (lambda: fit(["side_reaction.onset_potential"]), ["unless it is coupled"]),
    (lambda: fit([D, "material.diffusivity"]), ["only the product", "fit one of them"]),
    (lambda: fit([I0, "kinetics.exchange_current_density"]), ["only the product"]),
    (
        lambda: fit(["material.diffusivity"], case_of(CHARGE, material=TABLE)),
        ["no number", "diffusivity_factor, which multiplies it"],
    ),
    (
        lambda: fit(
            ["protocol.initial_stoichiometry"],
            aso.Case.from_dict({"protocol": {"steps": [CHARGE], "initial_voltage": 3.6}}),
        ),
        ["starts at a voltage"],
    ),
    (lambda: fit([f"{D}@b.csv"]), ["unknown measurement", "a.csv"]),
    (lambda: fit([f"{D}@"]), ["names them"]),
    (lambda: two(f"{D}@a.csv", f"{I0}@b.csv"), ["share no constant", "b.csv"]),
    (lambda: two(D, f"{D}@b.csv"), ["once", "twice for b.csv"]),
    (lambda: fit([D], priors={D: "1+-0"}), ["width of a prior"]),
    (lambda: fit([D], priors={D: "1+--0.5"}), ["width of a prior"]),
    (lambda: fit([D], priors={D: "1*/1"}), ["factor of a prior must be above 1"]),
    (lambda: fit([D], priors={D: "1"}), ["not a prior", "MEAN+-DEVIATION"]),
    (lambda: fit([D], priors={D: "1 m+-2 m"}), ["wrong dimension"]),
    (lambda: fit([D], priors={D: "1000*/2"}), ["outside the range", "0.01 to 100"]),
    (lambda: fit([D], priors={I0: "1*/2"}), ["not fitted", I0]),
    (lambda: Prior(1.0, -1.0, logarithmic=False), ["must be positive"]),
    (lambda: fit([D], loss="hubert"), ["unknown loss", "did you mean: huber"]),
    (lambda: aso.calibrate([("case.toml",)], [D]), ["pairs of a case and a curve"]),  # type: ignore[list-item]
    (lambda: aso.calibrate([], [D]), ["no data"]),
    (lambda: aso.calibrate(("none.toml", curve()), [D]), ["no such case file"]),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "words"), WRONG)
def test_wrong_input_is_one_clear_error(wrong: Callable[[], Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        wrong()
    for word in words:
        assert word in str(caught.value)


def test_fewer_points_than_constants() -> None:
    three = aso.MeasuredCurve.from_arrays(time=[1.0, 2.0, 3.0], voltage=[3.5, 3.6, 3.7])
    with pytest.raises(InputError, match="fewer points than constants"):
        fit([D, I0, "kinetics.film_resistance"], data=three)


def test_a_prior_may_have_units() -> None:
    assert parse_constant(RADIUS, "5 um+-500 nm").prior == Prior(5e-6, 5e-7, logarithmic=False)
    found = parse_constant("material.diffusivity", "4e-15 m2/s*/2").prior
    assert found is not None and found.logarithmic and found.mean == 4e-15
    assert found.residual(8e-15) == pytest.approx(1.0)
    assert parse_constant(COVERAGE, "0.3±0.05").prior == Prior(0.3, 0.05, logarithmic=False)


FIT_FILE = """
case = "case.toml"
[[data]]
file = "a.csv"
[[constants]]
key = "material.diffusivity_factor"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "case.toml").write_text(case_of(CHARGE).to_toml())
    rows = "".join(f"{t},3.7\n" for t in range(0, 7000, 500))
    (tmp_path / "a.csv").write_text("time [s],voltage [V]\n" + rows)
    (tmp_path / "fit.toml").write_text(FIT_FILE)
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[[data]]", "los = 1\n[[data]]", ["unknown key 'los'", "did you mean: loss"]),
        ("[[data]]", 'loss = "l1"\n[[data]]', ["unknown loss"]),
        ("[[data]]", "profiles = 1\n[[data]]", ["expected true or false"]),
        ('case = "case.toml"', "", ["the measurement has no case"]),
        ('file = "a.csv"', "", ["the measurement has no file"]),
        ('file = "a.csv"', 'file = "b.csv"', ["cannot be opened", "b.csv"]),
        ('file = "a.csv"', 'file = "a.csv"\nstep = "two"', ["no such protocol step"]),
        ('file = "a.csv"', 'file = "a.csv"\nset = 3', ["expected a table"]),
        ('file = "a.csv"', 'file = "a.csv"\nset = { "contact.coverag" = 0.2 }', ["unknown key", "contact.coverage"]),
        ('file = "a.csv"', 'file = "a.csv"\nweight = "time"', ["unknown key 'weight'", "did you mean: weights"]),
        ('key = "material.diffusivity_factor"', "range = [1, 2]", ["the constant has no key"]),
        ("diffusivity_factor\"", "diffusivity_factor\"\nrange = 3", ["not a range"]),
        ("diffusivity_factor\"", "diffusivity_factor\"\nprior = 3", ["expected a string"]),
        ("diffusivity_factor\"", "diffusivity_factor\"\ndata = [3]", ["names of measurements"]),
        ('[[constants]]\nkey = "material.diffusivity_factor"', "", ["a fit needs its constants"]),
    ],
)  # fmt: skip
def test_a_wrong_fit_file_is_one_clear_error(folder: Path, old: str, new: str, words: list[str]) -> None:
    assert old in FIT_FILE
    (folder / "fit.toml").write_text(FIT_FILE.replace(old, new))
    with pytest.raises(InputError) as caught:
        read_fit_file(folder / "fit.toml")
    for word in words:
        assert word in str(caught.value)


def test_a_fit_file_says_what_options_say(folder: Path) -> None:
    (folder / "fit.toml").write_text(
        FIT_FILE.replace('file = "a.csv"', 'file = "a.csv"\nname = "one"\nsteps = ["Charge at C/9 for 2 hours"]\n'
                         'error = "2 mV"\nweights = "time"\nset = { protocol.temperature = "50 degC" }')
        + 'range = [0.2, 5]\nprior = "1*/2"\ndata = ["one"]\n'
    )  # fmt: skip
    found = read_fit_file(folder / "fit.toml", ["kinetics.film_resistance=0.1"])
    (one,), (constant,) = found.measurements, found.constants
    assert (one.name, one.error, one.weights) == ("one", 2e-3, "time")
    assert one.case.protocol.steps == ("Charge at C/9 for 2 hours",)
    assert one.case.protocol.temperature == pytest.approx(323.15)
    assert one.case.kinetics.film_resistance == 0.1
    assert (constant.label, constant.low, constant.high) == (f"{D}@one", 0.2, 5.0)
    assert constant.prior is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["case.toml", "a.csv"], "nothing to fit is named"),
        (["case.toml", "--fit", D], "no data are named"),
        (["case.toml", "none.toml:a.csv", "--fit", D], "no such case file"),
        (["case.toml", "a.csv", "--fit", D, "--prior", f"{I0}=1*/2"], "not fitted"),
        (["case.toml", "a.csv", "--fit", D, "--prior", D], "not a prior"),
        (["case.toml", "a.csv", "--fit", D, "--error", "1 m"], "wrong dimension"),
        (["case.toml", "a.csv", "--fit", D, "--loss", "l2"], "unknown loss"),
        (["fit.toml", "--fit", D], "the fit file says"),
    ],
)
def test_the_command_says_what_is_wrong(
    folder: Path, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert main(["calibrate", *arguments]) == 2
    assert words in capsys.readouterr().err
