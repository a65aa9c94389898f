"""A sweep: a base case and a design, written to a manifest; its cases validated and hashed before anything runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import write_text
from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.plain_data import from_text, plain, to_text
from asyncsoc.case.case import Case
from asyncsoc.case.overrides import apply_overrides
from asyncsoc.case.reading import read_toml, with_folder
from asyncsoc.interface.rate_laws import has_no_effect
from asyncsoc.problem.body import mesh_key
from asyncsoc.problem.electrode_cases import electrode_cases
from asyncsoc.simulation.results.provenance import source_sha256
from asyncsoc.studies.sweep.case_builder import CaseBuilder
from asyncsoc.studies.sweep.design import Design, DesignOptions, make_design
from asyncsoc.studies.sweep.keys import check_profiles
from asyncsoc.studies.sweep.validated_cases import BatchGroup, ValidatedCases

MANIFEST = "manifest.json"
CASES = "cases.npz"
FORMAT = "asyncsoc sweep"
VERSION = 1
Keep = Literal["summary", "curves", "fields"]
KEEPS: tuple[Keep, ...] = ("summary", "curves", "fields")
"""Headline numbers and ends of steps; curves as well; a result file per case as well."""


def raw_keys(case: Case | str | Path) -> dict[str, Any]:
    """Return a base case as raw keys; a file may lack what is varied, and have names in braces in its steps.

    Raises
    ------
    InputError
        The file cannot be read, or the particle or a profile is made of arrays, which workers cannot be handed.
    """
    if not isinstance(case, Case):
        return base_keys(Path(case))
    if case.particle.shape == "arrays":
        raise InputError(
            "a sweep needs a particle that every worker can read",
            where="particle.shape",
            value="arrays",
            next_step="write it to a file: case.particle.saved('particle.vtu')",
        )
    check_profiles(case.protocol)
    found: dict[str, Any] = plain({"name": case.name, **case.model_dump(exclude_unset=True)})
    return found


def base_keys(path: Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """Return the raw keys of a case file with overrides; what is varied may be missing in it.

    Raises
    ------
    InputError
        The file cannot be read, or an override is wrong.
    """
    keys = with_folder(read_toml(path), path.parent.absolute())  # workers may run elsewhere
    return apply_overrides({"name": path.stem[:100], **keys}, overrides, Case)


def check_kinetics(design: Design, model: str) -> None:
    """Refuse a design that varies what the rate law does not read.

    Raises
    ------
    InputError
        It does.
    """
    for key in design.keys:
        unread = has_no_effect(key.removeprefix("kinetics."), model)
        if key.startswith("kinetics.") and unread is not None and not {"kinetics.model", "kinetics"} & {*design.keys}:
            raise InputError(unread, where="--vary", value=key, next_step="set kinetics.model, or vary it too")


@dataclass(frozen=True)
class Plan:
    """The plan of a sweep.

    Attributes
    ----------
    name
        Names the results.
    base
        The base case as raw keys.
    design
        What is varied.
    keep
        What is kept of each case.
    generation
        Counts the times the sweep was begun anew in its folder: records of earlier ones are not taken for results.
    extra
        What a sensitivity analysis has to remember.
    """

    name: str
    base: Mapping[str, Any]
    design: Design
    keep: Keep = "curves"
    generation: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, case: Case, *vary: str, keep: Keep = "curves", **wanted: Any) -> Self:
        """Return the plan that varies a case: ``Plan.of(case, "contact.coverage=0.1:1:10", replicas=5)``.

        Parameters
        ----------
        case
            The base case.
        vary
            Axes and ranges, as after `--vary`.
        keep
            What is kept of each case.
        wanted
            Other fields of `design.DesignOptions`: sample, replicas, table, seed.

        Raises
        ------
        InputError
            An axis is wrong, or the particle or a profile is made of arrays, which workers cannot be handed.
        """
        base = raw_keys(case)
        design = make_design(DesignOptions(vary, **wanted), base)
        check_kinetics(design, case.kinetics.model)
        return cls(case.name, base, design, keep)

    @cached_property
    def builder(self) -> CaseBuilder:
        """Builds the cases."""
        return CaseBuilder(self.base, self.design.keys)

    def case(self, number: int) -> Case:
        """Return case `number`.

        Raises
        ------
        InputError
            It is wrong.
        """
        return self.builder.build(self.design.values(number))

    @cached_property
    def sha256(self) -> str:
        """Hash over base and design: what is computed."""
        content = {"base": plain(self.base), "design": self.design.to_dict()}
        return sha256_of(json.dumps(content, sort_keys=True))

    @property
    def validation_key(self) -> str:
        """Key of the stored validated cases: this plan, and these sources of asyncsoc, which make the hashes."""
        return f"{self.sha256} {source_sha256()}"

    def validate(self, progress: Callable[[int, int], None] | None = None) -> ValidatedCases:
        """Build, validate and hash every case.

        Raises
        ------
        InputError
            A case is wrong; the message has its values.
        """
        count = len(self.design)
        hashes, group_of = np.empty(count, dtype="S64"), np.empty(count, dtype=np.int32)
        groups: dict[BatchGroup, int] = {}
        for number in range(count):
            case = self.case(number)
            hashes[number] = case.hash.encode()
            if case.electrode.described:
                electrode_cases(case)  # what cannot be drawn is said before anything runs
                group = BatchGroup("electrode", "electrode", 0.0)
            else:
                group = BatchGroup(case.model, *mesh_key(case))
            group_of[number] = groups.setdefault(group, len(groups))
            if progress is not None and number % 256 == 0:
                progress(number, count)
        return ValidatedCases(hashes, tuple(groups), group_of)

    def validated_cases(self, folder: Path, progress: Callable[[int, int], None] | None = None) -> ValidatedCases:
        """Return the validated cases stored in `folder`, or validate and store them: half a million cases take minutes.

        Raises
        ------
        InputError
            A case is wrong.
        """
        kept = ValidatedCases.load(folder / CASES, self.validation_key)
        if kept is not None and len(kept.hashes) == len(self.design):
            return kept
        made = self.validate(progress)
        if folder.is_dir():
            made.save(folder / CASES, self.validation_key)
        return made

    def write(self, folder: Path) -> Path:
        """Write the manifest in one step and return its path.

        Raises
        ------
        InputError
            The folder cannot be written to.
        """
        path = folder / MANIFEST
        document = {
            "format": FORMAT,
            "version": VERSION,
            "name": self.name,
            "sweep sha256": self.sha256,
            "cases": len(self.design),
            "keep": self.keep,
            "generation": self.generation,
            "extra": plain(self.extra),
            "base": plain(self.base),
            "design": self.design.to_dict(),
        }
        write_text(path, to_text(document), "the sweep cannot be saved here")
        return path

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the plan whose manifest lies in `folder`.

        Raises
        ------
        InputError
            There is none, or it is damaged.
        """
        path = folder / MANIFEST
        if not path.is_file():
            raise InputError(
                "there is no sweep in this directory", where=str(folder), next_step="asyncsoc sweep CASE.toml -o DIR"
            )
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"the manifest cannot be read: {error}", where=str(path)) from error
        document = from_text(text, where=str(path))
        if not isinstance(document, dict) or document.get("format") != FORMAT or document.get("version") != VERSION:
            raise InputError("this is no manifest of a sweep this version reads", where=str(path))
        try:
            plan = cls(
                name=document["name"],
                base=document["base"],
                design=Design.from_dict(document["design"]),
                keep=document["keep"],
                generation=int(document["generation"]),
                extra=document["extra"],
            )
            sound = isinstance(plan.base, dict) and isinstance(plan.extra, dict) and plan.keep in KEEPS
            sha256 = plan.sha256
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InputError(f"the manifest is damaged: {type(error).__name__}: {error}", where=str(path)) from error
        if not sound or sha256 != document.get("sweep sha256"):
            raise InputError("the manifest is damaged: base or design were changed", where=str(path))
        return plan
