"""`asyncsoc params --from`: what a file or set of another program holds, and what becomes of each value."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.cli.console import print_document, print_line, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncsoc.materials.importing.electrode import ImportedElectrode
    from asyncsoc.materials.importing.record import ImportedValue
    from asyncsoc.protocol.battery_data_format import CyclerCurves

PYBAMM = "pybamm:"
_POINTS = 101
_COLUMNS = ("name", "value", "fate", "note")


def keep_imported(source: str, part: str | None, formula: str | None, output: Path, *, json: bool) -> None:
    """Write the sections of a case that `source` gives into a TOML file.

    Raises
    ------
    InputError
        It cannot be read or written, or something in it is wrong.
    """
    from asyncsoc.base.files import write_text
    from asyncsoc.case.imported import import_bpx, import_pybamm

    if source.startswith(PYBAMM):
        imported = import_pybamm(source.removeprefix(PYBAMM), part=part, formula=formula)
    elif _is_json(Path(source)):
        imported = import_bpx(source, part=part, formula=formula)
    else:
        raise InputError("measured curves make no case", where="--output", value=source, next_step="leave -o out")
    write_text(output, imported.to_toml(), "the sections cannot be written")
    if json:
        print_document({"source": imported.source, "file": str(output), **_report(imported.report)})
        return
    _print_report(imported.source, imported.report)
    print_line(f"{output}: add [contact] and [protocol], then asyncsoc run {output}")


def show_imported(source: str, part: str | None, *, json: bool) -> None:
    """Print what `source` holds: a BPX file, a file in the Battery Data Format, or 'pybamm:NAME'.

    Raises
    ------
    InputError
        It cannot be read, or something in it is wrong.
    """
    if source.startswith(PYBAMM):
        from asyncsoc.materials.importing.pybamm_values import from_parameter_values

        _show_electrode(from_parameter_values(source.removeprefix(PYBAMM), part=part), "PyBaMM", json=json)
        return
    if _is_json(Path(source)):
        from asyncsoc.materials.importing.bpx import read_bpx

        _show_electrode(read_bpx(source, part=part), "BPX", json=json)
        return
    from asyncsoc.protocol.battery_data_format import read_bdf

    if part is not None:
        raise InputError("measured curves have no parts", where="--part", value=part, next_step="leave --part out")
    _show_curves(read_bdf(source), json=json)


def _is_json(path: Path) -> bool:
    """Whether a file is a JSON document, by its name or its first character."""
    from asyncsoc.base.guarded_files import regular_file

    if path.suffix.lower() in (".json", ".yml", ".yaml"):
        return True
    with regular_file(path).open("rb") as stream:
        return stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def _show_electrode(electrode: ImportedElectrode, kind: str, *, json: bool) -> None:
    if json:
        print_document({"kind": kind, "source": electrode.source, **_electrode(electrode), **_report(electrode.report)})
        return
    _print_report(electrode.source, electrode.report)
    function = {"BPX": "aso.import_bpx(FILE", "PyBaMM": "aso.import_pybamm(NAME"}[kind]
    part = "" if electrode.part is None else f", part={electrode.part!r}"
    print_line(f"in Python: {function}{part}, formula=...).case(protocol); -o FILE.toml writes sections of a case file")


def _electrode(electrode: ImportedElectrode) -> dict[str, Any]:
    """Return the electrode's values in SI, curves at the reference temperature."""
    x, temperature = np.linspace(*electrode.window, _POINTS), electrode.reference_temperature
    return {
        "title": electrode.title,
        "part": electrode.part,
        "maximum concentration [mol/m3]": electrode.maximum_concentration,
        "particle radius [m]": electrode.particle_radius,
        "stoichiometry window": list(electrode.window),
        "reference temperature [K]": temperature,
        "activation energy of the diffusivity [J/mol]": electrode.diffusivity_energy,
        "activation energy of the exchange current density [J/mol]": electrode.exchange_current_energy,
        "electrolyte": {
            "conductivity [S/m]": electrode.electrolyte.conductivity,
            "separator thickness [m]": electrode.electrolyte.separator_thickness,
            "areal capacity [C/m2]": electrode.electrolyte.areal_capacity,
        },
        "curves": {
            "Stoichiometry": x,
            "Open-circuit potential [V]": electrode.potential(x, temperature),
            "Diffusivity [m2/s]": electrode.diffusion(x, temperature),
            "Exchange current density [A/m2]": electrode.exchange_current(x, temperature),
        },
    }


def _show_curves(curves: CyclerCurves, *, json: bool) -> None:
    if json:
        document = {
            "kind": "BDF",
            "source": curves.name,
            "sha256": curves.sha256,
            "points": len(curves),
            "duration [s]": float(curves.time[-1] - curves.time[0]),
            "lowest current [A]": float(curves.current.min()),
            "highest current [A]": float(curves.current.max()),
            "lowest voltage [V]": float(curves.voltage.min()),
            "highest voltage [V]": float(curves.voltage.max()),
        }
        print_document({**document, **_report(curves.report)})
        return
    _print_report(curves.name, curves.report)
    print_line("in Python: aso.read_bdf(FILE)")


def _report(report: Sequence[ImportedValue]) -> dict[str, Any]:
    return {"values": [asdict(value) for value in report]}


def _print_report(title: str, report: Sequence[ImportedValue]) -> None:
    rows = (asdict(value) for value in report)
    print_table(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows), title=title)
