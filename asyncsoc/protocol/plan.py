"""Parse a protocol from lists of steps: cycles are unrolled and numbered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from asyncsoc.base.errors import InputError
from asyncsoc.protocol.grammar import EXAMPLES, parse_step
from asyncsoc.protocol.profile import Profile
from asyncsoc.protocol.types import Step, StepSequence

MOST_STEPS = 100_000


@dataclass(frozen=True)
class RepeatedSteps:
    """Steps repeated `repeat` times."""

    steps: tuple[str, ...]
    repeat: int = 1


def parse_protocol(
    steps: Sequence[str] = (),
    cycles: Sequence[RepeatedSteps] = (),
    *,
    profiles: Mapping[str, tuple[str, Profile | None]] | None = None,
    where: str = "protocol",
) -> StepSequence:
    """Return the protocol with its cycles unrolled.

    Parameters
    ----------
    steps
        Steps carried out once, before the cycles; they count as a cycle of their own, number 1.
    cycles
        Cycles in order, each carried out `repeat` times and numbered on.
    profiles
        SHA-256 of the profiles that steps follow, and they themselves where they are known, by name.
    where
        File and section, for the messages.

    Raises
    ------
    InputError
        No step at all, a repeat below 1, more than `MOST_STEPS` steps, or a step that is not understood.
    """
    if not steps and not cycles:
        raise InputError("a protocol has no steps", where=where, next_step=f"for example steps = ['{EXAMPLES[0]}']")
    blocks = [_parsed(steps, f"{where}.steps")] if steps else []
    for number, cycle in enumerate(cycles, start=1):
        blocks += _repeated(cycle, f"{where}.cycle {number}", already=sum(map(len, blocks)))
    numbered = (replace(step, cycle=number) for number, block in enumerate(blocks, start=1) for step in block)
    return StepSequence(tuple(_with_profile(step, profiles or {}) for step in numbered))


def _with_profile(step: Step, profiles: Mapping[str, tuple[str, Profile | None]]) -> Step:
    """Return a step with its profile, where it follows one that is known."""
    if step.follows is None or step.follows.name not in profiles:
        return step
    sha256, profile = profiles[step.follows.name]
    if profile is not None and len(profile.temperature) and step.temperature is not None:
        raise InputError(
            "the profile has temperatures of its own",
            where="protocol",
            value=step.text,
            next_step="leave the temperature out of the step, or its column out of the profile",
        )
    return replace(step, follows=replace(step.follows, sha256=sha256, profile=profile))


def _repeated(cycle: RepeatedSteps, where: str, *, already: int) -> list[tuple[Step, ...]]:
    if not cycle.steps:
        raise InputError("a cycle has no steps", where=where)
    if isinstance(cycle.repeat, bool) or not isinstance(cycle.repeat, int) or cycle.repeat < 1:
        raise InputError("a cycle repeats a whole number of times", where=f"{where}.repeat", value=cycle.repeat)
    total = already + cycle.repeat * len(cycle.steps)
    if total > MOST_STEPS:
        raise InputError(
            "too many steps", where=f"{where}.repeat", value=total, allowed=f"at most {MOST_STEPS} with cycles unrolled"
        )
    return [_parsed(cycle.steps, f"{where}.steps")] * cycle.repeat


def _parsed(steps: Sequence[str], where: str) -> tuple[Step, ...]:
    if isinstance(steps, str):
        raise InputError("steps are a list of strings", where=where, value=steps, allowed=f"['{EXAMPLES[0]}']")
    return tuple(parse_step(text, where=f"{where}, step {number}") for number, text in enumerate(steps, start=1))
