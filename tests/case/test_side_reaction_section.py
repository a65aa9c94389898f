"""The side reaction's keys: units, defaults, and one clear error for each wrong one."""

from __future__ import annotations

from typing import Any

import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case


def case(**section: Any) -> Case:
    return Case.from_dict({"protocol": {"steps": ["Rest for 1 hour"]}, "side_reaction": section})


def test_units_and_defaults() -> None:
    section = case(
        mode="coupled",
        exchange_current_density="0.1 nA/cm2",
        onset_potential="3900 mV",
        limiting_thickness="5 nm",
        film_conductivity="1e-9 S/cm",
        film_volume_per_charge="4e-4 cm3/C",
        blocking_thickness="0.1 um",
    ).side_reaction
    finite = case(mode="coupled", available_charge="0.1 mAh/cm2")
    assert finite.side_reaction.available_charge == pytest.approx(3600.0)
    assert finite.hash != case(mode="coupled").hash
    assert section.exchange_current_density == pytest.approx(1e-6)
    assert section.onset_potential == pytest.approx(3.9)
    assert section.limiting_thickness == pytest.approx(5e-9)
    assert section.film_conductivity == pytest.approx(1e-7)
    assert section.film_volume_per_charge == pytest.approx(4e-10)
    assert section.blocking_thickness == pytest.approx(1e-7)
    assert section.barrier_coefficient is None
    assert (section.energy, section.driving_force, section.reference_stoichiometry) == ("total", "both", 0.63)
    assert case().side_reaction.mode == "off"


def test_it_comes_back_from_toml_with_the_same_hash(tmp_path) -> None:
    one = case(mode="report", reactant="eca", energy="mutual", reference_energy=-0.4, fitted=("onset_potential",),
               fitted_to="cal.csv")  # fmt: skip
    path = tmp_path / "case.toml"
    path.write_text(one.to_toml())
    back = Case.from_toml(path)
    assert back.hash == one.hash
    assert back.side_reaction.reference_stoichiometry is None
    assert "limiting_thickness" not in one.to_toml()
    assert one.with_overrides(["side_reaction.reference_stoichiometry=0.5"]).side_reaction.reference_energy is None


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"mode": "on"}, ["unknown name", "off, report, coupled"]),
        ({"energy": "free"}, ["unknown name", "total, mutual", "side_reaction.energy"]),
        ({"driving_force": "voltage"}, ["potential, reaction-energy, both"]),
        ({"reactant": "peolitfsi"}, ["unknown reactant", "did you mean: peo-litfsi"]),
        ({"exchange_current_density": -1e-6}, ["out of range", "side_reaction.exchange_current_density"]),
        ({"exchange_current_density": "1 A"}, ["wrong dimension"]),
        ({"transfer_coefficient": 2.5}, ["out of range"]),
        ({"energies": [[0.5]]}, ["too short"]),
        ({"energies": [[0.5, "low"]]}, ["side_reaction.energies"]),
        ({"energies": [[0.5, float("nan")]]}, ["finite"]),
        ({"onset_potential": 0.0}, ["out of range", "above 0"]),
        ({"barrier_coefficient": float("nan")}, ["finite"]),
        ({"reference_energy": 0.5}, ["out of range"]),
        ({"reference_energy": -0.5, "reference_stoichiometry": 0.5}, ["exclude each other"]),
        ({"reference_stoichiometry": 1.0}, ["out of range"]),
        ({"limiting_thickness": 0.0}, ["out of range", "nm"]),
        ({"film_conductivity": 0.0}, ["out of range"]),
        ({"film_volume_per_charge": "1 m3"}, ["wrong dimension"]),
        ({"blocking_thickness": "-1 nm"}, ["out of range"]),
        ({"available_charge": 0.0}, ["out of range", "side_reaction.available_charge"]),
        ({"available_charge": "5 nm"}, ["wrong dimension"]),
        ({"mode": "coupled", "available_charge": 5.0, "limiting_thickness": 1e-8}, ["exclude each other"]),
        ({"mode": "report", "available_charge": 5.0}, ["only reported", "set side_reaction.mode = 'coupled'"]),
        ({"least_open_share": 0.0}, ["out of range"]),
        ({"risk_threshold": 0.0}, ["out of range"]),
        ({"fitted": ["rate"], "fitted_to": "x.csv"}, ["unknown constant of the side reaction"]),
        ({"fitted": ["onset_potential"]}, ["need what they were fitted to"]),
        ({"film": 1}, ["unknown key 'film'", "side_reaction"]),
    ],
)
def test_a_wrong_key_is_one_clear_error(section: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        case(**section)
    for word in words:
        assert word in str(caught.value)
