"""Damaged and hostile files: each gives one clear error, in bounded time and memory."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import Limits
from asyncsoc.tomography.load import load_volume

LIMITS = Limits(max_bytes=64 << 20)
SECONDS = 5.0
LABELS = {"pore": [0], "ncm": [1], "cbd": [2]}
VOLUME = np.random.default_rng(0).integers(0, 3, (6, 8, 10)).astype(np.uint8)

Maker = Callable[[Path], Path]
CASES: dict[str, Maker] = {}


def case(make: Maker) -> Maker:
    CASES[make.__name__] = make
    return make


def put(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def mhd(**change: str) -> str:
    keys = {"NDims": "3", "DimSize": "10 8 6", "ElementType": "MET_UCHAR", **change}
    keys.setdefault("ElementDataFile", "LOCAL")
    return "".join(f"{k} = {v}\n" for k, v in keys.items())


def nrrd(**change: str) -> bytes:
    keys = {"type": "uint8", "dimension": "3", "sizes": "10 8 6", "encoding": "raw", **change}
    return ("NRRD0004\n" + "".join(f"{k.replace('_', ' ')}: {v}\n" for k, v in keys.items()) + "\n").encode()


def nii(dim: tuple[int, ...] = (3, 10, 8, 6, 1, 1, 1, 1), magic: bytes = b"n+1\0", slope: float = 1.0) -> bytes:
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, *dim)
    struct.pack_into("<hh", head, 70, 2, 8)
    struct.pack_into("<f", head, 108, 352.0)
    struct.pack_into("<f", head, 112, slope)
    head[344:348] = magic
    return bytes(head)


def vti(body: str, extent: str = "0 10 0 8 0 6", head: str = "", attributes: str = "", kind: str = "UInt8") -> str:
    return (
        f'<?xml version="1.0"?>{head}<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian" '
        f'header_type="UInt64" {attributes}><ImageData WholeExtent="{extent}" Origin="0 0 0" Spacing="1 1 1">'
        f'<Piece Extent="{extent}"><CellData><DataArray type="{kind}" Name="l" {body}</DataArray></CellData></Piece>'
        "</ImageData></VTKFile>"
    )


def am(
    size: str = "10 8 6", tail: str = "", data: bytes = VOLUME.tobytes(), first: str = "BINARY-LITTLE-ENDIAN 2.1"
) -> bytes:
    return (
        f"# AmiraMesh {first}\n\ndefine Lattice {size}\n\nParameters {{\n BoundingBox 0 9 0 7 0 5,\n"
        f' CoordType "uniform"\n}}\n\nLattice {{ byte Labels }} @1{tail}\n\n# Data section follows\n@1\n'
    ).encode() + data


# --- any format
@case
def missing_file(folder: Path) -> Path:
    return folder / "nothing.tif"


@case
def empty_file(folder: Path) -> Path:
    return put(folder / "v.tif", b"")


@case
def unknown_ending(folder: Path) -> Path:
    return put(folder / "v.jpg", b"abc")


@case
def a_pipe_instead_of_a_file(folder: Path) -> Path:
    os.mkfifo(folder / "v.npy")
    return folder / "v.npy"


@case
def an_empty_folder(folder: Path) -> Path:
    return folder


# --- TIFF
def tiff(folder: Path, data: np.ndarray, **options: object) -> Path:
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(folder / "v.tif", data, **options)
    return folder / "v.tif"


@case
def tiff_truncated_in_the_data(folder: Path) -> Path:
    path = tiff(folder, np.repeat(VOLUME, 20, axis=0), photometric="minisblack")
    return put(path, path.read_bytes()[:3000])


@case
def tiff_of_random_bytes(folder: Path) -> Path:
    return put(folder / "v.tif", b"II*\0" + np.random.default_rng(1).bytes(3000))


@case
def tiff_whose_pages_point_in_a_circle(folder: Path) -> Path:
    entries = [(256, 4, 1, 4), (257, 4, 1, 4), (258, 3, 1, 8), (259, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 16)]
    ifd = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries) + struct.pack("<I", 24)
    return put(folder / "v.tif", struct.pack("<2sHI", b"II", 42, 24) + bytes(16) + ifd)


@case
def tiff_declaring_a_huge_page(folder: Path) -> Path:
    entries = [
        (256, 4, 1, 1 << 30),
        (257, 4, 1, 1 << 30),
        (258, 3, 1, 8),
        (259, 3, 1, 8),
        (273, 4, 1, 8),
        (279, 4, 1, 16),
    ]
    ifd = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries) + struct.pack("<I", 0)
    return put(folder / "v.tif", struct.pack("<2sHI", b"II", 42, 24) + bytes(16) + ifd)


@case
def tiff_in_colour(folder: Path) -> Path:
    return tiff(folder, np.zeros((6, 8, 10, 3), np.uint8), photometric="rgb")


@case
def tiff_of_one_slice(folder: Path) -> Path:
    return tiff(folder, VOLUME[0])


@case
def ome_tiff_with_an_entity(folder: Path) -> Path:
    text = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><OME xmlns="http://www.openmicroscopy.org/">&b;</OME>'
    return tiff(folder, VOLUME, description=text, metadata=None, photometric="minisblack")


@case
def tiff_slices_of_different_size(folder: Path) -> Path:
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(folder / "0.tif", VOLUME[0])
    tifffile.imwrite(folder / "1.tif", VOLUME[0, :4])
    return folder


@case
def tiff_slice_that_links_out_of_the_folder(folder: Path) -> Path:
    tifffile = pytest.importorskip("tifffile")
    inner = folder / "in"
    inner.mkdir()
    tifffile.imwrite(folder / "secret.tif", VOLUME[0])
    tifffile.imwrite(inner / "0.tif", VOLUME[0])
    (inner / "1.tif").symlink_to(folder / "secret.tif")
    return inner


# --- MetaImage
@case
def metaimage_without_data_file_line(folder: Path) -> Path:
    return put(folder / "v.mha", "NDims = 3\nDimSize = 10 8 6\n")


@case
def metaimage_naming_a_file_outside(folder: Path) -> Path:
    return put(folder / "v.mhd", mhd(ElementDataFile="../../../../etc/passwd"))


@case
def metaimage_linking_to_a_file_outside(folder: Path) -> Path:
    inner = folder / "in"
    inner.mkdir()
    (inner / "v.raw").symlink_to(put(folder / "secret.raw", VOLUME.tobytes()))
    return put(inner / "v.mhd", mhd(ElementDataFile="v.raw"))


@case
def metaimage_truncated(folder: Path) -> Path:
    return put(folder / "v.mha", mhd().encode() + VOLUME.tobytes()[:-1])


@case
def metaimage_bomb(folder: Path) -> Path:
    data = zlib.compress(bytes(32 << 20), 9)
    return put(folder / "v.mha", mhd(DimSize="4096 4096 8192", CompressedData="True").encode() + data)


@case
def metaimage_longer_than_it_says(folder: Path) -> Path:
    return put(folder / "v.mha", mhd(CompressedData="True").encode() + zlib.compress(bytes(32 << 20), 9))


@case
def metaimage_with_negative_size(folder: Path) -> Path:
    return put(folder / "v.mha", mhd(DimSize="-10 8 6").encode() + VOLUME.tobytes())


@case
def metaimage_whose_last_line_is_no_key(folder: Path) -> Path:
    return put(folder / "v.mha", mhd(ElementDataFile="LOCAL").replace("ElementDataFile =", "#ElementDataFile ="))


# --- NRRD
@case
def nrrd_naming_a_file_outside(folder: Path) -> Path:
    return put(folder / "v.nhdr", nrrd(data_file="/etc/passwd"))


@case
def nrrd_with_damaged_gzip(folder: Path) -> Path:
    packed = bytearray(gzip.compress(VOLUME.tobytes()))
    packed[30:60] = bytes(30)
    return put(folder / "v.nrrd", nrrd(encoding="gzip") + bytes(packed))


@case
def nrrd_with_nonsense_sizes(folder: Path) -> Path:
    return put(folder / "v.nrrd", nrrd(sizes="10 eight nan") + VOLUME.tobytes())


@case
def nrrd_of_vectors(folder: Path) -> Path:
    return put(folder / "v.nrrd", nrrd(dimension="4", sizes="3 10 8 6") + bytes(1440))


# --- NIfTI
@case
def nifti_cut_in_the_header(folder: Path) -> Path:
    return put(folder / "v.nii", nii()[:200])


@case
def nifti_with_scaled_values(folder: Path) -> Path:
    return put(folder / "v.nii", nii(slope=0.5) + VOLUME.tobytes())


@case
def nifti_of_two_files(folder: Path) -> Path:
    return put(folder / "v.nii", nii(magic=b"ni1\0"))


@case
def nifti_gzip_bomb(folder: Path) -> Path:
    return put(folder / "v.nii.gz", gzip.compress(nii((3, 32000, 32000, 32000, 1, 1, 1, 1)) + bytes(16 << 20)))


# --- arrays
@case
def npy_with_a_pickle(folder: Path) -> Path:
    np.save(folder / "v.npy", np.array([[[{"a": 1}]]], dtype=object), allow_pickle=True)
    return folder / "v.npy"


@case
def npy_truncated(folder: Path) -> Path:
    np.save(folder / "v.npy", VOLUME)
    return put(folder / "v.npy", (folder / "v.npy").read_bytes()[:-7])


@case
def npy_with_a_hostile_header(folder: Path) -> Path:
    header = b"(" * 9000 + b"\n"
    return put(folder / "v.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)


@case
def npz_bomb(folder: Path) -> Path:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (2048, 2048, 2048)})
    with zipfile.ZipFile(folder / "v.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("v.npy", head.getvalue() + bytes(32 << 20))
    return folder / "v.npz"


@case
def npz_with_several_volumes(folder: Path) -> Path:
    np.savez(folder / "v.npz", a=VOLUME, b=VOLUME)
    return folder / "v.npz"


@case
def raw_without_a_shape(folder: Path) -> Path:
    return put(folder / "v.raw", VOLUME.tobytes())


# --- HDF5
@case
def hdf5_of_random_bytes(folder: Path) -> Path:
    return put(folder / "v.h5", b"\x89HDF\r\n\x1a\n" + np.random.default_rng(2).bytes(4000))


@case
def hdf5_external_link(folder: Path) -> Path:
    with h5py.File(folder / "secret.h5", "w") as file:
        file["data"] = VOLUME
    with h5py.File(folder / "v.h5", "w") as file:
        file["exported_data"] = h5py.ExternalLink("secret.h5", "/data")
    return folder / "v.h5"


@case
def hdf5_external_storage(folder: Path) -> Path:
    put(folder / "secret.raw", VOLUME.tobytes())
    with h5py.File(folder / "v.h5", "w") as file:
        file.create_dataset("image", VOLUME.shape, "u1", external=[(str(folder / "secret.raw"), 0, VOLUME.size)])
    return folder / "v.h5"


@case
def hdf5_virtual_data_set(folder: Path) -> Path:
    with h5py.File(folder / "secret.h5", "w") as file:
        file["data"] = VOLUME
    layout = h5py.VirtualLayout(VOLUME.shape, "u1")
    layout[:] = h5py.VirtualSource(str(folder / "secret.h5"), "data", VOLUME.shape)
    with h5py.File(folder / "v.h5", "w") as file:
        file.create_virtual_dataset("image", layout)
    return folder / "v.h5"


@case
def hdf5_that_expands(folder: Path) -> Path:
    with h5py.File(folder / "v.h5", "w") as file:
        file.create_dataset("image", (1024, 1024, 50), "u1", chunks=(64, 64, 50), fillvalue=1)
    return folder / "v.h5"


@case
def hdf5_soft_link_in_a_circle(folder: Path) -> Path:
    with h5py.File(folder / "v.h5", "w") as file:
        file["a"] = h5py.SoftLink("/b")
        file["b"] = h5py.SoftLink("/a")
    return folder / "v.h5"


@case
def hdf5_with_wrong_axis_tags(folder: Path) -> Path:
    with h5py.File(folder / "v.h5", "w") as file:
        file["exported_data"] = VOLUME
        file["exported_data"].attrs["axistags"] = json.dumps({"axes": [{"key": "c"}, {"key": "y"}, {"key": "x"}]})
    return folder / "v.h5"


@case
def hdf5_truncated(folder: Path) -> Path:
    with h5py.File(folder / "v.h5", "w") as file:
        file["image"] = np.repeat(VOLUME, 50, axis=0)
    return put(folder / "v.h5", (folder / "v.h5").read_bytes()[:4000])


# --- VTI
@case
def vti_with_an_entity(folder: Path) -> Path:
    head = '<!DOCTYPE a [<!ENTITY x "1 1 1 1 1 1 1 1">]>'
    return put(folder / "v.vti", vti('format="ascii">&x;', head=head))


@case
def vti_with_too_few_values(folder: Path) -> Path:
    return put(folder / "v.vti", vti('format="ascii">0 1 2'))


@case
def vti_with_an_offset_outside(folder: Path) -> Path:
    text = vti('format="appended" offset="99999">').replace(
        "</VTKFile>", '<AppendedData encoding="raw">_</AppendedData></VTKFile>'
    )
    return put(folder / "v.vti", text)


@case
def vti_declaring_a_huge_extent(folder: Path) -> Path:
    return put(folder / "v.vti", vti('format="ascii">0 1 2', extent="0 100000 0 100000 0 100000"))


@case
def vti_cut_in_the_middle(folder: Path) -> Path:
    return put(folder / "v.vti", vti('format="ascii">' + "0 1 2 " * 160)[:600])


@case
def vti_bomb(folder: Path) -> Path:
    import base64

    body = zlib.compress(bytes(40 << 20), 9)
    table = struct.pack("<4Q", 1, 40 << 20, 0, len(body))
    text = (base64.b64encode(table) + base64.b64encode(body)).decode()
    attributes = 'compressor="vtkZLibDataCompressor"'
    return put(folder / "v.vti", vti(f'format="binary">{text}', attributes=attributes))


# --- Avizo
@case
def avizo_truncated(folder: Path) -> Path:
    return put(folder / "v.am", am(data=VOLUME.tobytes()[:100]))


@case
def avizo_run_lengths_that_overrun(folder: Path) -> Path:
    return put(folder / "v.am", am(tail="(HxByteRLE,8)", data=bytes([127, 1] * 4)))


@case
def avizo_zip_bomb(folder: Path) -> Path:
    data = zlib.compress(bytes(32 << 20), 9)
    return put(folder / "v.am", am(size="4096 4096 4096", tail=f"(HxZip,{len(data)})", data=data))


@case
def avizo_in_text_form(folder: Path) -> Path:
    return put(folder / "v.am", am(first="3D ASCII 2.0"))


def test_there_are_at_least_thirty_kinds() -> None:
    assert len(CASES) >= 30


@pytest.mark.parametrize("name", CASES)
def test_one_clear_error_in_bounded_time_and_memory(name: str, tmp_path: Path) -> None:
    path = CASES[name](tmp_path)
    with pytest.raises(InputError):  # once before the clock runs: a reader may have to be compiled or imported
        load_volume(path, labels=LABELS, voxel_size="398 nm", limits=LIMITS)
    tracemalloc.start()
    start = time.process_time()
    try:
        with pytest.raises(InputError) as caught:
            load_volume(path, labels=LABELS, voxel_size="398 nm", limits=LIMITS)
        seconds, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert str(tmp_path) in message, message
    assert len(message) < 1500
    assert caught.value.exit_code == 2
    assert seconds < SECONDS
    assert peak < LIMITS.max_bytes


WELL_FORMED: dict[str, Callable[[], bytes]] = {
    "v.mha": lambda: mhd().encode() + VOLUME.tobytes(),
    "c.mha": lambda: mhd(CompressedData="True").encode() + zlib.compress(VOLUME.tobytes()),
    "v.nrrd": lambda: nrrd() + VOLUME.tobytes(),
    "c.nrrd": lambda: nrrd(encoding="gzip") + gzip.compress(VOLUME.tobytes()),
    "v.nii": lambda: nii() + VOLUME.tobytes(),
    "v.nii.gz": lambda: gzip.compress(nii() + VOLUME.tobytes()),
    "v.vti": lambda: vti('format="ascii">' + " ".join(map(str, VOLUME.ravel()))).encode(),
    "v.am": am,
    "c.am": lambda: am(tail=f"(HxZip,{len(zlib.compress(VOLUME.tobytes()))})", data=zlib.compress(VOLUME.tobytes())),
}


@pytest.mark.parametrize("name", WELL_FORMED)
def test_mutated_files_are_read_or_refused_and_nothing_else(name: str, tmp_path: Path) -> None:
    whole = WELL_FORMED[name]()
    path = put(tmp_path / name, whole)
    assert load_volume(path, labels=LABELS, voxel_size="398 nm", limits=LIMITS).shape == VOLUME.shape
    rng = np.random.default_rng(len(name))
    for _ in range(60):
        damaged = bytearray(whole)
        if rng.random() < 0.25:
            damaged = damaged[: rng.integers(1, len(damaged))]
        else:
            reach = len(damaged) if rng.random() < 0.5 else min(400, len(damaged))
            for at in rng.integers(0, reach, rng.integers(1, 8)):
                damaged[at] = rng.integers(0, 256)
        put(path, bytes(damaged))
        try:
            load_volume(path, labels=LABELS, voxel_size="398 nm", limits=LIMITS)
        except InputError as error:
            assert len(str(error)) < 1500
