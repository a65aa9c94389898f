"""A Ctrl-C at any line of what accepts a step leaves a state that can be gone on from, bit for bit."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.errors import InterruptedRunError
from asyncsoc.solver import protocol_runner as runner

CASE = aso.Case.from_dict(
    {
        "particle": {"radius": "5 um"},
        "contact": {"kind": "full"},
        "protocol": {
            "temperature": "60 degC",
            "steps": ["Charge at 1 C for 5 minutes", "Rest for 5 minutes", "Discharge at 1 C for 5 minutes"],
        },
    }
)


class Interrupting:
    """Sends SIGINT when a line of `protocol_runner.py` is reached for the n-th time; collects the lines there are."""

    def __init__(self, line: int | None = None, nth: int = 3) -> None:
        self.line, self.left, self.lines = line, nth, set[int]()

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename != runner.__file__:
            return None
        if event == "line":
            self.lines.add(frame.f_lineno)
            if frame.f_lineno == self.line:
                self.left -= 1
                if self.left == 0:
                    signal.raise_signal(signal.SIGINT)
        return self

    def simulate(self, **options: Any) -> aso.Solution:
        before = sys.gettrace()
        sys.settrace(self)
        try:
            return aso.simulate(CASE, **options)
        finally:
            sys.settrace(before)


@pytest.mark.slow
@pytest.mark.parametrize("nth", [1, 4])
def test_a_run_interrupted_at_any_line_goes_on_as_if_it_had_never_stopped(nth: int) -> None:
    whole = aso.simulate(CASE)
    watched = Interrupting()
    watched.simulate()
    stopped = 0
    for line in sorted(watched.lines):
        try:
            Interrupting(line, nth).simulate()
        except InterruptedRunError as error:
            partial = error.partial
        except KeyboardInterrupt:
            continue  # before anything was begun
        else:
            continue
        if partial is None or partial.checkpoint is None:
            continue
        stopped += 1
        resumed = aso.simulate(CASE, resume=partial)
        assert np.array_equal(resumed.field_x[-1], whole.field_x[-1]), line
        for name in ("Time [s]", "Voltage [V]"):
            assert np.array_equal(resumed.columns[name], whole.columns[name]), (line, name)
        assert [(s.text, s.duration, s.charge) for s in resumed.steps] == [
            (s.text, s.duration, s.charge) for s in whole.steps
        ]
    assert stopped > 20
