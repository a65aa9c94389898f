"""Modules, functions and files that documentation and benchmarks name are there."""

from __future__ import annotations

import ast
import importlib
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def exists(name: str) -> bool:
    """Return whether a dotted name is a module, or what a module has."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        found: object = module
        for part in parts[count:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@pytest.mark.filterwarnings("error::DeprecationWarning")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_dotted_names_exist(page: Path) -> None:
    text = re.split(r"\n## Adding to it\n", page.read_text(encoding="utf-8"))[0]  # executed by another test
    names = set(re.findall(r"`(asyncsoc(?:\.\w+)+)`", text)) - {"asyncsoc.json"}  # a file
    assert [name for name in sorted(names) if not exists(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_source_files_exist(page: Path) -> None:
    text = re.split(r"\n## Adding to it\n", page.read_text(encoding="utf-8"))[0]
    files = set(
        re.findall(
            r"`((?:asyncsoc|tests|benchmarks|scripts|meshes|examples|docs|[a-z_]+)/[\w/]+\.(?:py|toml|sh))`", text
        )
    )
    missing = [file for file in sorted(files) if not any((root / file).is_file() for root in (ROOT, ROOT / "asyncsoc"))]
    assert missing == []


@pytest.mark.parametrize("path", sorted(ROOT.joinpath("benchmarks").rglob("*.py")), ids=lambda path: path.stem)
def test_what_benchmarks_import_is_there(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("asyncsoc", "benchmarks", "tests")):
            module = str(node.module)
            for name in node.names:
                assert find_spec(module) is not None, module
                assert exists(f"{module}.{name.name}") or find_spec(f"{module}.{name.name}"), f"{module}.{name.name}"
