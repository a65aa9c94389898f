"""Particles of an electrode that lose their contact in a cycle: against the others alone, resumed, refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.group_state import DEAD, group_shares
from tests.interrupted import assert_same
from tests.simulation.test_group_cycles import stopped

LOADING, CURRENT = 0.127, 2e-4
"""kg/m2, A."""


def lossy(cycle: int | None = 2, share: float | None = 0.5, **sections: Any) -> aso.Case:
    resistance = {} if share is None else {"contact_resistance": {"law": "classes", "share_isolated": share}}
    electrode = {"loading": LOADING, "coverage": 1.0, "radius": "4 um", "particles": 2, **resistance}
    if cycle is not None:
        electrode["isolated_from_cycle"] = cycle
    return described({**electrode, **sections.pop("electrode", {})}, (CURRENT, CURRENT), **sections)


def described(electrode: dict[str, Any], currents: tuple[float, float], **sections: Any) -> aso.Case:
    steps = [[f"Charge at {one!r} A for 30 minutes", "Rest for 10 minutes"] for one in currents]
    return aso.Case.from_dict(
        {
            "electrode": electrode,
            "particle": {"mesh": "coarse"},
            "protocol": {"temperature": "60 degC", "cycle": [{"repeat": 1, "steps": one} for one in steps]},
            "side_reaction": {"mode": "coupled", "exchange_current_density": 1e-6},
            "solver": {"tolerance": 1e-5},
            **sections,
        }
    )


@pytest.mark.slow
def test_the_others_go_on_as_if_they_were_alone() -> None:
    """Equal particles: half of them alone, at half of the current while the other half still had its contact."""
    found = aso.simulate(lossy())
    half = {"loading": 0.5 * LOADING, "coverage": 1.0, "radius": "4 um"}
    alone = aso.simulate(described(half, (0.5 * CURRENT, CURRENT)))
    connected, lost = found.particle_runs
    for name, apart in ((names.MEAN_X, 1e-6), (names.CONTACT_X, 1e-5), (names.POTENTIAL, 2e-5)):
        assert connected.columns[name][-1] == pytest.approx(alone.columns[name][-1], abs=apart), name
    cycle = found.columns[names.CYCLE]
    shares = group_shares(found)[DEAD]
    assert (shares[cycle == 1] == 0.0).all()
    np.testing.assert_allclose(shares[cycle == 2], 0.5)
    assert np.abs(lost.columns[names.CURRENT][cycle == 2]).max() < 1e-9 * CURRENT
    first = lost.columns[names.MEAN_X][cycle == 1]
    assert np.ptp(first) > 0.01
    # afterwards only the side reaction moves its lithium, which goes back into it
    assert abs(lost.columns[names.MEAN_X][-1] - first[-1]) < 1e-4
    np.testing.assert_allclose(
        sum(n * one.columns[names.CURRENT] for n, one in zip(found.multiplicities, found.particle_runs, strict=True)),
        found.columns[names.CURRENT],
        atol=1e-9 * CURRENT,
    )
    assert found.lithium_balance_error < 1e-10
    assert "resumed from" not in found.provenance
    assert any("from cycle 2 on 0.5 of the active material is isolated" in one for one in found.warnings)
    assert found.reports["electrode"]["isolated from cycle"] == 2


@pytest.mark.slow
def test_it_is_isolation_from_the_start_where_nothing_happened_before() -> None:
    """A rest, and then a cycle without contact: as with isolation from the start."""
    rest = {"repeat": 1, "steps": ["Rest for 10 minutes"]}
    cycles = {"cycle": [rest, {"repeat": 1, "steps": [f"Charge at {CURRENT!r} A for 30 minutes"]}]}
    protocol = {"temperature": "60 degC", **cycles}
    late, early = (aso.simulate(lossy(cycle, protocol=protocol, side_reaction={"mode": "off"})) for cycle in (2, None))
    for name in (names.VOLTAGE, names.MEAN_SOC):
        assert late.columns[name][-1] == pytest.approx(early.columns[name][-1], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("layers", [False, True])
def test_a_run_that_was_stopped_has_the_same_bits(layers: bool) -> None:
    more = {"model": "layers", "layers": 2, "thickness": "60 um"} if layers else {}
    case = lossy(electrode=more)
    whole = aso.simulate(case)
    for after in (2, 30, int(whole.provenance["integrator steps"]["accepted"]) - 4):
        again = aso.simulate(case, resume=stopped(case, after))
        assert_same(again, whole)


@pytest.mark.parametrize(
    ("case", "where"),
    [
        (lambda: lossy(1), "electrode.isolated_from_cycle"),
        (lambda: lossy(2, None), "electrode.isolated_from_cycle"),
        (lambda: aso.simulate(lossy(3)), "electrode.isolated_from_cycle"),
        (lambda: aso.simulate(lossy(solver={"cycle_jump_tolerance": 1e-3})), "solver.cycle_jump_tolerance"),
    ],
)
def test_what_cannot_be_is_refused(case: Any, where: str) -> None:
    with pytest.raises(InputError) as caught:
        case()
    assert caught.value.where == where


@pytest.mark.slow
def test_an_impedance_knows_who_is_isolated() -> None:
    run = aso.simulate(lossy())
    with pytest.raises(InputError, match="isolated later"):
        run.impedance([1.0], "cycle 1")
    start = aso.EISSimulation(lossy(), graded=False).solve([1e4], at="initial")
    end = run.impedance([1e4])
    whole = aso.EISSimulation(lossy(None, None), graded=False).solve([1e4], at="initial")
    assert start.impedance == pytest.approx(whole.impedance, rel=1e-6)
    assert end.interface_resistance == pytest.approx(run.columns[names.INTERFACE_RESISTANCE][-1], rel=1e-6)


def test_the_description_without_the_key_has_its_hash() -> None:
    plain, late = lossy(None).electrode, lossy().electrode
    assert plain.hash != late.hash
    assert aso.Electrode(**plain.model_dump(exclude_unset=True)).hash == plain.hash
