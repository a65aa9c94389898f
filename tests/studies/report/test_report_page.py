"""What a page holds: every text escaped, a strict policy, fields and shapes of the run, its parameters and marks."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.problem.case_parameters import case_parameters
from asyncsoc.recorders import curve_names as names
from tests.studies.report.conftest import HOSTILE, case
from tests.studies.report.opened_page import OpenedPage, field_values, unpacked


@pytest.fixture(scope="module")
def opened(page: Path) -> OpenedPage:
    return OpenedPage(page.read_text(encoding="utf-8"))


def test_a_hostile_name_is_text(opened: OpenedPage) -> None:
    assert opened.count("img") == 0
    assert HOSTILE in opened.text
    assert opened.data("report-facts")["results"][0]["name"] == HOSTILE
    assert opened.data("view-data")[0]["name"] == HOSTILE


def test_nothing_is_loaded_and_nothing_runs_but_one_script(opened: OpenedPage) -> None:
    attributes = [(tag, name, value or "") for tag, found in opened.elements for name, value in found.items()]
    assert [
        one for one in attributes if one[1].startswith("on") or one[1] in ("src", "style", "srcset", "action")
    ] == []
    assert {value for _, name, value in attributes if name == "href" and not value.startswith("#")} == {"data:,"}
    run = [text for tag, found, text in opened.raw if tag == "script" and found.get("type") is None]
    styles = [text for tag, _, text in opened.raw if tag == "style"]
    policy = next(found["content"] for tag, found in opened.elements if "Content-Security-Policy" in found.values())
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (*run, *styles)]
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    assert (len(run), len(styles)) == (1, 1)
    assert not re.search(r"https?://|\beval\(|innerHTML|new Function", run[0].replace("http://www.w3.org/2000/svg", ""))


def test_links_go_where_something_is(opened: OpenedPage) -> None:
    there = {found.get("id") for _, found in opened.elements}
    wanted = {str(found["href"])[1:] for tag, found in opened.elements if tag == "a"}
    assert wanted - there == set()
    every = [found["id"] for _, found in opened.elements if "id" in found]
    assert len(every) == len(set(every))


def test_tables_have_heads_and_captions_and_pictures_have_names(opened: OpenedPage) -> None:
    assert opened.count("table") == opened.count("caption") > 5
    assert all(found.get("scope") == "col" for tag, found in opened.elements if tag == "th")
    pictures = [found for tag, found in opened.elements if tag == "svg" and found.get("aria-hidden") is None]
    assert pictures and all(found.get("role") == "img" and found.get("aria-label") for found in pictures)


def test_the_answer_is_that_of_the_run(opened: OpenedPage, coupled: aso.Solution) -> None:
    assert f"{coupled.summary()['Largest asynchrony']:.3f} ahead of it" in opened.text
    assert "30 % of a particle of 5 µm radius in one round patch" in opened.text


def test_every_assumed_parameter_is_marked_and_named_by_charts_that_hang_on_it(
    opened: OpenedPage, coupled: aso.Solution
) -> None:
    listed = [one for every in case_parameters(case(side_reaction={"mode": "coupled"})).values() for one in every]
    marks = [found for tag, found in opened.elements if tag == "span" and found.get("class") == "mark"]
    assert len(marks) == sum(one.assumed for one in listed) > 10
    assert all(one.source in opened.text for one in listed if "  " not in one.source)
    assert "Rests on assumed parameters: exchange current density of the side reaction" in opened.text


def test_fields_of_the_view_are_those_of_the_run(opened: OpenedPage, coupled: aso.Solution) -> None:
    (body,) = opened.data("view-data")
    fields = {field["label"]: field for field in body["fields"]}
    x = field_values(fields["Stoichiometry x"])
    assert x.shape == coupled.field_x.shape  # every node is on the half-plane of the section
    step = np.ptp(coupled.field_x) / 65534.0
    # The nodes come in another order: sorted values agree to half a level.
    np.testing.assert_allclose(np.sort(x, axis=1), np.sort(coupled.field_x, axis=1), rtol=0.0, atol=0.51 * step)
    film = coupled.more_fields["Film thickness [m]"] * 1e9
    touched = int((coupled.contact.weights > 0.0).sum())
    shown = field_values(fields["Film thickness [nm]"])
    assert (np.isfinite(shown).sum(axis=1) == touched).all()
    assert np.nanmax(shown) == pytest.approx(film.max(), rel=1e-4)
    assert coupled.valence is not None
    share = fields[coupled.valence.share_label]
    inside = np.linspace(coupled.field_x.min(), coupled.field_x.max(), 7)
    shown = np.interp(inside, share["xs"], share["ys"])
    np.testing.assert_allclose(shown, coupled.valence.higher_fraction(inside), atol=1e-3)


def test_the_shape_of_the_view_is_a_sphere(opened: OpenedPage) -> None:
    (body,) = opened.data("view-data")
    cut = body["cut"]
    flat, corners = unpacked(cut["points"]).reshape(-1, 2).astype(float), unpacked(cut["triangles"]).reshape(-1, 3)
    a, b, c = (flat[corners[:, k]] for k in range(3))
    area = 0.5 * np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]).sum()
    assert 2.0 * area == pytest.approx(np.pi * 5e-6**2, rel=0.01)
    profile = unpacked(body["profile"]["points"]).reshape(-1, 2).astype(float)
    np.testing.assert_allclose(np.linalg.norm(profile, axis=1), 5e-6, rtol=1e-4)
    assert profile[0, 0] == profile[-1, 0] == 0.0  # from pole to pole
    # Area of the touched part of a sphere from its profile: 2 pi R times the height it covers.
    height, touched = profile[:, 1], unpacked(body["profile"]["contact"]) / 65535.0
    covered = np.abs(np.diff(height)) @ (0.5 * (touched[1:] + touched[:-1])) / 10e-6
    assert covered == pytest.approx(0.3, abs=0.01)


def test_a_section_of_tetrahedra_shows_a_linear_field_exactly() -> None:
    from dataclasses import replace

    from asyncsoc.studies.report.bodies import particle_view

    patches = {"kind": "patches", "n": 5, "coverage": 0.3, "axis": [0.3, -0.5, 0.8]}
    solution = aso.simulate(case("solid", contact=patches, protocol={"steps": ["Rest for 1 minute"]}))
    assert solution.mesh.coordinates == "cartesian"
    slope = np.array([2e4, -3e4, 1e4])
    x = 0.5 + solution.mesh.points @ slope
    (body,) = particle_view([("solid", replace(solution, field_x=np.tile(x, (len(solution.field_times), 1))))]).bodies
    cut, values = body["cut"], field_values(body["fields"][0])[0]
    first, second = unpacked(cut["first"]), unpacked(cut["second"])
    share = unpacked(cut["share"]) / 65535.0
    flat = unpacked(cut["points"]).reshape(-1, 2).astype(float)
    surface = solution.mesh.points[np.unique(solution.mesh.facets)]
    middle = np.array(cut["middle"]) + 0.5 * (surface.max(axis=0) + surface.min(axis=0))
    place = middle + flat[:, :1] * np.array(cut["across"]) + flat[:, 1:] * np.array(cut["up"])
    found = (1.0 - share) * values[first] + share * values[second]
    np.testing.assert_allclose(found, 0.5 + place @ slope, rtol=0.0, atol=2e-5)
    corners = place[unpacked(cut["triangles"]).reshape(-1, 3)]
    area = 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum()
    assert area == pytest.approx(np.pi * 5e-6**2, rel=0.03)
    skin = unpacked(body["skin"]["points"]).reshape(-1, 3)[unpacked(body["skin"]["triangles"]).reshape(-1, 3)]
    normal = np.cross(skin[:, 1] - skin[:, 0], skin[:, 2] - skin[:, 0])
    assert 0.5 * np.linalg.norm(normal, axis=1).sum() == pytest.approx(4.0 * np.pi * 5e-6**2, rel=0.03)


@pytest.mark.parametrize("kind", ["cap", "belt", "full", "patches"])
def test_the_contact_map_shows_the_coverage(kind: str) -> None:
    from asyncsoc.studies.report.contacts import contact_blocks

    contact = {"kind": kind} | ({} if kind == "full" else {"coverage": 0.3}) | ({"n": 4} if kind == "patches" else {})
    solution = aso.simulate(case("map", contact=contact, protocol={"steps": ["Rest for 1 minute"]}))
    picture, *rest = contact_blocks("map", solution)
    # Equal areas of the map are equal areas of the sphere: its mean is the coverage.
    share = picture.share  # type: ignore[union-attr]
    assert float(share.mean()) == pytest.approx(solution.contact.coverage_realised, abs=0.03)
    assert "was not followed" in rest[0].text  # type: ignore[union-attr]


def test_what_is_missing_is_said(covered: aso.Solution, tmp_path: Path) -> None:
    opened = OpenedPage(aso.report(covered, tmp_path / "covered.html").read_text(encoding="utf-8"))
    assert "the side reaction was not followed" in opened.text
    (body,) = opened.data("view-data")
    assert len(body["moments"]) == len(covered.field_times)
    x = field_values(body["fields"][0])
    np.testing.assert_allclose(x.max(axis=1), covered.field_x.max(axis=1), atol=1e-5)


def test_runs_come_side_by_side(coupled: aso.Solution, covered: aso.Solution, tmp_path: Path) -> None:
    files = [one.save(tmp_path / "runs") for one in (coupled, covered)]
    page = aso.report([files[0], covered], tmp_path)
    assert page == tmp_path / "report.html"
    opened = OpenedPage(page.read_text(encoding="utf-8"))
    assert "Their cases differ in" in opened.text and "contact.kind" in opened.text
    assert [body["name"] for body in opened.data("view-data")] == [HOSTILE, "covered"]
    voltage = opened.data("chart-1")["series"]
    assert [one["name"] for one in voltage] == [HOSTILE, "covered"]
    assert voltage[1]["y"][-1] == pytest.approx(covered.columns[names.VOLTAGE][-1], rel=1e-5)
    assert len(OpenedPage(aso.report(tmp_path / "runs", tmp_path / "b.html").read_text()).data("view-data")) == 2


def test_two_runs_of_one_name_are_told_apart(covered: aso.Solution, tmp_path: Path) -> None:
    opened = OpenedPage(aso.report([covered, covered], tmp_path / "same.html").read_text(encoding="utf-8"))
    assert len({one["name"] for one in opened.data("chart-1")["series"]}) == 2
    assert "Their cases are the same." in opened.text
