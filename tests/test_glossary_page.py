"""The glossary names every curve, and its words are those of the documentation and of `--help`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperGroup

from asyncsoc.case.case import Case
from asyncsoc.cli.app import app
from asyncsoc.cli.main import main
from asyncsoc.materials.registry import DEFAULT_CATHODE, cathode
from asyncsoc.recorders import curve_names
from asyncsoc.simulation.results.group_state import DEAD, SPREAD, STARVING
from asyncsoc.simulation.results.particles import RESISTANCE
from tests.pages import ROOT, links

PAGE = ROOT / "docs" / "glossary.md"
TEXT = PAGE.read_text(encoding="utf-8")
TERMS, BANNED = TEXT.split("<!-- banned -->")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
CURVES = {*curve_names.curves_of(cathode(DEFAULT_CATHODE).valence), *curve_names.SIDE_CURVES}
OF_PARTICLES = {curve_names.APPARENT, curve_names.CURRENT_SHARE}
OTHER_NAMES = {
    "Contact weight [m2]",
    "Largest asynchrony",
    "Largest lead of the contact",
    "Largest lag of the contact",
    RESISTANCE,
    DEAD,
    STARVING,
    SPREAD,
}
"""Names of the summary and of fields."""


def in_backquotes() -> list[str]:
    return re.findall(r"`([^`]+)`", TERMS)


def banned() -> list[str]:
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", BANNED, re.MULTILINE)
    return [word for word in rows if word not in ("not", "---")]


def test_every_curve_is_in_the_glossary() -> None:
    assert CURVES - set(in_backquotes()) == set()


def test_every_name_of_a_result_in_the_glossary_is_a_curve() -> None:
    named = {name for name in in_backquotes() if name[0].isupper() and " " in name}
    assert named - CURVES - OF_PARTICLES - OTHER_NAMES == set()


def test_every_key_in_the_glossary_is_a_key_of_the_case() -> None:
    keys = {
        f"{section}.{key}"
        for section, field in Case.model_fields.items()
        for key in getattr(field.annotation, "model_fields", ())
    }
    sections = tuple(f"{name}." for name in Case.model_fields)
    named = {name.split(" = ")[0] for name in in_backquotes() if name.startswith(sections)}
    assert len(named) > 10
    assert named - keys == set()


def commands(group: TyperGroup, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))  # type: ignore[arg-type]
        else:
            yield (*words, name)


def occurrences(text: str) -> list[str]:
    plain = re.sub(r"`[^`]*`", "", text)  # names of results, files and keys stay
    return [word for word in banned() if re.search(rf"\b{re.escape(word)}s?\b", plain, re.IGNORECASE)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_use_the_words_of_the_glossary(page) -> None:
    text = page.read_text(encoding="utf-8")
    assert occurrences(text.split("<!-- banned -->")[0]) == []


def test_help_uses_the_words_of_the_glossary(capsys: pytest.CaptureFixture[str]) -> None:
    every = list(commands(typer.main.get_command(app)))  # type: ignore[arg-type]
    assert ("sweep", "sobol") in every
    for words in every:
        assert main([*words, "--help"]) == 0
        assert occurrences(capsys.readouterr().out) == [], words


def test_it_is_found_from_the_readme_and_the_index() -> None:
    assert "docs/glossary.md" in links(ROOT / "README.md")
    assert re.search(r"^glossary$", (ROOT / "docs" / "reference_index.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(banned()) > 5
