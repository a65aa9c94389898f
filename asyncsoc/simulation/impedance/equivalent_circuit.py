"""What an experimenter reads off a spectrum: an equivalent circuit fitted to it, and whether it is one at all.

The circuit is R_s + (R | Q) + W: a resistance, an arc of a resistance beside a constant-phase element of impedance
1/(Q (j w)^n), and a tail. The tail is a finite-space Warburg impedance, R_w coth(sqrt(j w t))/sqrt(j w t), a layer of
finite depth with a blocked end. Weights are 1/|Z|. The fit knows nothing of the model that a spectrum is from.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

_FEWEST = 12
_STARTS = 6
"""Guesses of the frequency at the top of the arc."""
_ELEMENTS_PER_DECADE = 4
"""Of the measurement model of the Kramers-Kronig test."""
_BEYOND = 1.0
"""Decades by which its time constants reach beyond the frequencies."""


@dataclass(frozen=True)
class CircuitFit:
    """The equivalent circuit fitted to a spectrum.

    Attributes
    ----------
    series_resistance
        R_s [ohm].
    interface_resistance
        R of the arc [ohm]: what is called the interface resistance.
    capacitance
        Of the arc at its top, Q^(1/n) R^(1/n - 1) [F].
    exponent
        n of the constant-phase element; 1 for a capacitance.
    top_frequency
        Of the arc [Hz].
    diffusion_resistance, diffusion_time
        R_w [ohm] and t [s] of the tail.
    arc_width
        Of the arc on the real axis, from the highest frequency to the minimum of -Im Z below the arc [ohm]; None where
        there is no such minimum.
    misfit
        Root mean square of (fit - Z)/|Z|.
    """

    series_resistance: float
    interface_resistance: float
    capacitance: float
    exponent: float
    top_frequency: float
    diffusion_resistance: float
    diffusion_time: float
    arc_width: float | None
    misfit: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, named with units."""
        units = {
            "series_resistance": "series resistance [ohm]",
            "interface_resistance": "interface resistance [ohm]",
            "capacitance": "capacitance [F]",
            "exponent": "exponent of the constant-phase element",
            "top_frequency": "frequency of the arc [Hz]",
            "diffusion_resistance": "diffusion resistance [ohm]",
            "diffusion_time": "diffusion time [s]",
            "arc_width": "width of the arc [ohm]",
            "misfit": "misfit",
        }
        return {units[name]: value for name, value in asdict(self).items()}


def circuit_impedance(parameters: ArrayLike, frequencies: ArrayLike) -> ComplexArray:
    """Return the impedance (F,) [ohm] of the circuit.

    Parameters
    ----------
    parameters : (6,)
        R_s, R, 2 pi times the frequency at the top of the arc, n, R_w, t.
    frequencies : (F,)
        Hz.
    """
    series, arc, top, exponent, tail, time = np.asarray(parameters, dtype=np.float64)
    w = 2.0 * np.pi * np.asarray(frequencies, dtype=np.float64)
    z = np.sqrt(1j * w * time)
    slope = np.tanh(np.minimum(z.real, 30.0) + 1j * np.where(z.real > 30.0, 0.0, z.imag))
    return np.asarray(series + arc / (1.0 + (1j * w / top) ** exponent) + tail / (z * slope))


