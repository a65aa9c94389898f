"""Who is to be cited for the parameters of a case."""

from __future__ import annotations

from asyncsoc.case.case import Case
from asyncsoc.materials.bibliography import BibliographyEntry, comment, entries_of, software_entry
from asyncsoc.materials.sources import ASSUMED
from asyncsoc.materials.thermochemistry.loading import default_phase_table
from asyncsoc.materials.types import Parameter
from asyncsoc.problem.case_parameters import case_parameters, phase_parameters
from asyncsoc.problem.case_side_reaction import reactant_phase


def case_bibliography(case: Case, version: str) -> list[BibliographyEntry]:
    """Return the entries of asyncsoc, in the version given, and of the publications a case's parameters are from.

    Raises
    ------
    InputError
        The parameters cannot be made of what the case says.
    """
    return [software_entry(version), *entries_of(_parameters(case))]


def without_source(case: Case) -> list[str]:
    """Return the names of the case's parameters that are assumed."""
    return list(dict.fromkeys(row.name for row in _parameters(case) if row.assumed or row.source == ASSUMED))


def _parameters(case: Case) -> list[Parameter]:
    """Return all parameters of a case, those of its reaction energies among them."""
    rows = [row for section in case_parameters(case).values() for row in section]
    section = case.side_reaction
    if section.mode == "off" or section.energies or section.driving_force == "potential":
        return rows
    given = {row.name for row in rows}
    phases = [reactant_phase(case)]
    if section.phases is None:
        phases += default_phase_table().phases
    energies = [row for phase in phases for row in phase_parameters(phase)]
    return [*rows, *(row for row in energies if row.name not in given)]


def as_bibtex(entries: list[BibliographyEntry], assumed: list[str]) -> str:
    """Return a BibTeX file: the entries, and a comment that names the parameters without a source."""
    texts = [str(entry) for entry in entries]
    if assumed:
        texts.append(comment(assumed, "assumed: "))
    return "\n\n".join(texts) + "\n"
