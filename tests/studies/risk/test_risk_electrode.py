"""The risk of an electrode: against a single particle, against saved curves and fields of groups, and in layers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.main import main
from asyncsoc.materials.registry import cathode
from asyncsoc.problem.electrode_cases import electrode_cases
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.group_risk import group_risk
from asyncsoc.studies.risk.conclusions import compare_particles
from asyncsoc.studies.risk.films import film_line
from asyncsoc.studies.risk.particle_shares import CHARGE, CHARGE_SHARE, RiskParticles
from asyncsoc.studies.risk.pictures import risk_particles_picture
from asyncsoc.studies.risk.runs import ChargedParticles, follow, side_reaction_models
from asyncsoc.studies.risk.scenarios import RiskCurve, RiskStudy, Scenario
from asyncsoc.studies.risk.study import study_risk

STEPS = ("Charge at C/5 for 2 hours", "Rest for 10 minutes", "Discharge at C/5 for 20 minutes")
TWO_KINDS = {"law": "classes", "poor": 0.3, "good": 0.95, "share_poor": 0.5}
NCM = cathode("ncm811-sturm2019")


def electrode(coverage: Any, steps: tuple[str, ...] = STEPS, **keys: Any) -> aso.Case:
    return aso.Case.from_dict(
        {
            "electrode": {"loading": "12.7 mg/cm2", "coverage": coverage, **keys},
            "particle": {"mesh": "coarse"},
            "protocol": {"temperature": "60 degC", "steps": list(steps)},
        }
    )


def risk_of(case: aso.Case, **options: Any) -> RiskStudy:
    given = {"energies": ("total",), "exchange_current_densities": (), **options}
    return study_risk(case, **given)


@pytest.mark.slow
def test_one_kind_of_particle_has_the_risk_of_the_particle() -> None:
    case = electrode(0.3)
    areal = electrode_cases(case).sample.theoretical_capacity(NCM)
    single = aso.Case.from_dict(
        {
            "particle": {"mesh": "coarse"},
            "contact": {"kind": "cap", "coverage": 0.3},
            "electrolyte": {"areal_capacity": areal},
            "protocol": case.protocol.model_dump(exclude_unset=True),
        }
    )
    whole, alone = risk_of(case), risk_of(single)
    assert whole.coverage == pytest.approx(alone.coverage, rel=1e-12)
    assert whole.electrode is not None and alone.electrode is None
    for scenario in alone.scenarios:
        found, expected = whole.default[scenario], alone.default[scenario]
        np.testing.assert_allclose(found.mean_x, expected.mean_x, rtol=1e-9)
        np.testing.assert_allclose(found.voltage, expected.voltage, rtol=1e-9)
        np.testing.assert_allclose(found.rate, expected.rate, rtol=1e-9)
        np.testing.assert_allclose(found.charge, expected.charge, rtol=1e-9)
        for name in names.RISK_CURVES:
            np.testing.assert_allclose(found.columns[name], expected.columns[name], rtol=1e-9, err_msg=name)
        assert np.isfinite(found.at(0.75)) and found.at(0.75) > 2.0
        # One kind of particle makes all of the charge.
        table = whole.electrode.table(scenario, 0.75)
        assert dict(table.sizes) == {"particle": 1}
        assert float(table[CHARGE_SHARE][0]) == 1.0
        assert float(table[names.RISK_MAX][0]) == found.at(0.75)


@pytest.fixture(scope="module")
def two() -> RiskStudy:
    return risk_of(electrode(TWO_KINDS), driving_forces=("potential", "reaction-energy"))


def reported(case: aso.Case, force: str) -> aso.Solution:
    section = [f"side_reaction.{key}={value}" for key, value in (("mode", "report"), ("driving_force", force))]
    return aso.simulate(case.with_overrides([*section, "output.fields_every=20 s"]))


def row_near(curve: RiskCurve, mean_x: float) -> tuple[int, float]:
    """Return a row of the first charge near a mean stoichiometry, and its own: the study's rows are far apart."""
    charge = curve.mean_x[: int(np.argmin(curve.mean_x))]
    k = int(np.argmin(np.abs(charge - mean_x)))
    return k, float(charge[k])


def charging(solution: aso.Solution, values: np.ndarray) -> np.ndarray:
    """Return the values of the rows of the first protocol step."""
    return np.asarray(values)[solution.columns[names.STEP] == 1]


