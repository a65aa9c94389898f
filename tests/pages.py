"""Read Markdown pages as a reader would: find their Python and their links, compare their numbers."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
_FENCE = re.compile(r"^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?P<target>[^)#\s]+)(?:#[\w-]+)?\)|!\[[^\]]*\]\((?P<image>[^)\s]+)\)")


def blocks(page: Path, kind: str) -> list[str]:
    return [match["body"] for match in _FENCE.finditer(page.read_text(encoding="utf-8")) if match["kind"] == kind]


def links(page: Path) -> list[str]:
    """Return the relative links and pictures of a page."""
    targets = [match["target"] or match["image"] for match in _LINK.finditer(page.read_text(encoding="utf-8"))]
    return [target for target in targets if not target.startswith(("http://", "https://"))]


def agrees(shown: str, fresh: str) -> bool:
    """Whether two texts have the same words and numbers, numbers to one unit of the last place shown."""
    left, right = shown.split(), fresh.split()
    return len(left) == len(right) and all(map(_to_the_last_place, left, right))


def _to_the_last_place(shown: str, fresh: str) -> bool:
    try:
        distance = abs(float(shown) - float(fresh))
    except ValueError:
        return shown == fresh
    decimals = len(shown.partition(".")[2])
    return distance <= 1.001 * 10.0**-decimals
