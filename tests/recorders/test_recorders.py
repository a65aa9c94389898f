from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.contact import shapes
from asyncsoc.geometry.library import load_builtin
from asyncsoc.materials.ncm811 import VALENCE
from asyncsoc.materials.ncm811_oregan2022 import OREGAN
from asyncsoc.materials.ncm811_sturm2019 import DEFAULT
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.curves import TimeSeriesRecorder
from asyncsoc.recorders.particle_constants import BatchConstants, ParticleConstants
from asyncsoc.recorders.snapshots import SnapshotRecorder
from asyncsoc.solver.states import States

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
GAUGE = ParticleConstants.build(MESH, CONTACT, MASS, DEFAULT, charged_x=X_AT_4P2)
RISING = 1.0 + np.arange(len(NODES)) / len(NODES)
DENSITY = RISING / float(CONTACT.weights[NODES] @ RISING)  # of a current of 1 A [A/m2], nowhere the same
FILM = 0.01 * RISING[::-1]  # ohm m2


def x_at(time: float) -> np.ndarray:
    """A particle losing lithium evenly in time, most of it under the contact."""
    shape = 1.0 + 0.5 * MESH.points[:, 1] / RADIUS
    return 0.9 - CURRENT * time / (FARADAY * DEFAULT.maximum_concentration * float(MASS @ shape)) * shape


def states(*rows: tuple[float, int, float], number: int = 0, members: int = 1, side: float = 0.0) -> States:
    """One member at times, protocol steps and currents; `side` of the current is the side reaction's."""
    time, step, current = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    count, wide, zero = len(rows), len(NODES) + 3, np.zeros(len(rows))
    density = np.zeros((count, wide))
    density[:, : len(NODES)] = current[:, None] * DENSITY
    return States(
        number=np.full(count, number),
        contact_nodes=[NODES] * members,
        film_open=np.full(count, side > 0.0),
        time=time,
        step_time=time,
        step=step.astype(np.int64),
        cycle=np.ones(count, dtype=np.int64),
        temperature=zero + 333.15,
        x=np.array([x_at(t) for t in time]),
        potential=zero + 3.9,
        voltage=3.9 + 1e6 * current,
        current=current,
        charge=CURRENT * time,
        side_charge=zero,
        contact_current_density=(1.0 - side) * density,
        side_current_density=side * density,
        film_resistance=np.broadcast_to(np.pad(FILM, (0, 3), mode="edge"), (count, wide)),
        film_thickness=np.zeros((count, wide)),
        open_share=np.ones((count, wide)),
    )


TWO_STEPS = (
    (0.0, 1, CURRENT),
    (7.0, 1, CURRENT),
    (40.0, 1, CURRENT),
    (100.0, 1, CURRENT),
    (100.0, 2, 0.0),
    (130.0, 2, 0.0),
)


def curves_of(*rows: tuple[float, int, float], **options: float) -> dict[str, np.ndarray]:
    recorder = TimeSeriesRecorder(BatchConstants([GAUGE]))
    for row in rows:
        recorder.record(states(row, **options))
    return recorder.curves()[0]


def test_rows_are_equally_long_and_named_with_units():
    curves = curves_of(*TWO_STEPS)
    assert tuple(curves) == names.curves_of(VALENCE)
    assert {len(values) for values in curves.values()} == {6}
    assert curves[names.STEP].dtype == np.int64
    assert curves[names.STEP].tolist() == [1, 1, 1, 1, 2, 2]
    assert [names.unit_of(name) for name in ("Voltage [V]", "Step", "Specific capacity [mA.h/g]")] == [
        "V",
        "1",
        "mA.h/g",
    ]


def test_row_0_is_the_initial_state_and_a_jump_of_the_current_keeps_both_sides():
    curves = curves_of(*TWO_STEPS)
    assert curves[names.TIME].tolist() == [0.0, 7.0, 40.0, 100.0, 100.0, 130.0]
    assert curves[names.MEAN_X][0] == pytest.approx(0.9)
    assert curves[names.CURRENT][3:5].tolist() == [CURRENT, 0.0]


def test_lithium_balances_when_charge_is_what_left():
    curves = curves_of((0.0, 1, CURRENT), (4000.0, 1, CURRENT), (9000.0, 1, CURRENT))
    assert curves[names.BALANCE].max() < 1e-14
    assert curves[names.CHARGE][-1] == pytest.approx(CURRENT * 9000.0)
    mass = DEFAULT.density * float(MASS.sum())
    assert curves[names.CAPACITY][-1] == pytest.approx(CURRENT * 9000.0 / 3.6 / (1e3 * mass))


