"""What a case may say: every wrong key or value gives one InputError with the key, the value and what is allowed."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.case.capacity import Capacity
from asyncsoc.case.side_reaction import SideReaction


def keys(**sections: Any) -> dict[str, Any]:
    return {
        "contact": {"kind": "cap", "coverage": 0.3},
        "protocol": {"steps": ["Charge at C/10 until 4.2 V"]},
        **sections,
    }


def test_defaults_and_units() -> None:
    case = aso.Case.from_dict(
        keys(
            particle={"radius": "5 um"},
            material={"diffusivity": "4e-15 m2/s"},
            kinetics={"film_resistance": "200 ohm cm2", "exchange_current_density": "0.05 mA/cm2"},
            electrolyte={"areal_capacity": "2 mAh/cm2", "separator_thickness": "50 um", "conductivity": "0.43 mS/cm"},
            output={"fields_every": "5 min"},
        )
    )
    assert case.particle.radius == 5e-6
    assert case.material.name == "ncm811-sturm2019"
    assert case.material.diffusivity == 4e-15
    assert case.material.maximum_concentration is None
    assert case.kinetics.film_resistance == 0.02
    assert case.kinetics.exchange_current_density == 0.5
    assert case.kinetics.transfer_coefficient is None
    assert case.electrolyte.areal_capacity == 72000.0
    assert case.electrolyte.separator_thickness == 5e-5
    assert case.electrolyte.conductivity == pytest.approx(0.043, rel=1e-15)
    assert case.protocol.temperature == 333.15
    assert case.protocol.initial_stoichiometry == 0.9
    assert case.protocol.initial_voltage is None
    assert case.protocol.nominal_capacity == Capacity("theoretical")
    assert case.output.fields_every == 300.0
    assert case.side_reaction.mode == "off"
    assert [step.control for step in case.protocol.plan.steps] == ["c-rate"]


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"foo": 1}, ["unknown section or key 'foo'", "where: foo"]),
        ({"contakt": {"kind": "cap"}}, ["unknown section or key 'contakt'", "did you mean: contact"]),
        ({"contact": {"coverag": 0.3}}, ["unknown key 'coverag'", "where: contact.coverag", "did you mean: coverage"]),
        ({"contact": 3}, ["expected a section", "where: contact"]),
        ({"contact": {"kind": "bell", "coverage": 0.3}}, ["unknown name", "value: 'bell'", "did you mean: belt"]),
        ({"contact": {"kind": "cap"}}, ["'cap' needs its coverage", "where: contact.coverage"]),
        ({"contact": {"kind": "cap", "coverage": 0}}, ["out of range", "value: 0", "above 0, at most 1"]),
        ({"contact": {"kind": "cap", "coverage": -0.1}}, ["out of range", "value: -0.1"]),
        ({"contact": {"kind": "cap", "coverage": 1.01}}, ["out of range", "value: 1.01"]),
        ({"contact": {"kind": "cap", "coverage": 30}}, ["out of range", "did you mean: '30 %'"]),
        ({"contact": {"kind": "cap", "coverage": math.nan}}, ["finite", "where: contact.coverage"]),
        ({"contact": {"kind": "cap", "coverage": math.inf}}, ["finite", "where: contact.coverage"]),
        ({"contact": {"kind": "cap", "coverage": True}}, ["must be a number"]),
        ({"contact": {"kind": "cap", "coverage": "0.3 um"}}, ["wrong dimension", "where: contact.coverage"]),
        ({"contact": {"kind": "full", "coverage": 0.3}}, ["full contact covers everything", "kind = 'cap'"]),
        ({"contact": {"kind": "labels"}}, ["labels belong to a mesh file", "where: contact.kind"]),
        ({"contact": {"kind": "labels", "coverage": 0.3}}, ["labels of the mesh give the coverage"]),
        ({"contact": {"kind": "patches", "coverage": 0.3}}, ["number of patches", "where: contact.n"]),
        ({"contact": {"kind": "patches", "coverage": 0.3, "n": 0}}, ["out of range", "1 to 1000"]),
        ({"contact": {"kind": "patches", "coverage": 0.3, "n": 2.5}}, ["expected a whole number"]),
        ({"contact": {"kind": "patches", "coverage": 0.3, "n": 2, "seed": 1}}, ["only 'random' has a seed"]),
        ({"contact": {"kind": "random", "coverage": 0.3, "n": 2, "seed": -1}}, ["out of range", "contact.seed"]),
        ({"contact": {"kind": "cap", "coverage": 0.3, "n": 6}}, ["only 'patches' and 'random' have a number"]),
        ({"contact": {"kind": "cap", "coverage": 0.3, "axis": [0, 0, 0]}}, ["direction", "contact.axis"]),
        ({"contact": {"kind": "cap", "coverage": 0.3, "axis": [0, 1]}}, ["too short", "contact.axis"]),
        ({"contact": {"kind": "cap", "coverage": 0.3, "axis": "z"}}, ["expected a list", "contact.axis"]),
        ({"particle": {"shape": "cube"}}, ["unknown name", "sphere, mesh"]),
        ({"particle": {"radius": 5}}, ["out of range", "at most 1000 um", "did you mean: '5 um'"]),
        ({"particle": {"radius": "-5 um"}}, ["out of range", "value: '-5 um'"]),
        ({"particle": {"radius": 0}}, ["out of range", "where: particle.radius"]),
        ({"particle": {"radius": "5"}}, ["needs its unit", "write '5 um'"]),
        ({"particle": {"radius": "5 V"}}, ["wrong dimension", "where: particle.radius"]),
        ({"particle": {"radius": "five um"}}, ["no number"]),
        ({"particle": {"radius": [5e-6]}}, ["must be a number"]),
        ({"particle": {"file": "a.vtu"}}, ["a sphere has no mesh file", "shape = 'mesh'"]),
        ({"particle": {"shape": "mesh"}}, ["needs its file"]),
        ({"particle": {"shape": "mesh", "file": "a.vtu", "radius": 5e-6}}, ["has no radius"]),
        ({"particle": {"model": "radial"}}, ["a radial model cannot represent", "auto, axisymmetric, 3d"]),
        ({"particle": {"mesh": "finest"}}, ["unknown name", "default, fine"]),
        ({"material": {"name": "ncm811-sturm"}}, ["unknown cathode material", "did you mean: ncm811-sturm2019"]),
        ({"material": {"diffusivity": -1e-14}}, ["out of range", "m2/s"]),
        ({"material": {"diffusivity": "1e-14 m/s"}}, ["wrong dimension", "did you mean: m2/s"]),
        ({"material": {"maximum_concentration": "50 mol/m3"}}, ["out of range"]),
        ({"electrolyte": {"name": "peo"}}, ["unknown electrolyte", "did you mean: peo-litfsi"]),
        ({"electrolyte": {"conductivity": 0}}, ["out of range"]),
        (
            {"kinetics": {"model": "butler"}},
            ["unknown kinetics model", "butler-volmer, linear, marcus-hush-chidsey, uniform-flux"],
        ),
        ({"kinetics": {"transfer_coefficient": 1}}, ["out of range", "above 0, below 1"]),
        ({"kinetics": {"film_resistance": "-1 ohm m2"}}, ["out of range"]),
        ({"side_reaction": {"mode": "on"}}, ["unknown name", "off, report, coupled"]),
        ({"solver": {"tolerance": 0}}, ["out of range", "where: solver.tolerance"]),
        ({"output": {"fields_every": "-1 min"}}, ["out of range", "where: output.fields_every"]),
        ({"name": "a/b"}, ["a name is used for files"]),
        ({"name": 7}, ["expected a string", "where: name"]),
    ],
)
def test_refused_with_a_message(sections: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        aso.Case.from_dict(keys(**sections), source="case.toml")
    message = str(caught.value)
    assert "where: case.toml: " in message
    for word in words:
        assert word.removeprefix("where: ") in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("protocol", "words"),
    [
        ({}, ["no steps", "where: case.toml: protocol"]),
        ({"step": ["Rest for 1 hour"]}, ["unknown key 'step'", "did you mean: steps"]),
        ({"steps": "Rest for 1 hour"}, ["expected a list", "protocol.steps"]),
        ({"steps": [1]}, ["expected a string", "protocol.steps[1]"]),
        ({"steps": ["Charge at C/10"]}, ["'for <time>' or 'until <limit>'", "case.toml: protocol.steps, step 1"]),
        ({"steps": ["Rest for 1 hour", "Chrage at 1 C for 1 hour"]}, ["step 2", "did you mean: Charge"]),
        ({"cycle": [{"repeat": 0, "steps": ["Rest for 1 hour"]}]}, ["whole number of times", "protocol.cycle 1"]),
        ({"cycle": [{"repeat": 1.5, "steps": ["Rest for 1 hour"]}]}, ["expected a whole number"]),
        ({"cycle": [{"repeat": 2}]}, ["'steps' is missing", "protocol.cycle[1].steps"]),
        ({"cycle": [{"repat": 2, "steps": ["Rest for 1 hour"]}]}, ["unknown key 'repat'", "did you mean: repeat"]),
        ({"cycle": {"steps": ["Rest for 1 hour"]}}, ["expected a list", "protocol.cycle"]),
        ({"steps": ["Rest for 1 hour"], "temperature": 60}, ["out of range", "did you mean: '60 degC'"]),
        ({"steps": ["Rest for 1 hour"], "temperature": "-300 degC"}, ["absolute zero"]),
        ({"steps": ["Rest for 1 hour"], "temperature": "400 degC"}, ["out of range"]),
        ({"steps": ["Rest for 1 hour"], "initial_stoichiometry": 1}, ["out of range", "above 0, below 1"]),
        ({"steps": ["Rest for 1 hour"], "initial_voltage": "42 V"}, ["out of range", "at most 6 V"]),
        (
            {"steps": ["Rest for 1 hour"], "initial_voltage": 3.7, "initial_stoichiometry": 0.9},
            ["exclude each other", "remove one"],
        ),
        ({"steps": ["Rest for 1 hour"], "capacity": 190}, ["needs its unit", "'190 mAh/g'"]),
        ({"steps": ["Rest for 1 hour"], "capacity": "3 mAh/cm2"}, ["a capacity per area"]),
        ({"steps": ["Rest for 1 hour"], "capacity": "theoretic"}, ["unknown capacity", "did you mean: theoretical"]),
        ({"steps": ["Rest for 1 hour"], "capacity": "-190 mAh/g"}, ["a capacity is positive"]),
        ({"steps": ["Rest for 1 hour"], "capacity": "190 um"}, ["wrong dimension", "protocol.capacity"]),
        ({"steps": ["Rest for 1 hour"], "capacity": "nan mAh/g"}, ["finite", "protocol.capacity"]),
    ],
)
def test_refused_protocol(protocol: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        aso.Case.from_dict({"protocol": protocol}, source="case.toml")
    for word in words:
        assert word in str(caught.value)


def test_a_missing_protocol_and_several_mistakes_are_one_error() -> None:
    with pytest.raises(InputError, match="'protocol' is missing"):
        aso.Case.from_dict({})
    with pytest.raises(InputError, match=r"unknown key 'coverag' \(and 1 more: particle.radius\)"):
        aso.Case.from_dict(keys(contact={"coverag": 0.3}, particle={"radius": "5 V"}))


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("theoretical", "theoretical", None),
        ("190 mAh/g", "gravimetric", 684000.0),
        ("190 A h/kg", "gravimetric", 684000.0),
        ("684000.0 C/kg", "gravimetric", 684000.0),
        ("2 nAh", "absolute", 7.2e-6),
    ],
)
def test_capacity(text: str, kind: str, value: float | None) -> None:
    protocol = aso.Protocol.of("Rest for 1 hour", capacity=text)
    assert (protocol.nominal_capacity.kind, protocol.nominal_capacity.value) == (kind, value)


@pytest.mark.parametrize(
    ("contact", "asked", "model"),
    [
        ({}, "auto", "radial"),
        ({"kind": "cap", "coverage": 1.0}, "auto", "radial"),
        ({"kind": "cap", "coverage": 0.3}, "auto", "axisymmetric"),
        ({"kind": "belt", "coverage": 0.3}, "auto", "axisymmetric"),
        ({"kind": "cap", "coverage": 0.3, "axis": [0, 0, 2]}, "auto", "axisymmetric"),
        ({"kind": "cap", "coverage": 0.3, "axis": [1, 0, 1]}, "auto", "3d"),
        ({"kind": "patches", "coverage": 0.3, "n": 6}, "auto", "3d"),
        ({"kind": "random", "coverage": 0.3, "n": 6}, "auto", "3d"),
        ({}, "axisymmetric", "axisymmetric"),
        ({"kind": "cap", "coverage": 0.3}, "3d", "3d"),
    ],
)
def test_the_cheapest_model_that_represents_the_contact(contact: dict[str, Any], asked: str, model: str) -> None:
    case = aso.Case.from_dict(keys(contact=contact, particle={"model": asked}))
    assert case.model == model


def test_objects_in_four_lines_equal_the_tables() -> None:
    particle, contact = aso.Particle.sphere("5 um"), aso.Contact.cap(0.3)
    material = aso.Material.named("ncm811-oregan2022", diffusivity="4e-15 m2/s")
    protocol = aso.Protocol.of("Charge at C/10 until 4.2 V", temperature="60 degC")
    case = aso.Case.from_objects(particle, contact, material, protocol)
    tables = keys(
        particle={"radius": 5e-6}, material={"name": "ncm811-oregan2022", "diffusivity": 4e-15}, name="another name"
    )
    assert case.hash == aso.Case.from_dict(tables).hash
    assert case.contact.fraction == 0.3
    assert aso.Contact.full().fraction == 1.0
    assert aso.Contact.belt("20 %").coverage == 0.2
    assert aso.Contact.patches(0.2, n=6).n == 6
    assert aso.Contact.random(0.2, n=6).seed == 0
    assert aso.Electrolyte.named("pegda-peca").name == "pegda-peca"


@pytest.mark.parametrize(
    ("build", "where"),
    [
        (lambda: aso.Contact.cap(2.0), "contact.coverage"),
        (lambda: aso.Contact(kind="cap"), "contact.coverage"),
        (lambda: aso.Particle.sphere("5 m2"), "particle.radius"),
        (lambda: aso.Particle(radios=1.0), "particle.radios"),
        (lambda: aso.Material.named("x"), "material.name"),
        (lambda: SideReaction(mode="x"), "side_reaction.mode"),
        (lambda: aso.Protocol.of("Rest"), "protocol.steps, step 1"),
        (aso.Case, "protocol"),
    ],
)
def test_constructors_raise_the_same_error(build: Any, where: str) -> None:
    with pytest.raises(InputError) as caught:
        build()
    assert caught.value.where == where


def test_a_case_is_frozen_and_travels_to_workers() -> None:
    case = aso.Case.from_dict(keys())
    with pytest.raises(InputError, match="with_overrides"):
        case.particle.radius = 1e-6
    assert pickle.loads(pickle.dumps(case)) == case


@pytest.mark.parametrize(
    "protocol",
    [{"steps": 5}, {"cycle": 3}, {"cycle": [{"repeat": 2, "steps": 5}]}, {"steps": ["Rest for 1 hour"], "profile": 5}],
)
def test_a_number_in_place_of_a_list_of_the_protocol_is_refused(protocol):
    with pytest.raises(InputError, match="list") as caught:
        aso.Case.from_dict({"protocol": protocol})
    assert str(caught.value.where).startswith("protocol")
