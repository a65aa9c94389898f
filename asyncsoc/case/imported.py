"""Sections of a case from the parameters of another program: a BPX file, or a PyBaMM parameter set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.display import Rows, Shown
from asyncsoc.base.errors import InputError
from asyncsoc.case.case import Case
from asyncsoc.case.chemistry import Electrolyte, Material
from asyncsoc.case.kinetics import Kinetics
from asyncsoc.case.particle import Particle
from asyncsoc.case.section import Section
from asyncsoc.case.writing import sections_to_toml
from asyncsoc.materials.function_tables import table_from_function
from asyncsoc.materials.importing.bpx import read_bpx
from asyncsoc.materials.importing.curve import Curve, PointTable
from asyncsoc.materials.importing.electrode import ImportedElectrode
from asyncsoc.materials.importing.expression import Expression
from asyncsoc.materials.importing.pybamm_values import from_parameter_values
from asyncsoc.materials.importing.record import ImportedValue
from asyncsoc.materials.property_kinds import DIFFUSIVITY, ENTROPY, EXCHANGE_CURRENT, POTENTIAL, PropertyKind
from asyncsoc.materials.property_tables import PropertyTable, table_from_arrays
from asyncsoc.materials.registry import OWN

if TYPE_CHECKING:
    import pybamm

Array = NDArray[np.float64]

LIQUID = "liquid-lipf6"
"""Electrolyte whose values stand where the source has none."""
TRANSFER_COEFFICIENT = 0.5
"""Of BPX and of PyBaMM's symmetric Butler-Volmer kinetics."""
CHARGED_VOLTAGE = 4.2
"""V at which SOC is 1 where a PyBaMM set does not say what its charged state is."""


@dataclass(frozen=True, eq=False, repr=False)
class ImportedParameters(Shown):
    """What another program's parameters give of a case; print it to see what became of each of them.

    Attributes
    ----------
    material, kinetics, particle, electrolyte
        Sections of a case.
    source
        Program, version and file or set.
    report
        Each value of the source: taken, converted, assumed or ignored, and why.
    electrode
        The same as plain data.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> found = aso.import_pybamm("Chen2020")  # needs pybamm  # doctest: +SKIP
    >>> print(found)  # what became of each value  # doctest: +SKIP
    >>> case = found.case({"steps": ["Charge at C/5 until 4.2 V"]})  # doctest: +SKIP
    """

    material: Material
    kinetics: Kinetics
    particle: Particle
    electrolyte: Electrolyte
    source: str
    report: tuple[ImportedValue, ...] = field(repr=False)
    electrode: ImportedElectrode = field(repr=False)

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        fates: dict[str, int] = {}
        for one in self.report:
            fates[one.fate] = fates.get(one.fate, 0) + 1
        rows: list[tuple[str, object]] = [(f"[{name}]", one) for name, one in self.sections.items()]
        counts = ", ".join(f"{count} {fate}" for fate, count in fates.items())
        return self.source, rows, [f"values of the source: {counts}; print() lists them"]

    @property
    def sections(self) -> dict[str, Section]:
        """The sections by their names."""
        return {
            "particle": self.particle,
            "material": self.material,
            "electrolyte": self.electrolyte,
            "kinetics": self.kinetics,
        }

    def to_toml(self) -> str:
        """Return the sections as a part of a case file, which then lacks contact and protocol."""
        source = "".join(letter for letter in self.source if letter.isprintable())
        return f"# Imported from {source}\n\n{sections_to_toml(self.sections)}"

    def case(self, protocol: Mapping[str, Any] | Any, **sections: Any) -> Case:
        """Return a case of these parameters.

        Parameters
        ----------
        protocol
            The section, or its keys.
        sections
            Further sections, or those to use in place of the imported ones: `contact={"kind": "cap", "coverage": 0.3}`.
            Keys of an imported section replace single values of it.

        Raises
        ------
        InputError
            A key or value is wrong.
        """
        keys: dict[str, Any] = {"protocol": protocol}
        own = self.sections
        for name, given in {**own, **sections}.items():
            merged = name in own and isinstance(given, Mapping)
            keys[name] = {**_keys(own[name]), **given} if merged else given
        return Case.from_dict(
            {name: _keys(value) if isinstance(value, Section) else value for name, value in keys.items()}
        )

    def __str__(self) -> str:
        """Return the report as a table."""
        rows = [("", "name", "value", "note"), *((r.fate, r.name, r.value, r.note) for r in self.report)]
        widths = [max(len(row[k]) for row in rows) for k in range(3)]
        lines = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, [*widths, 0], strict=True)) for row in rows]
        return "\n".join([self.source, *(line.rstrip() for line in lines)])


