"""The reaction energy over stoichiometry as a table for the kernel: monotone cubics on a uniform grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.materials.thermochemistry.curve import reaction_curve
from asyncsoc.materials.thermochemistry.host import Host
from asyncsoc.materials.thermochemistry.kernels import energy_field
from asyncsoc.materials.thermochemistry.phases import Phase, PhaseTable
from asyncsoc.materials.thermochemistry.reaction import KINDS, Kind

Array = NDArray[np.float64]
NODES = 101
_FEWEST = 4
_MOST = 10_001
_SLACK = 1e-9
EDGE = 5e-3
"""How far outside a table a stoichiometry may lie and have the energy of its end."""


@dataclass(frozen=True)
class ReactionEnergyTable:
    """E(x) in eV/atom and its derivative, frozen.

    Fritsch and Carlson's monotone piecewise cubic (PCHIP): where the nodes rise, so does the interpolant.

    Attributes
    ----------
    cathode, electrolyte, kind
        What reacts, and which energy it is.
    x : (n,) float64
        Uniform nodes in [0, 1].
    energy, slope : (n,) float64
        E [eV/atom] and dE/dx at the nodes.
    coefficients : (4 (n - 1),) float64
        c0..c3 of each cell (see `asyncsoc.materials.thermochemistry.kernels.energy_point`).
    interpolation_error
        Largest difference from the source (linear programs, or the points given) found between the nodes [eV/atom].
    validity
        (lowest, highest) stoichiometry the voltage curve's source covers.
    conditions
        Enthalpy or Gibbs energy, and at what temperature; None: a user's own energies do not say.
    """

    cathode: str
    electrolyte: str
    kind: Kind
    x: Array
    energy: Array
    slope: Array
    coefficients: Array
    interpolation_error: float
    validity: tuple[float, float]
    conditions: Conditions | None = ENTHALPY

    @property
    def first(self) -> float:
        """First node."""
        return float(self.x[0])

    @property
    def inverse_spacing(self) -> float:
        """1/spacing of the nodes."""
        return (self.x.size - 1) / float(self.x[-1] - self.x[0])

    def held(self, x: Array) -> Array:
        """Return stoichiometries within the table: those up to `EDGE` outside are held at its ends.

        A particle that reaches the end of its window under the contact passes it by what the integrator's tolerance and
        the mesh allow.

        Raises
        ------
        InputError
            A stoichiometry is not finite or farther outside.
        """
        first, last = self.first, float(self.x[-1])
        low, high = (float(x.min()), float(x.max())) if x.size else (first, first)
        if not (low >= first - EDGE and high <= last + EDGE):
            raise InputError(
                "a stoichiometry is outside the reaction-energy table",
                where="x",
                value=low if not low >= first - EDGE else high,
                allowed=f"{first:g} to {last:g}",
            )
        return x if low >= first and high <= last else np.clip(x, first, last)

    def evaluate(self, x: Array) -> tuple[Array, Array]:
        """Return E(x) [eV/atom] and dE/dx in the shape of `x`; raises InputError outside the table."""
        points = np.ascontiguousarray(x, dtype=np.float64)
        flat = self.held(points.reshape(-1))
        energy, slope = np.empty(flat.size), np.empty(flat.size)
        energy_field(flat, self.first, self.inverse_spacing, self.coefficients, energy, slope)
        return energy.reshape(points.shape), slope.reshape(points.shape)


def _frozen(values: Array) -> Array:
    values = np.ascontiguousarray(values, dtype=np.float64)
    values.setflags(write=False)
    return values


def _require_monotone(x: Array, energy: Array, where: str) -> None:
    falls = np.flatnonzero(np.diff(energy) < -_SLACK)
    if falls.size:
        k = int(falls[0])
        raise InputError(
            "the total reaction energy must not fall with x",
            where=f"{where}, x = {x[k]:.4g} to {x[k + 1]:.4g}",
            value=[float(energy[k]), float(energy[k + 1])],
            allowed="energies that rise, or stay, as x rises",
            next_step='check the points; a mutual reaction energy may fall: kind="mutual"',
        )


def _assemble(
    nodes: Array,
    energy: Array,
    names: tuple[str, str],
    kind: Kind,
    validity: tuple[float, float],
    conditions: Conditions | None = ENTHALPY,
) -> ReactionEnergyTable:
    spacing = (nodes[-1] - nodes[0]) / (nodes.size - 1)
    from scipy.interpolate import PchipInterpolator

    slope = PchipInterpolator(nodes, energy).derivative()(nodes)
    left, right, rise = spacing * slope[:-1], spacing * slope[1:], np.diff(energy)
    cells = np.stack([energy[:-1], left, 3.0 * rise - 2.0 * left - right, left + right - 2.0 * rise], axis=1)
    return ReactionEnergyTable(
        cathode=names[0],
        electrolyte=names[1],
        kind=kind,
        x=_frozen(nodes),
        energy=_frozen(energy),
        slope=_frozen(slope),
        coefficients=_frozen(cells.ravel()),
        interpolation_error=0.0,
        validity=validity,
        conditions=conditions,
    )


def _with_error(table: ReactionEnergyTable, x: Array, energy: Array) -> ReactionEnergyTable:
    found, _ = table.evaluate(x)
    return replace(table, interpolation_error=float(np.abs(found - energy).max()))


def _check_nodes(nodes: int) -> None:
    if not _FEWEST <= nodes <= _MOST:
        raise InputError(
            "the number of nodes is out of range", where="nodes", value=nodes, allowed=f"{_FEWEST} to {_MOST}"
        )


def tabulate(
    host: Host,
    electrolyte: Phase,
    *,
    kind: Kind = "total",
    nodes: int = NODES,
    phases: PhaseTable | None = None,
    potential: float | None = None,
    conditions: Conditions = ENTHALPY,
    rising: bool = True,
) -> ReactionEnergyTable:
    """Return the table of a cathode and an electrolyte over x in [0, 1], its error measured in every cell's middle.

    Parameters
    ----------
    host, electrolyte, kind, potential, conditions
        As of `reaction_curve`.
    nodes
        Number of nodes; one linear program each, and one for each check.
    phases
        The phases that may form.
    rising
        Whether a total energy that falls with x is refused, as a sign of wrong data. Reactants and phases of one's own
        may bind lithium more strongly than the delithiated cathode, and then it falls.

    Raises
    ------
    InputError
        Too few or too many nodes; a total energy that falls with x (closed system); what `reaction_curve` refuses.
    """
    _check_nodes(nodes)
    x = np.linspace(0.0, 1.0, 2 * nodes - 1)
    curve = reaction_curve(host, electrolyte, x, kind=kind, table=phases, potential=potential, conditions=conditions)
    if kind == "total" and potential is None and rising:
        _require_monotone(x, curve.energy, f"{host.name} and {electrolyte.name}")
    table = _assemble(x[::2], curve.energy[::2], (host.name, electrolyte.name), kind, host.validity, conditions)
    return _with_error(table, x[1::2], curve.energy[1::2])


def table_from_nodes(
    nodes: Array,
    energy: Array,
    *,
    names: tuple[str, str],
    kind: Kind,
    validity: tuple[float, float],
    interpolation_error: float,
    conditions: Conditions = ENTHALPY,
) -> ReactionEnergyTable:
    """Return the table of energies [eV/atom] known at uniform nodes, its error against their source as measured before.

    Parameters
    ----------
    nodes, energy : (n,) float64
        As kept of a table made by `tabulate`.
    names
        Cathode and electrolyte.
    kind, validity, interpolation_error, conditions
        As of `ReactionEnergyTable`.
    """
    table = _assemble(nodes, energy, names, kind, validity, conditions)
    return replace(table, interpolation_error=interpolation_error)


def table_from_points(
    x: Array,
    energy: Array,
    *,
    kind: Kind = "total",
    cathode: str = "user",
    electrolyte: str = "user",
    nodes: int = NODES,
) -> ReactionEnergyTable:
    """Return the table of a user's own points on a uniform grid, its error against a PCHIP through them kept.

    Parameters
    ----------
    x : (n,) float64
        At least four stoichiometries in [0, 1], rising.
    energy : (n,) float64
        eV/atom, not above zero; rising with x where `kind` is 'total'.
    kind
        'total' or 'mutual'.
    cathode, electrolyte
        Names for results.
    nodes
        Nodes of the uniform grid.

    Raises
    ------
    InputError
        Shapes, values or order that do not fit, with the place.
    """
    from scipy.interpolate import PchipInterpolator

    _check_nodes(nodes)
    if kind not in KINDS:
        raise unknown_name("kind of reaction energy", kind, KINDS, where="kind")
    points, values = np.asarray(x, dtype=np.float64), np.asarray(energy, dtype=np.float64)
    if points.ndim != 1 or points.shape != values.shape or points.size < _FEWEST:
        raise InputError(
            "a reaction-energy table needs as many energies as stoichiometries, four or more",
            where="x, energy",
            value=[points.shape, values.shape],
        )
    _require(
        np.isfinite(points) & (points >= 0.0) & (points <= 1.0), points, "a stoichiometry is out of range", "0 to 1"
    )
    _require(np.isfinite(values) & (values <= _SLACK), values, "a reaction energy is out of range", "0 eV/atom or less")
    _require(np.append(np.diff(points) > 0.0, True), points, "stoichiometries must rise", "each above the one before")
    if kind == "total":
        _require_monotone(points, values, "user table")
    source = PchipInterpolator(points, values)
    grid = np.linspace(points[0], points[-1], nodes)
    fine = np.linspace(points[0], points[-1], 10 * (nodes - 1) + 1)
    table = _assemble(grid, source(grid), (cathode, electrolyte), kind, (float(points[0]), float(points[-1])), None)
    return _with_error(table, fine, source(fine))


def _require(good: NDArray[np.bool_], values: Array, what: str, allowed: str) -> None:
    if not good.all():
        k = int(np.flatnonzero(~good)[0])
        raise InputError(what, where=f"row {k + 1}", value=float(values[k]), allowed=allowed)
