"""Read a page as a browser does, without one: its elements, texts and data."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import numpy as np
from numpy.typing import NDArray


class OpenedPage(HTMLParser):
    """Elements (tag, attributes), text outside of scripts and styles, and the content of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, dict[str, str | None], str]] = []
        self.texts: list[str] = []
        self._within = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._within = tag
            self.raw.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._within:
            self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within:
            tag, attributes, before = self.raw[-1]
            self.raw[-1] = (tag, attributes, before + data)
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def data(self, identity: str) -> Any:
        return json.loads(next(text for _, attributes, text in self.raw if attributes.get("id") == identity))

    def count(self, tag: str) -> int:
        return sum(one == tag for one, _ in self.elements)


def unpacked(packed: dict[str, str]) -> NDArray[Any]:
    """Decode an array of a page as its script does."""
    import base64

    return np.frombuffer(base64.b64decode(packed["data"]), dtype=np.dtype(f"<{packed['type']}"))


def field_values(field: dict[str, Any]) -> NDArray[np.float64]:
    """Return a field of a page over (moment, node)."""
    levels = unpacked(field["data"]).reshape(-1, field["nodes"]).astype(np.float64)
    values = field["low"] + (field["high"] - field["low"]) * levels / 65534.0
    return np.where(levels == 65535.0, np.nan, values)
