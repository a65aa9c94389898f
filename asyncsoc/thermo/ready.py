"""Reaction-energy tables that come with asyncsoc, so that a run need not solve hundreds of linear programs first.

They are used only while the data they were made from are unchanged; otherwise, and for any other host, the table is
made anew. `scripts/make_reaction_tables.py` writes them.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from asyncsoc.thermo.host import Host
from asyncsoc.thermo.loading import package_data
from asyncsoc.thermo.reactants import reactant
from asyncsoc.thermo.reaction import Kind
from asyncsoc.thermo.table import NODES, ReactionEnergyTable, table_from_nodes, tabulate

FILE = "tables.json"
FORMAT = "asyncsoc-reaction-energy-tables"
_MADE_FROM = ("phases.json", "reactants.json")
_SAME_WORK = 1e-7
_CHECKED = 11


def fingerprint() -> str:
    """Return the SHA-256 of the package's phase table and reactants."""
    digest = hashlib.sha256()
    for name in _MADE_FROM:
        digest.update(resources.files("asyncsoc.thermo").joinpath("data", name).read_bytes())
    return digest.hexdigest()


def sampled_work(host: Host) -> list[float]:
    """Return the integral of U from 0, 0.1, ... 1 to 1 [eV], by which a voltage curve is recognized."""
    return [float(value) for value in host.work(np.linspace(0.0, 1.0, _CHECKED))]


@cache
def _shipped() -> dict[tuple[str, str, str], dict[str, Any]]:
    document = package_data(FILE)
    if document["format"] != FORMAT or document["made from sha256"] != fingerprint():
        return {}
    hosts = document["hosts"]
    return {
        (row["host"], row["reactant"], row["kind"]): {**row, "work": hosts[row["host"]]} for row in document["tables"]
    }


_made: dict[tuple[object, ...], ReactionEnergyTable] = {}
"""Tables made in this process, by host, voltage curve, reactant and kind."""


def ready_table(host: Host, name: str, *, kind: Kind = "total") -> ReactionEnergyTable:
    """Return the reaction-energy table of a host and a reactant that comes with asyncsoc.

    Parameters
    ----------
    host
        The cathode.
    name
        Name of a reactant.
    kind
        'total' or 'mutual'.

    Raises
    ------
    InputError
        Unknown reactant.
    """
    phase = reactant(name)
    work = sampled_work(host)
    row = _shipped().get((host.name, name.lower(), kind))
    if row is None or not np.allclose(work, row["work"], rtol=0.0, atol=_SAME_WORK):
        key = (host.name, *work, name.lower(), kind)
        if key not in _made:
            _made[key] = tabulate(host, phase, kind=kind)
        return _made[key]
    return table_from_nodes(
        np.linspace(0.0, 1.0, NODES),
        np.array(row["energy [eV/atom]"]),
        names=(host.name, phase.name),
        kind=kind,
        validity=host.validity,
        interpolation_error=float(row["interpolation error [eV/atom]"]),
    )