@pytest.mark.slow
@pytest.mark.parametrize("force", ["potential", "reaction-energy"])
def test_two_kinds_against_the_saved_curves_of_the_group_and_of_the_covered_electrode(two, force) -> None:
    case = electrode(TWO_KINDS)
    group, covered = reported(case, force), reported(electrode(1.0), force)
    assert len(group.particles["particle"]) == 2
    many, own_areas = np.array(group.multiplicities), np.array([group.particle(j).contact.area for j in range(2)])
    areas = many * own_areas
    side = [charging(group, group.particle(j).columns[names.SIDE_CURRENT]) for j in range(2)]
    rate = sum(n * own for n, own in zip(many, side, strict=True)) / areas.sum()
    area_full = covered.multiplicities[0] * covered.particle(0).contact.area
    full = charging(covered, covered.columns[names.SIDE_CURRENT]) / area_full
    x, x_full = (charging(one, one.columns[names.MEAN_X]) for one in (group, covered))

    def at(place: float, where: np.ndarray, values: np.ndarray) -> float:
        order = np.argsort(where)
        return math.exp(np.interp(place, where[order], np.log(values[order])))

    scenario = next(one for one in two.scenarios if one.driving_force == force)
    curve = two.default[scenario]
    for near in (0.85, 0.75, 0.65):
        k, place = row_near(curve, near)
        expected = at(place, x, rate) / at(place, x_full, full)
        assert curve.columns[names.RISK_MEAN][k] == pytest.approx(expected, rel=1e-3)
        assert curve.rate[k] == pytest.approx(at(place, x, rate), rel=1e-3)
    # Charges at the end, of each particle and per area of the electrode. The study integrates over two rows a step,
    # the saved curves over one every 20 s: with the former alone the quadrature is good to about 1e-3.
    charges = np.array([group.particle(j).columns[names.SIDE_CHARGE][-1] for j in range(2)])
    table = two.electrode.table(scenario, 0.7)
    np.testing.assert_allclose(table[CHARGE], charges / own_areas, rtol=3e-3)
    together = many @ charges
    np.testing.assert_allclose(table[CHARGE_SHARE], many * charges / together, rtol=3e-3)
    per_area = curve.final_charge * two.electrode.contact_per_area
    assert per_area == pytest.approx(together / case.electrode.area, rel=3e-3)


@pytest.mark.slow
def test_two_kinds_against_the_law_written_out_on_the_fields_of_the_particles(two) -> None:
    """Rate, charge and largest risk from potentials alone, by the formula of docs/decomposition.md."""
    force = "potential"
    group, covered = reported(electrode(TWO_KINDS), force), reported(electrode(1.0), force)
    constants = {row["name"]: row["value"] for row in group.particle(0).reports["side reaction"]["parameters"]}
    i0, onset = constants["exchange current density of the side reaction"], constants["onset potential"]
    a = constants["transfer coefficient of the side reaction"] * 96485.33212 / (8.314462618 * 333.15)

    def rates(solution: aso.Solution) -> np.ndarray:
        """The potential is the same all over a contact without film: a rate for each row of the charge."""
        return i0 * np.exp(a * (charging(solution, solution.columns[names.POTENTIAL]) - onset))

    scenario = next(one for one in two.scenarios if one.driving_force == force)
    curve, x, x_full = two.default[scenario], *(charging(one, one.columns[names.MEAN_X]) for one in (group, covered))
    for near in (0.85, 0.75, 0.65):
        k, place = row_near(curve, near)
        here = np.exp(np.interp(-place, -x, np.log(rates(group))))
        full = np.exp(np.interp(-place, -x_full, np.log(rates(covered))))
        assert curve.columns[names.RISK_MAX][k] == pytest.approx(here / full, rel=1e-3)
        assert curve.columns[names.RISK_MEAN][k] == pytest.approx(here / full, rel=1e-3)
    # Both particles see one potential: equal charges per contact area, shares of the charge as of the contact.
    table = two.electrode.table(scenario, 0.7)
    np.testing.assert_allclose(table[CHARGE_SHARE], table["Share of contact"], rtol=1e-9)
    assert math.isnan(two.electrode.correlations(scenario)["side charge per contact area"])


@pytest.mark.slow
def test_means_of_the_electrode_are_those_of_its_particles(two) -> None:
    for scenario in two.scenarios:
        whole, each = two.default[scenario], two.electrode.curves[scenario]
        shares = two.electrode.contact_shares
        for name in (names.RISK_MEAN, names.RISK_SHARE, names.RISK_DOSE):
            parts = shares @ np.array([one.columns[name] for one in each])
            np.testing.assert_allclose(whole.columns[name], parts, rtol=1e-12)
        largest = np.max([one.columns[names.RISK_MAX] for one in each], axis=0)
        np.testing.assert_array_equal(whole.columns[names.RISK_MAX], largest)
        factors = [names.RISK_KINETIC, names.RISK_CONCENTRATION, names.RISK_REACTION, names.RISK_REMAINDER]
        product = np.prod([whole.columns[name] for name in factors], axis=0)
        np.testing.assert_allclose(whole.columns[names.RISK_MAX], product, rtol=1e-9)
        assert two.electrode.charge_shares(scenario).sum() == pytest.approx(1.0, abs=1e-12)


