"""The page in a browser: nothing is fetched, nothing goes wrong, the particle is drawn and moves, everybody can use it.

Needs Chromium and the packages of the extra `browser`; skipped where either is missing.
"""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import asyncsoc as aso
from tests.pages import ROOT
from tests.studies.report.conftest import HOSTILE

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic",
    "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 120_000
"""ms: a machine that does other things draws slowly."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser with a fresh profile and no GPU."""
    with playwright.sync_playwright() as started, np.errstate(all="ignore"):
        launched = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=PATIENCE)
        yield launched
        launched.close()


class Visit:
    """A page that is open, with what it asked for and what it complained about."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.url = file.absolute().as_uri()
        self.page.goto(self.url, timeout=PATIENCE)

    def control(self, name: str) -> Any:
        return self.page.locator(f'[data-control="{name}"]')

    def set(self, name: str, value: str) -> None:
        """Set a slider or a choice as a hand does."""
        self.control(name).evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input')); }", value)

    def canvas(self) -> NDArray[np.uint8]:
        """Return the pixels (height, width, 4) of the 3-D view."""
        from matplotlib.image import imread

        picture = imread(io.BytesIO(self.page.locator("#view canvas").first.screenshot()))
        return np.asarray(np.rint(picture * 255.0), dtype=np.uint8)


@pytest.fixture
def visit(browser: Any, page: Path) -> Iterator[Visit]:
    with np.errstate(all="ignore"):
        opened = Visit(browser, page)
        yield opened
        opened.context.close()


def coloured(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which pixels have a colour, as the particle has and its grounds have not."""
    channels = pixels[..., :3].astype(int)
    return np.asarray(channels.max(axis=-1) - channels.min(axis=-1) > 40)


def test_nothing_is_fetched_and_nothing_goes_wrong(visit: Visit) -> None:
    visit.set("time", "0")
    visit.control("section").click()
    visit.page.wait_for_timeout(500)
    assert visit.requests == [visit.url]
    assert visit.errors == []


def test_the_policy_refuses_what_a_page_could_be_made_to_do(visit: Visit) -> None:
    refused = visit.page.evaluate(
        """async () => {
            const refused = [];
            document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
            const script = document.createElement('script');
            script.textContent = 'window.ran = 1';
            document.body.append(script);
            new Image().src = 'https://localhost:1/x.png';
            await fetch('https://localhost:1/').catch(() => 0);
            await new Promise((done) => setTimeout(done, 500));
            return [window.ran === undefined, ...refused.sort()];
        }"""
    )
    assert refused == [True, "connect-src", "img-src", "script-src-elem"]


def test_a_hostile_name_is_shown_as_text(visit: Visit) -> None:
    assert visit.page.locator("h1").inner_text() == HOSTILE
    assert visit.page.locator("img").count() == 0
    assert visit.page.title() == HOSTILE


def test_the_particle_is_drawn_and_the_slider_moves_its_field(visit: Visit) -> None:
    last = visit.canvas()
    share = coloured(last).mean()
    assert 0.15 < share < 0.6  # a disc of 0.8 of the height on a canvas of 4:3 has 0.38
    assert len(np.unique(last[coloured(last)][:, :3], axis=0)) > 100
    said = visit.control("now").inner_text()
    visit.set("time", "1")
    first = visit.canvas()
    assert visit.control("now").inner_text() != said
    assert (np.abs(first.astype(int) - last.astype(int)).max(axis=-1) > 20).mean() > 0.05
    visit.set("time", visit.control("time").get_attribute("max"))
    np.testing.assert_array_equal(visit.canvas(), last)


def test_quantities_section_and_keys_change_the_picture(visit: Visit) -> None:
    before = visit.canvas()
    labels = visit.control("field").locator("option").all_inner_texts()
    assert labels[:2] == ["Stoichiometry x", "State of charge"]
    assert "Ni" in labels[2]
    assert {"Film thickness [nm]", "Contact share"} <= set(labels)
    visit.set("field", str(labels.index("Film thickness [nm]")))
    assert coloured(visit.canvas()).sum() < 0.5 * coloured(before).sum()  # the film is on the contact alone
    visit.set("field", "0")
    np.testing.assert_array_equal(visit.canvas(), before)
    visit.control("section").click()
    closed = visit.canvas()
    assert (closed != before).any()
    visit.page.locator("#view canvas").first.press("ArrowLeft")
    assert (visit.canvas() != closed).any()


def test_charts_are_read_with_pointer_and_keys(visit: Visit) -> None:
    plot = visit.page.locator(".plot").first
    plot.scroll_into_view_if_needed()
    plot.hover()
    tip = plot.locator(".tip")
    assert "Time [h]" in tip.inner_text() and "Voltage [V]" in tip.inner_text()
    plot.press("Escape")
    assert not tip.is_visible()
    plot.press("ArrowRight")
    first = tip.inner_text()
    plot.press("PageDown")
    assert tip.inner_text() != first


def test_a_table_sorts(visit: Visit) -> None:
    table = visit.page.locator("#summary table")
    head = table.locator("th").first
    head.locator("button").press("Enter")
    names = table.locator("tbody td:first-child").all_inner_texts()
    assert names == sorted(names, key=str.lower)
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").press("Enter")
    assert table.locator("tbody td:first-child").all_inner_texts() == names[::-1]


@pytest.mark.parametrize("look", ["wide", "narrow", "dark", "print"])
def test_windows_and_colours(look: str, browser: Any, page: Path) -> None:
    """Nothing runs out of the window, and axe-core finds nothing serious."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    width = {"narrow": 360, "wide": 1680}.get(look, 1280)
    scheme = "dark" if look == "dark" else "light"
    with np.errstate(all="ignore"):
        opened = Visit(browser, page, viewport={"width": width, "height": 800}, color_scheme=scheme)
        if look == "print":
            opened.page.emulate_media(media="print")
        assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= width
        ground = opened.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(255, 255, 255)") == (look != "dark")
        found = axe.Axe().run(opened.page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []
        opened.context.close()


def test_without_webgl_the_page_says_so(browser: Any, page: Path) -> None:
    with np.errstate(all="ignore"):
        context = browser.new_context()
        context.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
        opened = context.new_page()
        opened.goto(page.absolute().as_uri(), timeout=PATIENCE)
        assert "WebGL 2 is missing" in opened.locator("#view").inner_text()
        assert opened.locator(".chart svg").count() > 5
        context.close()


def test_a_default_run_is_small_and_quick(browser: Any, tmp_path: Path) -> None:
    """The page of the demo's case: below 8 MB, written in less than 10 s of processor time, and it draws."""
    solution = aso.simulate(aso.Case.from_toml(ROOT / "examples" / "cal_vs_hotcal.toml"))
    begun = time.process_time()
    file = aso.report(solution, tmp_path / "page.html")
    assert time.process_time() - begun < 10.0
    assert file.stat().st_size < 8e6
    with np.errstate(all="ignore"):
        opened = Visit(browser, file)
        assert coloured(opened.canvas()).mean() > 0.15
        assert opened.errors == []
        opened.context.close()


def test_the_example_compares_two_particles(run_python: Any, browser: Any, tmp_path: Path) -> None:
    done = run_python(ROOT / "examples" / "report.py", tmp_path / "page.html", timeout=240.0)
    assert done.returncode == 0, done.stderr
    with np.errstate(all="ignore"):
        opened = Visit(browser, tmp_path / "page.html")
        assert opened.control("body").locator("option").all_inner_texts() == ["Cal", "Hot-Cal"]
        assert "largest in Cal" in opened.page.locator(".answer").inner_text()
        assert opened.errors == []
        opened.context.close()
