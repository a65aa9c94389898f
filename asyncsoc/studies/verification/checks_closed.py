"""Checks of the default meshes and the integrator against closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from asyncsoc.base.units import GAS_CONSTANT
from asyncsoc.contact.shapes import belt, cap, full
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.measure import facet_areas
from asyncsoc.interface.laws.linear import Linear
from asyncsoc.materials.registry import DEFAULT_CATHODE, DEFAULT_ELECTROLYTE, cathode, electrolyte
from asyncsoc.materials.tables import tabulate
from asyncsoc.studies.verification import closed_forms, runs
from asyncsoc.studies.verification.check import VerificationCheck, within
from asyncsoc.studies.verification.mixed import cap_linear_kinetics
from asyncsoc.studies.verification.steady import small_cap_contact_mean, small_cap_isothermal

COVERAGES = (1.0, 0.75, 0.5, 0.25, 0.1, 0.05)
BELTS = (0.5, 0.25, 0.1)
STEADY_AT = 3.0
"""The slowest mode, exp(-4.333 tau), has fallen to 2e-6: the pseudo-steady state."""
TIMES = (0.01, 0.05, 0.2, STEADY_AT)
TOLERANCE = 1e-7
CONTACT_PERCENT, POINT_PERCENT, BELT_PERCENT = 0.2, 1.0, 0.5
_SMALL = 0.0025
_ISOTHERMAL = 0.01
_NEARLY_INFINITE = 1e5


def time_label(tau: float) -> str:
    """Return how a check names its time [R^2/D]."""
    return "pseudo-steady" if tau == STEADY_AT else f"tau = {tau:g}"


def _mean(weights: np.ndarray, field: np.ndarray) -> float:
    return float(weights @ field / weights.sum())


def radial_checks() -> list[VerificationCheck]:
    """Compare the fully covered sphere on the radial mesh with Crank's series."""
    body = runs.particle(load_builtin("sphere-radial-default"))
    contact = full(body.mesh)
    fields = runs.excess_histories(body, [contact], TIMES, TOLERANCE)[0]
    return [
        within(
            f"radial, full contact, {time_label(tau)}: surface minus mean [J R/D]",
            _mean(contact.weights, field),
            float(closed_forms.full_sphere(1.0, tau)),
            CONTACT_PERCENT,
        )
        for tau, field in zip(TIMES, fields, strict=True)
    ]


def cap_checks() -> list[VerificationCheck]:
    """Compare the cap on the default axisymmetric mesh with its series: contact mean and pole, growing in time."""
    body = runs.particle(load_builtin("sphere-axisymmetric-default"))
    pole = int(np.argmax(body.mesh.points[:, 1]))
    contacts = [cap(body.mesh, coverage) for coverage in COVERAGES]
    checks = []
    for coverage, contact, fields in zip(
        COVERAGES, contacts, runs.excess_histories(body, contacts, TIMES, TOLERANCE), strict=True
    ):
        for tau, field in zip(TIMES, fields, strict=True):
            case = f"cap f = {coverage:g}, {time_label(tau)}"
            reference = closed_forms.cap_contact_mean(tau, coverage)
            mean = _mean(contact.weights, field)
            checks.append(within(f"{case}: asynchrony [J R/D]", mean, reference, CONTACT_PERCENT))
            reference = closed_forms.cap_pole(tau, coverage)
            checks.append(within(f"{case}: pole minus mean [J R/D]", float(field[pole]), reference, POINT_PERCENT))
    return checks


def belt_checks() -> list[VerificationCheck]:
    """Compare the belt with its Legendre series: contact mean and equator."""
    body = runs.particle(load_builtin("sphere-axisymmetric-default"))
    equator = int(np.argmax(body.mesh.points[:, 0]))
    contacts = [belt(body.mesh, coverage) for coverage in BELTS]
    checks = []
    for coverage, contact, fields in zip(
        BELTS, contacts, runs.excess_histories(body, contacts, TIMES, TOLERANCE), strict=True
    ):
        for tau, field in zip(TIMES, fields, strict=True):
            case = f"belt f = {coverage:g}, {time_label(tau)}"
            reference = closed_forms.belt_contact_mean(tau, coverage)
            mean = _mean(contact.weights, field)
            checks.append(within(f"{case}: asynchrony [J R/D]", mean, reference, BELT_PERCENT))
            value, reference = float(field[equator]), closed_forms.belt_equator(tau, coverage)
            checks.append(within(f"{case}: equator minus mean [J R/D]", value, reference, POINT_PERCENT))
    return checks


