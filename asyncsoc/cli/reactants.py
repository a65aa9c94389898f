"""Reactants that a command names: one that comes with asyncsoc, or one of the user's own in a TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asyncsoc.base.errors import InputError

if TYPE_CHECKING:
    from asyncsoc.case.reactant import OwnPhase, Reactant


def named_or_own(name: str, *, where: str) -> tuple[str | Reactant, tuple[OwnPhase, ...]]:
    """Return a reactant, and the phases that its file adds to the table.

    Parameters
    ----------
    name
        A name, or the path of a TOML file: a case, its [side_reaction] alone, or the keys of a reactant (and phases).
    where
        The option, for messages.

    Raises
    ------
    InputError
        The file cannot be read, or what it says is wrong.
    """
    if not name.endswith(".toml"):
        return name, ()
    from asyncsoc.case.case import Case
    from asyncsoc.case.reading import read_toml, with_folder

    keys = read_toml(Path(name))
    if "side_reaction" not in keys and "formula" in keys:
        phases = {"phases": keys.pop("phases")} if "phases" in keys else {}
        keys = {"side_reaction": {"reactant": keys, **phases}}
    keys = {"protocol": {"steps": ["Rest for 1 hour"]}, **keys}
    section = Case.from_dict(with_folder(keys, Path(name).parent), source=name).side_reaction
    if section.reactant is None:
        raise InputError(
            "the file names no reactant",
            where=f"{where} {name}",
            allowed="a case with side_reaction.reactant, or the keys of a reactant: formula, formation_enthalpy, ...",
        )
    return section.reactant, section.phases or ()
