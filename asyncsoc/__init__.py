"""Lithium in single NCM811 particles that touch their electrolyte over part of their surface.

Importing the package loads h5py (which must precede dolfinx) and nothing heavier: its names are loaded on first use.
"""

from __future__ import annotations

import importlib

from asyncsoc._bootstrap import h5py_first

__version__ = "0.1.0"

# Public name -> the module that defines it. Add a line to export another one.
_EXPORTS = {
    "Case": "asyncsoc.case",
    "Contact": "asyncsoc.case",
    "Cycle": "asyncsoc.case",
    "Electrolyte": "asyncsoc.case",
    "Kinetics": "asyncsoc.case",
    "Material": "asyncsoc.case",
    "Output": "asyncsoc.case",
    "Particle": "asyncsoc.case",
    "Protocol": "asyncsoc.case",
    "SideReaction": "asyncsoc.case",
    "Solver": "asyncsoc.case",
    "Solution": "asyncsoc.results",
    "estimate": "asyncsoc.verification",
    "simulate": "asyncsoc.simulation",
}

__all__ = ["__version__", *_EXPORTS]  # noqa: PLE0604 - names of strings, all of them

h5py_first()


def __getattr__(name: str) -> object:
    try:
        module = _EXPORTS[name]
    except KeyError:
        raise AttributeError(f"module 'asyncsoc' has no attribute {name!r}") from None
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_EXPORTS})
