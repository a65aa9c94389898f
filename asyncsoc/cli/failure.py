"""From an exception to a message, an exit code and, where asked for, a JSON document."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import dataclass, replace
from typing import Any

import typer

from asyncsoc.base.errors import AsyncsocError, EnvironmentProblem, InputError, shortened
from asyncsoc.cli.console import PipeClosedError

DEBUG = "ASYNCSOC_DEBUG"
INTERRUPTED = 130
BROKEN_PIPE = 141

_UsageError = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")
"""Typer's base of usage errors, wherever its version keeps it."""


@dataclass(frozen=True)
class Failure:
    """How a command ended.

    Attributes
    ----------
    exit_code
        2 input, 3 simulation or unexpected, 4 environment, 130 interrupted, 141 nobody reads any more.
    message
        For stderr; empty where nothing is to be said.
    document
        For stdout under `--json`; None where nothing is to be said.
    """

    exit_code: int
    message: str
    document: dict[str, Any] | None = None

    def ended_with(self, exit_code: int) -> Failure:
        """Return the same with another exit code, in the document as well."""
        document = None if self.document is None else {**self.document, "exit code": exit_code}
        return replace(self, exit_code=exit_code, document=document)


def describe(error: BaseException) -> Failure:
    """Return how a command that raised `error` ends."""
    if isinstance(error, AsyncsocError):
        return _known(error)
    if isinstance(error, _UsageError):
        return _usage(error)
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return Failure(INTERRUPTED, "interrupted; nothing was saved")
    if isinstance(error, PipeClosedError):
        return Failure(BROKEN_PIPE, "")
    if isinstance(error, MemoryError):
        return _plain(3, "out of memory", next_step="use a coarser mesh or a longer output.fields_every")
    if isinstance(error, OSError):
        return describe(_file_trouble(error))
    if isinstance(error, ModuleNotFoundError) and error.name and error.name.partition(".")[0] != "asyncsoc":
        return _known(EnvironmentProblem(f"{error.name} is not installed", next_step=f"pip install {error.name}"))
    kind = type(error).__name__
    return _plain(3, f"unexpected {kind}: {error}", next_step=f"set {DEBUG}=1 to see where, and report it")


def debugging() -> bool:
    """Return whether the user asked for tracebacks."""
    return os.environ.get(DEBUG, "") not in ("", "0")


def print_traceback(error: BaseException) -> None:
    """Write the traceback of `error` to stderr."""
    traceback.print_exception(error, file=sys.stderr)


def _known(error: AsyncsocError) -> Failure:
    partial = getattr(error, "partial", None)
    document = {} if partial is None else dict(partial.to_json_dict())
    document.setdefault("status", "failed")
    document["error"] = {
        "kind": type(error).__name__,
        "what": str(error).partition("\n")[0],
        "where": error.where,
        "value": shortened(error.value) if isinstance(error.value, str) else error.value,
        "allowed": error.allowed,
        "did you mean": error.nearest,
        "next": error.next_step,
    }
    document["exit code"] = error.exit_code
    return Failure(error.exit_code, f"error: {error}", document)


def _file_trouble(error: OSError) -> InputError:
    """Return the error for a file or folder that went away, is closed to the user or has no room."""
    return InputError(
        "a file or folder cannot be used",
        where=None if error.filename is None else str(error.filename),
        value=error.strerror or str(error),
        allowed="readable files, and existing, writable folders on a disk with free space",
        next_step="free some space or create the folder, then repeat the command",
    )


def _usage(error: Any) -> Failure:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "asyncsoc"
    text = str(error.format_message()).rstrip(".")
    return _plain(2, text[:1].lower() + text[1:], next_step=f"{command} --help")


def _plain(exit_code: int, what: str, *, next_step: str) -> Failure:
    document = {"status": "failed", "error": {"what": what, "next": next_step}, "exit code": exit_code}
    return Failure(exit_code, f"error: {what}\n  next: {next_step}", document)
