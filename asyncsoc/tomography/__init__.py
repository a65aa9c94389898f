"""Labelled volumes: read them, measure them, split them into particles and mesh these."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncsoc.tomography.array_volume import from_array as from_array
    from asyncsoc.tomography.load import load_volume as load_volume

_EXPORTS = {
    "from_array": "asyncsoc.tomography.array_volume",
    "load_volume": "asyncsoc.tomography.load",
}
"""What a user calls, and the module that defines it: loaded on first use."""

__all__ = ["from_array", "load_volume"]


def __getattr__(name: str) -> object:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'asyncsoc.tomography' has no attribute {name!r}")
    return getattr(importlib.import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
