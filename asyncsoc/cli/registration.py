"""Finds the commands: each public module of `cli.commands` is one, each package a group of them."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import typer

_UNPLACED = 1000


def add_commands(app: typer.Typer, package: ModuleType) -> None:
    """Add the commands of a package to `app`.

    A module `name` gives the function `name` with its options; a package `name` gives a `typer.Typer` called `app`, to
    which its own modules are added in the same way. `--help` lists commands, then groups, by the module's `ORDER`,
    those without one last.

    Parameters
    ----------
    app
        What the commands are added to.
    package
        The package that holds them.
    """
    found = [(info.name, info.ispkg) for info in iter_modules(package.__path__)]
    modules = [(import_module(f"{package.__name__}.{name}"), name, is_group) for name, is_group in found]
    for module, name, is_group in sorted(modules, key=lambda one: (getattr(one[0], "ORDER", _UNPLACED), one[1])):
        if is_group:
            add_commands(module.app, module)
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