def small_disc_checks() -> list[VerificationCheck]:
    """Compare small caps with the laws of a disc on a half-space, each with the sphere's first correction."""
    body = runs.particle(load_builtin("sphere-axisymmetric-default"))
    contact = cap(body.mesh, _SMALL)
    field = runs.excess_histories(body, [contact], [STEADY_AT], TOLERANCE)[0][0]
    uniform = within(
        f"small disc, f = {_SMALL:g}, uniform flux: asynchrony [J R/D]",
        _mean(contact.weights, field),
        small_cap_contact_mean(_SMALL),
        1.0,
        "8 / (3 pi^2 a D) and the sphere's first correction; the law itself is right to 0.1 % at this size",
    )
    coverage = _coverage_at_a_node(body, _ISOTHERMAL)
    driving, _, _ = linear_cap(body, coverage, _NEARLY_INFINITE)
    isothermal = within(
        f"small disc, f = {coverage:.4f}, one concentration: surface minus mean [J R/D]",
        driving,
        small_cap_isothermal(coverage),
        2.0,
        "1 / (4 a D) and the sphere's first corrections; the edge's r^(1/2) leaves a first-order error",
    )
    return [uniform, isothermal]


def linear_kinetics_checks() -> list[VerificationCheck]:
    """Compare finite linear kinetics on a cap with the Legendre-Galerkin solution of the mixed problem."""
    body = runs.particle(load_builtin("sphere-axisymmetric-default"))
    checks = []
    for coverage, biot in ((0.5, 10.0), (0.1, 1.0), (0.1, 10.0)):
        driving, mean, pole = linear_cap(body, coverage, biot)
        reference = cap_linear_kinetics(coverage, biot)
        case = f"linear kinetics, cap f = {coverage:g}, k R/D = {biot:g}, pseudo-steady"
        checks += [
            within(f"{case}: driving force [J R/D]", driving, reference.driving, CONTACT_PERCENT),
            within(f"{case}: asynchrony [J R/D]", mean, reference.contact_mean, CONTACT_PERCENT),
            within(f"{case}: pole minus mean [J R/D]", pole, reference.pole, POINT_PERCENT),
        ]
    return checks


def linear_cap(body: runs.MeshedSphere, coverage: float, biot: float) -> tuple[float, float, float]:
    """Return driving force, contact mean and pole [J R / D] under linear kinetics with the Biot number k R / D.

    A material whose potential falls by 1 V per unit of x makes i = i0 F/(R T) (phi - U) linear in the concentration,
    with k = i0 F/(R T) 1 V / (F c_max).
    """
    material = replace(cathode(DEFAULT_CATHODE), open_circuit_potential=lambda x: 4.2 - x)
    transfer = biot * runs.DIFFUSIVITY / runs.RADIUS
    exchange = transfer * material.maximum_concentration * GAS_CONSTANT * runs.TEMPERATURE
    table = tabulate(
        material,
        electrolyte(DEFAULT_ELECTROLYTE),
        runs.TEMPERATURE,
        diffusivity=runs.DIFFUSIVITY,
        exchange_current_density=exchange,
    )
    contact = cap(body.mesh, coverage)
    constraints = runs.constant_current(runs.unit_current(), [STEADY_AT], body.mass)
    member = replace(runs.member_of(body, contact, constraints, table, TOLERANCE), kinetics=Linear())
    state = runs.run_members(body, [member])[0][1]
    field = runs.excess(body, state)
    mean = float(body.mass @ state.x / body.mass.sum())
    pole = int(np.argmax(body.mesh.points[:, 1]))
    return (mean - (4.2 - state.potential)) / runs.UNIT, _mean(contact.weights, field), float(field[pole])


def _coverage_at_a_node(body: runs.MeshedSphere, coverage: float) -> float:
    """Return the coverage nearest to `coverage` at which the cap's edge passes through a node."""
    areas = facet_areas(body.mesh)
    heights = body.mesh.points[body.mesh.facets][:, :, 1].mean(axis=1)
    covered = np.cumsum(areas[np.argsort(-heights)]) / math.fsum(areas)
    return float(covered[np.argmin(np.abs(covered - coverage))])
