"""`report`: one page from results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import written
from asyncsoc.base.paths import path_of
from asyncsoc.simulation.results.layout import slug
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.report.html import page_html
from asyncsoc.studies.report.pages import page_of
from asyncsoc.studies.report.sources import ALLOWED, ReportSource, read_sources

Given = str | Path | Solution
DEFAULT = "report.html"


@dataclass(frozen=True)
class WrittenReport:
    """A page on disk: where, its title and answer, how large it is, and what it is about."""

    path: Path
    title: str
    question: str
    answer: str
    size: int
    kinds: tuple[str, ...]
    sections: tuple[str, ...]


def report(what: Given | Iterable[Given], path: str | Path = DEFAULT) -> Path:
    """Write one self-contained HTML page about results, and return its path.

    The page opens without a network: scripts, styles and data are in it, and nothing else may run or load.

    Parameters
    ----------
    what
        Solutions, and paths of what commands wrote: result files, the folder of a run, of a sweep or of charged
        particles, documents of ``--json``, tables, spectra and maps. Several runs come side by side.
    path
        Of the page: a file that ends in ".html", or a folder, in which it is "report.html".

    Raises
    ------
    InputError
        A path is missing, damaged or nothing a report is made of, or the page cannot be written.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> case = aso.Case.from_dict({
    ...     "contact": {"kind": "full"},
    ...     "protocol": {"steps": ["Charge at C/5 for 20 minutes"]},
    ... })
    >>> aso.report(aso.simulate(case), "page.html").name
    'page.html'
    """
    return write_report(what, path).path


def write_report(
    what: Given | Iterable[Given], path: str | Path = DEFAULT, progress: Callable[[int, int, str], None] | None = None
) -> WrittenReport:
    """Write the page as `report` does, and return what is said about it; errors as of `report`."""
    target = page_path(path)
    given = [what] if isinstance(what, str | Path | Solution) else list(what)
    sources = [source for one in given for source in _sources(one)]
    if not sources:
        raise InputError("nothing to report on", where="PATH", allowed=ALLOWED)
    page = page_of(sources, name=target.name, progress=progress)
    content = page_html(page).encode()
    with written(target, "the page cannot be saved") as stream:
        stream.write(content)
    kinds = tuple(dict.fromkeys(source.kind for source in sources))
    return WrittenReport(
        target, page.title, page.question, page.answer, len(content), kinds, tuple(s.title for s in page.sections)
    )


def page_path(path: str | Path) -> Path:
    """Return the file of a page.

    Raises
    ------
    InputError
        It has another ending than ".html".
    """
    target = path_of(path)
    if target.is_dir() or not target.suffix:
        return target / DEFAULT
    if target.suffix.lower() not in (".html", ".htm"):
        raise InputError(
            "a report is an HTML page",
            where=str(target),
            value=target.suffix,
            allowed=".html",
            next_step=f"-o {target.stem}.html",
        )
    return target


def _sources(one: Given) -> list[ReportSource]:
    if isinstance(one, Solution):
        return [ReportSource("run", slug(one.name), one, "")]
    if isinstance(one, str | Path):
        return read_sources([path_of(one)])
    raise InputError("a report is made of solutions and paths", where="what", value=type(one).__name__, allowed=ALLOWED)
