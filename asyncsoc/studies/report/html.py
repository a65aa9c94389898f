"""Writes a page: every text escaped, scripts and styles named by their hashes, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from html import escape
from importlib.resources import files
from typing import Any

from asyncsoc.base.plain_data import plain
from asyncsoc.studies.report.charts import chart_svg, contact_svg, grid_svg, shown, tone_of
from asyncsoc.studies.report.content import (
    Block,
    Cell,
    ContactPicture,
    PageChart,
    PageGrid,
    PageSection,
    PageTable,
    PageText,
    ParticleView,
    ReportPage,
)

HASH_SLOT = "0" * 64
"""Stands where the page's own SHA-256 will be."""
SLOT = f'"page sha256":"{HASH_SLOT}"'
"""Where it is; a text on the page cannot hold this, for its quotation marks are escaped."""
FACTS = "report-facts"
_TABLE_ROWS = 24
_NAMED = 2
_MOST_LEGEND = 12
_LINES_LISTED = 6


def data_block(identity: str, value: object) -> str:
    """Return data as a script element that is not run; nothing in it can end the element."""
    text = json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f'<script type="application/json" id="{identity}">{text.replace("<", chr(92) + "u003c")}</script>'


def _assumed(parameters: tuple[str, ...], target: str) -> str:
    """Return what a chart rests on, with a link to the section that lists all, where there is one."""
    if not parameters:
        return ""
    link = f' (<a href="#{target}">all</a>)' if target else ""
    named = ", ".join(parameters[:_NAMED])
    more = f" and {len(parameters) - _NAMED} more" if len(parameters) > _NAMED else ""
    return f'<p class="assumed">Rests on assumed parameters: {escape(named)}{more}{link}</p>'


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>' if text else ""


def cell_html(cell: Cell) -> str:
    """Return a cell of a table; numbers carry their full value for sorting."""
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return '<td class="n" data-value="">\u2013</td>'
    if isinstance(cell, bool):
        return f"<td>{'yes' if cell else 'no'}</td>"
    if isinstance(cell, int | float):
        return f'<td class="n" data-value="{cell!r}">{escape(shown(float(cell)))}</td>'
    return f"<td>{escape(cell)}</td>"


def table_html(table: PageTable) -> str:
    """Return a table in a region that scrolls where it is too large."""
    sort = ' aria-sort="none"' if table.sortable else ""
    heads = "".join(
        f'<th scope="col"{sort}>'
        + (f'<button type="button">{escape(h)}</button>' if table.sortable else escape(h))
        + "</th>"
        for h in table.heads
    )
    mark = '<th scope="col">Mark</th>' if table.marked else ""
    rows = []
    for place, row in enumerate(table.rows):
        marked = (
            f"<td>{'<span class=mark>assumed</span>' if place in table.marked else ''}</td>" if table.marked else ""
        )
        rows.append("<tr>" + marked + "".join(map(cell_html, row)) + "</tr>")
    kind = ' class="sortable"' if table.sortable else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.caption)}"><table{kind}>'
        f"<caption>{escape(table.caption)}</caption><thead><tr>{mark}{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>{_note(table.note)}"
    )


def _legend(chart: PageChart) -> str:
    if chart.tones:
        return _note(chart.tones)
    named = [(tone_of(line, place), line.name) for place, line in enumerate(chart.lines) if line.name]
    if len(named) < 2 and not (named and len(chart.lines) > 1):
        return ""
    items = "".join(
        f'<li><svg viewBox="0 0 32 10" aria-hidden="true">{_sample(tone, points=chart.points)}</svg>{escape(name)}</li>'
        for tone, name in named[:_MOST_LEGEND]
    )
    more = f"<li>and {len(named) - _MOST_LEGEND} more</li>" if len(named) > _MOST_LEGEND else ""
    return f'<ul class="legend">{items}{more}</ul>'


def _sample(tone: str, *, points: bool) -> str:
    if points:
        return f'<circle class="dot {tone}" cx="16" cy="5" r="3.5"/>'
    return f'<line class="line {tone}" x1="0" x2="32" y1="5" y2="5"/>'


def _values_table(chart: PageChart) -> str:
    """Return some of a chart's values as a table, for those who do not see it."""
    heads, rows = ("Line", chart.x_label, chart.y_label), []
    for line in chart.lines[:_LINES_LISTED]:
        places = range(0, len(line.x), max(1, math.ceil(len(line.x) / _TABLE_ROWS)))
        rows += [(line.name or chart.y_label, float(line.x[k]), float(line.y[k])) for k in places]
    caption = f"{chart.title}: some of its values"
    return (
        f"<details><summary>Values as a table</summary>{table_html(PageTable(caption, heads, tuple(rows)))}</details>"
    )


