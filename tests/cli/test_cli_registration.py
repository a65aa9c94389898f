"""A command is one file: whatever lies in the folder of commands is found, in the order its files say."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
import typer

from asyncsoc.cli import commands
from asyncsoc.cli.app import app
from asyncsoc.cli.main import main
from asyncsoc.cli.registration import add_commands

NAMES = ["run", "plot", "report", "estimate", "eis", "protocol", "params", "cite", "verify", "doctor", "react"]
NAMES += ["calibrate", "risk", "demo", "lsv", "gitt", "stxm", "tomo", "sweep", "export"]


def test_every_module_is_a_command_and_every_command_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert {info.name for info in iter_modules(commands.__path__)} == set(NAMES)
    assert main(["--help"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[:2] == "  " and line[2:3] != " "]
    assert set(NAMES) <= set(listed)


def test_summaries_fit_their_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for words in ([], ["tomo"], ["sweep"], ["gitt"], ["stxm"]):
        assert main([*words, "--help"]) == 0
        _, _, commands_listed = capsys.readouterr().out.partition("Commands:\n")
        assert commands_listed and "..." not in commands_listed


def test_a_new_file_is_a_new_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "extra_commands"
    (folder / "more").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "later.py").write_text('def later() -> None:\n    """Come last."""\n')
    (folder / "hello.py").write_text(
        "import typer\n\nORDER = 1\n\n\ndef hello(name: str) -> None:\n"
        '    """Greet."""\n    typer.echo(f"hello {name}")\n'
    )
    (folder / "more" / "__init__.py").write_text('import typer\n\nORDER = 2\napp = typer.Typer(help="A group.")\n')
    (folder / "more" / "deep.py").write_text('def deep() -> None:\n    """Sit deeper."""\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    extra = typer.Typer()
    add_commands(extra, import_module("extra_commands"))
    command = typer.main.get_command(extra)
    assert list(command.commands) == ["hello", "later", "more"]  # type: ignore[attr-defined]
    assert list(command.commands["more"].commands) == ["deep"]  # type: ignore[attr-defined]
    with pytest.raises(SystemExit) as ended:
        command(args=["hello", "you"])
    assert ended.value.code == 0
    for name in [name for name in sys.modules if name.startswith("extra_commands")]:
        del sys.modules[name]


def test_the_order_is_the_files_own() -> None:
    order = [import_module(f"{commands.__name__}.{name}").ORDER for name in NAMES]
    assert order == sorted(order)
    assert list(typer.main.get_command(app).commands) == NAMES  # type: ignore[attr-defined]
