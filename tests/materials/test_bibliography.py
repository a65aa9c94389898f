"""BibTeX entries hold what the texts of the parameter sets say, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import asyncsoc
from asyncsoc.case.case import Case
from asyncsoc.materials import sources
from asyncsoc.materials.bibliography import entries_of, software_entry
from asyncsoc.materials.registry import cathode, cathode_names, electrolyte, electrolyte_names
from asyncsoc.materials.types import Parameter
from asyncsoc.problem.case_bibliography import as_bibtex, case_bibliography, without_source

ROOT = Path(__file__).parents[2]
CITED = {k: v for k, v in vars(sources).items() if k.isupper() and isinstance(v, str) and v != sources.ASSUMED}


def entry(source: str, assumed: bool = False):
    (found,) = entries_of([Parameter("U", 1.0, "V", source, assumed)])
    return found


def test_an_article_is_taken_apart() -> None:
    found = entry(sources.VALOEN2005)
    assert found.kind == "article"
    assert found.key == "valoen2005"
    assert dict(found.fields) == {
        "author": "Valoen, L. O. and Reimers, J. N.",
        "journal": "J. Electrochem. Soc.",
        "volume": "152",
        "pages": "A882",
        "year": "2005",
        "doi": "10.1149/1.1872737",
    }
    assert entry(sources.KIM2011).fields["author"] == "Kim, G.-H. and others"
    assert entry(sources.AFSHAR2017).fields["eprint"] == "1709.03970"


@pytest.mark.parametrize("name", CITED)
def test_every_publication_cited_is_structured_and_nothing_is_added(name: str) -> None:
    found = entry(CITED[name])
    assert found.kind == ("misc" if "arXiv" in CITED[name] else "article")
    assert found.fields["year"] == name[-4:]
    assert found.key == name.lower()
    said = set(re.findall(r"[\w.']+", CITED[name].replace("-", "")))
    for key, value in found.fields.items():
        if key not in ("doi", "archiveprefix"):
            words = set(re.findall(r"[\w.']+", value.replace("-", ""))) - {"and", "others"}
            assert words <= said, key
    doi = re.search(r"doi:(\S+)", CITED[name])
    assert found.fields.get("doi") == (doi and doi[1])


def test_what_is_no_article_stays_one_text() -> None:
    text = "Calorimetry & co., R_1 by Doe et al. (2001), doi:10.1000/x-1; read through a table"
    found = entry(text)
    assert found.kind == "misc"
    assert found.fields["note"] == text.replace("&", r"\&").replace("_", r"\_")
    assert found.fields["doi"] == "10.1000/x-1"
    assert "author" not in found.fields


def test_what_nobody_published_has_no_entry() -> None:
    for source, assumed in (("assumed", True), ("a guess of mine", True), ("given by the case", False), ("", False)):
        assert entries_of([Parameter("U", 1.0, "V", source, assumed)]) == []


def test_one_publication_has_one_entry_however_it_is_cited() -> None:
    rows = [
        Parameter("a", 1.0, "", sources.AN2023, False),
        Parameter("b", 1.0, "", "Someone, doi:10.1002/adfm.202305186, experimental section", True),
        Parameter("c", 1.0, "", f"{sources.AN2023} (cell); {sources.BRADFORD2023}", False),
    ]
    assert [(one.key, one.used_for) for one in entries_of(rows)] == [
        ("an2023", ("a", "b", "c")),
        ("bradford2023", ("c",)),
    ]


def test_no_set_cites_what_is_not_known() -> None:
    sets = [*map(cathode, cathode_names()), *map(electrolyte, electrolyte_names())]
    entries = entries_of(row for one in sets for row in one.parameters)
    assert {one.fields.get("note") for one in entries} <= {None}


@pytest.mark.slow
def test_keys_are_unique_and_braces_balance() -> None:
    case = Case.from_toml(ROOT / "examples" / "coupled_film.toml")
    entries = case_bibliography(case, "1.2.3")
    keys = [one.key for one in entries]
    assert len(set(keys)) == len(keys) and {"asyncsoc", "sturm2019", "oregan2022"} <= set(keys)
    text = as_bibtex(entries, without_source(case))
    plain = re.sub(r"\\[{}]", "", "\n".join(line for line in text.splitlines() if not line.startswith("%")))
    assert plain.count("{") == plain.count("}")
    assert plain.count("@") == len(entries)
    assert "version = {1.2.3}" in text
    assert "% assumed: " in text and "onset potential" in text
    assert any("JANAF" in one.fields.get("note", "") for one in entries)  # the side reaction's energies


def test_without_a_side_reaction_its_energies_are_not_cited() -> None:
    case = Case.from_toml(ROOT / "examples" / "uniform_flux_cap.toml")
    assert not any("JANAF" in one.fields.get("note", "") for one in case_bibliography(case, "1"))


def test_asyncsoc_is_cited_as_its_citation_file_says() -> None:
    stated = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    found = software_entry(asyncsoc.__version__)
    assert f'title: "{found.fields["title"]}"' in stated
    assert f"- name: {found.fields['author'].strip('{}')}" in stated
    assert found.fields["version"] == asyncsoc.__version__
    assert f"version: {asyncsoc.__version__.split('.dev')[0]}" in stated
