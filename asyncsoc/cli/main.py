"""The entry point: run a command, turn whatever it raises into a message and an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence

from asyncsoc.base.notices import ResultWarning
from asyncsoc.cli.app import app
from asyncsoc.cli.console import note, print_document
from asyncsoc.cli.failure import BROKEN_PIPE, INTERRUPTED, debugging, describe, print_traceback
from asyncsoc.cli.several_processes import let_first_speak, require_shared
from asyncsoc.cli.signals import Heard, end_quietly, like_interrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Exit codes: 0 done, 2 the input is wrong, 3 the simulation could not finish, 4 the environment lacks something, 128
    and the number of the signal where one ended it.

    Parameters
    ----------
    arguments
        What follows the program's name; None takes `sys.argv`.
    """
    import typer

    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    with like_interrupt() as heard, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResultWarning)  # commands say what results hold under `warnings`, once
        try:
            require_shared(words)
            result = typer.main.get_command(app)(args=words, prog_name="asyncsoc", standalone_mode=False)
            sys.stdout.flush()
            if result == INTERRUPTED:  # typer turns Ctrl-C into this
                raise KeyboardInterrupt
            code = result if isinstance(result, int) else 0
        except SystemExit as stop:  # an option that ends the program by itself
            code = stop.code if isinstance(stop.code, int) else 0
        except BaseException as error:  # whatever happened, the user gets one message and an exit code
            if arguments is None:
                end_quietly()  # a second Ctrl-C ends what is still being said
            code = _failed(error, json="--json" in words, heard=heard)
        finally:
            if arguments is None:
                end_quietly()
        return code


def _failed(error: BaseException, *, json: bool, heard: Heard) -> int:
    failure = describe(error)
    if failure.exit_code == INTERRUPTED:
        failure = failure.ended_with(heard.exit_code(INTERRUPTED))
    if debugging():
        print_traceback(error)
    who = let_first_speak()
    try:
        if json and failure.document is not None:
            print_document(failure.document)
        if failure.message:
            note(f"{who}{failure.message}")
    except OSError:
        pass  # nobody reads any more
    if failure.exit_code == BROKEN_PIPE:
        _close_stdout()
    _end_other_ranks(failure.exit_code)
    return failure.exit_code


def _close_stdout() -> None:
    """Let the interpreter's last flush go nowhere instead of complaining."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end_other_ranks(exit_code: int) -> None:
    """Abort MPI where this process is one of several: they would wait for this one for ever."""
    from asyncsoc.base.environment import abort_mpi

    abort_mpi(exit_code)
