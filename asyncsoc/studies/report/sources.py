"""What a path holds: a run, a sweep, a charged set, an experiment; told by content, not by name alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import regular_file
from asyncsoc.base.hashing import file_sha256
from asyncsoc.base.plain_data import from_text
from asyncsoc.simulation.results.layout import SUFFIX
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.particle_sets.files import DOCUMENT, read_charged
from asyncsoc.studies.sweep.plan import CASES, MANIFEST

Kind = Literal["run", "sweep", "set", "spectrum", "map", "document", "table"]
MOST_BYTES = 64 << 20
_ENDINGS: dict[str, Kind] = {SUFFIX: "run", ".json": "document", ".csv": "table", ".nc": "spectrum", ".h5": "map"}
ALLOWED = (
    "a result (.vtkhdf), the folder of a run, of a sweep or of 'asyncsoc tomo charge', a document of --json (.json), "
    "a table (.csv), a spectrum (.nc), an STXM map (.h5)"
)
_NEXT = "asyncsoc run CASE.toml -o DIR, then asyncsoc report DIR"


@dataclass(frozen=True, eq=False)
class ReportSource:
    """What one path gave: kind, name and content, and the SHA-256 of the file that it is known by."""

    kind: Kind
    name: str
    content: Any
    sha256: str


def read_sources(paths: Iterable[Path]) -> list[ReportSource]:
    """Return what paths hold, in their order.

    Raises
    ------
    InputError
        A path is missing, damaged, or nothing that a report is made of.
    """
    found = [source for path in paths for source in _read(path)]
    if not found:
        raise InputError("nothing to report on", where="PATH", allowed=ALLOWED, next_step=_NEXT)
    return found


def _read(path: Path) -> list[ReportSource]:
    if path.is_dir():
        return _folder(path)
    kind = _ENDINGS.get(path.suffix.lower())
    if path.exists() and kind is None:
        raise InputError(
            "a report cannot be made of this file", where=str(path), value=path.suffix, allowed=ALLOWED, next_step=_NEXT
        )
    file = regular_file(path)
    if path.name == DOCUMENT:
        return [ReportSource("set", path.parent.name or "particles", read_charged(path), file_sha256(path))]
    return [ReportSource(kind or "table", path.stem, _content(file, kind or "table"), file_sha256(file))]


def _folder(folder: Path) -> list[ReportSource]:
    if (folder / MANIFEST).is_file() and (folder / CASES).is_file():
        return [ReportSource("sweep", folder.resolve().name, folder, file_sha256(folder / MANIFEST))]
    if (folder / DOCUMENT).is_file():
        return _read(folder / DOCUMENT)
    try:
        files = sorted(one for one in folder.iterdir() if one.is_file() and not one.name.startswith("."))
    except OSError as error:
        raise InputError("the folder cannot be read", where=str(folder), value=error.strerror) from error
    runs = [one for one in files if one.suffix == SUFFIX]
    others = [one for one in files if one.suffix in (".nc", ".h5")] or [
        one for one in files if one.suffix in (".json", ".csv")
    ]
    # A folder of runs is those; a folder of an experiment is its data, not the tables and pictures beside them.
    chosen = runs or others
    if not chosen:
        raise InputError(
            "nothing in this folder can be reported on",
            where=str(folder),
            value=f"{len(files)} files",
            allowed=ALLOWED,
            next_step=_NEXT,
        )
    return [source for one in chosen for source in _read(one)]


def _content(path: Path, kind: Kind) -> Any:
    if kind == "run":
        return Solution.load(path)
    if kind == "spectrum":
        from asyncsoc.simulation.impedance.spectrum import ImpedanceSpectrum

        return ImpedanceSpectrum.load(path)
    if kind == "map":
        from asyncsoc.studies.stxm.map_files import read_map

        return read_map(path)
    text = _text(path)
    return _document(path, text) if kind == "document" else _table(path, text)


def _text(path: Path) -> str:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise InputError(
            "the file is too large for a report",
            where=str(path),
            value=f"{size} bytes",
            allowed=f"up to {MOST_BYTES} bytes",
        )
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            "the file is no text (UTF-8)", where=str(path), value=str(error)[:80], next_step="export it again"
        ) from error


def _document(path: Path, text: str) -> dict[str, Any]:
    content = from_text(text, where=str(path))
    if not isinstance(content, dict) or not content:
        raise InputError(
            "this JSON text is no document of asyncsoc",
            where=str(path),
            value=type(content).__name__,
            allowed="an object with keys",
        )
    return content


def _table(path: Path, text: str) -> tuple[list[str], list[list[str]]]:
    try:
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except csv.Error as error:
        raise InputError("the table cannot be read", where=str(path), value=str(error)) from error
    if not rows or any(_is_number(cell) for cell in rows[0]):
        raise InputError("the table has no head line", where=str(path), allowed="names and units in the first line")
    heads = rows[0]
    wrong = next((number for number, row in enumerate(rows[1:], start=2) if len(row) != len(heads)), None)
    if wrong is not None or len(set(heads)) != len(heads):
        what = "a head is there twice" if wrong is None else "a row has another number of cells than the head line"
        raise InputError(what, where=f"{path}, line {wrong or 1}", allowed=f"{len(heads)} cells, each head once")
    return heads, rows[1:]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