def test_the_hottest_particle_gives_the_factors() -> None:
    def columns(value: float, factor: float) -> dict[str, np.ndarray]:
        found = {name: np.array([value, np.nan]) for name in names.RISK_CURVES}
        return found | {names.RISK_KINETIC: np.array([factor, np.nan])}

    found = group_risk([columns(2.0, 7.0), columns(6.0, 5.0)], np.array([3.0, 1.0]))
    assert found[names.RISK_MAX][0] == 6.0 and found[names.RISK_KINETIC][0] == 5.0
    assert found[names.RISK_MEAN][0] == 3.0
    assert all(np.isnan(values[1]) for values in found.values())


def test_particles_without_contact_count_in_the_electrode_and_have_no_risk() -> None:
    table = {"radius": [7.5e-6, 7.5e-6], "coverage": [0.5, 0.0], "multiplicity": [3.0, 1.0]}
    case = aso.Case.from_dict(
        {
            "electrode": {"loading": "12.7 mg/cm2", "table": table},
            "particle": {"mesh": "coarse"},
            "protocol": {"temperature": "60 degC", "steps": ["Charge at C/5 for 1 hour"]},
        }
    )
    study = risk_of(case, driving_forces=("potential",))
    one = study.electrode
    assert one is not None and len(one) == 1
    assert one.share_without_contact == pytest.approx(0.25, rel=1e-3)
    assert study.coverage == pytest.approx(0.375, rel=1e-3)
    (scenario,) = study.scenarios
    curve = study.default[scenario]
    # Mean x is that of the electrode: a fifth of the capacity of all, whose window is 1 - x(4.2 V), within the hour.
    window = 1.0 - float(aso.simulate(case).stoichiometry_at_4p2)
    assert curve.mean_x[0] - curve.mean_x[-1] == pytest.approx(0.2 * window, rel=1e-9)
    covered = ChargedParticles.fully_covered(case)
    assert covered.idle_volume == 0.0 and covered.coverage == pytest.approx(1.0, rel=1e-9)
    assert len(covered.cases) == 2


@pytest.mark.slow
def test_layers_with_a_salt_run_and_their_balances_hold() -> None:
    case = electrode(
        TWO_KINDS,
        ("Charge at C/5 for 1 hour",),
        model="layers",
        layers=3,
        thickness="60 um",
        salt="concentrated",
        salt_properties={"separator_nodes": 3},
    )
    study = risk_of(case, driving_forces=("potential", "reaction-energy"))
    one = study.electrode
    assert one.layers == (1, 1, 2, 2, 3, 3)
    for scenario in study.scenarios:
        assert np.isfinite(study.default[scenario].at(0.8))
        assert one.charge_shares(scenario).sum() == pytest.approx(1.0, abs=1e-12)
    # Layers near the separator lead: under the potential their contact sees the higher one.
    potential = next(one for one in study.scenarios if one.driving_force == "potential")
    charges = one.charges(potential)
    assert charges[0] > charges[2] > charges[4]
    np.testing.assert_allclose(charges[::2], charges[1::2], rtol=1e-9)
    off = case.with_overrides(["side_reaction.mode=off"])
    for particles in (ChargedParticles.of(off), ChargedParticles.fully_covered(off)):
        run = follow(particles, side_reaction_models([case], particles), 10.0, None)
        assert run.balance < 1e-10
        # The electrode is charged with what the protocol says: lithium out of all particles is a fifth of 1 C.
        mean = run.reference(0).mean_x
        window = 1.0 - particles.ready[0][0].charged_x
        assert mean[0] - mean[-1] == pytest.approx(0.2 * window, rel=1e-9)


@pytest.mark.slow
def test_electrodes_are_compared_per_electrode_area(two) -> None:
    found = compare_particles(two, two, 0.75, 4.0)
    statements = [one.statement for one in found]
    assert any("per electrode area at equal mean x = 0.75" in text for text in statements)
    for one in found:
        for finding in one.findings:
            assert math.isnan(finding.default) or finding.default == pytest.approx(1.0, rel=1e-12)


def particles(coverage: list[float], charges: list[float]) -> RiskParticles:
    scenario, n = Scenario("peo-litfsi", "total", "both"), len(coverage)
    none = {name: np.ones(2) for name in names.RISK_CURVES}
    curves = tuple(RiskCurve(np.array([0.9, 0.5]), np.ones(2), np.ones(2), none, np.array([0.0, q])) for q in charges)
    ones = np.ones(n)
    called = tuple(f"particle {k}" for k in range(n))
    return RiskParticles(called, 5e-6 * ones, np.array(coverage), ones, ones, np.array(coverage), {scenario: curves})


