"""Every format, read from a file that another library wrote."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.tomography.labels import census, parse_labels
from asyncsoc.tomography.load import load_volume
from asyncsoc.tomography.readers.open import open_volume

SHAPE = (5, 7, 9)
LABELS = {"pore": [0], "ncm": [1], "cbd": [2]}


@pytest.fixture
def labels() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 3, SHAPE).astype(np.uint8)


def whole(path: Path, **options: object) -> np.ndarray:
    raw = open_volume(path, **options)
    assert raw.shape == SHAPE
    out = np.concatenate([slab for _, _, slab in raw.slabs(voxels=2 * SHAPE[1] * SHAPE[2])])
    assert out.shape == SHAPE
    return out


@pytest.mark.parametrize("compression", [None, "zlib", "packbits", "lzw"])
@pytest.mark.parametrize("bigtiff", [False, True])
def test_multipage_tiff(tmp_path: Path, labels: np.ndarray, compression: str | None, bigtiff: bool) -> None:
    tifffile = pytest.importorskip("tifffile")
    if compression in ("packbits", "lzw"):
        pytest.importorskip("imagecodecs")
    path = tmp_path / "v.tif"
    tifffile.imwrite(path, labels, compression=compression, bigtiff=bigtiff, photometric="minisblack")
    assert np.array_equal(whole(path), labels)
    assert open_volume(path).spacing is None


def test_tiff_written_by_pillow_page_by_page(tmp_path: Path, labels: np.ndarray) -> None:
    image = pytest.importorskip("PIL.Image")
    pytest.importorskip("tifffile")
    pages = [image.fromarray(p) for p in labels]
    path = tmp_path / "v.tiff"
    pages[0].save(path, save_all=True, append_images=pages[1:], compression="tiff_adobe_deflate")
    assert np.array_equal(whole(path), labels)


def test_one_bit_tiff(tmp_path: Path, labels: np.ndarray) -> None:
    tifffile = pytest.importorskip("tifffile")
    path = tmp_path / "v.tif"
    tifffile.imwrite(path, labels > 0, photometric="minisblack")
    assert np.array_equal(whole(path), labels > 0)
    assert (
        np.count_nonzero(load_volume(path, labels={"pore": [0], "ncm": [1]}, voxel_size=1e-7).phases)
        == (labels > 0).sum()
    )


def test_ome_tiff_states_spacing_with_unit(tmp_path: Path, labels: np.ndarray) -> None:
    tifffile = pytest.importorskip("tifffile")
    path = tmp_path / "v.ome.tif"
    sizes = {"PhysicalSizeX": 398.0, "PhysicalSizeY": 398.0, "PhysicalSizeZ": 398.0}
    units = {f"{k}Unit": "nm" for k in sizes}
    tifffile.imwrite(path, labels, photometric="minisblack", metadata={"axes": "ZYX", **sizes, **units})
    assert np.array_equal(whole(path), labels)
    volume = load_volume(path, labels=LABELS)
    assert volume.voxel_size == pytest.approx(398e-9, rel=1e-12)
    assert volume.source["format"] == "OME-TIFF"


def test_imagej_tiff_states_spacing_with_unit(tmp_path: Path, labels: np.ndarray) -> None:
    tifffile = pytest.importorskip("tifffile")
    path = tmp_path / "v.tif"
    metadata = {"axes": "ZYX", "spacing": 0.5, "unit": "um"}
    tifffile.imwrite(path, labels, imagej=True, resolution=(4.0, 4.0), metadata=metadata)
    assert np.array_equal(whole(path), labels)
    raw = open_volume(path)
    assert raw.spacing == pytest.approx((0.5, 0.25, 0.25))
    assert raw.unit == 1e-6
    assert load_volume(path, labels=LABELS).shape == (10, 7, 9)


def test_folder_of_slices_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    tifffile = pytest.importorskip("tifffile")
    stack = np.random.default_rng(0).integers(0, 3, (12, 7, 9)).astype(np.uint8)
    for k, page in enumerate(stack):
        tifffile.imwrite(tmp_path / f"slice_{k}.tif", page)
    raw = open_volume(tmp_path)
    assert np.array_equal(raw.read(0, 12), stack)
    assert np.array_equal(raw.read(9, 11), stack[9:11])


@pytest.mark.parametrize("name", ["v.mha", "v.mhd", "v.nrrd", "v.nhdr", "v.nii", "v.nii.gz"])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
def test_files_of_simpleitk(tmp_path: Path, labels: np.ndarray, name: str, compress: bool, dtype: type) -> None:
    sitk = pytest.importorskip("SimpleITK")
    image = sitk.GetImageFromArray(labels.astype(dtype))
    image.SetSpacing((0.1, 0.2, 0.4))
    sitk.WriteImage(image, str(tmp_path / name), compress)
    raw = open_volume(tmp_path / name)
    assert np.array_equal(whole(tmp_path / name), labels)
    assert raw.spacing == pytest.approx((0.4, 0.2, 0.1), rel=1e-6)


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2"])
@pytest.mark.parametrize("detached", [False, True])
def test_files_of_pynrrd(tmp_path: Path, labels: np.ndarray, encoding: str, detached: bool) -> None:
    nrrd = pytest.importorskip("nrrd")
    path = tmp_path / ("v.nhdr" if detached else "v.nrrd")
    header = {"encoding": encoding, "spacings": [0.398] * 3, "units": ["um"] * 3, "dimension": 3}
    nrrd.write(str(path), labels, header, index_order="C", detached_header=detached)
    assert np.array_equal(whole(path), labels)
    assert load_volume(path, labels=LABELS).voxel_size == pytest.approx(398e-9)


@pytest.mark.parametrize("kind", ["Nifti1Image", "Nifti2Image"])
def test_files_of_nibabel(tmp_path: Path, labels: np.ndarray, kind: str) -> None:
    nibabel = pytest.importorskip("nibabel")
    image = getattr(nibabel, kind)(labels.transpose(2, 1, 0), np.diag([0.5, 0.5, 0.5, 1.0]))
    image.header.set_xyzt_units("micron")
    for name in ("v.nii", "v.nii.gz"):
        nibabel.save(image, tmp_path / name)
        assert np.array_equal(whole(tmp_path / name), labels)
        assert load_volume(tmp_path / name, labels=LABELS).voxel_size == pytest.approx(5e-7)


@pytest.mark.parametrize("place", ["cell", "point"])
@pytest.mark.parametrize("form", ["ascii", "binary-zlib", "appended-raw", "appended-64"])
def test_vti_of_vtk(tmp_path: Path, labels: np.ndarray, place: str, form: str) -> None:
    pytest.importorskip("vtkmodules")
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkIOXML import vtkXMLImageDataWriter

    image = vtkImageData()
    extra = 1 if place == "cell" else 0
    image.SetDimensions(*(n + extra for n in SHAPE[::-1]))
    image.SetSpacing(0.1, 0.2, 0.3)
    data = numpy_to_vtk(labels.ravel(), deep=True)
    data.SetName("label")
    (image.GetCellData() if place == "cell" else image.GetPointData()).AddArray(data)
    writer = vtkXMLImageDataWriter()
    writer.SetInputData(image)
    writer.SetFileName(str(tmp_path / "v.vti"))
    if form == "ascii":
        writer.SetDataModeToAscii()
    elif form.startswith("binary"):
        writer.SetDataModeToBinary()
    else:
        writer.SetDataModeToAppended()
        writer.SetEncodeAppendedData(form.endswith("64"))
        if form.endswith("raw"):
            writer.SetCompressorTypeToNone()
    writer.Write()
    assert np.array_equal(whole(tmp_path / "v.vti"), labels)
    assert open_volume(tmp_path / "v.vti").spacing == pytest.approx((0.3, 0.2, 0.1))


def test_npy_npz_and_raw(tmp_path: Path, labels: np.ndarray) -> None:
    np.save(tmp_path / "c.npy", labels)
    np.save(tmp_path / "f.npy", np.asfortranarray(labels))
    np.savez(tmp_path / "a.npz", labels=labels, spacing=np.ones(3))
    np.savez_compressed(tmp_path / "b.npz", labels=labels)
    labels.astype(">u2").tofile(tmp_path / "v.raw")
    for name in ("c.npy", "f.npy", "a.npz", "b.npz"):
        assert np.array_equal(whole(tmp_path / name), labels)
    assert np.array_equal(whole(tmp_path / "v.raw", raw_shape=SHAPE, raw_type=">uint16"), labels)


@pytest.mark.parametrize("axes", ["zyx", "zyxc", "xyz", "tzyxc"])
def test_hdf5_of_ilastik(tmp_path: Path, labels: np.ndarray, axes: str) -> None:
    data = labels if axes[-1] == "x" or axes.startswith(("z", "t")) else labels.transpose(2, 1, 0)
    data = data[..., None] if axes.endswith("c") else data
    data = data[None] if axes.startswith("t") else data
    with h5py.File(tmp_path / "v.h5", "w") as file:
        file.create_dataset("exported_data", data=data, chunks=True, compression="gzip")
        file["exported_data"].attrs["axistags"] = json.dumps({"axes": [{"key": a, "typeFlags": 2} for a in axes]})
    assert np.array_equal(whole(tmp_path / "v.h5"), labels)


def test_hdf5_of_dxchange_dream3d_and_a_named_data_set(tmp_path: Path, labels: np.ndarray) -> None:
    with h5py.File(tmp_path / "dx.h5", "w") as file:
        file["exchange/data"] = labels
        file["exchange/theta"] = np.zeros((3, 4, 5))
    assert np.array_equal(whole(tmp_path / "dx.h5"), labels)
    with h5py.File(tmp_path / "v.dream3d", "w") as file:
        cell = file.create_group("DataContainers/ImageDataContainer/CellData")
        cell["Phases"] = labels[..., None].astype(np.int32)
        cell["FeatureIds"] = labels[..., None].astype(np.int32) + 5
        geometry = file.create_group("DataContainers/ImageDataContainer/_SIMPL_GEOMETRY")
        geometry["SPACING"] = np.array([0.1, 0.2, 0.4], np.float32)
        geometry["ORIGIN"] = np.zeros(3, np.float32)
    assert np.array_equal(whole(tmp_path / "v.dream3d"), labels)
    assert np.array_equal(whole(tmp_path / "v.dream3d", role="ids"), labels + 5)
    assert open_volume(tmp_path / "v.dream3d").spacing == pytest.approx((0.4, 0.2, 0.1))
    with h5py.File(tmp_path / "n.h5", "w") as file:
        file["a/one"], file["a/two"] = labels, labels
        file["a/two"].attrs["element_size_um"] = [0.398] * 3
    assert np.array_equal(whole(tmp_path / "n.h5", dataset="a/one"), labels)
    assert load_volume(tmp_path / "n.h5", dataset="/a/two", labels=LABELS).voxel_size == pytest.approx(398e-9)


def byte_rle(data: bytes) -> bytes:
    values = np.frombuffer(data, np.uint8)
    out = bytearray()
    position = 0
    while position < len(values):
        run = 1
        while position + run < len(values) and run < 127 and values[position + run] == values[position]:
            run += 1
        # A lone byte is written as a literal, which the format allows and Avizo uses.
        out += bytes([run if run > 1 else 129, values[position]])
        position += run
    return bytes(out)


def amira(path: Path, labels: np.ndarray, encoding: str, materials: str = "", unit: str = "µm") -> None:
    """Write as Avizo does (no library that writes this format could be had)."""
    nz, ny, nx = labels.shape
    data = labels.tobytes()
    data = {"HxByteRLE": byte_rle, "HxZip": zlib.compress}.get(encoding, bytes)(data)
    tail = f"({encoding},{len(data)})" if encoding else ""
    units = f'Units {{ Coordinates "{unit}" }}' if unit else ""
    head = (
        f"# Avizo BINARY-LITTLE-ENDIAN 2.1\n\n\ndefine Lattice {nx} {ny} {nz}\n\nParameters {{\n{units}\n{materials}\n"
        f'    Content "{nx}x{ny}x{nz} byte, uniform coordinates",\n'
        f"    BoundingBox 0 {0.398 * (nx - 1)} 0 {0.398 * (ny - 1)} 0 {0.398 * (nz - 1)},\n"
        f'    CoordType "uniform"\n}}\n\nLattice {{ byte Labels }} @1{tail}\n\n# Data section follows\n@1\n'
    )
    path.write_bytes(head.encode() + data + b"\n")


MATERIALS = 'Materials { Exterior { Color 0 0 0, Id 1 }\n NCM { Color 1 0 0 }\n "CBD" { Color 0 1 0 } }'


@pytest.mark.parametrize("encoding", ["", "HxByteRLE", "HxZip"])
def test_avizo(tmp_path: Path, labels: np.ndarray, encoding: str) -> None:
    amira(tmp_path / "v.am", labels, encoding, MATERIALS)
    assert np.array_equal(whole(tmp_path / "v.am"), labels)
    volume = load_volume(tmp_path / "v.am")
    assert volume.voxel_size == pytest.approx(398e-9)
    assert volume.source["labels"] == {"pore": [0], "ncm": [1], "cbd": [2]}


def test_label_maps_say_which_value_is_which_phase(tmp_path: Path, labels: np.ndarray) -> None:
    np.save(tmp_path / "v.npy", np.array([0, 85, 170], np.uint8)[labels])
    volume = load_volume(tmp_path / "v.npy", labels=parse_labels("pore=0, NCM=85, cbd=170"), voxel_size="398 nm")
    assert np.array_equal(volume.phases, np.array([0, 2, 1])[labels])
    values, counts = census(open_volume(tmp_path / "v.npy"))
    assert values == [0, 85, 170]
    assert counts.sum() == labels.size
    with pytest.raises(InputError, match=r"what the labels mean must be stated(.|\n)*85 \("):
        load_volume(tmp_path / "v.npy", voxel_size="398 nm")
    with pytest.raises(InputError, match="does not name"):
        load_volume(tmp_path / "v.npy", labels={"pore": [0], "ncm": [85]}, voxel_size="398 nm")


@pytest.mark.parametrize(
    "text", ["pore=0", "pore=0,ncm", "pore=0,nmc=1", "pore=0,ncm=0", "ncm=1,ncm=2,pore=0", "ncm=1.5,pore=0", ""]
)
def test_label_map_errors(text: str) -> None:
    with pytest.raises(InputError):
        parse_labels(text)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_grey_levels_are_refused_with_a_pointer(tmp_path: Path, dtype: type) -> None:
    grey = np.random.default_rng(1).normal(120, 20, (20, 20, 20)).astype(dtype)
    np.save(tmp_path / "g.npy", grey)
    with pytest.raises(InputError, match=r"grey levels(.|\n)*ilastik"):
        load_volume(tmp_path / "g.npy", labels=LABELS, voxel_size="1 um")


def test_voxel_size_is_needed_and_must_agree_with_the_file(tmp_path: Path, labels: np.ndarray) -> None:
    np.save(tmp_path / "v.npy", labels)
    with pytest.raises(InputError, match="voxel size must be stated"):
        load_volume(tmp_path / "v.npy", labels=LABELS)
    for wrong in ("398", "-1 um", "1 s", ["1 um", "1 um"], 1.0):
        with pytest.raises(InputError):
            load_volume(tmp_path / "v.npy", labels=LABELS, voxel_size=wrong)
    amira(tmp_path / "v.am", labels, "", "", unit="")
    with pytest.raises(InputError, match="without a unit"):
        load_volume(tmp_path / "v.am", labels=LABELS)


def test_resampling_keeps_phase_volumes(tmp_path: Path) -> None:
    z, y, x = np.mgrid[-20:21, -20:21, -10:11]
    radius = np.sqrt(z**2 + y**2 + (2 * x) ** 2)
    phases = np.where(radius < 14, 1, np.where((radius < 17) & (z > 0), 2, 0)).astype(np.uint8)
    np.save(tmp_path / "v.npy", phases)
    volume = load_volume(tmp_path / "v.npy", labels=LABELS, voxel_size=["2 um", "1 um", "1 um"])
    assert volume.shape == (41, 41, 42)
    before = np.bincount(phases.ravel(), minlength=3) * 2.0
    after = np.bincount(volume.phases.ravel(), minlength=4)
    assert after[2] == pytest.approx(before[1], rel=0.01)
    assert after[1] == pytest.approx(before[2], rel=0.05)
    assert any("resampled" in note for note in volume.notes)
