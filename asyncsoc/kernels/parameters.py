"""Parameters and states of particles and groups in the kernels: numbers with names, declared once as dataclasses.

What they read of a particle's kinetics and side reaction is declared in `interface`, with the parameters it follows
from.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ParticleParameters:
    """One particle within a protocol step.

    Attributes
    ----------
    group
        Number of its group.
    node
        Its node in the network of its group, from 1; 0 where the group is one node without a network.
    multiplicity
        How many particles like it the group has.
    own_resistance
        r [ohm] between it and its group, for one such particle: its own driving potential is v - r I. Infinite:
        isolated, I = 0.
    contact_nodes, contact_area
        Number of its contact nodes; area [m2].
    table, x_first, inverse_spacing, spacing
        Number of its material table at the step's temperature, and that table's grid.
    side_table, side_active
        Number of its table of reaction energies; whether there is a side reaction.
    charge_density, diffusivity_scale
        In the size of its mesh, of a particle s times as large: s^3 F c_max [C/m3], and the factor 1/s^2 on D.
    current_factor, potential_factor, target
        Its share in the group's constraint: shares of particles with one unknown add up to current_factor times the
        group's current + potential_factor times phi_s = target.
    drift
        Its share in the slope of the target in time.
    """

    group: int
    node: int
    multiplicity: float
    own_resistance: float
    contact_nodes: int
    contact_area: float
    table: int
    x_first: float
    inverse_spacing: float
    spacing: float
    side_table: int
    side_active: int
    charge_density: float
    diffusivity_scale: float
    current_factor: float
    potential_factor: float
    target: float
    drift: float


@dataclass(frozen=True)
class StepParameters:
    """Parameters of a protocol step of a group.

    Attributes
    ----------
    duration
        Longest duration [s].
    tolerance
        Error per step, in stoichiometry.
    events
        Number of events.
    held
        Whether a voltage is held.
    series
        Series resistance [ohm] that adds to the voltage.
    current_scale
        Under a voltage the current below which errors of the current count absolutely [A].
    direction
        Sign of the current the protocol step begins with.
    contact_area
        Of all its particles that are not isolated [m2].
    aimed
        Whether the target changes with time or is a power: then it is set anew for every time (`aiming`).
    product
        Whether the target is a power, the product of current and voltage.
    start, value, drift
        Since when the target runs in a line [s within the step], its value there and its slope.
    target
        The target for the time last aimed at: a power where `product`.
    nodes
        Number of nodes of its network; 0: one node without a network.
    current_factor
        Of a network: factor of the group's current in its constraint.
    lithium_current, lithium_voltage
        Of a network: eta = lithium_voltage asinh(I/lithium_current) [A, V] at the lithium electrode; 0: none.
    """

    duration: float
    tolerance: float
    events: int
    held: int
    series: float
    current_scale: float
    direction: float
    contact_area: float
    aimed: int
    product: int
    start: float
    value: float
    drift: float
    target: float
    nodes: int
    current_factor: float
    lithium_current: float
    lithium_voltage: float


@dataclass(frozen=True)
class NodeState:
    """One node of the network of a group.

    Attributes
    ----------
    unknown
        Its potential at the accepted state [V]; not a number before there is one.
    guess, potential
        Where the solution for it begins, and its potential solved for last, or in a stage [V].
    current, slope
        What its particles draw together [A], and G, by its potential [A/V].
    lead, own, change
        How its potential changes with the group's unknown, without it, and in a stage [V].
    """

    unknown: float
    guess: float
    potential: float
    current: float
    slope: float
    lead: float
    own: float
    change: float


@dataclass(frozen=True)
class ControllerState:
    """State of the step control of a group within its protocol step; checkpoints hold it by these names.

    Attributes
    ----------
    time
        Since the step began [s].
    unknown
        Of the constraint: phi_s [V], or the current [A] under uniform flux.
    charge, side_charge
        Passed within the step, and the side reaction's part of it [C].
    current, potential
        I [A] and phi_s [V].
    step_size, last_step, largest_step
        To be tried next, accepted last (0: none within this step), never exceeded [s].
    last_error
        Of the step accepted last, over the tolerance.
    margin
        How far the nearest event is away.
    accepted, rejected
        Number of steps.
    """

    time: float
    unknown: float
    charge: float
    side_charge: float
    current: float
    potential: float
    step_size: float
    last_step: float
    largest_step: float
    last_error: float
    margin: float
    accepted: float
    rejected: float


@dataclass(frozen=True)
class EventSearch:
    """State of the search for an event between attempts.

    Attributes
    ----------
    next_size
        Step to try [s]; 0: a new step begins.
    ends
        Whether it ends the protocol step.
    located
        Attempts since an event was found within the step; 0: none was.
    low, margin_low, high, margin_high
        The bracket around the event.
    side
        Which side of it moved last, -1 or 1.
    """

    next_size: float
    ends: float
    located: float
    low: float
    margin_low: float
    high: float
    margin_high: float
    side: float


@dataclass(frozen=True)
class ParticleState:
    """Current and potential of one particle, and charge it has passed within the protocol step.

    Attributes
    ----------
    current, potential
        I [A] and its own driving potential v - r I [V], of the constraint solved last.
    unknown
        Its own driving potential at the accepted state; not a number before there is one.
    charge, side_charge
        Passed since the step began, and the side reaction's part of it [C].
    """

    current: float
    potential: float
    unknown: float
    charge: float
    side_charge: float


@dataclass(frozen=True)
class StepAttempt:
    """One attempt of a step of one particle.

    Attributes
    ----------
    size, tolerance, unknown, driving
        Step size [s], tolerance, the particle's own unknown and its group's at its start: what the controller sets.
        The two unknowns differ where the particle has a resistance of its own.
    new_unknown, charge, side_charge, error
        What the attempt leaves: the group's unknown before it is solved for again; charges passed [C]; error.
    corner, residual
        The constraint's share of this particle, reduced over its lithium and film: slope, and what a stage misses.
        In a network slope of its current by the potential of its node [A/V], and its current at a fixed one [A].
    slope, share, offset
        Of a particle with a resistance r: the reduced slope G of its current by its own unknown; 1/(1 + r G), the
        change of its own unknown over that of the group's; and what changes in a stage without the group's.
    total_unknown, side_unknown
        Slopes of the current and of the side reaction's part by the particle's own unknown, the film reduced.
    total, side_total, potential
        Of a stage: the two currents, and the group's phi_s.
    """

    size: float
    tolerance: float
    unknown: float
    driving: float
    new_unknown: float
    charge: float
    side_charge: float
    error: float
    corner: float
    residual: float
    slope: float
    share: float
    offset: float
    total_unknown: float
    side_unknown: float
    total: float
    side_total: float
    potential: float


@dataclass(frozen=True)
class StepStart:
    """Result of starting a protocol step of a group.

    Attributes
    ----------
    solved
        Whether the constraint has a solution.
    event
        Number of the nearest event, -1 where there is none.
    diffusivity
        Mean of D over the contact nodes [m2/s], the smallest of its particles.
    """

    solved: int
    event: int
    diffusivity: float


@dataclass(frozen=True)
class StateBetween:
    """Currents and balances of a particle and its group at a time between two accepted states.

    Attributes
    ----------
    solved
        Whether the constraint has a solution.
    group_current, potential, own_current, own_potential
        The group's I [A] and phi_s [V], the particle's own current [A] and driving potential [V].
    lithium, film
        sum(m (x_end - x)) and sum(w (d_end - d)) [m3]: what is still to come within the step.
    """

    solved: int
    group_current: float
    potential: float
    own_current: float
    own_potential: float
    lithium: float
    film: float


@dataclass(frozen=True)
class RowMeans:
    """Means of one state: over the volume, over the contact; smallest, largest; over the far side."""

    volume: float
    contact: float
    smallest: float
    largest: float
    far: float
