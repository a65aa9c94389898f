"""What docs/decomposition.md says: its risks, its words on what survives, no plateau in Cal alone, resistance."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from asyncsoc.case import Case
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.materials.thermochemistry.reaction import KINDS
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.calibration.measured import MeasuredCurve
from asyncsoc.studies.calibration.response import respond
from asyncsoc.studies.risk.conclusions import compare_electrolytes, compare_particles
from asyncsoc.studies.risk.scenarios import RiskStudy, Scenario
from asyncsoc.studies.risk.study import study_risk
from tests.pages import blocks

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "decomposition.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples" / "cal_vs_hotcal.toml"
MEAN_X = 0.497
UNDER = (ENTHALPY, Conditions("gibbs", 298.15), Conditions("gibbs", 333.15))


@pytest.fixture(scope="module")
def studies() -> tuple[RiskStudy, RiskStudy]:
    base = Case.from_toml(EXAMPLE)
    reactants = ("peo-litfsi", "litfsi", "eca")
    hot = base.with_overrides(["contact.coverage=0.95"])
    cal = study_risk(base, reactants=reactants, label="Cal", conditions=UNDER)
    return cal, study_risk(hot, reactants=reactants, label="Hot-Cal", conditions=UNDER)


@pytest.mark.slow
def test_the_python_of_the_page_runs() -> None:
    names_of_the_page: dict[str, object] = {}
    for block in blocks(ROOT / "docs" / "decomposition.md", "python"):
        exec(compile(block, "decomposition.md", "exec"), names_of_the_page)


@pytest.mark.slow
def test_who_makes_the_side_charge_of_the_example_of_an_electrode() -> None:
    case = Case.from_toml(ROOT / "examples" / "electrode.toml", ["particle.mesh=coarse"])
    study = study_risk(case, energies=("total",), driving_forces=("potential", "reaction-energy"))
    potential, energy = study.scenarios[:2]
    one = study.particles
    assert one is not None
    for k, (coverage, shares) in {0: (0.15, (6, 6, 3)), -1: (0.48, (20, 20, 27))}.items():
        assert one.mass_shares[k] == pytest.approx(1.0 / 8.0, rel=1e-9)
        assert one.coverage[k] == pytest.approx(coverage, abs=0.005)
        found = one.contact_shares[k], one.charge_shares(potential)[k], one.charge_shares(energy)[k]
        assert [round(100.0 * share) for share in found] == list(shares)
    assert study.range_at(potential, 0.5) == pytest.approx((7.8, 4.9, 11.0), rel=0.02)
    assert study.range_at(energy, 0.5) == pytest.approx((5.3, 4.0, 6.0), rel=0.02)


def log(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+\.?\d*", text)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "number", "force"),
    [
        ("f = 0.3, potential", 0, "potential"),
        ("f = 0.3, reaction energy", 0, "reaction-energy"),
        ("f = 0.3, both", 0, "both"),
        ("f = 0.95, potential", 1, "potential"),
        ("f = 0.95, reaction energy", 1, "reaction-energy"),
    ],
)
def test_the_table_of_risks(studies, row: str, number: int, force) -> None:
    cells = next(line for line in PAGE.splitlines() if line.startswith(f"| {row} ")).strip("|").split("|")
    columns = [(kind, conditions) for kind in KINDS for conditions in (UNDER[0], UNDER[2])]
    for (kind, conditions), cell in zip(columns, cells[1:], strict=True):
        if "same" not in cell:
            found = studies[number].range_at(Scenario("peo-litfsi", kind, force, conditions), MEAN_X)
            assert found == pytest.approx(log(cell), rel=0.04)


@pytest.mark.slow
def test_the_words_on_what_survives(studies) -> None:
    words = {
        (c.driving_force, c.reactant, part): c.word
        for c in compare_particles(*studies, MEAN_X, 4.0)
        for part in ("per contact area at equal mean", "equal 4 V", "in total", "dose")
        if part in c.statement
    }
    assert words["potential", "peo-litfsi", "per contact area at equal mean"] == "holds under both"
    assert words["both", "peo-litfsi", "per contact area at equal mean"] == "holds under both"
    assert words["reaction-energy", "peo-litfsi", "per contact area at equal mean"] == "holds under both"
    alone = words["reaction-energy", "litfsi", "per contact area at equal mean"]
    gibbs = [f"mutual as Gibbs {degrees} degC" for degrees in (25, 60)]
    assert alone == f"only under total and {' and '.join(gibbs)}"
    assert words["potential", "peo-litfsi", "equal 4 V"] == "holds under neither"
    assert words["both", "peo-litfsi", "equal 4 V"] == "the opposite holds"
    assert words["reaction-energy", "litfsi", "equal 4 V"] == "holds under neither"
    assert words["reaction-energy", "peo-litfsi", "in total"] == "holds under neither"
    assert words["both", "peo-litfsi", "in total"] == "holds under both"
    assert {word for (_, reactant, part), word in words.items() if part == "dose"} == {"holds under both"}
    litfsi_against_eca = compare_electrolytes(studies[0], MEAN_X, "litfsi", "eca")
    assert {conclusion.word for conclusion in litfsi_against_eca} == {"only under total"}


@pytest.mark.parametrize(
    ("row", "force", "reactant", "statement"),
    [
        ("| Cal decomposes faster per contact area at equal mean x | potential", "potential", "peo-litfsi", 0),
        ("| | reaction energy | 2", "reaction-energy", "peo-litfsi", 0),
        ("| | reaction energy, LiTFSI alone | 3", "reaction-energy", "litfsi", 0),
        ("| | both | 18", "both", "peo-litfsi", 0),
        ("| | reaction energy, both | 0.53", "reaction-energy", "peo-litfsi", 1),
        ("| | reaction energy, LiTFSI alone | 0.5", "reaction-energy", "litfsi", 1),
        ("| Cal decomposes faster in total", "potential", "peo-litfsi", 2),
        ("| | reaction energy | 0.90", "reaction-energy", "peo-litfsi", 2),
        ("| | both | 5.5", "both", "peo-litfsi", 2),
    ],
)
@pytest.mark.slow
def test_the_table_of_conclusions(studies, row: str, force: str, reactant: str, statement: int) -> None:
    cells = next(line for line in PAGE.splitlines() if line.startswith(row)).strip("|").split("|")[2:6]
    found = [
        one
        for one in compare_particles(*studies, MEAN_X, 4.0)
        if (one.driving_force, one.reactant) == (force, reactant)
    ][statement]
    shown = [f for f in found.findings if f.conditions in (UNDER[0], UNDER[2])]
    if force == "potential":
        shown, cells = shown[:1], cells[:1]
    for finding, cell in zip(shown, cells, strict=True):
        assert (finding.default, finding.low, finding.high) == pytest.approx(log(cell), rel=0.05)


def charge(coverage: float, *overrides: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Charge passed [C], voltage, resistance."""
    mode = ["side_reaction.mode=coupled", *overrides] if overrides else []
    steps = "protocol.steps=['Charge at C/10 for 20 hours or until 4.2 V']"
    case = Case.from_toml(EXAMPLE, [f"contact.coverage={coverage}", steps, *mode])
    asked = (MeasuredCurve("resistance", np.arange(3.0), np.ones(3), True, "", ""),)
    response = respond(case, asked)
    return response.time, response.voltage, response.per_area