def test_correlations_with_the_coverage() -> None:
    scenario = Scenario("peo-litfsi", "total", "both")
    found = particles([0.2, 0.4, 0.9], [1.0, 2.0, 2.5]).correlations(scenario)
    expected = np.corrcoef([0.2, 0.4, 0.9], [1.0, 2.0, 2.5])[0, 1]
    assert found["side charge per contact area"] == pytest.approx(expected, rel=1e-12)
    per_mass = np.corrcoef([0.2, 0.4, 0.9], [0.2, 0.8, 2.25])[0, 1]
    assert found["side charge per active material"] == pytest.approx(per_mass, rel=1e-12)
    assert all(math.isnan(one) for one in particles([0.2, 0.9], [1.0, 2.0]).correlations(scenario).values())
    equal = particles([0.2, 0.4, 0.9], [1.0, 1.0, 1.0]).correlations(scenario)
    assert math.isnan(equal["side charge per contact area"])
    assert equal["side charge per active material"] == pytest.approx(1.0, rel=1e-12)


@pytest.mark.slow
def test_the_picture_has_a_row_for_each_electrode(two) -> None:
    figure = risk_particles_picture([two, two], reactant="peo-litfsi")
    assert len(figure.axes) == 4
    left, right = figure.axes[:2]
    assert left.get_ylabel() == "Side charge per contact area [C/m²]"
    for line in right.get_lines()[1:]:
        assert line.get_ydata()[-1] == pytest.approx(1.0, abs=1e-12)


@pytest.mark.slow
def test_the_command_tells_the_electrode_and_its_particles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "electrode.toml"
    file.write_text(electrode(TWO_KINDS, ("Charge at C/5 for 20 minutes",)).to_toml())
    against = ["--against", "electrode.coverage.poor=0.9"]
    assert main(["risk", str(file), "--at-x", "0.87", *against, "-o", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    cal, hot = document["particles"]
    assert cal["label"] == "electrode, f = 0.625"
    assert [one["coverage"] for one in cal["electrode"]["particles"]] == pytest.approx([0.3, 0.95], rel=1e-3)
    for row in cal["risk"]:
        assert sum(row["by particle"]["share of side charge"]) == pytest.approx(1.0, abs=1e-9)
        assert max(row["by particle"]["largest risk"]) == pytest.approx(row["largest risk"], rel=1e-9)
        assert row["side charge per electrode area [C/m2]"] == pytest.approx(
            row["side charge per contact area [C/m2]"] * cal["electrode"]["contact area per electrode area [m2/m2]"]
        )
        product = math.prod(row["factors"].values())
        assert row["largest risk"] == pytest.approx(product, rel=1e-3)
    assert any("per electrode area" in row["statement"] for row in document["conclusions"])
    assert [Path(one).name for one in document["files"]] == ["risk.png", "risk-particles.png"]
    assert hot["label"] != cal["label"]
    assert main(["risk", str(file), "--at-x", "0.87"]) == 0
    out = capsys.readouterr().out
    assert "charge of the side reaction at the end of the run" in out
    assert "shares of its particles" in out
    assert "nan" not in out


@pytest.mark.slow
def test_the_film_of_an_electrode_is_drawn_with_its_thickest_particle() -> None:
    case = electrode(TWO_KINDS, ("Charge at C/5 for 1 hour",))
    line, coupled, _ = film_line(case, "two kinds")
    assert line.thickness.max() == pytest.approx(float(line.film_max[-1]), rel=1e-9)
    ohms = coupled.columns[names.INTERFACE_RESISTANCE]
    np.testing.assert_allclose(line.resistance, ohms * case.electrode.area * 1e4, rtol=1e-12)


@pytest.mark.parametrize(
    ("keys", "where", "text"),
    [
        (["solver.cycle_jump_tolerance=1e-3"], "solver.cycle_jump_tolerance", "does not jump over any"),
        (["kinetics.model=uniform-flux"], "kinetics.model", "cannot share one potential"),
        (["protocol.steps=['Charge at C/5 until film 5 nm']"], "protocol step 1", "none of them can end a step"),
        (["electrode.coverage.poor=0", "electrode.coverage.good=0"], "electrode.coverage", ""),
    ],
)
def test_what_is_refused_says_why(keys: list[str], where: str, text: str) -> None:
    with pytest.raises(InputError) as found:
        study_risk(electrode(TWO_KINDS).with_overrides(keys))
    assert where in str(found.value.where)
    assert text in str(found.value)
