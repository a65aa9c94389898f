"""A set of particle files with its manifest: what was meshed, how, and what failed and why."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncsoc.base.data_frames import data_frame
from asyncsoc.base.display import Rows, Shown, rows_of_set
from asyncsoc.base.errors import InputError
from asyncsoc.base.files import write_text
from asyncsoc.base.guarded_files import beside, regular_file
from asyncsoc.base.hashing import file_sha256
from asyncsoc.base.paths import path_of
from asyncsoc.base.plain_data import plain, to_document
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.particle_files import read_particle

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "manifest.json"
_FORMAT, _VERSION = "asyncsoc-particles", 1
_MAX_BYTES = 1 << 30
_SIZES = ("volume [m3]", "surface [m2]", "equivalent diameter [m]")


@dataclass(frozen=True, eq=False, repr=False)
class ParticleSet(Shown):
    """Particles on disk.

    Attributes
    ----------
    folder
        Where the files are.
    header
        What they came from and how they were made: source, split, mesh settings, summary, software.
    rows
        One mapping per particle: `file`, `sha256` and its statistics; names carry units.
    failed
        One mapping per particle that could not be meshed: `particle`, `voxels`, `reason`, and `traceback` where the
        reason is none of our errors.
    """

    folder: Path
    header: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    failed: Sequence[Mapping[str, Any]] = ()

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        first = [("folder", str(self.folder)), ("particles", len(self.rows))]
        return rows_of_set(first, self.header, self.failed, "meshed")

    def to_dataframe(self) -> pd.DataFrame:
        """Return the statistics of the particles as a pandas data frame: a row a particle, columns named with units.

        Raises
        ------
        EnvironmentProblem
            pandas is not installed.
        """
        return data_frame(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def load(self, index: int) -> ParticleMesh:
        """Return the particle of row `index`, read and checked.

        Raises
        ------
        InputError
            The file is missing, damaged, or not the one the manifest was written for.
        """
        row = self.rows[index]
        path = beside(self.folder / MANIFEST, str(row["file"]))
        found = file_sha256(path)
        if found != row["sha256"]:
            raise InputError(
                "the particle file is not the one in the manifest", where=str(path), value=found[:16],
                allowed=str(row["sha256"])[:16], next_step="mesh the volume again",
            )  # fmt: skip
        return read_particle(path)

    def __iter__(self) -> Iterator[ParticleMesh]:
        return (self.load(i) for i in range(len(self.rows)))


def check_contact(particles: ParticleSet) -> None:
    """Refuse particles of a volume in which contact could not be measured.

    Raises
    ------
    InputError
        The volume they come from had no electrolyte (in sets that do not say so: no particle has any active area).
    """
    areas = particles.header.get("areas of the meshes [m2]", {})
    known = particles.header.get("contact measurable")
    if known is False or (known is None and areas.get("active") == 0.0):
        raise InputError(
            "contact cannot be measured: no voxel of the volume is CBD or electrolyte",
            where=str(particles.folder / MANIFEST),
            value=particles.header.get("source", {}).get("labels"),
            next_step="mesh a volume whose label map names the electrolyte (cbd=...), or give a case of its own per "
            "particle, with contact.kind other than 'labels'",
        )


def write_set(particles: ParticleSet) -> Path:
    """Write the manifest, and the same rows as a table `particles.csv`, into the set's folder; return the manifest."""
    path = particles.folder / MANIFEST
    content = {
        "format": _FORMAT,
        "version": _VERSION,
        **particles.header,
        "particles": list(particles.rows),
        "failed": list(particles.failed),
    }
    write_text(path, to_document(content))
    write_text(particles.folder / "particles.csv", _table(particles.rows))
    return path


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = [k for k, v in (rows[0].items() if rows else ()) if not isinstance(v, (list, tuple, dict))]
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([plain(row.get(c)) for c in columns] for row in rows)
    return text.getvalue()


def _charged_by(row: Mapping[str, Any]) -> bool:
    """Return whether a row has the numbers a particle is charged and compared by."""
    sizes = [row[name] for name in _SIZES]
    whole = isinstance(row["particle"], int) and row["particle"] >= 1
    return whole and all(isinstance(size, int | float) and 0.0 < size < 1.0 for size in sizes)


def read_set(path: str | Path) -> ParticleSet:
    """Return the particle set in a folder, or of a manifest file.

    Raises
    ------
    InputError
        No manifest, not one of ours, damaged, or a file name that leaves the folder.
    """
    path = path_of(path)
    file = path / MANIFEST if path.is_dir() else path
    regular_file(file)
    if file.stat().st_size > _MAX_BYTES:
        raise InputError("the manifest is too large", where=str(file), value=file.stat().st_size)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        rows, failed = list(content.pop("particles")), list(content.pop("failed"))
        known = content.pop("format") == _FORMAT and content.pop("version") == _VERSION
        names = [str(row["file"]) for row in rows]
        complete = all(isinstance(row["sha256"], str) and _charged_by(row) for row in rows)
        numbers = [int(row["particle"]) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            "the manifest is damaged", where=str(file), value=f"{type(error).__name__}: {error}"[:120],
            next_step="mesh the volume again",
        ) from None  # fmt: skip
    if len(set(numbers)) != len(numbers):
        raise InputError("the manifest is damaged", where=str(file), value="a particle is listed twice")
    if not known or not complete:
        raise InputError("the manifest is of another kind or version", where=str(file), allowed=f"{_FORMAT} {_VERSION}")
    for name in names:
        if Path(name).name != name:
            raise InputError("the manifest names a file outside its folder", where=str(file), value=name[:120])
    return ParticleSet(file.parent, content, rows, failed)
