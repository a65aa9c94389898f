"""What a notebook sees: short text, escaped tables, public names, and an answer where something is assigned to."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.base.notices import ResultWarning

CASE = {
    "name": "<b>bold",
    "contact": {"kind": "full"},
    "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
}


@pytest.fixture(scope="module")
def solution():
    return aso.simulate(aso.Case.from_dict(CASE))


def volume():
    labels = np.zeros((8, 8, 8), dtype=np.uint8)
    labels[2:6, 2:6, 2:6] = 1
    labels[6:] = 2
    return aso.tomography.from_array(labels, "400 nm", {"pore": 0, "ncm": 1, "cbd": 2})


def made(solution) -> dict[str, object]:
    case = aso.Case.from_dict(CASE)
    table = {"x": np.linspace(0.1, 0.95, 200).tolist(), "U": np.linspace(4.6, 3.0, 200).tolist()}
    own = aso.Material(open_circuit_potential=table)
    steps = [f"Charge at C/5 for {k} minutes" for k in range(1, 300)]
    curve = aso.MeasuredCurve.from_arrays(time=np.arange(500.0), voltage=np.linspace(3.0, 4.0, 500))
    return {
        "case": case,
        "long protocol": aso.Case.from_dict({**CASE, "protocol": {"steps": steps}}),
        "own material": own,
        "electrode": aso.Electrode(
            loading="12.7 mg/cm2", porosity=0.05, coverage={"law": "beta", "mean": 0.4, "std": 0.1}
        ),
        "solution": solution,
        "estimate": aso.estimate(case),
        "spectrum": aso.ImpedanceSpectrum([1.0, 10.0], [2.0 - 1.0j, 1.0 - 0.5j]),
        "curve": curve,
        "measurement": aso.Measurement.of(
            case, aso.MeasuredCurve.from_arrays(time=[0.0, 9.0, 99.0], voltage=[3, 3.5, 3.6])
        ),
        "volume": volume(),
        "simulation": aso.EISSimulation(case),
    }


def reached(thing: object, depth: int = 2) -> Iterator[object]:
    """Yield an object of the package and those in its public attributes."""
    if not type(thing).__module__.startswith("asyncsoc.") or isinstance(thing, xr.Dataset):  # xarray shows its own way
        return
    yield thing
    for name in dir(thing) if depth else ():
        if not name.startswith("_"):
            with warnings.catch_warnings(), suppress(InputError):  # not there in this run
                warnings.simplefilter("ignore", DeprecationWarning)
                inner = getattr(thing, name)
                for one in (inner if isinstance(inner, tuple) else (inner,))[:3]:
                    yield from reached(one, depth - 1)


@pytest.mark.slow
def test_no_object_prints_more_than_500_characters(solution):
    found = {type(one): len(repr(one)) for thing in made(solution).values() for one in reached(thing)}
    assert len(found) > 20
    assert {kind.__name__: length for kind, length in found.items() if length > 500} == {}


def test_what_is_shown_in_notebooks_has_an_escaped_table(solution):
    things = {**made(solution), "contact": solution.contact, "mesh": solution.mesh}
    for name in ("measurement", "simulation"):
        del things[name]
    for name, thing in things.items():
        table = thing._repr_html_()
        assert 100 < len(table) < 20_000, name
        assert "<b>" not in table, name
    assert "&lt;b&gt;bold" in solution._repr_html_()


def test_a_table_of_a_solution_has_its_numbers_and_its_warnings(solution):
    told = replace(solution, warnings=("the mesh is <coarse>",))
    table = told._repr_html_()
    assert "the mesh is &lt;coarse&gt;" in table
    assert f"{solution.summary()['Final voltage [V]']:.5g}" in table


def test_a_case_names_its_keys_with_units_as_overrides_take_them(solution):
    case = aso.Case.from_dict({**CASE, "particle": {"radius": "3 um"}})
    table = case._repr_html_()
    assert "particle.radius" in table
    assert "3e-06 m<" in table
    assert repr(case.particle) == "Particle(radius=3e-06)"


def test_an_electrode_names_what_is_assumed():
    table = aso.Electrode(loading="12.7 mg/cm2", coverage=0.4)._repr_html_()
    assert "assumed: radius" in table


def test_dir_lists_what_is_public(solution):
    assert dir(aso) == sorted(aso.__all__)
    assert [name for name in dir(solution) if name.startswith("_")] == []
    assert "plot" in dir(solution) and "curves" in dir(solution)
    keys = dir(solution.contact), dir(aso.Case.from_dict(CASE))
    assert "with_overrides" in keys[1]
    assert [name for names in keys for name in names if name.startswith("model_") or name == "parse_obj"] == []


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        ("contact.coverage", 0.2, "with_overrides(['contact.coverage=0.2'])"),
        ("contact.coverge", 0.2, "with_overrides(['contact.coverage=0.2'])"),
        ("contact", None, "with_overrides(['contact.KEY=VALUE'])"),
        ("protocol.steps", ["Rest for 1 hour"], "with_overrides(['protocol.steps=VALUE'])"),
    ],
)
def test_assigning_to_a_case_says_how_to_make_another(where, value, told):
    case = aso.Case.from_dict(CASE)
    *way, name = where.split(".")
    section = getattr(case, way[0]) if way else case
    before = case.hash
    with pytest.raises(InputError) as caught:
        setattr(section, name, value)
    assert told in str(caught.value)
    assert isinstance(caught.value, AttributeError)
    with pytest.raises(AttributeError, match="with_overrides"):
        delattr(section, name)
    assert aso.Case.from_dict(CASE).hash == case.hash == before


def test_a_solution_does_not_change_and_still_copies_and_pickles(solution):
    for name in ("warnings", "anything"):
        with pytest.raises(InputError, match="with_overrides"):
            setattr(solution, name, ())
    with pytest.raises(InputError, match="does not change"):
        del solution.name
    for again in (copy.deepcopy(solution), pickle.loads(pickle.dumps(solution))):
        assert repr(again) == repr(solution)
        assert np.array_equal(again.field_x, solution.field_x)


def test_what_a_result_holds_under_warnings_is_given_as_python_warnings_at_the_users_line():
    case = aso.Case.from_dict({**CASE, "protocol": {"steps": ["Charge at C/5 for 20 hours"]}})
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        found = aso.simulate(case)
    assert found.warnings
    assert [str(one.message) for one in given] == list(dict.fromkeys(found.warnings))
    assert all(issubclass(one.category, ResultWarning) for one in given)
    assert issubclass(ResultWarning, aso.AsyncsocWarning)
    assert {one.filename for one in given} == {__file__}


def test_nothing_is_warned_of_where_there_is_nothing_to_say():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert aso.simulate(aso.Case.from_dict(CASE)).warnings == ()


def test_tables_are_one_call_away(solution):
    frame = solution.to_dataframe()
    assert frame["Voltage [V]"].to_numpy().tolist() == solution.columns["Voltage [V]"].tolist()
    spectrum = aso.ImpedanceSpectrum([1.0, 10.0], [2.0 - 1.0j, 1.0 - 0.5j], parts={"film": [1.0, 1.0j]})
    table = spectrum.to_dataframe()
    assert table["Z_im [Ohm]"].tolist() == [-1.0, -0.5]
    assert table["film, Z_im [Ohm]"].tolist() == [0.0, 1.0]
    assert np.array_equal(spectrum.data["frequency"].values, table["Frequency [Hz]"])