class PageWriter:
    """Writes the blocks of one page; charts are numbered through it."""

    def __init__(self, sections: tuple[PageSection, ...] = ()) -> None:
        self._charts = 0
        self._anchors = {one.anchor for one in sections}
        self._listed = ""

    def block(self, block: Block) -> str:
        """Return a block as HTML."""
        if isinstance(block, PageChart):
            return self._chart(block)
        if isinstance(block, PageTable):
            return table_html(block)
        if isinstance(block, PageGrid):
            return self._picture(
                block.title, grid_svg(block), _note(block.note) + _assumed(block.assumed, self._listed)
            )
        if isinstance(block, ContactPicture):
            return self._picture(block.title, contact_svg(block), _note(block.note))
        if isinstance(block, ParticleView):
            return _view(block)
        return _paragraph(block)

    def _chart(self, chart: PageChart) -> str:
        self._charts += 1
        identity = f"chart-{self._charts}"
        svg, data = chart_svg(chart)
        label = f"{chart.title}. Arrow keys read its values."
        return (
            f'<figure class="chart"><figcaption>{escape(chart.title)}</figcaption>'
            f'<div class="plot" tabindex="0" role="group" aria-label="{escape(label)}" data-chart="{identity}">{svg}'
            f'<div class="tip" role="status" hidden></div></div>{data_block(identity, data)}'
            f"{_legend(chart)}{_note(chart.note)}{_assumed(chart.assumed, self._listed)}{_values_table(chart)}</figure>"
        )

    @staticmethod
    def _picture(title: str, svg: str, foot: str) -> str:
        return f'<figure class="chart"><figcaption>{escape(title)}</figcaption>{svg}{foot}</figure>'

    def section(self, section: PageSection) -> str:
        """Return a section; charts that follow each other stand side by side."""
        _, colon, whose = section.title.partition(": ")
        own = PageSection(f"Parameters{colon}{whose}", ()).anchor
        self._listed = next((one for one in (own, "parameters") if one in self._anchors), "")
        parts, row = [], []
        for block in (*section.blocks, None):
            if isinstance(block, PageChart | PageGrid | ContactPicture):
                row.append(self.block(block))
                continue
            if row:
                parts.append(f'<div class="charts">{"".join(row)}</div>')
                row = []
            if block is not None:
                parts.append(self.block(block))
        anchor = section.anchor
        return (
            f'<section id="{anchor}" aria-labelledby="{anchor}-head">'
            f'<h2 id="{anchor}-head">{escape(section.title)}</h2>'
            f"{''.join(parts)}</section>"
        )


def _paragraph(block: PageText) -> str:
    if block.kind == "code":
        return f'<pre tabindex="0"><code>{escape(block.text)}</code></pre>'
    kind = ' class="warning"' if block.kind == "warning" else ""
    return f"<p{kind}>{escape(block.text)}</p>"


def _view(view: ParticleView) -> str:
    return f"{_asset('view.html')}{_note(view.note)}{data_block('view-data', view.bodies)}"


def _asset(name: str) -> str:
    return files("asyncsoc.studies.report").joinpath("page", name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def page_html(page: ReportPage) -> str:
    """Return a page as one HTML document that holds its own SHA-256 (`content_sha256`)."""
    style, script = _asset("style.css"), _asset("charts.js") + _asset("view.js")
    policy = (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    writer = PageWriter(page.sections)
    body = "".join(writer.section(section) for section in page.sections)
    links = "".join(f'<li><a href="#{one.anchor}">{escape(one.title)}</a></li>' for one in page.sections)
    facts: dict[str, Any] = {"format": "asyncsoc report", "version": 1, "page sha256": HASH_SLOT, **page.facts}
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(page.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#content">To the content</a>\n<header><h1>{escape(page.title)}</h1>\n'
        f'<p class="question">{escape(page.question)}</p>\n<p class="answer">{escape(page.answer)}</p></header>\n'
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n<main id="content">{body}</main>\n'
        "<footer><p>Written by asyncsoc. This page holds everything it shows and asks nothing of the network."
        "</p></footer>\n"
        f"{data_block(FACTS, facts)}\n<script>{script}</script>\n</body>\n</html>\n"
    )
    return text.replace(SLOT, SLOT.replace(HASH_SLOT, content_sha256(text)), 1)


def content_sha256(text: str) -> str:
    """Return the SHA-256 of a page in which zeros stand for the hash itself."""
    return hashlib.sha256(text.encode()).hexdigest()
