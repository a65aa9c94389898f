"""The salt of a group linearized about a state: rows and columns of its concentrations for `linearize`.

The equations are those of `kernels.salt_step`. All current of a layer but the side reaction's, that which charges its
double layer among it, is taken to release lithium ions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import FARADAY
from asyncsoc.problem.network import Network, NetworkResistances
from asyncsoc.problem.salt import SaltLevel, SaltTransport, salt_at, salt_slopes

Array = NDArray[np.float64]
PSI, THETA, RHO, TRANSFERENCE, DIFFUSIVITY = range(5)
_LONGEST = 40.0
"""Real part of z beyond which nothing reaches the other end of a volume."""


class Adding(Protocol):
    """Entries of a sparse matrix that are collected."""

    def add(self, rows: NDArray[Any], columns: NDArray[Any], values: NDArray[Any]) -> None:
        """Add entries."""


@dataclass(frozen=True)
class DropAtLithium:
    """What the lithium electrode takes of the voltage, eta - theta(c_Li), and how that changes.

    Attributes
    ----------
    value
        V.
    direct, kinetic
        Slopes of eta by the current [ohm] and by c_Li [V m3/mol].
    theta
        Slope of theta by c_Li.
    flux, by_first
        c_Li falls by `flux` times a change of the current and rises by `by_first` times one of the first volume's c.
    """

    value: float
    direct: float
    kinetic: float
    theta: float
    flux: float
    by_first: float

    def slopes(self, linear: float = 0.0, storing: complex = 0.0, series: complex = 1.0) -> tuple[complex, complex]:
        """Return the slopes by the current [ohm] and by the first concentration [V m3/mol].

        Parameters
        ----------
        linear
            Resistance of linear kinetics [ohm], in place of those of `direct`.
        storing
            Admittance of a double layer beside the kinetics [S].
        series
            What multiplies the resistance to diffusion of the half volume at the lithium electrode.
        """
        ohms = self.direct + linear
        share = 1.0 / (1.0 + storing * ohms)
        by_surface = share * self.kinetic - self.theta
        return share * ohms - by_surface * self.flux * series, by_surface * self.by_first


@dataclass(frozen=True, eq=False)
class LinearSalt:
    """The salt of a group at the state it is linearized about.

    Attributes
    ----------
    transport, level
        The salt, and its properties at the temperature.
    c : (n,)
        Concentrations [mol/m3].
    first
        Place of the first one among the unknowns; the K potentials of the layers lie before it.
    """

    transport: SaltTransport
    level: SaltLevel
    c: Array
    first: int

    def place(self, layer: int) -> int:
        """Return the place of the concentration of a layer among the unknowns."""
        return self.first + self.transport.separator + layer

    def layer_of(self, node: int) -> int:
        """Return the layer whose potential is at a place among the unknowns."""
        return node - self.first + self.transport.layers

    def factor(self, layer: int) -> float:
        """Return (c/rest)^a of a layer, which multiplies i0."""
        c = float(self.c[self.transport.separator + layer])
        return float((c / self.transport.rest) ** self.transport.exchange_exponent)

    def relative(self, layer: int) -> float:
        """Return the slope of the logarithm of that by c [m3/mol]."""
        return self.transport.exchange_exponent / float(self.c[self.transport.separator + layer])

    def drop_at_lithium(self, resistances: NetworkResistances, total: float) -> DropAtLithium:
        """Return eta - theta(c_Li) at a current [A] with its slopes."""
        table, one = self.level.table, self.c[:1]
        values, slopes = salt_at(table, one)[:, 0], salt_slopes(table, one)[:, 0]
        half, d = 0.5 * self.transport.width[0] / FARADAY, values[DIFFUSIVITY]
        flux = (1.0 - values[TRANSFERENCE]) * half / d
        surface = np.array([float(self.c[0]) - flux * total])
        by_c = 1.0 + total * half * (slopes[TRANSFERENCE] + (1.0 - values[TRANSFERENCE]) * slopes[DIFFUSIVITY] / d) / d
        value, theta = -float(salt_at(table, surface)[THETA, 0]), float(salt_slopes(table, surface)[THETA, 0])
        direct, kinetic = 0.0, 0.0
        if resistances.lithium_current:
            relative = self.transport.lithium_exponent / float(surface[0])
            scale = (
                resistances.lithium_current * float(surface[0] / self.transport.rest) ** self.transport.lithium_exponent
            )
            root = float(np.hypot(1.0, total / scale))
            value += resistances.lithium_voltage * float(np.arcsinh(total / scale))
            direct = resistances.lithium_voltage / (scale * root)
            kinetic = -resistances.lithium_voltage * (total / scale) / root * relative
        return DropAtLithium(value, direct, kinetic, theta, float(flux), float(by_c))

    def ionic(self) -> Array:
        """Return the resistances (K, K) [ohm] of ionic conduction."""
        ohms = self.level.resistance * salt_at(self.level.table, self.c)[RHO]
        own = ohms[self.transport.separator :]
        through = self.separator_resistance() + np.cumsum(own) - 0.5 * own
        return np.asarray(np.minimum.outer(through, through))

    def line_factors(self, angular_frequency: float) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """Return what makes a volume of the separator the line that it is at a frequency, above 0 [rad/s].

        A volume is a storage between two halves of a resistance to diffusion. With z = sqrt(j w volume width/D) these
        times tanh(z/2)/(z/2), and the storage times sinh(z)/z, diffusion through it is exact. In the layers, where
        particles draw from all of a volume, both factors are 1.

        Returns
        -------
        series, storage : (n,)
            The factors.
        """
        d = salt_at(self.level.table, self.c)[DIFFUSIVITY]
        z = np.sqrt(1j * angular_frequency * self.transport.volume * self.transport.width / d)
        short = z * np.minimum(1.0, _LONGEST / z.real)
        own = np.arange(len(z)) < self.transport.separator
        return np.where(own, np.tanh(0.5 * z) / (0.5 * z), 1.0), np.where(own, np.sinh(short) / short, 1.0)

    def separator_resistance(self) -> float:
        """Return the resistance [ohm] of ionic conduction through the separator, which is a part of `ionic`."""
        ohms = self.level.resistance * salt_at(self.level.table, self.c)[RHO]
        return float(ohms[: self.transport.separator].sum())


def linear_salt(network: Network, temperature: float, c: tuple[float, ...], first: int) -> LinearSalt | None:
    """Return the salt of a network at concentrations [mol/m3], at rest where there are none; None where it has none.

    `first` is the place of the first concentration among the unknowns.
    """
    salt = network.salt
    if salt is None:
        return None
    own = np.array(c) if c else np.full(salt.count, salt.rest)
    return LinearSalt(salt, salt.levels[temperature], own, first)


def layer_currents(pieces: Sequence[Any], salt: LinearSalt) -> list[float]:
    """Return the currents of the layers at the state [A]; through isolated particles nothing passes.

    `pieces` are the `linearize.ParticleRows` of the group.
    """
    found = [0.0] * salt.transport.layers
    for one in pieces:
        if not np.isinf(one.own_resistance):
            drawn = one.areas @ (one.interface.opened * (one.interface.i + one.interface.o))
            found[salt.layer_of(one.seen)] += one.multiplicity * float(drawn)
    return found


def add_particle(
    salt: LinearSalt,
    one: Any,
    side: Mapping[str, Array],
    jacobian: Adding,
    rows: tuple[Array, Array],
    layers: Array,
) -> None:
    """Add what the concentration of its layer does to a particle, and the particle to the currents of its layer.

    Parameters
    ----------
    salt
        The salt.
    one
        `linearize.ParticleRows` of the particle.
    side
        Slopes of its side current density by "x", "v" and "film", times the open share.
    jacobian
        The Jacobian.
    rows : (N,) each
        The group's current and what charges its double layers, the particle's part added already.
    layers : (3, K, N)
        Current, side current and charging current of the layers; added to.
    """
    current, charging = rows
    layer, at, areas, many = salt.layer_of(one.seen), one.interface, one.areas, one.multiplicity
    x, film, inner = (np.arange(len(current))[part] for part in (one.x, one.film, one.under_film))
    touched, column = x[one.contact_nodes], np.array([salt.place(layer)])
    by_c = salt.relative(layer) * at.i
    through = float(areas @ (at.opened * by_c))
    jacobian.add(touched, column, -areas * at.opened * by_c / one.charge_density)
    jacobian.add(inner, column, at.resistance * by_c)
    if one.own_resistance != 0.0:
        factor = 1.0 if np.isinf(one.own_resistance) else one.own_resistance
        jacobian.add(np.array([one.driving]), column, np.array([-factor * through]))
    own = slice(one.start, one.under_film.stop)
    layers[0, layer, own] += current[own]
    layers[0, layer, column] += many * through
    for columns, name in ((touched, "x"), (inner, "v"), (film, "film")):
        layers[1, layer, columns] += many * areas * side[name]
    layers[2, layer, own] += charging[own]
    current[column] += many * through


def add_salt(
    salt: LinearSalt,
    resistances: NetworkResistances,
    entries: tuple[Adding, Adding],
    layers: tuple[NDArray[Any], NDArray[Any], Array],
    currents: Sequence[float],
    drop: tuple[complex, complex] | None = None,
    line: tuple[NDArray[Any], NDArray[Any]] | None = None,
) -> None:
    """Add the rows of the potentials of the layers and of the concentrations.

    Parameters
    ----------
    salt
        The salt.
    resistances
        Of the network without ionic conduction, with the lithium electrode.
    entries
        Of mass and Jacobian.
    layers : (K, N) each
        Current of each layer, side current of it, and what charges its double layer, by the unknowns.
    currents : (K,)
        At the state [A].
    drop
        Slopes of what the lithium electrode takes, by current and first concentration; None: without a double layer.
    line : (n,) each
        What multiplies the resistance to diffusion of half a volume, and its storage; None: 1.
    """
    mass, jacobian = entries
    current, side, charging = layers
    count, size = current.shape
    transport, c, last = salt.transport, salt.c, np.array([size - 1])
    separator, n = transport.separator, transport.count
    values, slopes = salt_at(salt.level.table, c), salt_slopes(salt.level.table, c)
    places, nodes = salt.first + np.arange(n), salt.first - count + np.arange(count)
    total, behind = float(np.sum(currents)), np.append(np.cumsum(np.asarray(currents)[::-1])[::-1], 0.0)
    by_current, by_c = salt.drop_at_lithium(resistances, total).slopes() if drop is None else drop

    def add_combined(row: int, weights: NDArray[Any], more: Array | None = None) -> None:
        """Add weights (K,) times the currents of the layers to a row, and `more` times their side currents."""
        rows = weights @ current if more is None else weights @ current + more @ side
        charged = weights @ charging
        own = np.flatnonzero(rows)
        jacobian.add(np.array([row]), own, rows[own])
        own = np.flatnonzero(charged)
        mass.add(np.array([row]), own, -charged[own])

    between = resistances.between + salt.ionic() + by_current
    ohms = salt.level.resistance * slopes[RHO]
    for k in range(count):
        row = nodes[k : k + 1]
        jacobian.add(row, last, np.ones(1))
        jacobian.add(row, row, -np.ones(1))
        add_combined(int(row[0]), -between[k])
        passing = np.zeros(n)
        passing[:separator] = total
        passing[separator : separator + k] = 0.5 * (behind[:k] + behind[1 : k + 1])
        passing[separator + k] = 0.5 * behind[k]
        columns = -ohms * passing + np.zeros(n, dtype=np.result_type(current, by_c))
        columns[0] -= by_c
        columns[separator + k] -= slopes[THETA, separator + k]
        jacobian.add(row, places, columns)
    series, storage = (np.ones(n), np.ones(n)) if line is None else line
    mass.add(places, places, FARADAY * transport.volume * storage)
    weights, more = np.zeros((n, count)), np.zeros((n, count))
    weights[0] -= 1.0
    weights[separator:] += np.eye(count)
    more[separator:] -= np.eye(count)
    width = transport.width
    for b in range(1, n):
        a = b - 1
        both = width[a] + width[b]
        share_a, share_b = width[b] / both, width[a] / both
        conductance = 2.0 * FARADAY / (width[a] * series[a] + width[b] * series[b])
        layer = max(b - separator, 0)
        t = share_a * values[TRANSFERENCE, a] + share_b * values[TRANSFERENCE, b]
        weights[a, layer:] += t
        weights[b, layer:] -= t
        by_a = -conductance * slopes[PSI, a] + share_a * slopes[TRANSFERENCE, a] * behind[layer]
        by_b = conductance * slopes[PSI, b] + share_b * slopes[TRANSFERENCE, b] * behind[layer]
        jacobian.add(places[[a, a, b, b]], places[[a, b, a, b]], np.array([by_a, by_b, -by_a, -by_b]))
    for m in range(n):
        add_combined(int(places[m]), weights[m], more[m])
