"""What the documentation takes from the code: references, gallery, mistakes; and the checks of the built site."""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import asyncsoc
from tests.pages import ROOT

DOCS = ROOT / "docs"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


REFERENCE, GALLERY, MISTAKES, CHECKS = map(load, ("reference", "gallery", "mistakes", "check_site"))
NUMBERS = GALLERY.numbers()


def test_the_api_reference_lists_every_public_name() -> None:
    text = REFERENCE.api()
    for name in asyncsoc.__all__:
        value = getattr(asyncsoc, name)
        if inspect.ismodule(value):
            for inner in value.__all__:
                assert f":: {value.__name__}.{inner}\n" in text or f":: asyncsoc.{inner}\n" in text, inner
        elif not name.startswith("__"):
            assert f":: asyncsoc.{name}\n" in text, name
    for name in REFERENCE.names_within("asyncsoc.base.errors"):
        assert f":: asyncsoc.base.errors.{name}\n" in text


def test_the_groups_of_the_reference_hold_names_that_exist() -> None:
    named = [name for names in REFERENCE.GROUPS.values() for name in names]
    assert len(named) == len(set(named))
    assert set(named) <= set(asyncsoc.__all__)


def test_the_reference_of_commands_has_every_command_with_every_option() -> None:
    text = REFERENCE.cli()
    found = REFERENCE.commands()
    assert len(found) >= 20
    for name, command in found:
        section = text.split(f"## `{name}`\n")[1].split("\n## ")[0]
        for one in command.params:
            for option in one.opts if one.param_type_name == "option" and not one.hidden else ():
                assert option in section, f"{name} {option}"
        assert section.count("| `") >= len([one for one in command.params if not getattr(one, "hidden", False)])
        assert "Sentinel" not in section and "UNSET" not in section


def test_help_says_what_an_option_takes_in_words() -> None:
    """Not `<list[str]>`: an option that takes a value names it."""
    for name, command in REFERENCE.commands():
        unnamed = [
            one.opts
            for one in command.params
            if one.param_type_name == "option" and not one.is_flag and not one.metavar
        ]
        assert unnamed == [], name


def test_marks_are_filled_and_other_text_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REFERENCE.GENERATED, "api", lambda: "FILLED")
    assert REFERENCE.fill("a\n<!-- generated: api -->\nb") == "a\nFILLED\nb"
    marked = [page.name for page in DOCS.glob("*.md") if "<!-- generated: " in page.read_text(encoding="utf-8")]
    assert sorted(marked) == ["api.md", "commands.md", "gallery.md"]


def test_the_gallery_has_every_example() -> None:
    files = [*(ROOT / "examples").glob("*.toml"), *(ROOT / "examples").glob("*.py")]
    files += [*(ROOT / "examples" / "sweeps").glob("*.toml"), *(ROOT / "examples" / "fits").glob("*.toml")]
    listed = [one.file for one in GALLERY.EXAMPLES]
    assert sorted(listed) == sorted(str(file.relative_to(ROOT / "examples")) for file in files)
    assert set(NUMBERS) == set(listed)
    page = GALLERY.written()
    without = [one.file for one in GALLERY.EXAMPLES if not (GALLERY.IMAGES / f"{one.name}.png").exists()]
    assert without == ["imported_cathode.py", "report.py"]  # a table that is printed, and a page
    assert all(one.title in page and one.typed in page for one in GALLERY.EXAMPLES)
    assert all(5_000 < picture.stat().st_size < 250_000 for picture in GALLERY.IMAGES.glob("*.png"))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("example", GALLERY.EXAMPLES, ids=lambda one: one.file)
def test_an_example_gives_the_number_of_the_gallery(example: object, tmp_path: Path) -> None:
    number, picture = GALLERY.carried_out(example, tmp_path)
    assert number == pytest.approx(NUMBERS[example.file], rel=1e-3)  # type: ignore[attr-defined]
    assert (picture is None) == (not (GALLERY.IMAGES / f"{example.name}.png").exists())  # type: ignore[attr-defined]


def test_there_are_sixty_mistakes_and_each_has_one_error() -> None:
    page = MISTAKES.PAGE.read_text(encoding="utf-8")
    rows = [re.split(r"(?<!\\) \| ", line) for line in page.splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) == len(list(MISTAKES.everyone())) >= 60
    kinds = {row[1].partition(":")[0] for row in rows}
    assert kinds == {"names", "units", "files", "protocols", "Python types"}
    for row in rows:
        first = row[3].split("`")[1]
        assert re.match(r"error: |[A-Z]\w+: ", first), row
        assert not re.search(r"Traceback|unexpected|nothing:|NameError|IndexError|ValueError", first), row


@pytest.mark.slow
def test_each_mistake_is_answered_as_the_page_says() -> None:
    page = MISTAKES.PAGE.read_text(encoding="utf-8")
    assert MISTAKES.written(page) == page, "run: python docs/mistakes.py"
    for _, one in MISTAKES.everyone():
        if one.kind in ("command", "case"):
            answer = MISTAKES.answered(one)
            assert answer.kind in ("exit code 2", "exit code 3"), one.typed
            assert answer.message.startswith("error: ") and answer.message.count("error:") == 1


def site(folder: Path, **pages: str) -> Path:
    for name, body in pages.items():
        (folder / f"{name}.html").write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
    return folder


def test_a_broken_link_and_a_missing_anchor_are_found(tmp_path: Path) -> None:
    there = '<a href="other.html#there">x</a><a href="https://example.org/gone">x</a>'
    assert list(CHECKS.broken_links(site(tmp_path, index=there, other='<p id="there">x</p>'))) == []
    wrong = '<a href="other.html#gone">x</a><a href="none.html">x</a><img src="none.png"><a href="#none">x</a>'
    assert len(list(CHECKS.broken_links(site(tmp_path, index=wrong)))) == 4


def index_of(**entries: object) -> str:
    empty: dict[str, object] = {
        "docnames": ["a", "b"],
        "alltitles": {},
        "indexentries": {},
        "terms": {},
        "titleterms": {},
    }
    return f"Search.setIndex({json.dumps({**empty, **entries})})"


def test_the_search_prefers_titles_and_index_to_text(tmp_path: Path) -> None:
    (tmp_path / "searchindex.js").write_text(
        index_of(terms={"coverag": [0, 1]}, indexentries={"coverage": [[1, "x", True]]})
    )
    assert CHECKS.found_by(tmp_path, "coverage") == ["b", "a"]
    (tmp_path / "searchindex.js").write_text(index_of(terms={"coverag": 0}))
    assert CHECKS.found_by(tmp_path, "coverage") == ["a"]
    assert len(list(CHECKS.not_found(tmp_path))) == len(CHECKS.SEARCHES)


def test_a_slow_tutorial_is_said(tmp_path: Path) -> None:
    (tmp_path / "tutorial_times.json").write_text(json.dumps({f"t{k}": 10.0 for k in range(6)} | {"slow": 61.0}))
    assert list(CHECKS.slow_tutorials(tmp_path)) == ["slow took 61 s"]
