"""What the site takes from the code when it is built: the API, the commands and the gallery, as Markdown.

A page holds a line `<!-- generated: NAME -->`; `fill` replaces it. `conf.py` calls it while Sphinx reads the pages.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import asyncsoc

_MARK = re.compile(r"^<!-- generated: (?P<name>\w+) -->$", re.MULTILINE)

GROUPS = {
    "Describe a case": (
        "Case", "Particle", "Contact", "Material", "Electrolyte", "Kinetics", "SideReaction", "Reactant", "Protocol",
        "Electrode", "Output", "Solver", "Impedance",
    ),
    "Simulate": ("simulate", "simulate_particles", "Solution", "estimate", "estimate_electrode"),
    "Impedance": ("EISSimulation", "ImpedanceSpectrum"),
    "Many cases": ("sweep", "plot_heatmap"),
    "Fit to measured curves": ("calibrate", "Measurement", "MeasuredCurve"),
    "Parameters and data of other programs": ("import_bpx", "import_pybamm", "ImportedParameters", "read_bdf"),
}  # fmt: skip
"""Public names by the question they answer; names that are new are listed after these."""
FURTHER = "Further names"
NAMESPACES = ("asyncsoc.case", "asyncsoc.tomography", "asyncsoc.base.errors")
"""Modules whose public names are listed too, where the package itself does not export them."""


def public_names() -> dict[str, tuple[str, ...]]:
    """Return the names of `asyncsoc.__all__` that are no modules, by heading."""
    rest = [name for name in asyncsoc.__all__ if not name.startswith("__")]
    rest = [name for name in rest if not inspect.ismodule(getattr(asyncsoc, name))]
    found = {}
    for heading, names in GROUPS.items():
        found[heading] = tuple(name for name in names if name in rest)
        rest = [name for name in rest if name not in names]
    return {**found, FURTHER: tuple(sorted(rest))} if rest else found


def names_within(module: str) -> tuple[str, ...]:
    """Return the public names of a module that `asyncsoc` itself does not export."""
    space = importlib.import_module(module)
    listed = getattr(space, "__all__", None)
    if listed is None:
        listed = [
            name
            for name, value in vars(space).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module
        ]
    return tuple(name for name in listed if name not in asyncsoc.__all__)


def api() -> str:
    """Return the reference of every public name, for autodoc to fill."""
    parts = []
    for heading, names in public_names().items():
        parts += [f"## {heading}\n", *(_entry("asyncsoc", name) for name in names)]
    for module in NAMESPACES:
        names = names_within(module)
        if names:
            first = inspect.getdoc(importlib.import_module(module)) or ""
            parts += [f"## `{module}`\n", first.splitlines()[0] + "\n", *(_entry(module, name) for name in names)]
    return "\n".join(parts)


def _entry(module: str, name: str) -> str:
    value = getattr(importlib.import_module(module), name)
    kind, options = "autodata", ""
    if inspect.isclass(value):
        error = issubclass(value, BaseException)
        kind = "autoexception" if error else "autoclass"
        options = "" if error else "   :members:\n   :inherited-members: BaseModel, Mapping, Dataset\n"
    elif callable(value):
        kind = "autofunction"
    return f"### {name}\n\n```{{eval-rst}}\n.. {kind}:: {module}.{name}\n{options}```\n"


def commands() -> list[tuple[str, Any]]:
    """Return every command that can be typed, by its full name, in the order of `--help`."""
    import typer

    from asyncsoc.cli.app import app

    return list(_walk("asyncsoc", typer.main.get_command(app)))


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for word, one in inner.items():
        yield from _walk(f"{name} {word}", one)


def cli() -> str:
    """Return the reference of every command: what it does, its arguments and its options."""
    return "\n".join(_command(name, command) for name, command in commands())


def _command(name: str, command: Any) -> str:
    words = [f"`{piece}`" for piece in [name]]
    lines = [f"## {words[0]}\n"]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name != "argument" and not one.hidden]
    shown = " ".join(one.metavar or f"{one.name.upper()}" for one in arguments)
    lines += ["```text", " ".join(part for part in (name, shown, "[OPTIONS]" if options else "") if part), "```\n"]
    lines += [_plain(inspect.cleandoc(command.help or "")) + "\n"]
    if arguments or options:
        lines += ["| argument or option | default | meaning |", "|---|---|---|"]
        lines += [_row(one, command) for one in (*arguments, *options)]
    return "\n".join(lines) + "\n"


def _row(one: Any, command: Any) -> str:
    argument = one.param_type_name == "argument"
    names = one.metavar or one.name.upper() if argument else ", ".join([*one.opts, *one.secondary_opts])
    if not argument and not one.is_flag:
        names += f" {one.metavar or _taken(one, command)}"
    default = one.default
    unset = default is None or callable(default) or default in (False, "", ()) or type(default).__name__ == "Sentinel"
    cell = "required" if one.required else "" if unset or one.is_flag else f"`{default}`"
    return f"| {_code(names)} | {cell} | {_plain(one.help or '')} |"


def _taken(one: Any, command: Any) -> str:
    """Return what an option without a metavar takes, as `--help` names it."""
    record = one.get_help_record(command.context_class(command))[0].replace(", ", " ").split()
    return " ".join(word for word in record if word not in (*one.opts, *one.secondary_opts))


def _code(text: str) -> str:
    return "`" + text.replace("|", r"\|") + "`"


def _plain(text: str) -> str:
    r"""Return help text as Markdown: typer's \b marks lines that stay as they are, an example becomes a block."""
    out = []
    for part in re.split(r"\n\s*\n", text.replace("|", r"\|")):
        kept = part.startswith("\b")
        body = part.removeprefix("\b").strip("\n")
        out.append(f"```text\n{body}\n```" if kept else body)
    return "\n\n".join(out).replace("<", "&lt;")


def _gallery() -> str:
    import gallery

    return gallery.written()


GENERATED: dict[str, Callable[[], str]] = {"api": api, "commands": cli, "gallery": _gallery}


def fill(text: str) -> str:
    """Return a page with what is generated in the place of its marks."""
    return _MARK.sub(lambda match: GENERATED[match["name"]](), text)
