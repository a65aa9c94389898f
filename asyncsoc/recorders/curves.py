"""Curves of a run, computed for many states of many particles at once.

On one machine a row's bits do not depend on the rows beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.records import record
from asyncsoc.base.units import FARADAY
from asyncsoc.kernels.parameters import RowMeans
from asyncsoc.kernels.reductions import mean_rows, split_rows
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.particle_constants import BatchConstants
from asyncsoc.recorders.soc import state_of_charge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncsoc.solver.states import States


Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_SMALLEST_SHARE = 1e-300


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


def specific_capacity[T: (float, Array)](charge: T, density: T, volume: float) -> T:
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
    values : (k, 8)
        Time, voltage, current, potential, charge, side charge, protocol step, cycle.
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
        values = np.empty((count, 8))
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
    time, voltage, current, potential, charge, side_charge, step, cycle = samples.values.T
    mean, contact, lowest, highest, far = (samples.means[name] for name in samples.means.dtype.names or ())
    potentials = constants.open_circuit_potentials(number, np.column_stack([samples.at_contact, mean]), step)
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
        names.CAPACITY: specific_capacity(charge, constants.density[number], constants.volume),
        names.STEP: step,
        names.CYCLE: cycle,
        names.BALANCE: lithium_balance_error(mean_initial[number], mean, charge - side_charge, capacity_constant),
    }
    ratios = constants.oxidation_ratios(number, np.column_stack([contact, far]))
    return np.column_stack([*(found[name] for name in names.CURVES), ratios, constants.contact_area[samples.place]])


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
