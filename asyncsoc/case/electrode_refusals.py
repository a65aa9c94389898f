"""Why the keys of an electrode do not fit together: its amounts, and the particles of a set."""

from __future__ import annotations

from asyncsoc.base.errors import InputError
from asyncsoc.case.electrode_particles import MeasuredParticles


def amount_problem(loading: float | None, thickness: float | None, porosity: float | None) -> InputError | None:
    """Return why loading [kg/m2], thickness [m] and porosity do not say how much there is; None where they do."""
    amounts = {"loading": loading, "thickness": thickness, "porosity": porosity}
    given = [name for name, value in amounts.items() if value is not None]
    if len(given) == 3:
        return InputError(
            "loading, thickness and porosity are one too many: each follows from the other two",
            where="electrode.porosity",
            value=porosity,
            allowed="two of the three",
            next_step="remove the one that is known least well",
        )
    if not given or given in (["thickness"], ["porosity"]):
        missing = "thickness or porosity" if not given else "porosity" if "thickness" in given else "thickness"
        return InputError(
            "how much active material there is does not follow",
            where="electrode.loading",
            value=", ".join(given) or None,
            allowed="a loading such as '12.7 mg/cm2'; or thickness and porosity",
            next_step=f"give the loading, or {missing} too" if given else "give the loading",
        )
    return None


def measured_problem(measured: MeasuredParticles, particles: int | None, *, layered: bool) -> InputError | None:
    """Return why the particles of a set do not fit the electrode that has them; None where they do.

    Parameters
    ----------
    measured
        The set, of particles in their measured shapes or of spheres.
    particles
        Number that is asked for; None: as many as the electrode chooses.
    layered
        Whether the electrode has layers.
    """
    if not measured.measured:
        if measured.separator_side is None:
            return None
        return InputError(
            "spheres are in every layer: where the separator is makes no difference",
            where="electrode.set.separator_side",
            value=measured.separator_side,
            next_step='set electrode.set.shapes = "measured", or remove separator_side',
        )
    if particles not in (None, measured.count):
        return InputError(
            "of measured shapes all particles are taken",
            where="electrode.particles",
            value=particles,
            allowed=f"{measured.count}",
            next_step="remove particles, or mesh fewer into a set of their own: asyncsoc tomo mesh --only",
        )
    if layered and measured.separator_side is None:
        return InputError(
            "measured particles are in the layer of their depth, counted from the separator",
            where="electrode.set.separator_side",
            allowed="x-low, x-high, y-low, y-high, z-low, z-high",
            next_step="say which side of the volume faces the separator",
        )
    return None
