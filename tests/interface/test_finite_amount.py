"""A finite amount that is consumed once: the compiled law against its formula, its slopes against differences."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from asyncsoc.base.compiling import record
from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.interface.decomposition_constants import DecompositionConstants
from asyncsoc.interface.film import FilmConstants
from asyncsoc.interface.finite_amount import amount, consumed_charge, share_left
from asyncsoc.interface.kinetics import inverse_thermal_voltage
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.interface.rate_laws import RateParameters, load_kinetics
from asyncsoc.interface.rates import local_currents
from asyncsoc.interface.side_reaction import SideReactionModel
from asyncsoc.interface.side_reaction_constants import SideReactionParameters, side_reaction_parameters
from asyncsoc.materials.thermochemistry.cathodes import named_host
from asyncsoc.materials.thermochemistry.ready import ready_table
from asyncsoc.problem.linear_interface import interface_of
from asyncsoc.studies.lsv.inert import inert_sweep

T = 333.15
SLOPE = 0.5 * inverse_thermal_voltage(T)
LAST = 2e-8
"""m"""


def currents(potential: float, film: float, resistivity: float) -> np.ndarray:
    """Return what the compiled law gives, called as the kernels call it."""
    row = np.zeros(1, record(RateParameters, SideReactionParameters))[0]
    load_kinetics(row, ButlerVolmer(0.5), T)
    row["exhausts"], row["inverse_limit"] = 1.0, 1.0 / LAST
    thinning = 1.0 + film / LAST
    barrier = math.log(1e-3) - SLOPE * 3.8 - math.log(thinning)
    return np.array(
        local_currents(
            potential, 3.75, -1.0, 0.3, 0.1, barrier, -2.0, -1.0 / LAST / thinning, SLOPE, True,
            resistivity * film, resistivity, row,
        )
    )  # fmt: skip


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_the_rate_is_in_proportion_to_what_is_left(share: float) -> None:
    rate = currents(3.9, share * LAST, 0.0)[4]
    assert rate == pytest.approx(1e-3 * math.exp(SLOPE * 0.1) * (1.0 - share), rel=1e-9)


def test_nothing_reacts_beyond_the_last_film() -> None:
    assert currents(3.9, 1.1 * LAST, 0.0)[4] < 1e-8 * currents(3.9, 0.0, 0.0)[4]
    assert np.isfinite(currents(3.9, 1.1 * LAST, 1e7)).all()


@pytest.mark.parametrize("share", [0.05, 0.6, 0.97])
@pytest.mark.parametrize("resistivity", [0.0, 1e7])
def test_its_slopes_are_those_of_differences(share: float, resistivity: float) -> None:
    potential, film, h = 3.9, share * LAST, 1e-4 * LAST
    found = currents(potential, film, resistivity)
    by_film = (currents(potential, film + h, resistivity) - currents(potential, film - h, resistivity)) / (2.0 * h)
    by_potential = (
        currents(potential + 1e-5, film, resistivity) - currents(potential - 1e-5, film, resistivity)
    ) / 2e-5
    for value, slope, expected in ((4, 7, by_film), (0, 3, by_film), (4, 6, by_potential), (0, 2, by_potential)):
        assert found[slope] == pytest.approx(expected[value], rel=1e-5, abs=1e-9)


def test_what_is_consumed_while_the_free_rate_varies() -> None:
    """ds/dt = o(t) (1 - s/q) integrated by another route, in the share that is left."""
    free = np.array([quad(lambda t: 2.0 + math.sin(t), 0.0, end)[0] for end in (0.5, 2.0, 9.0)])
    times = np.linspace(0.0, 9.0, 90_001)
    left = np.ones_like(times)
    for k in range(len(times) - 1):  # midpoint rule
        left[k + 1] = left[k] * (1.0 - (2.0 + math.sin(times[k] + 5e-5)) * 1e-4 / 5.0 + 0.5 * (3e-4 / 5.0) ** 2)
    expected = 5.0 * (1.0 - np.interp([0.5, 2.0, 9.0], times, left))
    np.testing.assert_allclose(consumed_charge(free, 5.0), expected, rtol=1e-3)
    np.testing.assert_array_equal(consumed_charge(free, math.inf), free)
    with pytest.raises(InputError, match="not positive"):
        consumed_charge(free, 0.0)


def test_amounts_and_shares() -> None:
    assert amount(2.0 * FARADAY, electrons=2.0) == pytest.approx(1.0)
    np.testing.assert_allclose(share_left([0.0, 5e-9, 2e-8, 3e-8], LAST), [1.0, 0.75, 0.0, 0.0])


def test_both_limits_together_are_refused() -> None:
    with pytest.raises(InputError, match="exclude each other"):
        side_reaction_parameters(
            0.1, 50.0, DecompositionConstants(limiting_thickness=1e-8), FilmConstants(available_charge=1.0)
        )


@pytest.fixture(scope="module")
def model() -> SideReactionModel:
    table = ready_table(named_host("ncm811"), "peo-litfsi")
    film = FilmConstants(conductivity=1.0, volume_per_charge=4e-10, available_charge=50.0)
    return SideReactionModel(
        "peo-litfsi", table, DecompositionConstants(exchange_current_density=1e-3), "potential", film
    )


def test_the_model_counts_the_film_as_what_is_consumed(model: SideReactionModel) -> None:
    x, v = np.array([0.5, 0.5]), np.array([3.9, 3.9])
    found = model.rate(x, v, T, film=np.array([0.0, 5e-9])).rate
    assert found[1] / found[0] == pytest.approx(0.75, rel=1e-12)
    assert model.film.last_film == pytest.approx(2e-8)


def test_a_sweep_of_an_inert_electrode_takes_no_more_than_there_is(model: SideReactionModel) -> None:
    """s = q (1 - exp(-s_free/q)) with the integral of Tafel's law over a sweep of 1 mV/s."""
    curve = inert_sweep(model, T, rate=1e-3, start=3.5, end=4.4)
    free = 1e-3 / (SLOPE * 1e-3) * (np.exp(SLOPE * (curve.voltage - 3.8)) - math.exp(SLOPE * (3.5 - 3.8)))
    expected = 50.0 * (1.0 - np.exp(-free / 50.0))
    np.testing.assert_allclose(curve.film / 4e-10, expected, rtol=2e-4, atol=1e-6)
    assert curve.film[-1] / 4e-10 > 49.0
    unlimited = inert_sweep(
        replace(model, film=replace(model.film, available_charge=math.inf)), T, rate=1e-3, start=3.5, end=4.4
    )
    assert unlimited.film[-1] / 4e-10 == pytest.approx(free[-1], rel=1e-3)


