"""What is done to the particle and what is kept of it, as a case describes them."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import model_validator

from asyncsoc.base.errors import InputError
from asyncsoc.case import fields
from asyncsoc.case.capacity import Capacity, CapacityText
from asyncsoc.case.fields import refusal
from asyncsoc.case.marks import check_marks
from asyncsoc.case.rates import with_rate
from asyncsoc.case.section import Section
from asyncsoc.protocol.plan import RepeatedSteps, parse_protocol
from asyncsoc.protocol.types import StepSequence


class Cycle(Section):
    """Steps carried out `repeat` times."""

    repeat: fields.WholeNumber = 1
    steps: tuple[str, ...]


class Protocol(Section):
    """What is done to the particle.

    Attributes
    ----------
    temperature
        K.
    initial_stoichiometry, initial_voltage
        Where the particle starts, uniform and at rest: one of them; stoichiometry 0.9 where neither is given.
    capacity
        What 1 C means, as text: "theoretical" up to the cathode's charged voltage (4.2 V of the built-in ones),
        '<number> C/kg' or '<number> C' (of the particle); `nominal_capacity` has it parsed.
    steps
        Steps carried out once, before the cycles.
    cycle
        Cycles, in order.
    rate
        1/h; a shorthand that is not kept: this C-rate takes the place of the C-rate of every step that charges or
        discharges at one. {2 = "C/5"} sets that of step 2 alone, counted as the steps are written, those of cycles
        once. Currents in amperes, and limits such as "until C/50", stay.
    fitted, fitted_to
        Which of these were fitted, and to what; `asyncsoc calibrate` writes them.
    """

    temperature: fields.Temperature = 333.15
    initial_stoichiometry: fields.OpenFraction | None = None
    initial_voltage: fields.Voltage | None = None
    capacity: CapacityText = "theoretical"
    steps: tuple[str, ...] = ()
    cycle: tuple[Cycle, ...] = ()
    rate: Annotated[float, fields.CRate()] | None = None
    fitted: tuple[str, ...] = ()
    fitted_to: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _at_rate(cls, keys: Any) -> Any:
        if not isinstance(keys, dict) or keys.get("rate") is None:
            return keys
        try:
            return with_rate(keys)
        except InputError as error:
            raise refusal(error) from None

    @model_validator(mode="before")
    @classmethod
    def _start(cls, keys: Any) -> Any:
        if not isinstance(keys, dict):
            return keys
        given = [key for key in ("initial_stoichiometry", "initial_voltage") if keys.get(key) is not None]
        if len(given) > 1:
            raise refusal(
                InputError(
                    "initial_stoichiometry and initial_voltage exclude each other",
                    where="protocol.initial_voltage",
                    value=keys["initial_voltage"],
                    next_step="remove one of them",
                )
            )
        return keys if given else {**keys, "initial_stoichiometry": 0.9}

    @model_validator(mode="after")
    def _understood(self) -> Self:
        try:
            self.plan  # noqa: B018 - parsed once, kept, and refused here where it is wrong
        except InputError as error:
            raise refusal(error) from None
        check_marks(self.section_name(), self.fitted, self.fitted_to, ("initial_stoichiometry",))
        return self

    @cached_property
    def plan(self) -> StepSequence:
        """The steps parsed, cycles unrolled."""
        return parse_protocol(self.steps, [RepeatedSteps(cycle.steps, cycle.repeat) for cycle in self.cycle])

    @property
    def nominal_capacity(self) -> Capacity:
        """What 1 C means, parsed."""
        return Capacity.parse(self.capacity)

    @classmethod
    def of(cls, *steps: str, **keys: Any) -> Self:
        """Return a protocol of `steps`, with the other keys as keyword arguments."""
        return cls(steps=steps, **keys)


class Output(Section):
    """What is kept of a run.

    Attributes
    ----------
    fields_every
        s; time between snapshots of the stoichiometry (the ends of steps are always kept).
    """

    fields_every: fields.Time = 600.0


class Solver(Section):
    """How accurately to integrate: `tolerance` on the local error of a step, in stoichiometry."""

    tolerance: fields.Tolerance = 1e-4