def import_bpx(
    path: str | Path,
    *,
    part: str | None = None,
    window: tuple[float, float] | None = None,
    formula: str | None = None,
    **material: Any,
) -> ImportedParameters:
    """Return the positive electrode of a BPX file as sections of a case.

    Parameters
    ----------
    path
        The file (JSON, version 0.1 to 1.1).
    part
        Which material of a blended electrode.
    window
        (lowest, highest) stoichiometry in place of the file's limits.
    formula
        Of the fully lithiated material, 'LiFePO4': the standard has no field for it, and charge per mass needs it.
    material
        Keys of `Material` in place of the file's, as `molar_mass`, `hysteresis` or `charged_voltage`.

    Raises
    ------
    InputError
        The file, a value in it or a key is wrong, with what is allowed.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> found = aso.import_bpx("cell.json")  # a file of yours  # doctest: +SKIP
    >>> charge = {"steps": ["Charge at C/5 until 4.2 V"]}
    >>> case = found.case(charge, contact={"kind": "cap", "coverage": 0.3})  # doctest: +SKIP
    """
    electrode = read_bpx(path, part=part, window=window)
    charged = float(electrode.potential(np.array([electrode.window[0]]), electrode.reference_temperature)[0])
    note = ImportedValue("charged voltage", "", "assumed", f"{charged:.4f} V: U at the lowest stoichiometry is SOC 1")
    return _sections(electrode, charged, note, formula, material)


def import_pybamm(
    values: pybamm.ParameterValues | str,
    *,
    part: str | None = None,
    window: tuple[float, float] | None = None,
    formula: str | None = None,
    **material: Any,
) -> ImportedParameters:
    """Return the positive electrode of a PyBaMM parameter set as sections of a case.

    Parameters
    ----------
    values
        `pybamm.ParameterValues`, or the name of a set, 'Chen2020'.
    part
        "primary" or "secondary" of a blended electrode.
    window
        (lowest, highest) stoichiometry; None: the widest range in which U falls.
    formula
        Of the fully lithiated material, 'LiCoO2': PyBaMM has no parameter for it, and charge per mass needs it.
    material
        Keys of `Material` in place of the set's, as `molar_mass` or `charged_voltage`.

    Raises
    ------
    InputError
        What the set has cannot be expressed here, with the parameter's name and the reason.
    EnvironmentProblem
        PyBaMM is not installed.

    Examples
    --------
    >>> import asyncsoc as aso
    >>> found = aso.import_pybamm("Chen2020")  # needs pybamm  # doctest: +SKIP
    >>> case = found.case({"steps": ["Charge at C/5 until 4.2 V"]})  # doctest: +SKIP
    """
    electrode = from_parameter_values(values, part=part, window=window)
    high, low = electrode.potential(np.array(electrode.window), electrode.reference_temperature)
    charged = CHARGED_VOLTAGE if low < CHARGED_VOLTAGE < high else float(high)
    note = ImportedValue("charged voltage", "", "assumed", f"{charged:.4f} V is SOC 1")
    return _sections(electrode, charged, note, formula, material)


