"""Every public name has an example in its docstring, and the examples run as they are written there."""

from __future__ import annotations

import doctest
import importlib
import inspect
import warnings
from collections.abc import Iterator

import pytest

import asyncsoc as aso
from asyncsoc.base.notices import ResultWarning
from asyncsoc.simulation.results.solution import Solution

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
WITHOUT = {"AsyncsocWarning", "tomography", "__version__"}
"""Nothing is called: a category of warnings, a module, a text."""


def public() -> Iterator[tuple[str, object]]:
    for name in aso.__all__:
        if name not in WITHOUT:
            yield name, getattr(aso, name)
    for name in aso.tomography.__all__:
        yield f"tomography.{name}", getattr(aso.tomography, name)


def documented() -> Iterator[tuple[str, str]]:
    """Yield each public function, class and method of a class that has an example, with its docstring."""
    for name, thing in public():
        yield name, inspect.getdoc(thing) or ""
        for method in dir(thing) if inspect.isclass(thing) else ():
            found = inspect.getattr_static(thing, method, None)
            inner = getattr(found, "__func__", getattr(found, "func", getattr(found, "fget", found)))
            text = getattr(inner, "__doc__", None) if callable(inner) else None
            if not method.startswith("_") and text and ">>>" in text:
                yield f"{name}.{method}", inspect.cleandoc(text)


EXAMPLES = {name: text for name, text in documented() if ">>>" in text}


def test_every_public_name_has_an_example():
    assert [name for name, _ in public() if name not in EXAMPLES] == []


def test_what_is_used_most_of_a_solution_has_an_example():
    wanted = ("load", "save", "plot", "plot_3d", "animate", "to_dataframe", "summary", "impedance", "particle")
    assert [name for name in wanted if f"Solution.{name}" not in EXAMPLES] == []
    assert all(hasattr(Solution, name) for name in wanted)


def test_examples_that_are_not_run_say_why():
    """A reason stands beside the first line that is left out, or above it."""
    for name, text in EXAMPLES.items():
        skipped = [line for line in text.splitlines() if "+SKIP" in line]
        if skipped:
            first = text[: text.index(skipped[0]) + len(skipped[0])]
            assert any(word in first for word in ("needs", "takes some seconds", "of yours")), name


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_runs_as_it_is_written(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module("asyncsoc")
    example = doctest.DocTestParser().get_doctest(EXAMPLES[name], {"__name__": "example"}, name, module.__file__, 0)
    said: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResultWarning)
        outcome = doctest.DocTestRunner(optionflags=FLAGS).run(example, out=said.append)
    assert outcome.failed == 0, "".join(said)
