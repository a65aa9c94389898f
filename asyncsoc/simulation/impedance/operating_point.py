"""The state of a run about which its impedance is taken: initial, final, a time, the end of a step or a cycle."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import to_si
from asyncsoc.problem.linear_interface import driving_interface
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.salt import salt_place
from asyncsoc.recorders.side_reaction_fields import FILM
from asyncsoc.simulation.impedance.described import DescribedGroup
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.results.group_state import isolated_since

Array = NDArray[np.float64]
At = str | float
"""Which state: "initial", "final", "rest" (end of the last rest), "step 3", "cycle 5", "2 h", or a time [s]."""

ALLOWED = "'initial', 'final', 'rest', 'step N', 'cycle N', or a time such as '2 h' or 7200"
STATIONARY, RELAXING = "stationary", "frozen while relaxing"
CHARGING, DISCHARGING = "frozen while charging", "frozen while discharging"
_EVEN = 1e-3
"""Spread of the stoichiometry up to which a particle without current counts as stationary."""
_SAME_TIME = 1e-6
"""s, and relative."""


@dataclass(frozen=True, eq=False)
class OperatingPoint:
    """The state of a group at a time.

    Attributes
    ----------
    kind
        "stationary" without current and with even particles, "frozen while relaxing" without current, else "frozen
        while charging" or "frozen while discharging": the state moves on during a period, and is held fixed here.
    time
        s since the start of the protocol.
    constraint
        The protocol step: its temperature and its branch of the open-circuit potential hold.
    voltage, current, mean_soc
        Of the cell or particle [V, A, 1].
    x : (n,) for each particle
        Stoichiometry, mesh node order.
    film : (c,) for each particle
        On its contact nodes [m].
    weights : (n,) for each particle
        Contact areas [m2].
    potentials : (N,)
        What drives each particle: behind its own resistance [V].
    salt : (n,)
        Concentrations of the salt [mol/m3], the separator first; empty where none moves.
    """

    kind: str
    time: float
    constraint: StepConstraint
    voltage: float
    current: float
    mean_soc: float
    x: tuple[Array, ...]
    film: tuple[Array, ...]
    weights: tuple[Array, ...]
    potentials: tuple[float, ...]
    salt: Array


def initial_point(described: DescribedGroup) -> OperatingPoint:
    """Return the state at the start, before any current flows: every particle at its own potential without current."""
    constraint = _checked(described.group.constraints[0])
    x, film, weights, potentials = [], [], [], []
    for one in described.group.particles:
        nodes = np.flatnonzero(one.weights > 0.0)
        grown = np.broadcast_to(np.asarray(one.film_thickness, dtype=np.float64), one.x.shape)[nodes]
        table = one.table_of(constraint)
        start = _rest_potential(one.x[nodes], table)
        isolated = float("inf")
        own, _ = driving_interface(one, constraint.temperature, one.x[nodes], grown, start, isolated, table)
        x.append(one.x)
        film.append(grown)
        weights.append(one.weights)
        potentials.append(own)
    setup = described.setups[0]
    soc = (1.0 - float(x[0][0])) / (1.0 - setup.charged_x)
    return OperatingPoint(
        STATIONARY, 0.0, constraint, float(np.mean(potentials)), 0.0, soc,
        tuple(x), tuple(film), tuple(weights), tuple(potentials), _salt_at_rest(described),
    )  # fmt: skip


def _salt_at_rest(described: DescribedGroup) -> Array:
    """Return the concentrations (n,) of the salt at the start."""
    network = described.group.network
    if network is None or network.salt is None:
        return np.zeros(0)
    return np.full(network.salt.count, network.salt.rest) if network.salt.initial is None else network.salt.initial


def _rest_potential(x: Array, table: object) -> float:
    from asyncsoc.base.interpolation import ocp_and_i0_array

    ocp = ocp_and_i0_array(x, table.x_first, table.spacing, table.coefficients)[0]  # type: ignore[attr-defined]
    return float(np.mean(ocp))


def point_of(run: RunData, described: DescribedGroup, at: At = "final") -> OperatingPoint:
    """Return the state of a run.

    Parameters
    ----------
    run
        The run.
    described
        Its particles, from `described_by_run`.
    at
        Which state. Of a time at which a protocol step ends and the next begins, that at the end: with its current.

    Raises
    ------
    InputError
        There is no such state, or it was not kept.
    """
    row = _row(run, at)
    if int(run.columns[names.CYCLE][row]) < isolated_since(run):
        raise InputError(
            "particles that are isolated later have their contact in this state, which the result does not keep",
            where="at",
            value=at,
            allowed=f"states from cycle {isolated_since(run)} on, or 'initial' of the case (asyncsoc eis CASE.toml)",
            next_step="run the case without electrode.isolated_from_cycle and share_isolated up to this state",
        )
    if row == 0:
        return initial_point(described)
    time = float(run.columns[names.TIME][row])
    constraint = _checked(described.group.constraints[int(run.columns[names.STEP][row]) - 1])
    cycle, start = int(run.columns[names.CYCLE][row]), _step_start(run, row)
    x, film, weights, potentials = [], [], [], []
    for one, model in zip(run.particle_runs or (run,), described.group.particles, strict=True):
        k = _snapshot(one, time, at)
        area = model.weights
        if model.changing is not None:
            area = model.changing.in_force(cycle, start, start + constraint.time_of_contact(time - start)).weights
        if len(area) != one.mesh.n_nodes:
            raise InputError(
                "the mesh of the run is not the one that its case asks for",
                where="impedance",
                value=f"{one.mesh.n_nodes} nodes",
                allowed=f"{len(area)}",
                next_step="run the case again with this version of asyncsoc",
            )
        nodes = np.flatnonzero(area > 0.0)
        x.append(one.field_x[k])
        film.append(one.more_fields[FILM][k][nodes] if model.side is not None else np.zeros(len(nodes)))
        weights.append(area)
        potentials.append(float(one.columns[names.POTENTIAL][row]))
    current = float(run.columns[names.CURRENT][row])
    if not np.isfinite(potentials).all():
        raise InputError("the potential of this state is not known", where="at", value=at, allowed=ALLOWED)
    return OperatingPoint(
        _kind(current, constraint, x), time, constraint, float(run.columns[names.VOLTAGE][row]), current,
        float(run.columns[names.MEAN_SOC][row]), tuple(x), tuple(film), tuple(weights), tuple(potentials),
        _salt_of(run, row),
    )  # fmt: skip


def _salt_of(run: RunData, row: int) -> Array:
    """Return the concentrations (n,) of the salt at a row of the curves."""
    curves = sorted((place, name) for name in run.columns if (place := salt_place(name)))
    return np.array([float(run.columns[name][row]) for _, name in curves])


def kept_states(run: RunData) -> list[float]:
    """Return the times [s] of a run of which states are kept, ascending."""
    times = run.columns[names.TIME]
    return [
        time for time in run.field_times.tolist() if np.isclose(times, time, rtol=_SAME_TIME, atol=_SAME_TIME).any()
    ]


def _checked(constraint: StepConstraint) -> StepConstraint:
    if len(set(constraint.temperatures)) > 1:
        raise InputError(
            "the temperature changes within this protocol step, and an impedance has one",
            where=f"protocol step {constraint.number}",
            value=constraint.step.text,
            next_step="take the impedance in a step of constant temperature, for example a rest after it",
        )
    return constraint


def _kind(current: float, constraint: StepConstraint, x: list[Array]) -> str:
    if abs(current) > 1e-9 * max(abs(constraint.current_scale), abs(constraint.target) * constraint.galvanostatic):
        return CHARGING if current > 0.0 else DISCHARGING
    return STATIONARY if max(float(np.ptp(values)) for values in x) <= _EVEN else RELAXING


def _row(run: RunData, at: At) -> int:
    """Return the row of the curves that a state is."""
    times, steps, cycles = (run.columns[name] for name in (names.TIME, names.STEP, names.CYCLE))
    last = len(times) - 1
    if isinstance(at, bool) or not isinstance(at, str | int | float):
        raise _unknown(at)
    if isinstance(at, str):
        word = " ".join(at.split()).lower()
        if word in ("initial", "final"):
            return 0 if word == "initial" else last
        if word == "rest":
            rests = [s.number for s in run.steps if s.text.strip().lower().startswith("rest")]
            word = f"step {rests[-1]}" if rests else "no rest"
        counted = re.fullmatch(r"(step|cycle) (\d+)", word)
        if counted:
            column, number = (steps if counted[1] == "step" else cycles), int(counted[2])
            rows = np.flatnonzero(column == number)
            if not len(rows):
                raise InputError(
                    f"the run has no {counted[1]} {number}, or its curves were not kept",
                    where="at",
                    value=at,
                    allowed=f"{counted[1]}s {_listed(column)}",
                    next_step="output.keep_cycles says of which cycles curves and snapshots are kept",
                )
            return int(rows[-1])
        if not re.match(r"[\d.+-]", word):
            raise _unknown(at)
        at = to_si(at, "s", where="at")
    if not times[0] <= at <= times[-1] * (1.0 + _SAME_TIME):
        raise InputError("the run has no such time", where="at", value=at, allowed=f"{times[0]:g} to {times[-1]:g} s")
    near = np.flatnonzero(np.abs(times - at) <= _SAME_TIME * max(1.0, abs(at)))
    if not len(near):
        raise _not_kept(run, float(at))
    return int(near[0])


def _unknown(at: object) -> InputError:
    return InputError("there is no such state", where="at", value=at, allowed=ALLOWED)


def _listed(column: NDArray[np.int64]) -> str:
    found = np.unique(column)
    return f"{found[0]} to {found[-1]}" if len(found) > 1 else str(found[0])


def _step_start(run: RunData, row: int) -> float:
    """Return when the protocol step of a row began [s]."""
    steps = run.columns[names.STEP]
    return float(run.columns[names.TIME][int(np.flatnonzero(steps == steps[row])[0])])


def _snapshot(run: RunData, time: float, at: At) -> int:
    near = np.flatnonzero(np.abs(run.field_times - time) <= _SAME_TIME * max(1.0, time))
    if not len(near) or (FILM not in run.more_fields and run.case.get("side_reaction", {}).get("mode") == "coupled"):
        raise _not_kept(run, time)
    return int(near[0])


def _not_kept(run: RunData, time: float) -> InputError:
    kept = kept_states(run)
    nearest = min(kept, key=lambda one: abs(one - time)) if kept else None
    return InputError(
        "the state at this time was not kept",
        where="at",
        value=f"{time:g} s",
        allowed=f"{len(kept)} times at which snapshots were kept",
        nearest=None if nearest is None else f"{nearest!r}",
        next_step="output.fields_every says how often, and output.keep_cycles of which cycles: set them so that the "
        "time is one of them, and run the case again; ends of protocol steps are always kept",
    )
