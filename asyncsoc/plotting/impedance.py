"""Nyquist and Bode plots of impedance spectra, with what each process adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import GREY, INK, colour, guide_lines, new_figure, root_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"))
_FEW = 4
"""Spectra whose names stand below one another."""
_PARTS_IN_A_ROW = 4
_NEAR_DECADE = 0.2
_RIGHT = 0.8
"""Share of the axes from which on a frequency is written to the left of its mark."""
_SMALLEST = 1e-4
"""Of the largest part, below which parts are not drawn."""
_HIDDEN = 0.01
"""Share of the largest real part below which a process is not drawn by itself."""
_APART = 0.09
"""Of the length of the axes: marks of frequencies that are nearer to each other are left out."""


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
def nyquist_figure(spectra: Sequence[DrawnSpectrum], *, axes: Axes | None = None) -> Figure:
    """Return -Im Z over Re Z with equal axes, whole decades of the frequency marked; beside it the arcs, larger.

    Parameters
    ----------
    spectra
        One or more.
    axes
        Draw all frequencies here, and nothing else.
    """
    if axes is not None:
        _draw_nyquist(axes, spectra, _scale(float(max(np.abs(one.impedance).max() for one in spectra))), None)
        _name_axes(axes, spectra)
        return root_figure(axes)
    zoomed = _arc_limit(spectra)
    figure = new_figure(10.0 if zoomed else 5.6, 4.6)
    places = figure.subplots(1, 2 if zoomed else 1, squeeze=False).ravel().tolist()
    scale, unit = _scale(float(max(np.abs(one.impedance).max() for one in spectra)))
    _draw_nyquist(places[0], spectra, (scale, unit), None, marked_from=zoomed or 0.0)
    places[0].set_title("All frequencies" if zoomed else "Impedance")
    if zoomed:
        _draw_nyquist(places[1], spectra, _scale(zoomed), zoomed)
        places[1].set_title("The arcs")
    _name(figure, places[0], spectra)
    return figure


def _name(figure: Figure, axes: Axes, spectra: Sequence[DrawnSpectrum]) -> None:
    """Say what is drawn: one spectrum in the title, several in a legend above the figure."""
    if len(spectra) == 1:
        figure.suptitle(spectra[0].label, x=0.01, ha="left")
        return
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=1 if len(spectra) <= _FEW else 2)


def _name_axes(axes: Axes, spectra: Sequence[DrawnSpectrum]) -> None:
    """Say what is drawn on axes of the user's: one spectrum in the title, several in a legend."""
    if len(spectra) == 1:
        axes.set_title(spectra[0].label)
    else:
        axes.legend(loc="best")


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
    axes: Axes,
    spectra: Sequence[DrawnSpectrum],
    scale_and_unit: tuple[float, str],
    limit: float | None,
    *,
    marked_from: float = 0.0,
) -> None:
    scale, unit = scale_and_unit
    for number, one in enumerate(spectra):
        z, shade = one.impedance / scale, colour(number)
        axes.plot(z.real, -z.imag, color=shade, marker="o", markersize=2.6, linewidth=1.2, label=one.label)
    top = limit / scale if limit else max(float((one.impedance.real / scale).max()) for one in spectra) * 1.08
    seen = [-one.impedance.imag[one.impedance.real <= top * scale] / scale for one in spectra]
    high = max(float(height.max(initial=0.0)) for height in seen) * 1.1
    axes.set_xlim(0.0, max(top, 0.25 * high))
    axes.set_ylim(min(0.0, -0.02 * high, *(float((-one.impedance.imag / scale).min()) for one in spectra)), high)
    axes.set_aspect("equal", adjustable="box")
    axes.set(xlabel=f"Re Z [{unit}Ω]", ylabel=f"-Im Z [{unit}Ω]")
    axes.axhline(0.0, color=GREY, linewidth=0.6)
    written: list[complex] = []
    guide_lines(axes)
    for one in spectra:
        _mark_decades(axes, one, scale, marked_from / scale, written)


