"""The parameters behind a run, with their sources; which of them are assumed, and what depends on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from asyncsoc.base.errors import AsyncsocError
from asyncsoc.case.case import Case
from asyncsoc.materials.types import Parameter
from asyncsoc.problem.case_parameters import case_parameters
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.results.provenance import source_sha256
from asyncsoc.studies.report.content import Block, Cell, PageTable, PageText

LITHIUM, VOLTAGE, DECOMPOSITION = "lithium", "voltage", "decomposition"
"""What charts show: states of charge; potentials; film, rate and risk. The kinetics decide how current spreads over a
contact, so that states of charge depend on the electrolyte's exchange current density too."""
_SECTIONS = {
    LITHIUM: ("electrode", "electrolyte", "material"),
    VOLTAGE: ("electrode", "electrolyte", "material"),
    DECOMPOSITION: ("side reaction", "reactant", "phases", "electrode", "electrolyte", "material"),
}
_BOUNDS = ("lowest", "highest")
"""Limits of x end a step or are reported: no curve depends on their values before."""


@dataclass(frozen=True)
class ListedParameters:
    """The parameters of a run by section; `missing` says why there are none."""

    sections: dict[str, tuple[Parameter, ...]] = field(default_factory=dict)
    coupled: bool = False
    missing: str = ""
    other_version: bool = False

    @classmethod
    def of(cls, run: RunData) -> ListedParameters:
        """Return the parameters of a run's case, as this version of asyncsoc lists them."""
        other = run.provenance.get("source sha256") not in (None, source_sha256())
        try:
            return replace(cls.of_case(_case_of(_with_a_case(run))), other_version=other)
        except AsyncsocError as error:
            return cls(missing=f"{error.what} ({error.where})" if error.where else error.what, other_version=other)

    @classmethod
    def of_case(cls, case: Case) -> ListedParameters:
        """Return the parameters of a case.

        Raises
        ------
        InputError
            Its side reaction cannot be made of what it says.
        """
        return cls(case_parameters(case), case.side_reaction.mode == "coupled")

    def assumed(self, what: str) -> tuple[str, ...]:
        """Return the names of the assumed parameters that curves of this kind depend on."""
        sections = _SECTIONS[DECOMPOSITION if self.coupled else what]
        return tuple(
            one.name
            for section in sections
            for one in self.sections.get(section, ())
            if one.assumed and not one.name.startswith(_BOUNDS)
        )


def _with_a_case(run: RunData) -> RunData:
    """Return a run that holds a case: of particles that were given one by one, the first of them."""
    return run if case_of_all(run) else run.particle_runs[0]


def case_of_all(run: RunData) -> bool:
    """Return whether one case describes the whole run, as it does not where particles were given one by one."""
    return not (run.particle_runs and "particles" in run.case)


def _case_of(run: RunData) -> Case:
    """Return a run's case; where its mesh is no longer there, the same of a sphere, which has the same parameters."""
    where = f"the case of {run.name}"
    try:
        return Case.from_text(run.case_toml, source=where)
    except AsyncsocError:
        keys = {key: dict(value) if isinstance(value, dict) else value for key, value in run.case.items()}
        keys["particle"], keys["contact"] = {"shape": "sphere"}, {"kind": "full"}
        return Case.from_dict(keys)


def parameter_blocks(runs: Sequence[tuple[str, RunData]]) -> tuple[Block, ...]:
    """Return tables of the parameters of runs; runs that share all of them share a table."""
    return parameter_tables([(name, ListedParameters.of(run)) for name, run in runs])


def parameter_tables(every: Sequence[tuple[str, ListedParameters]]) -> tuple[Block, ...]:
    """Return tables of parameters, those that are the same once, with what is wrong about them before."""
    blocks: list[Block] = []
    if any(listed.other_version for _, listed in every):
        blocks.append(
            PageText(
                "A result on this page was computed by another version of the source code than the one that wrote "
                "the page; parameters are listed as the latter has them.",
                "warning",
            )
        )
    seen: dict[str, list[str]] = {}
    for name, listed in every:
        if listed.missing:
            blocks.append(PageText(f"The parameters of {name} cannot be listed: {listed.missing}.", "warning"))
            continue
        key = repr(listed.sections)
        if key in seen:
            seen[key].append(name)
            continue
        seen[key] = [name]
        blocks.append(_table(name, listed))
    for names in seen.values():
        if len(names) > 1:
            blocks.append(PageText(f"{', '.join(names[1:])}: the same parameters as {names[0]}."))
    return tuple(blocks)


def _table(name: str, listed: ListedParameters) -> PageTable:
    rows = [(section, one) for section, every in listed.sections.items() for one in every]
    marked = frozenset(k for k, (_, one) in enumerate(rows) if one.assumed)
    heads = ("Section", "Parameter", "Value", "Unit", "Source", "Note")
    cells: list[tuple[Cell, ...]] = [(s, one.name, one.value, one.unit, one.source, one.note) for s, one in rows]
    note = f"{len(marked)} of {len(rows)} are assumed: they have no source, or one for another material or condition."
    return PageTable(f"Parameters of {name}", heads, tuple(cells), marked, note)
