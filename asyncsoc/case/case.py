"""The case: everything one run depends on, validated and hashed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError, field_validator, model_validator

from asyncsoc.base.display import Rows
from asyncsoc.base.errors import InputError
from asyncsoc.base.hashing import sha256_of
from asyncsoc.base.paths import path_of
from asyncsoc.case.chemistry import MATERIAL_KEYS_ADDED, MATERIAL_PROPERTIES, Electrolyte, Material
from asyncsoc.case.contact import Contact
from asyncsoc.case.contact_fit import MODELS, Model, cheapest_model, contact_problems
from asyncsoc.case.electrode import Electrode
from asyncsoc.case.electrode_fit import electrode_problems
from asyncsoc.case.fields import refusal
from asyncsoc.case.impedance import Impedance
from asyncsoc.case.kinetics import Kinetics
from asyncsoc.case.notebook_table import case_table
from asyncsoc.case.overrides import apply_overrides
from asyncsoc.case.particle import Particle
from asyncsoc.case.problems import input_error
from asyncsoc.case.reading import read_toml, tables, with_folder
from asyncsoc.case.schedule import Output, Protocol, Solver
from asyncsoc.case.section import Section
from asyncsoc.case.side_reaction import SideReaction
from asyncsoc.case.writing import to_toml
from asyncsoc.interface.rate_laws import rate_law_names
from asyncsoc.materials.registry import OWN, electrolyte
from asyncsoc.protocol.grammar import format_step, parse_step

_HASH_VERSION = 2
_MARKED = ("material", "contact", "particle", "electrolyte", "protocol")
_ADDED: dict[tuple[str, str], Any] = {
    ("side_reaction", "thermochemistry"): "enthalpy",
    ("side_reaction", "thermochemistry_temperature"): None,
    ("kinetics", "reorganization_energy"): None,
    ("protocol", "initial_soc"): None,
    ("protocol", "rate"): None,
    ("kinetics", "exchange_current_activation_energy"): None,
    ("kinetics", "reference_temperature"): None,
    **{("material", key): None for key in MATERIAL_KEYS_ADDED},
    ("side_reaction", "phases"): None,
    ("side_reaction", "available_charge"): None,
    ("electrolyte", "title"): None,
    ("electrolyte", "transfer_coefficient"): None,
    ("electrolyte", "transference_number"): None,
    ("electrolyte", "source"): None,
    ("contact", "patch"): [],
    ("contact", "weights"): None,
    ("contact", "map"): None,
    ("contact", "coverage_change"): None,
    ("particle", "layer_decades"): None,
    ("particle", "grains"): None,
    ("kinetics", "exchange_current_density_factor"): None,
    ("material", "diffusivity_factor"): None,
    ("material", "diffusivity_slope"): None,
    ("output", "keep_cycles"): "all",
    ("solver", "cycle_jump_tolerance"): None,
    **{(section, "fitted"): [] for section in _MARKED},
    **{(section, "fitted_to"): None for section in _MARKED},
}
"""Keys that came later: at their defaults a case keeps the hash it had before them."""
_PROPERTIES = (*(("material", key) for key in MATERIAL_PROPERTIES), ("kinetics", "exchange_current_density"))
"""Keys that may hold a table or a law."""


class Case(Section):
    """One run: particle or electrode, contact, material, electrolyte, kinetics, protocol, output, solver, impedance.

    Attributes
    ----------
    name
        Names the results; the stem of the case file where the file gives none. Not part of the hash.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "contact": {"kind": "full"},
    ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
    ... })
    >>> case
    Case(protocol=Protocol(initial_stoichiometry=0.9, steps=('Charge at C/5 for 20 minutes',)))
    >>> case.with_overrides(["particle.radius=3 um"]).particle.radius
    3e-06
    """

    name: str = "case"
    particle: Particle = Particle()
    contact: Contact = Contact()
    electrode: Electrode = Electrode()
    material: Material = Material()
    electrolyte: Electrolyte = Electrolyte()
    kinetics: Kinetics = Kinetics()
    side_reaction: SideReaction = SideReaction()
    protocol: Protocol
    output: Output = Output()
    solver: Solver = Solver()
    impedance: Impedance = Impedance()

    @model_validator(mode="after")
    def _model_represents_contact(self) -> Self:
        if self.contact.kind == "labels" and self.particle.shape == "sphere":
            raise refusal(
                InputError(
                    "labels belong to a mesh file or to arrays",
                    where="contact.kind",
                    value="labels",
                    next_step="set particle.shape = 'mesh', or another kind of contact",
                )
            )
        for error in contact_problems(self.particle, self.contact, self.side_reaction.mode):
            raise refusal(error)
        if self.electrode.described:
            for error in electrode_problems(self.particle, self.contact, self.electrolyte, self.kinetics):
                raise refusal(error)
        asked, (cheapest, deciding) = self.particle.model, cheapest_model(self.particle, self.contact)
        if asked != "auto" and MODELS.index(asked) < MODELS.index(cheapest):
            raise refusal(
                InputError(
                    f"a {asked} model cannot represent this particle's {deciding}",
                    where="particle.model",
                    value=asked,
                    allowed=", ".join(("auto", *MODELS[MODELS.index(cheapest) :])),
                )
            )
        return self

    @model_validator(mode="after")
    def _side_reaction_has_a_potential(self) -> Self:
        if self.side_reaction.mode == "coupled" and self.kinetics.imposes_flux:
            raise refusal(
                InputError(
                    "a side reaction cannot be coupled under uniform flux: its current does not follow the potential",
                    where="side_reaction.mode",
                    value="coupled",
                    allowed="off, report",
                    next_step="set side_reaction.mode = 'report', or kinetics.model to a rate law: "
                    + ", ".join(rate_law_names()),
                )
            )
        return self

    @model_validator(mode="after")
    def _own_cathode_has_an_exchange_current(self) -> Self:
        own = self.material.name == OWN and self.kinetics.exchange_current_density is None
        if own and not self.kinetics.imposes_flux:
            medium = None if self.electrolyte.name == OWN else electrolyte(self.electrolyte.name)
            if medium is None or medium.exchange_current_density is None:
                beside = "an electrolyte of your own" if medium is None else medium.name
                raise refusal(
                    InputError(
                        f"a cathode of your own beside {beside} needs its exchange current density",
                        where="kinetics.exchange_current_density",
                        allowed="a number in A/m2, a CSV file 'x, i0 [A/m2]', lists or a named law",
                        next_step="give it, or take an electrolyte with an i0 of its own",
                    )
                )
        return self

    @model_validator(mode="after")
    def _can_be_jumped(self) -> Self:
        if self.solver.cycle_jump_tolerance is None:
            return self
        for where, wrong, why in (
            ("side_reaction.mode", self.side_reaction.mode == "report", "a reported side reaction counts every cycle"),
            ("contact.coverage_change", self.contact.coverage_change is not None, "the coverage changes by a law"),
        ):
            if wrong:
                raise refusal(
                    InputError(
                        f"cycles cannot be jumped over: {why}",
                        where=where,
                        next_step="remove solver.cycle_jump_tolerance, which computes every cycle",
                    )
                )
        return self

    @model_validator(mode="after")
    def _keeps_cycles_there_are(self) -> Self:
        kept, count = self.output.kept_cycles, self.protocol.plan.steps[-1].cycle
        if kept.kind == "listed" and kept.numbers[-1] > count:
            raise refusal(
                InputError(
                    "the protocol has no such cycle",
                    where="output.keep_cycles",
                    value=kept.text,
                    allowed=f"cycles 1 to {count}; steps before the cycles count as one of their own",
                )
            )
        return self

    @field_validator("name")
    @classmethod
    def _names_a_file(cls, name: str) -> str:
        if not re.fullmatch(r"[^\x00-\x1f\x7f/\\]{1,100}", name) or name in (".", ".."):
            raise refusal(
                InputError("a name is used for files", value=name, allowed="1 to 100 characters without / and \\")
            )
        return name

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        return case_table(self)

    def require_single_particle(self) -> None:
        """Refuse an electrode where only single particles are known.

        Raises
        ------
        InputError
            The case describes an electrode.
        """
        if self.electrode.described:
            raise InputError(
                "this is for single particles, and the case describes an electrode",
                where="electrode",
                value=self.name,
                next_step="remove [electrode]; an electrode is simulated by asyncsoc run and asyncsoc.simulate",
            )

    @classmethod
    def section_name(cls) -> str:
        """Return '': a case is the whole file."""
        return ""

    @property
    def model(self) -> Model:
        """The model to use: the one asked for, or the cheapest that can represent the contact."""
        if self.particle.model != "auto":
            return self.particle.model
        return cheapest_model(self.particle, self.contact)[0]

    @classmethod
    def from_toml(cls, path: str | Path, overrides: Sequence[str] = ()) -> Self:
        r"""Return the case in the TOML file `path`, with overrides such as 'contact.coverage=0.2' applied.

        Raises
        ------
        InputError
            The file cannot be read, is not TOML, or a key or value in it is wrong.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> from pathlib import Path
        >>> _ = Path("case.toml").write_text("[protocol]\nsteps = ['Charge at C/10 until 4.2 V']\n")
        >>> aso.Case.from_toml("case.toml", ["particle.radius=3 um"]).name
        'case'
        """
        file = path_of(path)
        keys = with_folder(read_toml(file), file.parent)
        return cls.from_dict({"name": _stem(file), **keys}, overrides, source=str(file))

    @classmethod
    def from_text(cls, text: str, overrides: Sequence[str] = (), *, source: str = "") -> Self:
        r"""Return the case in a TOML text, such as the one every result holds (`Solution.case_toml`).

        Raises
        ------
        InputError
            The text is not TOML, or a key or value in it is wrong.
        """
        return cls.from_dict(tables(text, source), overrides, source=source)

    @classmethod
    def from_dict(cls, keys: Mapping[str, Any], overrides: Sequence[str] = (), *, source: str = "") -> Self:
        """Return the case with the sections in `keys`; `source` names their origin in messages.

        Raises
        ------
        InputError
            A key or value is wrong.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> aso.Case.from_dict({"protocol": {"steps": ["Charge at C/10 until 4.2 V"]}}).contact.kind
        'full'
        """
        try:
            return cls.model_validate(apply_overrides(keys, overrides, cls))
        except ValidationError as problem:
            raise input_error(problem, cls, source=source) from None

    @classmethod
    def from_objects(
        cls,
        particle: Particle,
        contact: Contact,
        material: Material,
        protocol: Protocol,
        electrolyte: Electrolyte | None = None,
        kinetics: Kinetics | None = None,
        side_reaction: SideReaction | None = None,
        output: Output | None = None,
        solver: Solver | None = None,
        electrode: Electrode | None = None,
        impedance: Impedance | None = None,
        name: str = "case",
    ) -> Self:
        """Return the case made of these sections; what is left out takes its default.

        Raises
        ------
        InputError
            The sections do not fit together.
        """
        optional = {
            "electrolyte": electrolyte,
            "kinetics": kinetics,
            "side_reaction": side_reaction,
            "output": output,
            "solver": solver,
            "electrode": electrode,
            "impedance": impedance,
        }
        given = {key: section for key, section in optional.items() if section is not None}
        return cls(name=name, particle=particle, contact=contact, material=material, protocol=protocol, **given)

    def with_overrides(self, overrides: Sequence[str]) -> Self:
        """Return the case with keys replaced: ``case.with_overrides(["contact.coverage=0.2"])``.

        Raises
        ------
        InputError
            An override is malformed, its key unknown or its value wrong.

        Examples
        --------
        >>> import asyncsoc as aso
        >>> case = aso.Case.from_dict({
        ...     "contact": {"kind": "full"},
        ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
        ... })
        >>> case.with_overrides(["contact.kind='cap'", "contact.coverage=0.3"]).contact
        Contact(kind='cap', coverage=0.3)
        """
        return type(self).from_dict(self.model_dump(exclude_unset=True), overrides)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data in SI, defaults included; None where a set's own value is taken."""
        return self.model_dump(mode="json")

    def to_toml(self) -> str:
        """Return the case as TOML in SI, units in comments; reading it gives the same hash."""
        return to_toml(self)

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the normalized content: '5 um' and 5e-6 are one case, and so are two wordings of a step.

        Of a mesh file or a profile counts what is in it, not where it lies.
        """
        content = self.to_dict()
        del content["name"], content["particle"]["file"], content["electrode"]
        for name in ("labels", "orientations") if self.particle.grains is not None else ():
            del content["particle"]["grains"][name]  # their hashes count
        if self.electrode.described:
            content["electrode"] = self.electrode.hash
        if self.impedance == Impedance():  # a later section: cases without it keep their hash
            del content["impedance"]
        for (section, key), default in _ADDED.items():
            if content[section][key] == default:
                del content[section][key]
        for section, key in _PROPERTIES:
            given = content[section].get(key)
            if isinstance(given, dict):  # where a table is from is not part of it
                given.pop("source", None)
        protocol = content["protocol"]
        profiles = tuple((entry["name"], entry["sha256"]) for entry in protocol.pop("profile"))
        protocol["steps"] = [_normal(step, profiles) for step in protocol["steps"]]
        for cycle in protocol["cycle"]:
            cycle["steps"] = [_normal(step, profiles) for step in cycle["steps"]]
        text = json.dumps({"version": _HASH_VERSION, **content}, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return sha256_of(text)


def _stem(path: Path) -> str:
    """Return the file's stem as far as it can name results."""
    return re.sub(r"[\x00-\x1f\x7f/\\]", "_", path.stem)[:100] or "case"


@lru_cache(maxsize=256)
def _normal(step: str, profiles: tuple[tuple[str, str], ...]) -> str:
    parsed = parse_step(step, where="protocol")
    if parsed.follows is not None:
        known = dict(profiles)
        parsed = replace(parsed, follows=replace(parsed.follows, sha256=known.get(parsed.follows.name, "")))
    return format_step(parsed)
