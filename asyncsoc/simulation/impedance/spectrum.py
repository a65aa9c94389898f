"""An impedance spectrum: what `Solution.impedance` and `EISSimulation.solve` return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.data_frames import data_frame
from asyncsoc.base.display import Rows, Shown
from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.base.paths import path_of
from asyncsoc.base.plain_data import plain
from asyncsoc.geometry.mesh import frozen
from asyncsoc.materials.types import Parameter

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from asyncsoc.simulation.impedance.equivalent_circuit import CircuitFit

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

FREQUENCY, IMPEDANCE, REAL, IMAGINARY = "Frequency [Hz]", "Impedance [Ohm]", "Z_re [Ohm]", "Z_im [Ohm]"


@dataclass(frozen=True, eq=False, repr=False)
class ImpedanceSpectrum(Shown):
    """Impedance against frequency at one state; what names it has in common with PyBaMM's `EISSolution` mean the same.

    Attributes
    ----------
    frequencies : (F,)
        Hz, ascending.
    impedance : (F,)
        ohm, of the particle or of the whole electrode; the imaginary part is negative where it is capacitive.
    name
        Of the case.
    kind
        "stationary", "frozen while relaxing", "frozen while charging" or "frozen while discharging"; "measured" of a
        CSV file.
    at
        The state: "time [s]", "mean SOC", "voltage [V]", "current [A]", "temperature [K]", "protocol step".
    parts : (F,) each
        By process [ohm]; they add up to the impedance. Empty of a file without.
    interface_resistance
        True resistance of the interface: slope of potential over current at fixed lithium and film, charge transfer,
        side reaction and film together [ohm]; NaN where it is not known.
    contact_area
        Of all contacts together [m2]; NaN where it is not known.
    electrode_area
        Area of the electrode that the particle or particles belong to, by its areal capacity [m2]: times it an
        impedance is one per area of the electrode. NaN where it is not known.
    mesh_error : (F,)
        Estimated error of the impedance by the mesh, relative. Empty of a file.
    parameters
        What stores charge, with sources.
    warnings
        What the user should know before using the numbers.
    case_sha256
        Of the case.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> import numpy as np
    >>> frequencies = np.logspace(-2, 5, 40)
    >>> arc = aso.ImpedanceSpectrum(frequencies, 10.0 + 50.0 / (1.0 + 2j * np.pi * frequencies * 1e-3), name="one arc")
    >>> arc
    ImpedanceSpectrum('one arc': 40 from 0.01 to 100000 Hz, measured)
    >>> list(arc.to_dataframe().columns)
    ['Frequency [Hz]', 'Z_re [Ohm]', 'Z_im [Ohm]']
    """

    frequencies: Array
    impedance: ComplexArray
    name: str = "impedance"
    kind: str = "measured"
    at: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, ComplexArray] = field(default_factory=dict)
    interface_resistance: float = float("nan")
    contact_area: float = float("nan")
    electrode_area: float = float("nan")
    mesh_error: Array = field(default_factory=lambda: np.zeros(0))
    parameters: tuple[Parameter, ...] = ()
    warnings: tuple[str, ...] = ()
    case_sha256: str = ""

    def __post_init__(self) -> None:
        frequencies = np.asarray(self.frequencies, dtype=np.float64)
        values = np.asarray(self.impedance, dtype=np.complex128)
        if frequencies.ndim != 1 or frequencies.shape != values.shape or not len(frequencies):
            raise InputError(
                "a spectrum has an impedance for each frequency",
                where="ImpedanceSpectrum",
                value=f"{frequencies.shape} and {values.shape}",
            )
        if not (np.isfinite(frequencies).all() and (frequencies > 0.0).all()):
            raise InputError("a frequency is out of range", where="frequencies", allowed="above 0 Hz, finite")
        if not np.isfinite(values).all():
            raise InputError("an impedance is not finite", where="impedance")
        order = np.argsort(frequencies, kind="stable")
        object.__setattr__(self, "frequencies", frozen(frequencies[order], np.float64))
        object.__setattr__(self, "impedance", frozen(values[order], np.complex128))
        sorted_parts = {name: frozen(np.asarray(part)[order], np.complex128) for name, part in self.parts.items()}
        object.__setattr__(self, "parts", MappingProxyType(sorted_parts))
        error = np.asarray(self.mesh_error, dtype=np.float64)
        object.__setattr__(self, "mesh_error", frozen(error[order] if len(error) else error, np.float64))
        object.__setattr__(self, "at", MappingProxyType(dict(self.at)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as what it is made of."""
        given = tuple(dict(v) if isinstance(v, Mapping) else v for v in vars_of(self))
        return type(self), given

    def __repr__(self) -> str:
        """Return what it is in one line."""
        first, last = self.frequencies[0], self.frequencies[-1]
        return f"ImpedanceSpectrum({self.name!r}: {len(self.frequencies)} from {first:g} to {last:g} Hz, {self.kind})"

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        low, high = float(self.frequencies[0]), float(self.frequencies[-1])
        rows: list[tuple[str, object]] = [
            ("frequencies [Hz]", f"{len(self.frequencies)} from {low:.4g} to {high:.4g}"),
            ("state", self.kind),
            *self.at.items(),
            ("|Z| [ohm]", f"{abs(self.impedance[0]):.5g} to {abs(self.impedance[-1]):.5g}"),
            ("true interface resistance [ohm]", self.interface_resistance),
            ("contact area [m2]", self.contact_area),
            ("parts", ", ".join(self.parts) or None),
        ]
        return self.name, rows, self.warnings

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return an array by the name that PyBaMM's `EISSolution` gives it."""
        known: dict[str, NDArray[Any]] = {
            FREQUENCY: self.frequencies,
            IMPEDANCE: self.impedance,
            REAL: self.impedance.real,
            IMAGINARY: self.impedance.imag,
        }
        if name not in known:
            raise unknown_name("variable of a spectrum", name, known)
        return known[name]

    def get_data_dict(self) -> dict[str, Array]:
        """Return frequencies and both parts of the impedance by name, as PyBaMM's `EISSolution` does."""
        return {name: self[name] for name in (FREQUENCY, REAL, IMAGINARY)}

    @cached_property
    def data(self) -> xr.Dataset:
        """The spectrum along `frequency`: both parts of the impedance and of every process, and the mesh error."""
        from asyncsoc.simulation.results.impedance_files import dataset_of

        return dataset_of(self)

    @cached_property
    def fit(self) -> CircuitFit:
        """What an experimenter reads off the spectrum: `fit_circuit` of it, without knowing what it was made of.

        Raises
        ------
        InputError
            The spectrum has fewer than 12 frequencies, or no arc is found.
        """
        from asyncsoc.simulation.impedance.equivalent_circuit import fit_circuit

        return fit_circuit(self.frequencies, self.impedance)

    def kramers_kronig(self) -> ComplexArray:
        """Return the residuals (F,) of the linear Kramers-Kronig test over abs(Z), real and imaginary part."""
        from asyncsoc.simulation.impedance.equivalent_circuit import kramers_kronig_residuals

        return kramers_kronig_residuals(self.frequencies, self.impedance)

    def nyquist_plot(self, other: Sequence[ImpedanceSpectrum] = (), *, ax: Axes | None = None) -> Figure:
        """Return a Nyquist plot with equal axes; `other` spectra are drawn beside it.

        Parameters
        ----------
        other
            Further spectra.
        ax
            Draw all frequencies on these axes, without a larger view of the arcs; returned is their figure.
        """
        from asyncsoc.plotting.impedance import nyquist_figure

        return nyquist_figure([one.drawn() for one in (self, *other)], axes=ax)

    def bode_plot(self, other: Sequence[ImpedanceSpectrum] = (), *, ax: Axes | Sequence[Axes] | None = None) -> Figure:
        """Return magnitude and phase against frequency, and what each process adds to the real part.

        Parameters
        ----------
        other
            Further spectra.
        ax
            Draw the magnitude on these axes, or magnitude and phase on two; returned is their figure.

        Raises
        ------
        InputError
            Neither one axes nor two.
        """
        from asyncsoc.plotting.impedance import bode_figure

        return bode_figure([one.drawn() for one in (self, *other)], axes=ax)

    def to_dataframe(self) -> pd.DataFrame:
        """Return frequency and both parts of the impedance and of each process as a pandas data frame.

        Raises
        ------
        EnvironmentProblem
            pandas is not installed.
        """
        columns = {name: values.copy() for name, values in self.get_data_dict().items()}
        for name, part in self.parts.items():
            columns |= {f"{name}, Z_re [Ohm]": part.real.copy(), f"{name}, Z_im [Ohm]": part.imag.copy()}
        return data_frame(columns)

    def drawn(self) -> Any:
        """Return what pictures show of it, as `plotting.impedance.DrawnSpectrum`."""
        from asyncsoc.plotting.impedance import DrawnSpectrum

        label = self.name
        if "time [s]" in self.at:
            label = f"{self.name}, {self.at['voltage [V]']:.3f} V, {self.kind}"
        return DrawnSpectrum(label, self.frequencies, self.impedance, dict(self.parts))

    def save(self, path: str | Path) -> Path:
        """Write everything to a netCDF-4 (HDF5) file in one step and return its path; `load` reads it.

        Raises
        ------
        InputError
            The file cannot be written, or does not end in ".nc".
        """
        from asyncsoc.simulation.results.impedance_files import write_netcdf

        return write_netcdf(self, path_of(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the spectrum in a file that `save` wrote.

        Raises
        ------
        InputError
            The file is missing, damaged or foreign.
        """
        from asyncsoc.simulation.results.impedance_files import read_netcdf

        return cls(**read_netcdf(path_of(path)))

    def to_csv(self, path: str | Path, *, layout: str = "bdf") -> Path:
        """Write frequency and impedance as CSV in one step and return the path; numbers are written in full.

        Parameters
        ----------
        path
            Of the file.
        layout
            "bdf": the columns of the Battery Data Format under a head line; "impedance.py": frequency, real and
            imaginary part in three columns without a head, which `impedance.preprocessing.readCSV` reads.

        Raises
        ------
        InputError
            The file cannot be written, or there is no such layout.
        """
        from asyncsoc.simulation.results.impedance_files import write_csv

        return write_csv(self.frequencies, self.impedance, path_of(path), layout)

    @classmethod
    def from_csv(cls, path: str | Path) -> Self:
        """Return the spectrum in a CSV file of either layout of `to_csv`, computed or measured.

        Raises
        ------
        InputError
            The file is missing, or its columns are not understood.
        """
        from asyncsoc.simulation.results.impedance_files import read_csv

        file = path_of(path)
        frequencies, impedance = read_csv(file)
        return cls(frequencies, impedance, name=file.stem)

    def to_json_dict(self) -> dict[str, Any]:
        """Return what `asyncsoc eis --json` prints: plain types only."""
        from asyncsoc.base.errors import AsyncsocError

        try:
            read_off: dict[str, Any] | None = self.fit.to_dict()
        except AsyncsocError:
            read_off = None
        document: dict[str, Any] = plain(
            {
                "name": self.name,
                "kind": self.kind,
                "at": dict(self.at),
                "frequency [Hz]": self.frequencies,
                "real impedance [ohm]": self.impedance.real,
                "imaginary impedance [ohm]": self.impedance.imag,
                "parts": {
                    name: {"real [ohm]": part.real, "imaginary [ohm]": part.imag} for name, part in self.parts.items()
                },
                "interface resistance [ohm]": self.interface_resistance,
                "contact area [m2]": self.contact_area,
                "electrode area [m2]": self.electrode_area,
                "equivalent circuit": read_off,
                "estimated error by the mesh": self.mesh_error,
                "parameters": [
                    {"name": p.name, "value": p.value, "unit": p.unit, "source": p.source, "assumed": p.assumed}
                    for p in self.parameters
                ],
                "case sha256": self.case_sha256,
                "warnings": self.warnings,
            }
        )
        return document


def vars_of(spectrum: ImpedanceSpectrum) -> list[Any]:
    """Return the values of a spectrum's fields in their order."""
    return [getattr(spectrum, name) for name in spectrum.__dataclass_fields__]
