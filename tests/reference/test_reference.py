"""The second solver against series, closed forms and its own orders of convergence; the package's is not asked.

Closed forms come from `asyncsoc.studies.verification`, which imports nothing of the solver either.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from tests.reference.converge import Problem, converged, richardson, run, runs
from tests.reference.grid import Resolution, sphere
from tests.reference.kinetics import overpotential
from tests.reference.kirchhoff import Kirchhoff
from tests.reference.materials import (
    C_MAX,
    FARADAY,
    GAS,
    Laws,
    constant,
    default_laws,
    oregan_diffusivity,
    sturm,
    sturm_slope,
    theoretical_capacity,
)
from tests.reference.particle import Control, Particle, Physics, SideReaction
from tests.reference.protocol import ProtocolStep, simulate
from tests.reference.radau import Radau

T = 333.15
RADIUS = 5e-6
D = 1e-14
SLOPE = 1.0  # -dU/dx [V] of the straight potential


def straight_laws(i0: float = 0.5) -> Laws:
    return Laws(
        U=lambda x: 4.5 - SLOPE * x, slope=constant(-SLOPE), D=constant(D), i0=constant(i0), i0_slope=constant(0.0)
    )


def problem(kind: str = "full", coverage: float = 1.0, **changes: object) -> Problem:
    physics = Physics(straight_laws(), T, model="linear")
    values = {
        "radius": RADIUS,
        "kind": kind,
        "coverage": coverage,
        "physics": physics,
        "initial": 0.6,
        "protocol": (),
        "unit": theoretical_capacity(RADIUS) / 3600,
        "window": (0.05, 0.95),
    }
    return Problem(**{**values, **changes})  # type: ignore[arg-type]


def unit_flux_time(current: float, tau: float) -> tuple[float, float]:
    """Return J R/(D c_max) of a current [A], and the time [s] of D t/R^2 = tau."""
    return current / (4 * np.pi * RADIUS**2 * FARADAY * C_MAX) * RADIUS / D, tau * RADIUS**2 / D


def tangent_roots(biot: float, count: int) -> np.ndarray:
    """Roots of a cot a = 1 - biot, a > 0 (Carslaw and Jaeger, 9.4)."""
    return np.array(
        [
            brentq(lambda a: a * np.cos(a) - (1 - biot) * np.sin(a), n * np.pi + 1e-9, (n + 1) * np.pi - 1e-12)
            for n in range(count)
        ]
    )


def test_kirchhoffs_table_is_exact() -> None:
    law = lambda x: oregan_diffusivity(x, T)  # noqa: E731
    psi = Kirchhoff(law)
    for low, high in ((0.21, 0.9), (0.3, 0.31), (0.5, 0.50001)):
        points, weights = np.polynomial.legendre.leggauss(60)
        edges = np.linspace(low, high, 41)
        x = edges[:-1, None] + 0.5 * np.diff(edges)[:, None] * (points + 1)
        exact = float(np.sum(0.5 * np.diff(edges)[:, None] * weights * law(x)))
        got = psi(np.array([high]))[0][0] - psi(np.array([low]))[0][0]
        assert got == pytest.approx(exact, rel=2e-10)


def test_slopes_of_the_potential_are_its_derivative() -> None:
    x = np.linspace(0.21, 0.904, 200)
    numerical = (sturm(x + 1e-6) - sturm(x - 1e-6)) / 2e-6
    assert np.allclose(sturm_slope(x), numerical, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("a", [0.5, 0.2, 0.7])
def test_overpotential_inverts_butler_volmer(a: float) -> None:
    i, i0 = np.array([-300.0, -1.0, -1e-6, 0.0, 1e-4, 2.0, 500.0]), np.full(7, 0.3)
    eta, slope, by_i0 = overpotential("butler-volmer", i, i0, T, a)
    u = FARADAY * eta / GAS / T
    assert np.allclose(i0 * (np.exp((1 - a) * u) - np.exp(-a * u)), i, rtol=1e-12, atol=1e-16)
    step = 1e-6 * np.maximum(np.abs(i), 1e-3)
    both = [overpotential("butler-volmer", i + s * step, i0, T, a)[0] for s in (-1, 1)]
    assert np.allclose(slope, (both[1] - both[0]) / (2 * step), rtol=1e-5)
    both = [overpotential("butler-volmer", i, i0 + s * 1e-6, T, a)[0] for s in (-1, 1)]
    assert np.allclose(by_i0, (both[1] - both[0]) / 2e-6, rtol=1e-5, atol=1e-12)


def test_volumes_and_areas_are_exact() -> None:
    for kind, coverage in (("full", 1.0), ("cap", 0.3), ("cap", 0.01), ("cap", 0.999), ("belt", 0.25)):
        grid = sphere(RADIUS, kind, coverage)
        assert grid.area == pytest.approx(coverage * 4 * np.pi * RADIUS**2, rel=1e-12)
        assert grid.volume == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=1e-12)


@pytest.mark.parametrize("control", [Control("current", 1e-11), Control("voltage", 3.9)])
@pytest.mark.parametrize("model", ["butler-volmer", "linear", "uniform-flux"])
def test_jacobian_is_the_derivative(model: str, control: Control) -> None:
    if model == "uniform-flux" and control.kind == "voltage":
        return
    physics = Physics(default_laws(T), T, model, 0.4, film_resistance=0.02, series_resistance=1e7)
    particle = Particle(sphere(RADIUS, "cap", 0.3, Resolution(refine=0.3)), physics)
    particle.control, particle.current_scale = control, 1e-10
    rng = np.random.default_rng(1)
    y = 0.6 + 0.02 * rng.random(particle.n + particle.k + 1)
    y[particle.n : -1] = y[particle.touching] - 1e-3 * rng.random(particle.k)
    y[-1] = 3.9
    entries, extra, column, row, corner = particle.jacobian(y)
    import scipy.sparse as sp

    data = entries.copy()
    data[particle.diagonal] += extra
    inner = sp.csc_matrix((data, particle.indices, particle.indptr)).toarray()
    full = np.block([[inner, column[:, None]], [row[None, :], np.array([[corner]])]])
    direction = rng.standard_normal(y.size)
    numerical = (particle.residual(y + 1e-7 * direction) - particle.residual(y - 1e-7 * direction)) / 2e-7
    scale = np.abs(full) @ np.abs(direction)
    assert np.all(np.abs(full @ direction - numerical) < 1e-5 * scale)


@pytest.mark.parametrize("tau", [0.003, 0.05, 0.5])
def test_full_sphere_under_uniform_flux_follows_cranks_series(tau: float) -> None:
    current = 1e-11
    excess, time = unit_flux_time(current, tau)
    roots = np.array([brentq(lambda a: np.sin(a) - a * np.cos(a), (n + 0.5) * np.pi - 1.5, (n + 0.5) * np.pi)
                      for n in range(1, 60)])  # fmt: skip
    exact = 0.2 - 2 * np.sum(np.exp(-(roots**2) * tau) / roots**2)
    case = problem(
        physics=Physics(straight_laws(), T, model="uniform-flux"), protocol=(ProtocolStep("current", current, time),)
    )
    value = converged(case, lambda r: r.steps[0].end("mean") - r.steps[0].end("contact"), tolerance=1e-8)
    assert value.value / excess == pytest.approx(exact, rel=3e-5)
    assert abs(value.value / excess - exact) < 5 * value.error / excess + 1e-6


@pytest.mark.parametrize(("kind", "coverage"), [("cap", 0.3), ("cap", 0.05), ("belt", 0.25)])
def test_partial_contact_under_uniform_flux_follows_closed_forms(kind: str, coverage: float) -> None:
    from asyncsoc.studies.verification.closed_forms import belt_contact_mean, cap_contact_mean

    current, tau = 1e-12, 0.05
    excess, time = unit_flux_time(current, tau)
    exact = (cap_contact_mean if kind == "cap" else belt_contact_mean)(tau, coverage)
    case = problem(
        kind,
        coverage,
        physics=Physics(straight_laws(), T, model="uniform-flux"),
        protocol=(ProtocolStep("current", current, time),),
    )
    values = [r.steps[0].end("mean") - r.steps[0].end("contact") for r in runs(case, (0.5, 0.7), 1e-6)]
    value = richardson(values, (0.5, 0.7))
    assert value.value / excess == pytest.approx(exact, rel=1e-3)
    assert values[1] / excess == pytest.approx(exact, rel=6e-3)


@pytest.mark.parametrize("biot", [1.0, 10.0])
def test_linear_kinetics_on_a_cap_come_to_the_pseudo_steady_state(biot: float) -> None:
    from asyncsoc.studies.verification.mixed import cap_linear_kinetics

    i0 = biot * D / RADIUS * GAS * T * C_MAX / SLOPE
    current, coverage = 1e-12, 0.2
    excess, time = unit_flux_time(current, 2.0)
    exact = cap_linear_kinetics(coverage, biot)
    case = problem(
        "cap",
        coverage,
        physics=Physics(straight_laws(i0), T, model="linear"),
        protocol=(ProtocolStep("current", current, time),),
    )
    values = [r.steps[0].end("mean") - r.steps[0].end("contact") for r in runs(case, (0.5, 0.7), 1e-6)]
    assert richardson(values, (0.5, 0.7)).value / excess == pytest.approx(exact.contact_mean, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("film", [0.0, 0.05])
def test_hold_follows_the_eigenfunction_series(film: float) -> None:
    """Linear kinetics, straight U, constant D: a hold is a sphere with surface resistance in a bath (Crank, 6.3.4)."""
    i0, start, held = 0.5, 0.6, 4.5 - SLOPE * 0.5
    conductance = SLOPE / (GAS * T / (FARADAY * i0) + film) / (FARADAY * C_MAX)  # m/s
    biot = conductance * RADIUS / D
    a = tangent_roots(biot, 400)
    weight = 6 * biot**2 / (a**2 * (a**2 + biot * (biot - 1)))
    charge = (start - 0.5) * FARADAY * C_MAX * 4 / 3 * np.pi * RADIUS**3

    def current(time: float) -> float:
        return float(charge * D / RADIUS**2 * np.sum(weight * a**2 * np.exp(-(a**2) * D * time / RADIUS**2)))

    for limit in (0.3, 0.01):
        lowest = limit * current(1.0)
        duration = brentq(lambda t: current(t) - lowest, 1.0, 1e5, xtol=1e-9)  # noqa: B023
        passed = charge * (1 - np.sum(weight * np.exp(-(a**2) * D * duration / RADIUS**2)))
        case = problem(
            physics=Physics(straight_laws(i0), T, model="linear", film_resistance=film),
            protocol=(ProtocolStep("voltage", held, current=lowest),),
        )
        assert converged(case, lambda r: r.steps[0].duration).value == pytest.approx(duration, rel=3e-5)
        assert converged(case, lambda r: r.steps[0].charge).value == pytest.approx(passed, rel=3e-5)
        assert run(case).steps[0].reason == "current"


def test_series_resistance_slows_a_hold_as_a_film_does() -> None:
    """Under full contact R_series I and R_film i are one drop, R_series = R_film / area."""
    area = 4 * np.pi * RADIUS**2
    both = []
    for film, series in ((0.05, 0.0), (0.0, 0.05 / area)):
        physics = Physics(straight_laws(), T, film_resistance=film, series_resistance=series)
        case = problem(physics=physics, protocol=(ProtocolStep("voltage", 4.0, current=1e-12),))
        both.append(run(case).steps[0].duration)
    assert both[0] == pytest.approx(both[1], rel=1e-6)


def test_discharge_ends_where_the_quasi_steady_surface_does() -> None:
    """At |dU/dx| near 100 V: constant D, slow current, so that the surface leads the mean by J R/(5 D)."""
    unit = theoretical_capacity(RADIUS) / 3600
    laws = default_laws(T, diffusivity=D, i0=0.3)
    current = -unit / 10
    excess, _ = unit_flux_time(current, 1.0)
    i = np.array([current / (4 * np.pi * RADIUS**2)])
    eta = overpotential("butler-volmer", i, np.array([0.3]), T, 0.5)[0][0]
    surface = brentq(lambda x: laws.U(np.array([x]))[0] + eta - 2.8, 0.5, 0.95)
    case = problem(
        physics=Physics(laws, T), initial=0.4, protocol=(ProtocolStep("current", current, voltage=2.8),), unit=unit
    )
    mean = converged(case, lambda r: r.steps[0].end("mean"))
    assert mean.value == pytest.approx(surface + 0.2 * excess, abs=2e-7)
    assert run(case).steps[0].end("V") == pytest.approx(2.8, abs=1e-9)


@pytest.mark.slow
def test_lithium_balance_closes() -> None:
    unit = theoretical_capacity(RADIUS) / 3600
    protocol = (
        ProtocolStep("current", unit, voltage=4.1),
        ProtocolStep("voltage", 4.1, current=unit / 5),
        ProtocolStep("rest", duration=600.0),
        ProtocolStep("current", -unit, voltage=3.2),
        ProtocolStep("current", unit / 2, charge=100 * unit),
    )
    coarse = Resolution(surface=0.05, edge=0.05, largest_theta=0.4, largest_r=0.25, growth=0.5)
    case = problem("cap", 0.4, physics=Physics(default_laws(T), T), protocol=protocol, unit=unit, resolution=coarse)
    result = run(case, 1.0, 1e-6)
    assert [s.reason for s in result.steps] == ["voltage", "current", "time", "voltage", "charge"]
    assert max(abs(s.balance) for s in result.steps) < 1e-12
    assert result.steps[-1].charge == pytest.approx(100 * unit, rel=1e-10)


@pytest.mark.slow
def test_a_small_cell_at_the_surface_leaves_the_same_run() -> None:
    unit = theoretical_capacity(RADIUS) / 3600
    protocol = (ProtocolStep("current", unit / 2, voltage=4.1), ProtocolStep("voltage", 4.1, current=unit / 50))
    durations = []
    for surface in (1e-2, 1e-4):
        case = problem(
            physics=Physics(default_laws(T), T),
            initial=0.85,
            protocol=protocol,
            unit=unit,
            resolution=Resolution(surface=surface),
        )
        durations.append([converged(case, lambda r, k=k: r.steps[k].duration).value for k in range(2)])
    assert np.allclose(durations[0], durations[1], rtol=2e-5)


def test_order_in_space_is_two() -> None:
    case = problem(
        physics=Physics(default_laws(T), T),
        initial=0.8,
        protocol=(ProtocolStep("current", 5e-12, 3000.0),),
        resolution=Resolution(surface=0.05),
    )
    levels = (0.5, 1.0, 2.0)
    values = [r.steps[0].end("contact") for r in runs(case, levels, 1e-8)]
    assert np.log2((values[1] - values[0]) / (values[2] - values[1])) == pytest.approx(2.0, abs=0.2)


def test_order_in_time_is_five() -> None:
    """The same interval in ever more equal steps, away from the start, with Butler-Volmer kinetics and D(x)."""
    physics = Physics(default_laws(T), T)
    grid = sphere(RADIUS, resolution=Resolution(surface=0.1, refine=0.7))
    begun = simulate(grid, physics, 0.7, [ProtocolStep("current", 2e-11, 10.0)], 1e-10, 1e-9)
    assert begun.steps[0].reason == "time"
    particle = Particle(grid, physics)
    particle.control, particle.current_scale = Control("current", 2e-11), 1e-10
    y = np.full(particle.n + particle.k + 1, 0.7)
    y[-1] = 3.8
    y = particle.consistent(y)
    method = Radau(particle, 1e-10, 1e-14)

    def advance(state: np.ndarray, time: float, steps: int) -> np.ndarray:
        for _ in range(steps):
            trial = method.step(state, time / steps, None, False)
            assert trial is not None
            state = trial.stages[:, 2]
        return state

    y = advance(y, 200.0, 100)
    exact = advance(y, 800.0, 64)
    errors = [np.abs(advance(y, 800.0, n) - exact).max() for n in (2, 4, 8)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders[-1] > 4.2, (errors, orders)


@pytest.mark.slow
def test_tolerance_holds_what_it_promises() -> None:
    unit = theoretical_capacity(RADIUS) / 3600
    protocol = (
        ProtocolStep("current", unit, voltage=4.15),
        ProtocolStep("voltage", 4.15, current=unit / 100),
        ProtocolStep("current", -2 * unit, voltage=2.9),
        ProtocolStep("rest", duration=3600.0),
    )
    case = problem(physics=Physics(default_laws(T), T), protocol=protocol, initial=0.85, unit=unit)
    loose, tight = run(case, 0.7, 1e-6), run(case, 0.7, 1e-8)
    for one, other in zip(loose.steps, tight.steps, strict=True):
        assert one.duration == pytest.approx(other.duration, rel=2e-5)
        times = other.t[(other.t > 1e-3 * other.duration)]
        times = times[times < min(one.duration, other.duration)]
        assert np.abs(one.at(times) - other.at(times)).max() < 5e-4
        assert np.abs(one.at(times, "contact") - other.at(times, "contact")).max() < 5e-5


def test_what_has_been_passed_already_is_infeasible() -> None:
    case = problem(protocol=(ProtocolStep("current", 1e-12, voltage=3.0), ProtocolStep("rest", duration=1.0)))
    result = run(case, 0.5, 1e-6)
    assert [s.reason for s in result.steps] == ["infeasible"]


def test_window_under_the_contact_ends_a_step() -> None:
    case = problem(protocol=(ProtocolStep("current", 1e-10, duration=1e6),), window=(0.4, 0.95))
    step = run(case, 0.5, 1e-6).steps[0]
    assert step.reason == "window"
    assert step.end("min") == pytest.approx(0.4, abs=1e-9)


SIDE = SideReaction(
    coupled=True, i0=1e-3, a=0.5, onset=3.9, b=2.0, energy_slope=0.4, x_ref=0.63, conductivity=1e-7, growth=4e-10,
    limiting=2e-8, blocking=3e-7,
)  # fmt: skip


def well_mixed(physics: Physics, side: SideReaction, control: Control, times: np.ndarray) -> np.ndarray:
    """Rows of x and film thickness of a particle in which lithium diffuses at once, by scipy: plain ODEs."""
    f, area_per_volume = FARADAY / (GAS * T), 3 / RADIUS
    i0 = float(physics.laws.i0(np.array([0.5]))[0])

    def currents(x: float, d: float) -> tuple[float, float]:
        resistance, open_share = physics.film_resistance + d / side.conductivity, 1 - d / side.blocking

        def both(i: float) -> tuple[float, float]:
            v = 4.5 - SLOPE * x + i / i0 / f
            drive = side.a * (v - side.onset) - side.b * side.energy_slope * (x - side.x_ref)
            return v, side.i0 * np.exp(f * drive) / (1 + d / side.limiting)

        def row(i: float) -> float:
            v, o = both(i)
            return v + (i + o) * resistance - control.value if control.kind == "voltage" else open_share * (i + o)

        i = brentq(row, -50.0, 50.0, xtol=1e-14)
        return open_share * i, open_share * both(i)[1]

    def rates(_: float, y: np.ndarray) -> list[float]:
        i, o = currents(*y)
        return [-area_per_volume * i / FARADAY / C_MAX, side.growth * o]

    return solve_ivp(rates, (0.0, times[-1]), [0.6, 0.0], "LSODA", times, rtol=1e-10, atol=1e-14).y


@pytest.mark.parametrize(
    ("step", "control"),
    [
        (ProtocolStep("current", 0.0, 20000.0), Control("current", 0.0)),
        (ProtocolStep("voltage", 4.0, 20000.0), Control("voltage", 4.0)),
    ],
)
def test_side_reaction_and_film_where_diffusion_is_fast(step: ProtocolStep, control: Control) -> None:
    laws = Laws(
        U=straight_laws().U, slope=constant(-SLOPE), D=constant(1e-11), i0=constant(0.5), i0_slope=constant(0.0)
    )
    physics = Physics(laws, T, "linear", film_resistance=0.01, side=SIDE)
    result = run(problem(physics=physics, protocol=(step,)), 0.5, 1e-7).steps[0]
    times = np.array([0.0, 100.0, 3000.0, 20000.0])
    x, film = well_mixed(physics, SIDE, control, times)
    assert result.duration == 20000.0
    np.testing.assert_allclose(result.at(times, "mean"), x, atol=3e-5)
    np.testing.assert_allclose(result.at(times, "film")[1:], film[1:], rtol=2e-3)
    assert film[-1] > 1e-8


@pytest.mark.slow
def test_a_side_reaction_only_reported_leaves_the_run_alone() -> None:
    step = ProtocolStep("current", 2e-11, 5000.0)
    plain = Physics(default_laws(T), T)
    reported, nothing = replace(SIDE, coupled=False), replace(SIDE, i0=0.0)
    runs_of = [run(problem(physics=replace(plain, side=side), protocol=(step,)), 0.5, 1e-8).steps[0]
               for side in (None, reported, nothing)]  # fmt: skip
    for other in runs_of[1:]:
        assert other.end("V") == pytest.approx(runs_of[0].end("V"), abs=1e-7)
    assert runs_of[1].end("side") > 0.0 == runs_of[2].end("side")


def test_a_counter_counts_the_side_reaction_too() -> None:
    physics = Physics(default_laws(T), T, side=SIDE)
    result = run(problem("cap", 0.3, physics=physics, protocol=(ProtocolStep("current", 5e-12, 8000.0),)), 0.5, 1e-6)
    step = result.steps[0]
    assert step.charge == pytest.approx(5e-12 * 8000.0, rel=1e-9)
    lithium = (0.6 - step.end("mean")) * FARADAY * C_MAX * 4 / 3 * np.pi * RADIUS**3
    assert lithium + step.end("side") == pytest.approx(step.charge, rel=1e-9)
    assert step.end("side") > 0.01 * step.charge
