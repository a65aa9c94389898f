"""Shipped reaction-energy tables: the same as solving the linear programs, and never used for other data."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.materials.thermochemistry import ready
from asyncsoc.materials.thermochemistry.cathodes import named_host
from asyncsoc.materials.thermochemistry.conditions import Conditions
from asyncsoc.materials.thermochemistry.curve import reaction_curve
from asyncsoc.materials.thermochemistry.host import host
from asyncsoc.materials.thermochemistry.reactants import reactant, reactant_names
from asyncsoc.materials.thermochemistry.reaction import KINDS, Kind
from asyncsoc.materials.thermochemistry.ready import SHIPPED, ready_table


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the tables made anew."""
    made: list[str] = []
    tabulate = ready.tabulate

    def counted(one, other, **keys):
        made.append(other.name)
        return tabulate(one, other, nodes=5, **keys)

    monkeypatch.setattr(ready, "tabulate", counted)
    monkeypatch.setattr(ready, "_made", {})
    return made


@pytest.mark.parametrize("conditions", SHIPPED, ids=lambda one: one.label)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", reactant_names())
def test_every_shipped_table_is_what_the_programs_give(
    name: str, kind: Kind, conditions: Conditions, solved: list[str]
) -> None:
    cathode = named_host("ncm811")
    table = ready_table(cathode, name, kind=kind, conditions=conditions)
    x = np.array([0.0, 0.27, 0.5, 0.83, 1.0])
    exact = reaction_curve(cathode, reactant(name), x, kind=kind, conditions=conditions).energy
    np.testing.assert_allclose(table.evaluate(x)[0], exact, atol=2e-9)
    assert not solved
    assert 0.0 < table.interpolation_error < 1e-3
    assert (table.kind, table.electrolyte, table.validity) == (kind, reactant(name).name, cathode.validity)
    assert table.conditions == conditions


def test_another_temperature_is_solved_for(solved: list[str]) -> None:
    warm, hot = (
        ready_table(named_host("ncm811"), "peo", conditions=Conditions("gibbs", one)).energy[0]
        for one in (333.15, 350.0)
    )
    assert len(solved) == 1
    assert hot < warm


def test_another_voltage_curve_of_the_same_name_is_solved_anew(solved: list[str]) -> None:
    known = named_host("ncm811")
    other = host(known.name, lambda x: known.open_circuit_potential(x) + 0.01, known.lithiated)
    assert ready_table(other, "litfsi").x.size == 5
    assert ready_table(other, "litfsi") is ready_table(other, "litfsi")
    assert len(solved) == 1


def test_changed_data_leave_the_shipped_tables_unused(solved: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "fingerprint", lambda: "something else")
    ready._shipped.cache_clear()
    assert ready_table(named_host("ncm811"), "eca").x.size == 5
    ready._shipped.cache_clear()
    assert solved


def test_an_unknown_reactant_is_named() -> None:
    with pytest.raises(InputError, match="unknown reactant"):
        ready_table(named_host("ncm811"), "water")