def _mark_decades(axes: Axes, one: DrawnSpectrum, scale: float, least: float, written: list[complex]) -> None:
    """Write the frequency beside the point nearest to each whole decade, where there is room; `written` has those."""
    logarithm = np.log10(one.frequencies)
    right, top = axes.get_xlim()[1], axes.get_ylim()[1]
    for decade in range(int(np.ceil(logarithm[0])), int(np.floor(logarithm[-1])) + 1):
        k = int(np.argmin(np.abs(logarithm - decade)))
        z = complex(one.impedance[k].conjugate() / scale)
        apart = min((abs(z - other) for other in written), default=np.inf)
        far = abs(logarithm[k] - decade) > _NEAR_DECADE or z.real > right or z.imag > top or abs(z) < least
        if far or apart < _APART * max(right, top):
            continue
        written.append(z)
        axes.plot(z.real, z.imag, marker="o", markersize=5.5, color=INK, fillstyle="none", linestyle="")
        beside: dict[str, Any] = {"xytext": (6.0, -3.0), "textcoords": "offset points", "fontsize": 8.0}
        if z.real > _RIGHT * right:
            beside |= {"xytext": (-6.0, -3.0), "ha": "right"}
        axes.annotate(_hertz(10.0**decade), (z.real, z.imag), **beside)


def _hertz(frequency: float) -> str:
    for scale, prefix in _PREFIXES:
        if frequency >= 0.999 * scale:
            return f"{frequency / scale:.0f} {prefix}Hz"
    return f"{frequency:g} Hz"


@styled
def bode_figure(spectra: Sequence[DrawnSpectrum], *, axes: Axes | Sequence[Axes] | None = None) -> Figure:
    """Return magnitude and phase over the frequency, and what each process of the first adds to the real part.

    Parameters
    ----------
    spectra
        One or more.
    axes
        Draw the magnitude here, or on two axes magnitude and phase, and nothing else.

    Raises
    ------
    InputError
        Neither one axes nor two.
    """
    if axes is not None:
        return _bode_on(spectra, axes)
    parts = _shown_parts(spectra[0])
    figure = new_figure(6.4, 8.2 if parts else 5.4)
    places = figure.subplots(3 if parts else 2, 1, sharex=True).ravel().tolist()
    scale, unit = _scale(float(max(np.abs(one.impedance).max() for one in spectra)))
    _draw_bode(places, spectra)
    if parts:
        for number, (name, values) in enumerate(parts.items()):
            for sign, line in ((1.0, "-"), (-1.0, ":")):
                shown = np.where(sign * values.real > 0.0, sign * values.real, np.nan) / scale
                label = name if sign > 0.0 else None
                places[2].plot(spectra[0].frequencies, shown, color=colour(number), linestyle=line, label=label)
        places[2].set(ylabel=f"|Part of Re Z| [{unit}Ω]")
        largest = float(max(np.abs(values.real).max() for values in parts.values())) / scale
        places[2].set(yscale="log", ylim=(_SMALLEST * largest, 2.0 * largest))
        of_which = " of the first one" if len(spectra) > 1 else ""
        places[2].set_title(f"Parts of Re Z{of_which} (dotted: negative)")
        handles, labels = places[2].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=_PARTS_IN_A_ROW)
    places[-1].set_xlabel("Frequency [Hz]")
    for place in places:
        guide_lines(place)
    _name(figure, places[0], spectra)
    return figure


def _draw_bode(places: Sequence[Axes], spectra: Sequence[DrawnSpectrum]) -> None:
    """Draw the magnitude on the first axes, and the phase on the second where there is one."""
    scale, unit = _scale(float(max(np.abs(one.impedance).max() for one in spectra)))
    for number, one in enumerate(spectra):
        look: dict[str, Any] = {"color": colour(number), "label": one.label}
        places[0].plot(one.frequencies, np.abs(one.impedance) / scale, **look)
        if len(places) > 1:
            places[1].plot(one.frequencies, -np.degrees(np.angle(one.impedance)), **look)
    places[0].set(xscale="log", yscale="log", ylabel=f"|Z| [{unit}Ω]")
    if len(places) > 1:
        places[1].set(xscale="log", ylabel="-Phase [°]")


def _bode_on(spectra: Sequence[DrawnSpectrum], axes: Axes | Sequence[Axes]) -> Figure:
    places = list(axes) if isinstance(axes, Sequence | np.ndarray) else [axes]
    if len(places) not in (1, 2):
        raise InputError("a Bode plot takes one axes or two", where="ax", value=len(places), allowed="1 or 2")
    _draw_bode(places, spectra)
    for place in places:
        place.set_xlabel("Frequency [Hz]")
        guide_lines(place)
    _name_axes(places[0], spectra)
    return root_figure(places[0])


def _shown_parts(one: DrawnSpectrum) -> dict[str, ComplexArray]:
    least = _HIDDEN * float(np.abs(one.impedance.real).max())
    return {name: part for name, part in one.parts.items() if float(np.abs(part.real).max()) >= least}


def _scale(largest: float) -> tuple[float, str]:
    """Return what to divide by, and its prefix."""
    for scale, prefix in _PREFIXES:
        if largest >= scale:
            return scale, prefix
    return 1.0, ""
