"""`asyncsoc tomo`: documents, files, messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from asyncsoc.base.errors import InputError, SimulationError
from asyncsoc.cli.app import app
from asyncsoc.tomography.particle_set import ParticleSet, check_contact, read_set
from asyncsoc.tomography.synthetic import sphere_pack

KEYS = ("phase fractions", "active fraction of exposed surface", "areas [m2]", "particles")


def call(*arguments: object) -> None:
    typer.main.get_command(app)(args=["tomo", *(str(a) for a in arguments)], standalone_mode=False)


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = sphere_pack((52, 56, 60), radius=(8.0, 10.0), seed=5, coverage=0.5)
    folder = tmp_path_factory.mktemp("volume")
    np.save(folder / "v.npy", np.array([0, 2, 1, 3], np.uint8)[made.volume.phases])
    np.save(folder / "ids.npy", made.ids)
    made.volume.phases.tofile(folder / "v.raw")
    return folder / "v.npy"


def stated(volume: Path) -> tuple[object, ...]:
    return (volume, "--labels", "pore=0,ncm=1,cbd=2", "--voxel-size", "400 nm")


def document(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    call(*arguments, "--json")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    return json.loads(lines[0], parse_constant=lambda c: pytest.fail(f"{c} is not JSON"))


def test_statistics_as_a_document(volume: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = document(capsys, "stats", *stated(volume), "--separator", "z-low", "--mesh", "--min-voxels", "500")
    assert set(KEYS) <= set(result)
    assert set(result["phase fractions"]) == {"pore", "ncm", "cbd"}
    assert result["active fraction of exposed surface"] == pytest.approx(0.5, abs=0.07)
    assert set(result["active fraction by estimator"]) == {"crofton", "voxel faces", "mesh"}
    assert result["voxel size [m]"] == pytest.approx(4e-7)
    assert len(result["particles"]["coverage"]) == result["particle count"]["all"]


def test_the_same_from_blocks_ids_and_raw(volume: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = document(capsys, "stats", *stated(volume))
    blocks = document(capsys, "stats", *stated(volume), "--block", "32", "--halo", "20")
    assert blocks["particles"] == whole["particles"]
    ids = document(capsys, "stats", *stated(volume), "--particle-ids", volume.with_name("ids.npy"))
    assert ids["split"]["method"] == "ids given"
    raw = document(
        capsys, "stats", volume.with_name("v.raw"), "--labels", "pore=0,ncm=2,cbd=1", "--voxel-size", "400 nm",
        "--raw-shape", "60,56,52", "--raw-type", "uint8",
    )  # fmt: skip
    assert raw["areas [m2]"] == whole["areas [m2]"]


@pytest.mark.slow
def test_statistics_as_tables_and_files(volume: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call("stats", *stated(volume), "--split-effect", "-o", tmp_path / "out", "--note", "synthetic")
    shown = capsys.readouterr().out
    for text in ("active fraction of exposed surface, crofton", "split depth, voxel", "section.png"):
        assert text in shown
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {"statistics.json", "particles.csv", "section.png", "statistics.png", "index-volume.png"}
    assert set(KEYS) <= set(json.loads((tmp_path / "out" / "statistics.json").read_text()))
    lines = (tmp_path / "out" / "particles.csv").read_text().splitlines()
    assert lines[0].startswith('"particle","voxels"')
    assert len(lines) > 5


@pytest.mark.parametrize("kind", ["vtu", "vtkhdf"])
def test_meshes_and_manifest(volume: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    result = document(
        capsys, "mesh", *stated(volume), "-o", tmp_path, "--format", kind, "--min-voxels", "500", "--cells-across", "8"
    )
    made = read_set(result["manifest"])
    assert result["meshed"] == len(made) > 0
    assert result["failed"] == []
    assert made.load(0).coverage == pytest.approx(made.rows[0]["coverage"])
    assert result["active fraction of exposed surface, mesh"] == pytest.approx(0.5, abs=0.1)


def test_failed_particles_are_listed(
    volume: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from asyncsoc.tomography import meshing

    found = document(capsys, "stats", *stated(volume))
    small, large = (1 + int(f(found["particles"]["voxels"])) for f in (np.argmin, np.argmax))
    mesh_particle = meshing.mesh_particle

    def fail_small(crop: object, settings: object) -> object:
        if crop.particle == small:
            raise ZeroDivisionError("made up")
        return mesh_particle(crop, settings)

    monkeypatch.setattr(meshing, "mesh_particle", fail_small)
    call("mesh", *stated(volume), "-o", tmp_path / "out", "--only", f"{small},{large}")
    shown = capsys.readouterr().out
    assert "why it failed" in shown
    assert "made up" in shown
    failed = read_set(tmp_path / "out").failed[0]
    assert failed["particle"] == small
    assert "in fail_small" in failed["traceback"]
    with pytest.raises(SimulationError, match="no particle could be meshed"):
        call("mesh", *stated(volume), "-o", tmp_path / "out", "--only", small)


def test_a_single_voxel_is_meshed_where_it_is_asked_for(
    volume: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = np.array(np.load(volume))
    tiny[25:28, 25:28, :3] = 0
    tiny[26, 26, 1] = 1
    np.save(tmp_path / "t.npy", tiny)
    found = document(capsys, "stats", *stated(tmp_path / "t.npy"))
    small = 1 + int(np.argmin(found["particles"]["voxels"]))
    made = document(capsys, "mesh", *stated(tmp_path / "t.npy"), "-o", tmp_path / "out", "--only", small)
    assert made["failed"] == []
    assert made["particles repaired"] == 1
    assert made["largest volume change by repair"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.slow
def test_without_electrolyte_everybody_says_that_contact_cannot_be_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from asyncsoc.plotting.tomography import section_figure, statistics_figure
    from asyncsoc.tomography.load import load_volume
    from asyncsoc.tomography.split import split_particles
    from asyncsoc.tomography.statistics import volume_statistics

    bare = np.zeros((22, 22, 22), np.uint8)
    bare[7:15, 7:15, 7:15] = 1
    np.save(tmp_path / "bare.npy", bare)
    options = (tmp_path / "bare.npy", "--labels", "pore=0,ncm=1", "--voxel-size", "400 nm")
    call("stats", *options, "-o", tmp_path / "stats", "--mesh")
    said = capsys.readouterr()
    assert "warning: no voxel of the volume is CBD or electrolyte" in said.err
    assert "0.0" not in [line.split()[-1] for line in said.out.splitlines() if "active fraction" in line]
    lines = (tmp_path / "stats" / "particles.csv").read_text().splitlines()
    column = [name.strip('"') for name in lines[0].split(",")].index("coverage")
    assert {line.split(",")[column] for line in lines[1:]} == {""}
    kept = json.loads((tmp_path / "stats" / "statistics.json").read_text())
    assert kept["contact measurable"] is False
    assert set(kept["active fraction by estimator"].values()) == {None}
    made = document(capsys, "mesh", *options, "-o", tmp_path / "meshes")
    assert made["contact measurable"] is False
    assert made["active fraction of exposed surface, mesh"] is None
    assert "contact cannot be measured" in " ".join(made["notes"])
    rows = read_set(tmp_path / "meshes").rows
    assert {row["coverage"] for row in rows} == {None}
    assert read_set(tmp_path / "meshes").load(0).record["coverage"] is None
    with pytest.raises(InputError, match="contact cannot be measured"):
        check_contact(read_set(tmp_path / "meshes"))
    loaded = load_volume(tmp_path / "bare.npy", labels={"pore": [0], "ncm": [1]}, voxel_size=4e-7)
    particles = split_particles(loaded)
    result = volume_statistics(loaded, particles)
    assert "cannot be measured" in statistics_figure(result).axes[1].texts[0].get_text()
    assert "cannot be measured" in section_figure(loaded, particles, result.table["coverage"]).axes[1].get_title("left")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--labels", "pore=0,ncm=9,cbd=2", "--voxel-size", "1 um"), "does not name"),
        (("--labels", "pore=0,ncm=1,cbd=2"), "voxel size must be stated"),
        (("--voxel-size", "1 um"), "what the labels mean"),
        (("--labels", "pore=0,nmc=1,cbd=2", "--voxel-size", "1 um"), "did you mean: ncm"),
        (("--labels", "pore=0,ncm=1,cbd=2", "--voxel-size", "1 um,2 um"), "one or three"),
        (("--labels", "pore=0,ncm=1,cbd=2", "--voxel-size", "1 um", "--split-depth", "0"), "split depth"),
        (("--labels", "pore=0,ncm=1,cbd=2", "--voxel-size", "1 um", "--separator", "up"), "unknown side"),
        (("--labels", "pore=0,ncm=1,cbd=2", "--voxel-size", "1 um", "--raw-shape", "1,2"), "three counts"),
        (("--labels", "pore=0,ncm=1,cbd=2", "--voxel-size", "1 um", "--max-size", "0.00001"), "larger than allowed"),
        (("--labels", "pore=0,ncm=1,cbd=2", "--voxel-size", "1 um", "--max-size", "-1"), "must be positive"),
        (("--labels", "pore=0,ncm=1,cbd=2", "--voxel-size", "1 um", "--dataset", "a"), "unnamed array"),
    ],
)
def test_wrong_input(volume: Path, options: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call("stats", volume, *options)


def test_wrong_lists_of_particles(volume: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a list"):
        call("mesh", *stated(volume), "-o", tmp_path, "--only", "a,b")


def test_particles_without_measurable_contact_are_not_charged(tmp_path: Path) -> None:
    from asyncsoc.case.case import Case
    from asyncsoc.studies.particle_sets.charge import charge_set

    case = Case.from_toml(Path(__file__).parents[2] / "examples" / "cal_vs_hotcal.toml")
    said = ParticleSet(tmp_path, {"contact measurable": False}, [{"particle": 1, "file": "p.vtu", "sha256": ""}])
    older = ParticleSet(tmp_path, {"areas of the meshes [m2]": {"active": 0.0, "inactive": 1e-10}}, said.rows)
    for particles in (said, older):
        with pytest.raises(InputError, match="contact cannot be measured: no voxel of the volume is CBD"):
            charge_set(particles, case)


def assert_readable(figure: Any) -> None:
    """Counts have whole ticks, and no text leaves the figure or its own panel's column."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    for axes in figure.axes:
        if axes.get_ylabel() == "Particles":
            assert all(float(tick).is_integer() for tick in axes.get_yticks())
        texts = [axes.title, axes._right_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
        box = axes.get_tightbbox(renderer)
        for text in (t for t in texts if t.get_text()):
            extent = text.get_window_extent(renderer)
            assert extent.x0 >= 0
            assert extent.x1 <= figure.bbox.x1
            others = [a.get_tightbbox(renderer) for a in figure.axes if a is not axes]
            assert not any(extent.overlaps(other) for other in others), text.get_text()
        assert box.y1 <= figure.bbox.y1


@pytest.mark.slow
def test_sphericity_above_one_is_marked_as_the_estimators_error() -> None:
    from asyncsoc.plotting.tomography import statistics_figure
    from asyncsoc.tomography.split import particles_from_ids
    from asyncsoc.tomography.statistics import volume_statistics

    made = sphere_pack((48, 48, 48), radius=(4.5, 6.0), solid_fraction=0.15, overlap=0.0, seed=2)
    result = volume_statistics(made.volume, particles_from_ids(made.volume, made.ids), min_voxels=300)
    figure = statistics_figure(result)
    interior = (result.table["voxels"] >= 300) & ~result.table["at edge"]
    above = result.table["sphericity"][interior] > 1.0
    assert above.any()
    assert result.table["sphericity"][interior].max() < 1.03, "the error stated in the documents"
    assert f"{100 * above.mean():.0f} % above 1: the estimator's error" in figure.axes[4].get_xlabel()
    assert_readable(figure)


@pytest.mark.slow
def test_figures_show_what_they_should(volume: Path) -> None:
    from asyncsoc.plotting.tomography import index_volume_figure, section_figure, statistics_figure
    from asyncsoc.tomography.load import load_volume
    from asyncsoc.tomography.split import split_particles
    from asyncsoc.tomography.statistics import volume_statistics

    loaded = load_volume(volume, labels={"pore": [0], "ncm": [1], "cbd": [2]}, voxel_size=4e-7)
    particles = split_particles(loaded)
    result = volume_statistics(loaded, particles)
    for axis in "xyz":
        figure = section_figure(loaded, particles, result.table["coverage"], axis=axis, index=10**6, note="synthetic")
        assert figure.axes[0].get_xlabel() == {"x": "y", "y": "x", "z": "x"}[axis] + " [µm]"
    with pytest.raises(InputError, match="unknown axis"):
        section_figure(loaded, particles, result.table["coverage"], axis="t")
    figure = statistics_figure(result, min_voxels=500)
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert sum(heights) == pytest.approx(100.0)
    statistics_figure(result, min_voxels=10**6).canvas.draw()
    assert_readable(figure)
    figure = index_volume_figure({"particles": np.sort(result.table["volume [m3]"])[::-1]})
    assert len(figure.axes[0].lines[0].get_xdata()) == particles.n
