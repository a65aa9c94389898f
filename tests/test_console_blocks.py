"""Every console block of README and docs shows what its command prints today, in words and in numbers."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from asyncsoc.cli.main import main

ROOT = Path(__file__).parents[1]
SLOW = ("verify", "eis", "gitt", "lsv", "stxm")
"""Commands that take more than a few seconds."""
REFRESH = "run: python docs/console_blocks.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("console_blocks", ROOT / "docs" / "console_blocks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


BLOCKS = load()


def every_command() -> Iterator[object]:
    for page in BLOCKS.pages():
        for command, shown in BLOCKS.commands(page.read_text(encoding="utf-8")):
            slow = [pytest.mark.slow] if shlex.split(command)[2] in SLOW else []
            yield pytest.param(command, shown, id=f"{page.stem}: {command.removeprefix('$ ')}", marks=slow)


@pytest.mark.parametrize(("command", "shown"), list(every_command()))
def test_commands_print_what_is_shown(
    command: str, shown: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    code = main(shlex.split(command)[2:])
    printed = capsys.readouterr()
    failed = shown[0].startswith("error:")
    assert code == (2 if failed else 0)
    assert BLOCKS.compared(command, shown, printed.err if failed else printed.out) == [], REFRESH


def test_no_block_is_overlooked() -> None:
    found = {page.name for page in BLOCKS.pages()}
    assert {"README.md", "errors.md", "protocols.md"} <= found
    for page in BLOCKS.pages():
        text = page.read_text(encoding="utf-8")
        assert len(BLOCKS.commands(text)) == text.count("\n$ "), page.name
        assert all(shown for _, shown in BLOCKS.commands(text)), page.name


PAGE = """
```console
$ asyncsoc run case.toml
 quantity    value
 ...
 Lead        0.217337
 Stop        voltage 4.2 V reached
```
"""
PRINTED = " quantity    value\n ---\n Duration    6.2\n Lead        0.218\n Stop        voltage 4.2 V reached\n"


def test_a_changed_number_is_stale_and_is_written_anew() -> None:
    (stale,) = BLOCKS.compared("$ asyncsoc run case.toml", BLOCKS.commands(PAGE)[0][1], PRINTED)
    assert (stale.line, stale.fresh) == (" Lead        0.217337", " Lead        0.218")
    fresh, lost = BLOCKS.written(PAGE, lambda command: PRINTED)
    assert lost == [] and " Lead        0.218\n" in fresh
    assert BLOCKS.written(fresh, lambda command: PRINTED) == (fresh, [])


def test_a_line_nobody_prints_any_more_is_reported_and_the_last_digits_of_a_machine_are_not() -> None:
    _, lost = BLOCKS.written(PAGE, lambda command: PRINTED.replace("Stop ", "End  "))
    assert [stale.line for stale in lost] == [" Stop        voltage 4.2 V reached"]
    assert BLOCKS.compared("", [" Lead 0.217337"], " Lead 0.217340") == []
