"""An callback that keeps what it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.states import AcceptedStep, StepState


@dataclass(eq=False)
class BatchCallback:
    """Callback that keeps everything it is shown, and the states at `times`."""

    times: Sequence[float] = ()
    starts: list[StepState] = field(default_factory=list)
    steps: list[AcceptedStep] = field(default_factory=list)
    middles: list[StepState] = field(default_factory=list)
    ends: list[tuple[StepState, StepState]] = field(default_factory=list)
    sampled: dict[float, StepState] = field(default_factory=dict)

    def start(self, state: StepState, constraint: StepConstraint) -> None:
        self.starts.append(state)

    def step(self, step: AcceptedStep) -> None:
        self.steps.append(step)
        self.middles.append(step.at(0.5 * (step.start_time + step.end.time)))
        self.ends.append((step.at(step.start_time), step.at(step.end.time)))
        for time in self.times:
            if step.start_time <= time <= step.end.time:
                self.sampled[time] = step.at(time)

    @property
    def last(self) -> StepState:
        return self.steps[-1].end
