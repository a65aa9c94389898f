"""What a result says of a parameter that is an assumption."""

from __future__ import annotations

from asyncsoc.materials.sources import ASSUMED
from asyncsoc.materials.types import Parameter

_NO_SOURCE = (ASSUMED, "assumption")


def assumption(parameter: Parameter, name: str | None = None) -> str:
    """Return a sentence about an assumed parameter: that it has no source, or which one is nearest to it.

    A value may be assumed although a source is named: it is of another temperature, material or sample, or has been
    chosen within what the source reports.

    Parameters
    ----------
    parameter
        It is marked as assumed.
    name
        What it is called; None: 'the' and its name.

    Examples
    --------
    >>> from asyncsoc.materials.salt import salt_set
    >>> given = {one.name: one for one in salt_set("peo-litfsi").parameters}
    >>> print(assumption(given["salt diffusivity"]))
    assumption: the salt diffusivity has no source
    >>> print(assumption(given["transference number"]).partition(" is ")[0])
    assumption: the transference number
    """
    called = f"the {parameter.name}" if name is None else name
    if parameter.source in _NO_SOURCE:
        return f"assumption: {called} has no source"
    return f"assumption: {called} is assumed; the source nearest to it is {parameter.source}"
