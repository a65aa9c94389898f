"""Checks of layers through the thickness of an electrode: closed forms of current and salt, PyBaMM's DFN, balances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.case import Case
from asyncsoc.materials.nmc532_xu2019 import XU
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.salt import IN_SEPARATOR, SALT
from asyncsoc.simulation.results.layers import CURRENT, ELECTROLYTE, SHARE
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.verification.check import VerificationCheck, compare, within
from asyncsoc.studies.verification.layer_references import DFN, PorousElectrode

_COUNT, _EXCHANGE_CURRENT = 40, 0.5
"""Layers, and i0 [A/m2], of the electrode with linear kinetics."""
_SALT_CURRENT, _SLOW = 0.5, 5e-3
"""Share of the current of the other checks, and i0 [A/m2], with which a steady profile of the salt forms."""


def linear_layer_checks() -> list[VerificationCheck]:
    """Compare where the current enters an electrode of linear kinetics at first with Newman and Tobias' closed form."""
    checks = []
    for what, ionic, electronic in (("poor electrolyte", 2e-3, 10.0), ("both poor", 2e-3, 1e-2)):
        loading = DFN.active * DFN.thickness * XU.density
        surface = 3.0 * DFN.active / DFN.radius
        slope = _EXCHANGE_CURRENT * FARADAY / (GAS_CONSTANT * DFN.temperature)
        exact = PorousElectrode(DFN.thickness, ionic, electronic, surface * slope)
        solution = simulate(
            _layered(
                [f"Charge at {DFN.current:.12g} A for 1 second"],
                layers=_COUNT,
                loading=loading,
                ionic_conductivity=ionic,
                electronic_conductivity=electronic,
                lithium="0 ohm cm2",
                separator={"thickness": 0.0, "conductivity": 1.0},
            ).with_overrides(["kinetics.model=linear", f"kinetics.exchange_current_density={_EXCHANGE_CURRENT}"])
        )
        shares = solution.layers[SHARE].values[:, 0]
        density = DFN.current / DFN.area
        drop = float(solution.columns[names.VOLTAGE][0] - XU.open_circuit_potential(np.array([DFN.start]))[0])
        title, note = f"{_COUNT} layers, linear kinetics, {what}", f"closed form, nu = {exact.nu:.3g}"
        error = float(np.abs(_COUNT * (shares - exact.shares(_COUNT))).max())
        checks += [
            compare(f"{title}: largest error of a layer's current [mean current]", error, 0.0, 2e-3, note),
            within(f"{title}: resistance [ohm m2]", drop / density, exact.resistance, 0.1, note),
        ]
    return checks


def dfn_layer_checks() -> list[VerificationCheck]:
    """Compare a charge of twenty layers with PyBaMM's half-cell DFN, and check its balances."""
    minutes = DFN.times[0] / 60.0
    solution = simulate(
        _layered(
            [f"Charge at {DFN.current:.12g} A for {DFN.times[-1]:g} s ({minutes:g} minute period)"],
            layers=DFN.layers,
            loading=DFN.active * DFN.thickness * XU.density,
            ionic_conductivity=DFN.ionic * DFN.electrolyte**1.5,
            electronic_conductivity=DFN.electronic * (1.0 - DFN.electrolyte) ** 1.5,
            lithium={"exchange_current_density": DFN.lithium},
            separator={"thickness": DFN.separator, "conductivity": DFN.ionic * DFN.pores**1.5},
        )
    )
    times, title = solution.columns[names.TIME], f"{DFN.layers} layers, charge"
    rows = [int(np.abs(times - time).argmin()) for time in DFN.times]
    miss = solution.columns[names.VOLTAGE][rows] - np.array(DFN.voltage)
    row = int(np.abs(times - DFN.profile_time).argmin())
    profile = solution.layers[ELECTROLYTE].values[:, row] - np.array(DFN.profile)
    span = max(DFN.profile) - min(DFN.profile)
    note = "PyBaMM 26.10.1.1, half-cell DFN, Xu2019, 200 points along the radius"
    return [
        compare(f"{title}: voltage, root mean square [V]", float(np.sqrt((miss**2).mean())), 0.0, 3e-5, note),
        compare(f"{title}: voltage, largest difference [V]", float(np.abs(miss).max()), 0.0, 6e-5, note),
        compare(
            f"{title}: electrolyte potential, largest difference over its span",
            float(np.abs(profile).max()) / span,
            0.0,
            1e-3,
            note,
        ),
        *_balances(title, solution),
    ]


