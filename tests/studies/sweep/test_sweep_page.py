"""The page on sweeps and the examples do what they say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from asyncsoc.cli.main import main
from tests.pages import ROOT, blocks, links

PAGE = ROOT / "docs" / "sweeps.md"
EXAMPLES = ROOT / "examples" / "sweeps"


@pytest.fixture
def beside_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands(text: str) -> list[list[str]]:
    lines = re.sub(r"\\\n(#|\s)*", " ", text).splitlines()
    return [shlex.split(line.strip(" #"))[1:] for line in lines if line.strip(" #").startswith("asyncsoc sweep ex")]


def every_command() -> list[list[str]]:
    found = commands(PAGE.read_text())
    for path in sorted(EXAMPLES.glob("*.toml")):
        here = commands(path.read_text())
        assert here, path
        found += here
    return found


@pytest.mark.slow
def test_python_runs(beside_examples: Path) -> None:
    names: dict[str, object] = {}
    for block in blocks(PAGE, "python"):
        exec(compile(block, "sweeps.md", "exec"), names)


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_commands_can_be_planned(command: list[str], beside_examples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--plan"]) == 0
    assert "to run:" in capsys.readouterr().err


@pytest.mark.slow
def test_a_table_of_particles(beside_examples: Path) -> None:
    table = ["--table", "examples/sweeps/particles.csv", "--workers", "1", "--quiet"]
    assert main(["sweep", "examples/sweeps/particles.toml", *table, "-o", "out"]) == 0
    assert Path("out/sweep.png").stat().st_size > 10_000


def test_links_lead_somewhere() -> None:
    assert [target for target in links(PAGE) if not (PAGE.parent / target).exists()] == []
