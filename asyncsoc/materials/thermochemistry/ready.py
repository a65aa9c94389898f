"""Reaction-energy tables that come with asyncsoc, so that a run need not solve hundreds of linear programs first.

They are used only while the data they were made from are unchanged; otherwise, and for any other host, the table is
made anew. `scripts/make_reaction_tables.py` writes them.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from asyncsoc.base.hashing import sha256_of
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions, Energy
from asyncsoc.materials.thermochemistry.host import Host
from asyncsoc.materials.thermochemistry.loading import package_data
from asyncsoc.materials.thermochemistry.phases import Phase, PhaseTable
from asyncsoc.materials.thermochemistry.reactants import reactant
from asyncsoc.materials.thermochemistry.reaction import Kind
from asyncsoc.materials.thermochemistry.table import NODES, ReactionEnergyTable, table_from_nodes, tabulate

FILE = "tables.json"
FORMAT = "asyncsoc-reaction-energy-tables"
_MADE_FROM = ("phases.json", "reactants.json")
_SAME_WORK = 1e-7
_SAME_TEMPERATURE = 0.01
SHIPPED = (ENTHALPY, Conditions("gibbs", 298.15), Conditions("gibbs", 333.15))
"""Conditions of the tables that come with asyncsoc."""
_CHECKED = 11


def fingerprint() -> str:
    """Return the SHA-256 of the package's phase table and reactants."""
    data = resources.files("asyncsoc.materials.thermochemistry").joinpath("data")
    return sha256_of(*(data.joinpath(name).read_bytes() for name in _MADE_FROM))


def sampled_work(host: Host) -> list[float]:
    """Return the integral of U from 0, 0.1, ... 1 to 1 [eV], by which a voltage curve is recognized."""
    return [float(value) for value in host.work(np.linspace(0.0, 1.0, _CHECKED))]


type _Key = tuple[str, str, str, Energy, float]


def _key(host: str, name: str, kind: str, conditions: Conditions) -> _Key:
    steps = 0.0 if conditions.energy == "enthalpy" else round(conditions.temperature / _SAME_TEMPERATURE)
    return host, name.lower(), kind, conditions.energy, steps


@cache
def _shipped() -> dict[_Key, dict[str, Any]]:
    document = package_data(FILE)
    if document["format"] != FORMAT or document["made from sha256"] != fingerprint():
        return {}
    hosts = document["hosts"]
    return {
        _key(row["host"], row["reactant"], row["kind"], Conditions(row["energy"], row["temperature [K]"])): {
            **row,
            "work": hosts[row["host"]],
        }
        for row in document["tables"]
    }


_made: dict[tuple[object, ...], ReactionEnergyTable] = {}
"""Tables made in this process, by host, reactant, phases, kind, conditions and voltage curve."""


def ready_table(
    host: Host,
    electrolyte: str | Phase,
    *,
    kind: Kind = "total",
    conditions: Conditions = ENTHALPY,
    phases: PhaseTable | None = None,
) -> ReactionEnergyTable:
    """Return the reaction-energy table of a host and a reactant: the one that comes with asyncsoc, or a new one.

    Parameters
    ----------
    host
        The cathode.
    electrolyte
        Name of a reactant, or a reactant of one's own.
    kind
        'total' or 'mutual'.
    conditions
        Enthalpy or Gibbs energy, and at what temperature; those of `SHIPPED` need not be solved for.
    phases
        The phases that may form; None: those that come with asyncsoc. Other ones are solved for.

    Raises
    ------
    InputError
        Unknown reactant, an element in no phase, an entropy that Gibbs energies need and that is not known.
    """
    phase = reactant(electrolyte) if isinstance(electrolyte, str) else electrolyte
    work = sampled_work(host)
    known = _key(host.name, phase.name, kind, conditions)
    row = _shipped().get(known) if isinstance(electrolyte, str) and phases is None else None
    if row is None or not np.allclose(work, row["work"], rtol=0.0, atol=_SAME_WORK):
        key = (*known, *work, _content(phase), None if phases is None else tuple(map(_content, phases.phases)))
        if key not in _made:
            _made[key] = tabulate(host, phase, kind=kind, conditions=conditions, phases=phases)
        return _made[key]
    return table_from_nodes(
        np.linspace(0.0, 1.0, NODES),
        np.array(row["energy [eV/atom]"]),
        names=(host.name, phase.name),
        kind=kind,
        validity=host.validity,
        interpolation_error=float(row["interpolation error [eV/atom]"]),
        conditions=conditions,
    )


def _content(phase: Phase) -> tuple[object, ...]:
    """Return what a reaction energy depends on of a phase."""
    return phase.name, tuple(sorted(phase.composition.items())), phase.energy, phase.entropy, phase.temperature
