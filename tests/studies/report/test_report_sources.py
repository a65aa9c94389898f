"""What paths may hold, what is refused and how; groups, layers, sweeps, sets, experiments; the check of a page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InputError
from asyncsoc.cli.main import main
from asyncsoc.studies.particle_sets.charge import ChargedSet
from asyncsoc.studies.particle_sets.files import write_charged
from asyncsoc.studies.report.verify import verify_page
from tests.pages import ROOT
from tests.studies.report.conftest import case
from tests.studies.report.opened_page import OpenedPage


def opened(page: Path) -> OpenedPage:
    return OpenedPage(page.read_text(encoding="utf-8"))


WRONG = {
    "nothing.vtkhdf": (None, "cannot be opened"),
    "damaged.vtkhdf": (b"not HDF5 at all", "result"),
    "picture.png": (b"\x89PNG", "cannot be made of this file"),
    "list.json": (b"[1, 2]", "no document"),
    "broken.json": (b'{"a": ', "JSON"),
    "empty.csv": (b"", "empty"),
    "no_head.csv": (b"1,2\n3,4\n", "head line"),
    "ragged.csv": (b"a,b\n1,2\n3\n", "another number of cells"),
    "twice.csv": (b"a,a\n1,2\n", "head is there twice"),
    "binary.csv": (b"a,b\n\xff\xfe\n", "UTF-8"),
    "charged.json": (b'{"format": "something"}', "no charged particles"),
    "folder": ("folder", "nothing in this folder"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_no_report_is_made_of_is_refused_and_the_old_page_stays(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, said = WRONG[name]
    path, page = tmp_path / name, tmp_path / "page.html"
    page.write_text("old")
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    assert main(["report", str(path), "-o", str(page), "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert said in document["error"]["what"]
    assert name.partition(".")[0] in document["error"]["where"]
    assert page.read_text() == "old"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "missing argument"),
        (["a.vtkhdf", "-o", "page.pdf"], "HTML page"),
        (["--simulate", "a.vtkhdf"], "belongs to a check"),
        (["--verify", "a.html", "b.vtkhdf"], "either checked or written"),
        (["--verify", "absent.html"], "cannot be opened"),
    ],
)
def test_wrong_options_are_refused(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_other_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="solutions and paths"):
        aso.report([3], tmp_path / "page.html")  # type: ignore[list-item]
    with pytest.raises(InputError, match="nothing to report on"):
        aso.report([], tmp_path / "page.html")


def test_a_page_checks_itself(page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checks = verify_page(page, simulate=True)
    assert [one.passed for one in checks] == [True, True, True]
    assert checks[-1].found == "the same to the last bit"
    altered = tmp_path / "altered.html"
    altered.write_text(page.read_text(encoding="utf-8").replace("ahead of it", "beside of it", 1), encoding="utf-8")
    assert main(["report", "--verify", str(altered), "--json"]) == 3
    first = json.loads(capsys.readouterr().out)
    assert [one["passed"] for one in first["checks"]] == [False, True]
    altered.write_text("<html></html>")
    with pytest.raises(InputError, match="no page of asyncsoc report"):
        verify_page(altered)


def test_another_case_on_a_page_is_noticed(page: Path, tmp_path: Path) -> None:
    altered = tmp_path / "altered.html"
    altered.write_text(page.read_text(encoding="utf-8").replace("coverage = 0.3\\n", "coverage = 0.4\\n"))
    assert [one.passed for one in verify_page(altered, simulate=True)] == [False, False]


@pytest.fixture(scope="module")
def electrode() -> aso.Solution:
    return aso.simulate(
        aso.Case.from_dict(
            {
                "name": "electrode",
                "particle": {"mesh": "coarse"},
                "electrode": {
                    "loading": "12.7 mg/cm2", "thickness": "60 um", "particles": 4, "layers": 2, "radius": "5 um",
                    "coverage": {"law": "beta", "mean": 0.3, "std": 0.1}, "model": "layers",
                },
                "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
            }
        )
    )  # fmt: skip


def test_an_electrode_has_its_particles_and_layers(electrode: aso.Solution, tmp_path: Path) -> None:
    found = opened(aso.report(electrode, tmp_path / "page.html"))
    heads = {str(attributes.get("id")) for tag, attributes in found.elements if tag == "section"}
    assert {"particles", "layers", "particle-in-3-d", "contact-and-hot-spots", "parameters", "provenance"} <= heads
    for one in electrode.particle_runs:
        assert one.name in found.text
    coverages = [run.contact.coverage_realised for run in electrode.particle_runs]
    bodies = found.data("view-data")
    assert len(bodies) == min(len(coverages), 6)
    assert f"{min(coverages):.3g}" in bodies[0]["name"] and f"{max(coverages):.3g}" in bodies[-1]["name"]


def test_particles_given_one_by_one_have_a_page(tmp_path: Path) -> None:
    cases = [case("one"), case("two", contact={"kind": "full"})]
    solution = aso.simulate_particles(cases, [1, 2], names=["a & b", "c"])
    page = aso.report(solution, tmp_path / "page.html")
    found = opened(page)
    assert "a & b" in found.text and "cannot be listed" not in found.text
    assert [one.passed for one in verify_page(page)] == [True]


@pytest.mark.slow
def test_a_sweep_has_its_numbers_over_what_was_varied(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    data = aso.sweep(
        case("swept", protocol={"steps": ["Charge at C/5 for 10 minutes"]}),
        {"contact.coverage": [0.2, 0.4], "particle.radius": ["3 um", "5 um"]},
        folder=folder,
        workers=1,
    )
    found = opened(aso.report(folder, tmp_path / "page.html"))
    assert "4 of 4 cases were computed" in found.text
    series = found.data("chart-1")["series"]
    expected = data["Largest asynchrony"].values
    assert [one["x"] for one in series] == [[0.2, 0.4]] * 2
    np.testing.assert_allclose([one["y"] for one in series], expected.T, rtol=1e-4)
    assert "Parameters of the first case" in found.text


def test_a_charged_set_has_its_particles_and_failures(tmp_path: Path) -> None:
    rows = [
        {
            "particle": k,
            "coverage": 0.1 * k,
            "largest lead": 0.3 / k,
            "final mean SOC": 0.8,
            "lithium balance error": 1e-15,
        }
        for k in (1, 2, 3)
    ]
    write_charged(ChargedSet({"charged": 3}, rows, [{"particle": 9, "reason": "<b>bad</b> mesh"}]), tmp_path / "set")
    found = opened(aso.report(tmp_path / "set", tmp_path / "page.html"))
    assert "median of 0.15" in found.text
    assert "Particle 9 failed: <b>bad</b> mesh" in found.text
    assert found.count("b") == 0
    assert found.data("chart-1")["series"][0]["y"] == [0.3, 0.15, 0.1]


def test_the_comparison_with_the_paper_has_every_finding(tmp_path: Path) -> None:
    document = json.loads((ROOT / "docs" / "paper.json").read_text(encoding="utf-8"))
    found = opened(aso.report(ROOT / "docs" / "paper.json", tmp_path / "page.html"))
    assert all(one["title"] in found.text for one in document.values())
    verdicts = [one["verdict"] for one in document.values()]
    assert f"{verdicts.count('trend only')} trend only" in found.text


def test_documents_and_tables_of_experiments_are_drawn(tmp_path: Path) -> None:
    spectrum = {
        "name": "cell <1>", "frequency [Hz]": [1.0, 10.0, 1000.0], "real impedance [ohm]": [3.0, 2.0, 1.0],
        "imaginary impedance [ohm]": [-0.5, -1.0, -0.1], "warnings": ["assumption: a capacitance"],
        "parameters": [{"name": "double layer", "value": 0.2, "assumed": True}],
    }  # fmt: skip
    (tmp_path / "eis.json").write_text(json.dumps(spectrum))
    table = ROOT / "docs" / "gitt_bias.csv"
    found = opened(aso.report([tmp_path / "eis.json", table], tmp_path / "page.html"))
    nyquist = found.data("chart-1")["series"][0]
    assert (nyquist["x"], nyquist["y"]) == ([3.0, 2.0, 1.0], [0.5, 1.0, 0.1])
    assert "cell <1>" in found.text and "assumption: a capacitance" in found.text
    assert "Rests on assumed parameters: double layer" in found.text
    assert "apparent over true diffusivity" in found.text
    there = {attributes.get("id") for _, attributes in found.elements}
    links = {str(attributes["href"])[1:] for tag, attributes in found.elements if tag == "a"}
    assert "parameters-eis" in links
    assert links - there == set()


def test_the_command_says_what_it_wrote(
    covered: aso.Solution, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = covered.save(tmp_path)
    assert main(["report", str(result), "-o", str(tmp_path / "page.html"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["size [byte]"] == (tmp_path / "page.html").stat().st_size
    assert document["made of"] == ["run"] and "Particle in 3-D" in document["sections"]
