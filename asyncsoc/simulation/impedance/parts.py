"""The impedance of particles at a state, and which process adds which part of it.

Parts are differences of impedances in which one process after the other is admitted:

    charge transfer     lithium and film do not move, nothing lies between contact and electrolyte: reactions beside the
                        double layer
    film                the resistance under the contact, beside its capacitance where it has grown
    diffusion           that of a covered sphere of the particle's volume, in place of lithium that does not move
    constriction        the lithium of the particle as it is, in place of that sphere: what partial cover adds
    film growth         the thickness of the film follows the side reaction
    contact resistance  of each particle to the network
    electrode           electrons and ions through the thickness of an electrode in layers
    lithium             the lithium electrode: its kinetics beside its double layer
    separator           its resistance
    salt                the salt of the electrolyte diffuses, in the separator and in the layers

They add up to the impedance, exactly. Admittances of particles at one potential add up; layers make a ladder.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.interpolation import psi_and_d_array
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.problem.linear_interface import interface_of
from asyncsoc.problem.linear_salt import LinearSalt, linear_salt
from asyncsoc.problem.network import NetworkResistances, lithium_resistance
from asyncsoc.problem.particle_admittance import (
    CoupledAdmittances,
    admittances,
    coupled_admittances,
    frozen_admittance,
    lithium_of,
)
from asyncsoc.problem.particles import ParticleModel
from asyncsoc.problem.small_signal import (
    Capacitances,
    ContactResponse,
    Processes,
    contact_response,
    static_conductance,
)
from asyncsoc.problem.system import OrderedSystem
from asyncsoc.simulation.impedance.covered_sphere import covered_sphere_transfer
from asyncsoc.simulation.impedance.described import DescribedGroup
from asyncsoc.simulation.impedance.mesh_resolution import first_layer, missing_share
from asyncsoc.simulation.impedance.operating_point import OperatingPoint
from asyncsoc.simulation.impedance.salt_ladder import impedance_with_salt, layer_admittances

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

CHARGE_TRANSFER, FILM, DIFFUSION, CONSTRICTION = "charge transfer", "film", "diffusion", "constriction"
GROWTH, CONTACTS, ELECTRODE, LITHIUM = "film growth", "contact resistance", "electrode", "lithium"
SEPARATOR, SALT = "separator", "salt"
_STAGES = (CHARGE_TRANSFER, FILM, DIFFUSION, CONSTRICTION, GROWTH)


@dataclass(frozen=True, eq=False)
class ParticleAdmittances:
    """Admittances of one particle with one process after the other.

    Attributes
    ----------
    stages : (5, F)
        S; with charge transfer, and then film, covered sphere, its own lithium, film growth as well.
    conductances
        dI/du at fixed lithium and film [S], without and with the film.
    mesh_error : (F,)
        Estimated error of its impedance by the thickness of its mesh's outermost cells, over its magnitude.
    current
        At the state [A].
    coupled
        What it passes with all processes, by the salt too; None where there is none.
    """

    stages: ComplexArray
    conductances: tuple[float, float]
    mesh_error: Array
    current: float
    coupled: CoupledAdmittances | None


@dataclass(frozen=True, eq=False)
class GroupImpedance:
    """The impedance of a group at F frequencies [ohm].

    Attributes
    ----------
    parts : (F,) each
        By process; they add up to the impedance. What a group does not have is left out.
    interface_resistance, charge_transfer_resistance
        At fixed lithium and film, with and without the film [ohm].
    mesh_error : (F,)
        Estimated error by the mesh of the worst particle, over the magnitude of the whole.
    """

    parts: dict[str, ComplexArray]
    interface_resistance: float
    charge_transfer_resistance: float
    mesh_error: Array

    @property
    def total(self) -> ComplexArray:
        """All parts together (F,) [ohm]."""
        return np.asarray(sum(self.parts.values()), dtype=np.complex128)


def group_impedance(
    described: DescribedGroup,
    point: OperatingPoint,
    frequencies: Array,
    progress: Callable[[int, int, str], None] | None = None,
) -> GroupImpedance:
    """Return the impedance of a group at a state, in parts.

    Parameters
    ----------
    described, point
        The particles and their state.
    frequencies : (F,)
        Hz, above 0.
    progress
        Called as progress(particles done, all, what comes next).

    Raises
    ------
    SimulationError
        The equations have no finite solution.
    """
    group, w = described.group, 2.0 * math.pi * np.asarray(frequencies, dtype=np.float64)
    settings = described.settings
    capacitances = Capacitances(settings.double_layer_capacitance, settings.film_permittivity)
    found: list[ParticleAdmittances] = []
    known: dict[tuple[object, ...], ParticleAdmittances] = {}
    salt = _salt_of(described, point)
    for j, particle in enumerate(group.particles):
        if progress is not None:
            progress(j, len(group.particles), f"particle {j + 1} of {len(group.particles)}")
        layer = None if salt is None or group.network is None else group.network.nodes[j]
        exchange = None if salt is None or layer is None else (salt.factor(layer), salt.relative(layer))
        key = (*_key(described, point, j), exchange)
        if key not in known:
            known[key] = _particle(particle, described.system(j), point, j, w, capacitances, exchange)
        found.append(known[key])
    if progress is not None:
        progress(len(group.particles), len(group.particles), "")
    return _together(described, point, w, found, salt)


def _salt_of(described: DescribedGroup, point: OperatingPoint) -> LinearSalt | None:
    """Return the salt at a state, its concentrations behind the potentials of the layers; None where none moves."""
    network = described.group.network
    if network is None:
        return None
    return linear_salt(network, point.constraint.temperature, tuple(point.salt.tolist()), network.count)


def _key(described: DescribedGroup, point: OperatingPoint, j: int) -> tuple[object, ...]:
    """Return what particles have in common that have one admittance: layers at equilibrium have many of these."""
    model = described.group.particles[j]
    arrays = (point.x[j], point.film[j], point.weights[j])
    return (
        id(described.system(j)), model.scale, id(model.side), model.kinetics, model.film_resistance,
        point.potentials[j], *(values.tobytes() for values in arrays),
    )  # fmt: skip


def _particle(
    particle: ParticleModel,
    system: OrderedSystem,
    point: OperatingPoint,
    j: int,
    w: Array,
    capacitances: Capacitances,
    exchange: tuple[float, float] | None,
) -> ParticleAdmittances:
    """Return one particle; `exchange` is what its salt makes of i0, a factor and the slope of its logarithm."""
    factor, by_salt = exchange or (1.0, 0.0)
    nodes = np.flatnonzero(point.weights[j] > 0.0)
    areas, x, film = point.weights[j][nodes], point.x[j], point.film[j]
    table = particle.table_of(point.constraint)
    at = interface_of(particle, point.constraint.temperature, x[nodes], film, point.potentials[j], table, factor)
    diffusivity = psi_and_d_array(x, table.x_first, table.spacing, table.coefficients)[1]
    density = FARADAY * particle.maximum_concentration
    lithium = lithium_of(system, diffusivity, nodes, areas, charge_density=density, scale=particle.scale)

    def response(*, resistance: bool, growth: bool) -> ContactResponse:
        return contact_response(at, film, w, capacitances, Processes(resistance, growth), by_salt)

    bare, behind = response(resistance=False, growth=False), response(resistance=True, growth=False)
    grows = at.growth > 0.0
    moving = [behind, response(resistance=True, growth=True)] if grows else [behind]
    frozen = frozen_admittance(behind, areas)
    coupled: CoupledAdmittances | None = None
    if not at.opened.any():
        none = np.zeros((len(_STAGES), len(w)), dtype=np.complex128)
        coupled = None if exchange is None else CoupledAdmittances(*none[:4])
        return ParticleAdmittances(none, (0.0, 0.0), np.zeros(len(w)), 0.0, coupled)
    if exchange is None:
        full = admittances(lithium, moving, w)
    else:
        full, coupled = coupled_admittances(lithium, moving, w)
    volume = float(system.kernel.mass.sum()) * particle.scale**3
    covered = _covered(behind, areas, diffusivity[nodes], volume, density, w)
    layer = first_layer(system, nodes, areas, particle.scale)
    slow = float(areas @ diffusivity[nodes]) / float(areas.sum())
    by_lithium = 1.0 / full[0] - 1.0 / frozen
    return ParticleAdmittances(
        np.array([frozen_admittance(bare, areas), frozen, covered, full[0], full[-1]]),
        (static_conductance(at, areas, film=False), static_conductance(at, areas)),
        np.abs(by_lithium * missing_share(layer, slow, w) * full[0]),
        float(areas @ (at.opened * (at.i + at.o))),
        coupled,
    )


def _covered(
    response: ContactResponse, areas: Array, diffusivity: Array, volume: float, density: float, w: Array
) -> ComplexArray:
    """Return I/u (F,) [S] of a contact on a covered sphere of a volume, with the mean of D(x) over the contact.

    The stoichiometry is the same everywhere under the contact, and answers to the flux as that of the sphere does.
    """
    d, radius = float(areas @ diffusivity) / float(areas.sum()), math.cbrt(0.75 * volume / math.pi)
    answer = covered_sphere_transfer(1j * w * radius**2 / d) / (density * d * 4.0 * math.pi * radius)
    moved = -answer * (response.flux_u @ areas) / (1.0 + answer * (response.flux_x @ areas))
    return np.asarray(response.current_u @ areas + (response.current_x @ areas) * moved)


def _together(
    described: DescribedGroup,
    point: OperatingPoint,
    w: Array,
    found: list[ParticleAdmittances],
    salt: LinearSalt | None,
) -> GroupImpedance:
    group = described.group
    standing = many = np.array(group.multiplicities or (1.0,) * len(found))
    ohms = np.array(group.resistances or (0.0,) * len(found))
    reached = np.isfinite(ohms)
    many = np.where(reached, many, 0.0)
    stages = np.einsum("j,jsf->sf", many, np.array([one.stages for one in found]))
    parts: dict[str, ComplexArray] = {}
    before = np.zeros(len(w), dtype=np.complex128)
    for name, admittance in zip(_STAGES, stages, strict=True):
        impedance = 1.0 / admittance
        parts[name], before = impedance - before, impedance
    own = np.array([one.stages[-1] for one in found])
    if ohms[reached].any():
        own = own / (1.0 + np.where(reached, ohms, 0.0)[:, np.newaxis] * own)
        impedance = 1.0 / (many @ own)
        parts[CONTACTS], before = impedance - before, impedance
    if group.network is not None:
        level = group.network.at(point.constraint.temperature)
        admittance = np.zeros((group.network.count, len(w)), dtype=np.complex128)
        np.add.at(admittance, np.array(group.network.nodes), many[:, np.newaxis] * own)
        between, linear = _ladder(described, level)
        storing = described.settings.lithium_double_layer_capacitance * _area(described)
        separator, currents = point.constraint.series, np.zeros(group.network.count)
        np.add.at(currents, np.array(group.network.nodes), many * np.array([one.current for one in found]))
        if salt is None:
            ohm = linear + lithium_resistance(level, point.current)
            parts[ELECTRODE] = _ladder_impedance(admittance, between) - before
        else:
            ohm = linear + salt.drop_at_lithium(level, float(currents.sum())).direct
            inner = salt.separator_resistance()
            separator += inner
            parts[ELECTRODE] = _ladder_impedance(admittance, between + salt.ionic() - inner) - before
        parts[LITHIUM] = _beside(ohm, storing, w)
        parts[SEPARATOR] = np.full(len(w), separator, dtype=np.complex128)
        if salt is not None:
            coupled = [one.coupled for one in found if one.coupled is not None]
            layers = layer_admittances(coupled, standing, ohms, group.network.nodes, group.network.count)
            without = NetworkResistances(between, level.lithium_current, level.lithium_voltage)
            whole = impedance_with_salt(salt, without, layers, currents, w, (linear, storing))
            parts[SALT] = whole + point.constraint.series - np.asarray(sum(parts.values()))
    elif described.settings.lithium_exchange_current_density is not None:
        parts[LITHIUM] = _series_lithium(described, point, w)
    if SEPARATOR not in parts:
        parts[SEPARATOR] = np.full(len(w), point.constraint.series, dtype=np.complex128)
    if not parts[FILM].any():
        del parts[FILM]
    if not parts[GROWTH].any():
        del parts[GROWTH]
    conductances = many @ np.array([one.conductances for one in found])
    error = np.max(np.array([one.mesh_error for one in found])[reached], axis=0)
    group_whole = GroupImpedance(parts, 1.0 / float(conductances[1]), 1.0 / float(conductances[0]), error)
    return replace(group_whole, mesh_error=error / np.abs(stages[-1] * group_whole.total))


def _ladder(described: DescribedGroup, level: NetworkResistances) -> tuple[Array, float]:
    """Return the resistances between layers without that of lithium, and the latter where it is linear."""
    layers = described.layers
    if layers is None or level.lithium_current > 0.0:
        return level.between, 0.0
    i0, temperature = layers.lithium.exchange_current_density, _temperature(described, level)
    linear = float(layers.lithium.resistance or 0.0) / layers.area
    if i0 is not None:
        linear = GAS_CONSTANT * temperature / FARADAY / (i0 * layers.area)
    return level.between - linear, linear


def _temperature(described: DescribedGroup, level: NetworkResistances) -> float:
    network = described.group.network
    levels = {} if network is None else network.levels
    return next(temperature for temperature, one in levels.items() if one is level)


def _area(described: DescribedGroup) -> float:
    return described.series_area if described.layers is None else described.layers.area


def _ladder_impedance(admittance: ComplexArray, between: Array) -> ComplexArray:
    """Return v/I (F,) of nodes (K,) that see v_k = v - sum_l Z_kl I_l."""
    unit, found = np.eye(len(between)), []
    for y in admittance.T:
        currents = np.linalg.solve(unit + y[:, np.newaxis] * between, y)
        found.append(1.0 / currents.sum())
    return np.array(found)


def _beside(ohm: float, farad: float, w: Array) -> ComplexArray:
    """Return the impedance (F,) of a resistance beside a capacitance."""
    return np.asarray(ohm / (1.0 + 1j * w * ohm * farad))


def _series_lithium(described: DescribedGroup, point: OperatingPoint, w: Array) -> ComplexArray:
    """Return the impedance (F,) of a lithium electrode in series, with Butler-Volmer kinetics of coefficient 1/2."""
    area, i0 = _area(described), float(described.settings.lithium_exchange_current_density or 0.0)
    if not math.isfinite(area):
        raise InputError(
            "a lithium electrode in series needs the area of the electrode, which follows from its areal capacity",
            where="electrolyte.areal_capacity",
            next_step="give electrolyte.areal_capacity, or leave out impedance.lithium_exchange_current_density",
        )
    thermal = 2.0 * GAS_CONSTANT * point.constraint.temperature / FARADAY
    level = NetworkResistances(np.zeros((1, 1)), 2.0 * i0 * area, thermal)
    return _beside(
        lithium_resistance(level, point.current), described.settings.lithium_double_layer_capacitance * area, w
    )
