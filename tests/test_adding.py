"""The worked paragraphs of docs/architecture.md, "Adding to it", are done to a copy of the package and work."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
SLOW = {"A curve", "A rate law", "A constant of the side reaction", "A kind of contact", "A cathode"}
"""Paragraphs tested with the slow tests: after the first two the kernels are compiled anew."""
BEFORE = """
import asyncsoc as aso
case = aso.Case.model_validate(
    {"protocol": {"steps": ["Charge at C/10 for 10 minutes"]}, "particle": {"radius": "5 um"}}
)
aso.simulate(case).save("kept").rename("before.vtkhdf")
"""


def paragraphs() -> dict[str, list[str]]:
    """Return the blocks of every paragraph by its title."""
    section = PAGE.read_text(encoding="utf-8").split("\n## Adding to it\n", 1)[1].split("\n## ", 1)[0]
    parts = re.split(r"^### (.+)$", section, flags=re.MULTILINE)[1:]
    return {
        title: re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


def apply(block: str, package: Path) -> str | None:
    """Do what a block says to the package; return the file it concerns, None for the check."""
    head, _, content = block.partition("\n")
    told = re.fullmatch(r"# (asyncsoc/[\w/]+\.py)(?:, below: (.+))?", head)
    if told is None:
        assert head == "# check", head
        return None
    file, anchor = package / told[1], told[2]
    if anchor is None:
        assert not file.exists(), f"{told[1]} is there already"
        file.write_text(content, encoding="utf-8")
        return told[1]
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    places = [number for number, line in enumerate(lines) if line.strip().startswith(anchor)]
    assert len(places) == 1, f"{anchor!r} is in {told[1]} {len(places)} times"
    lines.insert(places[0] + 1, content)
    file.write_text("".join(lines), encoding="utf-8")
    return told[1]


FILES = {
    "A rate law": 2,
    "A constant of the side reaction": 2,
    "A kind of contact": 2,
    "A curve": 2,
    "A cathode": 2,
    "A command": 1,
}


def test_every_paragraph_is_there() -> None:
    assert list(paragraphs()) == list(FILES)


@pytest.mark.parametrize(
    "title", [pytest.param(title, marks=[pytest.mark.slow] if title in SLOW else []) for title in FILES]
)
def test_it_is_all_one_has_to_do(
    title: str, run_python: Callable[..., CompletedProcess[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("asyncsoc", "meshes"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    environment = {"PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": "1"}
    if title == "A curve":
        done = run_python(BEFORE, **environment)
        assert done.returncode == 0, done.stderr
    *blocks, check = paragraphs()[title]
    files = {apply(block, tmp_path) for block in blocks}
    assert len(files) == FILES[title]
    script = tmp_path / "check.py"
    script.write_text(check, encoding="utf-8")
    done = run_python(script, timeout=300.0, **environment)
    assert done.returncode == 0, done.stderr
