"""What a mesh can say of diffusion at high frequencies, and the mesh that an impedance needs.

Linear elements of a thickness h, with lumped mass, pass a flux into a half space as sqrt(1 + j w h^2/(4 D)) times the
true admittance. Where diffusion is a large part of an impedance the outermost layer must therefore be thin beside
sqrt(D/w); where the double layer takes the current it need not be.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.interpolation import ocp_and_i0_array, psi_and_d_array
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.case import Case
from asyncsoc.geometry.library import first_cell
from asyncsoc.problem.build import prepare
from asyncsoc.problem.electrode_cases import electrode_cases
from asyncsoc.problem.meshing import most_layer_decades
from asyncsoc.problem.system import OrderedSystem

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

RESOLVED = 1e-3
"""Of |Z|: a larger estimated error by the mesh is told."""
_AIM = 0.7 * RESOLVED
_STOICHIOMETRIES = np.linspace(0.3, 0.88, 25)
"""At which a mesh is chosen, as far as they lie in the window; at the end of a discharge U(x) is a wall."""
_EDGES = 1e-3
"""Shares of the window beside its ends, where U(x) of some sets is a wall, that are left out."""


def missing_share(layer: float, diffusivity: ArrayLike, angular_frequency: ArrayLike) -> ComplexArray:
    """Return what the impedance of diffusion lacks on a mesh, over what the mesh gives.

    Parameters
    ----------
    layer
        Thickness of the outermost cells [m].
    diffusivity
        m2/s.
    angular_frequency
        rad/s.
    """
    w = np.asarray(angular_frequency, dtype=np.float64)
    return np.asarray(np.sqrt(1.0 + 1j * w * layer**2 / (4.0 * np.asarray(diffusivity))) - 1.0)


def first_layer(system: OrderedSystem, nodes: NDArray[np.int64], areas: Array, scale: float) -> float:
    """Return the thickness of the outermost cells under a contact [m], from the volumes and areas of its nodes.

    Half of a layer belongs to its outer nodes. The median leaves out nodes at an edge, of whose area the contact is a
    part.
    """
    volumes = system.kernel.mass[system.place[nodes]] * scale**3
    return float(np.median(2.0 * volumes / areas))


def graded_case(case: Case, highest_frequency: float | None = None) -> Case:
    """Return a case whose spheres have meshes fine enough for an impedance, with `particle.layer_decades` set.

    The layer is made thinner by powers of ten until the estimated error of |Z| is below 0.07 % at all frequencies up
    to the highest, over the stoichiometries of the cathode's window between 0.3 and 0.88, at rest and without the film
    of a side reaction. A case that sets `particle.layer_decades` itself, or brings its own mesh, stays as it is.

    Parameters
    ----------
    case
        A particle or an electrode.
    highest_frequency
        Hz; None: of the case.
    """
    if case.particle.shape != "sphere" or case.particle.layer_decades is not None or case.kinetics.imposes_flux:
        return case
    top = case.impedance.highest_frequency if highest_frequency is None else highest_frequency
    w = 2.0 * math.pi * np.logspace(min(-4.0, math.log10(top) - 1.0), math.log10(top), 60)
    ones = electrode_cases(case).cases if case.electrode.described else (case,)
    needed = max(_decades(one, case.impedance.double_layer_capacitance, w) for one in _kinds(ones))
    return case.with_overrides([f"particle.layer_decades={needed}"]) if needed else case


def _kinds(cases: tuple[Case, ...]) -> list[Case]:
    """Return the largest sphere of each model: the others have thinner layers on the same mesh."""
    found: dict[str, Case] = {}
    for one in cases:
        known = found.get(one.model)
        if known is None or (one.particle.radius or 0.0) > (known.particle.radius or 0.0):
            found[one.model] = one
    return list(found.values())


def _decades(case: Case, double_layer: float, w: Array) -> int:
    setup = prepare(case)
    model = setup.member
    constraint = model.constraints[0]
    low, high = setup.cathode.window
    width = high - low
    x = _STOICHIOMETRIES
    x = x[(x > low + _EDGES * width) & (x < high - _EDGES * width)]
    table = model.table_of(constraint)
    _, slope, i0, _ = ocp_and_i0_array(x, table.x_first, table.spacing, table.coefficients)
    d = psi_and_d_array(x, table.x_first, table.spacing, table.coefficients)[1][:, np.newaxis]
    transfer = (GAS_CONSTANT * constraint.temperature / FARADAY / i0)[:, np.newaxis]
    diffusion = np.asarray(-slope[:, np.newaxis] / (FARADAY * model.maximum_concentration * np.sqrt(1j * w * d)))

    outside = model.film_resistance + constraint.series * setup.contact.area

    def behind(lithium: NDArray[Any]) -> ComplexArray:
        return np.asarray(outside + 1.0 / (1j * w * double_layer + 1.0 / (transfer + lithium)))

    layer = first_cell(f"sphere-{case.model}-{case.particle.mesh}") * float(case.particle.radius or 0.0)
    true, most = behind(diffusion), most_layer_decades(case.model)
    for decades in range(most + 1):
        coarse = behind(diffusion / (1.0 + missing_share(layer / 10.0**decades, d, w)))
        if float(np.abs(coarse / true - 1.0).max()) <= _AIM:
            return decades
    return most