def within(time: np.ndarray, voltage: np.ndarray) -> float:
    risen = np.maximum.accumulate(voltage)
    return float(np.interp(3.85, risen, time) - np.interp(3.75, risen, time))


@pytest.mark.parametrize("force", ["potential", "reaction-energy", "both"])
def test_where_cal_has_a_plateau_hot_cal_has_a_longer_one(force: str) -> None:
    constants = (
        f"side_reaction.driving_force={force}",
        "side_reaction.film_conductivity=1e-5",
        "side_reaction.exchange_current_density=0.075",
    )
    extra = [within(*charge(f, *constants)[:2]) - within(*charge(f)[:2]) for f in (0.3, 0.95)]
    one_per_gram = 36000.0 / 201.0  # s in which C/10 passes 1 mA h/g
    assert extra[0] > one_per_gram
    assert extra[1] > 1.4 * extra[0]


def test_resistance_grows_at_equal_capacity_only() -> None:
    default = "side_reaction.exchange_current_density=1e-6"
    cal, hot = charge(0.3, default), charge(0.95, default)
    for (_, _, ohms), (first, lowest, last) in zip((cal, hot), ((211, 183, 505), (144, 90, 375)), strict=True):
        assert (1e4 * ohms[0], 1e4 * ohms.min(), 1e4 * ohms[-1]) == pytest.approx((first, lowest, last), rel=0.01)
    at_the_same = np.interp(cal[0][-1], hot[0], hot[2])
    assert at_the_same / hot[2].min() == pytest.approx(1.05, abs=0.01)


def test_the_film_of_the_default_constants() -> None:
    cal, hot = (
        simulate(Case.from_toml(EXAMPLE, [f"contact.coverage={f}", "side_reaction.mode=coupled"])).columns
        for f in (0.3, 0.95)
    )
    assert (cal[names.CAPACITY][-1], hot[names.CAPACITY][-1]) == pytest.approx((118.0, 145.0), abs=0.6)
    assert 1e9 * cal[names.FILM_MEAN][-1] == pytest.approx(10.5, abs=0.2)
    assert 1e9 * hot[names.FILM_MAX][-1] == pytest.approx(29.4, abs=0.3)
    at_the_same = np.interp(cal[names.CAPACITY][-1], hot[names.CAPACITY], hot[names.FILM_MEAN])
    assert cal[names.FILM_MEAN][-1] / at_the_same == pytest.approx(17.0, abs=1.0)
