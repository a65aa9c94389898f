"""Conduction through phases: closed forms, an independent sparse solve, and what cannot conduct."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import spsolve

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.tomography.conduction import conduction
from asyncsoc.tomography.phases import ACTIVE_MATERIAL, CBD, PORE
from asyncsoc.tomography.synthetic import sphere_pack
from asyncsoc.tomography.volume import LabelVolume


def of(open_voxel: np.ndarray) -> LabelVolume:
    return LabelVolume(np.where(open_voxel, PORE, ACTIVE_MATERIAL).astype(np.uint8), 4e-7)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_a_straight_channel_has_its_cross_section(axis: str) -> None:
    cells = np.zeros((9, 7, 8), dtype=bool)
    along = [slice(2, 5)] * 3
    along["zyx".index(axis)] = slice(None)
    cells[tuple(along)] = True
    found = conduction(of(cells), axis, tolerance=1e-9)
    shape = [n for name, n in zip("zyx", cells.shape, strict=True) if name != axis]
    assert found.relative_conductivity == pytest.approx(9.0 / math.prod(shape), rel=1e-9)
    assert found.tortuosity_factor == pytest.approx(1.0, rel=1e-9)


def test_a_channel_that_narrows_is_two_resistances_in_series() -> None:
    """In a long tube of two widths, far from the step, fluxes are uniform: the resistance is at least that of both."""
    cells = np.zeros((40, 8, 8), dtype=bool)
    cells[:20], cells[20:, :4] = True, True
    found = conduction(of(cells), "z", tolerance=1e-9)
    series = 40.0 / (20.0 / 64.0 + 20.0 / 32.0) / 64.0
    assert 0.9 * series < found.relative_conductivity < series


def test_it_is_what_a_direct_solve_of_the_same_equations_gives() -> None:
    volume = sphere_pack((24, 22, 20), radius=(5.0, 7.0), seed=2).volume
    found = conduction(volume, "y", tolerance=1e-10)
    cells = np.moveaxis(volume.phases != ACTIVE_MATERIAL, 1, 0)
    number = np.full(cells.shape, -1)
    number[cells] = np.arange(cells.sum())
    count = int(cells.sum())
    matrix, right = sp.lil_matrix((count, count)), np.zeros(count)
    for place in np.argwhere(cells):
        i = number[tuple(place)]
        for axis, step in [(a, s) for a in range(3) for s in (-1, 1)]:
            there = place.copy()
            there[axis] += step
            if not 0 <= there[axis] < cells.shape[axis]:
                if axis == 0:
                    matrix[i, i] += 2.0
                    right[i] += 2.0 if step < 0 else 0.0
            elif cells[tuple(there)]:
                matrix[i, i] += 1.0
                matrix[i, number[tuple(there)]] -= 1.0
    potential = spsolve((matrix + 1e-13 * sp.eye(count)).tocsc(), right)
    flux = float((2.0 * (1.0 - potential[number[0][cells[0]]])).sum())
    expected = flux * cells.shape[0] / (cells.shape[1] * cells.shape[2])
    assert found.relative_conductivity == pytest.approx(expected, rel=1e-7)


def test_what_is_not_joined_conducts_nothing() -> None:
    cells = np.ones((8, 6, 6), dtype=bool)
    cells[4] = False
    found = conduction(of(cells), "z")
    assert found.relative_conductivity == 0.0
    assert math.isinf(found.tortuosity_factor)
    assert found.to_dict()["tortuosity_factor"] is None


def test_pieces_that_touch_no_side_change_nothing() -> None:
    cells = np.zeros((12, 9, 9), dtype=bool)
    cells[:, :4, :4] = True
    alone = conduction(of(cells), "z", tolerance=1e-10).relative_conductivity
    cells[4:7, 6:8, 6:8] = True
    assert conduction(of(cells), "z", tolerance=1e-10).relative_conductivity == pytest.approx(alone, rel=1e-9)


def test_only_the_phases_named_conduct() -> None:
    phases = np.full((8, 6, 6), PORE, np.uint8)
    phases[:, :, :2] = CBD
    found = conduction(LabelVolume(phases, 4e-7), "z", ["cbd"], tolerance=1e-9)
    assert found.relative_conductivity == pytest.approx(1.0 / 3.0, rel=1e-9)
    assert found.exponent == pytest.approx(1.0, rel=1e-9)


def test_wrong_arguments_are_named() -> None:
    volume = of(np.ones((4, 4, 4), dtype=bool))
    with pytest.raises(InputError, match="axis"):
        conduction(volume, "w")
    with pytest.raises(InputError, match="phase"):
        conduction(volume, "z", ["pores"])
    with pytest.raises(InputError, match="tolerance"):
        conduction(volume, "z", tolerance=2.0)


def test_what_does_not_converge_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asyncsoc.tomography.conduction._MOST", 1)
    volume = sphere_pack((20, 20, 20), radius=(5.0, 6.0), seed=2).volume
    with pytest.raises(SimulationError, match="not solved"):
        conduction(volume, "z", tolerance=1e-9)
