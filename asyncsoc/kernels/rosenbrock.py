"""One linearly implicit step of a partly covered particle under a current or voltage constraint.

Unknowns are the stoichiometry x at the n nodes and one scalar lambda: the particle potential phi_s (Butler-Volmer, linear kinetics) or
the current I (uniform flux). With w = D dx the matrix K + diag(m/(gamma h D) + w_c di/dx /(F c_max D)) is symmetric positive definite
and lambda borders it: one factorization and s + 1 solves a step. The charge passed is integrated by the same method, so that lithium and
charge balance to rounding whatever the step size.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from asyncsoc.kernels.interpolation import ocp_and_i0, psi_and_d
from asyncsoc.kernels.ldl import Factor, factorize, solve
from asyncsoc.kernels.rates import UNIFORM_FLUX, current_density

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_LAMBDA_ITERATIONS = 200
_LAMBDA_TOLERANCE = 1e-13
_LARGEST_MOVE = 0.2


class System(NamedTuple):
    """Operators shared by the members of a batch, nodes in elimination order: K in CSR [m], lumped mass [m3], pattern of L."""

    indptr: Ints
    indices: Ints
    stiffness: Array
    mass: Array
    factor: Factor


class Contact(NamedTuple):
    """Contact nodes of one member: node (elimination order), area [m2], film resistance [ohm m2], and their total area [m2]."""

    nodes: Ints
    areas: Array
    film: Array
    area: float


class Medium(NamedTuple):
    """Material of one member at its temperature: table of `interpolation`, F/(R T) [1/V], alpha, kinetics code, F c_max [C/m3]."""

    x_first: float
    inv_spacing: float
    spacing: float
    coefficients: Array
    f: float
    alpha: float
    kinetics: int
    charge_density: float


class Control(NamedTuple):
    """The constraint current_factor * I + potential_factor * phi_s = target; `series` [ohm] adds to the cell voltage."""

    current_factor: float
    potential_factor: float
    target: float
    series: float


class Workspace(NamedTuple):
    """Scratch arrays of one thread: sizes (nnz L), (n), (s, n), (s), (n contact)."""

    lower: Array
    pivots: Array
    zero: Array
    shift: Array
    diffusivity: Array
    psi: Array
    argument: Array
    rhs: Array
    border: Array
    stages: Array
    stage_lambda: Array
    stage_charge: Array
    current: Array
    current_x: Array
    current_lambda: Array
    potential_x: Array
    ocp: Array
    ocp_x: Array
    i0: Array
    i0_x: Array


@njit(cache=True, error_model="numpy")
def load_contact(contact, medium, x, ws):  # type: ignore[no-untyped-def]
    """Evaluate U, dU/dx, i0, di0/dx on the contact nodes into the workspace."""
    for k in range(contact.nodes.size):
        u, du, i0, di0 = ocp_and_i0(
            x[contact.nodes[k]], medium.x_first, medium.inv_spacing, medium.spacing, medium.coefficients
        )
        ws.ocp[k], ws.ocp_x[k], ws.i0[k], ws.i0_x[k] = u, du, i0, di0


@njit(cache=True, error_model="numpy")
def evaluate_contact(contact, medium, lam, ws):  # type: ignore[no-untyped-def]
    """Evaluate i and its derivatives on the contact; return I [A], dI/dlambda, phi_s [V], dphi_s/dlambda."""
    total, total_lambda = 0.0, 0.0
    if medium.kinetics == UNIFORM_FLUX:
        potential = 0.0
        for k in range(contact.nodes.size):
            share = contact.areas[k] / contact.area
            ws.current[k] = lam / contact.area
            ws.current_x[k] = 0.0
            ws.current_lambda[k] = 1.0 / contact.area
            ws.potential_x[k] = share * ws.ocp_x[k]
            potential += share * ws.ocp[k]
        return lam, 1.0, potential, 0.0
    for k in range(contact.nodes.size):
        i, i_x, i_lam, _ = current_density(
            lam,
            ws.ocp[k],
            ws.ocp_x[k],
            ws.i0[k],
            ws.i0_x[k],
            contact.film[k],
            medium.kinetics,
            medium.f,
            medium.alpha,
        )
        ws.current[k], ws.current_x[k], ws.current_lambda[k] = i, i_x, i_lam
        ws.potential_x[k] = 0.0
        total += contact.areas[k] * i
        total_lambda += contact.areas[k] * i_lam
    return total, total_lambda, lam, 1.0


@njit(cache=True, error_model="numpy")
def solve_lambda(contact, medium, control, x, lam, ws):  # type: ignore[no-untyped-def]
    """Solve the constraint at fixed x by damped Newton; return (converged, lambda, I, phi_s)."""
    load_contact(contact, medium, x, ws)
    converged = False
    total, potential = 0.0, 0.0
    for _ in range(_LAMBDA_ITERATIONS):
        total, total_lambda, potential, potential_lambda = evaluate_contact(contact, medium, lam, ws)
        residual = control.current_factor * total + control.potential_factor * potential - control.target
        slope = control.current_factor * total_lambda + control.potential_factor * potential_lambda
        if medium.kinetics == UNIFORM_FLUX and slope == 0.0:
            return False, lam, total, potential  # a voltage cannot fix a uniform flux without series resistance
        change = -residual / slope
        if medium.kinetics != UNIFORM_FLUX:
            change = min(max(change, -_LARGEST_MOVE), _LARGEST_MOVE)
        if not np.isfinite(change):
            break
        if converged:
            break
        lam += change
        scale = abs(lam) if medium.kinetics == UNIFORM_FLUX else 1.0
        converged = abs(change) <= _LAMBDA_TOLERANCE * scale
    return converged, lam, total, potential


@njit(cache=True, error_model="numpy")
def attempt(system, tableau, contact, medium, control, x, lam, h, ws, x_new):  # type: ignore[no-untyped-def]
    """Try one step of size `h` [s] from (x, lam); fill `x_new`.

    Returns
    -------
    ok : bool
        False where a pivot or a value is not finite.
    lam_new, charge, error : float
        lambda before its final re-solve, charge passed [C], error norm in stoichiometry (the larger of the volume-weighted and the
        contact-weighted root mean square of the embedded difference).
    """
    n = system.mass.size
    nc = contact.nodes.size
    s = tableau.a.shape[0]
    inverse_gh = 1.0 / (tableau.gamma * h)
    for j in range(n):
        _, ws.diffusivity[j] = psi_and_d(
            x[j], medium.x_first, medium.inv_spacing, medium.spacing, medium.coefficients
        )
        ws.shift[j] = system.mass[j] * inverse_gh / ws.diffusivity[j]
        ws.border[j] = 0.0
    load_contact(contact, medium, x, ws)
    _, total_lambda, _, potential_lambda = evaluate_contact(contact, medium, lam, ws)
    row = np.empty(nc)
    total_x = np.empty(nc)
    for k in range(nc):
        node = contact.nodes[k]
        area = contact.areas[k] / medium.charge_density
        ws.shift[node] += area * ws.current_x[k] / ws.diffusivity[node]
        ws.border[node] = area * ws.current_lambda[k]
        total_x[k] = contact.areas[k] * ws.current_x[k]
        row[k] = control.current_factor * total_x[k] + control.potential_factor * ws.potential_x[k]
    if not factorize(
        system.indptr, system.indices, system.stiffness, ws.shift, system.factor, ws.lower, ws.pivots, ws.zero
    ):
        return False, lam, 0.0, np.inf
    solve(system.factor, ws.lower, ws.pivots, ws.border)
    corner = control.current_factor * total_lambda + control.potential_factor * potential_lambda
    for j in range(n):
        ws.border[j] /= ws.diffusivity[j]
    for k in range(nc):
        corner -= row[k] * ws.border[contact.nodes[k]]

    for i in range(s):
        for j in range(n):
            ws.argument[j] = x[j]
            ws.rhs[j] = 0.0
        stage_lam, charge_sum, lambda_free = lam, 0.0, corner != 0.0
        for p in range(i):
            a, c = tableau.a[i, p], tableau.c[i, p] / h
            for j in range(n):
                ws.argument[j] += a * ws.stages[p, j]
                ws.rhs[j] += c * ws.stages[p, j]
            stage_lam += a * ws.stage_lambda[p]
            charge_sum += c * ws.stage_charge[p]
        for j in range(n):
            ws.psi[j], _ = psi_and_d(
                ws.argument[j], medium.x_first, medium.inv_spacing, medium.spacing, medium.coefficients
            )
        load_contact(contact, medium, ws.argument, ws)
        total, _, potential, _ = evaluate_contact(contact, medium, stage_lam, ws)
        for j in range(n):
            flow = 0.0
            for q in range(system.indptr[j], system.indptr[j + 1]):
                flow += system.stiffness[q] * ws.psi[system.indices[q]]
            ws.rhs[j] = system.mass[j] * ws.rhs[j] - flow
        for k in range(nc):
            ws.rhs[contact.nodes[k]] -= contact.areas[k] * ws.current[k] / medium.charge_density
        solve(system.factor, ws.lower, ws.pivots, ws.rhs)
        residual = control.target - control.current_factor * total - control.potential_factor * potential
        for j in range(n):
            ws.rhs[j] /= ws.diffusivity[j]
        for k in range(nc):
            residual -= row[k] * ws.rhs[contact.nodes[k]]
        change = residual / corner if lambda_free else 0.0
        drawn = total + total_lambda * change
        for j in range(n):
            ws.stages[i, j] = ws.rhs[j] - change * ws.border[j]
        for k in range(nc):
            drawn += total_x[k] * ws.stages[i, contact.nodes[k]]
        ws.stage_lambda[i] = change
        ws.stage_charge[i] = (drawn + charge_sum) / inverse_gh

    last = s - 1
    volume, volume_error, finite = 0.0, 0.0, True
    for j in range(n):
        error = ws.stages[last, j]
        x_new[j] = ws.argument[j] + error
        volume += system.mass[j]
        volume_error += system.mass[j] * error * error
        finite = finite and np.isfinite(x_new[j])
    contact_error = 0.0
    for k in range(nc):
        error = ws.stages[last, contact.nodes[k]]
        contact_error += contact.areas[k] * error * error
    charge = ws.stage_charge[last]
    for p in range(last):
        charge += tableau.a[last, p] * ws.stage_charge[p]
    lam_new = stage_lam + ws.stage_lambda[last]
    finite = finite and np.isfinite(lam_new)
    return finite, lam_new, charge, np.sqrt(max(volume_error / volume, contact_error / contact.area))
