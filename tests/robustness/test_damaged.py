"""Damaged files are the input's fault: exit code 2 and one message, whatever is in them; our own bugs are not."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.main import main
from asyncsoc.studies.sweep.design import DesignOptions, make_design
from asyncsoc.studies.sweep.plan import Plan

ROOT = Path(__file__).parents[2]
KEYS = {"particle": {"radius": "3 um"}, "protocol": {"steps": ["Charge at 1 C for 1 minute"]}}
BAD = (None, [1], "x", -1e400)
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return aso.simulate(aso.Case.from_dict(KEYS)).save(tmp_path_factory.mktemp("result"))


def copy_of(result: Path, folder: Path) -> Path:
    """A copy without its checksum: what is inside is to be read."""
    return Path(shutil.copy(result, folder / result.name))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    text = capsys.readouterr().err
    assert "unexpected" not in text
    assert text.startswith("error: ")
    return text


@pytest.mark.parametrize(
    "text", ["a = [", "x" * 50, "a." * 5000 + "b = 1", "[protocol]\nsteps = 3", "\x00"], ids=lambda text: text[:6]
)
def test_a_result_whose_case_is_damaged_cannot_be_gone_on_with(
    text: str, result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, case = copy_of(result, tmp_path), tmp_path / "case.toml"
    case.write_text('[particle]\nradius = "3 um"\n[protocol]\nsteps = ["Charge at 1 C for 1 minute"]\n')
    with h5py.File(file, "r+") as stored:
        del stored["record/case toml"]
        stored["record/case toml"] = np.bytes_(text.encode() + b" ")
    assert main(["run", str(case), "--resume", str(file)]) == 2
    said(capsys)


def test_a_result_without_a_curve_is_damaged(result: Path, tmp_path: Path) -> None:
    file = copy_of(result, tmp_path)
    with h5py.File(file, "r+") as stored:
        del stored["curves/Mean SOC"]
    with pytest.raises(InputError, match="a curve is missing"):
        aso.Solution.load(file)


def test_data_compressed_twice_are_refused(result: Path, tmp_path: Path) -> None:
    file = copy_of(result, tmp_path)
    _add_swollen(file, "curves/swollen")
    with pytest.raises(InputError, match="compressed more than once"):
        aso.Solution.load(file)


def test_a_volume_compressed_twice_is_refused_at_once(tmp_path: Path) -> None:
    from asyncsoc.tomography.readers.open import open_volume

    _add_swollen(tmp_path / "v.h5", "labels")
    began = time.perf_counter()
    with pytest.raises(InputError, match="compressed more than once"):
        open_volume(tmp_path / "v.h5")
    assert time.perf_counter() - began < 5.0


def _add_swollen(file: Path, name: str) -> None:
    """Add a cube whose chunks are deflated twice."""
    with h5py.File(file, "a") as stored:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((64, 64, 64))
        properties.set_deflate(9)
        properties.set_deflate(9)
        space = h5py.h5s.create_simple((64, 64, 64))
        item = h5py.h5d.create(stored.id, name.encode(), h5py.h5t.NATIVE_UINT8, space, properties)
        item.write(h5py.h5s.ALL, h5py.h5s.ALL, np.zeros((64, 64, 64), np.uint8))


def test_a_bug_of_the_reader_does_not_pass_for_damage(result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from asyncsoc.simulation.results import reading

    def broken(file: object) -> None:
        raise AttributeError("a typing error of ours")

    broken.__code__ = broken.__code__.replace(co_filename=reading.__file__)
    monkeypatch.setattr(reading, "_read_mesh", broken)
    with pytest.raises(AttributeError, match="of ours"):
        aso.Solution.load(result)


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    keys = {"name": "small", **KEYS, "protocol": {"steps": ["Charge at {rate} C for 1 minute"]}}
    plan = Plan("small", keys, make_design(DesignOptions(("rate=0.5,0.7",)), keys), "curves")
    plan.write(tmp_path)
    return tmp_path


def _without(key: str) -> Change:
    return lambda document: document.pop(key)


def _with(key: str, value: Any) -> Change:
    return lambda document: document.update({key: value})


@pytest.mark.parametrize(
    "change",
    [
        *(_without(key) for key in ("sweep sha256", "base", "design", "keep", "generation", "extra", "name")),
        *(_with(key, value) for key in ("base", "design", "extra", "generation", "keep") for value in BAD),
        _with("design", {"dimensions": [{"name": "a", "keys": 3, "rows": [[1]]}]}),
    ],
)  # fmt: skip
def test_a_damaged_manifest_of_a_sweep(change: Change, sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = sweep / "manifest.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document)
    file.write_text(json.dumps(document), encoding="utf-8")
    assert main(["sweep", "collect", str(sweep)]) == 2
    said(capsys)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"", b"[" * 100_000, b'{"format": "asyncsoc sweep", "version": 1}']
)
def test_a_manifest_that_is_none(content: bytes, sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (sweep / "manifest.json").write_bytes(content)
    assert main(["sweep", str(sweep), "--resume", "--plan"]) == 2
    said(capsys)


@pytest.mark.parametrize("about", [b"[]", b'{"generation": "x"}', b"3", b"[" * 100_000])
def test_a_shard_with_a_damaged_head(about: bytes, sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (sweep / "shards").mkdir()
    head = b"asyncsoc shard 1\n" + len(about).to_bytes(4, "little") + about
    (sweep / "shards" / "0.shard").write_bytes(head)
    assert main(["sweep", "collect", str(sweep)]) == 2
    said(capsys)


@pytest.mark.parametrize("name", ["v\0.raw", "x" * 5000, "..", "/etc/passwd", "\x1b[2J.raw"])
def test_a_header_that_names_no_file(name: str, tmp_path: Path) -> None:
    from asyncsoc.tomography.readers.open import open_volume

    head = f"ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = {name}\n"
    (tmp_path / "v.mha").write_bytes(head.encode())
    with pytest.raises(InputError):
        open_volume(tmp_path / "v.mha")


def test_a_header_whose_size_is_no_number(tmp_path: Path) -> None:
    from asyncsoc.tomography.readers.open import open_volume

    (tmp_path / "v.raw").write_bytes(bytes(8))
    head = "NDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nHeaderSize = x\nElementDataFile = v.raw\n"
    (tmp_path / "v.mhd").write_text(head)
    with pytest.raises(InputError, match="HeaderSize"):
        open_volume(tmp_path / "v.mhd")


def test_a_tiff_reader_is_silent_about_damage(tmp_path: Path) -> None:
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(tmp_path / "v.tif", np.zeros((20, 8, 8), np.uint8), compression="zlib")
    raw = bytearray((tmp_path / "v.tif").read_bytes())
    for place in range(60, len(raw), 7):
        raw[place] ^= 0x5A
    (tmp_path / "v.tif").write_bytes(bytes(raw))
    code = (
        "import sys\nfrom asyncsoc.cli.main import main\n"
        f"main(['tomo', 'stats', {str(tmp_path / 'v.tif')!r}, '--labels', 'pore=0,ncm=1', '--voxel-size', '1 um'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )
    assert done.stderr.startswith("error: ")
    assert len(done.stderr) < 1500
    assert logging.getLogger("tifffile").level == logging.NOTSET


@pytest.mark.parametrize("change", ["no particle", "no volume", "twice", "a text", "another hash"])
def test_a_damaged_manifest_of_particles_is_the_inputs_fault(
    change: str, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "particles"
    shutil.copytree(inputs / "particles", folder)
    file = folder / "manifest.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    rows = document["particles"][:1]
    if change == "no particle":
        del rows[0]["particle"]
    elif change == "no volume":
        del rows[0]["volume [m3]"]
    elif change == "twice":
        rows *= 2
    elif change == "a text":
        rows[0]["surface [m2]"] = "large"
    else:
        rows[0]["sha256"] = "0" * 64
    document["particles"] = rows
    file.write_text(json.dumps(document), encoding="utf-8")
    assert main(["tomo", "charge", str(folder), str(inputs / "charge.toml"), "--no-spheres"]) == 2
    said(capsys)


def test_what_the_system_refuses_is_no_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from asyncsoc.materials import registry

    def gone(name: str) -> None:
        (tmp_path / "deleted" / "file").write_text("")

    monkeypatch.setattr(registry, "cathode", gone)
    assert main(["params"]) == 2
    assert "deleted" in said(capsys)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("time [s], voltage [V]\n" + "".join(f"{k}, 3.7\n" for k in range(300_000)), "the table has too many rows"),
        ("time [s]," + " " * 100_000 + "x\n1,3.7\n2,3.7\n3,3.7\n", "a line is too long"),
    ],
)
def test_measured_files_that_take_for_ever_are_refused(content: str, match: str, tmp_path: Path) -> None:
    from asyncsoc.studies.calibration.measured import read_measured

    (tmp_path / "m.csv").write_text(content)
    began = time.process_time()
    with pytest.raises(InputError, match=match):
        read_measured(tmp_path / "m.csv")
    assert time.process_time() - began < 3.0


@pytest.mark.parametrize("text", ["a." * 4000 + "a = 1", "x = {" + "a." * 4000 + "b = 1}", '"a".' * 4000 + "b = 1"])
def test_keys_of_thousands_of_parts_are_refused_before_they_are_parsed(text: str, tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text(text)
    began = time.process_time()
    with pytest.raises(InputError, match="a key has too many parts"):
        aso.Case.from_toml(tmp_path / "case.toml")
    assert time.process_time() - began < 1.0


def test_dots_in_texts_and_numbers_are_no_keys(tmp_path: Path) -> None:
    words = ".".join("abcdefgh")
    text = (
        f'name = "{words}"\n[particle]\nradius = "5.5 um" # {"1.5 " * 50}\n[protocol]\nsteps = ["Rest for 1.5 hours"]\n'
    )
    (tmp_path / "case.toml").write_text(text)
    assert aso.Case.from_toml(tmp_path / "case.toml").name == words
