"""The side reaction as one object: driving forces, lumped constants, marks, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.interface.decomposition_constants import DecompositionConstants
from asyncsoc.interface.film import LUMPED, FilmConstants
from asyncsoc.interface.side_reaction import KEYS, SideReactionModel
from asyncsoc.materials.thermochemistry.cathodes import named_host
from asyncsoc.materials.thermochemistry.ready import ready_table

X = np.array([0.3, 0.45, 0.63, 0.8])
V = np.array([4.1, 4.0, 3.8, 3.7])
T = 333.15


@pytest.fixture(scope="module")
def model() -> SideReactionModel:
    table = ready_table(named_host("ncm811"), "peo-litfsi")
    constants = DecompositionConstants(exchange_current_density=2e-6, barrier_coefficient=1.6).referenced_to(
        table, 0.63
    )
    return SideReactionModel("peo-litfsi", table, constants, fitted={"film_conductivity": "a.csv"})


def test_both_driving_forces_multiply(model: SideReactionModel) -> None:
    alone = [model.driven_by(force).rate(X, V, T).rate for force in ("potential", "reaction-energy")]
    np.testing.assert_allclose(model.rate(X, V, T).rate, alone[0] * alone[1] / 2e-6, rtol=1e-12)
    f = 1.0 / (8.617333262e-5 * T)
    np.testing.assert_allclose(alone[0], 2e-6 * np.exp(0.5 * f * (V - 3.8)), rtol=1e-12)
    # At the onset potential and the reference stoichiometry the rate is its scale, whatever drives it.
    for force in ("potential", "reaction-energy", "both"):
        assert model.driven_by(force).rate(X[2:3], 3.8, T).rate[0] == pytest.approx(2e-6, rel=1e-12)
    with pytest.raises(InputError, match="unknown driving force"):
        model.driven_by("voltage")


def test_every_constant_is_marked(model: SideReactionModel) -> None:
    rows = {row.name: row for row in model.parameters()}
    assert set(KEYS.values()) | {LUMPED} == set(rows)
    assert rows["film conductivity"].source == "fitted to a.csv"
    assert not rows["film conductivity"].assumed
    assert "not a measurement" in rows["film conductivity"].note
    assert all(row.assumed and row.note for name, row in rows.items() if name != "film conductivity")
    assert rows["blocking film thickness"].value == "infinite"
    assert model.name == "peo-litfsi, total reaction energy, driven by both"


def test_voltage_sees_the_films_lumped_constant() -> None:
    film = FilmConstants(conductivity=2e-7, volume_per_charge=4e-10)
    assert film.resistance_per_charge == pytest.approx(2e-3)
    assert film.parameters()[-1].value == film.resistance_per_charge


@pytest.mark.parametrize(
    ("constants", "words"),
    [
        ({"conductivity": 0.0}, "conductivity is out of range"),
        ({"conductivity": math.nan}, "conductivity is out of range"),
        ({"volume_per_charge": -1.0}, "volume_per_charge is out of range"),
        ({"volume_per_charge": math.inf}, "volume_per_charge is out of range"),
        ({"blocking_thickness": 0.0}, "blocking_thickness is out of range"),
        ({"blocking_thickness": math.nan}, "blocking_thickness is out of range"),
    ],
)
def test_a_film_that_cannot_be(constants, words) -> None:
    with pytest.raises(InputError, match=words):
        FilmConstants(**constants)
