"""Checks of the observed orders: in space for smooth fields and at the contact's edge, in time for the integrator."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from asyncsoc.contact.shapes import cap, full
from asyncsoc.discretization.assembly import assemble
from asyncsoc.geometry.mesh import Coordinates, ParticleMesh
from asyncsoc.geometry.sphere import axisymmetric_mesh, radial_mesh
from asyncsoc.interface.laws.butler_volmer import ButlerVolmer
from asyncsoc.materials.registry import DEFAULT_CATHODE, DEFAULT_ELECTROLYTE, cathode, electrolyte
from asyncsoc.materials.tables import tabulate
from asyncsoc.studies.verification import closed_forms, runs
from asyncsoc.studies.verification.check import VerificationCheck, compare
from asyncsoc.studies.verification.manufactured import free_decay, manufactured
from asyncsoc.studies.verification.refine import family, observed_orders
from asyncsoc.studies.verification.runs import Array

LEVELS = 4
STEEPNESS = 2.0
EDGE_COVERAGE = 0.25
_KINDS: tuple[Coordinates, ...] = ("radial", "axisymmetric")
_NOMINAL = 4.0


@lru_cache(maxsize=4)
def nested_meshes(kind: Coordinates, levels: int = LEVELS) -> tuple[ParticleMesh, ...]:
    """Return nested meshes of the unit sphere, the spacing halved from one to the next."""
    if kind == "radial":
        return tuple(family(radial_mesh(20, 0.05), levels))
    return tuple(family(axisymmetric_mesh(surface_spacing=0.2, first_cell=0.15, max_spacing=0.25), levels))


def _norm(mass: Array, error: Array) -> float:
    """Return the L2 norm of nodal errors with the lumped mass, over the volume."""
    return math.sqrt(float(mass @ error**2) / float(mass.sum()))


def steady_potential(mesh: ParticleMesh, load: Array) -> tuple[Array, Array]:
    """Solve K psi = load less its mean; return psi without mean, and the lumped mass."""
    operators = assemble(mesh)
    mass, n = operators.mass, len(operators.mass)
    stiffness = sp.csr_matrix((operators.stiffness, operators.indices, operators.indptr), shape=(n, n))
    balanced = load - mass * (load.sum() / mass.sum())
    solve = splu((stiffness + sp.diags(1e-8 * mass)).tocsc()).solve
    psi = solve(balanced)
    psi += solve(balanced - stiffness @ psi)
    return psi - float(mass @ psi) / float(mass.sum()), mass


def manufactured_error(mesh: ParticleMesh, steepness: float) -> float:
    """Return the L2 error of the stationary manufactured solution with D = exp(b (x - 1/2))."""
    solution = manufactured(mesh.coordinates, steepness)
    points = mesh.points
    surface = full(mesh).surface_weights
    outside = surface > 0.0
    mass = assemble(mesh).mass
    load = -mass * solution.diffusion(points, 0.0)
    load[outside] += surface[outside] * solution.inflow(points[outside], 0.0)
    psi, mass = steady_potential(mesh, load)
    exact = solution.exact(points, 0.0)
    psi += float(mass @ solution.potential(exact)) / float(mass.sum())
    return _norm(mass, solution.inverse_potential(psi) - exact)


def decay_error(mesh: ParticleMesh) -> float:
    """Return the L2 error of a freely decaying mode carried by the integrator to tau = 0.05."""
    body, tau = runs.particle(mesh), 0.05
    mode = free_decay(0 if mesh.coordinates == "radial" else 2)
    points = body.mesh.points / runs.RADIUS
    constraints = runs.constant_current(0.0, [tau], body.mass)
    member = runs.member_of(body, full(body.mesh), constraints, runs.constant_table(), 1e-9)
    member = replace(member, x=mode.exact(points, 0.0, mesh.coordinates))
    state = runs.run_members(body, [member])[0][1]
    return _norm(body.mass, state.x - mode.exact(points, tau, mesh.coordinates))


def space_order_checks() -> list[VerificationCheck]:
    """Observe the order in space of smooth fields on nested meshes: 2 in L2."""
    checks = []
    for kind in _KINDS:
        meshes = nested_meshes(kind)
        for steepness, words in ((0.0, "constant D"), (STEEPNESS, "D varying sevenfold per unit x")):
            order = observed_orders([manufactured_error(mesh, steepness) for mesh in meshes])[-1]
            name = f"order in space, {kind}, manufactured solution, {words}: L2"
            checks.append(compare(name, float(order), 2.0, 0.1))
        order = observed_orders([decay_error(mesh) for mesh in meshes])[-1]
        checks.append(compare(f"order in space, {kind}, free decay through the integrator: L2", float(order), 2.0, 0.1))
    return checks


def edge_order_checks() -> list[VerificationCheck]:
    """Observe the reduced orders at the edge of a cap, where the flux jumps and the field varies as r ln r."""
    meshes = nested_meshes("axisymmetric", LEVELS + 1)
    largest, contact_mean = [], []
    for mesh in meshes:
        radius = float(np.linalg.norm(mesh.points, axis=1).max())
        contact = cap(mesh, EDGE_COVERAGE)
        field, mass = steady_potential(mesh, contact.weights * (4.0 * math.pi / contact.area))
        rho = np.linalg.norm(mesh.points, axis=1)
        mu = np.divide(mesh.points[:, 1], rho, out=np.ones_like(rho), where=rho > 0.0)
        error = field - closed_forms.cap_field(rho / radius, np.clip(mu, -1.0, 1.0), math.inf, EDGE_COVERAGE)
        largest.append(float(np.abs(error - float(mass @ error) / float(mass.sum())).max()))
        mean = float(contact.weights @ field) / contact.area
        contact_mean.append(abs(mean - closed_forms.cap_contact_mean(math.inf, EDGE_COVERAGE)))
    steps = LEVELS - 1
    note = "averaged over the three finest refinements"
    return [
        compare(
            f"order in space at the edge of a cap, f = {EDGE_COVERAGE:g}: largest nodal error",
            math.log2(largest[1] / largest[-1]) / steps,
            1.0,
            0.15,
            f"h ln(1/h) expected; {note}",
        ),
        compare(
            f"order in space with the edge of a cap, f = {EDGE_COVERAGE:g}: asynchrony",
            math.log2(contact_mean[1] / contact_mean[-1]) / steps,
            1.75,
            0.25,
            f"h^2 ln(1/h) expected; {note}",
        ),
    ]


def time_order_checks() -> list[VerificationCheck]:
    """Observe the integrator's order with equal steps: cap, Butler-Volmer kinetics, varying D.

    A tolerance without effect makes each of the equal protocol steps one step.
    """
    mesh = axisymmetric_mesh(surface_spacing=0.05, first_cell=0.03, max_spacing=0.15)
    body = runs.particle(mesh)
    contact = cap(body.mesh, 0.3)
    table = tabulate(
        cathode(DEFAULT_CATHODE),
        electrolyte(DEFAULT_ELECTROLYTE),
        runs.TEMPERATURE,
        diffusivity=lambda x, _: runs.DIFFUSIVITY * np.exp(STEEPNESS * (x - runs.START)),
    )
    current = 4.0 * runs.unit_current()

    def states(durations: list[float], x: Array, tolerance: float) -> list[Array]:
        constraints = runs.constant_current(current, durations, body.mass)
        member = runs.member_of(body, contact, constraints, table, tolerance)
        found = runs.run_members(body, [replace(member, kinetics=ButlerVolmer(), x=x)])[0]
        return [found[number].x for number in range(1, len(durations) + 1)]

    begin, reference = states([0.1, 0.4], np.full(len(body.mass), 0.7), 1e-12)
    errors = [_norm(body.mass, states([0.4 / n] * n, begin, 1e6)[-1] - reference) for n in (4, 8, 16)]
    order = float(observed_orders(errors)[-1])
    return [compare("order in time, axisymmetric, Butler-Volmer, varying D: L2 (rodas4p2)", order, _NOMINAL, 0.15)]
