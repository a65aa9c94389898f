"""Nyquist and Bode plots: equal axes, -Im upwards, frequencies at their points, parts with their sign."""

from __future__ import annotations

import io

import numpy as np
import pytest

from asyncsoc.plotting.impedance import DrawnSpectrum, bode_figure, nyquist_figure

F = np.geomspace(1e-4, 1e5, 46)
ARC = 100.0 / (1.0 + 2j * np.pi * F * 100.0 * 1e-4)
TAIL = 2.0 / np.sqrt(2j * np.pi * F)
ONE = DrawnSpectrum(
    "one", F, 20.0 + ARC + TAIL, {"charge transfer": ARC, "diffusion": TAIL, "film growth": -0.5 * TAIL}
)


@pytest.mark.parametrize("spectra", [[ONE], [ONE, DrawnSpectrum("two", F, 30.0 + 2.0 * ARC)]])
def test_nyquist_has_equal_axes_and_marked_frequencies(spectra: list[DrawnSpectrum]) -> None:
    figure = nyquist_figure(spectra)
    figure.savefig(io.BytesIO(), format="png")
    for axes in figure.axes:
        assert axes.get_aspect() == 1.0
        assert axes.get_ylabel().startswith("-Im Z")
    curve = figure.axes[0].lines[0]
    ratio = np.asarray(curve.get_ydata()) / -spectra[0].impedance.imag
    np.testing.assert_allclose(ratio, ratio[0])
    marked = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert any(text.endswith("Hz") for text in marked)
    top = next(text for axes in figure.axes[::-1] for text in axes.texts if text.get_text() == "10 Hz")
    scale = 1e3 if "kΩ" in figure.axes[-1].get_xlabel() else 1.0
    near = min(
        float(np.abs(complex(*top.xy) * scale - one.impedance[np.argmin(np.abs(np.log10(F) - 1.0))].conjugate()))
        for one in spectra
    )
    assert near < 1e-6 * abs(spectra[0].impedance).max()


def test_bode_shows_parts_and_what_is_negative() -> None:
    figure = bode_figure([ONE])
    figure.savefig(io.BytesIO(), format="png")
    magnitude, phase, parts = figure.axes
    assert magnitude.get_yscale() == magnitude.get_xscale() == "log"
    np.testing.assert_allclose(np.asarray(phase.lines[0].get_ydata()), -np.degrees(np.angle(ONE.impedance)))
    drawn = {(line.get_color(), line.get_linestyle()): np.isfinite(line.get_ydata()).all() for line in parts.lines}
    assert len(drawn) == 6
    assert sum(whole for (_, style), whole in drawn.items() if style == ":") == 1  # of one part all is negative
