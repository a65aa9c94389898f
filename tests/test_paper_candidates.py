"""The table "What would it take?" of docs/paper.md: complete, from what is stored, right where it can be checked."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from asyncsoc.interface.finite_amount import consumed_charge
from benchmarks.paper.__main__ import stored as stored_rows
from benchmarks.paper.candidate_cells import CANDIDATES, ROWS, cells, table
from benchmarks.paper.candidate_verdicts import alike, drop, factor, plateau, products, retentions, short_plateau, wet
from benchmarks.paper.cycle_candidates import capacity, per_cycle
from benchmarks.paper.cycle_life import DEAD, END, FILMS, FORCES, fit
from benchmarks.paper.cycle_life import stored as stored_fits
from benchmarks.paper.first_charge_candidates import PLATEAU, cap_radius, charged, finite, root, sourced_amounts
from benchmarks.paper.plateau import WINDOW
from benchmarks.paper.what_it_takes import stored

PAGE = (Path(__file__).parents[1] / "docs" / "paper.md").read_text(encoding="utf-8")
NUMBERS = stored()


def test_every_row_that_is_not_reproduced_has_every_candidate_once() -> None:
    found = [(one.row, one.candidate) for one in cells(NUMBERS)]
    assert sorted(found) == [(row, letter) for row in ROWS for letter in CANDIDATES]
    assert {key for key, row in stored_rows().items() if row.verdict == "not reproduced"} <= set(ROWS)


def test_the_page_holds_the_table_and_no_number_is_missing() -> None:
    lines = table(NUMBERS)
    assert all(line in PAGE.splitlines() for line in lines)
    assert not any(re.search(r"\b(nan|inf)\b", line) for line in lines)
    assert all(math.isfinite(value) for value in NUMBERS.values())


def test_words_follow_from_numbers() -> None:
    """Numbers on the other side of a threshold give another word, in the functions and in the table."""
    assert (plateau(5.0, 0.0), plateau(5.0, 2.0), plateau(0.5)) == ("gives it", "gives it to Hot-Cal too", "does not")
    assert short_plateau(1.5, 5.0) == ("gives it", [])
    assert [len(short_plateau(*one)[1]) for one in ((5.0, 5.0), (1.5, 50.0), (5.0, 50.0))] == [1, 1, 2]
    assert retentions({"Hot-Cal at 50": 0.6, "PCA at 500": 0.65}) == "gives it"
    assert retentions({"Hot-Cal at 50": 0.6, "PCA at 500": 0.3}) == "gives only Hot-Cal at 50"
    assert (products(1.1), products(0.9)) == ("gives it", "does not")
    assert alike(0.5) and not alike(0.4) and wet(9e-4, 1e-4) and not wet(2e-3, 1e-4)
    assert factor(0.25) == "a factor of 4, 2 times the 2 allowed"
    assert drop(1.0, 1e-3) == "1e+03 mV are 1000 times the 1 mV in wet polymer"
    words = {(one.row, one.candidate): one.gives for one in cells(NUMBERS)}
    changed = {
        "P2 d: extra with 0.3 to 0.09 in 6 h [mA h/g]": 4.0,
        "P4 c: Hot-Cal with that share closed": 0.7,
        "P6 c: carbon area of Cal over Hot-Cal": 1.5,
        "P2 a: Hot-Cal with the same per polymer [mA h/g]": 3.0,
        "P6 d, e: Cal at 3.8 V over Hot-Cal at 3.8 V, potential": 1.2,
    }
    others = {(one.row, one.candidate): one.gives for one in cells({**NUMBERS, **changed})}
    for place in (("P2", "d"), ("P4", "c"), ("P6", "c"), ("P6", "d")):
        assert not words[place].startswith("gives it")
        assert others[place].startswith("gives it"), place
    assert words["P2", "a"].startswith("gives it where")
    assert others["P2", "a"].startswith("gives it to Hot-Cal too where")


def test_amounts_are_those_of_the_papers_masses() -> None:
    """2.763 g of PEO and 1 g of LiTFSI, 600 000 g/mol with two ends; 80:15:5."""
    found = sourced_amounts()
    assert found["OH ends of PEO of 600 000 g/mol"] == pytest.approx(1e3 * 2 * (2.763 / 6e5) / 3.763, rel=1e-12)
    # Li per ethylene oxide is 1:18, as the methods say
    assert found["ethylene oxide units, all of them"] / found["LiTFSI, all of it"] == pytest.approx(18.0, rel=0.01)
    per_polymer = NUMBERS["P2 a: the same [mA h/g]"] * 3.6 / 96485.33212 / (15.0 / 80.0) * 1e3
    assert NUMBERS["P2 a: mmol of electrons per g of polymer"] == pytest.approx(per_polymer, rel=1e-4)
    area = 3.0 * 0.3 / (7.5e-6 * 4.87e6)  # m2/g of NCM of some 4.87 g/cm3
    assert NUMBERS["P2 a: the same [mA h/g]"] == pytest.approx(
        NUMBERS["P2 a: charge available per contact area [C/m2]"] * area / 3.6, rel=0.03
    )


def test_a_round_contact_in_wet_polymer_drops_what_a_disc_does() -> None:
    """rho/(4 a) of a disc in a half space; f of a sphere's cap is (1 - cos theta)/2."""
    theta = math.acos(1.0 - 2.0 * 0.3)
    assert cap_radius(0.3, 2.0) == pytest.approx(2.0 * math.sin(theta), rel=1e-12)
    mass = 4.0 / 3.0 * math.pi * 7.5e-6**3 * 4.87e6  # g
    current = 0.1 * 0.2 * mass  # A at some 200 mA h/g
    expected = current / (4.0 * 0.04 * 7.5e-6 * math.sin(theta))
    assert NUMBERS["P2 b: drop of a round contact in wet polymer [V]"] == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize(
    ("lost", "left", "cycles"),
    [
        ("P4 d: contact lost a cycle, Cal", NUMBERS["P4 d: Cal's coverage at its end"] / 0.3, 32),
        ("P4 d: contact lost a cycle, Hot-Cal", NUMBERS["P4 d: Hot-Cal's coverage at 67.5 %"] / 0.95, 50),
        ("P4 e: cut off a cycle, Cal", NUMBERS["P4 e: connected share of Cal at its end"], 32),
        ("P4 e: cut off a cycle, PCA", NUMBERS["P4 e: connected share of PCA at 70 %"], 500),
    ],
)
def test_losses_a_cycle_multiply_to_what_is_left(lost: str, left: float, cycles: int) -> None:
    assert (1.0 - NUMBERS[lost]) ** cycles == pytest.approx(left, rel=1e-3)
    assert per_cycle(left, cycles) == pytest.approx(NUMBERS[lost], rel=1e-3)


