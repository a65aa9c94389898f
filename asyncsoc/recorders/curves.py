"""Curves of a run, computed for many states of many particles at once, and the recorder of them.

On one machine a row's bits do not depend on the rows beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import record
from asyncsoc.base.units import FARADAY
from asyncsoc.geometry.mesh import frozen
from asyncsoc.kernels.parameters import RowMeans
from asyncsoc.kernels.reductions import mean_rows, split_rows
from asyncsoc.materials.valence import ValenceModel
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.particle_constants import BatchConstants
from asyncsoc.recorders.soc import state_of_charge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncsoc.solver.states import States


Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_SMALLEST_SHARE = 1e-300
_BLOCK = 200_000
"""Numbers that may wait to be measured: 1.6 MB."""
_FURTHER = 3
"""Columns behind those every run has: ratio of oxidation states at the contact and on the far side, contact area."""


def lithium_balance_error[T: (float, Array)](mean_initial: T, mean_now: T, charge: T, capacity_constant: T) -> T:
    """Return |c_max V (mean x at start - mean x now) - Q / F| / (c_max V), of one state or of many.

    Parameters
    ----------
    mean_initial, mean_now
        Volume-mean stoichiometry at the start and now.
    charge : C
        Integral of the intercalation current since the start, positive on charge; a side reaction moves no lithium out
        of the particle.
    capacity_constant : mol
        c_max V, the lithium in the particle at x = 1.
    """
    return abs((mean_initial - mean_now) - charge / (FARADAY * capacity_constant))


def specific_capacity[T: (float, Array)](charge: T, density: T, volume: T | float) -> T:
    """Return charge per mass, Q / (3600 rho V) [mA.h/g], from C, kg/m3 and m3 (1 mA.h/g is 3600 C/kg)."""
    return charge / (3600.0 * density * volume)


@dataclass(frozen=True, eq=False)
class CurveSamples:
    """The part of k states from which curves are computed: small beside the fields, so that many can be kept.

    Attributes
    ----------
    number : (k,) int64
        Members.
    place : (k,) int64
        Place of each member's contact, as it was then, in the arrays of `BatchConstants`.
    values : (k, 9)
        Time, voltage, current, potential, charge, side charge, protocol step, cycle, temperature.
    means : (k,)
        Records `kernels.parameters.RowMeans`.
    at_contact, through, resistance : (k, C)
        On the contact nodes: stoichiometry, all current density through the film [A/m2 of contact], and the resistance
        [ohm m2] that makes the drop of it: the film's over the share that is open.
    """

    number: Ints
    place: Ints
    values: Array
    means: NDArray[np.void]
    at_contact: Array
    through: Array
    resistance: Array

    @classmethod
    def of(cls, states: States, constants: BatchConstants) -> Self:
        """Return the samples of states."""
        count, place = len(states), constants.which[states.number]
        means, at_contact = np.empty(count, record(RowMeans)), np.empty((count, constants.nodes.shape[1]))
        mean_rows(
            states.x,
            constants.mass,
            place,
            constants.nodes,
            constants.areas,
            constants.counts,
            constants.far_nodes,
            constants.far_shares,
            constants.far_counts,
            means,
            at_contact,
        )
        values = np.empty((count, 9))
        for k, column in enumerate(
            (
                states.time,
                states.voltage,
                states.current,
                states.potential,
                states.charge,
                states.side_charge,
                states.step,
                states.cycle,
                states.temperature,
            )
        ):
            values[:, k] = column
        through = states.contact_current_density
        if states.film_open.any():
            through = through + states.side_current_density
        # Densities are per area of contact; the drop belongs to the part of a place that is open.
        resistance = states.film_resistance / np.maximum(states.open_share, _SMALLEST_SHARE)
        return cls(states.number, place, values, means, at_contact, through, resistance)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return several as one."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))


def curve_rows(samples: CurveSamples, constants: BatchConstants, mean_initial: Array) -> Array:
    """Return the values (k, curves) at k states: `names.CURVES`, the two ratios of oxidation states, the contact area.

    The ratios are NaN where the member's cathode has no valence model.

    V - U(mean x) is split with the local current as weight, or the area where nothing flows: locally phi_s = U(x_s) +
    kinetic + i R_film with the potential of the electrolyte as zero, so that the parts add up whatever the weights are.

    Parameters
    ----------
    samples
        Samples of the states.
    constants
        The constants of the particles.
    mean_initial : (M,)
        Volume-mean stoichiometry of each member at its start, for the lithium balance.
    """
    number = samples.number
    time, voltage, current, potential, charge, side_charge, step, cycle, temperature = samples.values.T
    mean, contact, lowest, highest, far = (samples.means[name] for name in samples.means.dtype.names or ())
    potentials = constants.open_circuit_potentials(
        number, np.column_stack([samples.at_contact, mean]), step, temperature
    )
    means = np.empty((len(number), 2))
    at_contact, at_mean = np.ascontiguousarray(potentials[:, :-1]), potentials[:, -1]
    split_rows(
        samples.place,
        constants.areas,
        constants.counts,
        at_contact,
        samples.through,
        samples.resistance,
        means,
    )
    surface, film = means.T
    full = constants.charged_x[number]
    mean_soc, contact_soc = state_of_charge(mean, full), state_of_charge(contact, full)
    capacity_constant = constants.capacity_constant[number]
    found = {
        names.TIME: time,
        names.VOLTAGE: voltage,
        names.CURRENT: current,
        names.MEAN_X: mean,
        names.CONTACT_X: contact,
        names.MINIMUM_X: lowest,
        names.MAXIMUM_X: highest,
        names.MEAN_SOC: mean_soc,
        names.CONTACT_SOC: contact_soc,
        names.ASYNCHRONY: contact_soc - mean_soc,
        names.POTENTIAL: potential,
        names.CONCENTRATION: surface - at_mean,
        names.KINETIC: potential - surface - film,
        names.FILM: film,
        names.SERIES: voltage - potential,
        names.CHARGE: charge,
        names.CAPACITY: specific_capacity(charge, constants.density[number], constants.volume[number]),
        names.STEP: step,
        names.CYCLE: cycle,
        names.BALANCE: lithium_balance_error(mean_initial[number], mean, charge - side_charge, capacity_constant),
    }
    ratios = constants.oxidation_ratios(number, np.column_stack([contact, far]))
    return np.column_stack([*(found[name] for name in names.CURVES), ratios, constants.contact_area[samples.place]])


class TimeSeriesRecorder:
    """Records one row of curves for each state, of every member of a batch; row 0 is a member's initial state.

    With the first state of every protocol step it records both sides of a jump of current or voltage: two rows then
    share their time.

    Parameters
    ----------
    constants
        The constants of the particles.
    """

    def __init__(self, constants: BatchConstants) -> None:
        self._constants = constants
        self._waiting: list[CurveSamples] = []
        self._size = 0
        self._blocks: list[Array] = []
        self._numbers: list[Ints] = []
        self._mean_initial = np.full(len(constants.which), np.nan)

    def record(self, states: States) -> None:
        """Append a row for each of the states; they are measured together with the next ones, which is quicker by far.

        Rows of one member must come in the order of their times.
        """
        samples = CurveSamples.of(states, self._constants)
        new = np.isnan(self._mean_initial[states.number])
        if new.any():
            passed = (states.charge - states.side_charge) / (FARADAY * self._constants.capacity_constant[states.number])
            for row in np.flatnonzero(new):
                if np.isnan(self._mean_initial[states.number[row]]):
                    self._mean_initial[states.number[row]] = samples.means["volume"][row] + passed[row]
        self._waiting.append(samples)
        self._size += samples.at_contact.size + samples.values.size
        if self._size >= _BLOCK:
            self._measure()

    def set_areas(self, member: int, areas: Array) -> None:
        """Let a member's contact nodes have other areas (c,) [m2] from here on."""
        self._constants.set_areas(member, areas)

    def set_initial_mean(self, member: int, mean_x: float) -> None:
        """Set the volume-mean stoichiometry at the start of a member whose run is resumed, for the lithium balance."""
        self._mean_initial[member] = mean_x

    def initial_mean(self, member: int) -> float:
        """Return the volume-mean stoichiometry at the start of a member; NaN before its first state."""
        return float(self._mean_initial[member])

    def drop(self, kept: Mapping[int, NDArray[np.bool_]]) -> None:
        """Keep only those rows of members where `kept[member]` (r,) is true; further rows of a member stay."""
        self._measure()
        if not self._numbers:
            return
        numbers, rows = np.concatenate(self._numbers), np.concatenate(self._blocks)
        stays = np.ones(len(numbers), dtype=bool)
        for member, mask in kept.items():
            stays[np.flatnonzero(numbers == member)[: len(mask)][~mask]] = False
        self._numbers, self._blocks = [numbers[stays]], [rows[stays]]

    def curves(self) -> list[dict[str, NDArray[Any]]]:
        """Return each member's columns: equally long arrays, int64 for counts, float64 for everything else."""
        return [
            _columns(table, valence) for table, valence in zip(self._tables(), self._constants.valences, strict=True)
        ]

    def contact_areas(self) -> list[Array]:
        """Return each member's contact area [m2] at its rows."""
        return [table[-1].copy() for table in self._tables()]

    def _tables(self) -> list[Array]:
        """Return each member's values (curves, rows)."""
        self._measure()
        count = len(self._constants.which)
        numbers = np.concatenate([*self._numbers, np.zeros(0, dtype=np.int64)])
        rows = np.concatenate([*self._blocks, np.zeros((0, len(names.CURVES) + _FURTHER))])
        order = np.argsort(numbers, kind="stable")
        ends = np.searchsorted(numbers[order], np.arange(count), side="right").tolist()
        table = rows[order].T
        return [table[:, start:end] for start, end in zip([0, *ends], ends, strict=False)]

    def _measure(self) -> None:
        if self._waiting:
            samples = CurveSamples.joined(self._waiting)
            self._blocks.append(curve_rows(samples, self._constants, self._mean_initial))
            self._numbers.append(samples.number)
            self._waiting, self._size = [], 0


def _columns(table: Array, valence: ValenceModel | None) -> dict[str, NDArray[Any]]:
    """Return the rows that `curve_rows` returned as columns by name, read-only."""
    own = np.array(table, order="C")
    own.setflags(write=False)
    measured = (*names.CURVES, *names.valence_curves(valence))
    places = {name: place for place, name in enumerate(measured)}
    columns: dict[str, NDArray[Any]] = {name: own[places[name]] for name in names.curves_of(valence)}
    for name in names.WHOLE_NUMBERS:
        columns[name] = frozen(columns[name], np.int64)
    return columns


def named_rows(samples: CurveSamples, constants: BatchConstants, mean_initial: Array, name: str) -> Array:
    """Return the values (k,) of one curve at k states of any members; NaN where a member does not have it."""
    rows = curve_rows(samples, constants, mean_initial)
    if name in names.CURVES:
        return np.asarray(rows[:, names.CURVES.index(name)])
    found = np.full(len(samples.number), np.nan)
    for row, number in enumerate(samples.number.tolist()):
        curves = names.valence_curves(constants.valences[number])
        if name in curves:
            found[row] = rows[row, len(names.CURVES) + curves.index(name)]
    return found
