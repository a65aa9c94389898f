"""One material of one PyBaMM parameter set: its numbers and functions, computed by PyBaMM, and the report on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.materials.importing.electrode import checked_number
from asyncsoc.materials.importing.record import Fate, ImportedValue, shown_value

if TYPE_CHECKING:
    import pybamm

Array = NDArray[np.float64]
Function = Callable[[Array, float], Array]
_LONGEST = 200


class ParameterSet:
    """Reads the parameters of one material of a set, and keeps the report.

    Parameters
    ----------
    values
        The set.
    name
        What messages call it.
    prefix
        Of the material's parameters in a blend, 'Primary: '.
    """

    def __init__(self, values: pybamm.ParameterValues, name: str, prefix: str) -> None:
        self.values, self.name, self.prefix = values, name, prefix
        self.report: list[ImportedValue] = []

    def note(self, name: str, value: object, fate: Fate, note: str = "") -> None:
        """Note what became of a value."""
        self.report.append(ImportedValue(name, shown_value(value), fate, note))

    def get(self, name: str) -> Any:
        """Return a parameter.

        Raises
        ------
        InputError
            The set lacks it.
        """
        try:
            return self.values[name]
        except KeyError:
            msmr = any("host site" in key for key in self.values.keys())  # noqa: SIM118 - no Mapping
            raise InputError(
                f"'{name}' is missing",
                where=self.name,
                next_step="an MSMR set gives x(U) by reactions, which is not simulated here"
                if msmr
                else "a set with a positive electrode of one material is needed",
            ) from None

    def number(self, name: str, low: float, high: float, unit: str, note: str = "") -> float:
        """Return a parameter that is a number from low to high.

        Raises
        ------
        InputError
            The set lacks it, or it is none.
        """
        value = self.get(name)
        if not isinstance(value, int | float | np.number):
            try:
                value = float(self.values.process_symbol(value).evaluate())
            except Exception:  # whatever a user's function may raise means the same
                raise InputError("not a number", where=f"{self.name}: {name}", value=type(value).__name__) from None
        found = checked_number(value, f"{self.name}: {name}", low, high, unit)
        self.note(name, found, "taken", note)
        return found

    def function(
        self, name: str, inputs: Callable[[Any, Any], dict[str, Any]], *, default: float | None = None
    ) -> Function:
        """Return a parameter as a function of (x, T); x is an array, T in K.

        Parameters
        ----------
        name
            Without prefix.
        inputs
            Returns the arguments PyBaMM calls it with, by name and in order, for symbols of x and T.
        default
            Value where the set lacks it; None: it must not.

        Raises
        ------
        InputError
            The set lacks it; when called, it fails.
        """
        import pybamm

        full = f"{self.prefix}{name}"
        if default is not None and full not in self.values:
            return lambda x, _: np.full_like(x, default)
        self.get(full)

        def compute(x: Array, temperature: float) -> Array:
            try:
                with np.errstate(all="ignore"):
                    arguments = inputs(pybamm.Vector(x), pybamm.Scalar(temperature))
                    symbols = {
                        key: value if isinstance(value, pybamm.Symbol) else pybamm.Scalar(value)
                        for key, value in arguments.items()
                    }
                    symbol = self.values.process_symbol(pybamm.FunctionParameter(full, symbols))
                    found = np.asarray(symbol.evaluate(), dtype=np.float64).ravel()
                    return np.array(np.broadcast_to(found, x.shape))
            except Exception as error:  # whatever a user's function may raise means the same
                reason = " ".join(str(error).split())[:_LONGEST]
                raise InputError(
                    f"the parameter cannot be computed: {type(error).__name__}: {reason}",
                    where=f"{self.name}: {full}",
                    allowed=f"a function of {', '.join(inputs(0.0, 0.0))} that needs no other state",
                ) from None

        return compute

    def citations(self) -> str:
        """Return what the set cites."""
        found = self.values.get("citations", ())
        return ", ".join(map(str, found)) if isinstance(found, list | tuple) else ""

    def note_the_rest(self) -> None:
        """Note the other parameters of the positive electrode, and how many there are of the rest."""
        noted = {value.name for value in self.report}
        others = 0
        for key in self.values.keys():  # noqa: SIM118 - no Mapping
            if key in noted:
                continue
            if key.startswith(("Positive electrode", "Positive particle", "Primary: ", "Secondary: ")) and (
                "ositive" in key
            ):
                self.note(key, self.values[key], "ignored", "of the porous electrode, or of a model not used here")
            else:
                others += 1
        self.note("other parameters", f"{others} of them", "ignored", "of the cell and its other parts")
        self.note(
            "transfer coefficient", None, "assumed", "0.5: PyBaMM's symmetric Butler-Volmer kinetics, its default"
        )
        self.note(
            "limits of U at x = 0 and 1",
            None,
            "ignored",
            "PyBaMM bends U there in its models, by 1 mV at a distance of 0.001",
        )
