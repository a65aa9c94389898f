"""Simulate lithium in single cathode particles that an electrolyte covers only in part.

Importing the package loads nothing heavy: its names are loaded on first use, and h5py before a dolfinx that is
imported later, for they hold two builds of HDF5.
"""

from __future__ import annotations

import importlib

from asyncsoc.base.environment import keep_h5py_first
from asyncsoc.base.moved_modules import install, keep_names
from asyncsoc.base.version import installed_version

# Public name -> the module that defines it; `__init__.pyi` says the same to type checkers.
_EXPORTS = {
    "AsyncsocWarning": "asyncsoc.base.notices",
    "Case": "asyncsoc.case.case",
    "Contact": "asyncsoc.case.contact",
    "ContactCorrectedModel": "asyncsoc.studies.contact_corrected.model",
    "EISSimulation": "asyncsoc.simulation.impedance.eis_simulation",
    "Electrode": "asyncsoc.case.electrode",
    "Electrolyte": "asyncsoc.case.chemistry",
    "Grains": "asyncsoc.case.grains",
    "Impedance": "asyncsoc.case.impedance",
    "ImpedanceSpectrum": "asyncsoc.simulation.impedance.spectrum",
    "ImportedParameters": "asyncsoc.case.imported",
    "Kinetics": "asyncsoc.case.kinetics",
    "Material": "asyncsoc.case.chemistry",
    "MeasuredCurve": "asyncsoc.studies.calibration.measured",
    "Measurement": "asyncsoc.studies.calibration.measurement",
    "Output": "asyncsoc.case.schedule",
    "Particle": "asyncsoc.case.particle",
    "Protocol": "asyncsoc.case.schedule",
    "Reactant": "asyncsoc.case.reactant",
    "SideReaction": "asyncsoc.case.side_reaction",
    "Solution": "asyncsoc.simulation.results.solution",
    "Solver": "asyncsoc.case.schedule",
    "calibrate": "asyncsoc.studies.calibration.calibrate",
    "contact_corrected_model": "asyncsoc.studies.contact_corrected.correct",
    "estimate": "asyncsoc.studies.verification.estimate_case",
    "estimate_electrode": "asyncsoc.studies.verification.estimate_electrode",
    "import_bpx": "asyncsoc.case.imported",
    "import_pybamm": "asyncsoc.case.imported",
    "plot": "asyncsoc.simulation.comparison",
    "plot_heatmap": "asyncsoc.studies.sweep.heatmap",
    "read_bdf": "asyncsoc.protocol.battery_data_format",
    "report": "asyncsoc.studies.report.call",
    "simulate": "asyncsoc.simulation.run",
    "simulate_particles": "asyncsoc.simulation.particle_group",
    "sweep": "asyncsoc.studies.sweep.call",
}
# Rooms that are used by name: `asyncsoc.tomography.from_array`.
_ROOMS = ("tomography",)

__all__ = ["__version__", *_EXPORTS, *_ROOMS]  # noqa: PLE0604 - names of strings, all of them

keep_h5py_first()
install()
keep_names(__name__, _EXPORTS)


def __getattr__(name: str) -> object:
    if name == "__version__":
        return globals().setdefault(name, installed_version())
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    try:
        module = _EXPORTS[name]
    except KeyError:
        raise AttributeError(_unknown(name)) from None
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def _unknown(name: str) -> str:
    from asyncsoc.base.errors import nearest_name

    nearest = None if name.startswith("_") else nearest_name(name, (*_EXPORTS, *_ROOMS))
    hint = f"; did you mean {nearest}?" if nearest else ""
    return f"module 'asyncsoc' has no attribute {name!r}{hint}"


def __dir__() -> list[str]:
    return sorted(__all__)