@pytest.mark.slow
def test_the_linearized_contact_has_the_law_and_its_slope(model: SideReactionModel) -> None:
    """At a thickness its rate is what is left of that without film, its slope that of differences."""
    import asyncsoc as aso
    from asyncsoc.problem.build import prepare

    case = aso.Case.from_dict(
        {
            "particle": {"radius": "5 um"},
            "contact": {"kind": "full"},
            "side_reaction": {"mode": "coupled", "driving_force": "potential", "available_charge": 50.0},
            "protocol": {"temperature": "60 degC", "steps": ["Charge at C/10 for 1 minute"]},
        }
    )
    particle = prepare(case).member
    x, h = np.array([0.5]), 1e-12
    at = {d: interface_of(particle, T, x, np.array([d]), 3.9) for d in (5e-9 - h, 5e-9, 5e-9 + h, 0.0, 2.5e-8)}
    here, fresh = at[5e-9], at[0.0]
    factor = float(np.exp(SLOPE * (here.v - fresh.v))[0])
    assert float(here.o[0] / fresh.o[0]) == pytest.approx(0.75 * factor, rel=1e-9)
    total = (at[5e-9 + h].o - at[5e-9 - h].o) / (2.0 * h)
    v_slope = (at[5e-9 + h].v - at[5e-9 - h].v) / (2.0 * h)
    assert float((here.o_film + here.o_v * v_slope)[0]) == pytest.approx(float(total[0]), rel=1e-4)
    assert float(at[2.5e-8].o[0]) < 1e-8 * float(fresh.o[0])