def test_a_root_of_a_steep_and_of_a_flat_function() -> None:
    assert root(lambda q: math.tanh(40.0 * math.log(q / 7.0)), 1.0, 100.0, 1e-3) == pytest.approx(7.0, rel=1e-3)
    assert root(lambda q: q / 1e3 - 1.0, 1.0, 1e5, 1e-4) == pytest.approx(1e3, rel=1e-3)
    assert math.isnan(root(lambda q: 1.0, 1.0, 100.0))


def test_what_is_consumed_in_cal_at_3_8_volts_is_nearly_all() -> None:
    """The share of the amount that Hot-Cal may have, per polymer, is what Cal has consumed: 1 - exp(-3)."""
    share = float(consumed_charge(np.array(3.0), 1.0))
    assert NUMBERS["P6 a: Hot-Cal has at most, of Cal's per polymer"] == pytest.approx(share, rel=1e-5)


def test_kept_fits_hold_the_datum_and_stand_in_the_row() -> None:
    row = stored_rows()["P4"]
    found = {(one.film, one.force): one for one in stored_fits()}
    assert set(found) <= {(film.name, force) for film in FILMS for force in FORCES}
    for film in FILMS:
        for force in FORCES:
            one = found.get((film.name, force))
            if one is None:
                assert f"{film.name} driven by {force}" in row.ours.split("Not computed yet")[-1]
                continue
            if one.value is None:
                assert f"{film.name} driven by {force}" in row.ours.split("No constant holds")[-1]
                continue
            assert film.first <= one.value <= film.last
            assert one.left is not None and one.left < DEAD * 1.11
            assert row.numbers[f"{film.name}, {force}: {film.key}"] == pytest.approx(one.value, rel=1e-5)
    (end,) = [value for name, value in row.numbers.items() if name.startswith("again") and ": Cal," in name]
    assert abs(end - END) <= 1


def test_a_search_widens_its_bracket_and_gives_up_at_its_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A capacity that falls within a hundredth of the constant, as where a contact closes."""
    from benchmarks.paper import cycle_life

    def steep(coverage: float, cycles: int, overrides: list[str], **tables: object) -> np.ndarray:
        value = float(overrides[-1].split("=")[1])
        end = 40.0 * (3e-5 / value)  # cycles; holds at 3.75e-5
        k = np.arange(cycles)
        return np.where(k < end, 1.0 - 0.9 * (k / end) ** 2, 0.0)

    monkeypatch.setattr(cycle_life, "capacities", steep)
    found = fit(FILMS[1], "potential", 1e-3)
    assert found is not None
    assert 40.0 * 3e-5 / found[0] == pytest.approx(END, abs=2.0)
    monkeypatch.setattr(cycle_life, "capacities", lambda *a, **k: np.ones(END + 1))
    assert fit(FILMS[1], "potential", 1e-3) is None


@pytest.mark.slow
def test_capacities_of_what_is_left_are_those_stored() -> None:
    assert capacity(NUMBERS["P4 d: Cal's coverage at its end"]) / capacity(0.3) == pytest.approx(DEAD, rel=0.1)
    film = NUMBERS["P4 a: film's resistance that ends Cal [ohm m2]"]
    assert capacity(0.3, film) / capacity(0.3) == pytest.approx(DEAD, rel=0.1)
    assert capacity(0.95, film) / capacity(0.95) == pytest.approx(NUMBERS["P4 a: Hot-Cal with that film"], rel=5e-3)
    share = NUMBERS["P4 e: connected share of Hot-Cal at 67.5 %"]
    assert share * capacity(0.95, rate=0.1 / share) / capacity(0.95) == pytest.approx(0.675, rel=0.03)


@pytest.mark.slow
def test_the_plateau_of_a_finite_amount_is_the_one_stored() -> None:
    plain = charged(0.3).between(*WINDOW)
    charge = NUMBERS["P2 a: charge available per contact area [C/m2]"]
    assert charged(0.3, finite(charge)).between(*WINDOW) - plain == pytest.approx(PLATEAU, rel=0.05)
