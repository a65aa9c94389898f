"""Sweeps of an inert electrode against closed forms and an independent integration, and what the criterion does."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.cli.main import main
from asyncsoc.interface.side_reaction import SideReactionModel
from asyncsoc.problem.case_materials import cathode_of
from asyncsoc.problem.case_side_reaction import side_reaction_model
from asyncsoc.studies.lsv.inert import SweepCurve, inert_sweep
from asyncsoc.studies.lsv.on_particles import contact_per_electrode
from asyncsoc.studies.lsv.windows import AREAL, CHARGED, INERT, SWEPT, compare_windows
from asyncsoc.studies.verification.checks_lsv import lsv_checks

EXAMPLE = Path(__file__).parents[3] / "examples" / "lsv.toml"
TEMPERATURE = 333.15
THERMAL = 8.314462618 * TEMPERATURE / 96485.33212


def law() -> SideReactionModel:
    case = Case.from_toml(EXAMPLE)
    return side_reaction_model(case, cathode_of(case.material))


def test_every_check_of_verify_passes() -> None:
    assert [check.name for check in lsv_checks() if not check.passed] == []


def test_a_sweep_through_a_resistive_film_is_that_of_an_independent_integration() -> None:
    model, resistance = law(), 0.02
    constants, film = model.constants, model.film

    def density(volts: float, d: float) -> float:
        def lacking(logarithm: float) -> float:
            i = math.exp(logarithm)
            overpotential = volts - i * (resistance + d / film.conductivity) - constants.onset_potential
            return logarithm - math.log(constants.exchange_current_density) - 0.5 * overpotential / THERMAL

        return math.exp(float(brentq(lacking, -80.0, 20.0, xtol=1e-12)))

    found = solve_ivp(
        lambda t, d: [film.volume_per_charge * density(3.0 + 1e-3 * t, float(d[0]))],
        (0.0, 2300.0), [0.0], method="LSODA", rtol=1e-8, atol=1e-16,
    )  # fmt: skip
    curve = inert_sweep(model, TEMPERATURE, rate=1e-3, start=3.0, end=5.3, resistance=resistance)
    assert curve.film[-1] == pytest.approx(float(found.y[0, -1]), rel=1e-3)
    assert curve.density[-1] == pytest.approx(density(5.3, float(found.y[0, -1])), rel=1e-3)


def test_the_onset_moves_by_tafel_s_slope_with_the_criterion() -> None:
    model = law()
    model = replace(model, film=replace(model.film, conductivity=1e6))
    curve = inert_sweep(model, TEMPERATURE, rate=1e-3, start=3.0, end=5.5)
    low, high = curve.onset(1e-4), curve.onset(1e-2)
    assert low is not None
    assert high is not None
    assert high - low == pytest.approx(math.log(100.0) * THERMAL / 0.5, rel=1e-3)
    assert low == pytest.approx(3.8 + math.log(100.0) * THERMAL / 0.5, abs=1e-4)
    assert curve.onset(1e9) is None
    assert SweepCurve("", np.array([3.0, 4.0]), np.array([1.0, 2.0]), np.zeros(2)).onset(0.5) == 3.0


def test_windows_of_the_example() -> None:
    study = compare_windows(Case.from_toml(EXAMPLE), criteria=(1e-4, 1e-3))
    for inert, swept, charged, areal in zip(*(study.onsets(k) for k in (INERT, SWEPT, CHARGED, AREAL)), strict=True):
        assert inert is not None and swept is not None and charged is not None and areal is not None
        assert charged < inert
        assert areal < charged
    # An electrode of Q_A has (Q_A / (c_max F x-window V)) particles per area, each with f 4 pi R^2 of contact.
    case = Case.from_toml(EXAMPLE)
    cathode = cathode_of(case.material)
    low = float(brentq(lambda x: float(cathode.open_circuit_potential(np.array([x]))[0]) - 4.2, 0.2, 0.5))
    per_volume = 96485.33212 * cathode.maximum_concentration * (1.0 - low)
    from asyncsoc.materials.registry import electrolyte

    areal_capacity = electrolyte("peo-litfsi").areal_capacity * 3600.0
    assert contact_per_electrode(case) == pytest.approx(0.3 * 3.0 / 7.5e-6 * areal_capacity / per_volume, rel=2e-3)


@pytest.mark.slow
def test_potential_driven_alone_a_contact_is_an_inert_electrode() -> None:
    # Whatever the lithium does, the rate under potential driving is that of the potential under the film.
    case = Case.from_toml(EXAMPLE, ["side_reaction.driving_force=potential", "side_reaction.film_conductivity=1e6"])
    case = case.with_overrides(["electrolyte.conductivity=1e4"])  # no series drop between cell and particle
    study = compare_windows(case, criteria=(1e-5, 1e-4))
    for inert, charged in zip(study.onsets(INERT), study.onsets(CHARGED), strict=True):
        assert inert == pytest.approx(charged, abs=2e-3)


@pytest.mark.slow
def test_the_command_prints_onsets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lsv", str(EXAMPLE), "--criterion", "1e-5 mA/cm2,1e-4 mA/cm2", "--json", "-o", str(tmp_path)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["criterion [A/m2]"] == pytest.approx([1e-4, 1e-3])
    assert document["onset [V]"]["inert electrode"] == sorted(document["onset [V]"]["inert electrode"])
    assert [Path(name).suffix for name in document["files"]] == [".csv", ".png"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--criterion", "-1 A/m2"],
        ["--rate", "0 V/s"],
        ["--start", "5 V", "--end", "4 V"],
        ["--resistance", "-1 ohm m2"],
    ],
)
def test_wrong_sweeps_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lsv", str(EXAMPLE), *arguments]) == 2
    assert "error:" in capsys.readouterr().err


def test_a_criterion_is_positive() -> None:
    with pytest.raises(InputError, match="a criterion is positive"):
        SweepCurve("", np.ones(2), np.ones(2), np.ones(2)).onset(0.0)
