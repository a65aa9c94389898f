"""The worked example of the page on cathodes: its file and its line are all that a new cathode takes."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from asyncsoc.materials import registry
from asyncsoc.materials.types import Cathode
from tests.pages import ROOT, blocks

PAGE = ROOT / "docs" / "cathodes.md"


def test_the_file_and_the_line_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, use = blocks(PAGE, "python")
    (line,) = blocks(PAGE, "text")
    (entry,) = re.findall(r'"([\w-]+)": "asyncsoc\.materials\.(\w+):(\w+)"', line)
    name, module, attribute = entry
    (tmp_path / f"{module}.py").write_text(file)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(registry.CATHODES, name, f"{module}:{attribute}")
    exec(compile(use, str(PAGE), "exec"), {})
    x = registry.cathode(name).window
    assert [f"{float(registry.cathode(name).open_circuit_potential(value)):.2f} V" in file for value in x] == [
        True,
        True,
    ]


def test_every_field_of_a_set_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [field.name for field in dataclasses.fields(Cathode) if f"`{field.name}`" not in text] == []
