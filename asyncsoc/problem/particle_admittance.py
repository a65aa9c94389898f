"""The admittance of a particle: its contact, and the lithium in it, for a small alternating potential.

With y = D dx the lithium of a particle under dx ~ exp(j w t) follows

    (K + j w M/D) y + A (c_x/D) y = -A c_u du,      c = (flux of lithium under the contact)/(F c_max)

with a matrix that is complex, symmetric and sparse. It is solved in a basis of few solutions (a rational Krylov space),
of which more are added at the frequencies of the largest residuals until all are below `TOLERANCE`. Solutions at real
shifts s in place of j w come first: these matrices are real and definite, and the factorization of the integrator
(`kernels.ldl`) makes eight of them side by side, in a tenth of the time of complex ones. Where they do not suffice, and
on meshes that have no such factorization, the real and imaginary parts of solutions at frequencies follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.linalg import splu

from asyncsoc.base.errors import SimulationError
from asyncsoc.base.lanes import WIDTH
from asyncsoc.kernels.ldl import factorize, solve
from asyncsoc.kernels.workspace import System
from asyncsoc.problem.linearize import stiffness_of
from asyncsoc.problem.small_signal import ContactResponse
from asyncsoc.problem.system import OrderedSystem

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Integers = NDArray[np.int64]

TOLERANCE = 2e-3
"""Of a residual against the right-hand side, each over the square root of the diagonal, times the square root of the
share that lithium has in the admittance. The error of the admittance is of the order of its square or less, since the
basis is that of a Galerkin method: 1e-6 and less is seen."""
_FEW_NODES = 400
"""Up to here a factorization costs less than a basis."""
_FIRST, _MORE = 7, 2
"""Frequencies that are factored at first, and between two looks at the residuals."""
_SHIFTS_PER_DECADE, _BEYOND = 3.7, 2.0
"""Real shifts at first, between the lowest frequency over this factor and the highest one times it."""
_MORE_SHIFTS = 2
"""How many times eight shifts are added where residuals are largest."""
_INDEPENDENT = 1e-10
"""Relative length that a solution must add to the basis."""


@dataclass(frozen=True, eq=False)
class Lithium:
    """The lithium of a particle at a state, in the elimination order of its mesh.

    Attributes
    ----------
    stiffness : (n, n)
        K [m].
    storage : (n,)
        M/D [m s], in the size of the particle.
    diffusivity : (n,)
        D(x) [m2/s].
    contact : (c,)
        Places of the contact nodes.
    areas : (c,)
        m2.
    charge_density
        F c_max [C/m3].
    system
        Operators of its mesh in that order, with the pattern of their factor.
    scale
        Size of the particle over that of the mesh.
    """

    stiffness: sp.csr_matrix
    storage: Array
    diffusivity: Array
    contact: Integers
    areas: Array
    charge_density: float
    system: System
    scale: float

    @property
    def ordered(self) -> bool:
        """Whether the order of the nodes keeps the fill of a factorization small."""
        return not self.system.iterative


def lithium_of(
    system: OrderedSystem,
    diffusivity: Array,
    contact_nodes: Integers,
    areas: Array,
    *,
    charge_density: float,
    scale: float = 1.0,
) -> Lithium:
    """Return the lithium of a particle.

    Parameters
    ----------
    system
        Operators of the particle's mesh.
    diffusivity : (n,)
        D(x) [m2/s] in mesh node order.
    contact_nodes, areas : (c,)
        Nodes under the contact, and their areas [m2] in the size of the particle.
    charge_density
        F c_max of the material [C/m3].
    scale
        Size of the particle over that of the mesh.
    """
    ordered = diffusivity[system.order]
    return Lithium(
        stiffness=scale * stiffness_of(system)[system.order][:, system.order].tocsr(),
        storage=scale**3 * system.kernel.mass / ordered,
        diffusivity=ordered,
        contact=system.place[contact_nodes],
        areas=areas,
        charge_density=charge_density,
        system=system.kernel,
        scale=scale,
    )


def frozen_admittance(response: ContactResponse, areas: Array) -> ComplexArray:
    """Return I/u (F,) [S] of a contact whose lithium does not move."""
    return np.asarray(response.current_u @ areas)


def admittances(
    lithium: Lithium, responses: Sequence[ContactResponse], angular_frequency: ArrayLike
) -> list[ComplexArray]:
    """Return I/u (F,) [S] of a particle, for each of several responses of its contact.

    What is factored for one response serves the next ones.

    Parameters
    ----------
    lithium
        The particle.
    responses
        Its contact, at the frequencies.
    angular_frequency : (F,)
        rad/s, above 0.

    Raises
    ------
    SimulationError
        The equations have no finite solution.
    """
    moved = _moved(lithium, responses, np.asarray(angular_frequency, dtype=np.float64))
    return [_passed(lithium, one.current_u, one.current_x, x) for one, x in zip(responses, moved, strict=True)]


@dataclass(frozen=True, eq=False)
class CoupledAdmittances:
    """What a particle passes at F frequencies for unit changes of its potential and of the salt around it, (F,) each.

    Attributes
    ----------
    current_u, current_c
        Its current, by its driving potential [S] and by the concentration [A m3/mol].
    side_u, side_c
        The side reaction's part of it.
    """

    current_u: ComplexArray
    current_c: ComplexArray
    side_u: ComplexArray
    side_c: ComplexArray

    def behind(self, ohms: float) -> CoupledAdmittances:
        """Return those by the potential of its network behind a resistance of its own [ohm], infinite if isolated."""
        if np.isinf(ohms):
            none = np.zeros_like(self.current_u)
            own = np.divide(self.current_c, self.current_u, out=none.copy(), where=self.current_u != 0.0)
            return CoupledAdmittances(none, none, none, self.side_c - self.side_u * own)
        through = 1.0 + ohms * self.current_u
        return CoupledAdmittances(
            self.current_u / through,
            self.current_c / through,
            self.side_u / through,
            self.side_c - self.side_u * ohms * self.current_c / through,
        )


def coupled_admittances(
    lithium: Lithium, responses: Sequence[ContactResponse], angular_frequency: ArrayLike
) -> tuple[list[ComplexArray], CoupledAdmittances]:
    """Return what `admittances` does, and how the particle answers to the salt too, with the last of the responses.

    Parameters
    ----------
    lithium, responses, angular_frequency
        As of `admittances`.

    Raises
    ------
    SimulationError
        The equations have no finite solution.
    """
    w, last = np.asarray(angular_frequency, dtype=np.float64), responses[-1]
    by_salt = [replace(last, flux_u=last.flux_c, current_u=last.current_c)] if last.flux_c.any() else []
    moved = _moved(lithium, (*responses, *by_salt), w)
    found = [_passed(lithium, one.current_u, one.current_x, x) for one, x in zip(responses, moved, strict=False)]
    by_u, by_c = moved[len(responses) - 1], moved[-1] if by_salt else np.zeros_like(moved[-1])
    coupled = CoupledAdmittances(
        current_u=found[-1],
        current_c=_passed(lithium, last.current_c, last.current_x, by_c),
        side_u=_passed(lithium, last.side_u, last.side_x, by_u),
        side_c=_passed(lithium, last.side_c, last.side_x, by_c),
    )
    return found, coupled


def _moved(lithium: Lithium, responses: Sequence[ContactResponse], w: Array) -> list[ComplexArray]:
    """Return the changes of stoichiometry (F, c) under the contact for a unit change of potential."""
    basis = np.zeros((len(lithium.storage), 0))
    found = []
    for response in responses:
        system = _Shifted(lithium, response, w)
        if len(lithium.storage) <= _FEW_NODES:
            y = system.everywhere()
        else:
            y, basis = system.reduced(basis)
        found.append(y / lithium.diffusivity[lithium.contact])
    return found


def _passed(lithium: Lithium, direct: ComplexArray, by_x: ComplexArray, moved: ComplexArray) -> ComplexArray:
    """Return what passes the contact (F,), at fixed lithium and by its changes (F, c)."""
    found = np.asarray((direct + by_x * moved) @ lithium.areas)
    if not np.isfinite(found).all():
        raise SimulationError("the impedance is not finite", where="admittance of a particle")
    return found


class _Shifted:
    """The matrices of all frequencies: K and the storage are shared, the contact has its own diagonal."""

    def __init__(self, lithium: Lithium, response: ContactResponse, w: Array) -> None:
        self._lithium, self._w, self._response = lithium, w, response
        over = lithium.areas / lithium.charge_density
        self._contact = over * response.flux_x / lithium.diffusivity[lithium.contact]
        self._right = -over * response.flux_u
        self._diagonal = lithium.stiffness.diagonal()
        self._order = "NATURAL" if lithium.ordered else "MMD_AT_PLUS_A"

    def solve(self, k: int) -> ComplexArray:
        """Return y (n,) at a frequency by its number."""
        one = self._lithium
        diagonal = 1j * self._w[k] * one.storage
        diagonal[one.contact] += self._contact[k]
        right = np.zeros(len(one.storage), dtype=np.complex128)
        right[one.contact] = self._right[k]
        matrix = (one.stiffness + sp.diags(diagonal)).tocsc()
        options = {"SymmetricMode": True}
        factor = splu(matrix, permc_spec=self._order, diag_pivot_thresh=0.0, options=options)
        return np.asarray(factor.solve(right))

    def everywhere(self) -> ComplexArray:
        """Return y (F, c) under the contact, factored at every frequency."""
        return np.array([self.solve(k)[self._lithium.contact] for k in range(len(self._w))]).reshape(len(self._w), -1)

    def solve_at_shifts(self, shifts: Array) -> Array:
        """Return y (n, WIDTH) at as many real shifts in place of j w, with the contact of the nearest frequency."""
        one, factor = self._lithium, self._lithium.system.factor
        near = np.abs(np.log(self._w)[:, np.newaxis] - np.log(shifts)).argmin(axis=0)
        diagonal = one.storage[:, np.newaxis] * shifts
        diagonal[one.contact] += np.abs(self._contact[near]).T
        y = np.zeros_like(diagonal)
        y[one.contact] = np.abs(self._right[near]).T
        lower, pivots = np.empty((len(factor.indices), WIDTH)), np.empty_like(diagonal)
        work, ok = np.zeros_like(diagonal), np.ones((1, WIDTH))
        factorize(one.system.stiffness, diagonal / one.scale, factor, lower, pivots, work, ok)
        solve(factor, lower, pivots, y)
        return y[:, ok[0] > 0.0]

    def reduced(self, basis: Array) -> tuple[ComplexArray, Array]:
        """Return y (F, c) under the contact from a basis of few solutions, and the basis."""
        one, count, more_shifts = self._lithium, len(self._w), _MORE_SHIFTS if self._lithium.ordered else 0
        left: list[int] = []
        if not basis.shape[1] and one.ordered:
            for shifts in _first_shifts(self._w):
                basis = _extended(basis, self.solve_at_shifts(shifts), one.storage)
        elif not basis.shape[1]:
            left = sorted({round(k) for k in np.linspace(0, count - 1, min(_FIRST, count))})
        solved: set[int] = set()
        while True:
            for k in left:
                y = self.solve(k)
                basis = _extended(basis, np.column_stack([y.real, y.imag]), one.storage)
                solved.add(k)
            y, residuals = self._projected(basis)
            residuals[sorted(solved)] = 0.0
            if not np.isfinite(residuals).all():
                raise SimulationError("the impedance is not finite", where="admittance of a particle")
            if residuals.max(initial=0.0) <= TOLERANCE:
                return y, basis
            left = [k for k in np.argsort(residuals)[-_MORE:].tolist() if residuals[k] > TOLERANCE]
            if more_shifts:
                basis = _extended(basis, self.solve_at_shifts(_around(self._w, residuals)), one.storage)
                more_shifts, left = more_shifts - 1, []

    def _projected(self, basis: Array) -> tuple[ComplexArray, Array]:
        """Return y (F, c) in a basis, and the residuals (F,) relative to the right-hand sides."""
        one = self._lithium
        at_contact = basis[one.contact]
        stiff, stored = one.stiffness @ basis, one.storage[:, np.newaxis] * basis
        inner_stiff, inner_stored = basis.T @ stiff, basis.T @ stored
        y = np.zeros((len(self._w), len(one.contact)), dtype=np.complex128)
        shares = np.zeros((basis.shape[1], len(self._w)), dtype=np.complex128)
        for k, w in enumerate(self._w.tolist()):
            by_contact = (at_contact.T * self._contact[k].real) @ at_contact
            by_contact = by_contact + 1j * ((at_contact.T * self._contact[k].imag) @ at_contact)
            matrix = inner_stiff + 1j * w * inner_stored + by_contact
            shares[:, k] = np.linalg.solve(matrix, at_contact.T @ self._right[k])
            y[k] = at_contact @ shares[:, k]
        rest = _times(stiff, shares) + 1j * self._w * _times(stored, shares)
        rest[one.contact] += (self._contact * y - self._right).T
        scale = self._diagonal[:, np.newaxis] + self._w * one.storage[:, np.newaxis]
        size = (np.abs(self._right.T) ** 2 / scale[one.contact]).sum(axis=0)
        return y, np.sqrt(self._share(y) * (np.abs(rest) ** 2 / scale).sum(axis=0) / size)

    def _share(self, y: ComplexArray) -> Array:
        """Return how much of the admittance is due to lithium (F,), at most 1."""
        one = self._lithium
        moving = (self._response.current_x * y / one.diffusivity[one.contact]) @ one.areas
        whole = self._response.current_u @ one.areas + moving
        return np.asarray(np.minimum(np.abs(moving) / np.abs(whole), 1.0))


def _times(left: Array, right: ComplexArray) -> ComplexArray:
    """Return the product of a real and a complex matrix without a complex copy of the former."""
    return np.asarray(left @ right.real + 1j * (left @ right.imag))


def _first_shifts(w: Array) -> Array:
    """Return shifts (., WIDTH), evenly spread over their logarithm and over the rows."""
    low, high = w[0] / _BEYOND, w[-1] * _BEYOND
    rows = max(1, round((_SHIFTS_PER_DECADE * np.log10(high / low) + 1.0) / WIDTH))
    return np.geomspace(low, high, rows * WIDTH).reshape(WIDTH, rows).T


def _around(w: Array, residuals: Array) -> Array:
    """Return WIDTH shifts over the range of frequencies whose residuals are too large."""
    bad = w[residuals > TOLERANCE]
    return np.geomspace(bad[0] / _BEYOND, bad[-1] * _BEYOND, WIDTH)


def _extended(basis: Array, solutions: Array, weights: Array) -> Array:
    """Return a basis that holds solutions (n, k) too: orthonormal in the norm of the storage."""
    from scipy.linalg import qr

    root = np.sqrt(weights)[:, np.newaxis]
    new = root * solutions
    length = np.linalg.norm(new, axis=0)
    new = new[:, length > 0.0] / length[length > 0.0]
    for _ in range(2):
        new = new - root * (basis @ (basis.T @ (root * new)))
    vectors, triangle, _ = qr(new, mode="economic", pivoting=True)
    kept = np.abs(np.diagonal(triangle)) > _INDEPENDENT
    return np.column_stack([basis, vectors[:, kept] / root])
