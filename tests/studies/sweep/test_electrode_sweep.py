"""Sweeps over the keys of electrodes: what varies, that a member is the run of its case, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.main import main
from asyncsoc.studies.sweep.keys import every_key, find_key, unit_of_key
from asyncsoc.studies.sweep.plan import Plan

STARVING, DEAD = "Starving share of active material", "Dead share of active material"
SPREAD = "Final standard deviation of mean SOC over particles"


def electrode(**keys: Any) -> aso.Case:
    given = {"loading": "12.7 mg/cm2", "particles": 2, "coverage": {"law": "beta", "mean": 0.3, "std": 0.1}, **keys}
    return aso.Case.from_dict(
        {
            "electrode": {key: value for key, value in given.items() if value is not None},
            "particle": {"mesh": "coarse"},
            "protocol": {"steps": ["Charge at C/2 until 4.1 V"]},
        }
    )


@pytest.mark.slow
def test_a_member_is_the_run_of_its_case() -> None:
    case = electrode()
    found = aso.sweep(case, {"electrode.coverage.mean": [0.3, 0.6]}, measures={"ends": lambda s: len(s.particle_runs)})
    for mean in (0.3, 0.6):
        alone = aso.simulate(case.with_overrides([f"electrode.coverage.mean={mean}"])).summary()
        member = found.sel({"electrode.coverage.mean": mean})
        for name in (SPREAD, STARVING, DEAD, "Final mean SOC", "Final voltage [V]", "Coverage realised"):
            key = name.replace("/", " per ")
            assert float(member[key]) == alone[name], name
        assert float(member["ends"]) == 2.0


@pytest.mark.parametrize(
    ("key", "unit"),
    [
        ("electrode.loading", "kg/m2"),
        ("electrode.thickness", "m"),
        ("electrode.coverage", "1"),
        ("electrode.coverage.std", "1"),
        ("electrode.radius.median", "m"),
        ("electrode.contact_resistance.share_isolated", "1"),
        ("electrode.particles", None),
        ("electrode.density.polymer", "kg/m3"),
    ],
)
def test_keys_of_laws_are_keys(key: str, unit: str | None) -> None:
    assert key in every_key()
    assert find_key(key, {}).name == key
    assert unit_of_key(key) == unit


@pytest.mark.parametrize(
    ("vary", "what"),
    [
        ({"electrode.coverage.men": [0.1]}, "unknown key 'men'"),
        ({"electrode.coverage.mean": [0.1, 1.2]}, "out of range"),
        ({"electrode.coverage.poor": [0.1, 0.2]}, "has no poor"),
        ({"electrode.porosity": [0.1, 0.2], "electrode.thickness": ["60 um"]}, "one too many"),
        ({"electrode.thickness": ["20 um", "60 um"]}, "does not fit into"),
    ],
)
def test_what_cannot_be_varied_is_said_before_anything_runs(vary: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what):
        aso.sweep(electrode(), vary)


def test_a_key_of_a_law_needs_the_law() -> None:
    with pytest.raises(InputError, match="law that is given by value has no mean"):
        electrode(coverage=0.3).with_overrides(["electrode.coverage.mean=0.4"])
    keys = {"electrode": {"loading": 0.1, "coverage": 0.3}, "protocol": {"steps": ["Rest for 1 minute"]}}
    with pytest.raises(InputError, match="one value, which has no mean"):
        aso.Case.from_dict(keys, ["electrode.coverage.mean=0.4"])


def test_laws_and_numbers_may_stand_on_one_axis_and_random_draws_are_repeated() -> None:
    case = electrode(sampling="random")
    law = {"law": "classes", "poor": 0.2, "good": 0.9, "share_poor": 0.5}
    found = aso.sweep(case, {"electrode.coverage": [0.5, law]}, keep="summary")
    assert found.sizes["electrode.coverage"] == 2
    plan = Plan.of(case, "electrode.particles=2", replicas=3)
    assert plan.design.keys == ("electrode.particles", "electrode.seed")
    assert len({plan.case(number).hash for number in range(3)}) == 3
    with pytest.raises(InputError, match="can be repeated"):
        Plan.of(electrode(), "electrode.particles=2", replicas=2)


@pytest.mark.slow
def test_the_command_sweeps_resumes_and_estimates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "electrode.toml", tmp_path / "out"
    file.write_text(electrode().to_toml())
    words = [
        "sweep",
        str(file),
        "--vary",
        "electrode.coverage.mean=0.3,0.6",
        "-o",
        str(out),
        "--workers",
        "1",
        "--json",
        "-q",
    ]
    assert main(words) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["total"], document["done"], document["failed"]) == (2, 2, 0)
    assert main([*words, "--resume"]) == 0
    assert json.loads(capsys.readouterr().out)["done"] == 2
    assert main(["estimate", str(file), "--json"]) == 0
    particles = json.loads(capsys.readouterr().out)["particles"]
    assert [one["share of active material"] for one in particles] == pytest.approx([0.5, 0.5])
    assert np.all(np.diff([one["coverage"] for one in particles]) > 0.0)


def test_the_estimate_of_an_electrode_is_that_of_its_particles() -> None:
    case = electrode(coverage={"law": "classes", "poor": 0.2, "good": 0.8, "share_poor": 0.25})
    found = aso.estimate_electrode(case)
    assert found.shares == pytest.approx((0.25, 0.75))
    assert found.without_current == pytest.approx(0.0, abs=1e-12)
    for one, coverage in zip(found.particles, (0.2, 0.8), strict=True):
        single = {
            "contact": {"kind": "cap", "coverage": coverage},
            "protocol": {"steps": ["Charge at C/2 until 4.1 V"]},
        }
        alone = aso.estimate(aso.Case.from_dict(single))
        assert one.soc_lead.typical == pytest.approx(alone.soc_lead.typical, rel=1e-12)
    amperes = case.with_overrides(["protocol.steps=['Charge at 1 mA until 4.1 V']", "electrode.area='4 cm2'"])
    per_area = case.with_overrides(["protocol.steps=['Charge at 0.25 mA/cm2 until 4.1 V']"])
    pairs = zip(aso.estimate_electrode(amperes).particles, aso.estimate_electrode(per_area).particles, strict=True)
    for one, other in pairs:
        assert one.current == pytest.approx(other.current, rel=1e-9)
    share = case.with_overrides(
        ["electrode.particles=4", "electrode.contact_resistance={law='classes', share_isolated=0.5}"]
    )
    assert aso.estimate_electrode(share).without_current == pytest.approx(0.5)
    with pytest.raises(InputError, match="a single particle"):
        aso.estimate_electrode(aso.Case.from_dict({"protocol": {"steps": ["Rest for 1 minute"]}}))
