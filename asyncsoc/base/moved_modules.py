"""Modules the documentation once showed under another name: the old name is still imported, and says the new one."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Collection, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "asyncsoc.drawing": "asyncsoc.plotting",
    "asyncsoc.errors": "asyncsoc.base.errors",
    "asyncsoc.experiments": "asyncsoc.studies.particle_sets",
    "asyncsoc.experiments.charged_files": "asyncsoc.studies.particle_sets.files",
    "asyncsoc.experiments.particle_set": "asyncsoc.studies.particle_sets.charge",
    "asyncsoc.fem": "asyncsoc.discretization",
    "asyncsoc.kernels.contact": "asyncsoc.kernels.constraint",
    "asyncsoc.kernels.controller": "asyncsoc.kernels.step_control",
    "asyncsoc.kernels.interpolation": "asyncsoc.base.interpolation",
    "asyncsoc.kernels.observing": "asyncsoc.kernels.reductions",
    "asyncsoc.kernels.rates": "asyncsoc.interface.rates",
    "asyncsoc.kernels.reaction": "asyncsoc.materials.thermochemistry.kernels",
    "asyncsoc.kinetics": "asyncsoc.interface",
    "asyncsoc.kinetics.rates": "asyncsoc.interface.reference_rates",
    "asyncsoc.kinetics.tables": "asyncsoc.materials.tables",
    "asyncsoc.observables": "asyncsoc.recorders",
    "asyncsoc.problem.constraints": "asyncsoc.protocol.constraints",
    "asyncsoc.report": "asyncsoc.studies.demo",
    "asyncsoc.report.demo": "asyncsoc.studies.demo.report",
    "asyncsoc.report.layouts": "asyncsoc.studies.layouts",
    "asyncsoc.results": "asyncsoc.simulation.results",
    "asyncsoc.risk": "asyncsoc.studies.risk",
    "asyncsoc.simulation.films": "asyncsoc.studies.risk.films",
    "asyncsoc.simulation.risk_study": "asyncsoc.studies.risk.study",
    "asyncsoc.sweep": "asyncsoc.studies.sweep",
    "asyncsoc.sweep.collecting": "asyncsoc.studies.sweep.export",
    "asyncsoc.sweep.running": "asyncsoc.studies.sweep.run",
    "asyncsoc.thermo": "asyncsoc.materials.thermochemistry",
    "asyncsoc.tomography.particle": "asyncsoc.geometry.labels",
    "asyncsoc.tomography.particle_reader": "asyncsoc.geometry.particle_files",
    "asyncsoc.tomography.particle_writer": "asyncsoc.geometry.particle_files",
    "asyncsoc.units": "asyncsoc.base.units",
    "asyncsoc.verification": "asyncsoc.studies.verification",
}
"""Old name: new name. What lies in a package that moved is found there under its own name."""


def new_name(name: str) -> str | None:
    """Return where a module is now, None where it has not moved."""
    if name in MOVED:
        return MOVED[name]
    package, _, rest = name.rpartition(".")
    moved = MOVED.get(package)
    return None if moved is None else f"{moved}.{rest}"


class _Finder:
    """Hands the module of the new name out under the old one: one module, two names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith("asyncsoc.") or new_name(fullname) is None:
            return None
        return ModuleSpec(fullname, self)  # type: ignore[arg-type]  # all that importing asks of a loader is there

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        present = new_name(spec.name) or spec.name
        try:
            module = importlib.import_module(present)
        except ModuleNotFoundError as error:
            if error.name != present:
                raise
            raise ModuleNotFoundError(f"No module named {spec.name!r}", name=spec.name) from None
        warnings.warn(f"{spec.name} is {present} now", DeprecationWarning, stacklevel=2)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the import system has put the old name's in its place


def install() -> None:
    """Let the old names be imported."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def keep_names(package: str, names: Collection[str]) -> None:
    """Keep what a package calls by `names` from being covered by moved modules of the same name.

    `asyncsoc.sweep` was a module and is a function: importing `asyncsoc.sweep.plan` must not cover it.
    """

    class Package(ModuleType):
        """A package whose public names no submodule takes."""

        def __setattr__(self, name: str, value: object) -> None:
            if not (name in names and isinstance(value, ModuleType)):
                super().__setattr__(name, value)

    sys.modules[package].__class__ = Package
