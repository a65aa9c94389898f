"""A titration of an electrode: of one kind of particles it is that of the particle; of several, in layers, it runs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.cli.main import main
from asyncsoc.materials.registry import cathode
from asyncsoc.problem.particle_sample import draw_particles
from asyncsoc.studies.gitt.titration import GittPlan, simulate_gitt

pytestmark = pytest.mark.slow
COVERAGE, RADIUS = 0.3, 4e-6
LOADING = 12.7e-2
"""kg/m2."""
PLAN = GittPlan(rate="C/5", pulse=900.0, rest=1200.0, cycles=1, discharge=False)
SIDE = {"mode": "coupled", "exchange_current_density": 1e-5}


def case(**sections: Any) -> aso.Case:
    return aso.Case.from_dict(
        {
            "particle": {"mesh": "coarse", **sections.pop("particle", {})},
            "side_reaction": SIDE,
            "protocol": {"temperature": "60 degC", "initial_soc": 0.5, "steps": ["Rest for 1 hour"]},
            **sections,
        }
    )


def test_an_electrode_of_one_kind_is_the_particle() -> None:
    """Up to rounding: both are computed on one mesh, with the same time steps.

    Once the particles of a titrated electrode lost the refinement along the edges of their contacts, 2e-4 of D1.
    """
    count, apart = 2, 1e-9
    keys = {"loading": LOADING, "coverage": COVERAGE, "radius": RADIUS}
    whole, run = simulate_gitt(case(electrode={**keys, "particles": count}), PLAN, radius=RADIUS)
    particle = {"particle": {"radius": RADIUS}, "contact": {"kind": "cap", "coverage": COVERAGE}}
    # the same separator in both: a particle's share of it follows from the areal capacity of its electrode
    material = cathode("ncm811-sturm2019")
    sample = draw_particles(aso.Electrode(**keys, particles=count), material.density)
    areal = float(sample.theoretical_capacity(material)) / 36000.0
    alone, _ = simulate_gitt(case(**particle, electrolyte={"areal_capacity": f"{areal!r} mAh/cm2"}), PLAN)
    assert len(whole.pulses) == len(alone.pulses) >= 3
    for of_all, of_one in zip(whole.pulses, alone.pulses, strict=True):
        for name in ("steady_change", "transient_change", "jump", "d1", "apparent", "true", "film"):
            assert getattr(of_all, name) == pytest.approx(getattr(of_one, name), rel=apart), name
    assert run.particles.sizes["particle"] == count
    assert whole.radius == alone.radius


def test_a_poorly_covered_share_lowers_the_apparent_diffusivity() -> None:
    """Every particle sees one potential: D1 of the electrode lies between those of its two kinds alone."""
    found = {}
    for name, coverage in (
        ("poor", 0.15),
        ("both", {"law": "classes", "poor": 0.15, "good": 0.9, "share_poor": 0.5}),
        ("good", 0.9),
    ):
        electrode = {"loading": LOADING, "coverage": coverage, "radius": RADIUS}
        found[name] = simulate_gitt(case(electrode=electrode), PLAN)[0].pulses[0].d1
    assert 1.2 * found["poor"] < found["both"] < 0.9 * found["good"], found


def test_layers_with_a_salt_are_titrated() -> None:
    """The rests let the salt relax: from rest to rest the voltage follows the open-circuit potential."""
    electrode = {
        "model": "layers",
        "layers": 2,
        "loading": LOADING,
        "thickness": "60 um",
        "coverage": 1.0,
        "radius": "1 um",
        "salt": "concentrated",
        "salt_properties": {"separator_nodes": 3},
    }
    plan = GittPlan(rate="C/10", pulse=1800.0, rest=6 * 3600.0, cycles=1, discharge=False)
    plain = {key: value for key, value in electrode.items() if not key.startswith("salt")}
    salted, even = (
        simulate_gitt(case(electrode=one, side_reaction={"mode": "off"}), plan)[0] for one in (electrode, plain)
    )
    whole = [
        pair for pair in zip(salted.pulses, even.pulses, strict=False) if not (pair[0].cut_short or pair[1].cut_short)
    ]
    assert len(whole) >= 5
    for one, other in whole:
        assert one.steady_change == pytest.approx(other.steady_change, rel=1e-4)
        assert abs(one.transient_change) > 1.2 * abs(other.transient_change)  # the salt's gradient builds up meanwhile


def test_the_command_titrates_an_electrode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overrides = ["particle.mesh=coarse", "electrode.particles=3", "protocol.initial_soc=0.5"]
    options = [word for one in overrides for word in ("--set", one)]
    called = ["gitt", "examples/electrode.toml", "--cycles", "1", "--charge-only", "--rate", "C/5", *options]
    assert main([*called, "--json", "-o", str(tmp_path)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert np.isfinite(document["D1"]).all() and len(document["D1"]) >= 1
    assert document["apparent diffusivity [m2/s]"] == [None] * len(document["D1"])  # no --radius was given
    assert main([*called, "--json", "--radius", "7.5 um"]) == 0
    assert all(math.isfinite(one) for one in json.loads(capsys.readouterr().out)["apparent diffusivity [m2/s]"])
