"""Type the commands of the console blocks again and write down what they print: `python docs/console_blocks.py`.

A page shows some lines of a command's answer, with `...` for the rest. Which lines stays as it is; the numbers in them
are those of the answer whose words are the same. Tests hold the pages to it.
"""

from __future__ import annotations

import io
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLOSE = 1e-4
"""Relative distance within which two numbers are the same on another machine."""
_BLOCK = re.compile(r"(?<=^```console\n)(?P<body>.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
_COMMAND = "$ asyncsoc "
_RULE = re.compile(r"^[\s\u2500-]*$")


@dataclass(frozen=True)
class Stale:
    """A line of a page that its command does not print: command, line, and what is printed instead, if anything."""

    command: str
    line: str
    fresh: str | None


def pages() -> list[Path]:
    """Return every page with a console block."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [page for page in found if _BLOCK.search(page.read_text(encoding="utf-8"))]


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Return each command of a page's console blocks with the lines shown under it."""
    found: list[tuple[str, list[str]]] = []
    for block in _BLOCK.finditer(text):
        for line in block["body"].splitlines():
            if line.startswith(_COMMAND):
                found.append((line, []))
            else:
                found[-1][1].append(line)
    return found


def compared(command: str, shown: Sequence[str], printed: str, *, close: float = CLOSE) -> list[Stale]:
    """Return the lines shown that differ from what was printed, in order, by words or by a number not `close`."""
    left = [line.rstrip() for line in printed.splitlines() if not _RULE.match(line)]
    stale = []
    for line in shown:
        if line.strip() == "..." or _RULE.match(line):
            continue
        place = next((k for k, candidate in enumerate(left) if _words(candidate) == _words(line)), None)
        if place is None:
            stale.append(Stale(command, line, None))
            continue
        if not _same(line, left[place], close):
            tokens = iter(left[place].split())
            stale.append(Stale(command, line, re.sub(r"\S+", lambda _: next(tokens), line)))  # noqa: B023 - used at once
        del left[: place + 1]
    return stale


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _words(line: str) -> list[str]:
    """Return a line's words with numbers, which may have changed, left open."""
    return ["#" if _number(word) is not None else word for word in line.split()]


def _same(line: str, other: str, close: float) -> bool:
    pairs = [(_number(a), _number(b)) for a, b in zip(line.split(), other.split(), strict=True)]
    return all(a is None or b is None or abs(a - b) <= close * max(abs(a), abs(b)) for a, b in pairs)


def answer(command: str) -> str:
    """Return what a command prints on stdout and stderr, typed in an empty folder beside the examples."""
    from asyncsoc.cli.main import main

    out = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("examples").symlink_to(ROOT / "examples")
        with redirect_stdout(out), redirect_stderr(out):
            main(shlex.split(command.removeprefix(_COMMAND)))
    return out.getvalue()


def written(text: str, typed: Callable[[str], str] = answer) -> tuple[str, list[Stale]]:
    """Return a page with its numbers as printed now, and the lines for which nothing like them was printed."""
    lost: list[Stale] = []
    for command, shown in commands(text):
        for stale in compared(command, shown, typed(command), close=0.0):
            if stale.fresh is None:
                lost.append(stale)
            else:
                text = text.replace(f"\n{stale.line}\n", f"\n{stale.fresh}\n", 1)
    return text, lost


def main() -> int:
    """Bring every page up to date; return 1 where a line has to be looked at by hand."""
    left = 0
    for page in pages():
        text, lost = written(page.read_text(encoding="utf-8"))
        page.write_text(text, encoding="utf-8")
        for stale in lost:
            print(f"{page.name}: {stale.command}\n  no longer prints: {stale.line}")
        left += len(lost)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
