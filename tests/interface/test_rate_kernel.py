"""The compiled rate laws against their plain-numpy twin, and every derivative against finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncsoc.base.compiling import record
from asyncsoc.base.errors import InputError
from asyncsoc.base.units import ELEMENTARY_CHARGE
from asyncsoc.interface.kinetics import RateLaw, UniformFlux, inverse_thermal_voltage
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.interface.laws.linear import Linear
from asyncsoc.interface.laws.marcus_hush_chidsey import MarcusHushChidsey
from asyncsoc.interface.rate_laws import NO_RATE_LAW, RATE_LAWS, RateParameters, load_kinetics, number_of
from asyncsoc.interface.rates import film_free_overpotential, kinetic_overpotential, local_currents
from asyncsoc.interface.reference_rates import current_density as twin
from asyncsoc.interface.side_reaction_constants import SideReactionParameters

T = 333.15
F_RT = inverse_thermal_voltage(T)
LAWS = (Linear(), ButlerVolmer(), MarcusHushChidsey(), MarcusHushChidsey(1.0 * ELEMENTARY_CHARGE))
films = st.one_of(st.just(0.0), st.floats(-6.0, 3.0).map(lambda power: 10.0**power))


def with_alpha(law, alpha):
    """Return a law with the transfer coefficient given, where it has one."""
    return ButlerVolmer(alpha) if isinstance(law, ButlerVolmer) else law


def of(law):
    """Return what the kernels read of a particle of this law at `T`."""
    row = np.zeros(1, record(RateParameters, SideReactionParameters))[0]
    load_kinetics(row, law, T)
    return row


def intercalation(potential, ocp, i0, film, law):
    """Current density [A/m2] and its slope [A/(m2 V)] without a side reaction."""
    found = local_currents(potential, ocp, -1.0, i0, 0.0, 0.0, 0.0, 0.0, 0.0, False, film, 0.0, of(law))
    return found[0], found[2]


def test_every_law_has_a_number_of_its_own():
    assert [number_of(law()) for law in RATE_LAWS] == list(range(NO_RATE_LAW + 1, NO_RATE_LAW + 1 + len(RATE_LAWS)))
    assert number_of(UniformFlux()) == NO_RATE_LAW
    assert len({law.name for law in RATE_LAWS}) == len(RATE_LAWS)


@pytest.mark.parametrize("number", [NO_RATE_LAW, len(RATE_LAWS) + 1, -1])
@pytest.mark.parametrize("film", [0.0, 0.1])
def test_an_unknown_number_gives_no_current_of_another_law(number, film):
    row = of(ButlerVolmer())
    row["kinetics"] = number
    found = local_currents(4.0, 3.9, -1.0, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0, False, film, 0.0, row)
    assert math.isnan(found[0]) and math.isnan(found[2])


def test_a_law_that_is_not_in_the_list_is_refused():
    class Other(ButlerVolmer):
        name = "other"

    with pytest.raises(InputError, match="do not know this rate law") as caught:
        number_of(Other())
    assert "rate_laws.py" in str(caught.value)
    with pytest.raises(InputError, match="do not know this rate law"):
        number_of(2)
    with pytest.raises(TypeError):
        RateLaw()


@settings(max_examples=300, deadline=None)
@given(
    drive=st.floats(-2.0, 2.0),
    log_i0=st.floats(-6.0, 2.0),
    film=films,
    alpha=st.floats(0.2, 0.8),
    law=st.sampled_from(LAWS),
)
def test_kernel_and_twin_agree(drive, log_i0, film, alpha, law):
    ocp, i0 = 3.9, 10.0**log_i0
    potential = ocp + drive
    law = with_alpha(law, alpha)
    current, slope = intercalation(potential, ocp, i0, film, law)
    expected = twin(law, potential - ocp, i0, temperature=T, film_resistance=film)
    # What can be asked of the root: phi - U carries the rounding of two potentials near 4 V, the law that of two
    # exponentials near 1.
    rounding = 4e-15 * float(expected.by_drive) + 1e-15 * i0
    assert current == pytest.approx(float(expected.current_density), rel=1e-9, abs=rounding)
    # On a plateau the slope is a small difference of terms as large as the current.
    plateau = 1e-14 * F_RT * abs(current) if isinstance(law, MarcusHushChidsey) else 0.0
    assert slope == pytest.approx(float(expected.by_drive), rel=1e-9, abs=plateau)


@settings(max_examples=300, deadline=None)
@given(
    x=st.floats(0.25, 0.9),
    drive=st.floats(-0.3, 0.3),
    thickness=st.floats(0.01, 2.0),
    resistivity=st.sampled_from([0.0, 0.01, 0.3, 5.0]),
    side=st.sampled_from([0.0, 0.4 * F_RT, 0.7 * F_RT]),
    alpha=st.floats(0.3, 0.7),
    law=st.sampled_from(LAWS),
)
def test_derivatives_match_finite_differences(x, drive, thickness, resistivity, side, alpha, law):
    """U, i0 and the barrier are any smooth functions of x, and of the film thickness d; R_film = resistivity d."""

    def currents(x, potential, d):
        i0 = 0.5 * math.sqrt(x * (1.0 - x))
        slope = 0.25 * (1.0 - 2.0 * x) / math.sqrt(x * (1.0 - x))
        barrier = -3.0 - side * 4.0 + 2.0 * (1.0 - x) - math.log1p(d)
        return np.array(
            local_currents(
                potential, 4.4 - x, -1.0, i0, slope, barrier, -2.0, -1.0 / (1.0 + d), side, True,
                resistivity * d, resistivity, particle,
            )
        )  # fmt: skip

    particle, potential, h = of(with_alpha(law, alpha)), 4.4 - x + drive, 1e-6
    found = currents(x, potential, thickness)
    by_x, by_potential, by_thickness = found[[1, 5]], found[[2, 6]], found[[3, 7]]
    scale = np.abs(found[[0, 4]]).max() + 1e-3
    for analytic, shift in (
        (by_x, (h, 0.0, 0.0)),
        (by_potential, (0.0, h, 0.0)),
        (by_thickness, (0.0, 0.0, h)),
    ):
        forward = currents(x + shift[0], potential + shift[1], thickness + shift[2])[[0, 4]]
        backward = currents(x - shift[0], potential - shift[1], thickness - shift[2])[[0, 4]]
        np.testing.assert_allclose(analytic, (forward - backward) / (2.0 * h), rtol=1e-6, atol=2e-6 * scale)


@settings(max_examples=200, deadline=None)
@given(total=st.floats(-30.0, 30.0), power=st.floats(-12.0, 6.0), alpha=st.floats(0.05, 0.95))
def test_the_overpotential_left_by_the_film_solves_its_equation(total, power, alpha):
    film_i0 = 10.0**power
    eta = film_free_overpotential(total, film_i0, of(ButlerVolmer(alpha)))
    law = math.exp((1.0 - alpha) * F_RT * eta) - math.exp(-alpha * F_RT * eta)
    assert eta + film_i0 * law == pytest.approx(total, rel=1e-9, abs=1e-13 + 1e-15 * film_i0)
    rounding = 1e-15 / F_RT  # in eta, of two exponentials near 1
    assert -rounding <= math.copysign(1.0, total) * eta <= abs(total) * (1.0 + 1e-15) + rounding


@settings(max_examples=200, deadline=None)
@given(
    potential=st.floats(3.0, 6.0),
    ocp=st.floats(3.0, 4.4),
    log_resistance=st.floats(-4.0, 3.0),
    onset=st.floats(3.6, 4.6),
    law=st.sampled_from(LAWS),
)
def test_both_currents_share_the_drop_across_the_film(potential, ocp, log_resistance, onset, law):
    resistance, slope = 10.0**log_resistance, 0.5 * F_RT
    barrier = -slope * onset
    v = ocp + kinetic_overpotential(potential - ocp, ocp, 0.3, resistance, barrier, slope, True, of(law))
    i, *_, o, _, _, _ = local_currents(
        potential, ocp, -1.0, 0.3, 0.0, barrier, 0.0, 0.0, slope, True, resistance, 0.0, of(law)
    )
    # The potential left by the film is known to 1e-15 V, which both currents multiply where they nearly cancel.
    known = 1e-15 * (1.0 + resistance * slope * (abs(i) + o))
    assert v + resistance * (i + o) == pytest.approx(potential, rel=1e-10, abs=known)
    assert o > 0.0 and o == pytest.approx(math.exp(slope * (v - onset)), rel=1e-9)


def test_current_rises_with_the_potential_and_is_zero_at_the_open_circuit_potential():
    potentials = np.linspace(3.4, 4.4, 401)
    for law in LAWS:
        for film in (0.0, 0.05):
            rates = np.array([intercalation(v, 3.9, 0.3, film, law) for v in potentials])
            assert np.all(np.diff(rates[:, 0]) > 0.0) and np.all(rates[:, 1] > 0.0)
            assert intercalation(3.9, 3.9, 0.3, film, law)[0] == 0.0


@pytest.mark.parametrize("law", LAWS)
def test_an_interface_without_exchange_current_passes_nothing(law):
    assert intercalation(4.5, 3.9, 0.0, 0.1, law) == (0.0, 0.0)


def test_a_thick_film_makes_an_ohmic_resistor():
    current, slope = intercalation(103.9, 3.9, 0.3, 1e3, ButlerVolmer())
    assert current == pytest.approx(0.1, rel=1e-3)
    assert slope == pytest.approx(1e-3, rel=1e-2)
