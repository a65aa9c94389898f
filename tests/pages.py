"""Read Markdown pages as a reader would: run their Python, type their commands, compare what is printed."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_FENCE = re.compile(r"^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?P<target>[^)#\s]+)(?:#[\w-]+)?\)|!\[[^\]]*\]\((?P<image>[^)\s]+)\)")
_RULE = re.compile(r"^[\s─-]*$")


@dataclass(frozen=True)
class Command:
    """A command of a console block and the lines shown under it."""

    arguments: tuple[str, ...]
    shown: tuple[str, ...]


def blocks(page: Path, kind: str) -> list[str]:
    return [match["body"] for match in _FENCE.finditer(page.read_text(encoding="utf-8")) if match["kind"] == kind]


def commands(page: Path) -> list[Command]:
    """Return the `asyncsoc` commands of a page's console blocks, in order."""
    found = []
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ asyncsoc ", block, flags=re.MULTILINE)[1:]:
            line, _, rest = part.partition("\n")
            found.append(Command(tuple(shlex.split(line)), tuple(rest.splitlines())))
    return found


def links(page: Path) -> list[str]:
    """Return the relative links and pictures of a page."""
    targets = [match["target"] or match["image"] for match in _LINK.finditer(page.read_text(encoding="utf-8"))]
    return [target for target in targets if not target.startswith(("http://", "https://"))]


def _alike(shown: str, printed: str) -> bool:
    """Whether two lines have the same words and numbers, numbers to 0.1 %."""
    left, right = shown.split(), printed.split()
    return len(left) == len(right) and all(map(_same, left, right))


def _same(left: str, right: str) -> bool:
    if left == right:
        return True
    try:
        a, b = float(left), float(right)
    except ValueError:
        return False
    return abs(a - b) <= 1e-3 * max(abs(a), abs(b))


def missing(shown: tuple[str, ...], printed: str) -> list[str]:
    """Return the lines of a page that the command did not print, in this order; '...' stands for any lines."""
    left = [line for line in printed.splitlines() if not _RULE.match(line)]
    absent = []
    for line in shown:
        if line.strip() == "..." or _RULE.match(line):
            continue
        found = next((k for k, candidate in enumerate(left) if _alike(line, candidate)), None)
        if found is None:
            absent.append(line)
        else:
            del left[: found + 1]
    return absent


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
