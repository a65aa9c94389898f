"""Files of a charged set of particles: one JSON document, and its rows as a CSV table."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import write_text
from asyncsoc.base.plain_data import from_text, plain
from asyncsoc.base.plain_data import to_document as json_document
from asyncsoc.studies.particle_sets.charge import ChargedSet

DOCUMENT = "charged.json"
TABLE = "charged.csv"
_FORMAT, _VERSION = "asyncsoc charged particles", 1


def write_charged(charged: ChargedSet, folder: str | Path) -> list[Path]:
    """Write `charged.json` and `charged.csv` into `folder` and return both paths.

    Raises
    ------
    InputError
        The folder cannot be written to.
    """
    place = Path(folder)
    document = {"format": _FORMAT, "version": _VERSION, **to_document(charged)}
    write_text(place / DOCUMENT, json_document(document), "the results cannot be saved here")
    write_text(place / TABLE, _table(charged), "the results cannot be saved here")
    return [place / DOCUMENT, place / TABLE]


def to_document(charged: ChargedSet) -> dict[str, Any]:
    """Return the set as plain data: `header`, `particles`, `failed`."""
    return {"header": dict(charged.header), "particles": list(charged.rows), "failed": list(charged.failed)}


def read_charged(path: str | Path) -> ChargedSet:
    """Return the charged set in a folder, or of a `charged.json`.

    Raises
    ------
    InputError
        There is none, or it is damaged or of another kind.
    """
    file = Path(path)
    file = file / DOCUMENT if file.is_dir() else file
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "no charged particles can be read here", where=str(file), value=type(error).__name__,
            next_step="asyncsoc tomo charge DIR CASE.toml -o DIR",
        ) from error  # fmt: skip
    content = from_text(text, where=str(file))
    known = isinstance(content, dict) and (content.get("format"), content.get("version")) == (_FORMAT, _VERSION)
    parts = [content.get(key) for key in ("particles", "failed")] if known else []
    listed = all(isinstance(part, list) and all(isinstance(row, dict) for row in part) for part in parts)
    if not known or not listed or not isinstance(content.get("header"), dict):
        raise InputError("these are no charged particles", where=str(file), allowed=f"{_FORMAT} {_VERSION}")
    return ChargedSet(content["header"], *parts)


def _table(charged: ChargedSet) -> str:
    stream = StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    columns = charged.names
    writer.writerow(columns)
    writer.writerows([[plain(row.get(name)) for name in columns] for row in charged.rows])
    return stream.getvalue()