def _sections(
    electrode: ImportedElectrode, charged: float, note: ImportedValue, formula: str | None, changes: dict[str, Any]
) -> ImportedParameters:
    if formula is None and "molar_mass" not in changes:
        raise InputError(
            "the material's formula is not known",
            where=electrode.source,
            value=electrode.title or None,
            allowed="formula='LiCoO2', or molar_mass='97.9 g/mol'",
            next_step="say which material it is: charge per mass and density need it",
        )
    span = electrode.window
    material: dict[str, Any] = {
        "name": OWN,
        "open_circuit_potential": _property(electrode.open_circuit_potential, POTENTIAL, span, electrode),
        "open_circuit_potential_charge": _branch(electrode.delithiation, span, electrode),
        "open_circuit_potential_discharge": _branch(electrode.lithiation, span, electrode),
        "entropy_coefficient": _entropy(electrode, span),
        "diffusivity": _property(electrode.diffusivity, DIFFUSIVITY, span, electrode),
        "diffusivity_activation_energy": electrode.diffusivity_energy or None,
        "reference_temperature": electrode.reference_temperature,
        "maximum_concentration": electrode.maximum_concentration,
        "window": span,
        "charged_voltage": charged,
        "formula": formula,
    }
    material = {key: value for key, value in material.items() if value is not None}
    kinetics = {"model": "butler-volmer", "transfer_coefficient": TRANSFER_COEFFICIENT, **_exchange_current(electrode)}
    found = electrode.electrolyte
    liquid = {
        "conductivity": found.conductivity,
        "separator_thickness": found.separator_thickness,
        "areal_capacity": found.areal_capacity,
    }
    lacking = [key for key, value in liquid.items() if value is None]
    notes = [note]
    if lacking:
        notes.append(ImportedValue("electrolyte", ", ".join(lacking), "assumed", f"that of {LIQUID}"))
    return ImportedParameters(
        material=Material(**{**material, **changes}),
        kinetics=Kinetics(**kinetics),
        particle=Particle.sphere(electrode.particle_radius),
        electrolyte=Electrolyte(name=LIQUID, **liquid),
        source=electrode.source,
        report=(*electrode.report, *notes),
        electrode=electrode,
    )


def _exchange_current(electrode: ImportedElectrode) -> dict[str, Any]:
    """Return the keys of the kinetics that say what i0 is."""
    energy, reference = electrode.exchange_current_energy, electrode.reference_temperature
    if electrode.rate_constant is not None:
        law = {
            "law": "butler-volmer",
            "rate_constant": electrode.rate_constant,
            "activation_energy": energy,
            "reference_temperature": reference,
            "source": electrode.source,
        }
        return {"exchange_current_density": law}
    table = _property(electrode.exchange_current_density, EXCHANGE_CURRENT, electrode.window, electrode)
    return {
        "exchange_current_density": table,
        "exchange_current_activation_energy": energy or None,
        "reference_temperature": reference if energy else None,
    }


def _branch(curve: Curve | None, span: tuple[float, float], electrode: ImportedElectrode) -> Any:
    return None if curve is None else _property(curve, POTENTIAL, span, electrode)


def _entropy(electrode: ImportedElectrode, span: tuple[float, float]) -> Any:
    curve = electrode.entropic_change
    if isinstance(curve, float) and curve == 0.0:
        return None
    return _property(curve, ENTROPY, span, electrode)


def _property(curve: Curve, quantity: PropertyKind, span: tuple[float, float], electrode: ImportedElectrode) -> Any:
    """Return a curve as a case takes it: a number or a table over the window."""
    if isinstance(curve, float | PropertyTable):
        return curve
    if isinstance(curve, Expression):
        table = table_from_function(curve, quantity, span=span, where=curve.where)
        return replace(table, source=f"{electrode.source}: {curve.text}"[:300])
    x, y = _within(curve, span)
    return table_from_arrays(quantity, x, y, source=electrode.source, where=electrode.source)


def _within(table: PointTable, span: tuple[float, float]) -> tuple[Array, Array]:
    """Return the points of a table within a span, and the nearest beyond it."""
    first = max(int(np.searchsorted(table.x, span[0], side="right")) - 1, 0)
    last = min(int(np.searchsorted(table.x, span[1], side="left")), len(table.x) - 1)
    return table.x[first : last + 1], table.y[first : last + 1]


def _keys(section: Any) -> dict[str, Any]:
    """Return the keys of a section that are set."""
    return {key: value for key in type(section).model_fields if (value := getattr(section, key)) is not None}
