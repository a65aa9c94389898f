"""What is done to the particle and what is kept of it, as a case describes them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import ModelWrapValidatorHandler, PrivateAttr, model_validator

from asyncsoc.base.errors import InputError
from asyncsoc.case import fields
from asyncsoc.case.capacity import Capacity, CapacityText
from asyncsoc.case.fields import refusal
from asyncsoc.case.kept_cycles import KeptCycles, KeptCyclesText
from asyncsoc.case.marks import check_marks
from asyncsoc.case.profiles import FollowedFile, entries, held, hold
from asyncsoc.case.rates import with_rate
from asyncsoc.case.section import Section
from asyncsoc.protocol.plan import RepeatedSteps, parse_protocol
from asyncsoc.protocol.profile import Profile
from asyncsoc.protocol.types import StepSequence

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_STARTS = ("initial_stoichiometry", "initial_voltage", "initial_soc")
_FOLLOWED = ("c_rate", "specific_current", "areal_current", "power", "voltage", "temperature")


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
    initial_stoichiometry, initial_voltage, initial_soc
        Where the particle starts, uniform and at rest: one of them; stoichiometry 0.9 where none is given. The state of
        charge is 0 at x = 1 and 1 at the cathode's charged voltage.
    capacity
        What 1 C means, as text: "theoretical" up to the cathode's charged voltage (4.2 V of the built-in ones),
        '<number> C/kg' or '<number> C' (of the particle); `nominal_capacity` has it parsed.
    steps
        Steps carried out once, before the cycles.
    cycle
        Cycles, in order.
    profile
        Files of the profiles that steps follow, where they are not named in the steps, and their hashes; filled in.
    rate
        1/h; a shorthand that is not kept: this C-rate takes the place of the C-rate of every step that charges or
        discharges at one. {2 = "C/5"} sets that of step 2 alone, counted as the steps are written, those of cycles
        once. Currents in amperes, and limits such as "until C/50", stay.
    fitted, fitted_to
        Which of these were fitted, and to what; `asyncsoc calibrate` writes them.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> protocol = aso.Protocol(temperature="60 degC", steps=["Charge at C/10 until 4.2 V", "Rest for 1 hour"])
    >>> len(protocol.steps)
    2
    """

    temperature: fields.Temperature = 333.15
    initial_stoichiometry: fields.OpenFraction | None = None
    initial_voltage: fields.Voltage | None = None
    initial_soc: fields.StateOfCharge | None = None
    capacity: CapacityText = "theoretical"
    steps: tuple[str, ...] = ()
    cycle: tuple[Cycle, ...] = ()
    profile: tuple[FollowedFile, ...] = ()
    rate: Annotated[float, fields.CRate()] | None = None
    fitted: tuple[str, ...] = ()
    fitted_to: str | None = None
    _profiles: dict[str, Profile] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _at_rate(cls, keys: Any) -> Any:
        if not isinstance(keys, dict) or keys.get("rate") is None:
            return keys
        try:
            return with_rate(keys)
        except InputError as error:
            raise refusal(error) from None

    @model_validator(mode="wrap")
    @classmethod
    def _complete(cls, keys: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Complete the start and the profiles, which a protocol keeps alive."""
        if not isinstance(keys, dict):
            return handler(keys)
        given = [key for key in _STARTS if keys.get(key) is not None]
        if len(given) > 1:
            raise refusal(
                InputError(
                    f"{' and '.join(given)} exclude each other",
                    where=f"protocol.{given[-1]}",
                    value=keys[given[-1]],
                    next_step="remove one of them",
                )
            )
        found, profiles = entries(keys)
        keys = {key: value for key, value in keys.items() if key != "profiles"}
        if not given:
            keys["initial_stoichiometry"] = 0.9
        if found:
            keys["profile"] = found
        protocol = handler(keys)
        protocol._profiles = profiles
        return protocol

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Arrive in another process, profiles included."""
        super().__setstate__(state)
        for profile in self._profiles.values():
            hold(profile)

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
        cycles = [RepeatedSteps(cycle.steps, cycle.repeat) for cycle in self.cycle]
        profiles = {entry.name: (entry.sha256, held(entry.sha256)) for entry in self.profile}
        return parse_protocol(self.steps, cycles, profiles=profiles)

    @property
    def nominal_capacity(self) -> Capacity:
        """What 1 C means, parsed."""
        return Capacity.parse(self.capacity)

    @classmethod
    def of(cls, *steps: str, **keys: Any) -> Self:
        """Return a protocol of `steps`, with the other keys as keyword arguments.

        Profiles that steps follow are given as `profiles`, arrays by name:
        ``Protocol.of("Follow drive", profiles={"drive": {"time": t, "current": i}})``.
        """
        return cls(steps=steps, **keys)

    @classmethod
    def follow(cls, time: ArrayLike, current: ArrayLike | None = None, *, until: str = "", **keys: Any) -> Self:
        """Return a protocol of one step that follows a profile given as arrays.

        Parameters
        ----------
        time : (n,), s
            Rising; counted from its first point.
        current : (n,), A
            The particle's, above 0 on charge. Instead of it one of `c_rate` [1/h], `specific_current` [A/kg],
            `areal_current` [A/m2], `power` [W], `voltage` [V].
        until
            Limits and brackets of the step: 'until < 2.8 V', '(10 second period)', '(hold)'.
        **keys
            The profile's other quantities, `temperature` [K] as an array among them, and other keys of the protocol.

        Raises
        ------
        InputError
            As of `protocol.profile.Profile.from_arrays`, or a key is wrong.
        """
        given: dict[str, Any] = {"time": time, "current": current}
        for name in _FOLLOWED:
            if name in keys and not (name == "temperature" and np.ndim(keys[name]) == 0):
                given[name] = keys.pop(name)
        profile = Profile.from_arrays(**given, where="Protocol.follow")
        return cls(steps=(f'Follow "profile" {until}'.strip(),), profiles={"profile": profile}, **keys)


class Output(Section):
    """What is kept of a run.

    Attributes
    ----------
    fields_every
        s; time between snapshots of the stoichiometry (the ends of steps are always kept).
    keep_cycles
        The cycles of which curves and snapshots are kept, as text: "all", "none", "1, 2, 50" or "every 50" (the first,
        and every 50th); `kept_cycles` has it parsed.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> aso.Output(fields_every="10 min").fields_every
    600.0
    """

    fields_every: fields.Time = 600.0
    keep_cycles: KeptCyclesText = "all"

    @property
    def kept_cycles(self) -> KeptCycles:
        """The cycles of which curves and snapshots are kept, parsed."""
        return KeptCycles.parse(self.keep_cycles)


class Solver(Section):
    """How accurately to integrate.

    Attributes
    ----------
    tolerance
        On the local error of a time step, in stoichiometry.
    cycle_jump_tolerance
        Cycle jumping: most cycles of a long run are extrapolated instead of computed, with an estimated error of at
        most this in each jump, relative to the capacity of a cycle and to the film; where left out every cycle is
        computed.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> aso.Solver(tolerance=1e-5)
    Solver(tolerance=1e-05)
    """

    tolerance: fields.Tolerance = 1e-4
    cycle_jump_tolerance: Annotated[float, fields.Measured("", 1e-6, 0.1)] | None = None
