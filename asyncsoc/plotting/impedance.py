"""Nyquist and Bode plots of impedance spectra, with what each process adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.plotting.style import GREY, INK, colour, guide_lines, legend_above, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"))
_FAR = 6.0
"""A tail is drawn up to this multiple of the width of what lies above it."""
_HIDDEN = 0.01
"""Share of the largest real part below which a process is not drawn by itself."""
_APART = 0.06
"""Of the width of the axes: marks of frequencies that are nearer to each other are left out."""


@dataclass(frozen=True, eq=False)
class DrawnSpectrum:
    """What a picture shows of a spectrum.

    Attributes
    ----------
    label
        In the legend.
    frequencies : (F,)
        Hz, ascending.
    impedance : (F,)
        ohm.
    parts : (F,) each
        By process [ohm]; they add up to the impedance. Empty: only the whole is drawn.
    """

    label: str
    frequencies: Array
    impedance: ComplexArray
    parts: Mapping[str, ComplexArray] = field(default_factory=dict)


@styled
def nyquist_figure(spectra: Sequence[DrawnSpectrum]) -> Figure:
    """Return -Im Z over Re Z with equal axes, whole decades of the frequency marked; the arcs are shown larger beside it.

    Parameters
    ----------
    spectra
        One or more.
    """
    zoomed = _arc_limit(spectra)
    figure = new_figure(10.0 if zoomed else 5.6, 4.6)
    places = figure.subplots(1, 2 if zoomed else 1, squeeze=False).ravel().tolist()
    scale, unit = _scale(float(max(np.abs(one.impedance).max() for one in spectra)))
    _draw_nyquist(places[0], spectra, scale, unit, None)
    places[0].set_title("All frequencies" if zoomed else "Impedance")
    if zoomed:
        inner, inner_unit = _scale(zoomed)
        _draw_nyquist(places[1], spectra, inner, inner_unit, zoomed)
        places[1].set_title("The arcs")
    if len(spectra) > 1:
        legend_above(places[0], rows=len(spectra))
    else:
        figure.suptitle(spectra[0].label, x=0.01, ha="left")
    return figure


def _arc_limit(spectra: Sequence[DrawnSpectrum]) -> float | None:
    """Return how far the arcs reach on the axes [ohm]; None where the tail does not hide them."""
    reach = 0.0
    for one in spectra:
        height = -one.impedance.imag
        inner = [k for k in range(1, len(height) - 1) if height[k] <= height[k - 1] and height[k] < height[k + 1]]
        if inner:
            reach = max(reach, 1.15 * float(one.impedance.real[min(inner, key=lambda k: height[k])]))
    whole = float(max(np.abs(one.impedance).max() for one in spectra))
    return reach if 0.0 < reach < whole / 1.5 else None


def _draw_nyquist(
    axes: Axes, spectra: Sequence[DrawnSpectrum], scale: float, unit: str, limit: float | None
) -> None:
    for number, one in enumerate(spectra):
        z, shade = one.impedance / scale, colour(number)
        axes.plot(z.real, -z.imag, color=shade, marker="o", markersize=2.6, linewidth=1.2, label=one.label)
    top = limit / scale if limit else max(float((one.impedance.real / scale).max()) for one in spectra) * 1.08
    high = max(float((-one.impedance.imag / scale).max()) for one in spectra) * 1.08
    high = min(high, top) if limit else high
    axes.set_xlim(0.0, max(top, 0.25 * high))
    axes.set_ylim(min(0.0, -0.02 * high, *(float((-one.impedance.imag / scale).min()) for one in spectra)), high)
    axes.set_aspect("equal", adjustable="box" if limit is None else "datalim")
    axes.set(xlabel=f"Re Z [{unit}Ω]", ylabel=f"-Im Z [{unit}Ω]")
    axes.axhline(0.0, color=GREY, linewidth=0.6)
    guide_lines(axes)
    _mark_decades(axes, spectra[0], scale, max(top, high))


def _mark_decades(axes: Axes, one: DrawnSpectrum, scale: float, width: float) -> None:
    """Write the frequency beside the point nearest to each whole decade, where there is room."""
    written: list[complex] = []
    logarithm = np.log10(one.frequencies)
    low, high = axes.get_xlim()[1], axes.get_ylim()[1]
    for decade in range(int(np.ceil(logarithm[0])), int(np.floor(logarithm[-1])) + 1):
        k = int(np.argmin(np.abs(logarithm - decade)))
        z = one.impedance[k] / scale
        if abs(logarithm[k] - decade) > 0.2 or z.real > low or -z.imag > high:
            continue
        if any(abs(z - other) < _APART * width for other in written):
            continue
        written.append(z)
        axes.plot(z.real, -z.imag, marker="o", markersize=5.5, color=INK, fillstyle="none", linestyle="")
        axes.annotate(
            _hertz(10.0**decade), (z.real, -z.imag), xytext=(5.0, -9.0), textcoords="offset points", fontsize=8.0
        )


def _hertz(frequency: float) -> str:
    for scale, prefix in _PREFIXES:
        if frequency >= 0.999 * scale:
            return f"{frequency / scale:.0f} {prefix}Hz"
    return f"{frequency:g} Hz"


@styled
def bode_figure(spectra: Sequence[DrawnSpectrum]) -> Figure:
    """Return magnitude and phase over the frequency, and what each process of the first adds to the real part.

    Parameters
    ----------
    spectra
        One or more.
    """
    parts = _shown_parts(spectra[0])
    figure = new_figure(6.4, 7.6 if parts else 5.4)
    places = figure.subplots(3 if parts else 2, 1, sharex=True).ravel().tolist()
    scale, unit = _scale(float(max(np.abs(one.impedance).max() for one in spectra)))
    for number, one in enumerate(spectra):
        look = {"color": colour(number), "label": one.label}
        places[0].plot(one.frequencies, np.abs(one.impedance) / scale, **look)
        places[1].plot(one.frequencies, -np.degrees(np.angle(one.impedance)), **look)
    places[0].set(xscale="log", yscale="log", ylabel=f"|Z| [{unit}Ω]")
    places[1].set(ylabel="-Phase [°]")
    if parts:
        for number, (name, values) in enumerate(parts.items()):
            places[2].plot(spectra[0].frequencies, values.real / scale, color=colour(number), label=name)
        places[2].set(ylabel=f"Part of Re Z [{unit}Ω]")
        linear = _scale(float(max(np.abs(values.real).max() for values in parts.values())))[0] / scale
        places[2].set_yscale("symlog", linthresh=max(linear, 1e-12))
        places[2].legend(loc="upper right", ncols=2)
    places[-1].set_xlabel("Frequency [Hz]")
    for axes in places:
        guide_lines(axes)
    if len(spectra) > 1:
        legend_above(places[0], rows=len(spectra))
    else:
        figure.suptitle(spectra[0].label, x=0.01, ha="left")
    return figure


def _shown_parts(one: DrawnSpectrum) -> dict[str, ComplexArray]:
    least = _HIDDEN * float(np.abs(one.impedance.real).max())
    return {name: part for name, part in one.parts.items() if float(np.abs(part.real).max()) >= least}


def _scale(largest: float) -> tuple[float, str]:
    """Return what to divide by, and its prefix."""
    for scale, prefix in _PREFIXES:
        if largest >= scale:
            return scale, prefix
    return 1.0, ""
