"""Objects in one line and as a table of a notebook: short, escaped, of the page's own colours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import numpy as np

from asyncsoc.base.display import LONGEST_REPR, ShortRepr, Shown, cell, html_table, one_line

HOSTILE = "<script>alert('x')</script> \" onmouseover=\"x"


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[tuple[str, dict[str, str | None]]] = []
        self.still_open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.opened.append((tag, dict(attributes)))
        self.still_open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.still_open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@dataclass(frozen=True, eq=False, repr=False)
class Thing(Shown):
    values: np.ndarray
    name: str = "thing"
    more: dict[str, float] = field(default_factory=dict)


def test_everything_in_a_table_is_text():
    found = Tags(html_table(HOSTILE, HOSTILE, [(HOSTILE, HOSTILE)], [HOSTILE]))
    assert found.text.count(HOSTILE) == 5
    assert found.still_open == []
    assert {tag for tag, _ in found.opened} == {"div", "strong", "table", "tbody", "tr", "th", "td", "ul", "li"}
    assert {name for _, attributes in found.opened for name in attributes} <= {"style", "scope", "colspan"}


def test_a_table_has_no_colour_that_a_dark_page_would_hide():
    text = html_table("Kind", "name", [("key", 1.0)], ["note"])
    assert re.findall(r"#[0-9a-f]{3,6}\b|url\(|color:\s*(?!inherit)", text) == []


def test_long_tables_and_long_values_are_cut():
    text = html_table("Kind", "", [(f"row {k}", "x" * 5000) for k in range(1000)], ["y" * 5000] * 1000)
    assert len(text) < 60_000
    assert "960 more" in text


def test_arrays_are_told_by_type_and_shape():
    thing = Thing(np.zeros((400, 3)), more={str(k): float(k) for k in range(10_000)})
    assert "values=<float64 400x3>" in repr(thing)
    assert len(repr(thing)) < 500
    assert "<float64 400x3>" in Tags(thing._repr_html_()).text


def test_one_line_never_exceeds_its_length():
    assert one_line("Kind", [("key", 1), (None, "text")]) == "Kind(key=1, 'text')"
    assert len(one_line("Kind", [(f"key{k}", "v" * 70) for k in range(100)])) <= LONGEST_REPR


def test_dir_has_the_public_names_only():
    class Own(ShortRepr):
        _hidden = shown = 1

    assert dir(Own()) == ["shown"]


def test_cells():
    assert [cell(v) for v in (None, True, 0.123456789, np.float64(2.0), 3, "text")] == [
        "-", "yes", "0.12346", "2", "3", "text",
    ]  # fmt: skip
    assert cell(tuple(range(100))) == "0, 1, 2, 3, 4, 5, ... (100 in all)"
