"""The error for a curve that a run does not have."""

from __future__ import annotations

from collections.abc import Iterable

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.materials.valence import AT_CONTACT, AT_FAR_SIDE
from asyncsoc.recorders.curve_names import COVERAGE, RISK_CURVES, SIDE_CURVES


class NoSuchCurve(InputError, KeyError):  # noqa: N818 - read as a sentence
    """A curve that a run does not have is asked for; a KeyError too, so that mappings of curves behave as mappings."""

    __str__ = Exception.__str__


def no_such_curve(
    name: object,
    present: Iterable[str],
    *,
    where: str = "curves",
    owner: str = "this run",
    material: str = "",
    particles: int = 0,
) -> NoSuchCurve:
    """Return the error for a curve that a run does not have: which there are, and why this one is absent.

    Parameters
    ----------
    name
        The curve asked for.
    present
        Names of the run's curves.
    where
        What asks for it.
    owner
        What does not have it: 'this run', 'this sweep'.
    material
        Name of the cathode's parameter set, where it is known.
    particles
        How many particles the group has that is asked, which has fewer curves than each of them; 0: a single run.
    """
    known, text, next_step = tuple(present), str(name), ""
    what = f"no such curve in {owner}"
    if particles:
        what += f": it is a group of particles ({particles}), and has the curves that mean something for all together"
        next_step = "each particle has its own curves: solution.particle(0).curves, solution.particles"
    elif text.endswith((AT_CONTACT, AT_FAR_SIDE)):
        ratios = [other.removesuffix(AT_CONTACT) for other in known if other.endswith(AT_CONTACT)]
        cathode = f"its cathode {material}".strip()
        what += (
            f": {cathode} has the oxidation states of {' and '.join(ratios)}"
            if ratios
            else f": {cathode} has no valence model, so oxidation states are not known"
        )
    elif text in SIDE_CURVES:
        what += ": it comes from a side reaction, and the mode of this one does not give it"
        if text in RISK_CURVES:
            what += "; runs that jump over cycles state no risk"
    elif text == COVERAGE:
        what += ": its coverage does not change (contact.coverage_change)"
    return NoSuchCurve(
        what,
        where=where,
        value=text,
        allowed=", ".join(known) or "none",
        nearest=nearest_name(text, known),
        next_step=next_step,
    )
