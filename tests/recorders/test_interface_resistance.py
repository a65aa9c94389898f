"""The interface's resistance is the slope of potential over current, behind a film and beside a blocked place."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from asyncsoc.interface.kinetics import RateLaw
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer, butler_volmer
from asyncsoc.interface.laws.linear import Linear
from asyncsoc.interface.laws.marcus_hush_chidsey import MarcusHushChidsey
from asyncsoc.interface.reference_rates import current_density
from asyncsoc.materials.registry import cathode, electrolyte
from asyncsoc.materials.tables import tabulate
from asyncsoc.recorders.interface_resistance import (
    charge_transfer_conductance,
    exchange_current_of,
    interface_resistance,
)

T = 333.15
AREAS = np.array([1e-11, 2e-11, 3e-11])


@pytest.mark.parametrize("law", [ButlerVolmer(0.4), Linear(), MarcusHushChidsey()])
def test_it_is_the_slope_of_the_current(law: RateLaw) -> None:
    i0, ocp, film = np.array([0.1, 0.3, 0.8]), np.array([3.9, 3.95, 4.0]), np.array([0.0, 0.05, 0.4])

    def current(potential: float) -> float:
        rate = current_density(law, potential - ocp, i0, temperature=T, film_resistance=film)
        return float(AREAS @ rate.current_density)

    potential = brentq(lambda v: current(v) - 2e-11, 3.0, 5.0)
    rate = current_density(law, potential - ocp, i0, temperature=T, film_resistance=film)
    eta = potential - ocp - rate.current_density * film
    conductance = charge_transfer_conductance(law, eta, i0, temperature=T)
    slope = (current(potential + 1e-5) - current(potential - 1e-5)) / 2e-5
    assert interface_resistance(conductance, film, AREAS) == pytest.approx(1.0 / slope, rel=1e-6)


def test_small_currents_meet_the_charge_transfer_resistance() -> None:
    i0 = np.full(3, 0.3)
    conductance = charge_transfer_conductance(ButlerVolmer(), np.zeros(3), i0, temperature=T)
    np.testing.assert_allclose(conductance, 0.3 * butler_volmer(0.0, 0.5, T)[1])
    assert interface_resistance(conductance, np.zeros(3), AREAS) == pytest.approx(
        8.31446 * T / (96485.33 * 0.3 * AREAS.sum()), rel=1e-5
    )


def test_blocked_places_carry_nothing() -> None:
    conductance, film = np.array([2.0, 3.0, 5.0]), np.zeros(3)
    open_only = interface_resistance(conductance[:2], film[:2], AREAS[:2])
    blocked = interface_resistance(conductance, film, AREAS, open_share=np.array([1.0, 1.0, 0.0]))
    assert blocked == pytest.approx(open_only, rel=1e-14)
    assert interface_resistance(conductance, film, AREAS, open_share=np.zeros(3)) == float("inf")


def test_i0_is_the_tables() -> None:
    table = tabulate(cathode("ncm811-sturm2019"), electrolyte("peo-litfsi"), T)
    x = np.array([0.31, 0.5, 0.77])
    expected = 0.3 * (x / 0.5) ** 0.43 * ((1.0 - x) / 0.5) ** 0.57
    np.testing.assert_allclose(exchange_current_of(table, x), expected, rtol=1e-6)
