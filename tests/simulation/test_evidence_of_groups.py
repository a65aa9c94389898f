"""Stored tables of what groups do (benchmarks/*.json): what they say, and a row of each computed again."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from benchmarks import group_scaling, random_electrodes, two_particles


def table(module: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(module.STORED.read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
def test_after_discharge_the_poor_particle_is_the_more_charged_one_until_a_rest() -> None:
    rows = table(two_particles)["raman, mean x of coverage 0.1 and 0.95"]
    assert len(rows) == len(two_particles.RAMAN)
    for row in rows:
        poor, well = row["end of discharge 2"]
        assert well - poor > 0.02
        gaps = [np.diff(row[f"after {hours:g} h of rest, together"])[0] for hours in two_particles.RESTS]
        assert well - poor > gaps[0] > gaps[1] >= -1e-4
        for hours in two_particles.RESTS:
            np.testing.assert_allclose(row[f"after {hours:g} h of rest, isolated"], [poor, well], atol=1e-6)
    again = two_particles.raman(*two_particles.RAMAN[-1], "coarse")
    for name, values in rows[-1].items():
        np.testing.assert_allclose(again[name], values, atol=2e-3, err_msg=name)


@pytest.mark.slow
def test_a_poor_particle_beside_a_good_electrode_lags_with_its_contact_too() -> None:
    kept = table(two_particles)["coverage 0.3 beside an electrode of 0.95"]
    lag = kept["largest lag of the contact behind the cell [SOC]"]
    assert 0.045 < lag < 0.055
    assert kept["largest lead of the contact over the cell [SOC]"] < 0.02
    assert kept["largest lead of the contact over its own mean [SOC]"] == pytest.approx(0.123, abs=5e-3)
    again, group = two_particles.beside("coarse")
    assert again["end"] == kept["end"]
    assert again["largest lag of the contact behind the cell [SOC]"] == pytest.approx(lag, abs=2e-3)
    assert float(group.particles["Current share"].isel(point=3).sum()) == pytest.approx(1.0, abs=1e-9)


def test_a_step_takes_time_in_proportion_to_the_particles() -> None:
    kept = table(group_scaling)
    rows = kept["scaling, coarse mesh"]
    assert [row["particles"] for row in rows] == list(group_scaling.COUNTS)
    assert kept["exponent"] == pytest.approx(group_scaling.exponent(rows))
    assert kept["exponent"] <= group_scaling.MOST_EXPONENT
    again = group_scaling.scaling_row(10)
    assert again["attempts"] == rows[0]["attempts"]
    assert again["memory [MB per particle]"] == pytest.approx(rows[0]["memory [MB per particle]"], rel=0.2)


@pytest.mark.slow
def test_random_electrodes_gave_answers() -> None:
    answers = random_electrodes.stored()
    assert [one.seed for one in answers] == list(range(len(answers)))
    assert not [one for one in answers if one.kind == "failed"]
    good = [one for one in answers if one.kind in ("done", "stopped")]
    missed = [max(one.lithium, one.charge, one.current, one.conduction) for one in good]
    assert max(missed) < random_electrodes.LIMIT
    assert sum(one.layers > 0 for one in good) > 0.2 * len(good)
    again = random_electrodes.answer(answers[-1].seed)
    assert (again.kind, again.particles) == (answers[-1].kind, answers[-1].particles)
