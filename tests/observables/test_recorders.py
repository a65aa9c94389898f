from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from asyncsoc.contact import shapes
from asyncsoc.errors import InputError
from asyncsoc.geometry.library import load_builtin
from asyncsoc.materials.ncm811_sturm2019 import DEFAULT
from asyncsoc.observables import names
from asyncsoc.observables.gauge import Gauge
from asyncsoc.observables.recorders import CurveRecorder, FieldRecorder
from asyncsoc.stepping.state import StepState
from asyncsoc.units import FARADAY

RADIUS = 5e-6
X_AT_4P2 = 0.271
CURRENT = 2e-10
MESH = load_builtin("sphere-axisymmetric-coarse").scaled(RADIUS)
CONTACT = shapes.cap(MESH, 0.3)
NODES = np.flatnonzero(CONTACT.weights > 0.0)


def lumped_volumes() -> np.ndarray:
    r, z = MESH.points[MESH.cells, 0], MESH.points[MESH.cells, 1]
    area = 0.5 * ((r[:, 1] - r[:, 0]) * (z[:, 2] - z[:, 0]) - (r[:, 2] - r[:, 0]) * (z[:, 1] - z[:, 0]))
    mass = np.zeros(MESH.n_nodes)
    for corner in range(3):
        np.add.at(mass, MESH.cells[:, corner], 2.0 * np.pi * area * (r.sum(axis=1) + r[:, corner]) / 12.0)
    return mass


MASS = lumped_volumes()
GAUGE = Gauge.build(MESH, CONTACT, MASS, DEFAULT, x_at_4p2=X_AT_4P2)


def state(time: float, *, step: int = 1, current: float = CURRENT) -> StepState:
    """A particle losing lithium evenly in time, most of it under the contact; the contact's nodes in no order."""
    nodes = NODES[::-1]
    shape = 1.0 + 0.5 * MESH.points[:, 1] / RADIUS
    lost = CURRENT * time / (FARADAY * DEFAULT.maximum_concentration * float(MASS @ shape))
    density = np.full(len(nodes), current / CONTACT.area)
    return StepState(
        time=time,
        step=step,
        cycle=1,
        x=0.9 - lost * shape,
        potential=3.9,
        voltage=3.9 + 1e6 * current,
        current=current,
        charge=CURRENT * time,
        contact_nodes=nodes,
        contact_current_density=density,
        film_resistance=np.full(len(nodes), 0.01),
        temperature=333.15,
    )


def play(recorder) -> None:
    """Two protocol steps, the first state of each shown as well."""
    for time in (0.0, 7.0, 40.0, 100.0):
        recorder.record(state(time))
    resting = state(100.0, step=2, current=0.0)
    recorder.record(resting)
    recorder.record(replace(resting, time=130.0))


def test_rows_are_equally_long_and_named_with_units():
    recorder = CurveRecorder(GAUGE)
    play(recorder)
    curves = recorder.curves()
    assert tuple(curves) == names.CURVES
    assert {len(values) for values in curves.values()} == {6} == {len(recorder)}
    assert curves[names.STEP].dtype == np.int64
    assert curves[names.STEP].tolist() == [1, 1, 1, 1, 2, 2]
    assert [names.unit_of(name) for name in ("Voltage [V]", "Step", "Specific capacity [mA.h/g]")] == [
        "V",
        "1",
        "mA.h/g",
    ]


def test_row_0_is_the_initial_state_and_a_jump_of_the_current_keeps_both_sides():
    recorder = CurveRecorder(GAUGE)
    play(recorder)
    curves = recorder.curves()
    assert curves[names.TIME].tolist() == [0.0, 7.0, 40.0, 100.0, 100.0, 130.0]
    assert curves[names.MEAN_X][0] == pytest.approx(0.9)
    assert curves[names.CURRENT][3:5].tolist() == [CURRENT, 0.0]
    assert recorder.last_row[names.TIME] == 130.0


def test_lithium_balances_when_charge_is_what_left():
    recorder = CurveRecorder(GAUGE)
    for time in (0.0, 4000.0, 9000.0):
        recorder.record(state(time))
    curves = recorder.curves()
    assert curves[names.BALANCE].max() < 1e-14
    assert curves[names.CHARGE][-1] == pytest.approx(CURRENT * 9000.0)
    mass = DEFAULT.density * float(MASS.sum())
    assert curves[names.CAPACITY][-1] == pytest.approx(CURRENT * 9000.0 / 3.6 / (1e3 * mass))


def test_contact_runs_ahead_and_parts_of_the_overpotential_add_up():
    recorder = CurveRecorder(GAUGE)
    for time in (0.0, 4000.0, 9000.0):
        recorder.record(state(time))
    last = recorder.last_row
    x = state(9000.0).x
    contact = float(CONTACT.weights @ x) / CONTACT.area
    assert last[names.CONTACT_X] == pytest.approx(contact, rel=1e-12)
    assert last[names.ASYNCHRONY] == pytest.approx((last[names.MEAN_X] - contact) / (1.0 - X_AT_4P2))
    assert last[names.ASYNCHRONY] > 0.0
    assert last[names.NICKEL_CONTACT] > last[names.NICKEL_FAR]
    parts = sum(last[name] for name in (names.CONCENTRATION, names.KINETIC, names.FILM, names.SERIES))
    equilibrium = float(DEFAULT.open_circuit_potential(np.array([last[names.MEAN_X]]))[0])
    assert parts == pytest.approx(last[names.VOLTAGE] - equilibrium, abs=1e-12)
    assert last[names.FILM] == pytest.approx(0.01 * CURRENT / CONTACT.area)


def test_snapshots_stand_exactly_at_output_times_and_at_ends_of_steps():
    recorder = FieldRecorder(every=20.0)
    for time in (0.0, 7.0, 20.0, 40.0, 60.0, 80.0, 93.0):
        recorder.record(state(time))
    recorder.record(state(93.0, step=2))
    recorder.record(state(99.0, step=2))
    recorder.finish()
    assert recorder.times.tolist() == [0.0, 20.0, 40.0, 60.0, 80.0, 93.0, 99.0]
    np.testing.assert_array_equal(recorder.fields[1], state(20.0).x)


def test_a_step_over_several_output_times_leaves_one_snapshot_at_its_own_time():
    recorder = FieldRecorder(every=10.0)
    for time in (0.0, 35.0, 39.0, 40.0, 49.9):
        recorder.record(state(time))
    assert recorder.times.tolist() == [0.0, 35.0, 40.0]


def test_without_a_period_only_ends_of_steps_are_kept():
    recorder = FieldRecorder()
    play(recorder)
    recorder.finish()
    assert recorder.times.tolist() == [0.0, 100.0, 130.0]
    assert recorder.fields.shape == (3, MESH.n_nodes)
    assert recorder.fields.dtype == np.float64


@pytest.mark.parametrize("period", [0.0, -1.0])
def test_a_period_must_be_positive(period):
    with pytest.raises(InputError, match="positive"):
        FieldRecorder(every=period)


def test_arrays_of_different_meshes_are_refused():
    with pytest.raises(InputError, match="different meshes"):
        Gauge.build(MESH, CONTACT, MASS[:-1], DEFAULT, x_at_4p2=X_AT_4P2)