def fit_circuit(frequencies: ArrayLike, impedance: ArrayLike) -> CircuitFit:
    """Fit the circuit to a spectrum, computed or measured.

    Parameters
    ----------
    frequencies : (F,)
        Hz.
    impedance : (F,)
        ohm.

    Raises
    ------
    InputError
        Fewer than 12 frequencies, or no circuit with an arc fits.
    """
    from scipy.optimize import least_squares

    f, z = np.asarray(frequencies, dtype=np.float64), np.asarray(impedance, dtype=np.complex128)
    order = np.argsort(f)
    f, z = f[order], z[order]
    if len(f) < _FEWEST:
        raise InputError(
            "too few frequencies to fit a circuit", where="frequencies", value=len(f), allowed=f"{_FEWEST}"
        )
    scale = float(np.abs(z).max())
    low, high = 2.0 * np.pi * f[0], 2.0 * np.pi * f[-1]
    sizes = np.log(np.array([scale * 1e-9, scale * 1e3]))
    bounds = (
        [sizes[0], sizes[0], np.log(low * 1e-2), 0.4, sizes[0], np.log(0.01 / high)],
        [sizes[1], sizes[1], np.log(high * 1e2), 1.0, sizes[1], np.log(1e5 / low)],
    )

    def values(free: Array) -> Array:
        out = np.exp(free)
        out[3] = free[3]
        return out

    def residuals(free: Array) -> Array:
        apart = (circuit_impedance(values(free), f) - z) / np.abs(z)
        return np.concatenate([apart.real, apart.imag])

    best = None
    first = max(float(z.real[-1]), scale * 1e-6)
    for top in np.logspace(np.log10(low), np.log10(high), _STARTS + 2)[1:-1]:
        middle = float(np.interp(np.log(top / 30.0), np.log(2.0 * np.pi * f), z.real))
        guess = np.array(
            [
                first,
                max(middle - first, 0.01 * scale),
                top,
                0.9,
                max(float(z.real[0]) - middle, 0.01 * scale),
                1.0 / low,
            ]
        )
        start = np.log(guess)
        start[3] = 0.9
        found = least_squares(residuals, np.clip(start, bounds[0], bounds[1]), bounds=bounds, x_scale="jac")
        if best is None or found.cost < best.cost:
            best = found
    if best is None or not np.isfinite(best.cost):
        raise InputError("no circuit with an arc fits the spectrum", where="impedance")
    series, arc, top, exponent, tail, time = values(best.x).tolist()
    return CircuitFit(
        series_resistance=series,
        interface_resistance=arc,
        capacitance=1.0 / (top * arc),
        exponent=exponent,
        top_frequency=top / (2.0 * np.pi),
        diffusion_resistance=tail,
        diffusion_time=time,
        arc_width=arc_width(f, z),
        misfit=float(np.sqrt(2.0 * best.cost / len(f))),
    )


def arc_width(frequencies: ArrayLike, impedance: ArrayLike) -> float | None:
    """Return the width [ohm] on the real axis of what lies above the deepest minimum of -Im Z; None: there is none.

    Parameters
    ----------
    frequencies : (F,)
        Hz.
    impedance : (F,)
        ohm.
    """
    f, z = np.asarray(frequencies, dtype=np.float64), np.asarray(impedance, dtype=np.complex128)
    z = z[np.argsort(f)]
    height = -z.imag
    lowest = [k for k in range(1, len(z) - 1) if height[k] <= height[k - 1] and height[k] < height[k + 1]]
    if not lowest:
        return None
    k = min(lowest, key=lambda place: height[place])
    return float(z.real[k] - z.real[-1])


def kramers_kronig_residuals(frequencies: ArrayLike, impedance: ArrayLike) -> ComplexArray:
    """Return (fit - Z)/|Z| (F,) of the linear Kramers-Kronig test: small where Z is that of a causal, stable system.

    The measurement model, which obeys the relations by construction, is a resistance, a capacitance in series, an
    inductance in series and four (R | C) in each decade of time constants, R of any sign: linear least squares with
    weights 1/|Z| [Boukamp, J. Electrochem. Soc. 142 (1995) 1885; Schönleber et al., Electrochim. Acta 131 (2014) 20].

    Parameters
    ----------
    frequencies : (F,)
        Hz.
    impedance : (F,)
        ohm.

    Raises
    ------
    InputError
        Fewer than 12 frequencies.
    """
    f, z = np.asarray(frequencies, dtype=np.float64), np.asarray(impedance, dtype=np.complex128)
    if len(f) < _FEWEST:
        raise InputError("too few frequencies for the test", where="frequencies", value=len(f), allowed=f"{_FEWEST}")
    w = 2.0 * np.pi * f[:, np.newaxis]
    low, high = np.log10(w.min()) - _BEYOND, np.log10(w.max()) + _BEYOND
    per_decade = min(_ELEMENTS_PER_DECADE, len(f) / (high - low))
    times = np.logspace(-high, -low, max(3, round(per_decade * (high - low))))
    columns = np.hstack([np.ones_like(w, dtype=np.complex128), 1.0 / (1j * w), 1j * w, 1.0 / (1.0 + 1j * w * times)])
    weighted = columns / np.abs(z)[:, np.newaxis]
    matrix = np.vstack([weighted.real, weighted.imag])
    sizes = np.linalg.norm(matrix, axis=0)
    right = np.concatenate([(z / np.abs(z)).real, (z / np.abs(z)).imag])
    found = np.linalg.lstsq(matrix / sizes, right, rcond=None)[0] / sizes
    return np.asarray((columns @ found - z) / np.abs(z))
