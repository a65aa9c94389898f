"""Particles of an electrode that are listed one by one: a table, or the particles of a tomogram."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import model_validator

from asyncsoc.base.csv_tables import Column, read_csv_table
from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.base.hashing import file_sha256
from asyncsoc.base.units import to_si
from asyncsoc.case import fields
from asyncsoc.case.electrode_laws import MOST_RESISTIVE
from asyncsoc.case.fields import Measured, refusal
from asyncsoc.case.section import Section

if TYPE_CHECKING:
    from asyncsoc.tomography.particle_set import ParticleSet

MOST_PARTICLES = 10_000
"""Rows of a table: a case holds them all."""
ISOLATED = "isolated"
"""Contact resistance of a particle that no net current reaches."""
_LAYOUT = "radius [um], coverage, multiplicity, contact resistance [ohm cm2]"
_WHERE = "electrode.table"
_COLUMNS = (
    Column("radius", ("radius", "R"), "m", 1e-9, 1e-3),
    Column("coverage", ("coverage",), "", 0.0, 1.0),
    Column("multiplicity", ("multiplicity",), "", 0.0, 1e30, above=True),
    Column("contact_resistance", ("contact resistance",), "ohm m2", 0.0, infinite=True),
)
_REQUIRED = ("radius", "coverage")
_HEAD = re.compile(r"\s*(?P<name>[^\[\]]+?)\s*(?:\[\s*(?P<unit>[^\]]*?)\s*\])?\s*")


class _OrIsolated(Measured):
    """Annotation that reads a resistance with its unit, or 'isolated'."""

    def read(self, value: Any) -> Any:  # a number or the word
        """Return `value` in SI, or 'isolated'."""
        return value if value == ISOLATED else super().read(value)


TableResistance = Annotated[float | str, _OrIsolated("ohm cm2", 0.0, MOST_RESISTIVE)]
Multiplicity = Annotated[float, Measured("", 0.0, 1e30, "(]")]


class ParticleTable(Section):
    """Particles one by one: a CSV file, or a mapping or DataFrame with columns of the same names.

    Attributes
    ----------
    radius
        m; in files and DataFrames in the unit of the head, 'radius [um]'.
    coverage
        In [0, 1]; a particle of coverage 0 carries no current.
    multiplicity
        How many particles of the electrode each row stands for, relative to the others; equally many where left out.
        The loading says how many there are in all.
    contact_resistance
        ohm m2 of the particle's whole surface, as of `ContactResistance`; 'isolated', in files 'inf', where no net
        current reaches a particle. 0 where the column is left out.
    source
        Name of the file; not part of the hash.
    """

    radius: tuple[fields.Length, ...]
    coverage: tuple[fields.StateOfCharge, ...]
    multiplicity: tuple[Multiplicity, ...] = ()
    contact_resistance: tuple[TableResistance, ...] = ()
    source: str | None = None

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return _WHERE

    @model_validator(mode="before")
    @classmethod
    def _from_file_or_columns(cls, given: Any) -> Any:
        if isinstance(given, ParticleTable):
            return given
        try:
            if isinstance(given, str | Path):
                return _read(str(given))
            if hasattr(given, "columns") and hasattr(given, "__getitem__"):
                given = {head: list(given[head]) for head in given.columns}
            if not isinstance(given, Mapping):
                raise InputError(
                    "not a table of particles",
                    where=_WHERE,
                    value=type(given).__name__,
                    allowed="the name of a CSV file, or columns by name: radius, coverage, multiplicity",
                )
            return _columns(given)
        except InputError as error:
            raise refusal(error) from None

    @model_validator(mode="after")
    def _rows_fit(self) -> Self:
        rows = len(self.radius)
        lengths = {column.key: len(getattr(self, column.key)) for column in _COLUMNS}
        error = None
        if not 1 <= rows <= MOST_PARTICLES:
            error = InputError(
                "a table has a row for each particle", where=_WHERE, value=rows, allowed=f"1 to {MOST_PARTICLES} rows"
            )
        elif lengths["coverage"] != rows or any(count not in (0, rows) for count in lengths.values()):
            error = InputError(
                "the columns of a table are equally long",
                where=_WHERE,
                value=", ".join(f"{count} of {name}" for name, count in lengths.items() if count),
            )
        elif not any(self.coverage):
            error = _nothing_covered(_WHERE)
        if error is not None:
            raise refusal(error)
        return self


class MeasuredParticles(Section):
    """The particles of a tomogram, as `asyncsoc tomo mesh` writes them.

    Attributes
    ----------
    folder
        Folder of the particle set; in a case file relative to it. Not part of the hash.
    sha256
        Of its manifest; filled in.
    count
        Number of its particles; filled in.
    shapes
        "spheres": each is the sphere of its volume with one round patch of its active area; "measured": each is on its
        own mesh with its own contact, and in layers it is where it was measured.
    separator_side
        Side of the volume that faces the separator: x-low, x-high, ... z-high. Measured shapes in layers need it.
    """

    folder: str
    sha256: str | None = None
    count: fields.WholeNumber | None = None
    shapes: Literal["spheres", "measured"] = "spheres"
    separator_side: Literal["x-low", "x-high", "y-low", "y-high", "z-low", "z-high"] | None = None

    @classmethod
    def section_name(cls) -> str:
        """Return where it stands in a case file."""
        return "electrode.set"

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        keys = {"folder": str(given)} if isinstance(given, str | Path) else given
        if not isinstance(keys, Mapping) or not isinstance(keys.get("folder"), str):
            return keys
        known = keys.get("sha256")
        if known is not None and keys.get("count") is not None and not Path(keys["folder"]).exists():
            return keys
        try:
            particles, found = _checked(keys["folder"], known)
        except InputError as error:
            raise refusal(error) from None
        return {**keys, "sha256": found, "count": len(particles)}

    @property
    def measured(self) -> bool:
        """Whether the particles have their measured shapes."""
        return self.shapes == "measured"

    def load(self) -> ParticleSet:
        """Return the particle set.

        Raises
        ------
        InputError
            The folder is missing, is no particle set, or another one than the case was made for.
        """
        return _checked(self.folder, self.sha256)[0]


def _checked(folder: str, known: Any) -> tuple[ParticleSet, str]:
    """Return a particle set in which contact was measured, with the SHA-256 of its manifest."""
    from asyncsoc.tomography.particle_set import MANIFEST, check_contact, read_set

    where = "electrode.set"
    try:
        particles = read_set(folder)
        check_contact(particles)
        found = file_sha256(particles.folder / MANIFEST)
    except InputError as error:
        error.where = f"{where}, {error.where}"
        raise
    if known not in (None, found):
        raise InputError(
            "the particle set is not the one this case was made for",
            where=f"{where}.folder",
            value=found,
            allowed=str(known),
            next_step="remove electrode.set.sha256 to use the folder as it is now",
        )
    if not len(particles):
        raise InputError("the particle set is empty", where=where, value=folder)
    if not any(row.get("coverage") for row in particles.rows):
        raise _nothing_covered(where)
    return particles, found


def _nothing_covered(where: str) -> InputError:
    return InputError(
        "no particle is covered: the electrode carries no current",
        where=where,
        allowed="a coverage above 0 for one particle at least",
    )


def _read(file: str) -> dict[str, Any]:
    """Return the table in a CSV file."""
    try:
        table = read_csv_table(file, _COLUMNS, layout=_LAYOUT, required=_REQUIRED, fewest=1, most=MOST_PARTICLES)
    except InputError as error:
        error.where = f"{_WHERE}, {error.where}"
        raise
    columns = {key: tuple(map(_or_isolated, values.tolist())) for key, values in table.columns.items()}
    return {**columns, "source": Path(file).name}


def _columns(given: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the columns of a mapping in SI: their names may carry units, as heads of a CSV file do."""
    if "file" in given:
        return {**_read(str(given["file"])), **{key: given[key] for key in given if key != "file"}}
    found: dict[str, Any] = {}
    for head, values in given.items():
        if head == "source":
            found["source"] = values
            continue
        match = _HEAD.fullmatch(str(head))
        column = None if match is None else next((one for one in _COLUMNS if one.knows(match["name"])), None)
        if match is None or column is None:
            known = [one.shown for one in _COLUMNS]
            raise InputError(
                f"unknown column '{head}'",
                where=_WHERE,
                allowed=", ".join(known),
                nearest=nearest_name(str(head), known),
            )
        if column.key in found:
            raise InputError(f"two columns of {column.key}", where=_WHERE, value=str(head))
        unit = match["unit"]
        found[column.key] = _in_unit(values, unit, column) if unit else _finite(values)
    for key in _REQUIRED:
        if key not in found:
            raise InputError(
                f"no column '{key}'",
                where=_WHERE,
                value=", ".join(map(str, given)),
                allowed=", ".join(one.shown for one in _COLUMNS),
            )
    return found


def _in_unit(values: Any, unit: str, column: Column) -> Any:
    """Return numbers given in a unit in SI; what is no list of numbers is refused where the section is validated."""
    where = f"{_WHERE}.{column.key}"
    scale = to_si(f"1 {unit}", column.unit, where=where)
    if not isinstance(values, Sequence) or isinstance(values, str):
        return values
    values = _finite(values)
    return [
        to_si(value, column.unit, where=where) if isinstance(value, str) and value != ISOLATED else _times(value, scale)
        for value in values
    ]


def _finite(values: Any) -> Any:
    """Return values with 'isolated' in place of infinite resistances."""
    listed = isinstance(values, Sequence) and not isinstance(values, str)
    return [_or_isolated(value) for value in values] if listed else values


def _or_isolated(value: Any) -> Any:
    """Return 'isolated' in place of an infinite resistance."""
    return ISOLATED if value == math.inf else value


def _times(value: Any, scale: float) -> Any:
    return value if isinstance(value, bool) or not isinstance(value, int | float) else value * scale
