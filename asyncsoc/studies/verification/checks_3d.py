"""Checks of the three-dimensional meshes: caps however tilted, many patches, orders on nested meshes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from asyncsoc.contact.directions import spread_directions
from asyncsoc.contact.map import ContactMap
from asyncsoc.contact.patches import patches
from asyncsoc.contact.shapes import cap
from asyncsoc.geometry.ball import ball_mesh
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.studies.verification import closed_forms, runs
from asyncsoc.studies.verification.check import VerificationCheck, compare, within
from asyncsoc.studies.verification.checks_closed import time_label
from asyncsoc.studies.verification.closed_forms import patches_contact_mean, patches_field
from asyncsoc.studies.verification.refine import family, observed_orders
from asyncsoc.studies.verification.runs import Array

COVERAGES = {"default": (1.0, 0.5, 0.25, 0.1, 0.05), "fine": (0.5, 0.1, 0.05)}
STEADY_AT = 3.0
"""The slowest mode, exp(-4.333 tau), has fallen to 2e-6: the pseudo-steady state."""
TIMES = (0.01, 0.05, 0.2, STEADY_AT)
TOLERANCE = 1e-5
"""Of the integrator: adds less than 0.002 % here."""
POLE_PERCENT = 3.0
PERCENT: Mapping[str, Mapping[float, float]] = {
    "default": {0.01: 8.0, 0.05: 4.0, 0.2: 3.0, STEADY_AT: 1.0},
    "fine": {0.01: 3.5, 0.05: 2.0, 0.2: 2.0, STEADY_AT: 1.2},
}
_SMALLEST_STEADY = {"default": 2.0, "fine": 1.2}
"""Allowed in the pseudo-steady state below a coverage of 0.1 [%]."""
AXES = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (1.0, 2.0, 3.0), (-0.3, 0.2, -0.7))
LAYOUTS = ((2, 0.3, 2.0), (6, 0.3, 2.0), (12, 0.2, 4.0))
"""Number of patches, coverage, and error allowed in the pseudo-steady state [% of what one patch alone would have]."""
TILTED_COVERAGE = 0.25
LEVELS = 3


def contact_mean(contact: ContactMap, field: Array) -> float:
    """Return the mean of a field over the contact, weighted with its area."""
    return float(contact.weights @ field / contact.weights.sum())


def cap_checks(mesh: str) -> list[VerificationCheck]:
    """Compare the cap on a built-in mesh with its series: contact mean and pole, growing in time."""
    body = runs.particle(load_builtin(f"sphere-3d-{mesh}"))
    pole = int(np.argmax(body.mesh.points[:, 2]))
    contacts = [cap(body.mesh, coverage) for coverage in COVERAGES[mesh]]
    checks = []
    histories = runs.excess_histories(body, contacts, TIMES, TOLERANCE)
    for coverage, contact, fields in zip(COVERAGES[mesh], contacts, histories, strict=True):
        for tau, field in zip(TIMES, fields, strict=True):
            small = tau == STEADY_AT and coverage < 0.1
            percent = _SMALLEST_STEADY[mesh] if small else PERCENT[mesh][tau]
            case = f"3-D {mesh}, cap f = {coverage:g}, {time_label(tau)}"
            reference = closed_forms.cap_contact_mean(tau, coverage)
            value = contact_mean(contact, field)
            checks.append(within(f"{case}: asynchrony [J R/D]", value, reference, percent))
            reference = closed_forms.cap_pole(tau, coverage)
            checks.append(within(f"{case}: pole minus mean [J R/D]", float(field[pole]), reference, POLE_PERCENT))
    return checks


def patches_checks() -> list[VerificationCheck]:
    """Compare many patches with the closed form: contact mean, and the centre and the farthest point of the patches."""
    body = runs.particle(load_builtin("sphere-3d-default"))
    times = (0.05, STEADY_AT)
    axis = np.array([0.0, 0.0, 1.0])
    contacts = [patches(body.mesh, coverage, n) for n, coverage, _ in LAYOUTS]
    checks = []
    histories = runs.excess_histories(body, contacts, times, TOLERANCE)
    for (n, coverage, percent), contact, fields in zip(LAYOUTS, contacts, histories, strict=True):
        centers = spread_directions(n, axis)
        unit = body.mesh.points / runs.RADIUS
        surface = np.unique(body.mesh.facets)
        nearest = (unit[surface] @ centers.T).max(axis=1)
        nodes = {"at a patch's centre": int(surface[nearest.argmax()]), "far from all": int(surface[nearest.argmin()])}
        for tau, field in zip(times, fields, strict=True):
            case = f"3-D default, {n} patches, f = {coverage:g}, {time_label(tau)}"
            reference = patches_contact_mean(centers, tau, coverage)
            alone = closed_forms.cap_contact_mean(tau, coverage / n) / n
            tolerance = 0.01 * (percent if tau == STEADY_AT else 2.0 * percent) * alone
            value = contact_mean(contact, field)
            note = "patches share one lithium content: the error allowed is a share of one patch's own asynchrony"
            checks.append(compare(f"{case}: asynchrony [J R/D]", value, reference, tolerance, note))
            for where, node in nodes.items():
                place = unit[node] / np.linalg.norm(unit[node])
                exact = float(patches_field(place[None], centers, tau, coverage)[0])
                tolerance = 0.01 * POLE_PERCENT * reference
                checks.append(
                    compare(f"{case}: difference to the mean {where} [J R/D]", float(field[node]), exact, tolerance)
                )
    return checks


def nested_meshes() -> tuple[ParticleMesh, ...]:
    """Return nested 3-D meshes of the unit sphere, the spacing halved from one to the next."""
    return tuple(family(ball_mesh(3, 0.14, 2.0), LEVELS))


def tilted_means(mesh: ParticleMesh, tau: float) -> list[float]:
    """Return the contact-mean excess of one cap about each of `AXES`."""
    body = runs.particle(mesh)
    contacts = [cap(body.mesh, TILTED_COVERAGE, axis) for axis in AXES]
    histories = runs.excess_histories(body, contacts, [tau], TOLERANCE)
    return [contact_mean(contact, fields[0]) for contact, fields in zip(contacts, histories, strict=True)]


def tilt_and_order_checks() -> list[VerificationCheck]:
    """Tilt a cap on nested meshes: the answer changes by less than its error, and both fall at one order."""
    tau = 0.2
    exact = closed_forms.cap_contact_mean(tau, TILTED_COVERAGE)
    errors, differences, checks = [], [], []
    for level, mesh in enumerate(nested_meshes(), 1):
        means = tilted_means(mesh, tau)
        errors.append(exact - means[0])
        differences.append(max(abs(mean - means[0]) for mean in means[1:]))
        checks.append(
            compare(
                f"3-D, level {level}: asynchrony of tilted caps minus that of the upright one [J R/D]",
                differences[-1],
                0.0,
                abs(errors[-1]),
                "the discretization error of the upright cap is allowed",
            )
        )
    found = {"asynchrony of a cap": errors, "difference between tilted and upright cap": differences}
    for words, values in found.items():
        order = float(np.mean(observed_orders(values)))
        name = f"order in space, 3-D, {words}, f = {TILTED_COVERAGE:g}, tau = {tau:g}"
        low, high = (1.4, 2.2) if values is errors else (1.0, 3.5)
        checks.append(compare(name, order, 0.5 * (low + high), 0.5 * (high - low), "h^2 ln(1/h) expected"))
    return checks


GROUPS: tuple[tuple[str, Callable[[], list[VerificationCheck]]], ...] = (
    ("3-D, default mesh: cap against its series", partial(cap_checks, "default")),
    ("3-D, default mesh: patches against their closed form", partial(patches_checks)),
    ("3-D, nested meshes: tilted caps and orders", partial(tilt_and_order_checks)),
    ("3-D, fine mesh: cap against its series", partial(cap_checks, "fine")),
)
"""What `asyncsoc verify --3d` adds."""
