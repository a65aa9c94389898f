"""Impedance of a run at one of its states, or of a case at its start: what `Solution.impedance` computes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.case import Case
from asyncsoc.case.impedance import Impedance
from asyncsoc.materials.assumptions import assumption
from asyncsoc.materials.types import Parameter
from asyncsoc.simulation.impedance.described import DescribedGroup, described_by_case, described_by_run
from asyncsoc.simulation.impedance.mesh_resolution import RESOLVED
from asyncsoc.simulation.impedance.operating_point import At, OperatingPoint, initial_point, point_of
from asyncsoc.simulation.impedance.parts import LITHIUM, GroupImpedance, group_impedance
from asyncsoc.simulation.impedance.spectrum import ImpedanceSpectrum
from asyncsoc.simulation.results.data import RunData

Array = NDArray[np.float64]
Counted = Callable[[int, int, str], None]
_HIGHEST = 1e12
"""Hz."""


def frequencies_of(settings: Impedance) -> Array:
    """Return the frequencies of a case [Hz], evenly spread over their logarithm."""
    return np.geomspace(settings.lowest_frequency, settings.highest_frequency, settings.points)


def impedance_of_run(
    run: RunData,
    frequencies: ArrayLike | None = None,
    at: At = "final",
    *,
    settings: Impedance | None = None,
    progress: Counted | None = None,
) -> ImpedanceSpectrum:
    """Return the impedance of a run at one of its states; see `Solution.impedance`."""
    described = described_by_run(run, settings)
    return _spectrum(described, point_of(run, described, at), frequencies, run.name, run.case_sha256, progress)


def impedance_of_case(
    case: Case, frequencies: ArrayLike | None = None, *, progress: Counted | None = None
) -> ImpedanceSpectrum:
    """Return the impedance of a case at its start: nothing is simulated.

    Parameters
    ----------
    case
        A particle or an electrode.
    frequencies : (F,)
        Hz; None: those of the case.
    progress
        As of `group_impedance`.

    Raises
    ------
    InputError
        The case cannot be built, or a frequency is out of range.
    """
    described = described_by_case(case)
    return _spectrum(described, initial_point(described), frequencies, case.name, case.hash, progress)


def _spectrum(
    described: DescribedGroup,
    point: OperatingPoint,
    frequencies: ArrayLike | None,
    name: str,
    sha256: str,
    progress: Counted | None,
) -> ImpedanceSpectrum:
    f = frequencies_of(described.settings) if frequencies is None else checked_frequencies(frequencies)
    found = group_impedance(described, point, f, progress)
    many = described.group.multiplicities or (1.0,) * len(point.weights)
    return ImpedanceSpectrum(
        f,
        found.total,
        name=name,
        kind=point.kind,
        at={
            "time [s]": point.time,
            "mean SOC": point.mean_soc,
            "voltage [V]": point.voltage,
            "current [A]": point.current,
            "temperature [K]": point.constraint.temperature,
            "protocol step": point.constraint.step.text,
        },
        parts=found.parts,
        interface_resistance=found.interface_resistance,
        contact_area=float(sum(n * weights.sum() for n, weights in zip(many, point.weights, strict=True))),
        electrode_area=described.series_area if described.layers is None else described.layers.area,
        mesh_error=found.mesh_error,
        parameters=_parameters(described, found),
        warnings=tuple(_warnings(described, point, f, found)),
        case_sha256=sha256,
    )


def checked_frequencies(frequencies: ArrayLike) -> Array:
    """Return frequencies (F,) [Hz], ascending.

    Raises
    ------
    InputError
        There are none, or one is not above 0.
    """
    try:
        f = np.sort(np.atleast_1d(np.asarray(frequencies, dtype=np.float64)))
    except (TypeError, ValueError) as error:
        raise InputError("frequencies are numbers", where="frequencies", value=frequencies, allowed="Hz") from error
    if f.ndim != 1 or not len(f) or not np.isfinite(f).all() or f[0] <= 0.0 or f[-1] > _HIGHEST:
        raise InputError(
            "a frequency is out of range",
            where="frequencies",
            value=f.tolist()[:3],
            allowed=f"one or more numbers above 0 Hz, at most {_HIGHEST:g} Hz",
        )
    return f


def _parameters(described: DescribedGroup, found: GroupImpedance) -> tuple[Parameter, ...]:
    """Return those parameters of the settings that the spectrum depends on."""
    grows = any(one.side is not None for one in described.group.particles)
    left_out: tuple[str, ...] = () if grows else ("film_permittivity",)
    if LITHIUM not in found.parts:
        left_out += ("lithium_exchange_current_density", "lithium_double_layer_capacitance")
    elif described.layers is not None:
        left_out += ("lithium_exchange_current_density",)
    salt = None if described.layers is None else described.layers.salt
    return described.settings.parameters(left_out) + (() if salt is None else salt.transport.parameters)


def _warnings(described: DescribedGroup, point: OperatingPoint, f: Array, found: GroupImpedance) -> list[str]:
    used = _parameters(described, found)
    messages = [assumption(one) for one in used if one.assumed]
    if point.kind.startswith("frozen"):
        messages.append(
            f"the state is {point.kind}: it is held fixed, and at frequencies whose period is not short beside its "
            "change a measurement would see both"
        )
    beyond = found.mesh_error > RESOLVED
    if beyond.any():
        worst = int(np.argmax(found.mesh_error))
        messages.append(
            f"the mesh resolves diffusion within 0.1 % of |Z| up to {_below(f, beyond)}; its error is estimated at "
            f"{100.0 * found.mesh_error[worst]:.2g} % at {f[worst]:.3g} Hz, where it is largest: run the case with a "
            "larger particle.layer_decades (asyncsoc eis and EISSimulation set it), or give a mesh with thinner "
            "outermost cells"
        )
    return messages


def _below(f: Array, beyond: NDArray[np.bool_]) -> str:
    first = int(np.argmax(beyond))
    return f"{f[first - 1]:.3g} Hz" if first else f"less than {f[0]:.3g} Hz"
