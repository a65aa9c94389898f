"""Particles at one potential as one solution: one, many alike, on all kinds of meshes; what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError, InterruptedRunError, SimulationError
from asyncsoc.base.units import FARADAY
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.measure import cell_volumes
from asyncsoc.materials.registry import cathode
from asyncsoc.recorders import curve_names as names

CYCLE = ("Charge at C/2 until 4.1 V", "Hold at 4.1 V until C/10", "Rest for 10 minutes", "Discharge at C/2 until 3.4 V")
CATHODE = cathode("ncm811-sturm2019")


def same_bits(one: aso.Solution, other: aso.Solution) -> None:
    assert list(one.columns) == list(other.columns)
    for name in one.columns:
        np.testing.assert_array_equal(one.columns[name], other.columns[name], name)
    np.testing.assert_array_equal(one.field_times, other.field_times)
    np.testing.assert_array_equal(one.field_x, other.field_x)
    assert list(one.more_fields) == list(other.more_fields)
    for name in one.more_fields:
        np.testing.assert_array_equal(one.more_fields[name], other.more_fields[name], name)
    assert one.steps == other.steps
    assert (one.name, one.case_sha256, one.warnings) == (other.name, other.case_sha256, other.warnings)


def lithium(mesh: Any, x: np.ndarray) -> float:
    """Return the integral of x, linear on each triangle, over a turned mesh [m3].

    On a triangle it is 2 pi area/12 times the sum of x_i (sum of r + r_i).
    """
    r = mesh.points[mesh.cells][:, :, 0]
    weights = r.sum(axis=1)[:, np.newaxis] + r
    return float((cell_volumes(mesh) / (4.0 * r.sum(axis=1)) * (x[mesh.cells] * weights).sum(axis=1)).sum())


@pytest.fixture(scope="module")
def covered(make_case: Callable[..., aso.Case]) -> Callable[..., aso.Case]:
    """Return a maker of particles on the coarse axisymmetric mesh with a cap of the coverage given."""

    def make(coverage: float, *steps: str, **sections: Any) -> aso.Case:
        sections.setdefault("particle", {"mesh": "coarse"})
        return make_case(*(steps or CYCLE), contact={"kind": "cap", "coverage": coverage}, **sections)

    return make


@pytest.fixture(scope="module")
def two(covered: Callable[..., aso.Case]) -> aso.Solution:
    """A poorly and a well covered particle, the second three times, over a charge, a hold, a rest and a discharge."""
    cases = [covered(coverage, particle={"mesh": "coarse", "edge_levels": 0}) for coverage in (0.15, 0.9)]
    return aso.simulate_particles(cases, [1.0, 3.0], names=["poor", "well"])


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"side_reaction": {"mode": "coupled", "exchange_current_density": 1e-8}},
        {"side_reaction": {"mode": "report", "exchange_current_density": 1e-8}},
        {"material": {"name": "lco-marquis2019"}, "electrolyte": {"name": "liquid-lipf6"}},
    ],
)
def test_a_group_of_one_has_the_bits_of_the_particle(covered: Any, sections: dict[str, Any]) -> None:
    steps = ("Charge at C/2 for 20 minutes (2 minute period)", "Rest for 5 minutes", "Hold at 3.9 V for 5 minutes")
    if "material" in sections:
        sections = sections | {"protocol": {"initial_stoichiometry": 0.8}}
    case = covered(0.3, *steps, **sections)
    same_bits(aso.simulate_particles([case]), aso.simulate(case))


def test_a_group_of_one_ends_on_a_curve_and_under_uniform_flux_as_the_particle_does(covered: Any) -> None:
    limited = covered(0.3, "Charge at C/2 until Mean SOC > 0.4")
    flux = covered(0.3, "Charge at C/2 for 10 minutes", kinetics={"model": "uniform-flux"})
    for case in (limited, flux):
        same_bits(aso.simulate_particles([case]), aso.simulate(case))


def test_a_run_of_one_particle_has_one(covered: Any) -> None:
    solution = aso.simulate(covered(0.3, "Charge at C/2 for 10 minutes"))
    found = solution.particles
    assert found.sizes == {"particle": 1, "point": len(solution.columns[names.TIME])}
    assert float(found["Radius [m]"][0]) == 5e-6
    assert float(found["Multiplicity"][0]) == 1.0
    np.testing.assert_array_equal(found["Mean SOC"][0], solution.columns[names.MEAN_SOC])
    np.testing.assert_array_equal(found["Apparent asynchrony"], found["Asynchrony"])
    np.testing.assert_array_equal(found["Current share"], 1.0)
    assert solution.particle(0) is solution
    assert [row["Multiplicity"] for row in solution.to_json_dict()["particles"]] == [1.0]


@pytest.mark.parametrize("count", [2, 9])
def test_particles_that_are_alike_do_what_one_does(covered: Any, count: int) -> None:
    case = covered(0.3)
    alone, group = aso.simulate(case), aso.simulate_particles([case] * count)
    assert [step.stop_reason for step in group.steps] == [step.stop_reason for step in alone.steps]
    for name in (names.TIME, names.VOLTAGE, names.MEAN_SOC, names.CONTACT_SOC, names.CAPACITY, names.MINIMUM_X):
        np.testing.assert_allclose(group.columns[name], alone.columns[name], rtol=1e-9, atol=1e-9, err_msg=name)
    one = group.particle(count - 1)
    np.testing.assert_allclose(one.field_x, alone.field_x, atol=1e-9)
    for name in (names.CURRENT, names.CHARGE):
        scale = np.abs(alone.columns[name]).max()
        np.testing.assert_allclose(one.columns[name], alone.columns[name], rtol=0.0, atol=1e-9 * scale)
        np.testing.assert_allclose(
            group.columns[name], count * alone.columns[name], rtol=0.0, atol=count * 1e-9 * scale
        )


def test_amperes_are_the_groups_and_rates_follow_its_capacity(covered: Any) -> None:
    """The same protocol in C and in amperes of the whole group; a multiplicity of 2 is a particle twice."""
    rate = aso.simulate_particles([covered(c, "Charge at C/2 for 10 minutes") for c in (0.3, 0.9)], [2.0, 1.0])
    ampere = float(rate.columns[names.CURRENT][-1])
    single = [aso.simulate(covered(c, "Charge at C/2 for 10 minutes")).columns[names.CURRENT][0] for c in (0.3, 0.9)]
    assert ampere == pytest.approx(2.0 * single[0] + single[1], rel=1e-12)
    spelled = [covered(c, f"Charge at {1e12 * ampere:.12g} pA for 10 minutes") for c in (0.3, 0.3, 0.9)]
    again = aso.simulate_particles(spelled)
    assert again.columns[names.VOLTAGE][-1] == pytest.approx(rate.columns[names.VOLTAGE][-1], abs=1e-8)
    np.testing.assert_allclose(again.particle(2).field_x[-1], rate.particle(1).field_x[-1], atol=1e-8)


def test_amperes_of_many_particles_need_no_finer_mesh_than_the_same_rate(covered: Any) -> None:
    steps = ("Charge at 5 uA for 1 minute", "Charge at C/2 for 1 minute")
    amperes, rate = (aso.simulate_particles([covered(0.3, step)] * 2, [3000.0, 1000.0]) for step in steps)
    assert [one.mesh.sha256 for one in amperes.particle_runs] == [one.mesh.sha256 for one in rate.particle_runs]
    assert amperes.warnings == rate.warnings


def test_currents_per_mass_and_area_mean_the_whole_group(covered: Any) -> None:
    time = np.array([0.0, 300.0, 600.0])
    for given in ({"specific_current": [50.0, 60.0, 20.0]}, {"areal_current": [5.0, 6.0, 2.0]}):
        follow = aso.Protocol.follow(time, **given, temperature=333.15, initial_stoichiometry=0.7)
        case = covered(0.3).model_copy(update={"protocol": follow})
        alone, group = aso.simulate(case), aso.simulate_particles([case, case], [1.0, 4.0])
        assert group.columns[names.CAPACITY][-1] == pytest.approx(alone.columns[names.CAPACITY][-1], rel=1e-9)
        assert group.columns[names.VOLTAGE][-1] == pytest.approx(alone.columns[names.VOLTAGE][-1], abs=1e-8)


def test_charges_and_lithium_are_balanced(two: aso.Solution) -> None:
    """n_j Q_j add up to what the protocol imposes, and every particle loses what its charge says, to 1e-10."""
    many, first = np.array(two.multiplicities), two.columns[names.STEP] == 1
    passed = sum(n * one.columns[names.CHARGE] for n, one in zip(many, two.particle_runs, strict=True))
    imposed = two.columns[names.CURRENT][0] * two.columns[names.TIME][first]
    assert np.abs(passed[first] - imposed).max() < 1e-10 * imposed[-1]
    assert sum(step.charge for step in two.steps) == pytest.approx(passed[-1], rel=1e-9, abs=1e-12 * imposed[-1])
    for one in two.particle_runs:
        full = FARADAY * CATHODE.maximum_concentration * float(cell_volumes(one.mesh).sum())
        lost = (
            FARADAY
            * CATHODE.maximum_concentration
            * (lithium(one.mesh, one.field_x[0]) - lithium(one.mesh, one.field_x[-1]))
        )
        assert abs(lost - one.columns[names.CHARGE][-1]) < 1e-10 * full
        assert one.lithium_balance_error < 1e-10
        assert sum(step.charge for step in one.steps) == pytest.approx(one.columns[names.CHARGE][-1], rel=1e-9)
    assert two.lithium_balance_error < 1e-10


def test_what_the_curves_of_a_group_mean(two: aso.Solution) -> None:
    poor, well = two.particle("poor"), two.particle("well")
    for name in (names.TIME, names.VOLTAGE, names.POTENTIAL, names.STEP):
        np.testing.assert_array_equal(poor.columns[name], well.columns[name])
        np.testing.assert_array_equal(two.columns[name], well.columns[name])
    volumes = np.array([float(cell_volumes(one.mesh).sum()) for one in (poor, well)]) * [1.0, 3.0]
    mean = (volumes[0] * poor.columns[names.MEAN_SOC] + volumes[1] * well.columns[names.MEAN_SOC]) / volumes.sum()
    np.testing.assert_allclose(two.columns[names.MEAN_SOC], mean, rtol=1e-13)
    found = two.particles
    current = two.columns[names.CURRENT]
    flows = np.flatnonzero(two.columns[names.STEP] != 3)
    share = found["Current share"].to_numpy()
    np.testing.assert_allclose(share[:, flows].sum(axis=0), 1.0, rtol=1e-9)
    np.testing.assert_allclose(share[1, flows] * current[flows], 3.0 * well.columns[names.CURRENT][flows], rtol=1e-12)
    rest = np.flatnonzero(two.columns[names.STEP] == 3)[1:]
    assert np.isnan(share[:, rest]).all()  # nothing flows into the group, and the particles still exchange lithium
    assert np.abs(found["Current [A]"].to_numpy()[:, rest]).max() > 1e-4 * np.abs(current).max()
    apparent = poor.columns[names.CONTACT_SOC] - two.columns[names.MEAN_SOC]
    np.testing.assert_allclose(found["Apparent asynchrony"].sel(particle="poor"), apparent, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(found["Asynchrony"].sel(particle="poor"), poor.columns[names.ASYNCHRONY])
    charge = two.columns[names.STEP] == 1
    assert poor.columns[names.ASYNCHRONY][charge].max() > 2.0 * apparent[charge].max()  # the cell hides it


def test_a_particle_of_a_group_is_a_solution_with_everything(two: aso.Solution) -> None:
    poor = two.particle(0)
    assert poor.contact.coverage_realised == pytest.approx(0.15)
    assert list(poor.columns) == list(names.curves_of(CATHODE.valence))
    assert poor.fields["SOC"].shape == (len(poor.field_times), poor.mesh.n_nodes)
    assert poor.case["contact"]["coverage"] == 0.15
    assert poor.plot().axes
    assert poor.summary()["Coverage asked"] == 0.15
    assert poor.checkpoint is None


def test_what_a_group_does_not_have_says_why(two: aso.Solution) -> None:
    for ask in (lambda: two.columns[names.KINETIC], lambda: two.curves["Ni4+/Ni3+ at contact"]):
        with pytest.raises(InputError, match="group of particles \\(2\\)") as raised:
            ask()
        assert "solution.particle(0)" in str(raised.value)
    for ask in (lambda: two.fields, lambda: two.at(10.0), lambda: two.stoichiometry_at(10.0), lambda: two.mapped(10.0)):
        with pytest.raises(InputError, match="has no field of its own"):
            ask()
    for which in (2, -3, "por"):
        with pytest.raises(InputError, match="no such particle"):
            two.particle(which)
    with pytest.raises(InputError, match="resumed with their cases"):
        aso.simulate(aso.Case.from_text(two.particle(0).case_toml), resume=two)


def test_particles_of_every_kind_of_mesh_share_a_potential(make_case: Any) -> None:
    """Radial, axisymmetric, 3-D and one of arrays, of several sizes, in any order: the same for each."""
    step = "Charge at C/2 for 10 minutes"
    ball = ball_mesh(5, 0.15, 1.5)
    weights = np.clip(3.0 * ball.points[ball.facets].mean(axis=1)[:, 2] - 0.6, 0.0, 1.0)
    full = make_case(step)
    cases = [
        full,
        make_case(step, contact={"kind": "cap", "coverage": 0.3}, particle={"mesh": "coarse"}),
        make_case(step, contact={"kind": "patches", "coverage": 0.3, "n": 6}, particle={"mesh": "coarse"}),
        full.model_copy(
            update={
                "particle": aso.Particle.from_arrays(ball.points * 4e-6, ball.cells, ball.facets, weights),
                "contact": aso.Contact.labels(),
            }
        ),
        make_case(step, particle={"radius": 3e-6}),
    ]
    group = aso.simulate_particles(cases, names=list("abcde"), threads=2)
    assert group.lithium_balance_error < 1e-10
    assert [one.mesh.coordinates for one in group.particle_runs] == [
        "radial",
        "axisymmetric",
        *["cartesian"] * 2,
        "radial",
    ]
    back = aso.simulate_particles(cases[::-1], names=list("edcba"))
    for name in "abcde":
        one, other = group.particle(name), back.particle(name)
        np.testing.assert_allclose(other.field_x[-1], one.field_x[-1], atol=1e-7)
    charge = sum(one.columns[names.CHARGE] for one in group.particle_runs)
    current, time = group.columns[names.CURRENT][0], group.columns[names.TIME]
    assert np.abs(charge - current * time).max() < 1e-10 * charge[-1]


def test_no_point_rises_above_what_its_group_has_seen(covered: Any) -> None:
    """max U(x) over a particle <= max(max U(x) at the start, largest v so far) at any time.

    The pointwise U(x) <= v fails after a step down of the current, where the group still charges.
    """
    steps = ("Charge at C/2 for 40 minutes", "Charge at C/20 for 30 minutes", "Rest for 30 minutes")
    sections = {"material": {"diffusivity": 1e-14}, "kinetics": {"exchange_current_density_factor": 100.0}}
    group = aso.simulate_particles([covered(c, *steps, **sections) for c in (0.3, 0.6, 0.95)])
    potential = group.columns[names.POTENTIAL]
    seen, exceeded = np.maximum.accumulate(potential), []
    for one in group.particle_runs:
        highest = CATHODE.open_circuit_potential(one.columns[names.MINIMUM_X])
        assert (highest <= np.maximum(seen, highest[0]) + 1e-9).all()
        exceeded.append(float((highest - potential)[group.columns[names.STEP] == 2].max()))
    assert max(exceeded) > 5e-3


def test_a_film_grows_on_the_particles_that_react(covered: Any) -> None:
    reacts = {"side_reaction": {"mode": "coupled", "exchange_current_density": 1e-7}}
    steps = ("Charge at C/2 until 4.2 V", "Hold at 4.2 V for 1 hour")
    cases = [covered(0.2, *steps, **reacts), covered(0.9, *steps, **reacts), covered(0.5, *steps)]
    group = aso.simulate_particles(cases, [1.0, 2.0, 1.0], names=["poor", "well", "inert"])
    found, columns = group.particles, group.columns
    side = found["Side charge [C]"].to_numpy()
    assert np.isnan(side[2]).all()
    np.testing.assert_allclose(columns[names.SIDE_CHARGE], side[0] + 2.0 * side[1], rtol=1e-12)
    assert columns[names.FILM_MAX][-1] == np.nanmax(found["Film thickness max [m]"][:, -1])
    assert names.INTERFACE_RESISTANCE not in columns  # the inert particle records none
    assert names.RISK_MAX not in group.particle(0).columns
    passed = columns[names.CHARGE] - columns[names.SIDE_CHARGE]
    lithium = sum(
        n * (one.columns[names.MEAN_X][0] - one.columns[names.MEAN_X]) * float(cell_volumes(one.mesh).sum())
        for n, one in zip(group.multiplicities, group.particle_runs, strict=True)
    )
    full = (
        FARADAY
        * CATHODE.maximum_concentration
        * sum(
            n * float(cell_volumes(one.mesh).sum())
            for n, one in zip(group.multiplicities, group.particle_runs, strict=True)
        )
    )
    assert np.abs(FARADAY * CATHODE.maximum_concentration * lithium - passed).max() < 1e-10 * full
    assert group.steps[1].side_charge > 0.0
    assert [len(row) for row in group.to_json_dict()["particles"]] == [9, 9, 7]


def test_bits_do_not_depend_on_threads_and_progress_ends_at_one(covered: Any) -> None:
    cases = [covered(0.1 + 0.08 * k, "Charge at C/2 for 10 minutes") for k in range(10)]
    seen: list[float] = []
    one = aso.simulate_particles(cases, progress=lambda progress: seen.append(progress.fraction))
    other = aso.simulate_particles(cases, threads=2)
    for name in one.columns:
        np.testing.assert_array_equal(one.columns[name], other.columns[name])
    assert seen[-1] == pytest.approx(1.0)
    assert seen == sorted(seen)


def test_what_was_reached_is_kept_where_a_group_cannot_go_on(covered: Any) -> None:
    cases = [covered(c, "Charge at C/2 for 10 minutes", "Charge at C/2 until 3 V") for c in (0.05, 0.4)]
    with pytest.raises(SimulationError) as raised:
        aso.simulate_particles(cases)
    partial = raised.value.partial
    assert partial.status == "stopped"
    assert partial.steps[0].stop_reason == "duration reached"
    assert len(partial.particle_runs) == 2

    def stop(progress: Any) -> None:
        if progress.fraction > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError) as raised_too:
        aso.simulate_particles([covered(c, "Charge at C/2 for 10 minutes") for c in (0.2, 0.4)], progress=stop)
    assert raised_too.value.partial.columns[names.TIME][-1] > 100.0


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"material": {"name": "nca-kim2011"}}, "material.name"),
        ({"electrolyte": {"name": "pegda-peca"}}, "electrolyte.name"),
        ({"protocol": {"temperature": 298.15}}, "protocol.temperature"),
        ({"protocol": {"steps": ["Charge at C/3 for 10 minutes"]}}, "protocol.steps"),
        ({"output": {"fields_every": 100.0}}, "output.fields_every"),
        ({"solver": {"tolerance": 1e-5}}, "solver.tolerance"),
    ],
)
def test_what_a_group_shares_must_be_the_same_in_all(make_case: Any, changes: dict[str, Any], key: str) -> None:
    step = "Charge at C/2 for 10 minutes"
    with pytest.raises(InputError) as raised:
        aso.simulate_particles([make_case(step), make_case(step, **changes)])
    assert raised.value.where == f"cases[1], {key}"


def test_a_group_that_is_none_is_refused(make_case: Any, covered: Any) -> None:
    case = make_case("Charge at C/2 for 10 minutes")
    flux = make_case("Charge at C/2 for 10 minutes", kinetics={"model": "uniform-flux"})
    limited = make_case("Charge at C/2 until risk 3 or 4 V")
    blocked = [
        covered(0.3, side_reaction={"mode": "coupled", "blocking_thickness": 1e-7, "least_open_share": share})
        for share in (0.01, 0.02)
    ]
    refused: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
        (([],), {}, "at least one particle"),
        ((["case.toml"],), {}, "no case"),
        (([case, case], [1.0]), {}, "as many multiplicities"),
        (([case, case], [1.0, 0.0]), {}, "out of range"),
        (([case, case], [1.0, float("nan")]), {}, "out of range"),
        (([case, case], ["many", 1.0]), {}, "no number"),
        (([case, case],), {"names": ["a"]}, "as many names"),
        (([case, case],), {"names": ["a", "a"]}, "one name"),
        (([case, case],), {"threads": 0}, "out of range"),
        (([case, flux],), {}, "uniform flux"),
        (([limited, limited],), {}, "no such curve in this group"),
        ((blocked,), {}, "one open share"),
    ]
    for arguments, options, says in refused:
        with pytest.raises(InputError, match=says):
            aso.simulate_particles(*arguments, **options)


def test_what_was_reached_is_whole_where_one_mesh_has_seen_a_step_more(covered: Any, make_case: Any) -> None:
    """An interrupt between the recorders of two meshes: the particles keep the rows that all have."""
    step, reacts = "Charge at C/2 for 10 minutes", {"mode": "coupled", "exchange_current_density": 1e-8}
    cases = [covered(0.3, step, side_reaction=reacts), make_case(step)]

    def stop(progress: Any) -> None:
        if progress.fraction > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedRunError) as raised:
        aso.simulate_particles(cases, progress=stop)
    partial = raised.value.partial
    rows = len(partial.columns[names.TIME])
    assert [len(values) for one in partial.particle_runs for values in one.columns.values()].count(rows) == sum(
        len(one.columns) for one in partial.particle_runs
    )
    assert partial.particle(0).fields["Film thickness [m]"].shape[0] == len(partial.particle(0).field_times)
    assert np.isfinite(partial.columns[names.SIDE_CHARGE]).all()


@pytest.mark.slow
def test_a_coverage_that_changes_is_that_of_its_particle(covered: Any, make_case: Any) -> None:
    steps = ("Charge at C/2 for 10 minutes", "Rest for 5 minutes") * 2
    shrinking = {"kind": "cap", "coverage": 0.3, "coverage_change": {"law": "linear", "remaining": 0.5, "over": 1800.0}}
    changing = make_case(*steps, contact=shrinking, particle={"mesh": "coarse"})
    alone = aso.simulate(changing)
    alike = aso.simulate_particles([changing, changing])
    np.testing.assert_allclose(alike.columns[names.VOLTAGE], alone.columns[names.VOLTAGE], atol=1e-9)
    mixed = aso.simulate_particles([changing, covered(0.9, *steps)])
    np.testing.assert_allclose(mixed.particle(0).columns[names.COVERAGE][-1], alone.columns[names.COVERAGE][-1])
    assert names.COVERAGE not in mixed.particle(1).columns


def test_one_kind_of_particle_that_stands_for_several(covered: Any) -> None:
    case = covered(0.3, "Charge at C/2 for 10 minutes")
    alone, group = aso.simulate(case), aso.simulate_particles([case], [2.5])
    np.testing.assert_allclose(group.columns[names.CHARGE], 2.5 * alone.columns[names.CHARGE], rtol=1e-9)
    np.testing.assert_allclose(group.columns[names.VOLTAGE], alone.columns[names.VOLTAGE], atol=1e-9)
    assert group.steps[0].charge == pytest.approx(2.5 * alone.steps[0].charge, rel=1e-9)
    assert group.particle(0).steps[0].charge == pytest.approx(alone.steps[0].charge, rel=1e-9)
    with pytest.raises(InputError, match="group of particles"):
        group.columns[names.FILM]
