"""The network of potentials that the particles of a group see: its nodes, and the resistances between them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.mesh import frozen
from asyncsoc.problem.salt import SaltTransport

Array = NDArray[np.float64]

TERMINAL = -1
"""The end of a conductor that is no node: the current collector of electronic ones, the separator of ionic ones."""
_ASYMMETRY = 1e-9
"""Relative."""


class Conductor(NamedTuple):
    """A conductor between two nodes, or from a node to the `TERMINAL`, and its conductance [S]."""

    first: int
    second: int
    conductance: float


@dataclass(frozen=True, eq=False)
class NetworkResistances:
    """Resistances of a network at one temperature.

    A node k sees v_k = v - eta(I) - sum_l Z_kl I_l: v is phi_s at the current collector less phi_e at the lithium
    electrode's side of what the network holds, I_l the current of node l [A] and I their sum.

    Attributes
    ----------
    between : (K, K)
        Z [ohm], symmetric and without negative eigenvalues.
    lithium_current, lithium_voltage
        Of a lithium electrode with Butler-Volmer kinetics of transfer coefficient 1/2, eta = lithium_voltage
        asinh(I/lithium_current): 2 i0 A [A] and 2 R T/F [V]. 0: there is none, or its resistance is in Z.
    """

    between: Array
    lithium_current: float = 0.0
    lithium_voltage: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no network of resistances."""
        between = frozen(self.between, np.float64)
        object.__setattr__(self, "between", between)
        where = "NetworkResistances.between"
        if between.ndim != 2 or between.shape[0] != between.shape[1] or not between.size:
            raise InputError(
                "resistances between K nodes are a square matrix", where=where, value=between.shape, allowed="(K, K)"
            )
        if not np.isfinite(between).all():
            raise InputError(
                "the resistances of a network are finite: a node of an infinite one is not connected",
                where=where,
                next_step="leave out the particles that are not connected, or connect their node",
            )
        scale = float(np.abs(between).max())
        if np.abs(between - between.T).max() > _ASYMMETRY * scale:
            raise InputError("the resistances of a network are symmetric", where=where, allowed="Z_kl = Z_lk")
        if scale > 0.0 and np.linalg.eigvalsh(between)[0] < -_ASYMMETRY * scale:
            raise InputError(
                "a network of resistances dissipates: its matrix has no negative eigenvalue",
                where=where,
                value=float(np.linalg.eigvalsh(between)[0]),
                allowed="at least 0",
            )
        for name in ("lithium_current", "lithium_voltage"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0.0):
                raise InputError(
                    "out of range",
                    where=f"NetworkResistances.{name}",
                    value=getattr(self, name),
                    allowed="finite, at least 0",
                )


