"""Open a labelled volume of any format that is read."""

from __future__ import annotations

from pathlib import Path

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.base.guarded_files import Limits, default_limits, regular_file
from asyncsoc.base.paths import path_of
from asyncsoc.tomography.readers.raw_volume import RawVolume

SUFFIXES: dict[str, str] = {
    ".tif": "TIFF", ".tiff": "TIFF", ".btf": "TIFF", ".tf8": "TIFF", ".mha": "MetaImage", ".mhd": "MetaImage",
    ".nrrd": "NRRD", ".nhdr": "NRRD", ".nii": "NIfTI", ".nii.gz": "NIfTI", ".vti": "VTI", ".npy": "npy",
    ".npz": "npz", ".raw": "raw", ".h5": "HDF5", ".hdf5": "HDF5", ".hdf": "HDF5", ".dream3d": "HDF5",
    ".am": "Avizo/Amira",
}  # fmt: skip
"""File name ending -> format."""
GREY_SCALE_TOOLS = "ilastik, Fiji's Trainable Weka Segmentation, 3D Slicer, Dragonfly or Avizo"


def open_volume(
    path: str | Path,
    *,
    dataset: str | None = None,
    role: str = "labels",
    raw_shape: tuple[int, int, int] | None = None,
    raw_type: str | None = None,
    raw_offset: int = 0,
    limits: Limits | None = None,
) -> RawVolume:
    """Return the volume in a file or folder of slices; large ones are mapped or read by slabs, not loaded.

    Parameters
    ----------
    path
        The file, or a folder of TIFF slices.
    dataset
        Name of the array, for HDF5, .npz and .vti files that hold several.
    role
        "labels" for phases, "ids" for particle numbers (Dream3D holds both).
    raw_shape, raw_type, raw_offset
        For .raw files: (nz, ny, nx), number type and bytes to skip.
    limits
        What a file may expand to; half of the memory where None.

    Raises
    ------
    InputError
        An unknown ending, or whatever is wrong with the file.
    EnvironmentProblem
        The format needs a package that is not installed.
    """
    path = path_of(path)
    limits = limits or default_limits()
    if path.is_dir():
        from asyncsoc.tomography.readers.tiff import read_tiff_folder

        return read_tiff_folder(path, limits)
    regular_file(path)
    kind = _kind(path)
    if kind == "raw":
        from asyncsoc.tomography.readers.arrays import read_raw

        if raw_shape is None or raw_type is None:
            raise InputError(
                "a raw file states neither shape nor number type", where=str(path),
                next_step="give --raw-shape X,Y,Z and --raw-type uint8",
            )  # fmt: skip
        return read_raw(path, limits, shape=raw_shape, dtype=raw_type, offset=raw_offset)
    if raw_shape is not None or raw_type is not None or raw_offset:
        raise InputError("a raw shape or type is given for a file that states its own", where=str(path), value=kind)
    if dataset is not None and kind not in ("HDF5", "npz", "VTI"):
        raise InputError("the format holds one unnamed array", where=str(path), value=dataset, allowed="no --dataset")
    return _read(path, kind, limits, dataset, role)


def _kind(path: Path) -> str:
    name = path.name.lower()
    suffix = ".nii.gz" if name.endswith(".nii.gz") else path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            "the file's ending is not one of a labelled volume", where=str(path), value=suffix,
            allowed=", ".join(SUFFIXES), nearest=nearest_name(suffix, SUFFIXES),
            next_step="save the labels as TIFF, NRRD, MetaImage, HDF5 or .npy",
        )  # fmt: skip
    return SUFFIXES[suffix]


def _read(path: Path, kind: str, limits: Limits, dataset: str | None, role: str) -> RawVolume:
    # Imported here: --help and other formats need neither tifffile nor h5py.
    if kind == "TIFF":
        from asyncsoc.tomography.readers.tiff import read_tiff

        return read_tiff(path, limits)
    if kind == "MetaImage":
        from asyncsoc.tomography.readers.metaimage import read_metaimage

        return read_metaimage(path, limits)
    if kind == "NRRD":
        from asyncsoc.tomography.readers.nrrd import read_nrrd

        return read_nrrd(path, limits)
    if kind == "NIfTI":
        from asyncsoc.tomography.readers.nifti import read_nifti

        return read_nifti(path, limits)
    if kind == "VTI":
        from asyncsoc.tomography.readers.vti import read_vti

        return read_vti(path, limits, dataset)
    if kind == "HDF5":
        from asyncsoc.tomography.readers.hdf5 import read_hdf5

        return read_hdf5(path, limits, dataset, role)
    if kind == "Avizo/Amira":
        from asyncsoc.tomography.readers.amira import read_amira

        return read_amira(path, limits)
    from asyncsoc.tomography.readers.arrays import read_npy, read_npz

    return read_npz(path, limits, dataset) if kind == "npz" else read_npy(path, limits)