@pytest.mark.parametrize("side", [0.0, 0.25])
def test_contact_runs_ahead_and_parts_of_the_overpotential_add_up(side):
    curves = curves_of((0.0, 1, CURRENT), (2000.0, 1, CURRENT), (4000.0, 1, CURRENT), side=side)
    last = {name: float(values[-1]) for name, values in curves.items()}
    x = x_at(4000.0)
    contact, mean = float(CONTACT.weights @ x) / CONTACT.area, float(MASS @ x / MASS.sum())
    far = x[np.argmin(MESH.points[:, 1])]  # the cap lies around the other pole
    assert last[names.CONTACT_X] == pytest.approx(contact, rel=1e-12)
    assert (last[names.MINIMUM_X], last[names.MAXIMUM_X]) == (x.min(), x.max())
    assert last[names.ASYNCHRONY] == pytest.approx((mean - contact) / (1.0 - X_AT_4P2), rel=1e-12)
    assert last[names.ASYNCHRONY] > 0.05
    # Charge balance of Ni3+/Ni4+ with x lithium: the ratio is (0.9 - x)/(x - 0.1).
    assert last[VALENCE.curve_at_contact] == pytest.approx((0.9 - contact) / (contact - 0.1), rel=1e-12)
    assert last[VALENCE.curve_at_far_side] == pytest.approx((0.9 - far) / (far - 0.1), rel=1e-12)
    # Means over the contact with the local current as weight, term by term, whoever carries it.
    share = CONTACT.weights[NODES] * DENSITY
    assert share.sum() == pytest.approx(1.0)
    surface = math.fsum(share * DEFAULT.open_circuit_potential(x[NODES]))
    film = math.fsum(share * CURRENT * DENSITY * FILM)
    expected = {
        names.CONCENTRATION: surface - float(DEFAULT.open_circuit_potential(np.array([mean]))[0]),
        names.KINETIC: 3.9 - surface - film,
        names.FILM: film,
        names.SERIES: 1e6 * CURRENT,
    }
    for name, part in expected.items():
        assert last[name] == pytest.approx(part, abs=1e-12), name
    by_area = math.fsum(CONTACT.weights[NODES] * CURRENT * DENSITY * FILM) / CONTACT.area
    assert abs(film - by_area) > 1e-5


def test_at_rest_the_area_weighs():
    curves = curves_of((0.0, 1, 0.0), (9000.0, 1, 0.0))
    weights = CONTACT.weights[NODES]
    surface = float(weights @ DEFAULT.open_circuit_potential(x_at(9000.0)[NODES]) / weights.sum())
    assert curves[names.KINETIC][-1] == pytest.approx(3.9 - surface, abs=1e-12)


def test_rows_have_the_same_bits_alone_and_beside_other_particles():
    wide = ParticleConstants.build(MESH, shapes.cap(MESH, 0.7), MASS, OREGAN, charged_x=0.3)
    recorder = TimeSeriesRecorder(BatchConstants([wide, GAUGE]))
    nodes = wide.contact_nodes
    for row in TWO_STEPS:
        mine = states(row, number=1, members=2)
        other = replace(mine, number=np.array([0]), contact_nodes=[nodes, NODES])
        grown = {
            name: np.concatenate(
                [
                    np.pad(getattr(part, name), ((0, 0), (0, len(nodes) - len(NODES))), mode="edge")
                    for part in (other, mine)
                ]
            )
            for name in (
                "contact_current_density",
                "side_current_density",
                "film_resistance",
                "film_thickness",
                "open_share",
            )
        }
        rest = {
            name: np.concatenate([getattr(other, name), getattr(mine, name)])
            for name in States.__dataclass_fields__
            if name not in grown and name != "contact_nodes" and getattr(mine, name) is not None
        }
        recorder.record(States(contact_nodes=[nodes, NODES], **rest, **grown))
    for name, values in curves_of(*TWO_STEPS).items():
        np.testing.assert_array_equal(recorder.curves()[1][name], values)


def test_snapshots_stand_exactly_at_output_times_and_at_ends_of_steps():
    recorder = SnapshotRecorder(every=20.0)
    for time in (0.0, 7.0, 20.0, 40.0, 60.0, 80.0, 93.0):
        recorder.record(time, 1, x_at(time))
    recorder.record(93.0, 2, x_at(93.0))
    recorder.record(99.0, 2, x_at(99.0))
    recorder.keep(99.0, x_at(99.0))
    assert recorder.times.tolist() == [0.0, 20.0, 40.0, 60.0, 80.0, 93.0, 99.0]
    np.testing.assert_array_equal(recorder.fields[1], x_at(20.0))


def test_a_step_over_several_output_times_leaves_one_snapshot_at_its_own_time():
    recorder = SnapshotRecorder(every=10.0)
    for time in (0.0, 35.0, 39.0, 40.0, 49.9):
        recorder.record(time, 1, x_at(time))
    assert recorder.times.tolist() == [0.0, 35.0, 40.0]


def test_without_a_period_only_ends_of_steps_are_kept():
    recorder = SnapshotRecorder()
    for time, step, _ in TWO_STEPS:
        recorder.record(time, step, x_at(time))
    recorder.keep(130.0, x_at(130.0))
    assert recorder.times.tolist() == [0.0, 100.0, 130.0]
    assert recorder.fields.shape == (3, MESH.n_nodes)
    assert recorder.fields.dtype == np.float64


@pytest.mark.parametrize("period", [0.0, -1.0])
def test_a_period_must_be_positive(period):
    with pytest.raises(InputError, match="positive"):
        SnapshotRecorder(every=period)


def test_arrays_of_different_meshes_are_refused():
    with pytest.raises(InputError, match="different meshes"):
        ParticleConstants.build(MESH, CONTACT, MASS[:-1], DEFAULT, charged_x=X_AT_4P2)