def lithium_resistance(level: NetworkResistances, current: float) -> float:
    """Return d eta/dI [ohm] of the lithium electrode of a network at a current [A]."""
    if level.lithium_current == 0.0:
        return 0.0
    return level.lithium_voltage / math.hypot(level.lithium_current, current)


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes of a group's particles, and the resistances between them.

    Attributes
    ----------
    nodes : (N,)
        Node of each particle, from 0.
    levels
        Resistances at each temperature of the protocol [K]; with a salt those without ionic conduction.
    salt
        The salt of the electrolyte in the nodes and in the separator, with ionic conduction; None: it stays as it is.
    """

    nodes: tuple[int, ...]
    levels: Mapping[float, NetworkResistances]
    salt: SaltTransport | None = None

    @property
    def count(self) -> int:
        """Number of nodes, K."""
        return len(next(iter(self.levels.values())).between)

    def __post_init__(self) -> None:
        """Refuse a network whose parts do not fit together, or that has a node without particles."""
        if not self.levels or len({len(level.between) for level in self.levels.values()}) != 1:
            raise InputError(
                "a network has as many nodes at every temperature",
                where="Network.levels",
                value=sorted(len(level.between) for level in self.levels.values()),
                allowed="one temperature at least, matrices of one size",
            )
        count = self.count
        if self.salt is not None and (self.salt.layers != count or set(self.levels) - set(self.salt.levels)):
            raise InputError(
                "the salt does not fit the network",
                where="Network.salt",
                value=f"{self.salt.layers} layers, {sorted(self.salt.levels)} K",
                allowed=f"{count} layers, {sorted(self.levels)} K",
            )
        if any(not 0 <= node < count for node in self.nodes):
            raise InputError(
                "there is no such node", where="Network.nodes", value=self.nodes, allowed=f"0 to {count - 1}"
            )
        if empty := sorted(set(range(count)) - set(self.nodes)):
            raise InputError(
                "a node of the network has no particles: no current flows through it",
                where="Network.nodes",
                value=f"node {empty[0]}",
                allowed="at least one particle for every node",
                next_step="leave the node out of the network, or give it particles",
            )

    def at(self, temperature: float) -> NetworkResistances:
        """Return the resistances at a temperature of the protocol [K].

        Raises
        ------
        InputError
            There are none for it.
        """
        if temperature not in self.levels:
            raise InputError(
                "the network has no resistances for the temperature of a protocol step",
                where="Network.levels",
                value=f"{temperature:g} K",
                allowed=", ".join(f"{known:g} K" for known in self.levels),
            )
        return self.levels[temperature]


def node_resistances(count: int, electronic: Iterable[Conductor], ionic: Iterable[Conductor]) -> Array:
    """Return Z (K, K) [ohm] of a network of conductors.

    Z is the sum of the inverses of two Laplacians: of the electronic conductors, which end at the current collector,
    and of the ionic ones, which end at the separator. A current I_l enters node l from the former and leaves it to the
    latter.

    Parameters
    ----------
    count
        Number of nodes, K.
    electronic, ionic
        Conductors; any number from a node to the `TERMINAL`.

    Raises
    ------
    InputError
        There is no such node, a conductance is not positive, or a node has no path to the terminal.
    """
    return _grounded(count, electronic, "electronic", "current collector") + _grounded(
        count, ionic, "ionic", "separator"
    )


def layer_resistances(count: int, thickness: float, area: float, electronic: float, ionic: float) -> Array:
    """Return Z (K, K) [ohm] of K finite volumes of equal width through the thickness of an electrode.

    The first one lies at the separator, the last one at the current collector. The potentials are those in the middle
    of each, so that conduction passes half a width at either end.

    Parameters
    ----------
    count
        K.
    thickness, area
        m, m2.
    electronic, ionic
        Effective conductivities [S/m].

    Raises
    ------
    InputError
        A conductivity, thickness or area that is not positive.
    """
    return electronic_resistances(count, thickness, area, electronic) + ionic_resistances(count, thickness, area, ionic)


def electronic_resistances(count: int, thickness: float, area: float, conductivity: float) -> Array:
    """Return the electronic part of `layer_resistances` (K, K) [ohm]: phi_s,k is that of the collector less Z I."""
    conductors = _chain(count, thickness, area, conductivity, count - 1, "electronic")
    return _grounded(count, conductors, "electronic", "current collector")


def ionic_resistances(count: int, thickness: float, area: float, conductivity: float) -> Array:
    """Return the ionic part of `layer_resistances` (K, K) [ohm]: phi_e,k is that at the separator plus Z I."""
    return _grounded(count, _chain(count, thickness, area, conductivity, 0, "ionic"), "ionic", "separator")


def _chain(count: int, thickness: float, area: float, conductivity: float, end: int, kind: str) -> list[Conductor]:
    """Return the conductors of layers, of which the one at `end` reaches the terminal through half a width."""
    for name, value in (("thickness", thickness), ("area", area), (f"{kind} conductivity", conductivity)):
        if not (math.isfinite(value) and value > 0.0):
            raise InputError(
                f"layers of an electrode need a positive {name}: no current could flow otherwise",
                where="layer_resistances",
                value=value,
                allowed="above 0, finite",
            )
    one = conductivity * area * count / thickness
    return [*(Conductor(k, k + 1, one) for k in range(count - 1)), Conductor(end, TERMINAL, 2.0 * one)]


def _grounded(count: int, conductors: Iterable[Conductor], kind: str, terminal: str) -> Array:
    """Return the inverse (K, K) of the Laplacian of conductors, the potential of the terminal being 0."""
    laplacian, reached = np.zeros((count, count)), {TERMINAL}
    found = list(conductors)
    for first, second, conductance in found:
        for end in (first, second):
            if not (end == TERMINAL or 0 <= end < count):
                raise InputError(
                    "there is no such node",
                    where=f"{kind} conductors",
                    value=end,
                    allowed=f"0 to {count - 1}; {TERMINAL} is the {terminal}",
                )
        if not (math.isfinite(conductance) and conductance > 0.0):
            raise InputError(
                "a conductance is positive",
                where=f"{kind} conductors, {first} to {second}",
                value=conductance,
                allowed="above 0 S, finite",
                next_step="leave out what does not conduct",
            )
        for end, other in ((first, second), (second, first)):
            if end != TERMINAL:
                laplacian[end, end] += conductance
                if other != TERMINAL:
                    laplacian[end, other] -= conductance
    growing = True
    while growing:
        more = {end for pair in found for end in pair[:2] if reached & set(pair[:2])} - reached
        reached |= more
        growing = bool(more)
    if missing := sorted(set(range(count)) - reached):
        raise InputError(
            f"the network has no ground: a node has no {kind} path to the {terminal}",
            where=f"{kind} conductors",
            value=f"node {missing[0]}",
            allowed=f"a path from every node to the {terminal} ({TERMINAL})",
            next_step="connect it, or leave it out with its particles",
        )
    return np.linalg.inv(laplacian)
