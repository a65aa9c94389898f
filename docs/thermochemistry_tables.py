"""Write the tables and the picture of thermochemistry.md: `python docs/thermochemistry_tables.py` (minutes).

Reaction energies under enthalpy and Gibbs energy, and what can be concluded from them. A test holds the page to them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.thermochemistry.cathodes import named_host
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.materials.thermochemistry.curve import compared_curve, reaction_curve, sampled_energies
from asyncsoc.materials.thermochemistry.reactants import reactant
from asyncsoc.materials.thermochemistry.reaction import KINDS, Kind

Array = NDArray[np.float64]

PAGE = Path(__file__).with_name("thermochemistry.md")
PICTURE = PAGE.with_suffix(".png")
UNDER = {"H": ENTHALPY, "G 25": Conditions("gibbs", 298.15), "G 60": Conditions("gibbs", 333.15)}
NAMES = {"LiTFSI": "litfsi", "ECA": "eca", "PEO": "peo", "PEO-LiTFSI": "peo-litfsi", "PEGDA-PECA": "pegda-peca"}
X = (1.0, 0.9, 0.8, 0.6, 0.5, 0.4, 0.3, 0.25)
BADLY, WELL = 0.438, 0.487
"""Stoichiometry at the contact of a poorly and a well covered particle of one mean, from Ni4+/Ni3+ of 1.37 and 1.07."""
DRAWS = 100
_SURE = 0.95
_LEAST = 1.0
"""meV/atom below which a difference is none."""
_MEV = 1000.0
_FALL = 1e-9
_SECTION = re.compile(r"(<!-- table: (?P<name>[\w ]+) -->\n).*?(<!-- end -->\n)", re.DOTALL)

type Column = tuple[Kind, str]
COLUMNS: tuple[Column, ...] = tuple((kind, under) for kind in KINDS for under in UNDER)


@cache
def energy(name: str, kind: Kind, under: str, x: float) -> float:
    """Return a reaction energy [eV/atom]."""
    curve = reaction_curve(named_host("ncm811"), reactant(name), np.array([x]), kind=kind, conditions=UNDER[under])
    return float(curve.energy[0])


def energies() -> Iterator[str]:
    """Return the rows of reaction energies."""
    yield f"| | as | {' | '.join(f'{x:g}' for x in X)} | +- |"
    yield "|---" * (len(X) + 3) + "|"
    for kind in KINDS:
        for title, name in NAMES.items():
            for under, conditions in UNDER.items():
                curve = reaction_curve(
                    named_host("ncm811"), reactant(name), np.array(X), kind=kind, conditions=conditions
                )
                values = " | ".join(f"{value:.3f}" for value in curve.energy)
                deviation = curve.standard_deviation[X.index(0.5)]
                yield f"| {title}, {kind} | {under} | {values} | {deviation:.3f} |"


@cache
def _drawn(name: str, kind: Kind, under: str, x: float) -> Array:
    host = named_host("ncm811")
    return sampled_energies(host, reactant(name), x, samples=DRAWS, seed=1, kind=kind, conditions=UNDER[under])


def _order(one: str, other: str, x: float) -> Callable[[Column], tuple[bool, str]]:
    """Whether `one` is the more reactive, with its lead [meV/atom] and the share of draws in which it is."""

    def told(column: Column) -> tuple[bool, str]:
        lead = _MEV * (energy(one, *column, x) - energy(other, *column, x))
        share = float(np.mean(_drawn(one, *column, x) < _drawn(other, *column, x)))
        return lead < -_LEAST and share >= _SURE, f"{lead:+.0f} ({100.0 * share:.0f} %)"

    return told


def _stronger(name: str, more: float, less: float) -> Callable[[Column], tuple[bool, str]]:
    """Whether the reaction is stronger at the lower of two stoichiometries, and by how much [meV/atom]."""

    def told(column: Column) -> tuple[bool, str]:
        change = _MEV * (energy(name, *column, less) - energy(name, *column, more))
        return change < -_LEAST, f"{change:+.1f}"

    return told


def _monotone(name: str) -> Callable[[Column], tuple[bool, str]]:
    """Whether the reaction gets stronger all the way from x = 1 to 0.25."""

    def told(column: Column) -> tuple[bool, str]:
        x = np.linspace(1.0, 0.25, 16)
        values = np.array([energy(name, *column, round(float(one), 6)) for one in x])
        held = bool((np.diff(values) < _FALL).all())
        return held, "yes" if held else "no"

    return told


def statements() -> dict[str, Callable[[Column], tuple[bool, str]]]:
    """Return what can be concluded, each with how it is told whether it holds under a kind of energy."""
    asked: dict[str, Callable[[Column], tuple[bool, str]]] = {}
    for title, name in NAMES.items():
        asked[f"delithiation makes the reaction with {title} stronger all the way to x = 0.25"] = _monotone(name)
    for x in (0.5, 0.4, 0.3):
        asked[f"LiTFSI is more reactive than ECA at x = {x:g} (difference, share of draws)"] = _order(
            "litfsi", "eca", x
        )
    for title, name in NAMES.items():
        asked[f"the contact of a poorly covered particle reacts more strongly with {title} (change)"] = _stronger(
            name, WELL, BADLY
        )
    asked["PECA is less reactive than PEO at x = 0.5"] = _order("peo", "peca", 0.5)
    asked["PEGDA-PECA as a whole is less reactive than PEO-LiTFSI at x = 0.5"] = _order("peo-litfsi", "pegda-peca", 0.5)
    return asked


def conclusions() -> Iterator[str]:
    """Return the rows of what can be concluded, with a word on which of them hold under both energies."""
    yield f"| conclusion | {' | '.join(f'{kind}, {under}' for kind, under in COLUMNS)} | holds? |"
    yield "|---" * (len(COLUMNS) + 2) + "|"
    for statement, told in statements().items():
        found = {column: told(column) for column in COLUMNS}
        cells = " | ".join(text for _, text in found.values())
        yield f"| {statement} | {cells} | {_word({column: held for column, (held, _) in found.items()})} |"


def _word(held: dict[Column, bool]) -> str:
    """Return which energies a statement survives under; a kind counts where it holds under all of H, G 25 and G 60."""
    if all(held.values()):
        return "under both"
    words = []
    for kind in KINDS:
        under = [name for name in UNDER if held[kind, name]]
        if len(under) == len(UNDER):
            words.append(kind)
        elif under:
            words.append(f"{kind} as {' and '.join(under)}")
    return f"**only under {' and '.join(words)}**" if words else "**no**"


TABLES = {"reaction energies": energies, "conclusions": conclusions}


def written(page: str, names: tuple[str, ...] = tuple(TABLES)) -> str:
    """Return the page with the tables named as they come out now."""

    def table(found: re.Match[str]) -> str:
        if found["name"] not in names:
            return found[0]
        return found[1] + "".join(f"{row}\n" for row in TABLES[found["name"]]()) + found[3]

    return _SECTION.sub(table, page)


def draw(path: Path) -> None:
    """Draw the energies over x with their bands."""
    from asyncsoc.plotting.reaction import save_reaction_figure, stoichiometry_figure

    host = named_host("ncm811")
    x = np.linspace(1.0, 0.0, 41)
    total, mutual = (
        [
            compared_curve(host, reactant(name), x, kind=kind, conditions=Conditions("enthalpy", 333.15))
            for name in ("litfsi", "eca", "peo")
        ]
        for kind in KINDS
    )
    save_reaction_figure(stoichiometry_figure(total, mutual, host.validity), path)


def main() -> int:
    """Write the page and its picture."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    draw(PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
