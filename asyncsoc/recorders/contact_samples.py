"""States of the contact at many times: potentials, rates, doses and resistance computed from them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import BOLTZMANN_EV
from asyncsoc.interface.kinetics import InterfaceKinetics, RateLaw
from asyncsoc.interface.side_reaction import SideReactionModel
from asyncsoc.materials.potentials import StepPotential
from asyncsoc.materials.tables import MaterialTable
from asyncsoc.recorders.interface_resistance import (
    charge_transfer_conductance,
    exchange_current_of,
    interface_resistance,
)
from asyncsoc.recorders.particle_constants import potentials_of_rows
from asyncsoc.recorders.risk_split import LocalState

if TYPE_CHECKING:
    from asyncsoc.solver.states import StepState


Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RecordedParticle:
    """The constants from which a side reaction is computed: particle, rate laws, and the risk that counts as high.

    Attributes
    ----------
    model
        The side reaction.
    coupled
        Whether it takes part of the current; else it is only reported.
    mass : (n,)
        Lumped volumes [m3].
    nodes : (c,) int64
        Contact nodes, ascending.
    areas : (c,)
        Contact area on them [m2].
    open_circuit_potential
        U(x) [V].
    tables
        Material table by temperature [K].
    kinetics
        Rate law of intercalation with its parameters, or a uniform flux.
    threshold
        Risk above which contact counts as endangered.
    step_potentials
        U(x) of each protocol step [V], where temperature or hysteresis change it; else empty.
    """

    model: SideReactionModel
    coupled: bool
    mass: Array
    nodes: NDArray[np.int64]
    areas: Array
    open_circuit_potential: Callable[[Array], Array]
    tables: Mapping[float, MaterialTable]
    kinetics: InterfaceKinetics
    threshold: float = 10.0
    step_potentials: tuple[StepPotential, ...] = ()


_TINY = float(np.finfo(np.float64).tiny)
_EQUAL_RATES = 1e-6
_HIGHEST = 10.0
"""V; no rate law holds there."""


@dataclass(frozen=True, eq=False)
class ContactRows:
    """States of the contact at k times.

    Attributes
    ----------
    time, since : (k,)
        Since the protocol and since the protocol step began [s].
    step : (k,) int64
        Protocol step.
    rest : (k,) bool
        Whether it is a rest.
    mean_x, temperature, potential, side_charge : (k,)
        Volume-mean stoichiometry, K, V, C.
    x, current, resistance, film, side : (k, c)
        Stoichiometry, intercalation current density [A/m2], film resistance [ohm m2], film thickness [m], side current
        density [A/m2] on the contact nodes; the last two are 0 where nothing is coupled.
    """

    time: Array
    since: Array
    step: NDArray[np.int64]
    rest: NDArray[np.bool_]
    mean_x: Array
    temperature: Array
    potential: Array
    side_charge: Array
    x: Array
    current: Array
    resistance: Array
    film: Array
    side: Array


@dataclass(frozen=True)
class ContactSample:
    """One state, with the time its protocol step began [s] and whether that is a rest."""

    state: StepState
    began: float
    rest: bool
    x: Array
    mean_x: float


def contact_rows(samples: list[ContactSample], particle: RecordedParticle) -> ContactRows:
    """Return samples as arrays."""
    states = [one.state for one in samples]
    x = np.array([one.x for one in samples])
    none = np.zeros_like(x)
    return ContactRows(
        time=np.array([state.time for state in states]),
        since=np.array([one.state.time - one.began for one in samples]),
        step=np.array([state.step for state in states], dtype=np.int64),
        rest=np.array([one.rest for one in samples], dtype=np.bool_),
        mean_x=np.array([one.mean_x for one in samples]),
        temperature=np.array([state.temperature for state in states]),
        potential=np.array([state.potential for state in states]),
        side_charge=np.array([state.side_charge for state in states]),
        x=x,
        current=np.array([state.contact_current_density for state in states]),
        resistance=np.array([state.film_resistance for state in states]),
        film=np.array([state.film_thickness for state in states]) if particle.coupled else none,
        side=np.array([state.side_current_density for state in states]) if particle.coupled else none,
    )


def open_share(film: Array, particle: RecordedParticle) -> Array:
    """Return the share of each place that a film of the thickness given [m] leaves open."""
    return np.maximum(0.0, 1.0 - film / particle.model.film.blocking_thickness)


def local_state(rows: ContactRows, particle: RecordedParticle) -> LocalState:
    """Return potentials, reaction energy and rate: the integrator's own where it is coupled, else the kernel's.

    The local potential is the particle's less the drop in the film; under uniform flux it is the particle's.
    """
    potential = np.repeat(rows.potential[:, None], rows.x.shape[1], axis=1)
    if not particle.kinetics.imposes_flux:
        # Densities are per contact area; the drop belongs to the part of a place that is open.
        share = np.maximum(open_share(rows.film, particle), _TINY) if particle.coupled else 1.0
        potential -= (rows.current + rows.side) / share * rows.resistance
    if particle.coupled:
        energy, rate = particle.model.table.evaluate(rows.x)[0], rows.side
    else:
        temperature = np.repeat(rows.temperature[:, None], rows.x.shape[1], axis=1)
        # Nothing stops a charge without a voltage limit; beyond what the law is made for it is held.
        found = particle.model.rate(rows.x, np.clip(potential, -_HIGHEST, _HIGHEST), temperature)
        energy, rate = found.energy, found.rate
    if particle.step_potentials:
        levels = zip(rows.step.tolist(), rows.temperature.tolist(), strict=True)
        equilibrium = potentials_of_rows(
            [particle.step_potentials[step - 1].at(level) for step, level in levels], rows.x
        )
    else:
        flat = np.asarray(particle.open_circuit_potential(rows.x.ravel()), dtype=np.float64)
        equilibrium = flat.reshape(rows.x.shape)
    return LocalState(equilibrium, potential - equilibrium, energy, rate)


def reaction_doses(
    rows: ContactRows, rate: Array, particle: RecordedParticle, before: tuple[float, Array, Array] | None
) -> Array:
    """Return the charge the reaction has taken per contact area (k, c) [C/m2].

    Parameters
    ----------
    rows, rate
        The states and their rates.
    particle
        With a coupled side reaction the dose follows from the film thickness.
    before
        Time, rate and dose of the state before the first; None where there is none.
    """
    if particle.coupled:
        return rows.film / particle.model.film.volume_per_charge
    first = (float(rows.time[0]), rate[0], np.zeros(rate.shape[1])) if before is None else before
    times = np.concatenate(([first[0]], rows.time))
    rates = np.concatenate((first[1][None, :], rate))
    grown = np.diff(times)[:, None] * mean_rate_between(rates[:-1], rates[1:])
    return np.cumsum(np.concatenate((first[2][None, :], grown)), axis=0)[1:]  # one by one: no bits depend on the blocks


def mean_rate_between(before: Array, after: Array) -> Array:
    """Return the mean of a quantity that grows exponentially from `before` to `after`, (b - a)/ln(b/a), elementwise.

    Rates follow potentials exponentially: where the potential moves evenly this is exact. Zero at either end: the
    arithmetic mean.
    """
    positive = (before > 0.0) & (after > 0.0)
    logarithm = np.log(np.where(positive, after, 1.0) / np.where(positive, before, 1.0))
    apart = np.abs(logarithm) > _EQUAL_RATES
    quotient = (after - before) / np.where(apart, logarithm, 1.0)
    return np.asarray(np.where(positive & apart, quotient, 0.5 * (before + after)))


def resistances(rows: ContactRows, local: LocalState, particle: RecordedParticle, law: RateLaw) -> Array:
    """Return the interface's resistance (k,) [ohm]: charge transfer by a rate law and side reaction behind the film."""
    out = np.empty(len(rows.time))
    share = open_share(rows.film, particle) if particle.coupled else np.ones(rows.x.shape)
    for temperature in np.unique(rows.temperature):
        chosen = rows.temperature == temperature
        i0 = exchange_current_of(particle.tables[float(temperature)], rows.x[chosen])
        conductance = charge_transfer_conductance(law, local.overpotential[chosen], i0, temperature=float(temperature))
        if particle.coupled:
            slope = particle.model.effective.transfer_coefficient / (BOLTZMANN_EV * float(temperature))
            conductance = conductance + slope * local.rate[chosen] / np.maximum(share[chosen], _TINY)
        out[chosen] = interface_resistance(
            conductance, rows.resistance[chosen], particle.areas, open_share=share[chosen]
        )
    return out