def salt_layer_checks() -> list[VerificationCheck]:
    """Compare a steady profile of the salt with its closed form: a line in the separator, a parabola in the electrode.

    With D, t+ and kappa constant and a current i that enters the electrode evenly, since its kinetics are slow,
    D_eff dc/dz = (1 - t+) i_e/F, where i_e is i in the separator and falls linearly to 0 through the electrode; the
    amount of salt stays.
    """
    electrolyte, pores, d, t, rest = DFN.electrolyte, DFN.pores, 2e-11, 0.25, 1000.0
    properties = {
        "concentration": rest,
        "diffusivity": d,
        "transference_number": t,
        "thermodynamic_factor": 1.0,
        "conductivity": {"c": [1.0, 4000.0], "kappa": [1.0, 1.0]},
        "volume_fraction": electrolyte,
        "separator_volume_fraction": pores,
        "separator_nodes": DFN.layers,
        "exchange_exponent": 0.0,
    }
    solution = simulate(
        _layered(
            [f"Charge at {_SALT_CURRENT * DFN.current:.12g} A for 20 minutes"],
            layers=DFN.layers,
            loading=DFN.active * DFN.thickness * XU.density,
            ionic_conductivity=100.0,
            electronic_conductivity=1000.0,
            lithium="0 ohm cm2",
            separator={"thickness": DFN.separator, "conductivity": 100.0},
            salt="concentrated",
            salt_properties=properties,
        ).with_overrides(["kinetics.model=linear", f"kinetics.exchange_current_density={_SLOW}"])
    )
    slope = (1.0 - t) * _SALT_CURRENT * DFN.current / DFN.area / (FARADAY * d)
    in_separator, in_electrode = slope / pores**1.5, slope / electrolyte**1.5
    length, separator = DFN.thickness, DFN.separator
    z = (np.arange(DFN.layers) + 0.5) / DFN.layers
    # relative to the boundary of separator and electrode; the amount of salt gives the level
    left, right = in_separator * separator * (z - 1.0), in_electrode * length * (z - 0.5 * z**2)
    moved = pores * separator * (-0.5 * in_separator * separator) + electrolyte * length * in_electrode * length / 3.0
    level = rest - moved / (pores * separator + electrolyte * length)
    profiles = solution.layers
    found = [profiles[name].values[:, -1] for name in (IN_SEPARATOR, SALT)]
    span = float(right[-1] - left[0])
    error = max(float(np.abs(found[0] - level - left).max()), float(np.abs(found[1] - level - right).max()))
    volumes = pores * separator / DFN.layers, electrolyte * length / DFN.layers
    held = [volumes[0] * profiles[IN_SEPARATOR].values.sum(axis=0) + volumes[1] * profiles[SALT].values.sum(axis=0)]
    title = f"{DFN.layers} layers with a salt, steady"
    return [
        compare(f"{title}: concentration, largest difference over its span", error / span, 0.0, 1e-3, "closed form"),
        compare(f"{title}: change of the amount of salt", float(np.ptp(held[0]) / held[0][0]), 0.0, 1e-10),
    ]


def _balances(title: str, solution: Solution) -> list[VerificationCheck]:
    current = solution.layers[CURRENT].values.sum(axis=0)
    asked = float(np.abs(current[1:] / DFN.current - 1.0).max())
    lithium = max(float(one.columns[names.BALANCE].max()) for one in solution.particle_runs)
    return [
        compare(f"{title}: currents of the layers less that of the step, over it", asked, 0.0, 1e-10),
        compare(f"{title}: lithium balance error of a particle [c_max V]", lithium, 0.0, 1e-10),
    ]


def _layered(steps: list[str], **electrode: Any) -> Case:
    return Case.from_dict(
        {
            "electrode": {
                "model": "layers",
                "thickness": DFN.thickness,
                "composition": [100, 0, 0],
                "area": DFN.area,
                "coverage": 1.0,
                "radius": DFN.radius,
                **electrode,
            },
            "material": {"name": XU.name},
            "electrolyte": {"name": "liquid-lipf6"},
            "protocol": {"temperature": DFN.temperature, "initial_stoichiometry": DFN.start, "steps": steps},
            "solver": {"tolerance": 1e-5},
        }
    )


GROUPS: tuple[tuple[str, Callable[[], list[VerificationCheck]]], ...] = (
    ("layers of linear kinetics", linear_layer_checks),
    ("layers against PyBaMM's DFN", dfn_layer_checks),
    ("layers with a salt", salt_layer_checks),
)
