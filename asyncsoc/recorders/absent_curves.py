"""The error for a curve that a run does not have."""

from __future__ import annotations

from collections.abc import Iterable

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.materials.valence import AT_CONTACT, AT_FAR_SIDE
from asyncsoc.recorders.curve_names import SIDE_CURVES


class NoSuchCurve(InputError, KeyError):  # noqa: N818 - said as the user would say it
    """A curve that a run does not have is asked for; a KeyError too, so that mappings of curves behave as mappings."""

    __str__ = Exception.__str__


def no_such_curve(name: object, present: Iterable[str], ratio: str | None, material: str = "") -> NoSuchCurve:
    """Return the error for a curve that a run does not have: which there are, and why this one is absent.

    Parameters
    ----------
    name
        The curve asked for.
    present
        Names of the run's curves.
    ratio
        The ratio of oxidation states that the run's cathode has curves of, None where it has none.
    material
        Name of the cathode's parameter set, where it is known.
    """
    known = tuple(present)
    text = str(name)
    what = "no such curve in this run"
    if text.endswith((AT_CONTACT, AT_FAR_SIDE)):
        what += (
            f": its cathode{f' {material}' if material else ''} has no valence model, so oxidation states are not known"
            if ratio is None
            else f": the valence model of its cathode gives {ratio}"
        )
    elif text in SIDE_CURVES:
        what += ": it comes from a side reaction, and this one's mode does not give it"
    return NoSuchCurve(
        what,
        where="curves",
        value=text,
        allowed=", ".join(known),
        nearest=nearest_name(text, known),
    )
