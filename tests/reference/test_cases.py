"""Random cases: the program reads them all, they are the same every time, and they cover the input space."""

from __future__ import annotations

import numpy as np
import pytest

import asyncsoc as aso
from tests.reference.cases import KINDS, VARIANTS, Sentence, Specimen, draw
from tests.reference.compare import Tolerance, compare, run_program


@pytest.mark.parametrize("kind", (*KINDS, *VARIANTS))
def test_every_case_can_be_read(kind: str) -> None:
    for number in range(40):
        specimen = draw(kind, 7, number)
        case = aso.Case.from_dict(specimen.keys())
        assert len(case.protocol.steps) == len(specimen.protocol)
        problem = specimen.problem()
        assert len(problem.protocol) == len(specimen.protocol)
        assert all(sentence.text() for sentence in specimen.protocol)


def test_a_case_is_the_same_every_time() -> None:
    for kind in (*KINDS, *VARIANTS):
        assert draw(kind, 3, 5) == draw(kind, 3, 5)
    assert draw("axisymmetric", 3, 5) != draw("axisymmetric", 3, 6)
    assert draw("axisymmetric", 3, 5) != draw("axisymmetric", 4, 5)


def test_cases_cover_the_input_space() -> None:
    drawn = [draw("axisymmetric", 11, number) for number in range(150)]
    assert min(s.radius for s in drawn) < 0.7e-6 and max(s.radius for s in drawn) > 20e-6
    assert min(s.coverage for s in drawn) < 0.02 and max(s.coverage for s in drawn) > 0.99
    assert min(s.celsius for s in drawn) < -15 and max(s.celsius for s in drawn) > 85
    given = [s.diffusivity for s in drawn if s.diffusivity is not None]
    assert min(given) < 3e-17 and max(given) > 3e-13
    assert {s.model for s in drawn} == {"butler-volmer", "linear", "uniform-flux"}
    controls = [sentence.control for s in drawn for sentence in s.protocol]
    assert {name: controls.count(name) > 40 for name in ("charge", "discharge", "hold", "rest")} == {
        "charge": True,
        "discharge": True,
        "hold": True,
        "rest": True,
    }
    rates = [x.value for s in drawn for x in s.protocol if x.control in ("charge", "discharge")]
    assert np.log10(max(rates) / min(rates)) > 2.3


def bench_particle(**changes: object) -> Specimen:
    values = {
        "label": "bench",
        "kind": "radial",
        "radius": 3e-6,
        "contact": "full",
        "coverage": 1.0,
        "axis": None,
        "model": "butler-volmer",
        "celsius": 40.0,
        "diffusivity": None,
        "i0": 0.4,
        "initial": 0.8,
        "film": 0.01,
        "electrolyte": "peo",
        "conductivity": 0.02,
        "protocol": (Sentence("charge", 0.2, duration=3600.0), Sentence("rest", duration=600.0)),
    }
    return Specimen(**{**values, **changes})  # type: ignore[arg-type]


def test_a_charge_under_full_contact_agrees() -> None:
    specimen = bench_particle()
    one = compare(specimen, Tolerance(), most_levels=2)
    assert not one.failure
    assert [step.reason for step in one.steps] == ["time", "time"]
    assert one.bad(Tolerance(duration=1e-3, charge=1e-3, voltage=1e-3, contact=2e-4)) == []
    assert max(step.d_voltage for step in one.steps) < 1e-3


def test_a_difference_is_found() -> None:
    """The program's case with one number changed is no longer the reference's."""
    specimen = bench_particle()
    keys = specimen.keys()
    keys["kinetics"]["film_resistance"] = 0.2
    one = compare(specimen, Tolerance(), most_levels=2, keys=keys)
    assert 0 in one.bad(Tolerance())


def test_an_infeasible_step_ends_the_program_too() -> None:
    keys = bench_particle(protocol=(Sentence("charge", 0.2, voltage=3.3),)).keys()
    program = run_program(keys)
    assert program.infeasible
    assert program.failure == ""
