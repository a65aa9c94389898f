"""How the package is laid out: names that mean one thing, modules that import one way."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import asyncsoc

ROOT = Path(asyncsoc.__file__).parent
SOURCES = sorted(ROOT.rglob("*.py"))
LONGEST_MODULE = 420


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in SOURCES}


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


def test_no_two_public_classes_share_a_name() -> None:
    found = defaultdict(list)
    for path, tree in trees().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(name_of(path))
    assert {name: where for name, where in found.items() if len(where) > 1} == {}


def for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes but those that only type checkers read."""
    for child in ast.iter_child_nodes(node):
        if for_type_checkers(child):
            continue
        yield child
        yield from running(child)


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the package's modules that a module imports, at its head or within functions."""
    for node in running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES and not node.level:
            within = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in within)


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return one cycle of a graph, empty where there is none."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        found = next((found for other in sorted(graph[name]) if (found := walk(other, [*way, name]))), [])
        done.add(name)
        return found

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def test_no_import_cycles() -> None:
    # A package's own `__init__` runs before its modules; what it imports itself counts like any other import.
    graph = {name_of(path): set(imported(tree)) - {name_of(path)} for path, tree in trees().items()}
    graph["asyncsoc"] -= {name for name in graph["asyncsoc"] if name.startswith("asyncsoc.base")}  # the bootstrap
    assert cycle(graph) == []


def test_no_file_name_repeats_its_folder() -> None:
    again = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.stem != "__init__" and path.stem != path.parent.name and path.parent.name in path.stem.split("_")
    ]
    assert again == []


def test_few_files_need_their_folder_to_be_told_apart() -> None:
    # A file of `cli.commands` is named after its command.
    named = [path for path in SOURCES if path.stem != "__init__" and "commands" not in path.parts]
    counts = Counter(path.stem for path in named)
    assert {name: count for name, count in counts.items() if count > 3} == {}


def test_no_module_is_much_over_400_lines() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}
