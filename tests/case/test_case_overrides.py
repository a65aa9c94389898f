"""Overrides: SECTION.KEY=VALUE, typed as TOML, with clear refusals."""

from __future__ import annotations

import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError


@pytest.fixture
def case() -> aso.Case:
    return aso.Case.from_dict(
        {
            "particle": {"radius": "5 um"},
            "contact": {"kind": "cap", "coverage": 0.3},
            "protocol": {"steps": ["Rest for 1 hour"], "initial_stoichiometry": 0.8},
        }
    )


def test_values_are_typed_as_toml_and_quotes_may_be_left_out(case: aso.Case) -> None:
    changed = case.with_overrides(
        [
            "contact.coverage = 0.2",
            "contact.kind=belt",
            "particle.radius=6 um",
            'material.diffusivity="4e-15 m2/s"',
            "protocol.steps=['Charge at C/10 until 4.2 V', 'Rest for 1 hour']",
            "protocol.cycle=[{repeat=2, steps=['Rest for 1 hour']}]",
            "contact.coverage=0.25",
        ]
    )
    assert (changed.contact.kind, changed.contact.coverage) == ("belt", 0.25)
    assert changed.particle.radius == 6e-6
    assert changed.material.diffusivity == 4e-15
    assert len(changed.protocol.plan.steps) == 4
    assert case.contact.coverage == 0.3


def test_one_of_an_exclusive_pair_replaces_the_other(case: aso.Case) -> None:
    changed = case.with_overrides(["protocol.initial_voltage=3.7 V"])
    assert (changed.protocol.initial_voltage, changed.protocol.initial_stoichiometry) == (3.7, None)
    back = changed.with_overrides(["protocol.initial_stoichiometry=0.7"])
    assert (back.protocol.initial_voltage, back.protocol.initial_stoichiometry) == (None, 0.7)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("contact.coverage", ["SECTION.KEY=VALUE", "where: --set"]),
        ("=0.2", ["SECTION.KEY=VALUE"]),
        ("contact.=0.2", ["SECTION.KEY=VALUE"]),
        ("contact.coverage=", ["needs a value", "--set contact.coverage"]),
        ("contact.coverag=0.2", ["unknown key 'coverag'", "did you mean: contact.coverage"]),
        ("contakt.coverage=0.2", ["unknown section or key 'contakt'", "did you mean: contact.coverage"]),
        ("contact=0.2", ["'contact' is a section", "contact.coverage"]),
        ("contact.coverage.x=0.2", ["unknown key 'coverage.x'", "did you mean: contact.coverage"]),
        ("name.x=0.2", ["'name' has no keys"]),
        ("contact.coverage=2", ["out of range", "where: contact.coverage", "value: 2"]),
        ("contact.coverage=wide", ["no number", "value: 'wide'"]),
        ("contact.coverage=0.2\nkind='belt'", ["where: contact.coverage"]),
        ("contact.coverage=nan", ["finite"]),
        ("protocol.steps=Rest for 1 hour", ["expected a list"]),
        ("particle.model=radial", ["a radial model cannot represent"]),
    ],
)
def test_refused_with_a_message(case: aso.Case, override: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        case.with_overrides([override])
    for word in words:
        assert word in str(caught.value)
