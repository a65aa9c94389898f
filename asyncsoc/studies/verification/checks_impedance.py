"""Checks of the impedance: a covered sphere, a patch of uniform flux, parts, Kramers and Kronig, films."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.case import Case
from asyncsoc.materials.registry import DEFAULT_CATHODE, cathode
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.impedance.eis_simulation import EISSimulation
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.verification.check import VerificationCheck, compare
from asyncsoc.studies.verification.impedance import cap_transfer, full_transfer

_X, _TEMPERATURE, _RADIUS, _D, _I0, _C = 0.55, 333.15, 7.5e-6, 1e-14, 0.5, 0.2
_FREQUENCIES = np.geomspace(1e-4, 1e3, 36)
_STEP = 1e-5
_SLOW = 15
"""Frequencies, up to 0.06 Hz."""


def impedance_checks() -> list[VerificationCheck]:
    """Compare spectra at rest with closed forms, and a charged particle's with what it must obey."""
    sphere = EISSimulation(_case()).solve(_FREQUENCIES, at="initial")
    apart = np.abs((sphere.impedance - sphere.parts["separator"]) / _closed(1.0, _I0) - 1.0)
    slow = 1e-3
    covered: dict[str, dict[str, Any]] = {
        "contact": {"kind": "cap", "coverage": 0.3},
        "kinetics": {"exchange_current_density": slow},
    }
    cap = EISSimulation(_case(particle={"layer_decades": 1}, **covered))  # lithium's small part alone is compared
    patch = cap.solve(_FREQUENCIES[:_SLOW], at="initial")
    lithium = patch.parts["diffusion"] + patch.parts["constriction"]
    expected = (_closed(0.3, slow) - _closed(0.3, slow, diffusion=False))[:_SLOW]
    charged = simulate(
        _case(
            contact={"kind": "cap", "coverage": 0.3},
            side_reaction={"mode": "coupled"},
            protocol={"initial_stoichiometry": 0.8, "steps": ["Charge at C/5 for 1 hour"]},
        )
    )
    frozen = charged.impedance(_FREQUENCIES)
    recorded = float(charged.columns[names.INTERFACE_RESISTANCE][-1])
    sphere_note = "charge transfer and tanh s/(s - tanh s) beside the double layer, 36 frequencies from 1e-4 to 1e3 Hz"
    return [
        compare(
            "impedance of a covered sphere: largest relative difference", float(apart.max()), 0.0, 1e-3, sphere_note
        ),
        compare(
            "impedance of a cap f = 0.3, slow kinetics: lithium's part, largest relative difference up to 0.06 Hz",
            float(np.abs(lithium / expected - 1.0).max()),
            0.0,
            5e-3,
            "series of Legendre functions for uniform flux",
        ),
        compare(
            "impedance of a charging cap with film: interface resistance over that of the run",
            frozen.interface_resistance / recorded,
            1.0,
            1e-6,
            "recorded while the run was integrated",
        ),
        compare(
            "impedance of a charging cap with film: largest Kramers-Kronig residual over |Z|",
            float(np.abs(frozen.kramers_kronig()).max()),
            0.0,
            2e-3,
            "least squares with resistances beside capacitances",
        ),
    ]


def _case(**changes: dict[str, Any]) -> Case:
    sections: dict[str, Any] = {
        "particle": {"radius": _RADIUS},
        "contact": {"kind": "full"},
        "material": {"diffusivity": _D},
        "kinetics": {"exchange_current_density": _I0},
        "protocol": {"temperature": _TEMPERATURE, "initial_stoichiometry": _X, "steps": ["Rest for 1 hour"]},
        "impedance": {"double_layer_capacitance": _C},
    }
    for name, keys in changes.items():
        sections[name] = {**sections.get(name, {}), **keys}
    return Case.from_dict(sections)


def _closed(coverage: float, i0: float, *, diffusion: bool = True) -> np.ndarray[Any, np.dtype[np.complex128]]:
    """Return the closed form of a sphere with uniform flux over a cap (F,) [ohm]; charge transfer alone on demand."""
    material = cathode(DEFAULT_CATHODE)
    x = np.array([_X - _STEP, _X + _STEP])
    low, high = np.asarray(material.open_circuit_potential(x)).tolist()
    w, area = 2.0 * math.pi * _FREQUENCIES, 4.0 * math.pi * _RADIUS**2
    s = 1j * w * _RADIUS**2 / _D
    transfer = full_transfer(s) if coverage == 1.0 else cap_transfer(s, coverage)
    slope = (high - low) / (2.0 * _STEP)
    lithium = -slope * _RADIUS / (FARADAY * material.maximum_concentration * _D * area) * transfer
    kinetic = GAS_CONSTANT * _TEMPERATURE / FARADAY / i0 / (area * coverage)
    return np.asarray(1.0 / (1j * w * _C * area * coverage + 1.0 / (kinetic + (lithium if diffusion else 0.0))))
