from __future__ import annotations

import shutil

import h5py
import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.simulation.results.solution import Solution


@pytest.fixture
def whole(make_solution, tmp_path):
    """A good file without its checksum, so that the guards behind it have to do the work."""
    path = make_solution("cartesian").save(tmp_path / "good")
    path.with_name(path.name + ".sha256").unlink()
    return path


def refused(path) -> str:
    with pytest.raises(InputError) as caught:
        Solution.load(path)
    assert caught.value.exit_code == 2
    message = str(caught.value)
    assert str(path) in message
    assert "next: " in message
    return message


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_off_anywhere(share, whole, tmp_path):
    path = tmp_path / "cut.vtkhdf"
    content = whole.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" + bytes(500), b"\x89HDF\r\n\x1a\n" + bytes(3000)])
def test_something_else(content, tmp_path):
    path = tmp_path / "else.vtkhdf"
    path.write_bytes(content)
    refused(path)


def test_a_missing_file_and_a_directory(tmp_path):
    assert "no such result file" in refused(tmp_path / "none.vtkhdf")
    assert "no such result file" in refused(tmp_path)


def test_a_changed_byte_is_found_by_the_checksum(make_solution, tmp_path):
    path = make_solution("cartesian").save(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "SHA-256" in refused(path)


def test_an_empty_sidecar_is_not_a_checksum(make_solution, tmp_path):
    path = make_solution("cartesian").save(tmp_path)
    path.with_name(path.name + ".sha256").write_text("")
    assert "SHA-256" in refused(path)


def test_damaged_bytes_never_give_anything_but_an_error_or_the_same_numbers(whole, tmp_path):
    good, content = Solution.load(whole), whole.read_bytes()
    random = np.random.default_rng(7)
    path, errors = tmp_path / "damaged.vtkhdf", 0
    for _ in range(40):
        damaged = bytearray(content)
        for place in random.integers(0, len(content), 30):
            damaged[place] = random.integers(0, 256)
        path.write_bytes(damaged)
        try:
            found = Solution.load(path)
        except InputError:
            errors += 1
        else:
            assert found.mesh.sha256 == good.mesh.sha256
            assert found.field_x.shape == good.field_x.shape
    assert errors > 0


def rewrite(file, name, content) -> None:
    del file[f"record/{name}"]
    file[f"record/{name}"] = np.bytes_(content)


def elsewhere(file, place) -> None:
    del file["mesh/facets"]
    file["mesh/facets"] = h5py.ExternalLink(str(place), "mesh/facets")


def soft_link(file, place) -> None:
    del file["mesh/facets"]
    file["mesh/facets"] = h5py.SoftLink("/VTKHDF/Connectivity")


def raw_storage(file, place) -> None:
    del file["contact/facet_fraction"]
    (place.parent / "raw").write_bytes(bytes(64))
    file["contact"].create_dataset(
        "facet_fraction", shape=(8,), dtype="f8", external=[(str(place.parent / "raw"), 0, 64)]
    )


def virtual(file, place) -> None:
    del file["contact/facet_fraction"]
    source = h5py.VirtualSource(str(place), "contact/facet_fraction", shape=(8,))
    layout = h5py.VirtualLayout(shape=(8,), dtype="f8")
    layout[:] = source
    file["contact"].create_virtual_dataset("facet_fraction", layout)


def cycle(file, place) -> None:
    file["curves/again"] = file["/"]


def bomb(file, place) -> None:
    file["curves"].create_dataset("Huge", shape=(1 << 36,), dtype="f8", chunks=(1 << 20,), compression="gzip")


def many_small_bombs(file, place) -> None:
    for k in range(20):
        file["curves"].create_dataset(f"Large {k}", shape=(1 << 22,), dtype="f8", chunks=(1 << 20,), compression="gzip")


def strings(file, place) -> None:
    file["curves/Names"] = ["a"] * 12


def text_of_open_length(file, place) -> None:
    del file["record/name"]
    file["record/name"] = "a name"


def attribute_of_open_length(file, place) -> None:
    file["mesh"].attrs["name"] = "a name"


def text_as_number(file, place) -> None:
    del file["record/name"]
    file["record/name"] = 3.0


def not_utf8(file, place) -> None:
    rewrite(file, "name", b"\xff\xfe")


def objects(file, place) -> None:
    for k in range(1100):
        file.create_group(f"curves/g{k}")


def other_format(file, place) -> None:
    file.attrs["format"] = np.bytes_("something")


def later_version(file, place) -> None:
    file.attrs["format version"] = 99


def no_mesh(file, place) -> None:
    del file["mesh"]


def nodes_that_do_not_exist(file, place) -> None:
    file["VTKHDF/Connectivity"][3] = 7_000_000


def negative_nodes(file, place) -> None:
    file["mesh/facets"][0, 0] = -1


def moved_node(file, place) -> None:
    file["VTKHDF/Points"][0, 0] = 1e-7


def nan_in_the_field(file, place) -> None:
    file["VTKHDF/PointData/Stoichiometry"][4] = np.nan


def fewer_values(file, place) -> None:
    x = file["VTKHDF/PointData/Stoichiometry"][:-1]
    del file["VTKHDF/PointData/Stoichiometry"]
    file["VTKHDF/PointData/Stoichiometry"] = x


def moved_snapshots(file, place) -> None:
    file["VTKHDF/Steps/PointDataOffsets/Stoichiometry"][1] = 0


def times_backwards(file, place) -> None:
    file["VTKHDF/Steps/Values"][:] = [0.0, 2.0, 1.0]


def shorter_curve(file, place) -> None:
    del file["curves/Voltage [V]"]
    file["curves/Voltage [V]"] = np.zeros(3)


def unknown_coordinates(file, place) -> None:
    file["mesh"].attrs["coordinates"] = np.bytes_("polar")


def json_with_nan(file, place) -> None:
    rewrite(file, "provenance", '{"a": NaN}')


def json_nested_deeply(file, place) -> None:
    rewrite(file, "case", "[" * 100_000)


def json_of_another_kind(file, place) -> None:
    rewrite(file, "steps", '{"a": 1}')


def steps_of_another_kind(file, place) -> None:
    rewrite(file, "steps", '[{"a": 1}]')


def attribute_as_list(file, place) -> None:
    file.attrs["stoichiometry at 4.2 V"] = np.zeros(1000)


def attribute_as_number(file, place) -> None:
    file["mesh"].attrs["name"] = 3


def unknown_status(file, place) -> None:
    rewrite(file, "status", "excellent")


CHANGES = [
    elsewhere, soft_link, raw_storage, virtual, cycle, bomb, many_small_bombs, strings, text_of_open_length,
    attribute_of_open_length, text_as_number, not_utf8, objects, other_format,
    later_version, no_mesh, nodes_that_do_not_exist, negative_nodes, moved_node, nan_in_the_field, fewer_values,
    moved_snapshots, times_backwards, shorter_curve, unknown_coordinates, json_with_nan, json_nested_deeply,
    json_of_another_kind, steps_of_another_kind, attribute_as_list, attribute_as_number, unknown_status,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_file_is_one_clear_error(change, whole, tmp_path):
    path = tmp_path / "changed.vtkhdf"
    shutil.copy(whole, path)
    with h5py.File(path, "r+") as file:
        change(file, whole)
    refused(path)
