"""XDMF files name other files that hold their numbers: which ones, and whether these may be opened."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.parsers import expat

from asyncsoc.base.errors import InputError

SUFFIXES = (".xdmf", ".xmf")
_LONGEST_NAME = 4096
_MOST_FILES = 100
_MOST_OBJECTS = 1000
_EXPANSION = 200  # decoded bytes for each byte of the file
_ALWAYS_ALLOWED = 256 << 20


class _Scan:
    """Collects the texts of data items that lie in other files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.texts: list[tuple[str, str]] = []
        self._format = ""
        self._text = ""

    def doctype(self, *_: object) -> None:
        raise InputError(
            "the mesh file contains a DOCTYPE, which no mesh needs",
            where=str(self.path),
            next_step="remove the DOCTYPE",
        )

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name.endswith("include"):
            raise InputError(
                "the XDMF file includes another part or file, which is refused",
                where=str(self.path),
                value=name,
                next_step="write one grid of tetrahedra and triangles, or use VTU",
            )
        form = attributes.get("Format", "").strip() if name == "DataItem" else ""
        self._format, self._text = ("" if form.upper() == "XML" else form), ""

    def data(self, text: str) -> None:
        if self._format and len(self._text) < _LONGEST_NAME:
            self._text += text

    def end(self, _: str) -> None:
        if self._format:
            self.texts.append((self._format.upper(), self._text.strip()))
            self._format = ""
        if len(self.texts) > _MOST_FILES:
            raise InputError(
                "the XDMF file has too many data items", where=str(self.path), allowed=f"at most {_MOST_FILES}"
            )


def companions(path: Path) -> tuple[Path, ...]:
    """Return the files an XDMF file names, in the order of their names; other formats name none.

    Raises
    ------
    InputError
        A DOCTYPE or an inclusion, or a name that leaves the file's own folder, directly or through a link.
    """
    if path.suffix.lower() not in SUFFIXES:
        return ()
    scan = _Scan(path)
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = scan.doctype
    parser.StartElementHandler = scan.start
    parser.CharacterDataHandler = scan.data
    parser.EndElementHandler = scan.end
    # What is no XML is for the reader to refuse; up to there every name has been seen.
    with path.open("rb") as stream, contextlib.suppress(expat.ExpatError):
        parser.ParseFile(stream)
    names = {text.split(":", 1)[0].strip() if form == "HDF" else text for form, text in scan.texts}
    return tuple(_beside(path, name) for name in sorted(names))


def _beside(path: Path, name: str) -> Path:
    folder = path.resolve().parent
    plain = bool(name) and "\0" not in name and "/" not in name and "\\" not in name and name not in (".", "..")
    target = (folder / name).resolve() if plain else folder
    if not plain or target.parent != folder:
        raise InputError(
            "the XDMF file names a file outside its own folder",
            where=str(path),
            value=name[:200],
            allowed="a plain file name beside it",
            next_step="put both files into one folder and edit the name",
        )
    if not target.is_file():
        raise InputError(
            "a file named by the XDMF file is missing", where=str(path), value=name[:200], next_step="put it beside"
        )
    return target


def check_hdf5(path: Path) -> None:
    """Walk an HDF5 file; links to other places, data in other files, cycles and expanding arrays are refused.

    Raises
    ------
    InputError
        Any of these, or a file that is damaged.
    """
    import h5py

    limit = max(_ALWAYS_ALLOWED, _EXPANSION * path.stat().st_size)
    try:
        with h5py.File(path, "r") as file:
            _walk(path, file, h5py, limit)
    except InputError:
        raise
    except Exception as error:  # HDF5 fails in every way on damaged files; all of it means the same
        raise InputError(
            "the file cannot be read as HDF5",
            where=str(path),
            value=f"{type(error).__name__}: {' '.join(str(error).split())[:150]}",
            next_step="write it again",
        ) from error


def _walk(path: Path, file: Any, h5py: Any, limit: int) -> None:
    waiting, seen, total = [file], set[object](), 0
    while waiting:
        group = waiting.pop()
        for key in group:
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise _refused(path, "it links to another place, which is refused", key)
            item = group[key]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen or len(seen) >= _MOST_OBJECTS:
                raise _refused(path, "its groups form a cycle or are too many", key)
            seen.add(address)
            if isinstance(item, h5py.Group):
                waiting.append(item)
            elif isinstance(item, h5py.Dataset):
                if item.external or item.is_virtual:
                    raise _refused(path, "its data lie in another file, which is refused", key)
                total += int(item.size or 0) * int(item.dtype.itemsize)
                if total > limit:
                    raise _refused(path, f"it would fill more than {limit / 2**20:.0f} MiB of memory", key)


def _refused(path: Path, what: str, name: str) -> InputError:
    return InputError(
        f"the HDF5 file is refused: {what}",
        where=str(path),
        value=name[:200],
        next_step="write the arrays into one plain file",
    )
