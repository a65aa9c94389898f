"""Constants of the interface are declared once: sections of a case, records and fits hold what the declarations say."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import get_args

import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.case.fields import Measured
from asyncsoc.interface.constants import constants_of, kernel_numbers
from asyncsoc.interface.decomposition_constants import DecompositionConstants
from asyncsoc.interface.film import FilmConstants
from asyncsoc.interface.rate_laws import RATE_LAWS, RateParameters, listed_parameters, rate_constants
from asyncsoc.interface.side_reaction_constants import CONSTANTS, SideReactionParameters, side_reaction_parameters
from asyncsoc.studies.calibration.constants import fittable, parse_constant

SECTIONS = {"side_reaction": CONSTANTS, "kinetics": rate_constants()}
ALL = [(section, key) for section, constants in SECTIONS.items() for key in constants]


@pytest.mark.parametrize(("section", "key"), ALL)
def test_a_case_has_the_declared_key_unit_and_range(section: str, key: str) -> None:
    declared, model = SECTIONS[section][key], Case.model_fields[section].annotation
    field = model.model_fields[key]
    parts = [*field.metadata, *(part for one in get_args(field.annotation) for part in get_args(one))]
    assert Measured(declared.unit, declared.low, declared.high, declared.bounds) in parts


@pytest.mark.parametrize(("section", "key"), ALL)
def test_what_may_be_fitted_is_declared_within_the_range(section: str, key: str) -> None:
    declared = SECTIONS[section][key]
    assert (f"{section}.{key}" in fittable()) == (declared.fit is not None)
    if declared.fit is not None:
        assert declared.low <= declared.fit.low < declared.fit.high <= declared.high
        assert parse_constant(f"{section}.{key}").low == declared.fit.low


def test_the_kernels_record_holds_what_is_declared() -> None:
    names = {one.name for one in fields(SideReactionParameters)}
    declared = kernel_numbers(DecompositionConstants()) | kernel_numbers(FilmConstants())
    assert names == {"side_first", "side_inverse_spacing", "shift", "exhausts", *declared}
    made = side_reaction_parameters(0.1, 50.0, DecompositionConstants(limiting_thickness=2e-8), FilmConstants())
    assert (made.inverse_limit, made.inverse_block, made.growth) == (1.0 / 2e-8, 0.0, 4e-10)
    assert made.exhausts == 0.0
    finite = side_reaction_parameters(
        0.1, 50.0, DecompositionConstants(), FilmConstants(available_charge=50.0, volume_per_charge=2e-10)
    )
    assert (finite.exhausts, finite.inverse_limit) == (1.0, pytest.approx(1.0 / 1e-8))
    rates = {one.name for one in fields(RateParameters)}
    for law in RATE_LAWS:
        assert set(law().kernel_numbers(300.0)) == set(law.in_kernel) <= rates


def test_every_parameter_of_a_rate_law_is_listed_with_its_source() -> None:
    listed = {one.name: one for one in listed_parameters()}
    assert listed["reorganization energy"].value == pytest.approx(0.2) and listed["reorganization energy"].unit == "eV"
    assert all(one.assumed and one.note and one.source for one in listed.values())


@pytest.mark.parametrize("declaring", [DecompositionConstants, FilmConstants, *RATE_LAWS])
def test_values_out_of_range_are_refused_by_name(declaring: type) -> None:
    for name, constant in constants_of(declaring).items():
        for value in (math.nan, -math.inf, constant.high * (1.0 + 1e-9) + 1e-9):
            with pytest.raises(InputError, match=name):
                declaring(**{name: value})
