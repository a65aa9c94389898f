"""Imports the documentation once showed go on working, and say where the module is now."""

from __future__ import annotations

import importlib
import sys

import pytest

from asyncsoc.base.moved_modules import MOVED

SHOWN = [
    ("asyncsoc.errors", "AsyncsocError"),
    ("asyncsoc.units", "from_si"),
    ("asyncsoc.simulation.risk_study", "study_risk"),
    ("asyncsoc.simulation.films", "film_line"),
    ("asyncsoc.risk.pictures", "risk_picture"),
    ("asyncsoc.drawing.risk", "film_figure"),
    ("asyncsoc.drawing.tomography", "section_figure"),
    ("asyncsoc.drawing.reaction", "save_reaction_figure"),
    ("asyncsoc.drawing.surface", "surface_figure"),
    ("asyncsoc.report.pictures", "keep"),
    ("asyncsoc.report.layouts", "charge_layouts"),
    ("asyncsoc.report.demo", "run_demo"),
    ("asyncsoc.sweep.collecting", "collect"),
    ("asyncsoc.sweep.plan", "Plan"),
    ("asyncsoc.sweep.running", "run_sweep"),
    ("asyncsoc.thermo.reaction", "KINDS"),
    ("asyncsoc.thermo.reactants", "reactant"),
    ("asyncsoc.thermo.curve", "reaction_curve"),
    ("asyncsoc.thermo.conditions", "Conditions"),
    ("asyncsoc.thermo.cathodes", "named_host"),
    ("asyncsoc.experiments.summary", "summary"),
    ("asyncsoc.experiments.pictures", "charged_figure"),
    ("asyncsoc.experiments.particle_set", "charge_set"),
    ("asyncsoc.verification.suite", "run_checks"),
    ("asyncsoc.tomography.particle", "FACET_TAGS"),
    ("asyncsoc.tomography.particle", "TaggedParticle"),
    ("asyncsoc.tomography.particle_reader", "read_particle"),
    ("asyncsoc.tomography.particle_writer", "write_particle"),
]


@pytest.mark.parametrize(("module", "name"), SHOWN)
def test_an_old_name_warns_and_works(module: str, name: str) -> None:
    sys.modules.pop(module, None)
    with pytest.warns(DeprecationWarning, match="is asyncsoc[.].* now") as warned:
        old = importlib.import_module(module)
    present = str(warned[-1].message).split()[2]
    assert old is importlib.import_module(present)
    assert old.__spec__ is not None
    assert old.__spec__.name == present
    assert hasattr(old, name)


def test_every_new_name_exists() -> None:
    for present in MOVED.values():
        importlib.import_module(present)


@pytest.mark.filterwarnings("ignore:asyncsoc.sweep is:DeprecationWarning")
def test_what_never_was_there_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"asyncsoc\.sweep\.nothing"):
        importlib.import_module("asyncsoc.sweep.nothing")
