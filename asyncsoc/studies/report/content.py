"""What a page is made of: sections of blocks, as data; `html` and `charts` write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Cell = str | float | int | bool | None


@dataclass(frozen=True, eq=False)
class ChartLine:
    """One line, or one set of points, of a chart.

    Attributes
    ----------
    name
        Of its legend; empty: not in the legend.
    x, y : (n,)
        In the units of the axes; NaN leaves a gap.
    tone
        0 to 8 colours the line by a quantity, from low to high; None by its place.
    """

    name: str
    x: Array
    y: Array
    tone: int | None = None


@dataclass(frozen=True, eq=False)
class PageChart:
    """Lines or points over one quantity.

    Attributes
    ----------
    title, x_label, y_label
        With units.
    lines
        At least one.
    note
        What a reader has to know.
    assumed
        Assumed parameters that the values depend on.
    points
        Draw points instead of lines.
    log_x, log_y
        Logarithmic axes.
    tones
        What the tones stand for, where lines have them.
    """

    title: str
    x_label: str
    y_label: str
    lines: tuple[ChartLine, ...]
    note: str = ""
    assumed: tuple[str, ...] = ()
    points: bool = False
    log_x: bool = False
    log_y: bool = False
    tones: str = ""


@dataclass(frozen=True, eq=False)
class PageGrid:
    """One number over two quantities, as coloured cells with their values.

    Attributes
    ----------
    columns, rows
        What is written along the sides.
    values : (rows, columns)
        NaN: no value.
    """

    title: str
    x_label: str
    y_label: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    values: Array
    note: str = ""
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ContactPicture:
    """The surface of a particle on a plane, with its contact.

    Attributes
    ----------
    title
        What is seen.
    share : (rows, columns)
        Share of contact, rows from the top (height) and columns over the longitude from -180 degrees.
    spots
        (longitude [degrees] or None for a ring, height over radius, label).
    """

    title: str
    share: Array
    spots: tuple[tuple[float | None, float, str], ...] = ()
    note: str = ""


@dataclass(frozen=True)
class PageTable:
    """A table with heads.

    Attributes
    ----------
    caption
        What it lists.
    heads
        With units.
    rows
        Cells, as many as heads.
    marked
        Rows that rest on an assumption, by place.
    note
        Below it.
    sortable
        Whether its heads sort it.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    marked: frozenset[int] = frozenset()
    note: str = ""
    sortable: bool = True


@dataclass(frozen=True)
class PageText:
    """A paragraph; `kind` is "plain", "warning" or "code"."""

    text: str
    kind: str = "plain"


@dataclass(frozen=True)
class ParticleView:
    """The particles to show in 3-D, packed as `bodies` packs them."""

    bodies: tuple[Mapping[str, Any], ...]
    note: str = ""


Block = PageChart | PageGrid | ContactPicture | PageTable | PageText | ParticleView


@dataclass(frozen=True)
class PageSection:
    """A head, and what stands under it."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def anchor(self) -> str:
        """Name for links within the page."""
        return "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in self.title.lower()).split())


@dataclass(frozen=True)
class ReportPage:
    """A page.

    Attributes
    ----------
    title, question, answer
        At its head.
    sections
        In order.
    facts
        What `verify` reads back: cases, hashes, headline numbers, versions.
    """

    title: str
    question: str
    answer: str
    sections: tuple[PageSection, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
