"""A case asks for enthalpies or Gibbs energies; asking for nothing it is the case it was before the choice existed."""

from __future__ import annotations

import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.materials.registry import cathode
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.problem.case_side_reaction import side_reaction_model
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.risk.study import study_risk

STEPS = ["Charge at C/5 for 10 minutes"]
BEFORE = "8d0c7f6647420dc9118b94ad761e5aa7ae595b10f10ee696187ca782194d8896"
"""Hash of an hour's rest of the default case before the choice existed."""


def case(temperature: str = "60 degC", **side: object) -> Case:
    return Case.from_dict({"protocol": {"steps": STEPS, "temperature": temperature}, "side_reaction": side})


def conditions_of(one: Case) -> Conditions | None:
    return side_reaction_model(one, cathode(one.material.name)).table.conditions


def test_gibbs_energies_are_those_of_the_protocols_temperature_unless_one_is_named() -> None:
    assert conditions_of(case()) == ENTHALPY
    assert conditions_of(case(thermochemistry="gibbs")) == Conditions("gibbs", 333.15)
    assert conditions_of(case(thermochemistry="gibbs", thermochemistry_temperature="25 degC")) == Conditions("gibbs")
    own = [[0.1, -0.5], [0.4, -0.45], [0.7, -0.4], [1.0, -0.3]]
    assert conditions_of(case(thermochemistry="gibbs", energies=own)) is None


def test_a_case_that_does_not_ask_keeps_its_hash() -> None:
    plain = Case.from_dict({"protocol": {"steps": ["Rest for 1 hour"]}})
    assert plain.hash == BEFORE
    assert plain.with_overrides(["side_reaction.thermochemistry=enthalpy"]).hash == plain.hash
    assert plain.with_overrides(["side_reaction.thermochemistry=gibbs"]).hash != plain.hash


def test_a_protocol_too_hot_for_gibbs_energies() -> None:
    with pytest.raises(InputError, match=r"out of range(.|\n)*protocol.temperature(.|\n)*thermochemistry_temperature"):
        conditions_of(case("100 degC", thermochemistry="gibbs"))
    assert conditions_of(case("100 degC", thermochemistry="gibbs", thermochemistry_temperature="60 degC"))
    # Enthalpies serve there, without the other edge of the band.
    study = study_risk(case("100 degC"), driving_forces=("reaction-energy",), exchange_current_densities=(0.3,))
    assert study.conditions == (ENTHALPY,)


def test_a_result_says_which_energy_it_rests_on() -> None:
    asked = {"mode": "report", "thermochemistry": "gibbs"}
    found, plain = (simulate(case(**keys)).reports["side reaction"] for keys in (asked, {"mode": "report"}))
    assert (found["thermochemistry"], plain["thermochemistry"]) == ("Gibbs energy at 60 degC", "enthalpy")
    assert "estimated" in found["thermochemistry note"]


@pytest.mark.parametrize("wrong", [{"thermochemistry": "gibs"}, {"thermochemistry_temperature": "150 degC"}])
def test_what_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InputError, match="thermochemistry"):
        case(**wrong)
