"""Curves measured over many states of many particles at once.

On one machine a row's bits do not depend on the rows beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.records import record
from asyncsoc.kernels.parameters import RowMeans
from asyncsoc.kernels.reductions import mean_rows, split_rows
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.constants_of_batch import BatchConstants
from asyncsoc.recorders.lithium_balance import lithium_balance_error, specific_capacity
from asyncsoc.recorders.soc import state_of_charge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncsoc.solver.states import States

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


_SMALLEST_SHARE = 1e-300


@dataclass(frozen=True, eq=False)
class Noted:
    """What curves need of states, k rows: little beside the fields, so that many can wait.

    Attributes
    ----------
    number : (k,) int64
        Members.
    values : (k, 8)
        Time, voltage, current, potential, charge, side charge, protocol step, cycle.
    means : (k,)
        Records `kernels.parameters.RowMeans`.
    at_contact, through, resistance : (k, C)
        On the contact nodes: stoichiometry, all current density through the film [A/m2 of contact], and the resistance
        [ohm m2] that makes the drop of it: the film's over the share that is open.
    """

    number: Ints
    values: Array
    means: NDArray[np.void]
    at_contact: Array
    through: Array
    resistance: Array

    @classmethod
    def of(cls, states: States, gauges: BatchConstants) -> Self:
        """Note what curves need of states."""
        count = len(states)
        means, at_contact = np.empty(count, record(RowMeans)), np.empty((count, gauges.nodes.shape[1]))
        mean_rows(
            states.x,
            gauges.mass,
            gauges.which[states.number],
            gauges.nodes,
            gauges.areas,
            gauges.counts,
            gauges.far_nodes,
            gauges.far_shares,
            gauges.far_counts,
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
        return cls(states.number, values, means, at_contact, through, resistance)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return several as one."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))


def measure_rows(noted: Noted, gauges: BatchConstants, mean_initial: Array) -> Array:
    """Return the values (k, curves) at k states: those of `names.CURVES`, then the two ratios of oxidation states.

    The ratios are NaN where the member's cathode has no valence model.

    V - U(mean x) is split with the local current as weight, or the area where nothing flows: locally phi_s = U(x_s) +
    kinetic + i R_film with the potential of the electrolyte as zero, so that the parts add up whatever the weights are.

    Parameters
    ----------
    noted
        What is known of the states.
    gauges
        The constants of the particles.
    mean_initial : (M,)
        Volume-mean stoichiometry of each member at its start, for the lithium balance.
    """
    number = noted.number
    time, voltage, current, potential, charge, side_charge, step, cycle = noted.values.T
    mean, contact, lowest, highest, far = (noted.means[name] for name in noted.means.dtype.names or ())
    potentials = gauges.open_circuit_potentials(number, np.column_stack([noted.at_contact, mean]))
    means = np.empty((len(number), 2))
    at_contact, at_mean = np.ascontiguousarray(potentials[:, :-1]), potentials[:, -1]
    split_rows(gauges.which[number], gauges.areas, gauges.counts, at_contact, noted.through, noted.resistance, means)
    surface, film = means.T
    full = gauges.charged_x[number]
    mean_soc, contact_soc = state_of_charge(mean, full), state_of_charge(contact, full)
    capacity_constant = gauges.capacity_constant[number]
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
        names.CAPACITY: specific_capacity(charge, gauges.density[number], gauges.volume),
        names.STEP: step,
        names.CYCLE: cycle,
        names.BALANCE: lithium_balance_error(mean_initial[number], mean, charge - side_charge, capacity_constant),
    }
    ratios = gauges.oxidation_ratios(number, np.column_stack([contact, far]))
    return np.column_stack([*(found[name] for name in names.CURVES), ratios])
