"""XDMF files name other files that hold their numbers: which ones, and whether these may be opened."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from xml.parsers import expat

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import one_error
from asyncsoc.base.guarded_hdf5 import check_tree

SUFFIXES = (".xdmf", ".xmf")
_LONGEST_NAME = 4096
_MOST_FILES = 100


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

    with one_error(path, "HDF5"), h5py.File(path, "r") as file:
        check_tree(path, file)
