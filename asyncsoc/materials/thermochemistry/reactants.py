"""The reactants that come with asyncsoc: the lithiated host, salts, monomers, polymers and mixtures of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from asyncsoc.base.errors import unknown_name
from asyncsoc.materials.thermochemistry.loading import (
    PHASE_KEYS,
    known_keys,
    package_data,
    parse_header,
    parse_phase,
    parse_sources,
    text_of,
)
from asyncsoc.materials.thermochemistry.phases import Phase

_HOSTS = frozenset({"ncm811"})
"""Rows that are cathodes, not electrolytes."""
_KEYS = PHASE_KEYS | {"title", "components"}


def _mixture(row: Mapping[str, Any], known: Mapping[str, Phase], source: str, where: str) -> Phase:
    parts = [(known[name], float(amount)) for name, amount in row["components"].items()]
    composition: dict[str, float] = {}
    for phase, amount in parts:
        for element, count in phase.composition.items():
            composition[element] = composition.get(element, 0.0) + amount * count
    return Phase(
        name=text_of(row, "name", where, required=True),
        formula="".join(phase.formula if amount == 1.0 else f"({phase.formula}){amount:g}" for phase, amount in parts),
        composition=composition,
        energy=sum(amount * phase.energy for phase, amount in parts),
        uncertainty=math.hypot(*(amount * phase.uncertainty for phase, amount in parts)),
        temperature=parts[0][0].temperature,
        source=source,
        assumed=True,
        note=text_of(row, "note", where),
        entropy=_mixed_entropy(parts),
        entropy_uncertainty=math.hypot(*(amount * phase.entropy_uncertainty for phase, amount in parts)),
        entropy_source="sum of the parts, entropy of mixing neglected",
        entropy_estimated=any(phase.entropy_estimated for phase, _ in parts),
    )


def _mixed_entropy(parts: list[tuple[Phase, float]]) -> float | None:
    known = [amount * phase.entropy for phase, amount in parts if phase.entropy is not None]
    return sum(known) if len(known) == len(parts) else None


@cache
def _reactants() -> dict[str, Phase]:
    where = "asyncsoc/materials/thermochemistry/data/reactants.json"
    header, rows, temperature = parse_header(package_data("reactants.json"), "reactants", "asyncsoc-reactants", where)
    sources = parse_sources(header, where)
    known: dict[str, Phase] = {}
    for row in rows:
        checked = known_keys(row, _KEYS, where)
        name = text_of(checked, "name", where, required=True)
        source = text_of(checked, "source", where, required=True)
        known[name] = (
            _mixture(checked, known, sources.get(source, source), where)
            if "components" in checked
            else parse_phase({key: checked[key] for key in checked if key != "title"}, sources, temperature, where)
        )
    return known


def reactant_names() -> tuple[str, ...]:
    """Return the names `reactant` knows."""
    return tuple(name for name in _reactants() if name not in _HOSTS)


def lithiated_host(name: str) -> Phase:
    """Return a fully lithiated cathode that comes with asyncsoc, for the files of cathodes."""
    return _reactants()[name]


def reactant(name: str, *, where: str = "reactant") -> Phase:
    """Return an electrolyte that comes with asyncsoc.

    Parameters
    ----------
    name
        'litfsi', 'eca', 'peca', 'peo', 'peo-litfsi' or 'pegda-peca'.

    Raises
    ------
    InputError
        Unknown name; the message lists the known ones.
    """
    if name.lower() not in reactant_names():
        raise unknown_name("reactant", name, reactant_names(), where=where)
    return _reactants()[name.lower()]
