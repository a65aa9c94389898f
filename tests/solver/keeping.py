"""A callback that keeps what it is called with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.states import AcceptedStep, StepState


@dataclass(eq=False)
class KeepingCallback:
    """Keeps every state and step, and the states at `times`."""

    times: Sequence[float] = ()
    starts: list[StepState] = field(default_factory=list)
    steps: list[AcceptedStep] = field(default_factory=list)
    middles: list[StepState] = field(default_factory=list)
    ends: list[tuple[StepState, StepState]] = field(default_factory=list)
    sampled: dict[float, StepState] = field(default_factory=dict)

    def start(self, state: StepState, constraint: StepConstraint) -> None:
        self.starts.append(state)

    def step(self, step: AcceptedStep) -> None:
        middle = step.at(0.5 * (step.start_time + step.end.time))  # may end the run: then the step is not kept
        self.steps.append(step)
        self.middles.append(middle)
        self.ends.append((step.at(step.start_time), step.at(step.end.time)))
        for time in self.times:
            if step.start_time <= time <= step.end.time:
                self.sampled[time] = step.at(time)

    @property
    def last(self) -> StepState:
        return self.steps[-1].end
