"""BibTeX entries of the publications that parameters are from, made of the texts that the sets cite them by.

Nothing is added to a text: an entry has the authors, journal, volume, year, page and DOI that stand in it, and no
title. What is no citation of an article stays one text in the note of a `misc` entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count

from asyncsoc.materials import sources
from asyncsoc.materials.sources import ASSUMED
from asyncsoc.materials.types import Parameter

_CITATION = re.compile(
    r"(?P<authors>.+), (?P<journal>[^,(]+?)(?: (?P<volume>\d+))? \((?P<year>\d{4})\)(?: (?P<pages>[A-Z]?\d+))?"
    r"(?:, doi:(?P<doi>\S+))?"
)
_PREPRINT = re.compile(r"(?P<authors>.+), arXiv:(?P<eprint>\d{4}\.\d{4,5}) \((?P<year>\d{4})\)")
_DOI = re.compile(r"doi:(10\.\d{4,9}/[^\s,;)]+)")
_YEAR = re.compile(r"\((\d{4})\)")
_FIRST = re.compile(r"([A-Z][A-Za-z'-]+)(?: et al\.|,)")
_INITIALS = re.compile(r"(?P<initials>(?:[A-Z][a-z]?\.-?\s?)+)(?P<family>.+)")
_SPECIAL = re.compile(r"([&%$#_{}])")
_KNOWN = tuple(
    sorted((v for k, v in vars(sources).items() if k.isupper() and isinstance(v, str) and v != ASSUMED), key=len)
)[::-1]
"""What `materials.sources` cites, longest first."""
_MOST = 40
"""Names in a comment."""
_WEIGHTS = "standard atomic weights of"
PROHASKA2022 = "T. Prohaska et al., Pure Appl. Chem. 94 (2022) 573, doi:10.1515/pac-2019-0603"
"""Of `materials.atomic_weights`."""
_NO_PUBLICATION = (
    "given by the case",
    "given in the case",
    "overridden by the case",
    "see the cathode",
    "c_max times",
    "Faraday's constant over",
)
"""How a source begins that is none but a sum, or the case itself."""


@dataclass(frozen=True)
class BibliographyEntry:
    """One entry of a BibTeX file.

    Attributes
    ----------
    kind
        'article', 'misc' or 'software'.
    key
        By which it is cited.
    fields
        By name, as they stand between braces.
    used_for
        Names of the parameters.
    """

    kind: str
    key: str
    fields: Mapping[str, str]
    used_for: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        """Return the entry as BibTeX, after a comment that says what it was used for."""
        lines = [comment(self.used_for)] if self.used_for else []
        lines.append(f"@{self.kind}{{{self.key},")
        lines += [f"  {name} = {{{value}}}," for name, value in self.fields.items()]
        return "\n".join([*lines, "}"])


def comment(names: Sequence[str], begin: str = "") -> str:
    """Return names as one line that BibTeX does not read; of very many only the first."""
    shown = [*names[:_MOST], *([f"and {len(names) - _MOST} more"] if len(names) > _MOST else [])]
    return f"% {begin}{', '.join(shown).replace('@', ' at ')}"


def software_entry(version: str) -> BibliographyEntry:
    """Return the entry of asyncsoc itself, as in CITATION.cff."""
    title = "asyncsoc: lithium in single NCM811 particles that an electrolyte covers only in part"
    return BibliographyEntry(
        "software", "asyncsoc", {"title": title, "author": "{asyncsoc developers}", "version": version}
    )


def entries_of(parameters: Iterable[Parameter]) -> list[BibliographyEntry]:
    """Return one entry a publication, in the order in which the parameters name them."""
    used: dict[str, list[str]] = {}
    for one in parameters:
        for text in _cited(one):
            names = used.setdefault(text, [])
            if one.name not in names:
                names.append(one.name)
    found: list[BibliographyEntry] = []
    keys: set[str] = set()
    for text, names in used.items():
        kind, fields = _fields(text)
        base = _key(text, fields)
        key = next(key for key in chain((base,), (f"{base}_{number}" for number in count(2))) if key not in keys)
        keys.add(key)
        found.append(BibliographyEntry(kind, key, fields, tuple(names)))
    return found


def _cited(parameter: Parameter) -> list[str]:
    """Return the publications a source names: those known, else the text itself; none where it names nothing."""
    source = parameter.source
    known = [(source.find(text), text) for text in _KNOWN if text in source]
    if known:
        return [text for _, text in sorted(known)]
    doi = _DOI.search(source)
    if doi:
        same = [text for text in _KNOWN if text.endswith(f"doi:{doi[1]}")]
        return same or [source]
    if source.startswith(_WEIGHTS):
        return [PROHASKA2022]
    if parameter.assumed or not source or source.startswith(_NO_PUBLICATION):
        return []
    return [source]


def _fields(text: str) -> tuple[str, dict[str, str]]:
    preprint = _PREPRINT.fullmatch(text)
    if preprint:
        return "misc", {
            "author": _authors(preprint["authors"]),
            "eprint": preprint["eprint"],
            "archiveprefix": "arXiv",
            "year": preprint["year"],
        }
    article = _CITATION.fullmatch(text)
    if article:
        fields = {"author": _authors(article["authors"])}
        fields |= {
            name: _escaped(article[name]) if name == "journal" else article[name]
            for name in ("journal", "volume", "pages", "year", "doi")
            if article[name]
        }
        return "article", fields
    fields = {"note": _escaped(text)}
    doi, year = _DOI.search(text), _YEAR.search(text)
    if year:
        fields["year"] = year[1]
    if doi:
        fields["doi"] = doi[1]
    return "misc", fields


def _authors(text: str) -> str:
    """Return 'L. O. Valoen, J. N. Reimers' as 'Valoen, L. O. and Reimers, J. N.'."""
    others = text.endswith(" et al.")
    people = []
    for name in text.removesuffix(" et al.").split(", "):
        parts = _INITIALS.fullmatch(name)
        people.append(f"{parts['family']}, {parts['initials'].strip()}" if parts else name)
    return " and ".join([*people, *(["others"] if others else [])])


def _key(text: str, fields: Mapping[str, str]) -> str:
    first = fields["author"].split(",")[0] if "author" in fields else next(iter(_FIRST.findall(text)), "source")
    return re.sub(r"[^a-z]", "", first.lower()) + fields.get("year", "")


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
